//! Emulated modems with SIMs, one network between them, and handsets: the other end of the cable.
//!
//! Bytes as a terminal writes them, time, and a person's or test's doings go in; bytes as modems
//! answer, and plugs pulled and put back, come out. Faults are data and seeded, so that the same
//! scenario and the same input give the same output.
//!
//! Absent on purpose: ports, ptys, clocks, HTTP (`io::emulated` and `web::control` have them), and
//! everything the gateway's driver thinks about modems. Command lines are parsed here by a parser
//! of its own, so that a misunderstanding of the driver is not mirrored; `at` lends its error texts
//! and `sms` its codec.
//!
//! Begin with [`World`], its inputs and outputs. Then `session` (bytes to commands to answers),
//! `commands` (what each does), `deliver` (messages coming in), `network` (between modems), and
//! [`Faults`] for what goes wrong. Families are `profile`s. [`Scenario`] is how a world is described.
//!
//! Specifications: ITU-T V.250; 3GPP TS 27.005 and 27.007.

mod args;
mod calls;
mod charset;
mod command;
mod commands;
mod control;
mod deliver;
mod device;
pub mod dialogue;
mod faults;
mod handset;
mod network;
mod profile;
mod radio;
mod random;
mod recording;
mod reply;
mod scenario;
mod session;
mod settings;
mod shared;
mod sim;
mod storage;
mod submit;
mod text_mode;
mod ussd;
mod wire;
mod world;

pub use control::{ControlError, ModemChange, ModemFacts, SimFacts};
pub use faults::{Chatter, Effect, Faults, Garbage, Rule};
pub use handset::{Handset, HandsetText, Phone};
pub use network::{Network, NetworkSettings, Submitted, Unknown};
pub use radio::Operator;
pub use recording::Recording;
pub use scenario::{
    ModemScenario, OperatorScenario, Scenario, ScenarioError, SimScenario, StorageScenario,
};
pub use shared::Shared;
pub use ussd::{Encoding, Menu};
pub use world::{Input, Output, World};

/// The families there are, by the names a scenario uses.
pub fn profiles() -> impl Iterator<Item = &'static str> {
    profile::ALL.iter().map(|profile| profile.name)
}
