//! The second factor: one-time codes by time (RFC 6238), and recovery codes for a lost phone.
//!
//! Six digits, half a minute each, one step of grace either way, SHA-1: what every authenticator
//! knows. Secrets and codes are drawn from [`App::random`].

use totp_rs::{Algorithm, Builder, Totp};

use super::App;
use super::error::WebError;
use crate::types::{Secret, UnixTime};

/// A fresh secret: 160 bits (RFC 4226 §4).
pub(super) fn fresh(app: &App) -> Vec<u8> {
    let mut bits = [0; 20];
    (app.random)(&mut bits);
    bits.to_vec()
}

/// The step of a right code.
pub(super) fn step(secret: &[u8], code: &str, now: UnixTime) -> Option<u64> {
    let digits: String = code.chars().filter(|c| !c.is_whitespace()).collect();
    if digits.len() != 6 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let seconds = u64::try_from(now.0 / 1_000).ok()?;
    totp(secret, "", "").ok()?.check(&digits, seconds)
}

/// What an authenticator reads from the picture.
pub(super) fn address(secret: &[u8], organisation: &str, email: &str) -> Result<String, WebError> {
    let plain = |text: &str| text.replace(':', " ");
    totp(secret, &plain(organisation), &plain(email))?
        .to_url()
        .map_err(|error| WebError::internal(error.to_string()))
}

/// The secret to be typed where no camera is: groups of four.
pub(super) fn spelled(secret: &[u8]) -> String {
    let text = totp_rs::Secret::new(secret.into()).to_base32();
    let letters: Vec<char> = text.chars().collect();
    letters.chunks(4).map(|four| four.iter().collect()).collect::<Vec<String>>().join(" ")
}

fn totp(secret: &[u8], organisation: &str, email: &str) -> Result<Totp, WebError> {
    let issuer = if organisation.is_empty() { "simgate" } else { organisation };
    Builder::new()
        .with_algorithm(Algorithm::SHA1)
        .with_digits(6)
        .with_skew(1)
        .with_step_duration(30)
        .with_secret(totp_rs::Secret::new(secret.into()))
        .with_issuer(Some(issuer))
        .with_account_name(if email.is_empty() { "simgate" } else { email })
        .build()
        .map_err(|error| WebError::internal(error.to_string()))
}

/// Ten codes to be kept on paper: `abcd-efgh-jkmn`, 60 bits each, without letters that look alike.
pub(super) fn recovery_codes(app: &App) -> Vec<Secret> {
    let code = |_| {
        let mut bits = [0_u8; 12];
        (app.random)(&mut bits);
        let letter = |bits: &u8| char::from(LETTERS[usize::from(*bits) % LETTERS.len()]);
        let letters: Vec<char> = bits.iter().map(letter).collect();
        let groups: Vec<String> = letters.chunks(4).map(|four| four.iter().collect()).collect();
        Secret::new(groups.join("-"))
    };
    (0..10).map(code).collect()
}

/// A recovery code as it was written down: case, blanks and dashes do not matter.
pub(super) fn recovery_code(typed: &str) -> Secret {
    let letters: Vec<char> =
        typed.chars().filter(char::is_ascii_alphanumeric).flat_map(char::to_lowercase).collect();
    let groups: Vec<String> = letters.chunks(4).map(|four| four.iter().collect()).collect();
    Secret::new(groups.join("-"))
}

/// 32 of them, so that each octet is drawn without bias.
const LETTERS: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz023456789";

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238 appendix B, SHA-1, cut to six digits.
    #[test]
    fn codes_are_those_of_the_rfc_and_good_for_one_step_around() {
        let secret = b"12345678901234567890";
        for (seconds, code) in
            [(59, "287082"), (1_111_111_109, "081804"), (20_000_000_000, "353130")]
        {
            let now = UnixTime(seconds * 1_000);
            let right = step(secret, code, now);
            assert_eq!(right, Some(seconds.cast_unsigned() / 30), "{seconds}");
            let spaced = format!("{} {}", &code[..3], &code[3..]);
            assert_eq!(step(secret, &spaced, now), right);
            assert_eq!(step(secret, code, UnixTime((seconds + 30) * 1_000)), right);
            assert_eq!(step(secret, code, UnixTime((seconds + 90) * 1_000)), None);
        }
        for wrong in ["", "28708", "2870822", "28708a", "000000"] {
            assert_eq!(step(secret, wrong, UnixTime(59_000)), None, "{wrong}");
        }
    }

    #[test]
    fn an_authenticator_is_told_who_and_where() {
        let address = address(b"12345678901234567890", "Rock: Legal", "ada@example.org");
        let address = address.expect("an address");
        assert!(address.starts_with("otpauth://totp/"), "{address}");
        assert!(address.contains("secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"), "{address}");
        assert_eq!(spelled(b"12345678901234567890"), "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ");
    }

    #[test]
    fn a_recovery_code_is_read_however_it_was_written_down() {
        assert_eq!(recovery_code(" ABCD efgh jkmn"), Secret::new("abcd-efgh-jkmn"));
    }
}
