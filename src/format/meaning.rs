//! What a text means, as the parser reads it.

use hcl_edit::expr::{Array, FuncArgs, Object};
use hcl_edit::parser::parse_body;
use hcl_edit::structure::Body;
use hcl_edit::visit_mut::{self, VisitMut};

/// Returns whether two texts parse, and to the same blocks, attributes and values.
pub fn is_same(one: &str, other: &str) -> bool {
    one == other || matches!((bare(one), bare(other)), (Some(one), Some(other)) if one == other)
}

/// Returns what a text says, without the white space and the comments that its tree remembers: most of
/// that does not count when trees are compared, and the rest is taken away.
fn bare(text: &str) -> Option<Body> {
    let mut body = parse_body(text).ok()?;
    Bare.visit_body_mut(&mut body);
    Some(body)
}

struct Bare;

impl VisitMut for Bare {
    fn visit_array_mut(&mut self, node: &mut Array) {
        node.set_trailing("");
        visit_mut::visit_array_mut(self, node);
    }

    fn visit_object_mut(&mut self, node: &mut Object) {
        node.set_trailing("");
        visit_mut::visit_object_mut(self, node);
    }

    fn visit_func_args_mut(&mut self, node: &mut FuncArgs) {
        node.set_trailing("");
        visit_mut::visit_func_args_mut(self, node);
    }
}
