//! Moments, the rhythm of days and weeks, and how fast the world turns.

use std::ops::{Add, Sub};

use chrono::{DateTime, Datelike, NaiveDate, SecondsFormat, Timelike, Utc};

use super::dice::Dice;

/// A second in milliseconds.
pub const SECOND: i64 = 1000;
/// A minute in milliseconds.
pub const MINUTE: i64 = 60 * SECOND;
/// An hour in milliseconds.
pub const HOUR: i64 = 60 * MINUTE;
/// A day in milliseconds.
pub const DAY: i64 = 24 * HOUR;

/// The simulated people live three hours ahead of UTC.
const LOCAL: i64 = 3 * HOUR;
/// How lively an hour of the local day is; the mean is 1.
const HOURS: [f64; 24] = [
    0.50, 0.28, 0.16, 0.10, 0.10, 0.16, 0.34, 0.62, 0.92, 1.18, 1.34, 1.42, 1.42, 1.38, 1.38, 1.38,
    1.36, 1.36, 1.40, 1.52, 1.66, 1.66, 1.42, 0.94,
];
/// How lively a day of the week is, from Monday; the mean is 1.
const WEEKDAYS: [f64; 7] = [1.08, 1.06, 1.04, 1.03, 0.98, 0.88, 0.93];

/// A moment, in milliseconds since 1970 (UTC).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct At(pub i64);

impl Add<i64> for At {
    type Output = Self;

    fn add(self, millis: i64) -> Self {
        Self(self.0 + millis)
    }
}

impl Sub for At {
    type Output = i64;

    fn sub(self, earlier: Self) -> i64 {
        self.0 - earlier.0
    }
}

impl At {
    /// Midnight of a day (UTC).
    pub fn midnight(date: NaiveDate) -> Self {
        Self(
            date.and_time(chrono::NaiveTime::MIN)
                .and_utc()
                .timestamp_millis(),
        )
    }

    /// The hour that it lies in, counted from 1970 (UTC).
    pub const fn hour(self) -> i64 {
        self.0.div_euclid(HOUR)
    }

    /// The day that it lies in, counted from 1970 (UTC).
    pub const fn day(self) -> i64 {
        self.0.div_euclid(DAY)
    }

    fn utc(self) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(self.0).unwrap_or(DateTime::UNIX_EPOCH)
    }

    fn local(self) -> DateTime<Utc> {
        (self + LOCAL).utc()
    }

    /// RFC 3339 in UTC.
    pub fn rfc3339(self) -> String {
        self.utc().to_rfc3339_opts(SecondsFormat::Millis, true)
    }

    /// RFC 3339 with the local offset, whole seconds kept exact.
    pub fn rfc3339_local(self) -> String {
        let mut text = self.local().to_rfc3339_opts(SecondsFormat::Millis, true);
        text.pop();
        text.push_str("+03:00");
        text
    }

    /// Year and number of the local week.
    pub fn week(self) -> (i32, u32) {
        let week = self.local().iso_week();
        (week.year(), week.week())
    }

    /// How lively this hour is; the mean over a week is 1.
    pub fn liveliness(self) -> f64 {
        let local = self.local();
        let day = local.weekday().num_days_from_monday() as usize;
        HOURS[local.hour() as usize] * WEEKDAYS[day]
    }

    /// The same moment, or a later one when people mostly sleep then.
    pub fn awake(self, dice: &mut Dice) -> Self {
        let hour = self.local().hour();
        if (1..7).contains(&hour) && dice.chance(0.85) {
            return self + i64::from(7 - hour) * HOUR + dice.whole(0, 4 * HOUR);
        }
        self
    }

    /// The same moment, or the next one when the office is open.
    pub fn in_office(self, dice: &mut Dice) -> Self {
        let mut at = self;
        loop {
            let local = at.local();
            let weekday = local.weekday().num_days_from_monday() < 5;
            match local.hour() {
                9..19 if weekday => return at,
                0..9 if weekday => {
                    at = Self(at.0.div_euclid(HOUR) * HOUR)
                        + i64::from(9 - local.hour()) * HOUR
                        + dice.whole(0, 2 * HOUR);
                }
                _ => at = Self((at + LOCAL).0.div_euclid(DAY) * DAY) + (DAY - LOCAL),
            }
        }
    }
}

/// The date of a day counted from 1970, as the contract writes it.
pub fn date(day: i64) -> String {
    At(day * DAY).utc().format("%Y-%m-%d").to_string()
}

/// How fast the world turns. In a file or a backfill it turns as it does; live,
/// what takes days would show nothing within minutes, so it takes less.
#[derive(Clone, Copy, Debug)]
pub struct Tempo {
    /// What takes hours and days goes so much faster.
    pub haste: f64,
    /// What happens within a visit goes so much faster.
    pub briskness: f64,
    /// Whether hours and weekdays matter.
    pub seasonal: bool,
}

impl Tempo {
    /// The real one.
    pub const NATURAL: Self = Self {
        haste: 1.0,
        briskness: 1.0,
        seasonal: true,
    };

    /// The live one.
    pub fn live(haste: f64) -> Self {
        Self {
            haste: haste.max(1.0),
            briskness: 4.0,
            seasonal: false,
        }
    }

    /// A time of hours or days.
    pub fn slow(&self, millis: i64) -> i64 {
        (millis as f64 / self.haste) as i64
    }

    /// A time between two clicks.
    pub fn quick(&self, millis: i64) -> i64 {
        (millis as f64 / self.briskness) as i64
    }

    /// After that time, when people are awake.
    pub fn awake_after(&self, at: At, millis: i64, dice: &mut Dice) -> At {
        let then = at + self.slow(millis);
        if self.seasonal {
            then.awake(dice)
        } else {
            then
        }
    }

    /// After that time, when the office is open.
    pub fn office_after(&self, at: At, millis: i64, dice: &mut Dice) -> At {
        let then = at + self.slow(millis);
        if self.seasonal {
            then.in_office(dice)
        } else {
            then
        }
    }
}
