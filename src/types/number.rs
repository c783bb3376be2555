//! Remote addresses as people see them: E.164, short code, alphanumeric sender.
//!
//! The three have key spaces of their own, so that a sender who calls himself `447700900123`
//! is never taken for the number.

use std::fmt;
use std::str::FromStr;

use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumberFormat, Region};

/// An ISO 3166 country code such as `GB`, known to the numbering data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Country([u8; 2]);

impl Country {
    /// The code in upper case.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("ZZ")
    }
}

impl FromStr for Country {
    type Err = NumberError;
    fn from_str(text: &str) -> Result<Self, NumberError> {
        match text.trim().as_bytes() {
            [a, b] if a.is_ascii_alphabetic() && b.is_ascii_alphabetic() => {
                Ok(Self([a.to_ascii_uppercase(), b.to_ascii_uppercase()]))
            }
            _ => Err(NumberError::Country(text.to_owned())),
        }
    }
}

/// A remote address.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Number {
    /// `+` and 7 to 15 digits.
    E164(String),
    /// A code that only means something inside one network: digits, `*`, `#`.
    ShortCode(String),
    /// A sender's name. It cannot be answered.
    Alphanumeric(String),
}

/// Why a text is no number we can write to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NumberError {
    /// Not digits at all.
    #[error("{0:?} is not a phone number: write it with + and country code, such as +447700900123")]
    NotANumber(String),
    /// A national form without a country to read it by.
    #[error("{0:?} has no country code: write it as +447700900123, or set the line's country")]
    NoCountry(String),
    /// Country code not two letters.
    #[error("{0:?} is not a country: use two letters such as GB")]
    Country(String),
}

impl Number {
    /// Reads what a person or program wrote as a destination.
    ///
    /// `+…` and `00…` are international. Up to six digits are a short code. Anything else is a
    /// national number and needs the line's `country`.
    pub fn parse(text: &str, country: Option<Country>) -> Result<Number, NumberError> {
        let not_a_number = || NumberError::NotANumber(text.chars().take(40).collect());
        let mut digits = String::new();
        for c in text.trim().chars() {
            match c {
                '0'..='9' | '*' | '#' => digits.push(c),
                '+' if digits.is_empty() => digits.push(c),
                ' ' | '\u{a0}' | '-' | '.' | '(' | ')' | '/' => {}
                _ => return Err(not_a_number()),
            }
        }
        if let Some(rest) = digits.strip_prefix("00") {
            digits = format!("+{rest}");
        }
        if let Some(rest) = digits.strip_prefix('+') {
            let plain = rest.bytes().all(|b| b.is_ascii_digit()) && !rest.starts_with('0');
            return if plain && (7..=15).contains(&rest.len()) {
                Ok(Number::E164(renumbered(digits)))
            } else {
                Err(not_a_number())
            };
        }
        match digits.len() {
            0 | 1 => Err(not_a_number()),
            2..=6 => Ok(Number::ShortCode(digits)),
            _ if digits.contains(['*', '#']) => Ok(Number::ShortCode(digits)),
            _ => national(&digits, country),
        }
    }

    /// Reads a sender as the network gave it: `digits` as decoded, with `+` when international.
    ///
    /// Never fails: what cannot be made an E.164 number keeps a key of its own as a short code.
    pub fn from_sender(digits: &str, alphanumeric: bool, country: Option<Country>) -> Number {
        if alphanumeric {
            return Number::Alphanumeric(digits.to_owned());
        }
        Number::parse(digits, country).unwrap_or_else(|_| Number::ShortCode(digits.to_owned()))
    }

    /// The text shown to people and sent to the modem.
    pub fn as_str(&self) -> &str {
        match self {
            Number::E164(text) | Number::ShortCode(text) | Number::Alphanumeric(text) => text,
        }
    }

    /// Whether an answer can reach it.
    pub fn answerable(&self) -> bool {
        match self {
            Number::E164(_) => true,
            Number::ShortCode(code) => !code.is_empty(),
            Number::Alphanumeric(_) => false,
        }
    }

    /// The key under which its conversation is kept; different kinds never collide.
    pub fn key(&self) -> String {
        match self {
            Number::E164(text) => text.clone(),
            Number::ShortCode(text) => format!("s:{text}"),
            Number::Alphanumeric(text) => format!("a:{text}"),
        }
    }

