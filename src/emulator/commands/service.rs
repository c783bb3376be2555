//! SMS settings: service, format, centre, text parameters, storages (27.005 §3.2, §3.3).

use super::{Command, Device, Form, Next, Refusal, Table, list, number_setting, switch};
use crate::emulator::charset;
use crate::emulator::storage::Memory;

pub const TABLE: Table = &[
    ("+CSMS", service),
    ("+CMGF", format),
    ("+CSCA", centre),
    ("+CSMP", text_parameters),
    ("+CSDH", show_header),
    ("+CMMS", more_messages),
    ("+CSCB", broadcast),
    ("+CPMS", storages),
    ("+CGSMS", domain),
];

fn service(d: &mut Device, c: &Command, lines: &mut Vec<String>) -> Result<Next, Refusal> {
    let services = d.profile.services;
    match &c.form {
        Form::Test => lines.push(format!("+CSMS: ({})", list(services))),
        Form::Read => lines.push(format!("+CSMS: {},1,1,1", d.settings.service)),
        Form::Set(_) => {
            let chosen = c.args().choice(0, services, None);
            d.settings.service = chosen.map_err(|_| Refusal::Cms(303))?;
            lines.push("+CSMS: 1,1,1".into());
        }
        Form::Execute | Form::Malformed => return Err(Refusal::Plain),
    }
    Ok(Next::Done)
}

fn format(d: &mut Device, c: &Command, lines: &mut Vec<String>) -> Result<Next, Refusal> {
    if matches!(c.form, Form::Set(_)) {
        d.sms_card()?;
    }
    switch(c, lines, &mut d.settings.text_mode)
}

fn centre(d: &mut Device, c: &Command, lines: &mut Vec<String>) -> Result<Next, Refusal> {
    let set = d.settings.charset;
    let sim = d.sms_card()?;
    match &c.form {
        Form::Test => {}
        Form::Read => {
            let kind = if sim.smsc.starts_with('+') { 145 } else { 129 };
            lines.push(format!("+CSCA: \"{}\",{kind}", charset::number_out(&sim.smsc, set)));
        }
        Form::Set(_) => {
            let args = c.args();
            let number = charset::number_in(args.required_text(0)?, set);
            let international = args.number_or(1, 129)? == 145 && !number.starts_with('+');
            if !number.chars().all(|c| c.is_ascii_digit() || c == '+') {
                return Err(Refusal::Cms(304));
            }
            sim.smsc = if international { format!("+{number}") } else { number };
        }
        Form::Execute | Form::Malformed => return Err(Refusal::Plain),
    }
    Ok(Next::Done)
}

fn text_parameters(d: &mut Device, c: &Command, lines: &mut Vec<String>) -> Result<Next, Refusal> {
    let now = &mut d.settings.text_parameters;
    match &c.form {
        Form::Test => {}
        Form::Read => {
            let (first, vp, pid, dcs) = (now.first_octet, now.validity, now.protocol, now.coding);
            lines.push(format!("+CSMP: {first},{vp},{pid},{dcs}"));
        }
        Form::Set(_) => {
            let args = c.args();
            let octet = |index, now: u8| {
                let value = args.number_or(index, u32::from(now))?;
                u8::try_from(value).map_err(|_| Refusal::Cms(305))
            };
            now.first_octet = octet(0, now.first_octet)?;
            now.validity = octet(1, now.validity)?;
            now.protocol = octet(2, now.protocol)?;
            now.coding = octet(3, now.coding)?;
        }
        Form::Execute | Form::Malformed => return Err(Refusal::Plain),
    }
    Ok(Next::Done)
}

fn show_header(d: &mut Device, c: &Command, lines: &mut Vec<String>) -> Result<Next, Refusal> {
    switch(c, lines, &mut d.settings.show_header)
}

