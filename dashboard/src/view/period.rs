//! Periods: what a marketer calls them, and which UTC hours they are.
//!
//! Figures stand by the UTC hour, and a day of the tenant is the hours that
//! start on it in the tenant's time zone. So a period is a range of whole hours
//! in every zone, half-hour ones too.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Datelike as _, Days, Months, NaiveDate, NaiveTime, TimeZone as _, Utc};
use chrono_tz::Tz;

/// Seconds of an hour.
pub const HOUR: i64 = 3600;
/// Own periods are no longer than this, days.
pub const MAX_DAYS: i64 = 3660;

/// A period as the address names it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Period {
    /// The day it is.
    Today,
    /// The day before.
    Yesterday,
    /// So many days, today included.
    Last(u16),
    /// The calendar month so far.
    Month,
    /// The calendar quarter so far.
    Quarter,
    /// The calendar year so far.
    Year,
    /// From one day to another, both included.
    Days(NaiveDate, NaiveDate),
}

impl Period {
    /// The periods that have a name of their own, in the order they are offered in.
    pub const NAMED: [Self; 8] = [
        Self::Today,
        Self::Yesterday,
        Self::Last(7),
        Self::Last(30),
        Self::Last(90),
        Self::Month,
        Self::Quarter,
        Self::Year,
    ];

    /// The first and the last day, when it is `today` for the tenant.
    pub fn days(self, today: NaiveDate) -> (NaiveDate, NaiveDate) {
        let back = |days: u64| today.checked_sub_days(Days::new(days)).unwrap_or(today);
        let first_of =
            |month: u32| NaiveDate::from_ymd_opt(today.year(), month, 1).unwrap_or(today);
        match self {
            Self::Today => (today, today),
            Self::Yesterday => (back(1), back(1)),
            Self::Last(days) => (back(u64::from(days.max(1)) - 1), today),
            Self::Month => (first_of(today.month()), today),
            Self::Quarter => (first_of(today.month0() / 3 * 3 + 1), today),
            Self::Year => (first_of(1), today),
            Self::Days(first, last) => (first, last),
        }
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Today => f.write_str("today"),
            Self::Yesterday => f.write_str("yesterday"),
            Self::Last(days) => write!(f, "{days}d"),
            Self::Month => f.write_str("month"),
            Self::Quarter => f.write_str("quarter"),
            Self::Year => f.write_str("year"),
            Self::Days(first, last) => write!(f, "{first}..{last}"),
        }
    }
}

impl FromStr for Period {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        if let Some(named) = Self::NAMED.into_iter().find(|one| one.to_string() == text) {
            return Ok(named);
        }
        let (first, last) = text.split_once("..").ok_or(())?;
        let day = |text: &str| NaiveDate::parse_from_str(text, "%Y-%m-%d").map_err(|_| ());
        let (first, last) = (day(first)?, day(last)?);
        let is_usual = |day: NaiveDate| (1970..=9999).contains(&day.year());
        let count = last.signed_duration_since(first).num_days();
        if !is_usual(first) || !is_usual(last) || !(0..MAX_DAYS).contains(&count) {
            return Err(());
        }
        Ok(Self::Days(first, last))
    }
}

/// What a period is compared with.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Compare {
    /// As many days right before it.
    #[default]
    Previous,
    /// The same days a year earlier.
    Year,
}

impl Compare {
    /// Both, by their names in the address.
    pub const ALL: [(&'static str, Self); 2] = [("previous", Self::Previous), ("year", Self::Year)];

    fn shift(self, (first, last): (NaiveDate, NaiveDate)) -> (NaiveDate, NaiveDate) {
        match self {
            Self::Previous => {
                let days = last.signed_duration_since(first).num_days() as u64 + 1;
                let back = |day: NaiveDate| day.checked_sub_days(Days::new(days)).unwrap_or(day);
                (back(first), back(last))
            }
            Self::Year => {
                let back = |day: NaiveDate| day.checked_sub_months(Months::new(12)).unwrap_or(day);
                (back(first), back(last))
            }
        }
    }
}

/// Whole UTC hours, in seconds since 1970: from the start of the first to the
/// end of the last one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Hours {
    /// The start of the first hour.
    pub from: i64,
    /// The end of the last hour.
    pub until: i64,
}

/// A period at a moment, and what it is compared with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Span {
    /// The first day.
    pub first: NaiveDate,
    /// The last day.
    pub last: NaiveDate,
    /// Its hours.
    pub hours: Hours,
    /// The first day that it is compared with.
    pub before_first: NaiveDate,
    /// The last day that it is compared with.
    pub before_last: NaiveDate,
    /// The hours that it is compared with: as far into the last day as the
    /// period has come when it is not over.
    pub before: Hours,
    /// The day it is for the tenant.
    pub today: NaiveDate,
}

