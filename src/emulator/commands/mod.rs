//! What each command does, one file per subject, one table row per command.
//!
//! A handler reads and changes the [`Device`], adds information lines, and says what comes
//! [`Next`]. It never writes to the line: `session` does, so that faults apply to every answer.

use super::args::Args;
use super::command::{Command, Form};
use super::device::Device;
use super::reply::{Refusal, Verdict};
use super::submit::Entry;
use crate::types::Millis;

mod basic;
mod call;
mod identity;
mod indication;
mod messages;
mod network;
mod phonebook;
mod pin;
mod send;
mod service;
mod ussd;
mod vendor;

/// How a command line goes on after a command.
pub enum Next {
    Done,
    /// Done, but the answer takes this long.
    After(Millis),
    /// A prompt; the terminal's data ends with Ctrl-Z.
    Ask(Entry),
    /// A message for the network; `entry` names the information line.
    Send {
        smsc: String,
        tpdu: Vec<u8>,
        entry: &'static str,
    },
    /// The line ends with this result.
    Ends(Verdict),
    /// `OK`, then a restart.
    Restart,
}

pub type Handler = fn(&mut Device, &Command, &mut Vec<String>) -> Result<Next, Refusal>;
pub type Table = &'static [(&'static str, Handler)];

const STANDARD: &[Table] = &[
    basic::TABLE,
    identity::TABLE,
    pin::TABLE,
    network::TABLE,
    service::TABLE,
    indication::TABLE,
    messages::TABLE,
    send::TABLE,
    ussd::TABLE,
    call::TABLE,
    phonebook::TABLE,
];

/// Whether the command goes on with a prompt.
pub fn asks_for_data(name: &str) -> bool {
    matches!(name, "+CMGS" | "+CMGW" | "+CMGC")
}

pub fn carry_out(
    device: &mut Device,
    command: &Command,
    lines: &mut Vec<String>,
) -> Result<Next, Refusal> {
    match find(device, &command.name) {
        Some(handler) => handler(device, command, lines),
        None => Err(match device.profile.unknown_command {
            Some(words) => Refusal::Words(words.into()),
            None => Refusal::Plain,
        }),
    }
}

fn find(device: &Device, name: &str) -> Option<Handler> {
    let profile = device.profile;
    if profile.lacks.contains(&name) {
        return None;
    }
    if profile.keeps.iter().any(|(kept, _)| *kept == name) {
        return Some(vendor::keep);
    }
    let standard = STANDARD.iter().flat_map(|table| table.iter()).find(|row| row.0 == name);
    let known = |row: &&(&str, Handler)| row.0 == name && profile.vendor.contains(&name);
    standard.or_else(|| vendor::TABLE.iter().find(known)).map(|row| row.1)
}

/// Names of all extended commands a device knows, for `+CLAC`.
fn known(device: &Device) -> Vec<String> {
    let standard = STANDARD.iter().flat_map(|table| table.iter()).map(|row| row.0);
    let vendor = device.profile.vendor.iter().copied();
    let kept = device.profile.keeps.iter().map(|(name, _)| *name);
    let all = standard.chain(vendor).chain(kept);
    all.filter(|name| find(device, name).is_some()).map(str::to_owned).collect()
}

impl Command {
    /// The parameters of a set form, none for the others.
    pub fn args(&self) -> Args {
        match &self.form {
            Form::Set(value) => Args::parse(value),
            _ => Args::default(),
        }
    }
}

/// A setting of one small number: test, read and set forms.
fn number_setting(
    command: &Command,
    lines: &mut Vec<String>,
    allowed: &[u8],
    value: &mut u8,
) -> Result<Next, Refusal> {
    let name = &command.name;
    match &command.form {
        Form::Test => lines.push(format!("{name}: ({})", list(allowed))),
        Form::Read => lines.push(format!("{name}: {value}")),
        Form::Set(_) => *value = command.args().choice(0, allowed, None)?,
        Form::Execute | Form::Malformed => return Err(Refusal::Plain),
    }
    Ok(Next::Done)
}

/// The same for a switch that is 0 or 1.
fn switch(command: &Command, lines: &mut Vec<String>, value: &mut bool) -> Result<Next, Refusal> {
    let mut number = u8::from(*value);
    let next = number_setting(command, lines, &[0, 1], &mut number)?;
    *value = number == 1;
    Ok(next)
}

/// `0-3` for a run, `0,2,3` otherwise.
fn list(values: &[u8]) -> String {
    let run = values.len() > 2 && values.windows(2).all(|pair| pair[1] == pair[0] + 1);
    match (values.first(), values.last()) {
        (Some(first), Some(last)) if run => format!("{first}-{last}"),
        _ => values.iter().map(u8::to_string).collect::<Vec<_>>().join(","),
    }
}
