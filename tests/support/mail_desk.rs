//! A shop that also lives in mail: forwards to Anna and Ben, a post office that takes letters, and
//! answers as a mail program writes them.

use std::sync::{Arc, Mutex};

use simgate::app::{MailLines, Settings};
use simgate::config::Mail;
use simgate::email::{self, MailIn};
use simgate::emulator::Scenario;
use simgate::io::imap::{Dial, Network};
use simgate::io::smtp::{Letter, Post, PostError, Posting};
use simgate::store::{MailOutcome, Profile, Role, UserId};
use simgate::types::Millis;

use crate::gateway::TestGateway;
use crate::shop::{BOB, Shop, staff};

/// A post office that says what it was told to.
#[derive(Default)]
pub struct Office {
    pub taken: Mutex<Vec<Letter>>,
    asked: Mutex<u32>,
    verdict: Mutex<Option<PostError>>,
}

impl Office {
    /// What it says from now on; nothing: it takes.
    pub fn says(&self, verdict: Option<PostError>) {
        *self.verdict.lock().unwrap() = verdict;
    }

    /// How often it was asked.
    pub fn asked(&self) -> u32 {
        *self.asked.lock().unwrap()
    }

    /// What it took: to whom, and the mail.
    pub fn letters(&self) -> Vec<(String, MailIn)> {
        let taken = self.taken.lock().unwrap();
        let read = |letter: &Letter| {
            let mail = email::read(&letter.octets, email::Limits::default()).expect("a mail");
            (letter.to.clone(), mail)
        };
        taken.iter().map(read).collect()
    }
}

impl Post for Office {
    fn submit<'a>(&'a self, letter: &'a Letter) -> Posting<'a> {
        Box::pin(async move {
            *self.asked.lock().unwrap() += 1;
            match self.verdict.lock().unwrap().clone() {
                Some(verdict) => Err(verdict),
                None => {
                    self.taken.lock().unwrap().push(letter.clone());
                    Ok("250 taken".to_owned())
                }
            }
        })
    }
}

/// A shop with a mailbox, whose texts are forwarded to Anna and Ben.
pub struct Desk {
    pub shop: Shop,
    pub office: Arc<Office>,
}

pub const ANNA: &str = "anna@example.org";
pub const BEN: &str = "ben@example.org";

impl Desk {
    /// With the settings as delivered.
    pub async fn open() -> Desk {
        Self::with(Mail::default()).await
    }

    /// With settings of its own.
    pub async fn with(mail: Mail) -> Desk {
        Self::reaching(mail, Arc::new(Network)).await
    }

    /// The same with a mailbox that is reached by `dial`.
    pub async fn reaching(mail: Mail, dial: Arc<dyn Dial>) -> Desk {
        let office = Arc::new(Office::default());
        let settings = Settings {
            per_minute: 0,
            company: "Car show".to_owned(),
            pages: Some("https://sms.example.org".to_owned()),
            mail: Mail {
                address: Some("sms@example.org".to_owned()),
                authserv_ids: vec!["mx.example.org".to_owned()],
                ..mail
            },
            ..Settings::default()
        };
        let lines = MailLines { post: Some(office.clone()), dial };
        let scenario = Scenario::plain(1, "generic");
        let gateway = TestGateway::posting(scenario, settings, lines).await;
        let shop = Shop::around(gateway, 1).await;
        shop.set(|set| {
            set.response_recipient = None;
            set.response_emails = vec![ANNA.to_owned(), BEN.to_owned()];
        })
        .await;
        Desk { shop, office }
    }

    /// Waits until so many letters have left.
    pub async fn letters(&self, count: usize) -> Vec<(String, MailIn)> {
        let what = format!("{count} letters");
        let found = self.shop.gateway.until(&what, async || {
            Some(self.office.letters()).filter(|letters| letters.len() >= count)
        });
        found.await
    }

    /// Bob texts, and the forward to one of the two is there.
    pub async fn forwarded(&self, text: &str, to: &str) -> MailIn {
        let before = self.office.letters().len();
        self.shop.types(BOB, text);
        let letters = self.letters(before + 2).await;
        letters.into_iter().skip(before).find(|letter| letter.0 == to).expect("a forward").1
    }

    /// What became of the mails that came in, oldest first.
    pub async fn outcomes(&self) -> Vec<(MailOutcome, String)> {
        let mails = self.shop.gateway.store.read(|tx| tx.mails(false, 100)).await.expect("mails");
        mails.into_iter().rev().map(|mail| (mail.outcome, mail.code)).collect()
    }

    /// So many days later: the gateway starts again.
    pub async fn later(&mut self, days: u64) {
        let then = self.shop.gateway.clock.wall().after(Millis::from_secs(days * 24 * 3_600));
        self.shop.gateway.restart_at(then).await;
        self.shop.gateway.ready().await;
    }

    /// One of us, without a phone.
    pub async fn user(&self, name: &str, email: &str, role: Role) -> UserId {
        let profile =
            Profile { email: email.to_owned(), phone: None, role, ..staff(name, "+447700900399") };
        let now = self.shop.gateway.clock.wall();
        let made = self.shop.gateway.store.write(move |tx| tx.create_user(&profile, now));
        made.await.expect("a user")
    }
}

/// An answer to a forward, stamped by the mailbox's own server.
pub fn answer(forward: &MailIn, from: &str, id: &str, body: &str) -> String {
    let to = forward.field("reply-to").expect("a reply address");
    let domain = from.rsplit_once('@').expect("an address").1;
    format!(
        "Authentication-Results: mx.example.org; dmarc=pass header.from={domain}\r\n\
         From: <{from}>\r\nTo: {to}\r\nSubject: Re: {}\r\nMessage-ID: <{id}@example.org>\r\n\
         In-Reply-To: <{}>\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{body}\r\n",
        forward.subject, forward.message_id
    )
}
