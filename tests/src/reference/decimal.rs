//! Exact decimals: money as it was sent, and exchange rates.

use num_bigint::BigInt;

/// `mantissa / 10^scale`, exactly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decimal {
    mantissa: BigInt,
    scale: u32,
}

/// Exponents beyond this are refused rather than expanded.
const MAX_EXPONENT: i64 = 400;

impl Decimal {
    /// Reads `-12.50` or `1.25e3`; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let (number, exponent) = match text.split_once(['e', 'E']) {
            Some((number, exponent)) => (number, exponent.parse::<i64>().ok()?),
            None => (text, 0),
        };
        let (whole, fraction) = match number.split_once('.') {
            Some((_, "")) => return None,
            Some(parts) => parts,
            None => (number, ""),
        };
        let digits = whole.strip_prefix('-').unwrap_or(whole);
        let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if digits.is_empty()
            || !all_digits(digits)
            || !all_digits(fraction)
            || exponent.abs() > MAX_EXPONENT
        {
            return None;
        }
        let mantissa: BigInt = format!("{whole}{fraction}").parse().ok()?;
        let scale = fraction.len() as i64 - exponent;
        Some(if scale >= 0 {
            Self {
                mantissa,
                scale: scale as u32,
            }
        } else {
            Self {
                mantissa: mantissa * power_of_ten(-scale as u32),
                scale: 0,
            }
        })
    }

    /// Whether it is below zero.
    pub fn is_negative(&self) -> bool {
        self.mantissa < BigInt::ZERO
    }

    /// `self × units / 10^down`, rounded half away from zero to an integer.
    pub fn times(&self, units: &BigInt, down: u32) -> BigInt {
        round_half_away(&(&self.mantissa * units), &power_of_ten(self.scale + down))
    }

    /// In units of `10^-places`, rounded half away from zero.
    pub fn in_units(&self, places: u32) -> BigInt {
        self.times(&power_of_ten(places), 0)
    }
}

/// `10^exponent`.
pub fn power_of_ten(exponent: u32) -> BigInt {
    BigInt::from(10).pow(exponent)
}

/// `numerator / denominator` (positive) to the nearest integer, halves away from zero.
fn round_half_away(numerator: &BigInt, denominator: &BigInt) -> BigInt {
    let negative = *numerator < BigInt::ZERO;
    let absolute = if negative {
        -numerator
    } else {
        numerator.clone()
    };
    let rounded: BigInt = (absolute * 2 + denominator) / (denominator * 2);
    if negative { -rounded } else { rounded }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cents(text: &str) -> i64 {
        Decimal::parse(text)
            .unwrap()
            .in_units(2)
            .try_into()
            .unwrap()
    }

    #[test]
    fn rounds_half_away_from_zero() {
        assert_eq!(cents("10.005"), 1001);
        assert_eq!(cents("10.0049999999999999999999"), 1000);
        assert_eq!(cents("-10.005"), -1001);
        assert_eq!(cents("1.25e1"), 1250);
        assert_eq!(cents("125e-1"), 1250);
        assert_eq!(cents("7"), 700);
    }

    #[test]
    fn refuses_what_is_not_a_decimal() {
        for text in [
            "", "-", "abc", "1,5", "1.", ".5", "1e", "1e999", "1_000", " 1", "0x1", "NaN", "--1",
            "1.-5",
        ] {
            assert_eq!(Decimal::parse(text), None, "{text}");
        }
    }
}
