//! Makers' commands that answer with something real: ICCID, PIN counters, cell and battery, off.

use super::{Command, Device, Form, Next, Refusal, Table};
use crate::emulator::sim::Gate;

pub const TABLE: Table = &[
    ("+CCID", iccid),
    ("+CICCID", iccid_named),
    ("+QCCID", iccid_named),
    ("^ICCID", iccid_named),
    ("#CCID", iccid_named),
    ("!ICCID", iccid_named),
    ("+ZGETICCID", iccid_named),
    ("+CPINR", tries_by_name),
    ("^CPIN", tries_with_state),
    ("+SPIC", tries_bare),
    ("+QPINC", tries_of_both_pins),
    ("#PCT", tries_of_state),
    ("+UPINCNT", tries_with_most),
    ("^SYSINFO", system_information),
    ("^HCSQ", signal_by_technology),
    ("^VERSION", firmware),
    ("#CGMI", firmware),
    ("#CGMM", firmware),
    ("+CPSI", cell),
    ("+QNWINFO", cell),
    ("+ZPAS", cell),
    ("!GSTATUS", cell),
    ("+QINISTAT", started),
    ("+CBC", battery),
    ("+CMTE", temperature),
    ("+CPOWD", off),
    ("+CPOF", off),
    ("+QPOWD", off),
    ("+CPWROFF", off),
    ("#SHDN", off),
    ("+CRESET", reset),
    ("#REBOOT", reset),
    ("!RESET", reset),
    ("^RESET", reset),
];

/// A maker's setting: taken as it is, read back as it was set.
pub fn keep(d: &mut Device, c: &Command, lines: &mut Vec<String>) -> Result<Next, Refusal> {
    let first = d.profile.keeps.iter().find(|(name, _)| *name == c.name).map_or("", |row| row.1);
    super::basic::keep_as(d, c, lines, &c.name, first, "")
}

/// Bare digits with their filler on some boards; with its name elsewhere.
fn iccid(d: &mut Device, c: &Command, lines: &mut Vec<String>) -> Result<Next, Refusal> {
    if d.profile.quirks.bare_iccid && c.form == Form::Execute {
        lines.push(format!("{}f", d.card()?.iccid));
        return Ok(Next::Done);
    }
    iccid_named(d, c, lines)
}

fn iccid_named(d: &mut Device, c: &Command, lines: &mut Vec<String>) -> Result<Next, Refusal> {
    if c.form == Form::Test {
        return Ok(Next::Done);
    }
    // The ICCID can be read before the PIN is given (102.221 §13.2).
    let sim = d.sim.as_ref().ok_or(Refusal::Cme(10))?;
    lines.push(format!("{}: {}", c.name, sim.iccid));
    Ok(Next::Done)
}

fn counters(d: &Device) -> Result<(u8, u8, Gate), Refusal> {
    let lock = &d.sim.as_ref().ok_or(Refusal::Cme(10))?.pin;
    Ok((lock.tries, lock.puk_tries, lock.gate()))
}

fn tries_by_name(d: &mut Device, c: &Command, lines: &mut Vec<String>) -> Result<Next, Refusal> {
    if c.form == Form::Test {
        return Ok(Next::Done);
    }
    let (pin, puk, _) = counters(d)?;
    let all = [("SIM PIN", pin, 3), ("SIM PUK", puk, 10), ("SIM PIN2", 3, 3), ("SIM PUK2", 10, 10)];
    let args = c.args();
    // A star stands for any end of the name (27.007 §8.65).
    let wanted = args.text(0).unwrap_or("*").to_owned();
    let fits = |name: &str| match wanted.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => name == wanted,
    };
    let chosen = all.iter().filter(|(name, ..)| fits(name));
    lines.extend(chosen.map(|(name, left, most)| format!("+CPINR: {name},{left},{most}")));
    Ok(Next::Done)
}