    /// The inverse of [`Number::key`].
    pub fn from_key(key: &str) -> Number {
        match key.split_at_checked(2) {
            Some(("s:", code)) => Number::ShortCode(code.to_owned()),
            Some(("a:", name)) => Number::Alphanumeric(name.to_owned()),
            _ => Number::E164(key.to_owned()),
        }
    }
}

/// Numbers of plans that have changed, in the form of today: networks and address books still use
/// the old one, and both are one phone (E135). The raw form is kept with the segment.
fn renumbered(digits: String) -> String {
    if let Some(rest) = digits.strip_prefix("+521").filter(|rest| rest.len() == 10) {
        return format!("+52{rest}"); // Mexico, 2019: mobiles lose their 1
    }
    if let Some((area, rest)) = digits.strip_prefix("+55").and_then(|rest| rest.split_at_checked(2))
    {
        // Brazil, 2012 to 2016: mobiles get a 9 in front.
        if rest.len() == 8 && rest.starts_with(['6', '7', '8', '9']) {
            return format!("+55{area}9{rest}");
        }
    }
    digits
}

/// A national number in E.164 by the numbering plan of `country`.
fn national(digits: &str, country: Option<Country>) -> Result<Number, NumberError> {
    let Some(country) = country else {
        return Err(NumberError::NoCountry(digits.chars().take(40).collect()));
    };
    let wrong = || NumberError::NotANumber(digits.chars().take(40).collect());
    let region = Region::from_code(country.as_str()).map_err(|_| wrong())?;
    let parsed = PHONE_NUMBER_UTIL.parse(digits, Some(region)).map_err(|_| wrong())?;
    if !PHONE_NUMBER_UTIL.is_possible_number(&parsed) {
        return Err(wrong());
    }
    let formatted = PHONE_NUMBER_UTIL.format(&parsed, PhoneNumberFormat::E164);
    Ok(Number::E164(formatted.into_owned()))
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// E135: zeros that belong to the number stay, and plans that changed are one number.
    #[test]
    fn national_oddities_lead_to_one_key() {
        let key = |text: &str, country: &str| {
            Number::parse(text, country.parse().ok()).map(|number| number.key())
        };
        assert_eq!(key("06 12345678", "IT").as_deref(), Ok("+390612345678"));
        assert_eq!(key("347 1234567", "IT").as_deref(), Ok("+393471234567"));
        for text in ["+52 1 55 1234 5678", "+52 55 1234 5678", "0052 1 55 1234 5678"] {
            assert_eq!(key(text, "MX").as_deref(), Ok("+525512345678"), "{text}");
        }
        for text in ["+55 11 8765 4321", "+55 11 98765 4321", "11 98765-4321"] {
            assert_eq!(key(text, "BR").as_deref(), Ok("+5511987654321"), "{text}");
        }
        assert_eq!(key("+55 11 3456 7890", "BR").as_deref(), Ok("+551134567890"), "a landline");
        for text in ["011 15-2345-6789", "+54 9 11 2345 6789"] {
            assert_eq!(key(text, "AR").as_deref(), Ok("+5491123456789"), "{text}");
        }
    }

    /// E130..E134: E.164, short code and name have key spaces of their own.
    #[test]
    fn one_number_written_in_many_ways_has_one_key() {
        let gb = "gb".parse::<Country>().ok();
        for text in ["+44 7700 900123", "0044 7700 900 123", "07700 900123", "(07700) 900-123"] {
            assert_eq!(Number::parse(text, gb), Ok(Number::E164("+447700900123".into())), "{text}");
        }
        assert_eq!(Number::parse("85258", gb), Ok(Number::ShortCode("85258".into())));
        assert!(matches!(Number::parse("07700900123", None), Err(NumberError::NoCountry(_))));
        for text in ["", "+", "hello", "+44 7700 900123 7700 900123", "+0123456789", "1\r\nAT"] {
            assert!(matches!(Number::parse(text, gb), Err(NumberError::NotANumber(_))), "{text}");
        }
        let name = Number::from_sender("447700900123", true, gb);
        assert_ne!(name.key(), Number::from_sender("+447700900123", false, gb).key());
        assert!(!name.answerable());
        assert_eq!(Number::from_key(&name.key()), name);
    }
}
