//! Other people's programs against the emulated modem, on ptys as they would find a real one.
//!
//! Each identifies the modem, takes texts, sends texts, sees its delivery reports and comes back
//! after the modem was unplugged once. What is not installed is skipped and says so:
//! `tests/install.sh` installs all of it. Twenty single texts go each way, and four in three
//! parts; `SIMGATE_PEER_TEXTS=100`, as in the gate, makes it a hundred and twenty.

mod emulation;
mod gammu;
mod gammu_smsd;
mod peer;
mod ptys;
mod smstools;
