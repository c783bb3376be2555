//! Passwords: what may be one, how it is kept, whether a given one is right.
//!
//! A password comes in as [`Secret`]; its Argon2id hash in PHC form goes out and is all the store
//! ever sees. Deliberately absent: who is signed in, counting of wrong attempts, other factors.
//!
//! Hashing takes 19 MiB and a good part of a second on a small board, so that one runs at a time,
//! apart from the tasks that talk to modems: a flood of sign-ins waits in line and cannot eat the
//! machine. Somebody unknown costs as much as somebody known.

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use unicode_normalization::UnicodeNormalization;

use super::App;
use super::error::{Code, WebError};
use crate::store::Profile;
use crate::types::Secret;

/// Characters a password has at least (NIST SP 800-63B asks for eight; no rules on their kind).
pub(super) const SHORTEST: usize = 10;
/// And at most: what is hashed stays bounded.
const LONGEST: usize = 200;
/// Letters and digits that are left when its owner's names are taken out.
const LEFT: usize = 6;

/// Refuses what would be guessed first: short ones, one character again and again, own names.
pub(super) fn check(password: &Secret, owner: &Profile) -> Result<(), WebError> {
    let refused = |detail: String| Err(WebError::new(Code::PasswordWeak, detail));
    let text = normal(password);
    let length = text.chars().count();
    if !(SHORTEST..=LONGEST).contains(&length) {
        return refused(format!("A password has {SHORTEST} to {LONGEST} characters."));
    }
    let mut kinds: Vec<char> = text.chars().collect();
    kinds.sort_unstable();
    kinds.dedup();
    if kinds.len() < 4 {
        return refused("Use more than three different characters.".to_owned());
    }
    let mut rest = text.to_lowercase();
    for name in names(owner) {
        rest = rest.replace(&name, " ");
    }
    if rest.chars().filter(|c| c.is_alphanumeric()).count() < LEFT {
        return refused("Use something besides your own name and address.".to_owned());
    }
    Ok(())
}

/// What everybody knows of the owner, longest first.
fn names(owner: &Profile) -> Vec<String> {
    let phone = owner.phone.as_ref().map_or("", |phone| phone.as_str().trim_start_matches('+'));
    let words = [owner.email.as_str(), &owner.first_name, &owner.last_name, phone];
    let parts = words.iter().flat_map(|word| word.split(|c: char| !c.is_alphanumeric()));
    let mut names: Vec<String> =
        words.iter().copied().chain(parts).map(str::to_lowercase).collect();
    names.retain(|name| name.chars().count() > 2);
    names.sort_by_key(|name| std::cmp::Reverse(name.len()));
    names
}

/// The hash to keep, in PHC form.
pub(super) async fn hash(app: &App, password: &Secret) -> Result<Secret, WebError> {
    let mut salt = [0; 16];
    (app.random)(&mut salt);
    let text = normal(password);
    apart(app, move || {
        let made = method().hash_password_with_salt(text.as_bytes(), &salt);
        made.map(|hash: PasswordHash| Secret::new(hash.to_string()))
    })
    .await?
    .map_err(|error| WebError::internal(error.to_string()))
}

/// Whether a password is the one that was hashed. Without a hash to compare with (nobody of that
/// name, no password set) the answer is no, after the same work.
pub(super) async fn verify(
    app: &App,
    password: &Secret,
    kept: Option<&Secret>,
) -> Result<bool, WebError> {
    let text = normal(password);
    let known = kept.is_some();
    let kept = kept.map_or(NOBODYS, Secret::expose).to_owned();
    // Over the bound it is nobody's either; hashing it would only be work for whoever sent it.
    let text = if text.chars().count() > LONGEST { String::new() } else { text };
    let right = apart(app, move || {
        let kept = PasswordHash::new(&kept).ok()?;
        method().verify_password(text.as_bytes(), &kept).ok()
    })
    .await?;
    Ok(known && right.is_some())
}

/// Runs the costly part on its own, one at a time.
async fn apart<T: Send + 'static>(
    app: &App,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, WebError> {
    let turn = app.hashing.clone().acquire_owned().await.map_err(WebError::internal)?;
    let done = tokio::task::spawn_blocking(move || {
        let result = work();
        drop(turn);
        result
    });
    done.await.map_err(WebError::internal)
}

/// Argon2id with the cost OWASP names first for machines like ours: 19 MiB, two passes, one lane.
/// A hash carries its own cost, so raising this one later keeps old passwords good.
fn method() -> Argon2<'static> {
    Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::DEFAULT)
}

/// The same password typed on two keyboards is the same: NFC, as for texts.
fn normal(password: &Secret) -> String {
    password.expose().nfc().collect()
}

/// Compared with when there is nothing to compare with; its password was never kept.
const NOBODYS: &str = "$argon2id$v=19$m=19456,t=2,p=1$c2ltZ2F0ZS1ub2JvZHk\
                       $6Yv0Xw8V2o5oKx4V3cSUlS4vTz8m0vYv4m2o0Jx5bQw";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Role;
    use crate::types::Number;

    fn ada() -> Profile {
        Profile {
            first_name: "Ada".to_owned(),
            last_name: "Lovelace".to_owned(),
            email: "ada.lovelace@example.org".to_owned(),
            phone: Number::parse("+447700900123", None).ok(),
            role: Role::Agent,
            active: true,
            duty: true,
            team: None,
        }
    }

    #[test]
    fn a_password_is_long_and_not_its_owners_name() {
        let right = [
            "correct horse battery",
            "Ada likes 7 engines",
            "κωδικός-μου",
            "          1 two three",
        ];
        for password in right {
            check(&Secret::new(password), &ada()).unwrap_or_else(|e| panic!("{password}: {e:?}"));
        }
        let long = "xyz1".repeat(51);
        let wrong = [
            "",
            "ninechars",
            "aaaaaaaaaaaaaa",
            "ADA.LOVELACE@example.org",
            "Ada Lovelace",
            "lovelace1815",
            "Lovelace-Ada-1",
            "example.org1",
            "447700900123",
            "+447700900123!",
            &long,
        ];
        for password in wrong {
            assert!(check(&Secret::new(password), &ada()).is_err(), "{password}");
        }
    }

    #[tokio::test]
    async fn only_the_password_that_was_set_is_right() {
        let folder = tempfile::TempDir::new().expect("a folder");
        let app = App::new(
            crate::store::Store::open(folder.path()).await.expect("a database"),
            crate::bus::Bus::new(),
            std::sync::Arc::new(|| crate::types::UnixTime(0)),
            std::sync::Arc::new(|octets: &mut [u8]| octets.fill(7)),
            crate::web::Settings::default(),
        );
        let kept = hash(&app, &Secret::new("Cafe\u{301} at 7 bells")).await.expect("hashed");
        let is = async |given: &str, kept: Option<&Secret>| {
            verify(&app, &Secret::new(given), kept).await.expect("compared")
        };
        assert!(is("Café at 7 bells", Some(&kept)).await, "one spelling of two");
        assert!(!is("Cafe at 7 bells", Some(&kept)).await);
        assert!(!is("Café at 7 bells", None).await, "nobody");
        assert!(!is("", None).await);
        assert!(!is("Café at 7 bells", Some(&Secret::new("plain"))).await, "no hash at all");
    }

    #[test]
    fn nobodys_hash_can_be_compared_with() {
        assert!(PasswordHash::new(NOBODYS).is_ok());
    }

    #[test]
    fn a_hash_says_its_method_and_cost() {
        let hash: PasswordHash = method().hash_password_with_salt(b"x", &[7; 16]).expect("hashed");
        assert!(hash.to_string().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
    }
}
