//! `simgate mail test`: a mail to ourselves, sent and read back; what is wrong is said in words.

use std::time::Duration;

use anyhow::Context;

use crate::cmd::{Common, Failure, block_on};
use crate::config::Mail;
use crate::email::{self, Address, Alert, Keys, Limits, Site, alert, verified};
use crate::io::imap::{Mailbox, News};
use crate::io::smtp::{Letter, Post, Submission};
use crate::io::{Clock, Entropy};
use crate::types::{Millis, Secret, hex};

/// Arguments of `mail test`: the settings say everything.
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Sends and reads back.
pub fn run(common: &Common, _: Args) -> Result<(), Failure> {
    let config = common.settings()?;
    block_on(test(&config.mail))
}

/// A site that signs with a secret of the moment: the probe is ours, and nothing else is.
fn site(mail: &Mail) -> Result<Site, Failure> {
    let missing = "mail.address is not set: there is no e-mail. See docs/guide/email.md.";
    let address = mail.address.as_deref().context(missing)?;
    let mut octets = [0; 32];
    Entropy::system().fill(&mut octets);
    Ok(Site {
        address: Address::parse(address).context("mail.address")?,
        name: "simgate mail test".to_owned(),
        aliases: mail.aliases.iter().filter_map(|text| Address::parse(text).ok()).collect(),
        send_domain: mail.send_domain.clone(),
        keys: Keys::new(&Secret::new(hex(&octets))),
        reply_for: Millis::from_secs(24 * 3_600),
        authserv_ids: mail.authserv_ids.clone(),
        lists: mail.lists.clone(),
        zone: jiff::tz::TimeZone::UTC,
        extract: email::extract::Options::default(),
    })
}

async fn test(mail: &Mail) -> Result<(), Failure> {
    let site = site(mail)?;
    let clock = Clock::system();
    // The address with a detail after the plus is what answers come to.
    let to = site.address.with_detail("probe").context("mail.address")?;
    let now = clock.wall();
    let id = format!("probe {}", now.0);
    let text = "This is a probe of `simgate mail test`. It can be deleted.";
    let probe = alert(&Alert { to: &to, text, link: None, at: now, id: &id }, &site);
    let letter =
        Letter { from: Some(site.address.to_string()), to: to.to_string(), octets: probe.raw };
    let smtp = mail.smtp.clone();
    let smtp = smtp.context("mail.smtp.host is not set: no mail can leave")?;
    let place = format!("{}:{}", smtp.host, smtp.port);
    let mailbox = match &mail.imap {
        Some(account) => {
            let (mailbox, folder) = Mailbox::open(account, &mail.folder)
                .await
                .with_context(|| format!("the mailbox at {}:{}", account.host, account.port))?;
            println!("ok    {}:{} opens {}", account.host, account.port, mail.folder);
            Some((mailbox, folder.uid_next.saturating_sub(1)))
        }
        None => None,
    };
    let submission = Submission::new(smtp, site.address.domain());
    let said = submission.submit(&letter).await.with_context(|| format!("sending by {place}"))?;
    println!("ok    {place} takes a mail to {to}: {said}");
    let Some((mailbox, before)) = mailbox else {
        println!("note  there is no [mail.imap]: whether the mail arrives cannot be told");
        return Ok(());
    };
    read_back(mailbox, before, &probe.message_id, &site).await
}

/// Waits for the probe. A mail takes a moment, at some providers several.
async fn read_back(
    mut mailbox: Mailbox,
    before: u32,
    probe: &str,
    site: &Site,
) -> Result<(), Failure> {
    for _ in 0..PATIENCE {
        let listed = mailbox.list(News::After(before)).await.context("looking for the probe")?;
        for mail in listed.iter().filter(|mail| mail.size < 100_000) {
            let octets = mailbox.fetch(mail.uid).await.context("reading the probe")?;
            let read = email::read(&octets.unwrap_or_default(), Limits::default());
            let Some(read) = read.ok().filter(|read| read.message_id == probe) else { continue };
            println!("ok    it arrived, at an address with a +");
            authentication(&read, site);
            let _ = mailbox.mark_seen(mail.uid).await;
            mailbox.leave().await;
            return Ok(());
        }
        tokio::time::sleep(Duration::from_secs(2)).await;
    }
    let words = "the mail was taken, but did not arrive in the mailbox within two minutes. Does \
                 the mailbox take addresses with a + (subaddresses)? Is it in the folder for spam?";
    Err(Failure::Failed(anyhow::anyhow!(words)))
}

/// Whether the gateway could believe this mailbox's word about a sender.
fn authentication(read: &email::MailIn, site: &Site) {
    let results: Vec<&str> = read.fields("authentication-results").collect();
    let name = |line: &&str| line.split(';').next().map(|name| name.trim().to_owned());
    match (results.first(), site.authserv_ids.is_empty()) {
        (None, _) => println!(
            "warn  the mailbox's server wrote no Authentication-Results: answers will wait for an \
             admin"
        ),
        (Some(line), true) => println!(
            "warn  set mail.authserv_ids = [{:?}] if that is your mailbox's own server; until then \
             answers wait for an admin",
            name(line).unwrap_or_default()
        ),
        (Some(_), false) => println!("info  about the sender it says: {:?}", verified(read, site)),
    }
}

/// Looks, two seconds apart.
const PATIENCE: u32 = 60;
