//! Sending and storing: +CMGS, +CMGW, +CMGC, +CMSS (27.005 §3.5, §4.4 to §4.7).

use super::{Command, Device, Form, Next, Refusal, Table};
use crate::emulator::charset;
use crate::emulator::storage::Stat;
use crate::emulator::submit::{Destination, Entry, Kind, readdressed};

pub const TABLE: Table =
    &[("+CMGS", send), ("+CMGW", write), ("+CMGC", command), ("+CMSS", stored)];

/// The longest TPDU (23.040 §9.2.3.24 gives 140 octets of user data).
const LONGEST_TPDU: u32 = 164;

fn octets(c: &Command) -> Result<usize, Refusal> {
    let length = c.args().number(0).map_err(|_| Refusal::Cms(304))?;
    // The shortest SUBMIT has nine octets less a validity period: 7.
    if !(7..=LONGEST_TPDU).contains(&length) {
        return Err(Refusal::Cms(304));
    }
    Ok(length as usize)
}

fn destination(d: &Device, c: &Command, from: usize) -> Result<Destination, Refusal> {
    let args = c.args();
    let number = args.text(from).ok_or(Refusal::Cms(305))?;
    let number = charset::number_in(number, d.settings.charset);
    Destination::new(&number, args.number_or(from + 1, 129)? == 145)
}

fn send(d: &mut Device, c: &Command, _: &mut Vec<String>) -> Result<Next, Refusal> {
    if c.form == Form::Test {
        return Ok(Next::Done);
    }
    d.sms_card()?;
    let kind = if d.settings.text_mode {
        Kind::SendText { to: destination(d, c, 0)? }
    } else {
        Kind::Send { octets: octets(c)? }
    };
    Ok(Next::Ask(Entry::new(kind)))
}

fn write(d: &mut Device, c: &Command, _: &mut Vec<String>) -> Result<Next, Refusal> {
    if c.form == Form::Test {
        return Ok(Next::Done);
    }
    d.sms_card()?;
    let args = c.args();
    let kind = if d.settings.text_mode {
        let to = if args.has(0) { Some(destination(d, c, 0)?) } else { None };
        let word = args.text(2).unwrap_or(Stat::Unsent.word());
        let stat = Stat::ALL.into_iter().find(|stat| stat.word() == word);
        Kind::WriteText { to, stat: stat.ok_or(Refusal::Cms(305))? }
    } else {
        let number = args.choice(1, &[0, 1, 2, 3], 2).map_err(|_| Refusal::Cms(304))?;
        Kind::Write { octets: octets(c)?, stat: Stat::ALL[usize::from(number)] }
    };
    Ok(Next::Ask(Entry::new(kind)))
}

fn command(d: &mut Device, c: &Command, _: &mut Vec<String>) -> Result<Next, Refusal> {
    if c.form == Form::Test {
        return Ok(Next::Done);
    }
    d.sms_card()?;
    if d.settings.text_mode {
        return Err(Refusal::Cms(303));
    }
    Ok(Next::Ask(Entry::new(Kind::Command { octets: octets(c)? })))
}

/// Sends what +CMGW stored; once the network took it, the message is marked as sent.
fn stored(d: &mut Device, c: &Command, _: &mut Vec<String>) -> Result<Next, Refusal> {
    if c.form == Form::Test {
        return Ok(Next::Done);
    }
    d.sms_card()?;
    let args = c.args();
    let index = args.number(0).ok().and_then(|i| u16::try_from(i).ok()).ok_or(Refusal::Cms(321))?;
    let memory = d.settings.memories[1];
    let slot = d.message(memory, index).ok_or(Refusal::Cms(321))?;
    if slot.stat.received() {
        return Err(Refusal::Cms(302));
    }
    let to = if args.has(1) { Some(destination(d, c, 1)?) } else { None };
    let (smsc, tpdu) = d.ready_to_send(&readdressed(&slot.pdu, to.as_ref())?)?;
    d.sends_stored = Some((memory, index));
    Ok(Next::Send { smsc, tpdu, entry: "+CMSS" })
}
