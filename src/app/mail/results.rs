//! What became of a text is mailed to whoever wrote it by mail: all of it to those who asked, a
//! failure to everybody.

use super::{MailRoom, notices};
use crate::app::Shared;
use crate::email::{Address, MailIn, Notice, Site, Told, notice};
use crate::store::{MailFate, Result, Tell, WriteTx};
use crate::types::{MessageState, UnixTime};

/// What the author of a mail wants to hear of its text; nothing, where no machine may answer (E40).
pub(super) fn wanted(mail: &MailIn, site: &Site) -> Tell {
    match (mail.may_be_answered(), site.asks_result(mail)) {
        (false, _) => Tell::Nothing,
        (true, true) => Tell::All,
        (true, false) => Tell::Failure,
    }
}

/// Tells what can be told by now. Most looks find nothing, and cost no write.
pub(in crate::app) async fn tell_results(shared: &Shared) -> Result<()> {
    let Some(room) = shared.mail.clone() else { return Ok(()) };
    let now = shared.clock.wall();
    let fates = shared.store.read(move |tx| tx.mail_fates(now)).await?;
    if fates.is_empty() {
        return Ok(());
    }
    let told =
        shared.store.write(move |tx| fates.iter().try_for_each(|fate| tell(tx, &room, fate, now)));
    told.await
}

fn tell(tx: &WriteTx<'_>, room: &MailRoom, fate: &MailFate, now: UnixTime) -> Result<()> {
    tx.mail_fate_told(fate.message)?;
    let told = match fate.tell {
        Tell::All => true,
        Tell::Failure => fate.is_failure(),
        Tell::Nothing => false,
    };
    let author = Address::parse(&fate.author).ok().filter(|_| told);
    let Some(author) = author else { return Ok(()) };
    let told = Told::Result {
        to: fate.to.as_str().to_owned(),
        state: fate.state,
        detail: fate.detail.clone().or_else(|| said_of(fate.state).map(str::to_owned)),
    };
    let about = (fate.mail_id.as_str(), fate.subject.as_str());
    let asked = Notice { to: &author, mail: None, about, told: &told, at: now };
    let Some(mail) = notice(&asked, &room.site) else { return Ok(()) };
    let once = format!("result {}", fate.message);
    tx.add_delivery(&notices::delivery(&mail, Some(fate.message), once), now).map(drop)
}

/// More about a state that says too little by itself.
fn said_of(state: MessageState) -> Option<&'static str> {
    match state {
        MessageState::Sent => {
            Some("The network took it. Whether it arrived, the network did not say.")
        }
        MessageState::Unknown => {
            Some("It may have been sent: the modem gave no answer. Look before you send it again.")
        }
        MessageState::Cancelled => Some("Somebody took it back before it left."),
        _ => None,
    }
}
