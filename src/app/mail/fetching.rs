//! The mailbox is waited on: opened, read from where it was left, and opened again when the line
//! or the server fails.

use std::sync::Arc;

use super::MailRoom;
use super::incoming::{self, Raw};
use crate::app::{Shared, deliverer};
use crate::io::account::Account;
use crate::io::imap::{Listed, Mailbox, MailboxError, News};
use crate::store::MailPart;
use crate::types::{Ladder, Millis};

/// Fetches until the gateway stops.
pub(in crate::app) async fn run(shared: Arc<Shared>) {
    let approved = approved_ones(&shared);
    let fetched = async {
        let Some(room) = shared.mail.clone() else { return shared.stopped().await };
        match &room.settings.imap {
            Some(account) => mailbox(&shared, &room, account).await,
            None => shared.stopped().await,
        }
    };
    tokio::join!(approved, fetched, super::listening::run(Arc::clone(&shared)));
}

/// Mails that an admin lets through are looked at again.
async fn approved_ones(shared: &Shared) {
    loop {
        let rung = shared.bus.mails_rung();
        if let Err(error) = incoming::take_approved(shared).await {
            tracing::error!(%error, "approved mail could not be taken; trying again");
        }
        tokio::select! {
            () = rung => {}
            () = shared.clock.beat(shared.settings.look_every) => {}
            () = shared.stopped() => return,
        }
    }
}

async fn mailbox(shared: &Shared, room: &MailRoom, account: &Account) {
    let mut failures = 0;
    loop {
        let ended = tokio::select! {
            ended = watch(shared, room, account, &mut failures) => ended,
            () = shared.stopped() => return,
        };
        let error = match ended {
            Ok(never) => match never {},
            Err(Trouble::Mailbox(error)) => error,
            Err(Trouble::Store(error)) => {
                tracing::error!(%error, "mail could not be stored; it stays in the mailbox");
                MailboxError::Unreachable(error.to_string())
            }
        };
        failures += 1;
        ailing(shared, &error, failures).await;
        tokio::select! {
            () = shared.clock.sleep(pause(&error, failures)) => {}
            () = shared.stopped() => return,
        }
    }
}

/// How long the server is left in peace. A wrong password is tried rarely: servers lock accounts
/// for it.
fn pause(error: &MailboxError, failures: u32) -> Millis {
    const FAILED: Ladder = Ladder(&[2, 5, 15, 60, 2 * 60, 5 * 60]);
    const REFUSED: Ladder = Ladder(&[60, 10 * 60, 30 * 60, 60 * 60]);
    match error {
        MailboxError::Unauthorised(_) => REFUSED.wait(failures),
        _ => FAILED.wait(failures),
    }
}

async fn ailing(shared: &Shared, error: &MailboxError, failures: u32) {
    let (now, said) = (shared.clock.wall(), error.to_string());
    let refused = matches!(error, MailboxError::Unauthorised(_)) && failures >= ALARM_AFTER;
    let why = said.clone();
    let written = shared.store.write(move |tx| {
        if refused {
            let day = now.day();
            let text = format!("No mail is fetched: {why}. Correct [mail.imap] in the settings.");
            tx.add_delivery(&deliverer::alert(text, format!("imap password {day}")), now)?;
        }
        tx.note_mail_health(MailPart::In, Some(&why), now)
    });
    match written.await {
        Ok(true) => tracing::warn!(error = said, "no mail is fetched; trying again"),
        Ok(false) => tracing::debug!(error = said, failures, "still no mail"),
        Err(error) => tracing::error!(%error, "the state of the mailbox could not be stored"),
    }
}

/// Refusals of our password in a row before the admins are told.
const ALARM_AFTER: u32 = 3;

enum Trouble {
    Mailbox(MailboxError),
    Store(crate::store::StoreError),
}

impl From<MailboxError> for Trouble {
    fn from(error: MailboxError) -> Self {
        Trouble::Mailbox(error)
    }
}

impl From<crate::store::StoreError> for Trouble {
    fn from(error: crate::store::StoreError) -> Self {
        Trouble::Store(error)
    }
}

/// Reads and waits, until something fails.
async fn watch(
    shared: &Shared,
    room: &MailRoom,
    account: &Account,
    failures: &mut u32,
) -> std::result::Result<std::convert::Infallible, Trouble> {
    let folder = &room.settings.folder;
    let name = name_of(account, folder);
    // A mailbox that cannot be reached yet is read from now on all the same.
    let (asked, now) = (name.clone(), shared.clock.wall());
    let begun = shared.store.write(move |tx| tx.mailbox_cursor(&asked, now));
    let mut cursor = begun.await?;
    let (mut mailbox, opened) = Mailbox::open_by(&*room.dial, account, folder).await?;
    let now = shared.clock.wall();
    *failures = 0;
    if shared.store.write(move |tx| tx.note_mail_health(MailPart::In, None, now)).await? {
        tracing::info!("mail is fetched");
    }
    loop {
        // The first time, and when the server numbers anew, only the day tells what is new; what
        // was dealt with is known by its fingerprint.
        let anew = cursor.uid_validity != opened.uid_validity;
        let news = if anew { News::Since(cursor.read_at) } else { News::After(cursor.last_uid) };
        let listed = mailbox.list(news).await?;
        for mail in &listed {
            if !anew {
                cursor.last_uid = mail.uid;
            }
            let place = (!anew).then(|| (name.clone(), cursor));
            take(shared, room, &mut mailbox, mail, place).await?;
        }
        if anew {
            let newest = listed.last().map_or(0, |mail| mail.uid);
            cursor.last_uid = newest.max(opened.uid_next.saturating_sub(1));
            cursor.uid_validity = opened.uid_validity;
        }
        cursor.read_at = shared.clock.wall();
        let (at, to) = (name.clone(), cursor);
        shared.store.write(move |tx| tx.move_mailbox_cursor(&at, &to)).await?;
        mailbox = mailbox.wait().await?;
    }
}

/// One mail: fetched, stored with everything it leads to, marked.
async fn take(
    shared: &Shared,
    room: &MailRoom,
    mailbox: &mut Mailbox,
    listed: &Listed,
    place: Option<incoming::Place>,
) -> std::result::Result<(), Trouble> {
    let size = usize::try_from(listed.size).unwrap_or(usize::MAX);
    let raw = match size > room.settings.limits().octets {
        true => {
            let header = mailbox.fetch_header(listed.uid).await?;
            header.map(|octets| Raw { octets, too_big: Some(size) })
        }
        false => mailbox.fetch(listed.uid).await?.map(|octets| Raw { octets, too_big: None }),
    };
    // Somebody may have moved it meanwhile.
    let Some(raw) = raw else { return Ok(()) };
    incoming::take(shared, raw, place).await?;
    mailbox.mark_seen(listed.uid).await?;
    Ok(())
}

fn name_of(account: &Account, folder: &str) -> String {
    let user = account.user.as_deref().unwrap_or_default();
    format!("{user}@{}:{}/{folder}", account.host, account.port)
}
