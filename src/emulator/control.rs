//! What a test or a person does to the world: the methods behind the control API.

use super::device::{Device, Parts, Power};
use super::faults::Faults;
use super::handset::{Handset, Phone};
use super::network::{Network, Submitted};
use super::profile;
use super::radio::{Operator, Radio};
use super::recording::Recording;
use super::scenario::{ModemScenario, Scenario, ScenarioError};
use super::sim::{Lock, Sim};
use super::storage::{Memory, Storage};
use super::ussd::Menu;
use super::world::World;
use crate::sms::{self, Address};
use crate::types::{Millis, UnixTime};

/// Why something could not be done to the world.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ControlError {
    /// No modem of that index.
    #[error("there is no modem {0}")]
    NoModem(usize),
    /// It has no SIM.
    #[error("modem {0} has no SIM")]
    NoSim(usize),
    /// Nothing with that reference was submitted.
    #[error("modem {modem} submitted nothing with reference {reference}")]
    NoSubmit {
        /// Which modem.
        modem: usize,
        /// TP-MR.
        reference: u8,
    },
    /// Not a number, text or PDU the network could carry.
    #[error("{0}")]
    Invalid(String),
}

/// A modem as an onlooker sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModemFacts {
    /// Its place in the world.
    pub index: usize,
    /// Name of the link to its pty.
    pub link: String,
    /// Path of the pty, when a shell has made one.
    pub pty: Option<String>,
    /// Family.
    pub profile: &'static str,
    /// The device.
    pub imei: String,
    /// The card in it.
    pub sim: Option<SimFacts>,
    /// Whether its port is there.
    pub plugged: bool,
    /// +CSQ.
    pub signal: u8,
    /// `<stat>` of +CREG.
    pub registration: u8,
    /// The long name.
    pub operator: String,
    /// Messages left to pay for.
    pub credit: Option<u32>,
    /// Used and all slots of each storage, by name.
    pub storages: Vec<(&'static str, u16, u16)>,
    /// Messages in the network that wait for this SIM.
    pub waiting: usize,
}

/// A card as an onlooker sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SimFacts {
    /// The card.
    pub iccid: String,
    /// The subscription.
    pub imsi: String,
    /// Its number.
    pub number: String,
    /// PIN and PUK tries left.
    pub tries: (u8, u8),
}

/// What can be changed about a modem while it runs; `None` leaves a thing as it is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ModemChange {
    /// +CSQ.
    pub signal: Option<u8>,
    /// `<stat>` of +CREG.
    pub registration: Option<u8>,
    /// Access technology.
    pub technology: Option<u8>,
    /// Names of the operator: long, short, code.
    pub operator: Option<Operator>,
    /// Whether a SIM is in the slot.
    pub sim_inserted: Option<bool>,
    /// A new PIN that the SIM asks for from the next power-on; empty: it asks for none.
    pub pin: Option<String>,
    /// The service centre stored on the SIM.
    pub smsc: Option<String>,
    /// Messages left to pay for; `Some(None)` is without limit.
    pub credit: Option<Option<u32>>,
}

impl World {
    /// Builds the world a scenario describes, switched on at tick 0.
    ///
    /// `start` is the wall clock then, unless the scenario says another.
    pub fn new(scenario: Scenario, start: UnixTime) -> Result<World, ScenarioError> {
        let start = match &scenario.start {
            Some(text) => {
                UnixTime::parse_rfc3339(text).ok_or_else(|| ScenarioError::Start(text.clone()))?
            }
            None => start,
        };
        let network = Network::new(scenario.network, scenario.phones);
        let mut modems: Vec<(Device, String, bool)> = Vec::new();
        for (index, modem) in scenario.modems.into_iter().enumerate() {
            let link = modem.link.clone().unwrap_or_else(|| format!("modem{index}"));
            let plugged = modem.plugged;
            let device = device(index, modem, &network)?;
            let number = device.sim.as_ref().map(|sim| sim.number.clone());
            let numbers = modems.iter().filter_map(|(d, ..)| d.sim.as_ref());
            if let Some(twice) =
                numbers.map(|sim| &sim.number).find(|n| Some(*n) == number.as_ref())
            {
                return Err(ScenarioError::SameNumber(twice.clone()));
            }
            modems.push((device, link, plugged));
        }
        Ok(World::build(network, modems, start))
    }

