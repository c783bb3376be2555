//! What the gateway is to the world of mail: its address, its secrets, whom it believes.

use jiff::tz::TimeZone;

use super::token::base32;
use super::{Address, Destination, Keys, MailIn, ReplyToken, TokenError, extract};
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
        let domain = self.send_domain.as_deref();
        let sends = domain.is_some_and(|domain| domain.eq_ignore_ascii_case(address.domain()));
        self.is_mailbox(address) || sends
    }

    /// Whether this is the address of the mailbox itself, or an alias, whatever its detail. Nobody
    /// else writes from it.
    pub fn is_mailbox(&self, address: &Address) -> bool {
        let own = std::iter::once(&self.address).chain(&self.aliases);
        own.filter(|own| own.domain() == address.domain())
            .any(|own| own.user().eq_ignore_ascii_case(address.user()))
    }

    /// Whom a mail to this address starts a text to. A domain that people have addresses in as
    /// well names numbers only: a colleague in `Cc` is nobody to text.
    pub fn destination(&self, address: &Address) -> Option<Destination> {
        if self.is_mailbox(address) {
            // A mailbox without a domain of its own: `user+to-anna@…`.
            let (mark, to) = address.detail()?.split_at_checked(3)?;
            let to = without_wish(to);
            return mark.eq_ignore_ascii_case("to-").then(|| Destination::parse(to)).flatten();
        }
        let shared = address.domain() == self.address.domain();
        let local = without_wish(address.local());
        let found = self.is_own(address).then(|| Destination::parse(local)).flatten();
        found.filter(|found| !shared || matches!(found, Destination::Number(_)))
    }
}

impl Site {
    /// Whether the author of a mail wants to hear what becomes of its text: by a receipt, as mail
    /// programs ask for one, or by `+report` at the end of the address, where they cannot.
    pub fn asks_result(&self, mail: &MailIn) -> bool {
        let mut named = mail.to.iter().chain(&mail.delivered_to).filter(|to| self.is_own(to));
        mail.asks_for_receipt() || named.any(|to| without_wish(to.local()) != to.local())
    }
}

/// An address without the wish to hear of the result.
fn without_wish(local: &str) -> &str {
    let (rest, wish) =
        local.split_at_checked(local.len().saturating_sub(WISH.len())).unwrap_or((local, ""));
    if wish.eq_ignore_ascii_case(WISH) && !rest.is_empty() { rest } else { local }
}

/// Behind a number or a name: mail me the result.
const WISH: &str = "+report";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::Secret;

    fn site(send_domain: &str) -> Site {
        Site {
            address: "sms@example.org".parse().unwrap(),
            name: "Example Ltd".into(),
            aliases: vec!["texts@example.com".parse().unwrap()],
            send_domain: Some(send_domain.into()),
            keys: Keys::new(&Secret::new("of the test")),
            reply_for: Millis::from_secs(86_400),
            authserv_ids: Vec::new(),
            lists: Vec::new(),
            zone: TimeZone::UTC,
            extract: extract::Options::default(),
        }
    }

    fn to(site: &Site, address: &str) -> Option<Destination> {
        site.destination(&address.parse().unwrap())
    }

    #[test]
    fn a_colleague_in_copy_is_nobody_to_text() {
        let number = Some(Destination::Number("+447700900123".into()));
        let own = site("text.example.org");
        assert_eq!(to(&own, "+447700900123@text.example.org"), number);
        assert_eq!(to(&own, "jo@text.example.org"), Some(Destination::Contact("jo".into())));
        let shared = site("Example.org");
        assert_eq!(to(&shared, "+447700900123@example.org"), number);
        assert_eq!(to(&shared, "anna@example.org"), None);
        assert!(!shared.is_mailbox(&"anna@example.org".parse().unwrap()));
        assert_eq!(to(&shared, "texts+TO-jo@example.com"), Some(Destination::Contact("jo".into())));
        assert_eq!(to(&shared, "texts@example.com"), None);
        // With the wish to hear of the result.
        assert_eq!(to(&own, "+447700900123+Report@text.example.org"), number);
        assert_eq!(
            to(&shared, "texts+to-jo+report@example.com"),
            Some(Destination::Contact("jo".into()))
        );
        assert_eq!(to(&own, "jo+x@text.example.org"), None);
        assert_eq!(to(&own, "+report@text.example.org"), None);
    }

    /// E47: a name too long for a token still gets its answers, by the message id.
    #[test]
    fn a_long_name_leaves_the_token_to_the_message_id() {
        let mut site = site("text.example.org");
        let to = "anna@example.com".parse().unwrap();
        let token = site.token(ConversationId(1), MessageId(2), &to, UnixTime(0));
        assert!(site.reply_address(&token).detail().is_some());
        site.address = format!("{}@example.org", "a".repeat(60)).parse().unwrap();
        assert_eq!(site.reply_address(&token), site.address);
        assert_eq!(site.own_id(&site.forward_id(&token), UnixTime(0)), Some(OwnId::Forward(token)));
    }
}
