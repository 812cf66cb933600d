//! A moment as an operator gives it: a time, or an age.

use std::str::FromStr;
use std::time::{SystemTime, UNIX_EPOCH};

use chrono::DateTime;

/// The units of ages, in milliseconds.
const UNITS: [(char, i64); 5] = [
    ('s', 1_000),
    ('m', 60_000),
    ('h', 3_600_000),
    ('d', 86_400_000),
    ('w', 604_800_000),
];

/// A moment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Moment {
    /// This one, epoch milliseconds.
    At(i64),
    /// So many milliseconds ago.
    Ago(i64),
}

impl Moment {
    /// The moment in epoch milliseconds, seen from now.
    pub const fn at(self, now: i64) -> i64 {
        match self {
            Self::At(at) => at,
            Self::Ago(age) => now.saturating_sub(age),
        }
    }
}

impl FromStr for Moment {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(age) = age(text) {
            return Ok(Self::Ago(age));
        }
        DateTime::parse_from_rfc3339(text)
            .map(|at| Self::At(at.timestamp_millis()))
            .map_err(|_| {
                "give a time with its zone, such as 2026-01-31T12:00:00Z, or an age such as \
                 90s, 30m, 2h, 7d or 1w"
                    .to_owned()
            })
    }
}

fn age(text: &str) -> Option<i64> {
    let unit = text.chars().next_back()?;
    let (_, millis) = UNITS.into_iter().find(|(name, _)| *name == unit)?;
    let digits = text.strip_suffix(unit)?;
    if digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    digits.parse::<i64>().ok()?.checked_mul(millis)
}

/// This moment, epoch milliseconds.
pub fn now() -> anyhow::Result<i64> {
    let since = SystemTime::now().duration_since(UNIX_EPOCH)?;
    Ok(i64::try_from(since.as_millis())?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_ages_are_moments() {
        for (text, moment) in [
            ("2026-01-10T12:00:00Z", Moment::At(1_768_046_400_000)),
            ("2026-01-10T15:00:00.5+03:00", Moment::At(1_768_046_400_500)),
            ("0s", Moment::Ago(0)),
            ("90s", Moment::Ago(90_000)),
            ("30m", Moment::Ago(1_800_000)),
            ("2h", Moment::Ago(7_200_000)),
            ("7d", Moment::Ago(604_800_000)),
            ("1w", Moment::Ago(604_800_000)),
        ] {
            assert_eq!(text.parse(), Ok(moment), "{text}");
        }
        for wrong in [
            "",
            "h",
            "2",
            "-2h",
            "2 h",
            "2.5h",
            "2y",
            "9999999999999999w",
            "2026-01-10",
            "2026-01-10T12:00:00",
            "yesterday",
        ] {
            assert!(wrong.parse::<Moment>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_age_is_seen_from_now() {
        assert_eq!(Moment::Ago(5).at(12), 7);
        assert_eq!(Moment::At(5).at(12), 5);
    }
}
