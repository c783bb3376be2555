//! PIN, PUK and facility locks (27.007 §7.4, §7.5, §8.3, §8.64).

use super::{Command, Device, Form, Next, Refusal, Table};
use crate::emulator::sim::Gate;

pub const TABLE: Table = &[("+CPIN", pin), ("+CLCK", facility), ("+CPWD", password)];

fn state(gate: Gate) -> Result<&'static str, Refusal> {
    match gate {
        Gate::Open => Ok("READY"),
        Gate::Pin => Ok("SIM PIN"),
        Gate::Puk => Ok("SIM PUK"),
        Gate::Dead => Err(Refusal::Cme(13)),
    }
}

fn pin(d: &mut Device, c: &Command, lines: &mut Vec<String>) -> Result<Next, Refusal> {
    let busy = d.profile.sim_busy;
    let sim = d.sim.as_mut().ok_or(Refusal::Cme(10))?;
    let gate = sim.pin.gate();
    match &c.form {
        Form::Test => {}
        Form::Read => lines.push(format!("+CPIN: {}", state(gate)?)),
        Form::Set(_) => {
            let args = c.args();
            let code = args.required_text(0)?;
            match (gate, args.text(1)) {
                (Gate::Open, _) => return Err(Refusal::NOT_ALLOWED),
                (Gate::Dead, _) => return Err(Refusal::Cme(13)),
                (Gate::Pin, None) => sim.pin.enter(code)?,
                (Gate::Pin, Some(_)) => return Err(Refusal::NOT_ALLOWED),
                (Gate::Puk, Some(new)) => sim.pin.unblock(code, new)?,
                (Gate::Puk, None) => return Err(Refusal::Cme(12)),
            }
            d.start_sim(busy);
        }
        Form::Execute | Form::Malformed => return Err(Refusal::Plain),
    }
    Ok(Next::Done)
}

/// Only the SIM's own lock is real; the others are there and off.
fn facility(d: &mut Device, c: &Command, lines: &mut Vec<String>) -> Result<Next, Refusal> {
    if c.form == Form::Test {
        lines.push("+CLCK: (\"SC\",\"FD\",\"PN\",\"PS\",\"AO\",\"AI\")".into());
        return Ok(Next::Done);
    }
    let args = c.args();
    let name = args.required_text(0)?.to_owned();
    let mode = args.choice(1, &[0, 1, 2], None)?;
    let sim = d.sim.as_mut().ok_or(Refusal::Cme(10))?;
    match (name.as_str(), mode) {
        ("SC", 2) => lines.push(format!("+CLCK: {}", u8::from(sim.pin.asks))),
        ("SC", _) => sim.pin.ask(mode == 1, args.required_text(2)?)?,
        ("FD" | "PN" | "PS" | "AO" | "AI", 2) => lines.push("+CLCK: 0".into()),
        _ => return Err(Refusal::NOT_SUPPORTED),
    }
    Ok(Next::Done)
}

fn password(d: &mut Device, c: &Command, lines: &mut Vec<String>) -> Result<Next, Refusal> {
    if c.form == Form::Test {
        lines.push("+CPWD: (\"SC\",8)".into());
        return Ok(Next::Done);
    }
    let args = c.args();
    if args.required_text(0)? != "SC" {
        return Err(Refusal::NOT_SUPPORTED);
    }
    let sim = d.sim.as_mut().ok_or(Refusal::Cme(10))?;
    sim.pin.change(args.required_text(1)?, args.required_text(2)?)?;
    Ok(Next::Done)
}
