//! `simgate mail parse`: what a given `.eml` would become and why.
//!
//! Who may answer in which thread and whether a reply address is genuine is known to the running
//! gateway alone; everything that the mail itself decides is shown.

use std::io::{self, Read};
use std::path::PathBuf;

use anyhow::Context;
use serde_json::{Value, json};

use crate::cmd::Failure;
use crate::email::{
    self, Address, Extracted, Keys, Kind, Limits, MailIn, Refusal, Site, Verified, classify,
    extract, verified,
};
use crate::types::{Millis, Secret, UnixTime};

/// Arguments of `mail parse`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The mail as it lies on the disk; `-` reads standard input.
    file: PathBuf,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
    /// The address of the gateway, to tell its own mails.
    #[arg(long, value_name = "ADDRESS")]
    address: Option<Address>,
    /// The name your mail server writes into Authentication-Results.
    #[arg(long, value_name = "NAME")]
    authserv_id: Vec<String>,
    /// Without ## keep signatures too.
    #[arg(long)]
    literal: bool,
}

/// Reads the mail and prints what it would become; exit code 1 when it would become no text.
pub fn run(args: Args) -> Result<(), Failure> {
    let mut raw = Vec::new();
    match args.file.as_os_str() == "-" {
        true => io::stdin().read_to_end(&mut raw).context("cannot read standard input")?,
        false => std::fs::File::open(&args.file)
            .and_then(|mut file| file.read_to_end(&mut raw))
            .with_context(|| format!("cannot read {}", args.file.display()))?,
    };
    let site = site(&args);
    let mail = email::read(&raw, Limits::default()).map_err(anyhow::Error::from)?;
    let found = Found {
        kind: classify(&mail, &site, UnixTime(0)),
        verified: verified(&mail, &site),
        text: extract(&mail, &site.extract),
    };
    match args.json {
        true => println!("{}", found.json(&mail)),
        false => print!("{}", found.words(&mail)),
    }
    match (&found.kind, &found.text) {
        (Kind::Person, Ok(_)) => Ok(()),
        _ => Err(Failure::Failed(anyhow::anyhow!("this mail would become no text"))),
    }
}

/// A gateway that knows nobody.
fn site(args: &Args) -> Site {
    let nobody = || Address::parse("nobody@gateway.invalid").expect("an address");
    Site {
        address: args.address.clone().unwrap_or_else(nobody),
        name: String::new(),
        aliases: Vec::new(),
        send_domain: None,
        keys: Keys::new(&Secret::new("")),
        reply_for: Millis(0),
        authserv_ids: args.authserv_id.clone(),
        lists: Vec::new(),
        zone: jiff::tz::TimeZone::UTC,
        extract: email::extract::Options { literal: args.literal, ..Default::default() },
    }
}

/// What the mail itself decides.
struct Found {
    kind: Kind,
    verified: Verified,
    text: Result<Extracted, Refusal>,
}

impl Found {
    fn words(&self, mail: &MailIn) -> String {
        let author = mail.from.iter().map(|from| from.address.to_string());
        let author: Vec<String> = author.collect();
        let mut words = format!(
            "author      {}\nsubject     {}\nmessage id  {}{}\nwritten by  {}\nconfirmed   {}\nnotices     {}\n",
            author.join(", "),
            mail.subject,
            mail.message_id,
            if mail.id_made { " (made: the mail has none)" } else { "" },
            kind(&self.kind).1,
            confirmed(&self.verified),
            if mail.may_be_answered() { "may be sent to the author" } else { "none" },
        );
        match &self.text {
            Err(refusal) => words.push_str(&format!("text        none: {refusal}\n")),
            Ok(text) => {
                if text.hold.is_some() {
                    words.push_str("hold        own words stand above and below quotes\n");
                }
                words.push_str("text\n");
                text.text.lines().for_each(|line| words.push_str(&format!("  | {line}\n")));
                for cut in &text.cut {
                    words.push_str(&format!("left out, {}:\n", cut.kind));
                    cut.text.lines().for_each(|line| words.push_str(&format!("    {line}\n")));
                }
            }
        }
        // What strangers wrote is shown on a terminal: no control of it takes effect there.
        words.chars().filter(|c| *c == '\n' || !c.is_control()).collect()
    }

    fn json(&self, mail: &MailIn) -> Value {
        let (word, why) = kind(&self.kind);
        let text = self.text.as_ref();
        let cut = text.map_or(&[][..], |text| &text.cut);
        let files = mail
            .attachments
            .iter()
            .map(|file| json!({ "name": file.name, "type": file.kind, "octets": file.octets }));
        json!({
            "from": mail.from.iter().map(|from| from.address.to_string()).collect::<Vec<_>>(),
            "subject": mail.subject,
            "message_id": mail.message_id,
            "message_id_made": mail.id_made,
            "kind": word,
            "why": why,
            "verified": match self.verified {
                Verified::Pass => "pass",
                Verified::Fail(_) => "fail",
                Verified::Nothing(_) => "nothing",
            },
            "verified_why": confirmed(&self.verified),
            "may_be_answered": mail.may_be_answered(),
            "text": text.ok().map(|text| text.text.as_str()),
            "ended_by_mark": text.is_ok_and(|text| text.ended),
            "hold": text.is_ok_and(|text| text.hold.is_some()),
            "refusal": text.err().map(|r| json!({ "code": r.code(), "detail": r.to_string() })),
            "cut": cut.iter().map(|cut| json!({ "why": cut.kind.as_str(), "text": cut.text })).collect::<Vec<_>>(),
            "attachments": files.collect::<Vec<_>>(),
        })
    }
}

/// A stable word, and a sentence.
fn kind(kind: &Kind) -> (&'static str, String) {
    match kind {
        Kind::Person => ("person", "a person".into()),
        Kind::Robot(why) => ("robot", format!("a machine: {why}")),
        Kind::OutOfOffice(why) => ("out_of_office", format!("an automatic answer: {why}")),
        Kind::Bounce(bounce) => {
            let how = if bounce.hard { "for good" } else { "for now" };
            ("bounce", format!("a mail server: a delivery failed {how}"))
        }
        Kind::List(id) => ("list", format!("somebody on the mailing list {id}")),
        Kind::Own => ("own", "this gateway".into()),
        Kind::Loop(why) => ("loop", format!("a loop: {why}")),
    }
}

fn confirmed(verified: &Verified) -> String {
    match verified {
        Verified::Pass => "yes, by the receiving server".into(),
        Verified::Fail(why) | Verified::Nothing(why) => format!("no: {why}"),
    }
}
