//! Operators: arithmetic, comparison and logic, with terraform's conversions.

use std::cmp::Ordering;

use hcl_edit::expr::{BinaryOp, BinaryOperator, Expression, UnaryOp, UnaryOperator};

use super::eval::Cx;
use super::val::{Data, Val};

/// Returns the value of an operation with one operand.
pub fn unary(cx: &Cx<'_>, op: &UnaryOp) -> Val {
    let value = cx.eval(&op.expr);
    let result = match op.operator.value() {
        UnaryOperator::Neg => number(cx, &value, &op.expr).map(|n| Val::from(-n)),
        UnaryOperator::Not => truth(cx, &value, &op.expr).map(|b| Val::from(!b)),
    };
    result.unwrap_or_else(Val::poison).marked(&value.marks)
}

/// Returns the value of an operation with two operands.
pub fn binary(cx: &Cx<'_>, op: &BinaryOp) -> Val {
    use BinaryOperator as Op;
    let operator = *op.operator.value();
    let left = cx.eval(&op.lhs_expr);
    if let Op::And | Op::Or = operator {
        return logic(cx, op, left, operator == Op::Or);
    }
    let right = cx.eval(&op.rhs_expr);
    let mut marks = left.marks.clone();
    marks.join(&right.marks);
    let value = match operator {
        Op::Eq | Op::NotEq => {
            if left.is_poison() || right.is_poison() {
                return Val::poison();
            }
            marks.join(&left.deep_marks());
            marks.join(&right.deep_marks());
            Val::from((left == right) == (operator == Op::Eq))
        }
        Op::Plus | Op::Minus | Op::Mul | Op::Div | Op::Mod => arithmetic(cx, op, &left, &right),
        _ => order(cx, op, &left, &right),
    };
    value.marked(&marks)
}

/// Evaluates the right side of `&&` and `||` only where the left one leaves it open.
fn logic(cx: &Cx<'_>, op: &BinaryOp, left: Val, decided: bool) -> Val {
    let Some(first) = truth(cx, &left, &op.lhs_expr) else {
        // The other side may have problems of its own.
        let right = cx.eval(&op.rhs_expr);
        truth(cx, &right, &op.rhs_expr);
        return Val::poison();
    };
    if first == decided {
        return Val::from(first).marked(&left.marks);
    }
    let right = cx.eval(&op.rhs_expr);
    match truth(cx, &right, &op.rhs_expr) {
        Some(second) => Val::from(second).marked(&left.marks).marked(&right.marks),
        None => Val::poison(),
    }
}

fn arithmetic(cx: &Cx<'_>, op: &BinaryOp, left: &Val, right: &Val) -> Val {
    let numbers = (number(cx, left, &op.lhs_expr), number(cx, right, &op.rhs_expr));
    let (Some(a), Some(b)) = numbers else {
        return Val::poison();
    };
    let result = match op.operator.value() {
        BinaryOperator::Plus => a + b,
        BinaryOperator::Minus => a - b,
        BinaryOperator::Mul => a * b,
        BinaryOperator::Div => a / b,
        _ => a % b,
    };
    if result.is_finite() {
        return Val::from(result);
    }
    let label = if b == 0.0 { "division by zero" } else { "the result is too large" };
    cx.fail("arithmetic has no result", op, label)
}

fn order(cx: &Cx<'_>, op: &BinaryOp, left: &Val, right: &Val) -> Val {
    let numbers = (number(cx, left, &op.lhs_expr), number(cx, right, &op.rhs_expr));
    let (Some(a), Some(b)) = numbers else {
        return Val::poison();
    };
    let order = a.partial_cmp(&b);
    Val::from(match op.operator.value() {
        BinaryOperator::Less => order == Some(Ordering::Less),
        BinaryOperator::LessEq => order.is_some_and(Ordering::is_le),
        BinaryOperator::Greater => order == Some(Ordering::Greater),
        _ => order.is_some_and(Ordering::is_ge),
    })
}

fn number(cx: &Cx<'_>, value: &Val, expr: &Expression) -> Option<f64> {
    let number = value.to_number();
    if number.is_none() && !value.is_poison() {
        let label = format!("{} is not a number", article(value));
        cx.fail("operand has the wrong type", expr, label);
    }
    number
}

fn truth(cx: &Cx<'_>, value: &Val, expr: &Expression) -> Option<bool> {
    let truth = value.to_bool();
    if truth.is_none() && !value.is_poison() {
        let label = format!("{} is not a bool", article(value));
        cx.fail("operand has the wrong type", expr, label);
    }
    truth
}

fn article(value: &Val) -> String {
    match &value.data {
        Data::Text(_) => value.show(),
        _ => value.describe(),
    }
}