fn tries_with_state(d: &mut Device, _: &Command, lines: &mut Vec<String>) -> Result<Next, Refusal> {
    let (pin, puk, gate) = counters(d)?;
    let (state, left) = match gate {
        Gate::Open => ("READY", String::new()),
        Gate::Pin => ("SIM PIN", pin.to_string()),
        Gate::Puk | Gate::Dead => ("SIM PUK", puk.to_string()),
    };
    lines.push(format!("^CPIN: {state},{left},{puk},{pin},10,3"));
    Ok(Next::Done)
}

fn tries_bare(d: &mut Device, _: &Command, lines: &mut Vec<String>) -> Result<Next, Refusal> {
    let (pin, puk, _) = counters(d)?;
    lines.push(format!("+SPIC: {pin},{puk},3,10"));
    Ok(Next::Done)
}

fn tries_of_both_pins(
    d: &mut Device,
    _: &Command,
    lines: &mut Vec<String>,
) -> Result<Next, Refusal> {
    let (pin, puk, _) = counters(d)?;
    lines.push(format!("+QPINC: \"SC\",{pin},{puk}"));
    lines.push("+QPINC: \"P2\",3,10".into());
    Ok(Next::Done)
}

fn tries_of_state(d: &mut Device, _: &Command, lines: &mut Vec<String>) -> Result<Next, Refusal> {
    let (pin, puk, gate) = counters(d)?;
    lines.push(format!("#PCT: {}", if gate == Gate::Puk { puk } else { pin }));
    Ok(Next::Done)
}

fn tries_with_most(d: &mut Device, _: &Command, lines: &mut Vec<String>) -> Result<Next, Refusal> {
    let (pin, puk, _) = counters(d)?;
    lines.push(format!("+UPINCNT: {pin},3,{puk},10"));
    Ok(Next::Done)
}

fn system_information(
    d: &mut Device,
    _: &Command,
    lines: &mut Vec<String>,
) -> Result<Next, Refusal> {
    let service = if d.registered() { 2 } else { 0 };
    lines.push(format!("^SYSINFO:{service},3,0,5,1,,4"));
    Ok(Next::Done)
}

fn signal_by_technology(
    d: &mut Device,
    _: &Command,
    lines: &mut Vec<String>,
) -> Result<Next, Refusal> {
    lines.push(format!("^HCSQ:\"LTE\",{},40,120,20", d.radio.signal));
    Ok(Next::Done)
}

fn firmware(d: &mut Device, c: &Command, lines: &mut Vec<String>) -> Result<Next, Refusal> {
    let value = match c.name.as_str() {
        "#CGMI" => d.profile.maker,
        "#CGMM" => d.profile.model,
        _ => d.profile.firmware,
    };
    lines.push(format!("{}: {value}", c.name));
    Ok(Next::Done)
}

fn cell(d: &mut Device, c: &Command, lines: &mut Vec<String>) -> Result<Next, Refusal> {
    let state = if d.registered() { "LTE,Online" } else { "NO SERVICE,Online" };
    lines.push(format!("{}: {state}", c.name));
    Ok(Next::Done)
}

fn started(_: &mut Device, _: &Command, lines: &mut Vec<String>) -> Result<Next, Refusal> {
    lines.push("+QINISTAT: 7".into());
    Ok(Next::Done)
}

fn battery(_: &mut Device, _: &Command, lines: &mut Vec<String>) -> Result<Next, Refusal> {
    lines.push("+CBC: 0,95,4125".into());
    Ok(Next::Done)
}

fn temperature(_: &mut Device, c: &Command, lines: &mut Vec<String>) -> Result<Next, Refusal> {
    if c.form == Form::Read {
        lines.push("+CMTE: 0,31.50".into());
    }
    Ok(Next::Done)
}

/// Off means off: only a new power-on brings the modem back.
fn off(d: &mut Device, _: &Command, _: &mut Vec<String>) -> Result<Next, Refusal> {
    use crate::emulator::device::Outward;
    d.outward.push_back(Outward::Unplug);
    Ok(Next::Done)
}

fn reset(_: &mut Device, _: &Command, _: &mut Vec<String>) -> Result<Next, Refusal> {
    Ok(Next::Restart)
}