    /// From now on this modem repeats a recording; it has no SIM and no network.
    pub fn replay(&mut self, index: usize, recording: Recording) -> Result<(), ControlError> {
        let now = self.now;
        let socket = self.modems.get_mut(index).ok_or(ControlError::NoModem(index))?;
        socket.device.now = now;
        socket.device.replay(recording);
        Ok(())
    }

    /// How many modems there are.
    pub fn modems(&self) -> usize {
        self.modems.len()
    }

    /// One modem as it is now.
    pub fn modem(&mut self, index: usize) -> Result<ModemFacts, ControlError> {
        let now = self.now;
        let socket = self.modems.get_mut(index).ok_or(ControlError::NoModem(index))?;
        let (link, pty, plugged) = (socket.link.clone(), socket.terminal.clone(), socket.plugged);
        let device = &mut socket.device;
        device.now = now;
        let sim = device.sim.as_ref().map(|sim| SimFacts {
            iccid: sim.iccid.clone(),
            imsi: sim.imsi.clone(),
            number: sim.number.clone(),
            tries: (sim.pin.tries, sim.pin.puk_tries),
        });
        let stored = [Memory::Sim, Memory::Equipment, Memory::Reports, Memory::Broadcast];
        let storages = stored
            .into_iter()
            .filter_map(|memory| {
                let storage = device.storage(memory)?;
                Some((memory.name(), storage.used(), storage.size))
            })
            .collect();
        let waiting = sim.as_ref().map_or(0, |sim| self.network.waiting_for(&sim.number));
        let registration = device.registration().into_iter().max().unwrap_or(0);
        Ok(ModemFacts {
            index,
            link,
            pty,
            profile: device.profile.name,
            imei: device.imei.clone(),
            sim,
            plugged,
            signal: device.radio.signal,
            registration,
            operator: device.radio.operator.long.clone(),
            credit: device.credit,
            storages,
            waiting,
        })
    }

    fn device(&mut self, index: usize) -> Result<&mut Device, ControlError> {
        let now = self.now;
        let socket = self.modems.get_mut(index).ok_or(ControlError::NoModem(index))?;
        socket.device.now = now;
        Ok(&mut socket.device)
    }

    fn number_of(&mut self, index: usize) -> Result<String, ControlError> {
        let socket = self.modems.get(index).ok_or(ControlError::NoModem(index))?;
        let sim = socket.device.sim.as_ref().or(socket.drawer.as_ref());
        sim.map(|sim| sim.number.clone()).ok_or(ControlError::NoSim(index))
    }

    /// The network delivers a text to this SIM. Returns in how many segments.
    pub fn text_to(&mut self, modem: usize, from: &str, text: &str) -> Result<usize, ControlError> {
        let to = self.number_of(modem)?;
        let digits = from.chars().all(|c| c.is_ascii_digit() || "+*#".contains(c));
        let address = if digits { Address::number_of(from) } else { Address::name_of(from) };
        let address = address.map_err(|error| ControlError::Invalid(error.to_string()))?;
        let moment = self.moment();
        let handset = self.network.handset(from);
        handset.reference = handset.reference.wrapping_add(1);
        let reference = handset.reference;
        let sent = self.network.text(moment, address, &to, text, reference, true);
        self.settle();
        sent.map_err(ControlError::Invalid)
    }

    /// The network delivers a PDU to this SIM as it is, sound or not.
    pub fn pdu_to(&mut self, modem: usize, hex: &str) -> Result<(), ControlError> {
        let to = self.number_of(modem)?;
        let pdu = sms::from_hex(hex).map_err(|error| ControlError::Invalid(error.to_string()))?;
        let moment = self.moment();
        self.network.inject(moment, &to, pdu, Millis(0));
        self.settle();
        Ok(())
    }

    /// SUBMITs the network took from a modem, after the one numbered `after`.
    pub fn submitted(&self, modem: usize, after: u64) -> impl Iterator<Item = &Submitted> {
        self.network.submitted.iter().filter(move |s| s.modem == modem && s.seq > after)
    }

    /// A status report for the latest submit with that reference.
    pub fn report(
        &mut self,
        modem: usize,
        reference: u8,
        status: u8,
        delay: Millis,
    ) -> Result<(), ControlError> {
        let number = self.number_of(modem)?;
        let all = self.network.submitted.iter().rev();
        let found = all.filter(|s| s.modem == modem).find(|s| s.reference == reference).cloned();
        let submitted = found.ok_or(ControlError::NoSubmit { modem, reference })?;
        let moment = self.moment();
        self.network.report(moment, &number, &submitted, status, delay);
        self.settle();
        Ok(())
    }

