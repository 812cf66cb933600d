//! Figures for people, in their language, time zone and currency.

use chrono::{DateTime, Datelike as _, NaiveDate, Utc};
use chrono_tz::Tz;

use crate::report::{MONEY_PARTS, PPM, Unit, Value};
use crate::texts::{Language, Text};

/// Between digits and what belongs to them: no line is broken there.
const NARROW: char = '\u{202f}';
/// Before what is below zero.
const MINUS: char = '\u{2212}';
/// For what does not exist.
pub const NONE: &str = "–";
/// Hundreds of a percent or ratio from which decimals only disturb.
const LARGE: f64 = 100.0;
/// From here on a figure that stands alone is shown in millions.
const MANY: f64 = 1e8;
/// From this change on it is told how many times as much it is.
const MULTIPLE: f64 = 9.0;
const MINUTE: f64 = 60.0;
const HOUR: f64 = 3600.0;
const DAY: f64 = 86_400.0;

/// How figures are written for one tenant and one reader.
#[derive(Clone, Debug)]
pub struct Format {
    /// The language.
    pub language: Language,
    /// The zone of the tenant's days.
    pub zone: Tz,
    /// The currency's sign.
    pub currency: String,
}

impl Format {
    /// For a language, a zone and a currency by ISO 4217.
    pub fn new(language: Language, zone: Tz, currency: &str) -> Self {
        let sign = match currency {
            "RUB" => "₽",
            "EUR" => "€",
            "GBP" => "£",
            "USD" => "$",
            "KZT" => "₸",
            "UAH" => "₴",
            "INR" => "₹",
            "CNY" | "JPY" => "¥",
            other => other,
        };
        Self {
            language,
            zone,
            currency: sign.to_owned(),
        }
    }

    /// A value as it stands in a table.
    pub fn value(&self, value: &Value, unit: Unit) -> String {
        match value {
            Value::Nothing => NONE.to_owned(),
            Value::Text(text) if text.is_empty() => self.language.say(Text::EmptyName).to_owned(),
            Value::Text(text) => text.clone(),
            Value::List(names) => names.join(" → "),
            Value::Count(count) => self.whole(*count as f64),
            Value::Money(parts) => self.whole(*parts as f64 / MONEY_PARTS),
            Value::PerOne(amount) if *amount != 0.0 && amount.abs() < LARGE => {
                self.number(*amount, 2)
            }
            Value::PerOne(amount) => self.whole(*amount),
            Value::Credit(ppm) => self.number(*ppm as f64 / PPM, 1),
            Value::Ratio(ratio) if unit == Unit::Share => self.percent(*ratio),
            Value::Ratio(ratio) => self.number(*ratio, if ratio.abs() < LARGE { 2 } else { 0 }),
            Value::Seconds(seconds) => self.span(*seconds),
            Value::Time(at) => self.time(*at),
            Value::Day(day) => self.day(*day),
            Value::Flag(flag) => if *flag { "✓" } else { NONE }.to_owned(),
        }
    }

    /// A value as it stands alone: money with its currency.
    pub fn alone(&self, value: &Value, unit: Unit) -> String {
        let is_money = matches!(value, Value::Money(_) | Value::PerOne(_));
        let number = value
            .number()
            .filter(|number| is_money && number.abs() >= MANY);
        let text = number.map_or_else(
            || self.value(value, unit),
            |number| {
                self.language
                    .tell(Text::Millions, &[&self.number(number / 1e6, 1)])
            },
        );
        if is_money {
            format!("{text}{NARROW}{}", self.currency)
        } else {
            text
        }
    }

    /// Money with all its cents and its currency.
    pub fn exact(&self, parts: i64) -> String {
        let text = self.number(parts as f64 / MONEY_PARTS, 2);
        format!("{text}{NARROW}{}", self.currency)
    }

    /// A number with so many decimals, its thousands apart.
    pub fn number(&self, number: f64, decimals: usize) -> String {
        let digits = format!("{:.decimals$}", number.abs());
        let (whole, rest) = digits.split_once('.').unwrap_or((&digits, ""));
        let (thousands, point) = match self.language {
            Language::English => (',', '.'),
            Language::Russian => (NARROW, ','),
        };
        let mut text = String::with_capacity(digits.len() * 2);
        let is_zero = digits.chars().all(|c| c == '0' || c == '.');
        if number < 0.0 && !is_zero {
            text.push(MINUS);
        }
        for (index, digit) in whole.chars().enumerate() {
            if index > 0 && (whole.len() - index).is_multiple_of(3) {
                text.push(thousands);
            }
            text.push(digit);
        }
        if !rest.is_empty() {
            text.push(point);
            text.push_str(rest);
        }
        text
    }

    fn whole(&self, number: f64) -> String {
        self.number(number, 0)
    }

