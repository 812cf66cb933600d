//! Money as it is sent, a decimal of any length, to whole minor units.
//! No float on the way: the digits are cut where the minor unit ends, and the
//! next digit decides the rounding, half away from zero.

use iso_currency::Currency;

/// The largest amount, in major units of any currency.
pub const MAX_MAJOR_UNITS: i64 = 1_000_000_000_000;

/// A currency and the decimal places of its minor unit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MinorUnit {
    /// ISO 4217 code.
    pub code: &'static str,
    /// Decimal places, at most 4.
    pub places: u8,
}

impl MinorUnit {
    /// The currency of an ISO 4217 code, `None` for unknown codes and for
    /// those that have no minor unit (gold, test codes).
    pub fn of(code: &str) -> Option<Self> {
        let currency = Currency::from_code(code)?;
        Some(Self {
            code: currency.code(),
            places: u8::try_from(currency.exponent()?).ok()?,
        })
    }

    /// The code as its three letters.
    #[expect(
        clippy::missing_panics_doc,
        reason = "ISO 4217 codes have three letters"
    )]
    pub fn letters(self) -> [u8; 3] {
        *self.code.as_bytes().first_chunk().expect("three letters")
    }
}

/// Why a text is no amount.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NotAnAmount {
    /// Not a decimal number.
    Malformed,
    /// Below zero.
    Negative,
    /// Above [`MAX_MAJOR_UNITS`].
    TooLarge,
}

/// A decimal taken apart: `0.digits × 10^point`, the first digit not zero.
struct Decimal<'a> {
    negative: bool,
    whole: &'a str,
    fraction: &'a str,
    exponent: i64,
}

/// Minor units of a decimal such as `12.505` or `1.2e3`, rounded half away from zero.
pub fn minor_units(text: &str, places: u8) -> Result<i64, NotAnAmount> {
    let decimal = Decimal::parse(text).ok_or(NotAnAmount::Malformed)?;
    let digits = || decimal.whole.bytes().chain(decimal.fraction.bytes());
    let leading_zeros = digits().take_while(|digit| *digit == b'0').count();
    if leading_zeros == decimal.whole.len() + decimal.fraction.len() {
        return Ok(0);
    }
    if decimal.negative {
        return Err(NotAnAmount::Negative);
    }
    // How many significant digits stand before the end of the minor unit.
    let kept = decimal.whole.len() as i64 - leading_zeros as i64 + i64::from(places);
    let kept = kept.saturating_add(decimal.exponent);
    let Ok(kept) = usize::try_from(kept) else {
        return Ok(0);
    };
    if kept > 18 {
        return Err(NotAnAmount::TooLarge);
    }
    let mut significant = digits()
        .skip(leading_zeros)
        .map(|digit| i64::from(digit - b'0'))
        .chain(std::iter::repeat(0));
    let cut = significant
        .by_ref()
        .take(kept)
        .fold(0, |units, digit| units * 10 + digit);
    let minor = cut + i64::from(significant.next() >= Some(5));
    if minor > MAX_MAJOR_UNITS * 10_i64.pow(u32::from(places)) {
        return Err(NotAnAmount::TooLarge);
    }
    Ok(minor)
}

/// Whether a text is a decimal number of zero or more.
pub fn is_quantity(text: &str) -> bool {
    !matches!(
        minor_units(text, 0),
        Err(NotAnAmount::Malformed | NotAnAmount::Negative)
    )
}

impl<'a> Decimal<'a> {
    /// `-?digits(.digits)?([eE][+-]?digits)?`
    fn parse(text: &'a str) -> Option<Self> {
        let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        let (number, exponent) = match text.split_once(['e', 'E']) {
            Some((number, exponent)) => (number, parse_exponent(exponent)?),
            None => (text, 0),
        };
        let (negative, number) = match number.strip_prefix('-') {
            Some(number) => (true, number),
            None => (false, number),
        };
        let (whole, fraction) = match number.split_once('.') {
            Some((_, "")) => return None,
            Some(parts) => parts,
            None => (number, ""),
        };
        if whole.is_empty() || !all_digits(whole) || !all_digits(fraction) {
            return None;
        }
        Some(Self {
            negative,
            whole,
            fraction,
            exponent,
        })
    }
}

/// An exponent; one of more than nine digits is as good as the largest of nine.
fn parse_exponent(text: &str) -> Option<i64> {
    let (sign, digits) = match text.as_bytes().first()? {
        b'-' => (-1, &text[1..]),
        b'+' => (1, &text[1..]),
        _ => (1, text),
    };
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let significant = digits.trim_start_matches('0');
    Some(match significant.len() {
        0 => 0,
        1..=9 => sign * significant.parse::<i64>().ok()?,
        _ => sign * 999_999_999,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_exact_and_rounded_half_away_from_zero() {
        for (text, places, minor) in [
            ("0", 2, 0),
            ("-0.00", 2, 0),
            ("12.5", 2, 1250),
            ("12.50", 2, 1250),
            ("007.5", 2, 750),
            ("12.345", 2, 1235),
            ("12.344999999999999999999999999", 2, 1234),
            ("0.005", 2, 1),
            ("0.0049999", 2, 0),
            ("0.0005", 2, 0),
            ("1.005", 2, 101),
            ("99.995", 2, 10_000),
            ("1.2e3", 2, 120_000),
            ("1.2E+3", 2, 120_000),
            ("125e-1", 2, 1250),
            ("5e-3", 2, 1),
            ("4e-3", 2, 0),
            ("1e-999999999999999999999", 2, 0),
            ("0e999999999999999999999", 2, 0),
            ("1000000000000", 2, 100_000_000_000_000),
            ("1000000000000.004", 2, 100_000_000_000_000),
            ("0.5", 0, 1),
            ("1.0005", 3, 1001),
        ] {
            assert_eq!(minor_units(text, places), Ok(minor), "{text}");
        }
    }

    #[test]
    fn what_is_no_amount_is_told_apart() {
        for text in [
            "", "-", "abc", "1,5", "1.", ".5", "1e", "1e+", "+1", " 1", "1 ", "0x1", "NaN", "--1",
            "1.-5", "1_000", "٣",
        ] {
            assert_eq!(minor_units(text, 2), Err(NotAnAmount::Malformed), "{text}");
        }
        assert_eq!(minor_units("-0.001", 2), Err(NotAnAmount::Negative));
        for text in [
            "1000000000000.01",
            "1e13",
            "1e99999999999999999999",
            "9223372036854775808",
        ] {
            assert_eq!(minor_units(text, 2), Err(NotAnAmount::TooLarge), "{text}");
        }
    }

    #[test]
    fn currencies_know_their_places() {
        let places = |code| MinorUnit::of(code).map(|unit| unit.places);
        assert_eq!(places("RUB"), Some(2));
        assert_eq!(places("JPY"), Some(0));
        assert_eq!(places("KWD"), Some(3));
        assert_eq!(places("XAU"), None);
        assert_eq!(places("rub"), None);
        assert_eq!(places(""), None);
    }
}
