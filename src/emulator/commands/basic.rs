//! V.250 and the general commands: echo, result codes, registers, resets.

use super::{Command, Device, Form, Next, Refusal, Table, known, number_setting};
use crate::emulator::settings::{Charset, Settings};

pub const TABLE: Table = &[
    ("E", echo),
    ("V", verbose),
    ("Q", quiet),
    ("X", accepted),
    ("L", accepted),
    ("M", accepted),
    ("&C", accepted),
    ("&D", accepted),
    ("&K", accepted),
    ("&S", accepted),
    ("Z", restore),
    ("&F", factory),
    ("&W", keep),
    ("&V", show),
    ("S3", line_end),
    ("S4", line_feed),
    ("S5", backspace),
    ("S0", rings),
    ("S6", register),
    ("S7", register),
    ("S8", register),
    ("S10", register),
    ("+CMEE", errors),
    ("+CSCS", charset),
    ("+CLAC", list_all),
    ("+GCAP", capabilities),
    ("+WS46", wireless),
    ("+IPR", rate),
    ("+IFC", flow),
    ("+ICF", framing),
];

fn bit(command: &Command, default: bool) -> Result<bool, Refusal> {
    match &command.form {
        Form::Execute => Ok(default),
        Form::Set(value) if value == "0" => Ok(false),
        Form::Set(value) if value == "1" => Ok(true),
        _ => Err(Refusal::Plain),
    }
}

fn echo(d: &mut Device, c: &Command, _: &mut Vec<String>) -> Result<Next, Refusal> {
    d.settings.echo = bit(c, false)?;
    Ok(Next::Done)
}

fn verbose(d: &mut Device, c: &Command, _: &mut Vec<String>) -> Result<Next, Refusal> {
    d.settings.style.verbose = bit(c, false)?;
    Ok(Next::Done)
}

fn quiet(d: &mut Device, c: &Command, _: &mut Vec<String>) -> Result<Next, Refusal> {
    d.settings.style.quiet = bit(c, false)?;
    Ok(Next::Done)
}

fn accepted(_: &mut Device, _: &Command, _: &mut Vec<String>) -> Result<Next, Refusal> {
    Ok(Next::Done)
}

fn restore(d: &mut Device, _: &Command, _: &mut Vec<String>) -> Result<Next, Refusal> {
    d.settings = match &d.session.kept {
        Some(kept) => (**kept).clone(),
        None => Settings::factory(d.profile),
    };
    d.call = None;
    Ok(Next::Done)
}

fn factory(d: &mut Device, _: &Command, _: &mut Vec<String>) -> Result<Next, Refusal> {
    d.settings = Settings::factory(d.profile);
    Ok(Next::Done)
}

fn keep(d: &mut Device, _: &Command, _: &mut Vec<String>) -> Result<Next, Refusal> {
    d.session.kept = Some(Box::new(d.settings.clone()));
    Ok(Next::Done)
}

fn show(d: &mut Device, _: &Command, lines: &mut Vec<String>) -> Result<Next, Refusal> {
    let (s, r) = (&d.settings, &d.settings.registers);
    let [echo, quiet, words] = [s.echo, s.style.quiet, s.style.verbose].map(u8::from);
    lines.push(format!("E{echo} Q{quiet} V{words} X4 &C1 &D2"));
    let (cr, lf) = (s.style.cr, s.style.lf);
    lines.push(format!("S0:{:03} S3:{cr:03} S4:{lf:03} S5:{:03}", r[0], r[5]));
    Ok(Next::Done)
}

/// One register: shown in three digits (V.250 §5.3.2).
fn byte(c: &Command, lines: &mut Vec<String>, most: u8, value: &mut u8) -> Result<Next, Refusal> {
    match &c.form {
        Form::Read => lines.push(format!("{value:03}")),
        Form::Set(text) => {
            let new: u8 = text.parse().map_err(|_| Refusal::Plain)?;
            if new > most {
                return Err(Refusal::Plain);
            }
            *value = new;
        }
        Form::Execute => {}
        Form::Test | Form::Malformed => return Err(Refusal::Plain),
    }
    Ok(Next::Done)
}