    /// A share of a whole in percent.
    pub fn percent(&self, ratio: f64) -> String {
        format!("{}{NARROW}%", self.hundredths(ratio))
    }

    /// How much a share of a whole has changed by, in percentage points.
    pub fn points(&self, ratio: f64) -> String {
        let sign = if ratio > 0.0 { "+" } else { "" };
        let points = format!("{sign}{}", self.hundredths(ratio));
        self.language.tell(Text::PointsUnit, &[&points])
    }

    fn hundredths(&self, ratio: f64) -> String {
        let hundredths = ratio * 100.0;
        self.number(hundredths, usize::from(hundredths.abs() < LARGE))
    }

    /// A change in percent, with its sign; to many times as much, how many.
    pub fn change(&self, ratio: f64) -> String {
        if ratio >= MULTIPLE {
            return format!("×{}", self.whole(ratio + 1.0));
        }
        let sign = if ratio > 0.0 { "+" } else { "" };
        format!("{sign}{}", self.percent(ratio))
    }

    /// A time span of so many seconds, in its two largest units.
    pub fn span(&self, seconds: f64) -> String {
        let tell = |text: Text, values: [f64; 2]| {
            let [one, two] = values.map(|value| self.whole(value));
            self.language.tell(text, &[&one, &two])
        };
        let rounded = seconds.round();
        if rounded < MINUTE {
            let decimals = usize::from(seconds > 0.0 && seconds < 10.0);
            let digits = self.number(seconds, decimals);
            return self.language.tell(Text::SecondsUnit, &[&digits]);
        }
        if rounded < HOUR {
            return tell(Text::MinutesUnit, [(rounded / MINUTE).round(), 0.0]);
        }
        if rounded < DAY {
            let minutes = (rounded / MINUTE).floor();
            return tell(Text::HoursUnit, [(minutes / 60.0).floor(), minutes % 60.0]);
        }
        let hours = (rounded / HOUR).floor();
        tell(Text::DaysUnit, [(hours / 24.0).floor(), hours % 24.0])
    }

    fn local(&self, at: i64) -> DateTime<Tz> {
        let moment = DateTime::<Utc>::from_timestamp_millis(at).unwrap_or_default();
        moment.with_timezone(&self.zone)
    }

    /// A moment in the tenant's zone.
    pub fn time(&self, at: i64) -> String {
        let local = self.local(at);
        format!("{} {}", self.day(local.date_naive()), local.format("%H:%M"))
    }

    /// The time of day of a moment.
    pub fn clock(&self, at: i64) -> String {
        self.local(at).format("%H:%M:%S").to_string()
    }

    /// The day that a moment is on.
    pub fn date_of(&self, at: i64) -> NaiveDate {
        self.local(at).date_naive()
    }

    /// A day.
    pub fn day(&self, day: NaiveDate) -> String {
        const ENGLISH: [&str; 12] = [
            "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
        ];
        match self.language {
            Language::English => {
                let month = ENGLISH[day.month0() as usize % 12];
                format!("{} {month} {}", day.day(), day.year())
            }
            Language::Russian => day.format("%d.%m.%Y").to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn format(language: Language) -> Format {
        Format::new(language, chrono_tz::Europe::Moscow, "RUB")
    }

    #[test]
    fn numbers_are_written_as_the_language_does() {
        let (english, russian) = (format(Language::English), format(Language::Russian));
        assert_eq!(english.number(-1_234_567.891, 2), "−1,234,567.89");
        assert_eq!(
            russian.number(1_234_567.891, 2),
            "1\u{202f}234\u{202f}567,89"
        );
        assert_eq!(english.number(-0.001, 1), "0.0");
        assert_eq!(english.exact(12_345_678), "1,234.57\u{202f}₽");
        assert_eq!(english.change(0.125), "+12.5\u{202f}%");
        assert_eq!(english.change(9.0), "×10");
        assert_eq!(english.points(9.0), "+900 pp");
        assert_eq!(russian.points(-0.905), "−90,5 п. п.");
        let large = Value::Money(15_414_054_160_000);
        assert_eq!(english.alone(&large, Unit::Money), "1,541.4 M\u{202f}₽");
    }

    #[test]
    fn spans_have_their_two_largest_units() {
        let english = format(Language::English);
        for (seconds, text) in [
            (0.0, "0 s"),
            (0.25, "0.2 s"),
            (4.0, "4.0 s"),
            (59.0, "59 s"),
            (90.0, "2 min"),
            (3_700.0, "1 h 1 min"),
            (200_000.0, "2 d 7 h"),
        ] {
            assert_eq!(english.span(seconds), text);
        }
    }

    #[test]
    fn moments_are_the_tenants() {
        let russian = format(Language::Russian);
        assert_eq!(russian.time(1_767_225_600_000), "01.01.2026 03:00");
    }
}
