//! Claims: who may answer, claim, take over and close (C6, C7). Policy only; that one of two
//! simultaneous claims wins is one conditional update in the store (E120).

use serde::Deserialize;

use super::facts::Thread;
use super::rules::{Line, Person, Rules};
use super::sending::Refusal;
use crate::types::words;

words!(
    /// Whether a conversation must be claimed before it is answered.
    #[derive(Default, Deserialize)]
    #[serde(rename_all = "snake_case")]
    Mode {
        /// Anybody answers.
        #[default]
        Off = "off",
        /// Anybody answers after a warning.
        Soft = "soft",
        /// Only the claimer answers.
        Strict = "strict",
    }
);

/// A line's claim policy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Policy {
    /// Off, soft or strict.
    pub mode: Mode,
    /// Participants may reply too (C7).
    pub participants_reply: bool,
}

/// What becomes of a reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It goes out; `claims` when it also claims the conversation for its author.
    Go {
        /// Nobody held it and the policy is not off.
        claims: bool,
    },
    /// The author is asked first, with this sentence.
    Ask(Refusal),
    /// It does not go out.
    No(Refusal),
}

impl Policy {
    /// The policy a new line gets: strict where people are notified, off where it is used by
    /// e-mail or relay only (C6).
    pub fn suggested(line: &Line) -> Policy {
        let mode = if line.notified.is_empty() { Mode::Off } else { Mode::Strict };
        Policy { mode, participants_reply: false }
    }

    /// An answer in the inbox: with `strict` the conversation must be claimed first (S119, S120).
    pub fn reply_in_inbox(self, thread: &Thread, who: &Person, rules: &Rules) -> Verdict {
        match (self.mode, thread.owner) {
            (Mode::Strict, None) => Verdict::No(Refusal::new(
                "claim_required",
                "Claim this conversation first, then answer.",
            )),
            _ => self.reply_from_outside(thread, who, rules),
        }
    }

    /// An answer by SMS or e-mail: claims what nobody holds (C6).
    pub fn reply_from_outside(self, thread: &Thread, who: &Person, rules: &Rules) -> Verdict {
        let Some(owner) = thread.owner else {
            return Verdict::Go { claims: self.mode != Mode::Off };
        };
        let takes_part = self.participants_reply && thread.participants.contains(&who.id);
        if self.mode == Mode::Off || owner == who.id || takes_part {
            return Verdict::Go { claims: false };
        }
        let refusal = Refusal::new(
            "claimed_by_other",
            format!("{} has this conversation. Take it over to answer.", name(rules, owner)),
        );
        if self.mode == Mode::Soft { Verdict::Ask(refusal) } else { Verdict::No(refusal) }
    }
}

/// Whether `who` may claim (S121).
pub fn may_claim(thread: &Thread, who: &Person, rules: &Rules) -> Result<(), Refusal> {
    match thread.owner {
        Some(owner) if owner != who.id => Err(Refusal::new(
            "claimed_by_other",
            format!("{} has claimed this conversation already.", name(rules, owner)),
        )),
        _ => Ok(()),
    }
}

/// Whether `who` may take the conversation from its claimer: an admin, or anybody where claims
/// are only a courtesy (C7).
pub fn may_take_over(thread: &Thread, who: &Person, rules: &Rules) -> Result<(), Refusal> {
    let strict = rules.line.claims.mode == Mode::Strict;
    let held = thread.owner.is_some_and(|owner| owner != who.id);
    match held && strict && !who.admin {
        true => Err(Refusal::new("admin_required", "Only an admin can take over a conversation.")),
        false => Ok(()),
    }
}

/// Whether `who` may close: the claimer, a participant, an admin (S126). What nobody holds,
/// anybody closes.
pub fn may_close(thread: &Thread, who: &Person, rules: &Rules) -> Result<(), Refusal> {
    let takes_part = thread.owner == Some(who.id) || thread.participants.contains(&who.id);
    match thread.owner {
        Some(owner) if !takes_part && !who.admin => Err(Refusal::new(
            "close_not_allowed",
            format!("{} has this conversation and can close it.", name(rules, owner)),
        )),
        _ => Ok(()),
    }
}

