//! The conversation engine: one inbound text, the rules and the facts go in; actions and the
//! reasons for them come out.
//!
//! [`decide`] has no effect. The intake stores the message and the actions in one transaction, and
//! a rehearsal ("what would happen?") calls the same function and stores nothing. Time and entropy
//! are an argument ([`Moment`]); what the past has left behind is an argument too ([`Facts`]).
//!
//! Begin with [`ORDER`]: the list is the precedence. Each step is a file in `steps`. What may leave
//! the gateway is the other door: [`sending::may_send`] is asked on every path, at acceptance and
//! again at the hand-over to the modem.
//!
//! Deliberately absent: octets and segments (`sms`), mail syntax (`email`), channels (`notify`),
//! rows (`store`), and an assistant: its place in the order is kept, between welcome and away.

pub mod action;
pub mod bulk;
mod case;
pub mod claim;
pub mod consent;
mod draft;
pub mod facts;
pub mod hours;
mod inbound;
pub mod keyword;
mod length;
pub mod limits;
pub mod lint;
mod normal;
pub mod prompt;
pub mod quiet;
mod read;
pub mod relay;
pub mod routing;
pub mod rules;
pub mod sending;
mod steps;
pub mod template;
pub mod texts;

pub use action::{Action, Decision, TraceLine};
pub use case::Moment;
pub use facts::Facts;
pub use inbound::{Inbound, Seen};
pub use rules::{PersonId, PromptId, RuleId, Rules};

use case::Case;
use draft::Draft;

/// Decides what one inbound text leads to. The same arguments give the same decision.
pub fn decide(inbound: &Inbound, rules: &Rules, facts: &Facts, moment: Moment) -> Decision {
    let case = Case::new(inbound, rules, facts, moment);
    let mut draft = Draft::default();
    for step in ORDER {
        draft.enter(step.name);
        if (step.run)(&case, &mut draft) == Flow::Stop {
            break;
        }
    }
    draft.decision()
}

/// One step of the decision.
pub struct Step {
    /// The name shown in the trace.
    pub name: &'static str,
    /// What it settles, in one line.
    pub settles: &'static str,
    run: fn(&Case<'_>, &mut Draft) -> Flow,
}

/// Whether later steps look at the message too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flow {
    Continue,
    Stop,
}

/// The steps in the order they run. At most one of them answers the sender (C12).
pub const ORDER: &[Step] = &[
    Step { name: "repeat", settles: "the same SMS delivered again", run: steps::repeat },
    Step { name: "loop guard", settles: "machines that answer machines", run: steps::loop_guard },
    Step { name: "recipient", settles: "answers and commands of staff", run: steps::recipient },
    Step { name: "opt-out", settles: "STOP and its family", run: steps::opt_out },
    Step { name: "opt-in", settles: "START and JOIN", run: steps::opt_in },
    Step { name: "help", settles: "HELP", run: steps::help },
    Step { name: "prompt", settles: "answers to an open question", run: steps::open_prompt },
    Step { name: "keyword", settles: "rules of words and patterns", run: steps::keyword },
    Step { name: "thread", settles: "badge, reopening, flags", run: steps::thread },
    Step { name: "relay", settles: "the response recipient's phone", run: steps::relay },
    Step { name: "e-mail", settles: "the addresses that get it", run: steps::email },
    Step { name: "notify", settles: "the users told about it", run: steps::notify },
    Step { name: "welcome", settles: "the first text of a new sender", run: steps::welcome },
    // An assistant would stand here: after the welcome, before the away text (C12, C13).
    Step { name: "away", settles: "texts outside business hours", run: steps::away },
];