    /// Replaces the fault plan of a modem.
    pub fn set_faults(&mut self, modem: usize, faults: Faults) -> Result<(), ControlError> {
        self.device(modem)?.set_faults(faults);
        self.settle();
        Ok(())
    }

    /// Pulls a modem out.
    pub fn pull(&mut self, modem: usize) -> Result<(), ControlError> {
        self.device(modem)?;
        self.unplug(modem);
        self.settle();
        Ok(())
    }

    /// Puts a modem back, under another link name if given.
    pub fn put_back(&mut self, modem: usize, link: Option<String>) -> Result<(), ControlError> {
        self.device(modem)?;
        if let Some(link) = link {
            self.modems[modem].link = link;
        }
        self.plug(modem);
        self.settle();
        Ok(())
    }

    /// Changes what a modem or its SIM is like.
    pub fn change(&mut self, modem: usize, change: ModemChange) -> Result<(), ControlError> {
        let device = self.device(modem)?;
        let radio = &mut device.radio;
        radio.signal = change.signal.unwrap_or(radio.signal);
        radio.stat = change.registration.unwrap_or(radio.stat);
        radio.technology = change.technology.unwrap_or(radio.technology);
        radio.operator = change.operator.unwrap_or(radio.operator.clone());
        device.credit = change.credit.unwrap_or(device.credit);
        if let Some(sim) = &mut device.sim {
            sim.smsc = change.smsc.unwrap_or(sim.smsc.clone());
            if let Some(pin) = change.pin {
                let asks = !pin.is_empty();
                sim.pin = Lock::verified(&pin, "12345678", asks);
            }
        }
        if let Some(inserted) = change.sim_inserted {
            self.insert_sim(modem, inserted);
        }
        self.settle();
        self.changed();
        Ok(())
    }

    fn insert_sim(&mut self, modem: usize, inserted: bool) {
        let socket = &mut self.modems[modem];
        match (inserted, socket.device.sim.is_some()) {
            (false, true) => {
                socket.device.unacknowledged();
                socket.drawer = socket.device.sim.take();
            }
            (true, false) => {
                socket.device.sim = socket.drawer.take();
                if let Some(sim) = &mut socket.device.sim {
                    sim.pin.power_off();
                }
            }
            _ => return,
        }
        if socket.device.power == Power::On {
            let busy = socket.device.profile.sim_busy;
            socket.device.start_sim(busy);
        }
    }

    /// Moves the SIM of one modem into another, whose own goes the other way.
    pub fn swap_sims(&mut self, one: usize, other: usize) -> Result<(), ControlError> {
        self.device(one)?;
        self.device(other)?;
        for modem in [one, other] {
            self.insert_sim(modem, false);
        }
        let held = self.modems[one].drawer.take();
        self.modems[one].drawer = std::mem::replace(&mut self.modems[other].drawer, held);
        for modem in [one, other] {
            self.insert_sim(modem, true);
        }
        self.settle();
        Ok(())
    }

    /// Somebody calls a modem. False when it is busy or not reachable.
    pub fn ring(&mut self, modem: usize, from: &str) -> Result<bool, ControlError> {
        let rings = self.device(modem)?.ring(from);
        self.settle();
        Ok(rings)
    }

    /// The caller gives up.
    pub fn hang_up(&mut self, modem: usize) -> Result<(), ControlError> {
        self.device(modem)?.caller_hangs_up();
        self.settle();
        Ok(())
    }

    /// The network sends a USSD text by itself.
    pub fn ussd(&mut self, modem: usize, text: &str) -> Result<(), ControlError> {
        self.device(modem)?.ussd_push(text);
        self.settle();
        Ok(())
    }

    /// A cell broadcast page of 88 octets.
    pub fn cell_broadcast(&mut self, modem: usize, hex: &str) -> Result<(), ControlError> {
        let page = sms::from_hex(hex).map_err(|error| ControlError::Invalid(error.to_string()))?;
        self.device(modem)?.broadcast(&page);
        self.settle();
        Ok(())
    }

    /// The modem says a line by itself.
    pub fn say(&mut self, modem: usize, line: &str) -> Result<(), ControlError> {
        self.device(modem)?.urc(line);
        self.settle();
        Ok(())
    }

