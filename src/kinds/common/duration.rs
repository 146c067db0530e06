//! Durations as people write them: a whole number and a unit, `90d`, `1h`, `30m` or `45s`.

use crate::diag::{Diagnostic, Span};
use crate::kinds::DecodeCx;

/// The units and their seconds, the longest first.
const UNITS: [(&str, u64); 4] = [("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)];

/// Returns the seconds of a duration; none where it is none, or none at all.
pub fn seconds(text: &str) -> Option<u64> {
    let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit())?);
    let (_, unit) = UNITS.iter().find(|(name, _)| *name == unit)?;
    let number: u32 = number.parse().ok()?;
    u64::from(number).checked_mul(*unit).filter(|seconds| *seconds > 0)
}

/// Returns seconds as people write them, in the largest unit that leaves no rest.
pub fn text(seconds: u64) -> String {
    let (unit, size) = UNITS.iter().find(|(_, size)| seconds.is_multiple_of(*size)).unwrap_or(&UNITS[3]);
    format!("{}{unit}", seconds / size)
}

/// Returns a point in time, in seconds since 1970, as people read it.
pub fn instant(at: u64) -> String {
    let second = i64::try_from(at).ok().and_then(|at| jiff::Timestamp::from_second(at).ok());
    second.map_or_else(|| format!("second {at}"), |time| time.strftime("%Y-%m-%d %H:%M:%S UTC").to_string())
}

/// Returns the seconds of a declared duration; what is none is reported.
pub fn declared(value: &str, span: Span, cx: &mut DecodeCx) -> Option<u64> {
    let seconds = seconds(value);
    if seconds.is_none() {
        cx.diags.push(
            Diagnostic::error("this is not a duration")
                .at(span, "a whole number above 0 and a unit")
                .help("write it like `90d`, `1h`, `30m` or `45s`"),
        );
    }
    seconds
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_and_written() {
        for (written, expected) in
            [("90d", Some(7_776_000)), ("1h", Some(3_600)), ("30m", Some(1_800)), ("45s", Some(45))]
        {
            assert_eq!(seconds(written), expected);
            assert_eq!(text(expected.unwrap()), written);
        }
        for bad in ["", "0s", "1", "h", "1.5h", "-1h", "1w", "1 h", "99999999999d", "1hh", "٣d"] {
            assert_eq!(seconds(bad), None, "{bad}");
        }
        assert_eq!(text(90), "90s");
    }

    #[test]
    fn instants_are_told_in_utc() {
        assert_eq!(instant(1_795_237_200), "2026-11-21 05:00:00 UTC");
    }
}
