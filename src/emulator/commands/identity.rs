//! Who is there: maker, model, firmware, IMEI, IMSI, own number (27.007 §5).

use super::{Command, Device, Form, Next, Refusal, Table};

pub const TABLE: Table = &[
    ("I", about),
    ("+CGMI", maker),
    ("+GMI", maker),
    ("+CGMM", model),
    ("+GMM", model),
    ("+CGMR", firmware),
    ("+GMR", firmware),
    ("+CGSN", imei),
    ("+GSN", imei),
    ("+CIMI", imsi),
    ("+CNUM", own_number),
    ("+CRSM", restricted_sim_access),
];

fn asked(c: &Command) -> Result<bool, Refusal> {
    match c.form {
        Form::Execute => Ok(true),
        Form::Test => Ok(false),
        _ => Err(Refusal::Plain),
    }
}

fn about(d: &mut Device, _: &Command, lines: &mut Vec<String>) -> Result<Next, Refusal> {
    lines.push(format!("Manufacturer: {}", d.profile.maker));
    lines.push(format!("Model: {}", d.profile.model));
    lines.push(format!("Revision: {}", d.profile.firmware.trim_start_matches("Revision:")));
    lines.push(format!("IMEI: {}", d.imei));
    lines.push("+GCAP: +CGSM,+DS,+ES".into());
    Ok(Next::Done)
}

fn say(c: &Command, lines: &mut Vec<String>, text: &str) -> Result<Next, Refusal> {
    if asked(c)? {
        lines.push(text.to_owned());
    }
    Ok(Next::Done)
}

fn maker(d: &mut Device, c: &Command, lines: &mut Vec<String>) -> Result<Next, Refusal> {
    say(c, lines, d.profile.maker)
}

fn model(d: &mut Device, c: &Command, lines: &mut Vec<String>) -> Result<Next, Refusal> {
    say(c, lines, d.profile.model)
}

fn firmware(d: &mut Device, c: &Command, lines: &mut Vec<String>) -> Result<Next, Refusal> {
    say(c, lines, d.profile.firmware)
}

/// `+CGSN` bare, `=1` with a name in front (27.007 §5.4).
fn imei(d: &mut Device, c: &Command, lines: &mut Vec<String>) -> Result<Next, Refusal> {
    match &c.form {
        Form::Test if c.name == "+CGSN" => lines.push("+CGSN: (0,1)".into()),
        Form::Set(kind) if kind == "1" => lines.push(format!("+CGSN: \"{}\"", d.imei)),
        Form::Execute if d.profile.quirks.named_identity => {
            lines.push(format!("{}: {}", c.name, d.imei));
        }
        Form::Execute | Form::Set(_) => lines.push(d.imei.clone()),
        _ => {}
    }
    Ok(Next::Done)
}

fn imsi(d: &mut Device, c: &Command, lines: &mut Vec<String>) -> Result<Next, Refusal> {
    if asked(c)? {
        lines.push(d.card()?.imsi.clone());
    }
    Ok(Next::Done)
}

fn own_number(d: &mut Device, c: &Command, lines: &mut Vec<String>) -> Result<Next, Refusal> {
    let bare = d.profile.quirks.bare_number;
    let sim = d.card()?;
    if asked(c)? && sim.tells_number {
        let kind = if sim.number.starts_with('+') { 145 } else { 129 };
        let quote = if bare { "" } else { "\"" };
        lines.push(format!("+CNUM: \"\",{quote}{}\",{kind}", sim.number));
    }
    Ok(Next::Done)
}

/// Only READ BINARY of EF_ICCID is answered, the rest honestly as not found (27.007 §8.18).
fn restricted_sim_access(
    d: &mut Device,
    c: &Command,
    lines: &mut Vec<String>,
) -> Result<Next, Refusal> {
    if c.form == Form::Test {
        return Ok(Next::Done);
    }
    let args = c.args();
    let sim = d.card()?;
    let answer = match (args.number(0)?, args.number(1)?) {
        (176, 12258) => format!("144,0,\"{}\"", swapped(&sim.iccid)),
        // File not found (51.011 §9.4.2).
        _ => "148,4".to_owned(),
    };
    lines.push(format!("+CRSM: {answer}"));
    Ok(Next::Done)
}

/// Digits with the nibbles of each octet exchanged, filled with F.
fn swapped(digits: &str) -> String {
    let padded: Vec<char> = format!("{digits:F<20}").chars().collect();
    padded.chunks(2).flat_map(|pair| pair.iter().rev()).collect()
}
