//! Messages from the network: where they lie and how the terminal is told (27.005 §3.4.1).
//!
//! The network hands over one message at a time and waits for [`Handover`]; a message routed
//! directly under `+CSMS=1` is taken only when `+CNMA` came in time.

use super::device::{Device, Outward, Task};
use super::profile::Quirks;
use super::settings::Cnmi;
use super::storage::{Memory, Slot, Stat};
use super::text_mode;
use crate::sms::cbs::CbsPage;
use crate::sms::{self, Dcs, MessageClass, Pid, Tpdu, Way};
use crate::types::Millis;

/// How the modem took a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Handover {
    Taken,
    /// Shown to the terminal; `Outward` tells what became of it.
    AwaitsTerminal,
    /// No room: TP-FCS D3, the network keeps it.
    NoRoom,
    /// No radio, no SIM, no power, or the one before is not settled.
    NotReachable,
}

/// What is under way between network and terminal.
#[derive(Debug, Default)]
pub struct Arrivals {
    awaiting: bool,
    /// Indications kept back by +CNMI mode 0.
    buffer: Vec<String>,
    full_was_said: bool,
}

/// How long the network waits for an acknowledgement (24.011, timer TR2M).
const ACK_TIME: Millis = Millis(15_000);
/// What an adapter keeps for a terminal that reads nothing (27.005 leaves the number open).
const BUFFERED: usize = 100;

impl Arrivals {
    pub fn awaits_ack(&self) -> bool {
        self.awaiting
    }

    /// Power is gone. True when a message was still to be acknowledged.
    pub fn lost_power(&mut self) -> bool {
        std::mem::take(self).awaiting
    }
}

enum Route {
    Store(Memory),
    Direct,
    Discard,
}

impl Device {
    /// A DELIVER or STATUS-REPORT with its service centre address in front.
    pub fn hand_over(&mut self, pdu: &[u8]) -> Handover {
        if self.arrivals.awaiting || !self.registered() {
            return Handover::NotReachable;
        }
        let slot = Slot { stat: Stat::Unread, pdu: pdu.to_vec() };
        let tpdu = Tpdu::decode(slot.tpdu(), Way::ToMobile);
        let report = slot.tpdu().first().is_some_and(|first| first & 0x03 == 2);
        let route = match &tpdu {
            _ if report => self.report_route(),
            // Type 0 is acknowledged and thrown away (23.040 §9.2.3.9).
            Ok(Tpdu::Deliver(deliver)) if deliver.pid == Pid::SILENT => Route::Discard,
            Ok(Tpdu::Deliver(deliver)) => self.message_route(deliver.dcs),
            _ => self.message_route(Dcs(0)),
        };
        match route {
            Route::Discard => Handover::Taken,
            Route::Store(memory) => self.store(memory, slot, report),
            Route::Direct => self.route_to_terminal(&slot, report),
        }
    }

    /// `<mt>` of +CNMI: what the SIM is to keep, and waiting indications to be kept, are stored
    /// even when the rest is routed.
    fn message_route(&self, dcs: Dcs) -> Route {
        let receive = self.settings.memories[2];
        let kept = dcs.message_waiting().is_some_and(|waiting| waiting.store);
        match (self.settings.cnmi.mt, dcs.class()) {
            _ if kept => Route::Store(receive),
            (_, Some(MessageClass::Sim)) => Route::Store(Memory::Sim),
            (2, _) | (3, Some(MessageClass::Terminal)) => Route::Direct,
            _ => Route::Store(receive),
        }
    }

    fn report_route(&self) -> Route {
        match self.settings.cnmi.ds {
            0 => Route::Discard,
            1 => Route::Direct,
            _ if self.offers(0, Memory::Reports) => Route::Store(Memory::Reports),
            _ => Route::Store(self.settings.memories[2]),
        }
    }

    fn store(&mut self, memory: Memory, slot: Slot, report: bool) -> Handover {
        let full = self.faults.full.iter().any(|name| name == memory.name());
        let shown = (self.faults.both_ways && !report).then(|| slot.clone());
        let put = self.storage(memory).filter(|_| !full).and_then(|storage| storage.put(slot));
        let Some(index) = put else {
            self.say_full(memory);
            return Handover::NoRoom;
        };
        self.arrivals.full_was_said = false;
        let Cnmi { mt, ds, .. } = self.settings.cnmi;
        let Quirks { reports_announced_as_sim, .. } = self.profile.quirks;
        let name = if report && reports_announced_as_sim { "SM" } else { memory.name() };
        match report {
            true if ds == 2 => self.indicate(format!("+CDSI: \"{name}\",{index}")),
            false if mt > 0 => self.indicate(format!("+CMTI: \"{name}\",{index}")),
            _ => {}
        }
        if let Some(slot) = shown {
            self.indicate(self.routed(&slot, report));
        }
        Handover::Taken
    }

