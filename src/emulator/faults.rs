//! What goes wrong, as data: read from a scenario or set over the control API, always seeded.
//!
//! [`Faults`] is a plan for one modem. Plain fields disturb the line as such; [`Rule`]s single out
//! commands. Start reading at [`Effect`]. Nothing here acts: `wire` spoils bytes, `device` obeys rules.

use serde::Deserialize;

/// The fault plan of one modem. The default is a modem without fault.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Faults {
    /// The same seed spoils the same bytes.
    pub seed: u64,
    /// Probability that a byte towards the terminal is lost.
    pub lost: f64,
    /// Probability that one bit of a byte towards the terminal flips.
    pub flipped: f64,
    /// Offsets of bytes to lose, counted from when the plan was set.
    pub lost_at: Vec<u64>,
    /// Offsets of bytes to flip.
    pub flipped_at: Vec<u64>,
    /// Answers leave in pieces of at most this many bytes; 0 sends them whole.
    pub split: usize,
    /// Time between two pieces.
    pub split_gap_ms: u64,
    /// Every answer comes this much later …
    pub latency_ms: u64,
    /// … plus up to this much, by the seed.
    pub jitter_ms: u64,
    /// The echo comes back on by itself before every n-th command line; 0 never.
    pub echo_back_every: u64,
    /// Bytes written before the answer to every n-th command line.
    pub garbage: Garbage,
    /// A line said again and again: `^RSSI:17`, `RING`.
    pub chatter: Chatter,
    /// The modem takes everything and answers nothing until the plan changes.
    pub hang: bool,
    /// The modem restarts instead of taking the n-th byte from the terminal.
    pub reset_at_received: Option<u64>,
    /// The modem restarts after its n-th byte to the terminal.
    pub reset_at_sent: Option<u64>,
    /// A restart also makes the port vanish, as USB modems do.
    pub reset_unplugs: bool,
    /// The plan ends when the modem starts anew, as what is wrong inside a modem does.
    pub restart_cures: bool,
    /// Storages that say they are full (`SM`, `ME`).
    pub full: Vec<String>,
    /// No `+CMTI`, `+CDSI`, `+CMT`: messages arrive silently.
    pub silent_arrivals: bool,
    /// A message that is stored and announced is shown directly as well.
    pub both_ways: bool,
    /// The network hands over every n-th message twice; 0 never.
    pub duplicate_every: u64,
    /// The network takes a submit but the message goes nowhere.
    pub lost_on_air: bool,
    /// Rules for single commands; the first that fits counts.
    pub rules: Vec<Rule>,
}

/// Noise such as a wrong baud rate makes.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Garbage {
    /// Before every n-th command line; 0 never.
    pub every: u64,
    /// How many bytes.
    pub bytes: usize,
    /// Only NUL bytes instead of seeded ones.
    pub nul: bool,
}

/// A repeated unsolicited line.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Chatter {
    /// What is said. Empty: nothing.
    pub text: String,
    /// How often.
    pub every_ms: u64,
    /// Also while a command runs, between the lines of its answer.
    pub inside: bool,
}

/// One command singled out.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// The command as it begins in upper case: `+CMGS`, `+CPMS?`, `E=0`; empty fits every one.
    #[serde(default)]
    pub on: String,
    /// Let this many pass first.
    #[serde(default)]
    pub skip: u64,
    /// Then act this many times; left out: always.
    #[serde(default)]
    pub times: Option<u64>,
    /// What happens.
    pub effect: Effect,
}

/// What a rule does to a command.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// `+CMS ERROR: n`, nothing done. On `+CMGS`: after the PDU, as a network refuses.
    Cms(u16),
    /// `+CME ERROR: n`, nothing done.
    Cme(u16),
    /// These bytes are the whole answer, nothing done: `"\r\nCOMMAND NOT SUPPORT\r\n"`.
    Says(String),
    /// The work is done, but the answer is this refusal: the message went out all the same.
    DoneButCms(u16),
    /// `OK`, nothing done: `+CMGD` that deletes nothing, `+CMGS` that sends nothing.
    OnlySaysOk,
    /// Done, and the information lines are missing.
    WithoutLines,
    /// Done, and the final result is missing.
    WithoutResult,
    /// Done, and no answer at all.
    NoAnswer,
    /// Done, and the answer comes this much later.
    LateMs(u64),
    /// Done, and the answer comes twice.
    Twice,
    /// An unsolicited line between the lines of the answer, or before its result.
    UrcInside(String),
    /// An unsolicited line between prompt and PDU.
    UrcAfterPrompt(String),
    /// The prompt never comes.
    NoPrompt,
    /// From here on nothing is answered until the plan changes.
    Hang,
    /// The modem restarts instead of answering; a PDU has gone out by then.
    Reset,
    /// The port vanishes instead of an answer; a PDU has gone out by then.
    Unplug,
}

/// The rules of a plan with what is left of each.
#[derive(Clone, Debug, Default)]
pub struct Armed {
    rules: Vec<(Rule, u64)>,
}

impl Armed {
    pub fn new(faults: &Faults) -> Self {
        Self { rules: faults.rules.iter().map(|rule| (rule.clone(), 0)).collect() }
    }

    /// The effect on this command. Counts, so ask once.
    pub fn meet(&mut self, command: &str) -> Option<Effect> {
        for (rule, seen) in &mut self.rules {
            if !command.starts_with(&rule.on) {
                continue;
            }
            *seen += 1;
            let turn = seen.saturating_sub(rule.skip);
            if turn > 0 && rule.times.is_none_or(|times| turn <= times) {
                return Some(rule.effect.clone());
            }
        }
        None
    }
}
