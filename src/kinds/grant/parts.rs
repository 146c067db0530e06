//! A line of grants taken apart: one privilege, on one column where it names columns. What is
//! granted, or is too much, is compared by these with what was last applied.

use crate::privileges::{Element, PrivilegeSpec, ShowGrant, Statement, parse_show_grants};

/// What a line begins with of which only the option is too much.
const OPTION: &str = "GRANT OPTION FOR ";

/// What a line ends with of which the option is granted, too.
const WITH_OPTION: &str = " WITH GRANT OPTION";

/// Returns the parts of a line as a difference shows it: `SELECT(id, at), INSERT ON db.t`. A role, and
/// what cannot be read, is one part.
pub fn of(line: &str) -> Vec<String> {
    let (lead, rest) = line.strip_prefix(OPTION).map_or(("", line), |rest| (OPTION, rest));
    let (rest, tail) = rest.strip_suffix(WITH_OPTION).map_or((rest, ""), |rest| (rest, WITH_OPTION));
    let parsed = parse_show_grants(&format!("GRANT {rest} TO x"));
    let Ok(ShowGrant::Privileges { statement: Statement { elements, .. }, .. }) = parsed else {
        return vec![line.to_owned()];
    };
    let mut parts = Vec::new();
    for Element { privileges, on } in elements {
        for PrivilegeSpec { name, columns } in privileges {
            let columns: Vec<Vec<String>> = if columns.is_empty() {
                vec![columns]
            } else {
                columns.into_iter().map(|one| vec![one]).collect()
            };
            let specs = columns.into_iter().map(|columns| PrivilegeSpec { name: name.clone(), columns });
            parts.extend(specs.map(|spec| format!("{lead}{spec} ON {on}{tail}")));
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_taken_apart_by_privilege_and_column() {
        assert_eq!(
            of("SELECT(id, at), INSERT ON a.t"),
            ["SELECT(id) ON a.t", "SELECT(at) ON a.t", "INSERT ON a.t"]
        );
        assert_eq!(of("SELECT ON a.* WITH GRANT OPTION"), ["SELECT ON a.* WITH GRANT OPTION"]);
        assert_eq!(of("GRANT OPTION FOR SELECT, INSERT ON a.*").len(), 2);
        assert_eq!(of("analyst"), ["analyst"]);
        assert_eq!(of("without a.secret"), ["without a.secret"]);
    }
}
