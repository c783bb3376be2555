//! The secret in a reply address: `user+token@domain`.
//!
//! A token says which thread and which text a mail answers, whom that forward went to and until
//! when it may be used; a MAC over all of it says that we wrote it. It is written with digits and
//! lower-case letters that nobody confuses and that survive servers which change the case.
//!
//! The same token is the left side of the forward's `Message-ID`, so that a reply to the bare
//! address still finds its thread (E47) and a bounce its text (E41).
//!
//! It is not a password: who knows it must still be somebody the text was sent to, or an
//! authorised person, as told by the receiving server (`authorise`).

use ring::hmac;

use super::Address;
use crate::types::{ConversationId, MessageId, Secret, UnixTime};

/// A reply address's meaning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplyToken {
    /// The conversation that is answered.
    pub thread: ConversationId,
    /// The inbound text that was forwarded.
    pub message: MessageId,
    /// The end of its life, in whole days since 1970: it is good before that day's midnight.
    expires_day: u16,
    /// Some octets of a MAC over the address it was made for.
    recipient: [u8; RECIPIENT],
}

/// Why a text is no token of ours, or no longer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Not written like one.
    #[error("this is no reply address of this gateway")]
    Malformed,
    /// Written like one, but not by us or not for this address.
    #[error("this reply address was not made by this gateway")]
    Forged,
    /// Ours, but its time is over.
    #[error("this reply address is no longer valid")]
    Expired(ReplyToken),
}

/// The secrets that sign: one writes, all of them read, so that a secret can be changed without
/// breaking the mails that are on their way.
#[derive(Clone)]
pub struct Keys {
    current: hmac::Key,
    previous: Vec<hmac::Key>,
}

impl Keys {
    /// The secret that signs from now on: at least 32 octets of randomness.
    pub fn new(current: &Secret) -> Keys {
        Keys { current: key(current), previous: Vec::new() }
    }

    /// A secret that signed before.
    pub fn and_previous(mut self, previous: &Secret) -> Keys {
        self.previous.push(key(previous));
        self
    }

    /// The first octets of the MAC over `parts`, each told from the next by its length.
    pub(super) fn sign<const N: usize>(&self, parts: &[&[u8]]) -> [u8; N] {
        mac(&self.current, parts)
    }

    /// Whether one of the secrets made `tag`. Constant time for each secret.
    pub(super) fn verify<const N: usize>(&self, parts: &[&[u8]], tag: &[u8; N]) -> bool {
        let keys = std::iter::once(&self.current).chain(&self.previous);
        keys.fold(false, |found, key| found | same(&mac::<N>(key, parts), tag))
    }
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keys(***)")
    }
}

impl ReplyToken {
    /// A token for `recipient`, good through the day of `until` (UTC).
    pub fn new(
        thread: ConversationId,
        message: MessageId,
        recipient: &Address,
        until: UnixTime,
        keys: &Keys,
    ) -> ReplyToken {
        let recipient = keys.sign(&[b"recipient", recipient.key().as_bytes()]);
        let expires_day = u16::try_from(until.day().saturating_add(1)).unwrap_or(u16::MAX);
        ReplyToken { thread, message, expires_day, recipient }
    }

    /// The token as it stands in an address.
    pub fn write(&self, keys: &Keys) -> String {
        let payload = self.payload();
        let tag: [u8; TAG] = keys.sign(&[b"reply", &payload]);
        base32(payload.iter().chain(&tag).copied())
    }

    /// Reads what stands between `+` and `@`, in any case.
    pub fn read(text: &str, keys: &Keys, now: UnixTime) -> Result<ReplyToken, TokenError> {
        let octets = from_base32(text).ok_or(TokenError::Malformed)?;
        let (payload, tag) = octets.split_last_chunk::<TAG>().ok_or(TokenError::Malformed)?;
        let token = ReplyToken::of_payload(payload).ok_or(TokenError::Malformed)?;
        if !keys.verify(&[b"reply", payload], tag) {
            return Err(TokenError::Forged);
        }
        match now.day() < i64::from(token.expires_day) {
            true => Ok(token),
            false => Err(TokenError::Expired(token)),
        }
    }

    /// Whether the forward with this token went to `address`.
    pub fn was_sent_to(&self, address: &Address, keys: &Keys) -> bool {
        keys.verify(&[b"recipient", address.key().as_bytes()], &self.recipient)
    }

    fn payload(&self) -> Vec<u8> {
        let mut octets = vec![VERSION];
        octets.extend(self.expires_day.to_be_bytes());
        octets.extend(self.recipient);
        for id in [self.thread.0, self.message.0] {
            let id = id.to_be_bytes();
            let zeros = id.iter().take_while(|octet| **octet == 0).count();
            octets.push((id.len() - zeros) as u8);
            octets.extend(id.iter().skip(zeros));
        }
        octets
    }

    fn of_payload(octets: &[u8]) -> Option<ReplyToken> {
        let (version, octets) = octets.split_first()?;
        let (expires, octets) = octets.split_first_chunk::<2>()?;
        let (recipient, octets) = octets.split_first_chunk::<RECIPIENT>()?;
        let (thread, octets) = id(octets)?;
        let (message, octets) = id(octets)?;
        (*version == VERSION && octets.is_empty()).then_some(ReplyToken {
            thread: ConversationId(thread),
            message: MessageId(message),
            expires_day: u16::from_be_bytes(*expires),
            recipient: *recipient,
        })
    }
}

