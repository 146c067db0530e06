//! Points in time until which something may be used (`VALID UNTIL`): RFC 3339 in the configuration,
//! UTC to the second everywhere else.

use jiff::Timestamp;

use crate::diag::Diagnostic;
use crate::kinds::DecodeCx;
use crate::model::{Spanned, Value, sql};

/// Returns a declared time as RFC 3339 in UTC; one that cannot be read is reported.
pub fn decode(attr: &Spanned<Value>, cx: &mut DecodeCx) -> Option<String> {
    let text = attr.value.as_str()?;
    let time =
        text.parse::<Timestamp>().ok().map(Timestamp::as_second).filter(|second| (1..LAST).contains(second));
    if time.is_none() {
        cx.diags.push(
            Diagnostic::error("this is not a point in time")
                .at(attr.span, "RFC 3339 is needed, with an offset, before 2106")
                .help("write it like \"2027-01-31T12:00:00Z\""),
        );
    }
    time.and_then(shown)
}

/// What a `DateTime` cannot hold any more: `system.users.valid_until` is one.
const LAST: i64 = 1 << 32;

/// Returns seconds since 1970 as RFC 3339 in UTC.
pub fn shown(second: i64) -> Option<String> {
    Timestamp::from_second(second).ok().map(|time| time.to_string())
}

/// Returns a decoded time in seconds since 1970.
pub fn seconds(text: &str) -> Option<u64> {
    u64::try_from(text.parse::<Timestamp>().ok()?.as_second()).ok()
}

/// Returns the clause of a decoded time, or that there is none any more.
pub fn clause(until: Option<&str>) -> String {
    format!("VALID UNTIL {}", sql::literal(until.unwrap_or("infinity")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_in_utc_to_the_second() {
        let second = "2027-01-31T12:00:00+02:00".parse::<Timestamp>().expect("a time").as_second();
        assert_eq!(shown(second).as_deref(), Some("2027-01-31T10:00:00Z"));
        assert_eq!(seconds("2027-01-31T10:00:00Z"), Some(1_801_389_600));
        assert_eq!(clause(None), "VALID UNTIL 'infinity'");
    }
}
