//! +CUSD (27.007 §7.15).

use super::{Command, Device, Form, Next, Refusal, Table};

pub const TABLE: Table = &[("+CUSD", ussd)];

fn ussd(d: &mut Device, c: &Command, lines: &mut Vec<String>) -> Result<Next, Refusal> {
    match &c.form {
        Form::Test => lines.push("+CUSD: (0-2)".into()),
        Form::Read => lines.push(format!("+CUSD: {}", u8::from(d.settings.ussd))),
        Form::Set(_) => {
            let args = c.args();
            match args.choice(0, &[0, 1, 2], None)? {
                2 => d.ussd_open = None,
                n => d.settings.ussd = n == 1,
            }
            if let Some(text) = args.text(1) {
                if !d.registered() {
                    return Err(Refusal::Cme(30));
                }
                let dcs = args.number_or(2, 15)?;
                d.ussd(text, u8::try_from(dcs).map_err(|_| Refusal::BAD_PARAMETERS)?);
            }
        }
        Form::Execute | Form::Malformed => return Err(Refusal::Plain),
    }
    Ok(Next::Done)
}
