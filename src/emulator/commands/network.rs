//! Registration, operator, signal, radio, clock (27.007 §7, §8).

use super::{Command, Device, Form, Next, Refusal, Table, number_setting};
use crate::emulator::text_mode;
use crate::types::Millis;

pub const TABLE: Table = &[
    ("+CREG", circuit),
    ("+CGREG", packet),
    ("+CEREG", evolved),
    ("+COPS", operator),
    ("+CSQ", signal),
    ("+CESQ", extended_signal),
    ("+CFUN", function),
    ("+CPAS", activity),
    ("+CGATT", attached),
    ("+CCLK", time),
    ("+CTZU", zone_update),
    ("+CTZR", zone_report),
];

fn circuit(d: &mut Device, c: &Command, lines: &mut Vec<String>) -> Result<Next, Refusal> {
    registration(d, c, lines, 0)
}

fn packet(d: &mut Device, c: &Command, lines: &mut Vec<String>) -> Result<Next, Refusal> {
    registration(d, c, lines, 1)
}

fn evolved(d: &mut Device, c: &Command, lines: &mut Vec<String>) -> Result<Next, Refusal> {
    registration(d, c, lines, 2)
}

fn registration(
    d: &mut Device,
    c: &Command,
    lines: &mut Vec<String>,
    domain: usize,
) -> Result<Next, Refusal> {
    let stat = d.registration()[domain];
    let level = &mut d.settings.registration_reports[domain];
    if c.form == Form::Read {
        lines.push(format!("{}: {level},{}", c.name, d.radio.fields(stat, *level)));
        return Ok(Next::Done);
    }
    number_setting(c, lines, &[0, 1, 2], level)
}

fn operator(d: &mut Device, c: &Command, lines: &mut Vec<String>) -> Result<Next, Refusal> {
    let on = d.registered();
    let names = &d.radio.operator;
    match &c.form {
        Form::Test => {
            let (long, short, code, act) =
                (&names.long, &names.short, &names.code, d.radio.technology);
            lines.push(format!("+COPS: (2,\"{long}\",\"{short}\",\"{code}\",{act}),,(0-4),(0-2)"));
            return Ok(Next::After(Millis(3_000)));
        }
        Form::Read if on => {
            let format = d.settings.operator_format;
            let name = d.radio.operator_name(format);
            lines.push(format!("+COPS: 0,{format},\"{name}\",{}", d.radio.technology));
        }
        Form::Read => lines.push("+COPS: 0".into()),
        Form::Set(_) => {
            let args = c.args();
            match args.choice(0, &[0, 1, 2, 3, 4], None)? {
                3 => d.settings.operator_format = args.choice(1, &[0, 1, 2], 0)?,
                1 => {
                    let wanted = args.required_text(2)?;
                    if ![&names.long, &names.short, &names.code].iter().any(|n| *n == wanted) {
                        return Err(Refusal::Cme(30));
                    }
                }
                _ => {}
            }
        }
        Form::Execute | Form::Malformed => return Err(Refusal::Plain),
    }
    Ok(Next::Done)
}

fn signal(d: &mut Device, c: &Command, lines: &mut Vec<String>) -> Result<Next, Refusal> {
    match c.form {
        Form::Test => lines.push("+CSQ: (0-31,99),(0-7,99)".into()),
        Form::Execute if d.radio.function == 1 => {
            lines.push(format!("+CSQ: {},99", d.radio.signal))
        }
        Form::Execute => lines.push("+CSQ: 99,99".into()),
        _ => return Err(Refusal::Plain),
    }
    Ok(Next::Done)
}

/// RSRP as `+CSQ` would have it; the rest is not known to this radio.
fn extended_signal(d: &mut Device, c: &Command, lines: &mut Vec<String>) -> Result<Next, Refusal> {
    match (&c.form, d.radio.signal) {
        (Form::Test, _) => {
            lines.push(
                "+CESQ: (0-63,99),(0-7,99),(0-96,255),(0-49,255),(0-34,255),(0-97,255)".into(),
            );
        }
        (_, 99) => lines.push("+CESQ: 99,99,255,255,255,255".into()),
        (_, rssi) => {
            lines.push(format!("+CESQ: {},99,255,255,20,{}", rssi * 2, 28 + rssi.min(31) * 2));
        }
    }
    Ok(Next::Done)
}

fn function(d: &mut Device, c: &Command, lines: &mut Vec<String>) -> Result<Next, Refusal> {
    match &c.form {
        Form::Test => lines.push("+CFUN: (0,1,4),(0,1)".into()),
        Form::Read => lines.push(format!("+CFUN: {}", d.radio.function)),
        Form::Set(_) => {
            let args = c.args();
            let function = args.choice(0, &[0, 1, 4], None)?;
            if args.choice(1, &[0, 1], 0)? == 1 {
                return Ok(Next::Restart);
            }
            d.radio.function = function;
            return Ok(Next::After(Millis(200)));
        }
        Form::Execute | Form::Malformed => return Err(Refusal::Plain),
    }
    Ok(Next::Done)
}

fn activity(d: &mut Device, c: &Command, lines: &mut Vec<String>) -> Result<Next, Refusal> {
    match (&c.form, &d.call) {
        (Form::Test, _) => lines.push("+CPAS: (0,3,4)".into()),
        (_, None) => lines.push("+CPAS: 0".into()),
        (_, Some(call)) => lines.push(format!("+CPAS: {}", if call.answered { 4 } else { 3 })),
    }
    Ok(Next::Done)
}

fn attached(d: &mut Device, c: &Command, lines: &mut Vec<String>) -> Result<Next, Refusal> {
    let on = d.registered();
    match c.form {
        Form::Read => lines.push(format!("+CGATT: {}", u8::from(on))),
        Form::Test => lines.push("+CGATT: (0,1)".into()),
        _ => {}
    }
    Ok(Next::Done)
}

/// The network's time in local form; setting it is taken and forgotten (27.007 §8.15).
fn time(d: &mut Device, c: &Command, lines: &mut Vec<String>) -> Result<Next, Refusal> {
    if c.form == Form::Read {
        lines.push(format!("+CCLK: \"{}\"", text_mode::local_time(d.wall, d.zone)));
    }
    Ok(Next::Done)
}

fn zone_update(d: &mut Device, c: &Command, lines: &mut Vec<String>) -> Result<Next, Refusal> {
    number_setting(c, lines, &[0, 1], &mut d.settings.time_zone_update)
}

fn zone_report(d: &mut Device, c: &Command, lines: &mut Vec<String>) -> Result<Next, Refusal> {
    number_setting(c, lines, &[0, 1, 2], &mut d.settings.time_zone_report)?;
    let quarters = format!("{:+03}", d.zone);
    match (&c.form, d.settings.time_zone_report) {
        (Form::Set(_), 1) => d.urc(&format!("+CTZV: {quarters}")),
        (Form::Set(_), 2) => d.urc(&format!("+CTZE: \"{quarters}\",0")),
        _ => {}
    }
    Ok(Next::Done)
}