impl Span {
    /// The hours of a period and of what it is compared with, at a moment.
    pub fn new(period: Period, compare: Compare, zone: Tz, now: DateTime<Utc>) -> Self {
        let today = now.with_timezone(&zone).date_naive();
        let days = period.days(today);
        let hours = hours_of(days, zone);
        let before_days = compare.shift(days);
        let mut before = hours_of(before_days, zone);
        let next = (now.timestamp().div_euclid(HOUR) + 1) * HOUR;
        if (hours.from..hours.until).contains(&now.timestamp()) {
            // Half a day against half a day: the last day of both ends at the same hour.
            let missing = hours.until - next;
            before.until = (before.until - missing).max(before.from);
        }
        Self {
            first: days.0,
            last: days.1,
            hours,
            before_first: before_days.0,
            before_last: before_days.1,
            before,
            today,
        }
    }

    /// How many days it has.
    pub fn count(&self) -> i64 {
        self.last.signed_duration_since(self.first).num_days() + 1
    }

    /// Whether figures are drawn by the hour.
    pub fn is_hourly(&self) -> bool {
        self.count() <= 2
    }
}

fn hours_of((first, last): (NaiveDate, NaiveDate), zone: Tz) -> Hours {
    let after = last.succ_opt().unwrap_or(last);
    Hours {
        from: first_hour(first, zone),
        until: first_hour(after, zone),
    }
}

/// The first UTC hour that starts on a day or, where the clock leaps over
/// midnight, after it.
pub fn first_hour(day: NaiveDate, zone: Tz) -> i64 {
    let midnight = day.and_time(NaiveTime::MIN);
    let start = zone.from_local_datetime(&midnight).earliest();
    let start = start.map_or_else(
        || {
            // Midnight does not exist: the day begins when the clock has leapt.
            let later = midnight + chrono::Duration::hours(1);
            let found = zone.from_local_datetime(&later).earliest();
            found.map_or(midnight.and_utc().timestamp(), |at| at.timestamp())
        },
        |at| at.timestamp(),
    );
    (start + HOUR - 1).div_euclid(HOUR) * HOUR
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn what_is_printed_is_read_again() {
        let own = Period::Days(day("2026-01-05"), day("2026-01-07"));
        for period in Period::NAMED.into_iter().chain([own]) {
            assert_eq!(period.to_string().parse(), Ok(period));
        }
    }

    #[test]
    fn nonsense_is_no_period() {
        for text in [
            "",
            "8d",
            "2026-01-07..2026-01-05",
            "2026-01-05",
            "0001-01-01..9999-01-01",
            "2026-13-01..2026-13-02",
            "99999-01-01..99999-01-02",
        ] {
            assert_eq!(text.parse::<Period>(), Err(()), "{text}");
        }
    }

    #[test]
    fn a_day_is_the_hours_that_start_on_it() {
        for (zone, first_hour_utc) in [
            ("UTC", "2026-03-10T00:00:00Z"),
            ("Europe/Moscow", "2026-03-09T21:00:00Z"),
            // Midnight in India is 18:30 UTC: the hour before belongs to the day before.
            ("Asia/Kolkata", "2026-03-09T19:00:00Z"),
        ] {
            let zone: Tz = zone.parse().unwrap();
            let found = first_hour(day("2026-03-10"), zone);
            assert_eq!(found, at(first_hour_utc).timestamp(), "{zone}");
        }
    }

    #[test]
    fn a_day_without_midnight_begins_when_the_clock_has_leapt() {
        // In Beirut 2026-03-29 begins at 01:00, which is 22:00 UTC.
        let found = first_hour(day("2026-03-29"), chrono_tz::Asia::Beirut);
        assert_eq!(found, at("2026-03-28T22:00:00Z").timestamp());
    }

    #[test]
    fn a_period_that_goes_on_is_compared_up_to_the_same_hour() {
        let now = at("2026-03-10T10:20:00Z");
        let span = Span::new(Period::Today, Compare::Previous, Tz::UTC, now);
        assert_eq!(span.before.until, at("2026-03-09T11:00:00Z").timestamp());
        let span = Span::new(Period::Yesterday, Compare::Previous, Tz::UTC, now);
        assert_eq!(span.before.until, at("2026-03-09T00:00:00Z").timestamp());
    }

    #[test]
    fn periods_begin_where_the_calendar_says() {
        let today = day("2026-08-20");
        for (period, first) in [
            (Period::Last(7), "2026-08-14"),
            (Period::Month, "2026-08-01"),
            (Period::Quarter, "2026-07-01"),
            (Period::Year, "2026-01-01"),
        ] {
            assert_eq!(period.days(today), (day(first), today));
        }
        let leap = (day("2024-02-29"), day("2024-02-29"));
        assert_eq!(Compare::Year.shift(leap).0, day("2023-02-28"));
    }
}
