//! What the gateway is to the world of mail: its address, its secrets, whom it believes.

use jiff::tz::TimeZone;

use super::token::base32;
use super::{Address, Destination, Keys, ReplyToken, TokenError, extract};
use crate::types::{ConversationId, MessageId, Millis, UnixTime};

/// The gateway's own mail identity and what follows from the settings.
#[derive(Clone, Debug)]
pub struct Site {
    /// The one address all mail comes from (S40); reply addresses are this one with `+token`.
    pub address: Address,
    /// The display name beside it: the organisation's.
    pub name: String,
    /// Other addresses that reach the same mailbox.
    pub aliases: Vec<Address>,
    /// The domain of `number@domain` and `contact@domain`, if texts may be started by mail.
    pub send_domain: Option<String>,
    /// The secrets that sign reply addresses and our own message ids.
    pub keys: Keys,
    /// How long a reply address can be used.
    pub reply_for: Millis,
    /// The names under which the receiving server writes `Authentication-Results`.
    pub authserv_ids: Vec<String>,
    /// `List-Id`s of mailing lists that forwards go to and replies may come through (E44).
    pub lists: Vec<String>,
    /// The zone times are shown in.
    pub zone: TimeZone,
    /// What becomes of a mail's text.
    pub extract: extract::Options,
}

/// A `Message-ID` that we made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OwnId {
    /// Of the forward of a text.
    Forward(ReplyToken),
    /// Of a forward whose reply address has expired.
    Expired(ReplyToken),
    /// The root that all forwards of a thread refer to.
    Thread(ConversationId),
    /// Of a notice.
    Notice,
}

impl Site {
    /// The token of a forward of `message` to `to`, made at `now`.
    pub fn token(
        &self,
        thread: ConversationId,
        message: MessageId,
        to: &Address,
        now: UnixTime,
    ) -> ReplyToken {
        ReplyToken::new(thread, message, to, now.after(self.reply_for), &self.keys)
    }

    /// The address a reply goes to. The plain address when the name before the `@` is so long that
    /// no token fits; the message ids carry it then as well.
    pub fn reply_address(&self, token: &ReplyToken) -> Address {
        let with_token = self.address.with_detail(&token.write(&self.keys));
        with_token.unwrap_or_else(|_| self.address.clone())
    }

    /// The `Message-ID` of a forward, without angle brackets.
    pub fn forward_id(&self, token: &ReplyToken) -> String {
        format!("f.{}@{}", token.write(&self.keys), self.address.domain())
    }

    /// The id all mails of a thread refer to; no mail has it.
    pub fn thread_id(&self, thread: ConversationId) -> String {
        let tag: [u8; 10] = self.keys.sign(&[b"thread", &thread.0.to_be_bytes()]);
        format!("t.{}.{}@{}", thread.0, base32(tag.into_iter()), self.address.domain())
    }

    /// The `Message-ID` of a notice about something with the identity `about`.
    pub(super) fn notice_id(&self, about: &[&[u8]]) -> String {
        let name: [u8; 15] = self.keys.sign(about);
        let tag: [u8; 10] = self.keys.sign(&[b"notice", &name]);
        let both = name.into_iter().chain(tag);
        format!("n.{}@{}", base32(both), self.address.domain())
    }

    /// What a message id says, if it is ours. Never trusts a domain alone.
    pub fn own_id(&self, id: &str, now: UnixTime) -> Option<OwnId> {
        let id = id.trim().trim_start_matches('<').trim_end_matches('>');
        let (local, domain) = id.rsplit_once('@')?;
        if !domain.eq_ignore_ascii_case(self.address.domain()) {
            return None;
        }
        match local.split_once('.')? {
            ("f" | "F", token) => match ReplyToken::read(token, &self.keys, now) {
                Ok(token) => Some(OwnId::Forward(token)),
                Err(TokenError::Expired(token)) => Some(OwnId::Expired(token)),
                Err(TokenError::Malformed | TokenError::Forged) => None,
            },
            ("t" | "T", rest) => {
                let (thread, _) = rest.split_once('.')?;
                let thread = ConversationId(thread.parse().ok()?);
                id.eq_ignore_ascii_case(&self.thread_id(thread)).then_some(OwnId::Thread(thread))
            }
            ("n" | "N", both) => {
                let octets = super::token::from_base32(both)?;
                let (name, tag) = octets.split_last_chunk::<10>()?;
                let ours = name.len() == 15 && self.keys.verify(&[b"notice", name], tag);
                ours.then_some(OwnId::Notice)
            }
            _ => None,
        }
    }

    /// What stands in our `X-Loop` header.
    pub fn loop_mark(&self) -> String {
        let tag: [u8; 10] = self.keys.sign(&[b"loop", self.address.key().as_bytes()]);
        base32(tag.into_iter())
    }

    /// Whether mail to this address is meant for us, whatever its detail.
    pub fn is_own(&self, address: &Address) -> bool {
        let own = std::iter::once(&self.address).chain(&self.aliases);
        let mut own = own.filter(|own| own.domain() == address.domain());
        own.any(|own| own.user().eq_ignore_ascii_case(address.user())) || self.sends(address)
    }

    /// Whom a mail to this address starts a text to.
    pub fn destination(&self, address: &Address) -> Option<Destination> {
        let domain = self.send_domain.as_deref()?;
        if address.domain().eq_ignore_ascii_case(domain) {
            let shared = domain.eq_ignore_ascii_case(self.address.domain());
            if !(shared && (self.is_mailbox(address))) {
                return Destination::parse(address.local());
            }
        }
        // A mailbox without a domain of its own: `user+to-anna@…`.
        let wanted = address.detail()?;
        let to = wanted.get(..3).filter(|head| head.eq_ignore_ascii_case("to-"));
        to.filter(|_| self.is_mailbox(address))?;
        Destination::parse(wanted.get(3..)?)
    }

    fn is_mailbox(&self, address: &Address) -> bool {
        let own = std::iter::once(&self.address).chain(&self.aliases);
        own.filter(|own| own.domain() == address.domain())
            .any(|own| own.user().eq_ignore_ascii_case(address.user()))
    }

    fn sends(&self, address: &Address) -> bool {
        let domain = self.send_domain.as_deref();
        domain.is_some_and(|domain| domain.eq_ignore_ascii_case(address.domain()))
    }
}