fn line_end(d: &mut Device, c: &Command, lines: &mut Vec<String>) -> Result<Next, Refusal> {
    byte(c, lines, 127, &mut d.settings.style.cr)
}

fn line_feed(d: &mut Device, c: &Command, lines: &mut Vec<String>) -> Result<Next, Refusal> {
    byte(c, lines, 127, &mut d.settings.style.lf)
}

fn backspace(d: &mut Device, c: &Command, lines: &mut Vec<String>) -> Result<Next, Refusal> {
    byte(c, lines, 127, &mut d.settings.registers[5])
}

fn rings(d: &mut Device, c: &Command, lines: &mut Vec<String>) -> Result<Next, Refusal> {
    byte(c, lines, 255, &mut d.settings.registers[0])
}

fn register(d: &mut Device, c: &Command, lines: &mut Vec<String>) -> Result<Next, Refusal> {
    let number: usize = c.name[1..].parse().map_err(|_| Refusal::Plain)?;
    let value = d.settings.registers.get_mut(number).ok_or(Refusal::Plain)?;
    byte(c, lines, 255, value)
}

fn errors(d: &mut Device, c: &Command, lines: &mut Vec<String>) -> Result<Next, Refusal> {
    number_setting(c, lines, &[0, 1, 2], &mut d.settings.style.errors)
}

fn charset(d: &mut Device, c: &Command, lines: &mut Vec<String>) -> Result<Next, Refusal> {
    match &c.form {
        Form::Test => {
            let names: Vec<_> =
                Charset::ALL.iter().map(|set| format!("\"{}\"", set.name())).collect();
            lines.push(format!("+CSCS: ({})", names.join(",")));
        }
        Form::Read => lines.push(format!("+CSCS: \"{}\"", d.settings.charset.name())),
        Form::Set(_) => {
            let args = c.args();
            let name = args.required_text(0)?;
            let found = Charset::ALL.into_iter().find(|set| set.name() == name);
            d.settings.charset = found.ok_or(Refusal::NOT_SUPPORTED)?;
        }
        Form::Execute | Form::Malformed => return Err(Refusal::Plain),
    }
    Ok(Next::Done)
}

fn list_all(d: &mut Device, c: &Command, lines: &mut Vec<String>) -> Result<Next, Refusal> {
    if c.form == Form::Execute {
        lines.extend(known(d));
    }
    Ok(Next::Done)
}

fn capabilities(_: &mut Device, _: &Command, lines: &mut Vec<String>) -> Result<Next, Refusal> {
    lines.push("+GCAP: +CGSM,+DS,+ES".into());
    Ok(Next::Done)
}

fn wireless(d: &mut Device, c: &Command, lines: &mut Vec<String>) -> Result<Next, Refusal> {
    keep_as(d, c, lines, "+WS46", "25", "(12,22,25)")
}

fn rate(d: &mut Device, c: &Command, lines: &mut Vec<String>) -> Result<Next, Refusal> {
    keep_as(d, c, lines, "+IPR", "0", "(),(0,9600,19200,38400,57600,115200)")
}

fn flow(d: &mut Device, c: &Command, lines: &mut Vec<String>) -> Result<Next, Refusal> {
    keep_as(d, c, lines, "+IFC", "2,2", "(0-2),(0-2)")
}

fn framing(d: &mut Device, c: &Command, lines: &mut Vec<String>) -> Result<Next, Refusal> {
    keep_as(d, c, lines, "+ICF", "3,3", "(3),(3)")
}

/// A value without effect on a pty, but read back as it was set.
pub fn keep_as(
    d: &mut Device,
    c: &Command,
    lines: &mut Vec<String>,
    name: &str,
    first: &str,
    range: &str,
) -> Result<Next, Refusal> {
    let value = d.settings.others.entry(name.to_owned()).or_insert_with(|| first.to_owned());
    match &c.form {
        Form::Test => lines.push(format!("{name}: {range}")),
        Form::Read => lines.push(format!("{name}: {value}")),
        Form::Set(new) => value.clone_from(new),
        Form::Execute | Form::Malformed => {}
    }
    Ok(Next::Done)
}
