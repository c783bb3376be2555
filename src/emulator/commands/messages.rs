//! Reading and deleting stored messages: +CMGL, +CMGR, +CMGD (27.005 §3.4, §4.1 to §4.3).

use super::{Command, Device, Form, Next, Refusal, Table};
use crate::emulator::device::Outward;
use crate::emulator::storage::{Memory, Slot, Stat};
use crate::emulator::text_mode;
use crate::sms;

pub const TABLE: Table = &[("+CMGL", list), ("+CMGR", read), ("+CMGD", delete)];

fn list(d: &mut Device, c: &Command, lines: &mut Vec<String>) -> Result<Next, Refusal> {
    let text_mode = d.settings.text_mode;
    if c.form == Form::Test {
        let words = Stat::ALL.map(|stat| format!("\"{}\"", stat.word())).join(",");
        let range = if text_mode { format!("({words},\"ALL\")") } else { "(0-4)".into() };
        lines.push(format!("+CMGL: {range}"));
        return Ok(Next::Done);
    }
    d.sms_card()?;
    let args = c.args();
    let wanted = wanted(text_mode, args.text(0))?;
    // 1 in the second place lists without marking as read (a common extension).
    let keep_unread = args.number_or(1, 0)? == 1;
    let memory = d.settings.memories[0];
    for (index, slot) in d.messages(memory) {
        if wanted.is_some_and(|stat| stat != slot.stat) {
            continue;
        }
        if text_mode && memory == Memory::Broadcast {
            lines.extend(text_mode::page(&format!("+CMGL: {index},"), &slot, &d.settings));
        } else if text_mode {
            lines.extend(text_mode::listed(&slot, index, &d.settings));
        } else {
            let (stat, length) = (slot.stat.number(), slot.length(memory));
            lines.push(format!("+CMGL: {index},{stat},,{length}"));
            lines.push(sms::to_hex(&slot.pdu));
        }
        if slot.stat == Stat::Unread && !keep_unread {
            d.mark_read(memory, index);
        }
    }
    Ok(Next::Done)
}

/// Which messages a listing wants; `None` is all of them.
fn wanted(text_mode: bool, asked: Option<&str>) -> Result<Option<Stat>, Refusal> {
    let found = match asked {
        None => Some(Stat::Unread),
        Some("ALL") if text_mode => return Ok(None),
        Some("4") if !text_mode => return Ok(None),
        Some(word) if text_mode => Stat::ALL.into_iter().find(|stat| stat.word() == word),
        Some(number) => Stat::ALL.into_iter().find(|stat| stat.number().to_string() == number),
    };
    found.map(Some).ok_or(Refusal::Cms(if text_mode { 305 } else { 304 }))
}

fn index(c: &Command) -> Result<u16, Refusal> {
    let number = c.args().number(0).map_err(|_| Refusal::Cms(321))?;
    u16::try_from(number).map_err(|_| Refusal::Cms(321))
}

fn read(d: &mut Device, c: &Command, lines: &mut Vec<String>) -> Result<Next, Refusal> {
    if c.form == Form::Test {
        return Ok(Next::Done);
    }
    d.sms_card()?;
    let memory = d.settings.memories[0];
    let index = index(c)?;
    let Some(slot) = d.message(memory, index) else {
        let empty = d.has_index(memory, index);
        let silent = empty && d.profile.quirks.empty_slot_is_ok;
        return if silent { Ok(Next::Done) } else { Err(Refusal::Cms(321)) };
    };
    if d.settings.text_mode && memory == Memory::Broadcast {
        lines.extend(text_mode::page("+CMGR: ", &slot, &d.settings));
    } else if d.settings.text_mode {
        lines.extend(text_mode::read(&slot, &d.settings));
    } else {
        lines.push(format!("+CMGR: {},,{}", slot.stat.number(), slot.length(memory)));
        lines.push(sms::to_hex(&slot.pdu));
    }
    d.mark_read(memory, index);
    Ok(Next::Done)
}

fn delete(d: &mut Device, c: &Command, lines: &mut Vec<String>) -> Result<Next, Refusal> {
    let memory = d.settings.memories[0];
    if c.form == Form::Test {
        let used: Vec<_> = d.messages(memory).iter().map(|(i, _)| i.to_string()).collect();
        lines.push(format!("+CMGD: ({}),(0-4)", used.join(",")));
        return Ok(Next::Done);
    }
    d.sms_card()?;
    let flag = c.args().choice(1, &[0, 1, 2, 3, 4], 0).map_err(|_| Refusal::Cms(303))?;
    if flag == 0 {
        let index = index(c)?;
        if !d.has_index(memory, index) {
            return Err(Refusal::Cms(321));
        }
        d.remove_message(memory, index);
    } else {
        for (index, slot) in d.messages(memory) {
            let gone = match slot.stat {
                Stat::Read => true,
                Stat::Sent => flag >= 2,
                Stat::Unsent => flag >= 3,
                Stat::Unread => flag == 4,
            };
            if gone {
                d.remove_message(memory, index);
            }
        }
    }
    d.outward.push_back(Outward::Ready);
    Ok(Next::Done)
}

/// `MT` numbers the modem's slots first, the SIM's after them.
impl Device {
    fn place(&mut self, memory: Memory, index: u16) -> Option<(Memory, u16)> {
        if memory != Memory::Both {
            return Some((memory, index));
        }
        let (base, size) = (self.equipment.base, self.equipment.size);
        match index.checked_sub(base.saturating_add(size)) {
            None => Some((Memory::Equipment, index)),
            Some(rest) => Some((Memory::Sim, rest + self.storage(Memory::Sim)?.base)),
        }
    }

    pub fn message(&mut self, memory: Memory, index: u16) -> Option<Slot> {
        let (memory, index) = self.place(memory, index)?;
        self.storage(memory)?.get(index).cloned()
    }

    fn has_index(&mut self, memory: Memory, index: u16) -> bool {
        let place = self.place(memory, index);
        place.is_some_and(|(m, i)| self.storage(m).is_some_and(|s| s.has_index(i)))
    }

    fn mark_read(&mut self, memory: Memory, index: u16) {
        let Some((memory, index)) = self.place(memory, index) else { return };
        if let Some(slot) = self.storage(memory).and_then(|s| s.get_mut(index))
            && slot.stat == Stat::Unread
        {
            slot.stat = Stat::Read;
        }
    }

    pub fn mark_sent(&mut self, memory: Memory, index: u16) {
        if let Some(slot) = self.storage(memory).and_then(|s| s.get_mut(index)) {
            slot.stat = Stat::Sent;
        }
    }

    fn remove_message(&mut self, memory: Memory, index: u16) {
        if let Some((memory, index)) = self.place(memory, index)
            && let Some(storage) = self.storage(memory)
        {
            storage.remove(index);
        }
    }

    /// Everything in a storage, by index.
    pub fn messages(&mut self, memory: Memory) -> Vec<(u16, Slot)> {
        if memory == Memory::Both {
            let after = self.equipment.base + self.equipment.size;
            let base = self.sim.as_ref().map_or(0, |sim| sim.messages.base);
            let mut all = self.messages(Memory::Equipment);
            let sim = self.messages(Memory::Sim).into_iter();
            all.extend(sim.map(|(index, slot)| (index - base + after, slot)));
            return all;
        }
        let Some(storage) = self.storage(memory) else { return Vec::new() };
        let slots = storage.indexes().into_iter();
        slots.filter_map(|index| Some((index, storage.get(index)?.clone()))).collect()
    }
}