fn more_messages(d: &mut Device, c: &Command, lines: &mut Vec<String>) -> Result<Next, Refusal> {
    let next = number_setting(c, lines, &[0, 1, 2], &mut d.settings.more);
    d.keep_link();
    next
}

fn domain(d: &mut Device, c: &Command, lines: &mut Vec<String>) -> Result<Next, Refusal> {
    super::basic::keep_as(d, c, lines, "+CGSMS", "1", "(0-3)")
}

fn broadcast(d: &mut Device, c: &Command, lines: &mut Vec<String>) -> Result<Next, Refusal> {
    let (mode, ids, codings) = &mut d.settings.broadcast;
    match &c.form {
        Form::Test => lines.push("+CSCB: (0,1)".into()),
        Form::Read => lines.push(format!("+CSCB: {mode},\"{ids}\",\"{codings}\"")),
        Form::Set(_) => {
            let args = c.args();
            *mode = args.choice(0, &[0, 1], None)?;
            *ids = args.text(1).unwrap_or_default().to_owned();
            *codings = args.text(2).unwrap_or_default().to_owned();
        }
        Form::Execute | Form::Malformed => return Err(Refusal::Plain),
    }
    Ok(Next::Done)
}

/// +CPMS: the three storages, with how many messages lie there and how many fit.
fn storages(d: &mut Device, c: &Command, lines: &mut Vec<String>) -> Result<Next, Refusal> {
    match &c.form {
        Form::Test => {
            let lists = [0, 1, 2].map(|place| {
                let memories = d.profile.memories[place].iter();
                let offered = memories.filter(|memory| d.offers(place, **memory));
                let names: Vec<_> = offered.map(|m| format!("\"{}\"", m.name())).collect();
                format!("({})", names.join(","))
            });
            lines.push(format!("+CPMS: {}", lists.join(",")));
        }
        Form::Read => {
            d.sms_card()?;
            let groups = d.settings.memories.map(|memory| {
                let (used, size) = d.fill(memory);
                format!("\"{}\",{used},{size}", memory.name())
            });
            lines.push(format!("+CPMS: {}", groups.join(",")));
        }
        Form::Set(_) => {
            let args = c.args();
            d.sms_card()?;
            if args.len() > 3 || (d.profile.quirks.wants_three_memories && args.len() < 3) {
                return Err(Refusal::Plain);
            }
            let mut chosen = d.settings.memories;
            for (i, place) in chosen.iter_mut().enumerate() {
                if let Some(name) = args.text(i) {
                    let memory = Memory::parse(name).ok_or(Refusal::Cms(302))?;
                    let offered = d.offers(i, memory);
                    *place = offered.then_some(memory).ok_or(Refusal::Cms(302))?;
                }
            }
            d.settings.memories = chosen;
            let counts = chosen.map(|memory| {
                let (used, size) = d.fill(memory);
                format!("{used},{size}")
            });
            lines.push(format!("+CPMS: {}", counts.join(",")));
        }
        Form::Execute | Form::Malformed => return Err(Refusal::Plain),
    }
    Ok(Next::Done)
}

impl Device {
    /// Whether +CPMS takes a storage in that place; one for reports that holds none is not there.
    pub fn offers(&self, place: usize, memory: Memory) -> bool {
        let there = memory != Memory::Reports || self.reports.size > 0;
        there && self.profile.memories[place].contains(&memory)
    }

    /// Used and total slots; a storage the fault plan calls full says so.
    fn fill(&mut self, memory: Memory) -> (u16, u16) {
        if memory == Memory::Both {
            let (sim, equipment) = (self.fill(Memory::Sim), self.fill(Memory::Equipment));
            return (sim.0 + equipment.0, sim.1.saturating_add(equipment.1));
        }
        let full = self.faults.full.iter().any(|name| name == memory.name());
        let (used, size) = self.storage(memory).map_or((0, 0), |s| (s.used(), s.size));
        (if full { size } else { used }, size)
    }
}