    fn say_full(&mut self, memory: Memory) {
        if let Some(line) = self.profile.full
            && !std::mem::replace(&mut self.arrivals.full_was_said, true)
        {
            self.urc(&line.replace("{}", memory.name()));
        }
    }

    fn route_to_terminal(&mut self, slot: &Slot, report: bool) -> Handover {
        self.indicate(self.routed(slot, report));
        if self.settings.service == 1 && !self.profile.quirks.acknowledges_itself {
            self.arrivals.awaiting = true;
            self.later(ACK_TIME, Task::AckTimeout);
            return Handover::AwaitsTerminal;
        }
        Handover::Taken
    }

    /// `+CMT` or `+CDS` with what belongs to it.
    fn routed(&self, slot: &Slot, report: bool) -> String {
        let name = if report { "+CDS" } else { "+CMT" };
        match text_mode::routed(&slot.pdu, &self.settings) {
            Some(line) if self.settings.text_mode => line,
            _ => {
                let (comma, octets) = (if report { "" } else { "," }, slot.tpdu().len());
                format!("{name}: {comma}{octets}\r\n{}", sms::to_hex(&slot.pdu))
            }
        }
    }

    fn indicate(&mut self, line: String) {
        if self.faults.silent_arrivals {
            return;
        }
        if self.settings.cnmi.mode > 0 {
            return self.urc(&line);
        }
        if self.arrivals.buffer.len() == BUFFERED {
            self.arrivals.buffer.remove(0);
        }
        self.arrivals.buffer.push(line);
    }

    /// A cell broadcast page (23.041 §9.4.1.2).
    pub fn broadcast(&mut self, page: &[u8]) {
        let channel = page.get(2..4).map_or(0, |id| u16::from_be_bytes([id[0], id[1]]));
        if !self.registered() || !self.listens_to(channel) {
            return;
        }
        let class = CbsPage::decode(page).ok().and_then(|page| page.dcs.class());
        let terminal = class == Some(MessageClass::Terminal);
        match self.settings.cnmi.bm {
            2 => self.route_page(page),
            3 if terminal => self.route_page(page),
            1 | 3 => {
                let slot = Slot { stat: Stat::Unread, pdu: page.to_vec() };
                if let Some(index) = self.broadcasts.put(slot) {
                    self.indicate(format!("+CBMI: \"BM\",{index}"));
                }
            }
            _ => {}
        }
    }

    fn route_page(&mut self, page: &[u8]) {
        let text = text_mode::routed_page(page, &self.settings);
        let line = text.filter(|_| self.settings.text_mode);
        let pdu = || format!("+CBM: {}\r\n{}", page.len(), sms::to_hex(page));
        self.indicate(line.unwrap_or_else(pdu));
    }

    /// Whether +CSCB takes the channel: listed and accepted, or not listed and not rejected.
    fn listens_to(&self, channel: u16) -> bool {
        let (mode, ids, _) = &self.settings.broadcast;
        let listed = ids.split(',').any(|range| {
            let (low, high) = range.split_once('-').unwrap_or((range, range));
            let (low, high) = (low.trim().parse::<u16>(), high.trim().parse::<u16>());
            matches!((low, high), (Ok(low), Ok(high)) if (low..=high).contains(&channel))
        });
        listed == (*mode == 0)
    }

    /// +CNMI was set; what was buffered comes out or is dropped, as its last parameter says.
    pub fn set_indications(&mut self, cnmi: Cnmi) {
        self.settings.cnmi = cnmi;
        if cnmi.mode > 0 {
            let buffered = std::mem::take(&mut self.arrivals.buffer);
            if cnmi.bfr == 0 {
                buffered.iter().for_each(|line| self.urc(line));
            }
        }
        self.outward.push_back(Outward::Ready);
    }

    /// +CNMA came.
    pub fn acknowledged(&mut self, positive: bool) {
        self.arrivals.awaiting = false;
        self.forget(&Task::AckTimeout);
        let word = if positive { Outward::Acknowledged } else { Outward::Unacknowledged };
        self.outward.push_back(word);
    }

    /// +CNMA did not come: nothing is routed to this terminal any more (27.005 §3.4.4).
    pub fn ack_missing(&mut self) {
        self.arrivals.awaiting = false;
        self.settings.cnmi.mt = 0;
        self.settings.cnmi.ds = 0;
        self.outward.push_back(Outward::Unacknowledged);
    }
}
