//! Times as they are sent.

use chrono::{DateTime, NaiveDate};

/// 2000-01-01T00:00:00Z in epoch milliseconds: nothing happened before.
pub const EARLIEST_MS: i64 = 946_684_800_000;
/// How far an event may be ahead of its record's timestamp, in milliseconds.
pub const AHEAD_MS: i64 = 24 * 3_600_000;

/// An RFC 3339 time with its zone, as epoch milliseconds; what is below a millisecond is cut.
pub fn parse_rfc3339(text: &str) -> Option<i64> {
    DateTime::parse_from_rfc3339(text)
        .ok()
        .map(|moment| moment.timestamp_millis())
}

/// A date written exactly as `YYYY-MM-DD`.
pub fn parse_date(text: &str) -> Option<NaiveDate> {
    let bytes = text.as_bytes();
    let shaped = bytes.len() == 10
        && bytes.iter().enumerate().all(|(at, byte)| match at {
            4 | 7 => *byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    let number = |from: usize, to: usize| text.get(from..to)?.parse::<u32>().ok();
    if !shaped {
        return None;
    }
    NaiveDate::from_ymd_opt(number(0, 4)? as i32, number(5, 7)?, number(8, 10)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_need_a_zone_and_are_cut() {
        for (text, expected) in [
            ("2026-01-01T00:00:00Z", Some(1_767_225_600_000)),
            ("2026-01-01t00:00:00z", Some(1_767_225_600_000)),
            ("2026-01-01T03:00:00+03:00", Some(1_767_225_600_000)),
            ("2026-01-01T00:00:00.1239Z", Some(1_767_225_600_123)),
            ("2026-01-01T00:00:00", None),
            ("2026-01-01", None),
            ("2026-02-30T00:00:00Z", None),
            ("2026-01-01T25:00:00Z", None),
            ("1767225600000", None),
            ("", None),
        ] {
            assert_eq!(parse_rfc3339(text), expected, "{text}");
        }
    }

    #[test]
    fn dates_have_one_form() {
        assert_eq!(
            parse_date("2026-01-31"),
            NaiveDate::from_ymd_opt(2026, 1, 31)
        );
        assert_eq!(
            parse_date("2024-02-29"),
            NaiveDate::from_ymd_opt(2024, 2, 29)
        );
        for text in [
            "2026-1-31",
            "2026-02-29",
            "2026/01/31",
            "2026-01-31T",
            "+026-01-31",
            "2026-13-01",
            "",
        ] {
            assert_eq!(parse_date(text), None, "{text}");
        }
    }
}
