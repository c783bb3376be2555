//! Calls, as far as a message gateway meets them: who rings, and how to hang up (27.007 §6, §7).

use super::super::command::Command;
use super::super::info::{Info, ParseError};
use super::super::line::AtLine;
use super::general::settings;
use crate::types::Millis;

settings! {
    /// `AT+CLIP=1`: tell who is calling.
    ShowCaller "+CLIP=1" 5;
    /// `AT+CRC=0`: a call is announced by `RING` alone.
    PlainRing "+CRC=0" 5;
    /// `ATH`: hang up (V.250 §6.3.6).
    HangUp "H" 20;
    /// `AT+CHUP`: hang up, for modems on which `ATH` does nothing to a voice call (27.007 §6.5).
    HangUpVoice "+CHUP" 20;
}
