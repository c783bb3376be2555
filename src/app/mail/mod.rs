//! E-mail both ways: deliveries become mails and leave, mails come in and become texts.
//!
//! Rows of `deliveries` and octets of mails come in; letters, texts and the rows that say what
//! became of each go out. What a mail means is `email`'s, how it travels is `io`'s, whether a text
//! may leave is the store's clearance, the same as for the API.
//!
//! Deliberately absent: anything that is remembered outside the store. A letter handed over twice
//! because the machine died in between has the same Message-ID twice.
//!
//! Begin with [`MailRoom`], then `outgoing` (a delivery becomes a letter) and `incoming`, `texts` and `answer`
//! (a mail becomes texts); `fetching` waits on the mailbox, `listening` for a mail server that hands
//! mail over; `results` tells authors what became of their texts.

use std::sync::Arc;

use crate::config;
use crate::email::{Address, Keys, Site};
use crate::io::Entropy;
use crate::io::imap::{Dial, Network};
use crate::io::smtp::{Post, Submission};
use crate::store::{Result, Store};
use crate::types::{Millis, Secret, hex};

mod answer;
pub(super) mod fetching;
pub(super) mod incoming;
pub(super) mod links;
pub(super) mod listening;
mod notices;
pub(super) mod outgoing;
pub(super) mod results;
mod starting;
mod texts;

/// How the gateway reaches mail servers; the default is the network and the settings.
#[derive(Clone)]
pub struct MailLines {
    /// Who takes letters, instead of the server in the settings.
    pub post: Option<Arc<dyn Post>>,
    /// What opens the line to the mailbox.
    pub dial: Arc<dyn Dial>,
}

impl Default for MailLines {
    fn default() -> Self {
        Self { post: None, dial: Arc::new(Network) }
    }
}

/// What the gateway is to the world of mail.
pub(super) struct MailRoom {
    /// What the operator set.
    pub(super) settings: config::Mail,
    /// Our address, our secrets, whom we believe.
    pub(super) site: Site,
    /// Who takes letters; nobody, when no server is set.
    pub(super) post: Option<Arc<dyn Post>>,
    /// What opens the line to the mailbox.
    pub(super) dial: Arc<dyn Dial>,
    /// Where pages are, for links.
    pub(super) pages: Option<String>,
}

impl MailRoom {
    /// The mail room of these settings; `None` without an address.
    pub(super) async fn open(
        settings: &super::Settings,
        store: &Store,
        entropy: &Entropy,
        lines: MailLines,
    ) -> Result<Option<Self>> {
        let MailLines { post, dial } = lines;
        let mail = settings.mail.clone();
        let Some(address) = mail.address.as_deref().and_then(|text| Address::parse(text).ok())
        else {
            return Ok(None);
        };
        let keys = Keys::new(&secret(store, entropy).await?);
        let site = Site {
            name: settings.company.clone(),
            aliases: mail.aliases.iter().filter_map(|text| Address::parse(text).ok()).collect(),
            send_domain: mail.send_domain.clone(),
            keys,
            reply_for: Millis::from_secs(u64::from(mail.answer_days) * 24 * 3_600),
            authserv_ids: mail.authserv_ids.clone(),
            lists: mail.lists.clone(),
            zone: settings.time_zone.clone(),
            extract: mail.extract(),
            address,
        };
        let post = post.or_else(|| {
            let submission = Submission::new(mail.smtp.clone()?, site.address.domain());
            Some(Arc::new(submission) as Arc<dyn Post>)
        });
        Ok(Some(Self { settings: mail, site, post, dial, pages: settings.pages.clone() }))
    }

    /// The page of a conversation, for whoever can sign in.
    pub(super) fn page_of(&self, thread: crate::types::ConversationId) -> Option<String> {
        self.pages.as_ref().map(|pages| format!("{pages}/threads/{thread}"))
    }
}

/// The secret that signs reply addresses: made once, kept with everything else.
async fn secret(store: &Store, entropy: &Entropy) -> Result<Secret> {
    let mut octets = [0; 32];
    entropy.fill(&mut octets);
    let fresh = hex(&octets);
    let kept = store.write(move |tx| match tx.setting(SECRET)? {
        Some(secret) => Ok(secret),
        None => tx.set_setting(SECRET, &fresh).map(|()| fresh),
    });
    kept.await.map(Secret::new)
}

/// The setting that holds the secret.
const SECRET: &str = "mail_secret";
