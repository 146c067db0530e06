//! Names that are constants of the program, read back: charter's own tables and the codes of
//! findings. What is none of them is refused.

use std::sync::LazyLock;

use serde::de::Error;
use serde::{Deserialize, Deserializer};

use super::ledger;

/// A constant of the program. The alias keeps serde from taking it for a part of what is read.
pub type Name = &'static str;

/// What a code begins with; three digits follow.
const PREFIX: &str = "CH";

/// All that a code can be, so that reading one never allocates for good.
static CODES: LazyLock<Vec<String>> =
    LazyLock::new(|| (0..1_000).map(|number| format!("{PREFIX}{number:03}")).collect());

/// Reads the name of one of charter's tables.
pub(super) fn table<'de, D: Deserializer<'de>>(deserializer: D) -> Result<&'static str, D::Error> {
    let name = String::deserialize(deserializer)?;
    let table = ledger::table(&name);
    table
        .map(|table| table.name)
        .ok_or_else(|| D::Error::custom(format!("{name:?} is no table of charter's")))
}

/// Reads the code of a finding.
pub(super) fn code<'de, D: Deserializer<'de>>(deserializer: D) -> Result<&'static str, D::Error> {
    let text = String::deserialize(deserializer)?;
    let digits = text.strip_prefix(PREFIX).filter(|digits| digits.len() == 3);
    let number = digits.and_then(|digits| digits.parse::<usize>().ok());
    let code = number.and_then(|number| CODES.get(number)).filter(|code| **code == text);
    code.map(String::as_str).ok_or_else(|| D::Error::custom(format!("{text:?} is no code of a finding")))
}

#[cfg(test)]
mod tests {
    use crate::model::op::LedgerRow;
    use crate::model::{Category, Finding, Severity};

    #[test]
    fn tables_that_are_not_charters_are_refused() {
        let row = serde_json::to_value(LedgerRow::new("charter_runs").with("a", 1)).unwrap();
        assert_eq!(serde_json::from_value::<LedgerRow>(row.clone()).unwrap().table, "charter_runs");
        let mut other = row;
        other["table"] = "customers".into();
        let error = serde_json::from_value::<LedgerRow>(other).unwrap_err().to_string();
        assert_eq!(error, r#""customers" is no table of charter's"#);
    }

    #[test]
    fn codes_have_three_digits() {
        let finding = Finding::new("CH042", Severity::Note, Category::Access, "x");
        let json = serde_json::to_value(&finding).unwrap();
        assert_eq!(serde_json::from_value::<Finding>(json.clone()).unwrap(), finding);
        for wrong in ["", "CH", "CH1", "CH+12", "CH1234", "XX123", "ch123"] {
            let mut json = json.clone();
            json["code"] = wrong.into();
            assert!(serde_json::from_value::<Finding>(json).is_err(), "{wrong:?}");
        }
    }
}
