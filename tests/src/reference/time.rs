//! Times: epoch milliseconds in UTC, and the tenant's local days and hours.

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, TimeDelta, Timelike, Utc};
use chrono_tz::Tz;

/// Milliseconds in an hour.
pub const HOUR: i64 = 3_600_000;
/// Milliseconds in a day of 24 hours.
pub const DAY: i64 = 24 * HOUR;

/// An RFC 3339 string as epoch milliseconds, cut below a millisecond; `None` when it is not one (or has no zone).
pub fn parse_rfc3339(text: &str) -> Option<i64> {
    DateTime::parse_from_rfc3339(text)
        .ok()
        .map(|time| time.timestamp_millis())
}

/// A date written exactly as `YYYY-MM-DD`.
pub fn parse_date(text: &str) -> Option<NaiveDate> {
    let shape = |(at, byte): (usize, u8)| {
        if at == 4 || at == 7 {
            byte == b'-'
        } else {
            byte.is_ascii_digit()
        }
    };
    if text.len() != 10 || !text.bytes().enumerate().all(shape) {
        return None;
    }
    NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()
}

/// The UTC hour that holds a moment, as the epoch milliseconds of its start.
pub fn hour_of(at: i64) -> i64 {
    at.div_euclid(HOUR) * HOUR
}

/// What a clock on a wall in `zone` shows at `at`.
fn wall_clock(zone: Tz, at: i64) -> NaiveDateTime {
    DateTime::<Utc>::from_timestamp_millis(at)
        .unwrap_or_default()
        .with_timezone(&zone)
        .naive_local()
}

/// The local date of a moment.
pub fn local_date(zone: Tz, at: i64) -> NaiveDate {
    wall_clock(zone, at).date()
}

/// The UTC hours that start on `date` by the clocks of `zone`: 24 of them, or 23 or 25 when the clocks change.
pub fn hours_of_day(zone: Tz, date: NaiveDate) -> Vec<i64> {
    // No zone is more than 15 hours away from UTC: two days on both sides hold every candidate.
    let from = start_of_utc_day(date) - 2 * DAY;
    let hours = (0..5 * 24).map(|n| from + n * HOUR);
    let found: Vec<i64> = hours
        .clone()
        .filter(|hour| local_date(zone, *hour) == date)
        .collect();
    if found.is_empty() {
        // A date that the zone skipped (islands that crossed the date line): the first hour after the gap.
        return hours
            .filter(|hour| local_date(zone, *hour) > date)
            .take(1)
            .collect();
    }
    found
}

/// The UTC hour that starts in local hour `hour` of `date`: the first of two, or the first after a gap.
pub fn hour_of_day(zone: Tz, date: NaiveDate, hour: u32) -> i64 {
    let hours = hours_of_day(zone, date);
    let exact = hours
        .iter()
        .find(|start| wall_clock(zone, **start).hour() == hour);
    let after = hours
        .iter()
        .find(|start| wall_clock(zone, **start).hour() > hour);
    let next_day = hours
        .last()
        .map_or_else(|| start_of_utc_day(date), |last| last + HOUR);
    exact.or(after).copied().unwrap_or(next_day)
}

fn start_of_utc_day(date: NaiveDate) -> i64 {
    date.and_time(chrono::NaiveTime::MIN)
        .and_utc()
        .timestamp_millis()
}

/// `2026-01-31` for a date (years have four digits).
pub fn date_text(date: NaiveDate) -> String {
    format!("{:04}-{:02}-{:02}", date.year(), date.month(), date.day())
}

/// `2026-01-31T12:00:00.000Z` for a moment.
pub fn iso(at: i64) -> String {
    let epoch = DateTime::<Utc>::UNIX_EPOCH + TimeDelta::milliseconds(at);
    epoch.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

#[cfg(test)]
mod tests {
    use chrono_tz::{America::New_York, Asia::Kolkata, Europe::Moscow};

    use super::*;

    fn day(text: &str) -> NaiveDate {
        parse_date(text).unwrap()
    }

    #[test]
    fn a_day_has_23_24_or_25_hours() {
        assert_eq!(hours_of_day(New_York, day("2026-03-08")).len(), 23);
        assert_eq!(hours_of_day(New_York, day("2026-11-01")).len(), 25);
        assert_eq!(hours_of_day(Moscow, day("2026-03-08")).len(), 24);
        let kolkata = hours_of_day(Kolkata, day("2026-01-10"));
        assert_eq!(kolkata.len(), 24);
        assert_eq!(
            iso(kolkata[0]),
            "2026-01-09T19:00:00.000Z",
            "19:00Z is 00:30 in Kolkata, 18:00Z still yesterday"
        );
    }

    #[test]
    fn an_hour_in_a_gap_or_doubled() {
        let at = |date, hour| iso(hour_of_day(New_York, day(date), hour));
        assert_eq!(at("2026-03-08", 1), "2026-03-08T06:00:00.000Z");
        assert_eq!(
            at("2026-03-08", 2),
            "2026-03-08T07:00:00.000Z",
            "02:00 does not exist: 03:00 EDT"
        );
        assert_eq!(
            at("2026-11-01", 1),
            "2026-11-01T05:00:00.000Z",
            "the first 01:00, in EDT"
        );
        assert_eq!(at("2026-11-01", 2), "2026-11-01T07:00:00.000Z");
        assert_eq!(
            iso(hour_of_day(Kolkata, day("2026-01-10"), 0)),
            "2026-01-09T19:00:00.000Z"
        );
    }

    #[test]
    fn times_are_cut_and_need_a_zone() {
        assert_eq!(
            parse_rfc3339("2026-01-01T03:00:00.0009+03:00"),
            Some(1_767_225_600_000)
        );
        assert_eq!(parse_rfc3339("2026-01-01T00:00:00"), None);
        assert_eq!(parse_date("2026-1-01"), None);
        assert_eq!(parse_date("2026-02-30"), None);
    }
}
