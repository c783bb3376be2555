//! What a corpus mail becomes, in words, and what must hold for any octets at all.
//!
//! The fuzz target and the tests call the same functions, so that a finding of the fuzzer is a
//! failing test as soon as its file lies in the corpus.
#![allow(dead_code, reason = "the fuzz target uses only the law")]

use std::fmt::Write;

use simgate::email::{
    Accepted, Address, As, Destination, Drop, Extracted, Keys, Limits, Look, MailIn, Outcome,
    Refusal, ReplyToken, Rights, Site, judge, look, read,
};
use simgate::types::{Millis, Secret, UnixTime};

/// The noon of the corpus: 21 November 2026, UTC.
pub const NOW: UnixTime = UnixTime(1_795_262_400_000);

/// Small limits, so that what exceeds them is a small file.
pub const LIMITS: Limits =
    Limits { octets: 40_000, parts: 50, depth: 10, header: 8_000, text: 8_000 };

/// The gateway of the corpus.
pub fn site() -> Site {
    Site {
        address: address("sms@example.org"),
        name: "Example Ltd".into(),
        aliases: vec![address("texts@example.org")],
        send_domain: Some("text.example.org".into()),
        keys: Keys::new(&Secret::new("the secret of the corpus, at least 32 octets")),
        reply_for: Millis::from_secs(90 * 86_400),
        authserv_ids: vec!["mx.example.org".into()],
        lists: vec!["desk.lists.example.org".into()],
        zone: jiff::tz::TimeZone::UTC,
        extract: Default::default(),
    }
}

/// Lines of a cut that an expectation shows.
const MOST_LINES: usize = 12;

/// An address that is one.
pub fn address(text: &str) -> Address {
    Address::parse(text).expect("an address")
}

/// What becomes of a mail, one thing a line.
pub fn told(raw: &[u8], site: &Site) -> String {
    match read(raw, LIMITS) {
        Err(error) => refused("", &Refusal::from(error)),
        Ok(mail) => told_of(&mail, site),
    }
}

fn told_of(mail: &MailIn, site: &Site) -> String {
    let mut words = match look(mail, site, NOW) {
        Look::Drop(why) => format!("drop: {why}\n"),
        Look::Quarantine(doubt) => format!("quarantine: {doubt}\n"),
        Look::Refuse(refusal) => refused("", &refusal),
        Look::Bounce(bounce) => {
            let about = bounce.forward.map_or("none of ours".to_owned(), |token| {
                format!("message {} of thread {}", token.message, token.thread)
            });
            let how = if bounce.hard { "for good" } else { "to be tried later" };
            let whom = bounce.recipient.unwrap_or_else(|| "nobody named".into());
            format!("bounce: {about}, {how}, {whom} {}\n", bounce.status.unwrap_or_default())
        }
        Look::Person { replies, starts } => {
            let replies = replies.iter().map(|token| of_reply(mail, site, token));
            let starts = starts.iter().map(|to| of_start(mail, site, to));
            replies.chain(starts).collect()
        }
    };
    if !mail.may_be_answered() {
        words.push_str("its author gets no notice\n");
    }
    words
}

fn of_reply(mail: &MailIn, site: &Site, token: &ReplyToken) -> String {
    // Threads 7 and 8 are answered by their addressees, thread 9 by nobody.
    let addressees = match token.thread.0 {
        7 => vec!["anna@example.com", "ben@example.com", "desk@lists.example.org"],
        8 => vec!["anna@example.com"],
        _ => vec![],
    };
    let addressees: Vec<Address> = addressees.into_iter().map(address).collect();
    let users = [address("sam@example.net")];
    let outcome = judge(mail, site, Rights { addressees: &addressees, users: &users });
    outcome_told(&format!("thread {}, message {}: ", token.thread, token.message), outcome)
}

fn of_start(mail: &MailIn, site: &Site, to: &Destination) -> String {
    let users = [address("sam@example.net")];
    let outcome = judge(mail, site, Rights { addressees: &[], users: &users });
    outcome_told(&format!("new text to {to:?}: "), outcome)
}

