//! Numbers without limits of precision, and with a limit of size.

use std::fmt;
use std::str::FromStr;

use bigdecimal::{BigDecimal, ToPrimitive};

/// The most digits a number may have, written without an exponent. Far above what Terraform keeps
/// (512 bits) and what an `f64` spells, and far below what hurts: `1e999999999` is a short text.
const MAX_DIGITS: u64 = 4096;

/// A decimal number of any size. No digit of a configured number is ever lost.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Number(BigDecimal);

impl Number {
    /// The number that a finite `f64` means: a whole number exactly, any other as the shortest
    /// decimal text that spells it, so that `0.1` is 0.1.
    ///
    /// Terraform compares whole numbers digit by digit and others by that shortest text.
    pub fn from_f64(float: f64) -> Option<Self> {
        if !float.is_finite() {
            None
        } else if float.fract() == 0.0 {
            BigDecimal::try_from(float).ok().map(|number| Self(number.normalized()))
        } else {
            float.to_string().parse().ok()
        }
    }

    /// The number as an `i64`, if it is a whole number of that size.
    pub fn as_i64(&self) -> Option<i64> {
        if self.0.is_integer() { self.0.to_i64() } else { None }
    }

    /// The nearest `f64`; infinite for a number beyond its range.
    pub fn as_f64(&self) -> f64 {
        // By way of text, because the standard library rounds correctly.
        self.0.to_scientific_notation().parse().unwrap_or(f64::NAN)
    }

    /// The number as an `f64`, if an `f64` holds it without loss.
    pub(crate) fn as_exact_f64(&self) -> Option<f64> {
        let nearest = self.as_f64();
        (BigDecimal::try_from(nearest).ok()? == self.0).then_some(nearest)
    }
}

impl From<i64> for Number {
    fn from(number: i64) -> Self {
        Self(BigDecimal::from(number).normalized())
    }
}

impl From<u64> for Number {
    fn from(number: u64) -> Self {
        Self(BigDecimal::from(number).normalized())
    }
}

impl FromStr for Number {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // Checked before the arithmetic, whose cost grows with the size that the text claims.
        let exponent =
            text.split_once(['e', 'E']).and_then(|(_, exponent)| exponent.parse::<i64>().ok());
        let claimed = u64::try_from(text.len()).unwrap_or(u64::MAX);
        if exponent.unwrap_or(0).unsigned_abs().saturating_add(claimed) > MAX_DIGITS {
            return Err(format!("a number of more than {MAX_DIGITS} digits is too large"));
        }
        let is_decimal = |c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.' | 'e' | 'E');
        let number =
            text.chars().all(is_decimal).then(|| text.parse::<BigDecimal>().ok()).flatten();
        let number = number.ok_or("the text is not a decimal number")?;
        Ok(Self(number.normalized()))
    }
}

/// Plain decimal text, without an exponent.
impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.to_plain_string())
    }
}

impl fmt::Debug for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_keeps_every_digit_and_loses_only_its_spelling() {
        for (text, plain) in [
            ("0", "0"),
            ("-0", "0"),
            ("5.0", "5"),
            ("1e3", "1000"),
            ("1E-3", "0.001"),
            ("-12.50", "-12.5"),
            ("+7", "7"),
            ("9007199254740993", "9007199254740993"),
            ("0.12345678901234567890123456789", "0.12345678901234567890123456789"),
            ("1e30", "1000000000000000000000000000000"),
        ] {
            assert_eq!(text.parse::<Number>().map(|it| it.to_string()), Ok(plain.to_owned()));
        }
    }

    #[test]
    fn text_that_is_no_number_or_an_absurd_one_is_an_error() {
        let long = "9".repeat(5000);
        for text in [
            "",
            "x",
            "1_000",
            "0x10",
            "1e",
            "--1",
            "NaN",
            "Infinity",
            "-inf",
            " 1",
            "1e999999999",
            "1e-999999999",
            "0e999999999",
            "1e99999999999999999999999",
            &long,
        ] {
            assert!(text.parse::<Number>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn whole_floats_are_exact_and_others_keep_their_decimal_form() {
        for (float, plain) in [
            (0.1, "0.1"),
            (-0.0, "0"),
            (18_446_744_073_709_551_616.0, "18446744073709551616"),
            (1e23, "99999999999999991611392"),
            (5e-324, &*format!("0.{}5", "0".repeat(323))),
        ] {
            assert_eq!(Number::from_f64(float).map(|it| it.to_string()), Some(plain.to_owned()));
        }
        assert_eq!(Number::from_f64(f64::MAX).map(|it| it.as_f64()), Some(f64::MAX));
        assert_eq!(Number::from_f64(f64::NAN), None);
        assert_eq!(Number::from_f64(f64::INFINITY), None);
    }

    #[test]
    fn only_representable_numbers_are_exact_floats() {
        for (text, exact) in [
            ("0.5", Some(0.5)),
            ("0.1", None),
            ("1e30", None),
            ("18446744073709551616", Some(18_446_744_073_709_551_616.0)),
            ("18446744073709551615", None),
            ("1e400", None),
        ] {
            assert_eq!(text.parse::<Number>().map(|it| it.as_exact_f64()), Ok(exact), "{text}");
        }
    }
}
