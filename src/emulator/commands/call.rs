//! Calls from the terminal's side: D, A, H, +CHUP, +CLIP, +CLCC (V.250 §6.3, 27.007 §7).

use super::{Command, Device, Form, Next, Refusal, Table, switch};
use crate::emulator::calls::Call;
use crate::emulator::reply::Verdict;

pub const TABLE: Table = &[
    ("D", dial),
    ("A", answer),
    ("H", hang_up),
    ("+CHUP", hang_up),
    ("+CLIP", caller),
    ("+CRC", cellular_result),
    ("+CLCC", list),
    ("+CVHU", voice_hang_up),
];

fn dial(d: &mut Device, c: &Command, _: &mut Vec<String>) -> Result<Next, Refusal> {
    let Form::Set(text) = &c.form else { return Err(Refusal::Plain) };
    // Without `;` it is a data call, which this network does not carry.
    let Some(number) = text.strip_suffix(';') else { return Ok(Next::Ends(Verdict::NoCarrier)) };
    let digits = number.chars().all(|c| c.is_ascii_digit() || "+*#TtPp,".contains(c));
    if number.is_empty() || !digits {
        return Err(Refusal::Plain);
    }
    if !d.registered() || d.call.is_some() {
        return Ok(Next::Ends(Verdict::NoCarrier));
    }
    d.call = Some(Call { number: number.to_owned(), incoming: false, answered: false, rings: 0 });
    Ok(Next::Done)
}

fn answer(d: &mut Device, _: &Command, _: &mut Vec<String>) -> Result<Next, Refusal> {
    match &d.call {
        Some(call) if call.incoming && !call.answered => {
            d.answer();
            Ok(Next::Done)
        }
        _ => Ok(Next::Ends(Verdict::NoCarrier)),
    }
}

fn hang_up(d: &mut Device, _: &Command, _: &mut Vec<String>) -> Result<Next, Refusal> {
    d.end_call();
    Ok(Next::Done)
}

fn caller(d: &mut Device, c: &Command, lines: &mut Vec<String>) -> Result<Next, Refusal> {
    if c.form == Form::Read {
        lines.push(format!("+CLIP: {},1", u8::from(d.settings.clip)));
        return Ok(Next::Done);
    }
    switch(c, lines, &mut d.settings.clip)
}

fn cellular_result(d: &mut Device, c: &Command, lines: &mut Vec<String>) -> Result<Next, Refusal> {
    switch(c, lines, &mut d.settings.cellular_result)
}

fn voice_hang_up(d: &mut Device, c: &Command, lines: &mut Vec<String>) -> Result<Next, Refusal> {
    super::basic::keep_as(d, c, lines, "+CVHU", "0", "(0-2)")
}

fn list(d: &mut Device, c: &Command, lines: &mut Vec<String>) -> Result<Next, Refusal> {
    if c.form == Form::Execute
        && let Some(call) = &d.call
    {
        let (direction, stat) = (u8::from(call.incoming), call.stat());
        let (number, kind) = (&call.number, call.number_type());
        lines.push(format!("+CLCC: 1,{direction},{stat},0,0,\"{number}\",{kind}"));
    }
    Ok(Next::Done)
}