    /// All handsets, by number.
    pub fn handsets(&self) -> impl Iterator<Item = &Handset> {
        self.network.handsets.values()
    }

    /// The handset of that number.
    pub fn handset(&self, number: &str) -> Option<&Handset> {
        self.network.handsets.get(&self.network.normal(number))
    }

    /// A person types a text on a handset. Returns in how many segments it went.
    pub fn text_from(&mut self, number: &str, to: &str, text: &str) -> Result<usize, ControlError> {
        let number = self.network.normal(number);
        let to_sim = self.is_sim(&self.network.normal(to));
        let moment = self.moment();
        let sent = self.network.write(moment, &number, to, text, to_sim);
        self.settle();
        self.changed();
        sent.map_err(ControlError::Invalid)
    }

    /// Sets what a handset is like, making it when it is not there.
    pub fn set_phone(&mut self, phone: Phone) {
        let number = self.network.normal(&phone.number);
        let on = phone.on;
        self.network.handset(&number).phone = Phone { number: number.clone(), ..phone };
        if on {
            let moment = self.moment();
            self.network.switched_on(moment, &number);
        }
        self.settle();
        self.changed();
    }

    /// Messages stored in a modem: storage, index and PDU.
    pub fn stored(
        &mut self,
        modem: usize,
    ) -> Result<Vec<(&'static str, u16, String)>, ControlError> {
        let device = self.device(modem)?;
        let mut all = Vec::new();
        for memory in [Memory::Sim, Memory::Equipment, Memory::Reports] {
            let slots = device.messages(memory).into_iter();
            all.extend(slots.map(|(index, slot)| (memory.name(), index, sms::to_hex(&slot.pdu))));
        }
        Ok(all)
    }
}

fn device(
    index: usize,
    scenario: ModemScenario,
    network: &Network,
) -> Result<Device, ScenarioError> {
    let profile = profile::find(&scenario.profile)
        .ok_or_else(|| ScenarioError::Profile(scenario.profile.clone()))?;
    let slots = &profile.slots;
    let sizes = scenario.storage;
    let base = sizes.base.unwrap_or(slots.base);
    let card = scenario.sim;
    let sim = card.inserted.then(|| {
        let mut pin = Lock::new(card.pin.as_deref().unwrap_or(""), &card.puk, card.pin.is_some());
        pin.tries = card.tries;
        Sim {
            iccid: card.iccid.unwrap_or_else(|| format!("899994200000000{index:04}")),
            imsi: card.imsi.unwrap_or_else(|| format!("99942000000{index:04}")),
            number: card.number.unwrap_or_else(|| format!("+447700900{:03}", 100 + index)),
            tells_number: card.tells_number,
            smsc: card.smsc.unwrap_or_else(|| network.settings.smsc.clone()),
            messages: Storage::new(sizes.sim.unwrap_or(slots.sim), base),
            reference: 0,
            pin,
            phonebook: Vec::new(),
        }
    });
    let radio = Radio {
        signal: scenario.signal,
        stat: scenario.registration,
        technology: scenario.technology,
        packet_only: scenario.packet_only,
        operator: scenario.operator.map_or_else(|| Radio::default().operator, Operator::from),
        ..Radio::default()
    };
    Ok(Device::new(Parts {
        profile,
        imei: scenario.imei.unwrap_or_else(|| imei(index)),
        sim,
        equipment: Storage::new(sizes.equipment.unwrap_or(slots.equipment), base),
        reports: Storage::new(sizes.reports.unwrap_or(slots.reports), base),
        radio,
        faults: scenario.faults,
        credit: scenario.credit,
        keeps_reference: scenario.keeps_reference,
        reference_always_zero: scenario
            .reference_always_zero
            .unwrap_or(profile.quirks.reference_always_zero),
        baud: scenario.baud,
        ussd_codes: scenario.ussd.unwrap_or_else(Menu::standard),
        zone: network.settings.zone,
    }))
}

/// A test IMEI with a sound check digit (23.003 annex B).
fn imei(index: usize) -> String {
    let body = format!("00440123{:06}", index % 1_000_000);
    let sum: u32 = body
        .bytes()
        .enumerate()
        .map(|(i, digit)| {
            let value = u32::from(digit - b'0') * (1 + i as u32 % 2);
            value / 10 + value % 10
        })
        .sum();
    format!("{body}{}", (10 - sum % 10) % 10)
}
