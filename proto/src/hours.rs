//! The UTC hours that a day of the tenant's zone consists of.

use chrono::{DateTime, Datelike as _, NaiveDate, NaiveDateTime, NaiveTime, Timelike as _};
use chrono_tz::Tz;

const HOUR_SECONDS: i64 = 3600;

/// Consecutive UTC hours.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct HourSpan {
    /// The first, in hours since the epoch.
    pub first: i32,
    /// How many.
    pub count: u32,
}

/// Days since 1970-01-01.
pub fn days_since_epoch(date: NaiveDate) -> i32 {
    date.num_days_from_ce() - 719_163
}

/// The local day of a moment (epoch milliseconds), in days since 1970-01-01.
pub fn local_day(zone: Tz, at_ms: i64) -> Option<NaiveDate> {
    let moment = DateTime::from_timestamp_millis(at_ms)?;
    Some(moment.with_timezone(&zone).date_naive())
}

/// The hours that start on `date` by the zone's clocks: 24, or 23 or 25 when
/// the clocks change. A date that the zone skipped has the first hour after it.
pub fn day(zone: Tz, date: NaiveDate) -> HourSpan {
    let mut span = HourSpan { first: 0, count: 0 };
    for hour in candidates(date) {
        match wall_clock(zone, hour).date() {
            before if before < date => {}
            after if after > date => {
                if span.count == 0 {
                    span = HourSpan {
                        first: hour,
                        count: 1,
                    };
                }
                break;
            }
            _ => {
                if span.count == 0 {
                    span.first = hour;
                }
                span.count += 1;
            }
        }
    }
    span
}

/// The hour that starts in local hour `hour` of `date`: the first of two, or
/// the first after the gap when the clocks skip it.
pub fn hour(zone: Tz, date: NaiveDate, hour: u32) -> HourSpan {
    let day = day(zone, date);
    let hours = day.first..day.first + day.count as i32;
    let local = |utc: &i32| wall_clock(zone, *utc).hour();
    let exact = hours.clone().find(|utc| local(utc) == hour);
    let later = || hours.clone().find(|utc| local(utc) > hour);
    HourSpan {
        first: exact.or_else(later).unwrap_or(hours.end),
        count: 1,
    }
}

/// Every hour that may be of that date: no zone is more than 15 hours from UTC.
fn candidates(date: NaiveDate) -> impl Iterator<Item = i32> {
    let midnight = days_since_epoch(date) * 24;
    midnight - 24..midnight + 72
}

fn wall_clock(zone: Tz, hour: i32) -> NaiveDateTime {
    DateTime::from_timestamp(i64::from(hour) * HOUR_SECONDS, 0).map_or_else(
        || NaiveDateTime::new(NaiveDate::MAX, NaiveTime::MIN),
        |moment| moment.with_timezone(&zone).naive_local(),
    )
}

#[cfg(test)]
mod tests {
    use chrono_tz::{America::New_York, Asia::Kolkata, Europe::Moscow, Pacific::Apia};

    use super::*;

    fn utc(day: &str, hour: i32) -> i32 {
        days_since_epoch(day.parse().unwrap()) * 24 + hour
    }

    #[test]
    fn a_day_has_23_24_or_25_hours() {
        for (zone, date, first, count) in [
            (Tz::UTC, "2026-03-08", utc("2026-03-08", 0), 24),
            (Moscow, "2026-03-08", utc("2026-03-07", 21), 24),
            (New_York, "2026-03-08", utc("2026-03-08", 5), 23),
            (New_York, "2026-11-01", utc("2026-11-01", 4), 25),
            // 18:30 UTC is midnight in India: the first full hour there starts at 19:00.
            (Kolkata, "2026-01-10", utc("2026-01-09", 19), 24),
            // Samoa had no 30 December 2011.
            (Apia, "2011-12-30", utc("2011-12-30", 10), 1),
        ] {
            let span = day(zone, date.parse().unwrap());
            assert_eq!(span, HourSpan { first, count }, "{zone} {date}");
        }
    }

    #[test]
    fn an_hour_may_be_doubled_or_skipped() {
        for (zone, date, local, first) in [
            (New_York, "2026-03-08", 1, utc("2026-03-08", 6)),
            (New_York, "2026-03-08", 2, utc("2026-03-08", 7)),
            (New_York, "2026-03-08", 3, utc("2026-03-08", 7)),
            (New_York, "2026-11-01", 1, utc("2026-11-01", 5)),
            (New_York, "2026-11-01", 2, utc("2026-11-01", 7)),
            (Kolkata, "2026-01-10", 0, utc("2026-01-09", 19)),
            (Kolkata, "2026-01-10", 23, utc("2026-01-10", 18)),
        ] {
            let span = hour(zone, date.parse().unwrap(), local);
            assert_eq!(span, HourSpan { first, count: 1 }, "{zone} {date} {local}");
        }
    }
}
