//! Addresses, checked: what an [`Address`] holds can stand in a header or an SMTP command as it is.
//!
//! Quoted local parts, comments and characters beyond ASCII are not addresses here: nobody's desk
//! has one, and each is a way around a check. A domain of other letters is written as `xn--…`.

use std::fmt;
use std::str::FromStr;

/// `local@domain`, compared without case (RFC 5321 §2.3.11 lets the owner of a domain tell
/// `Anna` from `anna`; nobody does, and people type both).
#[derive(Clone, Debug)]
pub struct Address {
    local: String,
    domain: String,
}

/// Why a text is no address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// No `@` between two texts.
    #[error("an e-mail address has the form name@example.org")]
    Shape,
    /// A character that has no place before the `@`, or too many of them.
    #[error("the part before the @ has at most 64 letters, digits and signs such as . - _ +")]
    Local,
    /// Not a domain name in ASCII.
    #[error("the part after the @ is not a domain name (write one of other letters as xn--...)")]
    Domain,
}

impl Address {
    /// Reads `local@domain`.
    pub fn parse(text: &str) -> Result<Address, AddressError> {
        let (local, domain) = text.trim().rsplit_once('@').ok_or(AddressError::Shape)?;
        let atoms = |atom: &str| !atom.is_empty() && atom.bytes().all(is_atext);
        if local.len() > MAX_LOCAL || !local.split('.').all(atoms) {
            return Err(AddressError::Local);
        }
        if domain.len() > 253 || !domain.split('.').all(is_label) {
            return Err(AddressError::Domain);
        }
        Ok(Address { local: local.to_owned(), domain: domain.to_ascii_lowercase() })
    }

    /// The part before the `@`, as written.
    pub fn local(&self) -> &str {
        &self.local
    }

    /// The domain, in lower case.
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// What two writings of one address have in common.
    pub fn key(&self) -> String {
        format!("{}@{}", self.local.to_ascii_lowercase(), self.domain)
    }

    /// The local part without `+detail` (RFC 5233).
    pub fn user(&self) -> &str {
        self.local.split_once('+').map_or(self.local.as_str(), |(user, _)| user)
    }

    /// What stands between `+` and `@`.
    pub fn detail(&self) -> Option<&str> {
        self.local.split_once('+').map(|(_, detail)| detail)
    }

    /// `user+detail@domain`; an error when that is no address or longer than 64 before the `@`.
    pub fn with_detail(&self, detail: &str) -> Result<Address, AddressError> {
        Address::parse(&format!("{}+{detail}@{}", self.user(), self.domain))
    }
}

impl PartialEq for Address {
    fn eq(&self, other: &Address) -> bool {
        self.domain == other.domain && self.local.eq_ignore_ascii_case(&other.local)
    }
}

impl Eq for Address {}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.local, self.domain)
    }
}

impl FromStr for Address {
    type Err = AddressError;
    fn from_str(text: &str) -> Result<Address, AddressError> {
        Address::parse(text)
    }
}

/// An address with the name its owner gave it. The name is anything; it is never an identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mailbox {
    /// The display name.
    pub name: Option<String>,
    /// The address.
    pub address: Address,
}

/// Whom a mail that starts a text is for: `number@domain` or `contact@domain`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Destination {
    /// Digits, with `+` if written: read it with the country of the line.
    Number(String),
    /// A name of the address book, in lower case: `anna`, `anna.miller`.
    Contact(String),
}

impl Destination {
    /// Reads the local part of an address of the domain for sending, or the detail of
    /// `user+to-…@domain`.
    pub fn parse(local: &str) -> Option<Destination> {
        let local = local.to_ascii_lowercase();
        let digits = local.strip_prefix('+').unwrap_or(&local);
        let number = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
        match number {
            true if (3..=17).contains(&digits.len()) => Some(Destination::Number(local)),
            true => None,
            false if local.contains('+') => None,
            false => Some(Destination::Contact(local)),
        }
    }
}

/// RFC 5322 §3.2.3.
fn is_atext(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&b)
}

fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

/// RFC 5321 §4.5.3.1.1.
pub const MAX_LOCAL: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_can_stand_in_a_header_as_it_is() {
        for text in ["desk@example.org", "a.b+c@Sub.Example.org", "o'neill@example.com"] {
            assert!(Address::parse(text).is_ok(), "{text}");
        }
        for text in [
            "desk",
            "@example.org",
            "desk@",
            "a b@example.org",
            "desk@example.org\r\nBcc: x@example.com",
            "\"a b\"@example.org",
            "a..b@example.org",
            "desk@exa mple.org",
            "desk@-x.org",
            "ünder@example.org",
            "desk@exämple.org",
            "<desk@example.org>",
            "a@b@example.org",
        ] {
            assert!(Address::parse(text).is_err(), "{text:?}");
        }
        let long = format!("{}@example.org", "a".repeat(65));
        assert_eq!(Address::parse(&long), Err(AddressError::Local));
    }

    #[test]
    fn an_address_is_the_same_in_any_case_and_knows_its_detail() {
        let desk: Address = "Desk+T0ken@Example.ORG".parse().unwrap();
        assert_eq!(desk, "desk+t0ken@example.org".parse().unwrap());
        assert_eq!((desk.user(), desk.detail()), ("Desk", Some("T0ken")));
        assert_eq!(desk.with_detail("x").unwrap().to_string(), "Desk+x@example.org");
        assert!(desk.with_detail("a b").is_err() && desk.with_detail(&"x".repeat(64)).is_err());
    }

    /// Send by mail: a number or a name of the address book.
    #[test]
    fn the_local_part_names_a_number_or_a_contact() {
        let number = |text: &str| Some(Destination::Number(text.to_owned()));
        assert_eq!(Destination::parse("+447700900123"), number("+447700900123"));
        assert_eq!(Destination::parse("07700900123"), number("07700900123"));
        assert_eq!(Destination::parse("Anna.M"), Some(Destination::Contact("anna.m".into())));
        assert_eq!(Destination::parse("12"), None);
        assert_eq!(Destination::parse("anna+x"), None);
    }
}