/// Whether `who` may give the conversation back: its claimer or an admin (E122).
pub fn may_release(thread: &Thread, who: &Person) -> Result<(), Refusal> {
    match thread.owner == Some(who.id) || who.admin {
        true => Ok(()),
        false => Err(Refusal::new("not_yours", "Only its claimer or an admin can release it.")),
    }
}

/// The tab of the portal in which `who` sees the conversation (S122..S125).
pub fn tab(thread: &Thread, who: super::PersonId) -> Tab {
    match thread.owner {
        _ if thread.closed => Tab::Closed,
        Some(owner) if owner != who && !thread.participants.contains(&who) => Tab::Team,
        _ => Tab::Active,
    }
}

words!(
    /// The three tabs (S116).
    Tab {
        /// Mine, ours, nobody's.
        Active = "active",
        /// Held by others.
        Team = "team",
        /// Closed.
        Closed = "closed",
    }
);

fn name(rules: &Rules, owner: super::PersonId) -> String {
    rules.person(owner).map_or_else(|| "Somebody else".to_owned(), |person| person.name.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::PersonId;

    fn person(id: i64, admin: bool) -> Person {
        Person { id: PersonId(id), name: format!("P{id}"), admin, ..Default::default() }
    }

    fn held_by(owner: i64, participants: &[i64]) -> Thread {
        let participants = participants.iter().map(|id| PersonId(*id)).collect();
        Thread { closed: false, owner: Some(PersonId(owner)), participants }
    }

    /// S119..S121, S126, C6, C7: who may do what under the strict policy.
    #[test]
    fn a_strict_claim_keeps_others_from_answering() {
        let mut rules =
            Rules { people: vec![person(1, false), person(2, false)], ..Default::default() };
        rules.line.claims.mode = Mode::Strict;
        let policy = rules.line.claims;
        let (free, held) = (Thread::default(), held_by(1, &[3]));
        let [one, two, three, admin] =
            [person(1, false), person(2, false), person(3, false), person(4, true)];
        let code = |verdict: Verdict| match verdict {
            Verdict::Go { .. } => "go",
            Verdict::Ask(refusal) | Verdict::No(refusal) => refusal.code,
        };
        assert_eq!(code(policy.reply_in_inbox(&free, &two, &rules)), "claim_required");
        assert_eq!(policy.reply_from_outside(&free, &two, &rules), Verdict::Go { claims: true });
        assert_eq!(code(policy.reply_in_inbox(&held, &one, &rules)), "go");
        assert_eq!(code(policy.reply_in_inbox(&held, &two, &rules)), "claimed_by_other");
        assert_eq!(code(policy.reply_in_inbox(&held, &three, &rules)), "claimed_by_other");
        let open = Policy { participants_reply: true, ..policy };
        assert_eq!(code(open.reply_in_inbox(&held, &three, &rules)), "go");
        assert!(may_claim(&held, &two, &rules).is_err() && may_claim(&held, &one, &rules).is_ok());
        assert!(
            may_close(&held, &three, &rules).is_ok() && may_close(&held, &admin, &rules).is_ok()
        );
        assert_eq!(may_close(&held, &two, &rules).map_err(|r| r.code), Err("close_not_allowed"));
        assert!(
            may_take_over(&held, &two, &rules).is_err()
                && may_take_over(&held, &admin, &rules).is_ok()
        );
        assert!(may_release(&held, &two).is_err() && may_release(&held, &one).is_ok());
    }

    /// S116, S122..S125: one conversation, three views.
    #[test]
    fn a_conversation_stands_in_one_tab_for_each_person() {
        let held = held_by(1, &[3]);
        let tabs = [1, 2, 3].map(|id| tab(&held, PersonId(id)));
        assert_eq!(tabs, [Tab::Active, Tab::Team, Tab::Active]);
        assert_eq!(tab(&Thread::default(), PersonId(9)), Tab::Active);
        assert_eq!(tab(&Thread { closed: true, ..held }, PersonId(1)), Tab::Closed);
    }

    /// C6: notified users make claims worth while.
    #[test]
    fn a_line_with_notified_users_starts_strict() {
        let mut line = Line::default();
        assert_eq!(Policy::suggested(&line).mode, Mode::Off);
        line.notified.push(Default::default());
        assert_eq!(Policy::suggested(&line).mode, Mode::Strict);
    }
}
