//! What statements cost on tables that exist, a line each; equal ones are one line.

use crate::model::cost::Cost;

/// Returns the lines, in the order of the statements.
pub fn costs(costs: &[Cost]) -> Vec<String> {
    let mut lines: Vec<(String, usize)> = Vec::new();
    for text in costs.iter().map(Cost::text) {
        match lines.iter_mut().find(|(line, _)| *line == text) {
            Some((_, count)) => *count += 1,
            None => lines.push((text, 1)),
        }
    }
    let line = |(text, count): (String, usize)| {
        if count == 1 { text } else { format!("{text} ({count} statements)") }
    };
    lines.into_iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::cost::{Undo, Work};

    #[test]
    fn equal_costs_are_one_line() {
        let cost = |statement: usize, table: &str| Cost {
            statement,
            what: "INSERT".into(),
            database: "d".into(),
            table: table.into(),
            rows: Some(5),
            bytes: None,
            work: Work::Adds,
            undo: Undo::Never,
        };
        assert_eq!(
            costs(&[cost(1, "t"), cost(2, "u"), cost(3, "t")]),
            [
                "INSERT on d.t: adds to 5 rows; cannot be undone (2 statements)",
                "INSERT on d.u: adds to 5 rows; cannot be undone",
            ]
        );
    }
}
