//! The SIM's phone book, small but true (27.007 §8.11 to §8.14).

use super::{Command, Device, Form, Next, Refusal, Table};
use crate::emulator::charset;

pub const TABLE: Table = &[("+CPBS", storage), ("+CPBR", read), ("+CPBF", find), ("+CPBW", write)];

/// How many entries fit.
const ENTRIES: usize = 100;
const LONGEST_NUMBER: usize = 40;
const LONGEST_NAME: usize = 16;

fn storage(d: &mut Device, c: &Command, lines: &mut Vec<String>) -> Result<Next, Refusal> {
    match &c.form {
        Form::Test => lines.push("+CPBS: (\"SM\",\"ON\")".into()),
        Form::Read => {
            let name = d.settings.phonebook.clone();
            let used = entries(d)?.len();
            let size = if name == "SM" { ENTRIES } else { 1 };
            lines.push(format!("+CPBS: \"{name}\",{used},{size}"));
        }
        Form::Set(_) => match c.args().required_text(0)? {
            known @ ("SM" | "ON") => d.settings.phonebook = known.to_owned(),
            _ => return Err(Refusal::NOT_SUPPORTED),
        },
        Form::Execute | Form::Malformed => return Err(Refusal::Plain),
    }
    Ok(Next::Done)
}

/// Index, number and name of what the chosen phone book holds.
fn entries(d: &mut Device) -> Result<Vec<(usize, String, String)>, Refusal> {
    let own = d.settings.phonebook == "ON";
    let sim = d.card()?;
    if own {
        let number = sim.tells_number.then(|| (1, sim.number.clone(), String::new()));
        return Ok(number.into_iter().collect());
    }
    let used = sim.phonebook.iter().enumerate().filter(|(_, (number, _))| !number.is_empty());
    Ok(used.map(|(i, (number, name))| (i + 1, number.clone(), name.clone())).collect())
}

fn line(d: &Device, name: &str, (index, number, text): &(usize, String, String)) -> String {
    let kind = if number.starts_with('+') { 145 } else { 129 };
    let set = d.settings.charset;
    let (number, text) = (charset::number_out(number, set), charset::text_out(text, set));
    format!("{name}: {index},\"{number}\",{kind},\"{text}\"")
}

fn read(d: &mut Device, c: &Command, lines: &mut Vec<String>) -> Result<Next, Refusal> {
    if c.form == Form::Test {
        lines.push(format!("+CPBR: (1-{ENTRIES}),{LONGEST_NUMBER},{LONGEST_NAME}"));
        return Ok(Next::Done);
    }
    let args = c.args();
    let first = args.number(0)? as usize;
    let last = args.number_or(1, first as u32)? as usize;
    if first == 0 || last > ENTRIES {
        return Err(Refusal::Cme(21));
    }
    let found: Vec<_> = entries(d)?.into_iter().filter(|e| (first..=last).contains(&e.0)).collect();
    lines.extend(found.iter().map(|entry| line(d, "+CPBR", entry)));
    Ok(Next::Done)
}

fn find(d: &mut Device, c: &Command, lines: &mut Vec<String>) -> Result<Next, Refusal> {
    if c.form == Form::Test {
        lines.push(format!("+CPBF: {LONGEST_NUMBER},{LONGEST_NAME}"));
        return Ok(Next::Done);
    }
    let args = c.args();
    let wanted = charset::text_in(args.required_text(0)?, d.settings.charset);
    let found: Vec<_> = entries(d)?.into_iter().filter(|e| e.2.starts_with(&wanted)).collect();
    if found.is_empty() {
        return Err(Refusal::Cme(22));
    }
    lines.extend(found.iter().map(|entry| line(d, "+CPBF", entry)));
    Ok(Next::Done)
}

/// Writes an entry, or deletes it when only the index is given.
fn write(d: &mut Device, c: &Command, lines: &mut Vec<String>) -> Result<Next, Refusal> {
    if c.form == Form::Test {
        let (number, name) = (LONGEST_NUMBER, LONGEST_NAME);
        lines.push(format!("+CPBW: (1-{ENTRIES}),{number},(129,145),{name}"));
        return Ok(Next::Done);
    }
    if d.settings.phonebook != "SM" {
        return Err(Refusal::NOT_ALLOWED);
    }
    let args = c.args();
    let set = d.settings.charset;
    let number = args.text(1).map_or(String::new(), |number| charset::number_in(number, set));
    let name = args.text(3).map_or(String::new(), |name| charset::text_in(name, set));
    if number.chars().count() > LONGEST_NUMBER || name.chars().count() > LONGEST_NAME {
        return Err(Refusal::Cme(24));
    }
    let book = &mut d.card()?.phonebook;
    let free = book.iter().position(|(number, _)| number.is_empty()).unwrap_or(book.len());
    let index = args.number_or(0, free as u32 + 1)? as usize;
    if !(1..=ENTRIES).contains(&index) {
        return Err(Refusal::Cme(21));
    }
    book.resize(book.len().max(index), Default::default());
    book[index - 1] = (number, name);
    Ok(Next::Done)
}