fn outcome_told(about: &str, outcome: Outcome) -> String {
    match outcome {
        Outcome::Quarantine(doubt) => format!("{about}quarantine: {doubt}\n"),
        Outcome::Refuse(_, refusal) => refused(about, &refusal),
        Outcome::Text(by, extracted) => {
            format!("{about}text by {}\n{}", who(&by), piece(&extracted))
        }
        Outcome::Hold(by, extracted, why) => {
            format!("{about}hold ({why:?}) for {}\n{}", who(&by), piece(&extracted))
        }
    }
}

fn who(accepted: &Accepted) -> String {
    let right = match accepted.by {
        As::Addressee => "addressee",
        As::User => "user",
    };
    format!("{} ({right})", accepted.author)
}

fn refused(about: &str, refusal: &Refusal) -> String {
    format!("{about}notice ({}): {refusal}\n", refusal.code())
}

fn piece(extracted: &Extracted) -> String {
    let mut words = String::new();
    for line in extracted.text.lines() {
        writeln!(words, "| {line}").expect("written");
    }
    for cut in &extracted.cut {
        writeln!(words, "left out, {}:", cut.kind).expect("written");
        for line in cut.text.lines().take(MOST_LINES) {
            writeln!(words, "  {line}").expect("written");
        }
        let more = cut.text.lines().count().saturating_sub(MOST_LINES);
        if more > 0 {
            writeln!(words, "  ({more} lines more)").expect("written");
        }
    }
    words
}

/// Any octets are a mail or an error; what is made of them is bounded, the same each time, and
/// holds no controls. Nothing a machine wrote is answered.
pub fn law(raw: &[u8]) {
    let site = site();
    let Ok(mail) = read(raw, LIMITS) else { return };
    assert_eq!(read(raw, LIMITS), Ok(mail.clone()), "the same each time");
    assert!(mail.body.text.len() <= 8 * LIMITS.text + 1_000, "{}", mail.body.text.len());
    let control = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
    assert!(!mail.body.text.contains(control));
    match look(&mail, &site, NOW) {
        Look::Drop(Drop::OutOfOffice(_)) | Look::Bounce(_) | Look::Quarantine(_) => {}
        Look::Drop(_) | Look::Refuse(_) | Look::Person { .. } => {}
    }
    for literal in [false, true] {
        let options = simgate::email::extract::Options { literal, ..site.extract.clone() };
        if let Ok(extracted) = simgate::email::extract(&mail, &options) {
            assert!(!extracted.text.trim().is_empty() && !extracted.text.contains(control));
            assert!(!extracted.text.contains("##"), "{}", extracted.text);
        }
    }
    told_of(&mail, &site);
    let author = address("anna@example.com");
    let told = simgate::email::Told::Refused(Refusal::Policy {
        code: "opted_out",
        sentence: mail.subject.clone(),
    });
    let notice = simgate::email::Notice {
        to: &author,
        mail: Some(&mail),
        about: ("", ""),
        told: &told,
        at: NOW,
    };
    if let Some(out) = simgate::email::notice(&notice, &site) {
        whole(&out.raw);
    }
}

/// What leaves has lines that end in CR LF, no other line ends, and no controls in its header.
pub fn whole(raw: &[u8]) {
    let text = std::str::from_utf8(raw).expect("ASCII");
    assert!(text.is_ascii());
    let rest = text.replace("\r\n", "");
    assert!(!rest.contains(['\r', '\n']), "a bare line end");
    let (header, _) = text.split_once("\r\n\r\n").expect("a header and a body");
    for line in header.split("\r\n") {
        assert!(
            line.len() <= 998 && !line.contains(|c: char| c.is_control() && c != '\t'),
            "{line:?}"
        );
        let named = line.split_once(':').is_some_and(|(name, _)| !name.contains(' '));
        assert!(line.starts_with(' ') || named, "{line:?}");
    }
}