fn key(secret: &Secret) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, secret.expose().as_bytes())
}

fn mac<const N: usize>(key: &hmac::Key, parts: &[&[u8]]) -> [u8; N] {
    let mut context = hmac::Context::with_key(key);
    for part in parts {
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part);
    }
    let tag = context.sign();
    let mut first = [0; N];
    first.iter_mut().zip(tag.as_ref()).for_each(|(to, from)| *to = *from);
    first
}

/// Compares without telling by the time taken where they differ. Shortened tags are compared here
/// because `ring` compares whole ones only.
fn same<const N: usize>(a: &[u8; N], b: &[u8; N]) -> bool {
    std::hint::black_box(a.iter().zip(b).fold(0, |differ, (a, b)| differ | (a ^ b))) == 0
}

/// A count of octets, then so many, most significant first.
fn id(octets: &[u8]) -> Option<(i64, &[u8])> {
    let (length, octets) = octets.split_first()?;
    let (id, rest) = octets.split_at_checked(usize::from(*length))?;
    let shortest = id.len() <= 8 && id.first() != Some(&0);
    let value = id.iter().fold(0_i64, |value, octet| (value << 8) | i64::from(*octet));
    shortest.then_some((value, rest))
}

/// Five bits a character; the last is filled with zeros.
pub(super) fn base32(octets: impl Iterator<Item = u8>) -> String {
    let (mut text, mut held, mut bits) = (String::new(), 0_u32, 0);
    let mut push = |value: u32| {
        text.extend(ALPHABET.get((value & 31) as usize).map(|c| char::from(*c)));
    };
    for octet in octets {
        held = ((held << 8) | u32::from(octet)) & 0xFFFF;
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            push(held >> bits);
        }
    }
    if bits > 0 {
        push(held << (5 - bits));
    }
    text
}

pub(super) fn from_base32(text: &str) -> Option<Vec<u8>> {
    let (mut octets, mut held, mut bits) = (Vec::new(), 0_u32, 0);
    if text.len() > 128 {
        return None;
    }
    for c in text.bytes() {
        let value = ALPHABET.iter().position(|a| *a == c.to_ascii_lowercase())?;
        held = ((held << 5) | value as u32) & 0xFFFF;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            octets.push((held >> bits & 0xFF) as u8);
        }
    }
    // What fills the last character is zero, or two texts would mean one token.
    let filled = bits < 5 && held & ((1 << bits) - 1) == 0;
    filled.then_some(octets)
}

const VERSION: u8 = 1;
/// 80 bits: a guess a second for a million years.
const TAG: usize = 10;
const RECIPIENT: usize = 4;
/// Without i, l, o and u.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixTime = UnixTime(1_795_251_600_000);
    const DAY: i64 = 86_400_000;

    fn keys(secret: &str) -> Keys {
        Keys::new(&Secret::new(secret))
    }

    fn address(text: &str) -> Address {
        Address::parse(text).unwrap()
    }

    fn token(keys: &Keys) -> ReplyToken {
        let until = UnixTime(NOW.0 + 90 * DAY);
        let to = address("desk@example.org");
        ReplyToken::new(ConversationId(4711), MessageId(987_654), &to, until, keys)
    }

    /// E45: bound to thread, text and recipient; survives a change of case.
    #[test]
    fn a_token_comes_back_in_any_case() {
        let keys = keys("a");
        let written = token(&keys).write(&keys);
        assert!(written.len() <= 45, "{written}");
        for text in [written.clone(), written.to_uppercase()] {
            let read = ReplyToken::read(&text, &keys, NOW).unwrap();
            assert_eq!(read, token(&keys));
            assert!(read.was_sent_to(&address("Desk@Example.org"), &keys));
            assert!(!read.was_sent_to(&address("desk2@example.org"), &keys));
        }
    }

    /// E49: an expired token is told from a forged one, and says whose it was.
    #[test]
    fn expired_is_not_forged() {
        let keys = keys("a");
        let written = token(&keys).write(&keys);
        let later = |days: i64| UnixTime(NOW.0 + days * DAY);
        assert!(ReplyToken::read(&written, &keys, later(90)).is_ok());
        let expired = ReplyToken::read(&written, &keys, later(91));
        assert_eq!(expired, Err(TokenError::Expired(token(&keys))));
    }

    /// E45: no changed character, no other secret, no other writing of the same octets.
    #[test]
    fn every_changed_character_is_noticed() {
        let keys = keys("a");
        let written = token(&keys).write(&keys);
        for (at, _) in written.char_indices() {
            for c in ALPHABET.iter().map(|c| char::from(*c)) {
                let mut changed = written.clone();
                changed.replace_range(at..=at, &c.to_string());
                let same = changed == written;
                assert_eq!(ReplyToken::read(&changed, &keys, NOW).is_ok(), same, "{changed}");
            }
        }
        let other = super::tests::keys("b");
        assert_eq!(ReplyToken::read(&written, &other, NOW), Err(TokenError::Forged));
        for text in ["", "0", "hello", "+++", &written[1..], &format!("{written}0")] {
            assert!(ReplyToken::read(text, &keys, NOW).is_err(), "{text}");
        }
        let rotated = other.and_previous(&Secret::new("a"));
        assert!(ReplyToken::read(&written, &rotated, NOW).is_ok());
    }
}
