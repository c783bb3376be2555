//! How the terminal learns of arrivals: +CNMI and the acknowledgement +CNMA (27.005 §3.4).

use super::{Command, Device, Form, Next, Refusal, Table, list};
use crate::emulator::settings::Cnmi;
use crate::emulator::submit::{Entry, Kind};

pub const TABLE: Table = &[("+CNMI", indications), ("+CNMA", acknowledge)];

fn indications(d: &mut Device, c: &Command, lines: &mut Vec<String>) -> Result<Next, Refusal> {
    let now = d.settings.cnmi;
    match &c.form {
        Form::Test => {
            let ranges = d.profile.cnmi.map(|values| format!("({})", list(values)));
            lines.push(format!("+CNMI: {}", ranges.join(",")));
        }
        Form::Read => {
            let Cnmi { mode, mt, bm, ds, bfr } = now;
            lines.push(format!("+CNMI: {mode},{mt},{bm},{ds},{bfr}"));
        }
        Form::Set(_) | Form::Execute => {
            d.sms_card()?;
            let args = c.args();
            let value = |index: usize, now: u8| {
                let allowed = d.profile.cnmi[index];
                args.choice(index, allowed, now).map_err(|_| Refusal::Cms(303))
            };
            let (mode, mt, bm) = (value(0, now.mode)?, value(1, now.mt)?, value(2, now.bm)?);
            let (ds, bfr) = (value(3, now.ds)?, value(4, now.bfr)?);
            d.set_indications(Cnmi { mode, mt, bm, ds, bfr });
        }
        Form::Malformed => return Err(Refusal::Plain),
    }
    Ok(Next::Done)
}

/// `+CNMA`, `=0`, `=1` yes, `=2` no; with a length a DELIVER-REPORT follows (27.005 §3.4.4).
fn acknowledge(d: &mut Device, c: &Command, lines: &mut Vec<String>) -> Result<Next, Refusal> {
    if c.form == Form::Test {
        lines.push("+CNMA: (0-2)".into());
        return Ok(Next::Done);
    }
    let args = c.args();
    let n = args.choice(0, &[0, 1, 2], 0).map_err(|_| Refusal::Cms(303))?;
    if !d.arrivals.awaits_ack() {
        return Err(Refusal::Cms(340));
    }
    if args.has(1) {
        let octets = args.number(1)? as usize;
        return Ok(Next::Ask(Entry::new(Kind::Acknowledge { positive: n != 2, octets })));
    }
    d.acknowledged(n != 2);
    Ok(Next::Done)
}
