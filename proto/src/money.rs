//! Currencies, and exact conversion between them. Never a float.

use std::collections::BTreeMap;
use std::fmt;

use iso_currency::Currency as Iso;

/// An ISO 4217 currency.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([u8; 3]);

impl Currency {
    /// The currency of a code in either case; `None` when ISO 4217 has no such code.
    pub fn parse(code: &str) -> Option<Self> {
        let code = code.trim().to_ascii_uppercase();
        Iso::from_code(&code)?;
        Some(Self(code.as_bytes().try_into().ok()?))
    }

    /// The currency of upper-case letters that came from [`Self::code`].
    pub const fn from_code_bytes(code: [u8; 3]) -> Self {
        Self(code)
    }

    /// The code, three upper-case letters.
    pub const fn code_bytes(self) -> [u8; 3] {
        self.0
    }

    /// The code as text.
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("XXX")
    }

    /// Decimal digits of the minor unit: 2 for roubles, 0 for yen.
    pub fn digits(self) -> u32 {
        Iso::from_code(self.code())
            .and_then(Iso::exponent)
            .map_or(2, u32::from)
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// What one unit of a foreign currency costs in the tenant's own: a decimal
/// fraction, kept exactly.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Rate {
    digits: u64,
    decimals: u32,
}

impl Rate {
    /// A rate from a decimal number such as `92.50`: positive, at most 18
    /// digits. `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let all = format!("{whole}{fraction}");
        if whole.is_empty() || all.len() > 18 || !all.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        let digits = all.parse().ok().filter(|digits| *digits > 0)?;
        Some(Self {
            digits,
            decimals: fraction.len() as u32,
        })
    }

    /// `minor` units of `from` in minor units of `to`, rounded half away from
    /// zero; `None` when the result does not fit.
    pub fn convert(self, minor: i64, from: Currency, to: Currency) -> Option<i64> {
        let mut numerator = i128::from(minor).checked_mul(i128::from(self.digits))?;
        let mut denominator = 10_i128.checked_pow(self.decimals)?;
        numerator = numerator.checked_mul(10_i128.checked_pow(to.digits())?)?;
        denominator = denominator.checked_mul(10_i128.checked_pow(from.digits())?)?;
        let half = denominator / 2 * numerator.signum();
        // The denominator is a power of ten: even, or 1 (and nothing to round).
        let minor = i64::try_from(numerator.checked_add(half)? / denominator).ok()?;
        fits(minor, to).then_some(minor)
    }
}

/// The largest amount of any currency, in its major units: what a column of
/// `Decimal(18, 4)` holds, as the views have them. Ingest lets in a hundredth.
const MAX_MAJOR_UNITS: u64 = 100_000_000_000_000;

/// Whether an amount can be shown and summed.
fn fits(minor: i64, currency: Currency) -> bool {
    let minor = minor.unsigned_abs();
    minor <= MAX_MAJOR_UNITS || minor <= MAX_MAJOR_UNITS * 10_u64.pow(currency.digits())
}

/// Rates of foreign currencies in one tenant's currency, each valid from a day
/// until the next one's.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Rates(BTreeMap<Currency, BTreeMap<i32, Rate>>);

impl Rates {
    /// States a rate from a day on (days since 1970-01-01).
    pub fn set(&mut self, currency: Currency, from_day: i32, rate: Rate) {
        self.0.entry(currency).or_default().insert(from_day, rate);
    }

    /// The rates that concern days up to `last`: currency, first day, rate.
    pub fn through(&self, last: i32) -> impl Iterator<Item = (Currency, i32, Rate)> {
        self.0.iter().flat_map(move |(currency, rates)| {
            let rates = rates.range(..=last);
            rates.map(|(from_day, rate)| (*currency, *from_day, *rate))
        })
    }

    /// The rate of a day; `None` when none was stated at or before it.
    pub fn on(&self, currency: Currency, day: i32) -> Option<Rate> {
        self.0
            .get(&currency)?
            .range(..=day)
            .next_back()
            .map(|(_, rate)| *rate)
    }

    /// `minor` units of `from` on a day, in minor units of the tenant's own
    /// currency; `None` when there is no rate or the result does not fit.
    pub fn convert(&self, minor: i64, from: Currency, own: Currency, day: i32) -> Option<i64> {
        if from == own {
            return fits(minor, own).then_some(minor);
        }
        self.on(from, day)?.convert(minor, from, own)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn currency(code: &str) -> Currency {
        Currency::parse(code).unwrap()
    }

    #[test]
    fn codes_and_digits() {
        assert_eq!(currency(" rub").code(), "RUB");
        assert_eq!(currency("JPY").digits(), 0);
        assert_eq!(currency("KWD").digits(), 3);
        assert_eq!(Currency::parse("R"), None);
        assert_eq!(Currency::parse("ZZZ"), None);
    }

    #[test]
    fn conversion_rounds_half_away_from_zero() {
        let convert = |rate: &str, minor, from: &str, to: &str| {
            Rate::parse(rate)
                .unwrap()
                .convert(minor, currency(from), currency(to))
        };
        assert_eq!(convert("92.5", 100, "USD", "RUB"), Some(9250));
        assert_eq!(convert("0.005", 100, "USD", "RUB"), Some(1));
        assert_eq!(convert("0.0049", 100, "USD", "RUB"), Some(0));
        assert_eq!(convert("0.005", -100, "USD", "RUB"), Some(-1));
        assert_eq!(convert("0.61", 1000, "JPY", "RUB"), Some(61_000));
        assert_eq!(convert("150", 101, "USD", "JPY"), Some(152));
        assert_eq!(convert("999999999999999999", i64::MAX, "USD", "RUB"), None);
        let trillion = 100_000_000_000_000;
        assert_eq!(convert("100", trillion, "USD", "RUB"), Some(100 * trillion));
        assert_eq!(convert("100.1", trillion, "USD", "RUB"), None);
        assert_eq!(convert("1", i64::MAX, "JPY", "RUB"), None);
    }

    #[test]
    fn a_rate_is_valid_from_its_day_until_the_next() {
        let mut rates = Rates::default();
        rates.set(currency("USD"), 100, Rate::parse("90").unwrap());
        rates.set(currency("USD"), 110, Rate::parse("100").unwrap());
        let on = |day| rates.convert(100, currency("USD"), currency("RUB"), day);
        assert_eq!(on(99), None);
        assert_eq!(on(109), Some(9000));
        assert_eq!(on(110), Some(10_000));
        let own = |minor| rates.convert(minor, currency("RUB"), currency("RUB"), 0);
        assert_eq!(own(5), Some(5));
        assert_eq!(own(10_000_000_000_000_000), Some(10_000_000_000_000_000));
        assert_eq!(own(10_000_000_000_000_001), None);
    }

    #[test]
    fn broken_rates_are_refused() {
        for text in ["", "0", "-1", "1e3", ".5", "1.2.3", "1234567890123456789"] {
            assert_eq!(Rate::parse(text), None, "{text}");
        }
    }
}
