//! Numbers for people.

/// The signs that numbers are written with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signs {
    /// Between thousands.
    pub thousands: char,
    /// Before what is below zero.
    pub minus: char,
    /// For what does not exist.
    pub none: &'static str,
    /// Between parts of a line.
    pub dot: char,
    /// Of what a line is drawn.
    pub rule: char,
    /// The currency.
    pub currency: String,
}

impl Signs {
    /// Signs for a currency; only letters, digits and what every keyboard has,
    /// unless the terminal knows Unicode.
    pub fn new(currency: &str, unicode: bool) -> Self {
        let symbol = match currency {
            "RUB" if unicode => "₽",
            "EUR" if unicode => "€",
            "GBP" if unicode => "£",
            "KZT" if unicode => "₸",
            "USD" => "$",
            other => other,
        };
        let (thousands, minus, none, dot, rule) = if unicode {
            ('\u{2009}', '−', "–", '·', '─')
        } else {
            (' ', '-', "-", '|', '-')
        };
        Self {
            thousands,
            minus,
            none,
            dot,
            rule,
            currency: symbol.to_owned(),
        }
    }

    /// A whole number with its thousands apart.
    pub fn whole(&self, number: i64) -> String {
        let digits = number.unsigned_abs().to_string();
        let mut text = String::with_capacity(digits.len() * 2);
        if number < 0 {
            text.push(self.minus);
        }
        for (index, digit) in digits.chars().enumerate() {
            if index > 0 && (digits.len() - index).is_multiple_of(3) {
                text.push(self.thousands);
            }
            text.push(digit);
        }
        text
    }

    /// Money in 1/10000, to the whole unit.
    pub fn money(&self, amount: i64) -> String {
        self.whole(rounded(amount, 10_000))
    }

    /// Money in 1/10000, to the hundredth, with its currency.
    pub fn exact(&self, amount: i64) -> String {
        format!(
            "{} {}",
            self.decimal(rounded(amount, 100), 2),
            self.currency
        )
    }

    /// Parts of a million, to the tenth.
    pub fn millionths(&self, parts: i64) -> String {
        self.decimal(rounded(parts, 100_000), 1)
    }

    /// A quotient of two amounts to the hundredth; nothing when there is no divisor.
    pub fn quotient(&self, dividend: i64, divisor: i64) -> String {
        if divisor <= 0 {
            return self.none.to_owned();
        }
        self.decimal(divided(dividend, 100, divisor), 2)
    }

    /// A quotient of two amounts in percent.
    pub fn percent(&self, dividend: i64, divisor: i64) -> String {
        if divisor <= 0 {
            return self.none.to_owned();
        }
        format!("{}%", self.whole(divided(dividend, 100, divisor)))
    }

    /// Money per deal, from parts of a million of deals.
    pub fn per_deal(&self, amount: i64, deals_ppm: i64) -> String {
        if deals_ppm <= 0 {
            return self.none.to_owned();
        }
        // 1/10000 of the currency by 1/1000000 of a deal.
        self.whole(divided(amount, 100, deals_ppm))
    }

    /// A decimal number: an integer and how many of its digits are decimals.
    fn decimal(&self, number: i64, digits: u32) -> String {
        let unit = 10_i64.pow(digits);
        let sign = if number < 0 && number > -unit {
            self.minus.to_string()
        } else {
            String::new()
        };
        let rest = (number % unit).unsigned_abs();
        let whole = self.whole(number / unit);
        format!("{sign}{whole}.{rest:0width$}", width = digits as usize)
    }
}

/// Divides and rounds half away from zero.
fn rounded(number: i64, unit: i64) -> i64 {
    divided(number, 1, unit)
}

/// `number` × `factor` / `divisor`, rounded half away from zero; the divisor
/// is above zero.
fn divided(number: i64, factor: i64, divisor: i64) -> i64 {
    let number = i128::from(number) * i128::from(factor);
    let divisor = i128::from(divisor);
    ((number + number.signum() * (divisor / 2)) / divisor) as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain() -> Signs {
        Signs::new("RUB", false)
    }

    #[test]
    fn thousands_stand_apart() {
        for (number, text) in [
            (0, "0"),
            (-7, "-7"),
            (999, "999"),
            (1000, "1 000"),
            (-123_456, "-123 456"),
            (1_234_567_890, "1 234 567 890"),
        ] {
            assert_eq!(plain().whole(number), text);
        }
        let signs = Signs::new("RUB", true);
        assert_eq!(signs.whole(-1000), "−1\u{2009}000");
        assert_eq!(signs.exact(12_345_678), "1\u{2009}234.57 ₽");
    }

    #[test]
    fn rounding_is_half_away_from_zero() {
        for (number, unit, expected) in [
            (14_999, 10_000, 1),
            (15_000, 10_000, 2),
            (-14_999, 10_000, -1),
            (-15_000, 10_000, -2),
            (5, 3, 2),
            (4, 3, 1),
        ] {
            assert_eq!(rounded(number, unit), expected, "{number} / {unit}");
        }
    }

    #[test]
    fn money_shows_its_unit_and_its_sign() {
        let signs = plain();
        assert_eq!(signs.money(12_345_678_900), "1 234 568");
        assert_eq!(signs.exact(-5_000), "-0.50 RUB");
        assert_eq!(signs.exact(-15_000), "-1.50 RUB");
        assert_eq!(signs.exact(12_345_678_900), "1 234 567.89 RUB");
        assert_eq!(signs.millionths(12_250_000), "12.3");
        assert_eq!(signs.millionths(0), "0.0");
    }

    #[test]
    fn quotients_without_a_divisor_are_nothing() {
        let signs = plain();
        assert_eq!(signs.quotient(3_000_000, 0), "-");
        assert_eq!(signs.percent(1, 0), "-");
        assert_eq!(signs.per_deal(1, 0), "-");
        assert_eq!(signs.quotient(31_416, 10_000), "3.14");
        assert_eq!(signs.percent(-5_000, 10_000), "-50%");
        assert_eq!(signs.percent(123_450_000, 10_000), "1 234 500%");
        // 300.00 for a deal and a half.
        assert_eq!(signs.per_deal(3_000_000, 1_500_000), "200");
    }
}
