//! Which response code a customer gets (S11, S12, E4, E5).

use std::collections::BTreeSet;

use crate::engine::consent::Standing;
use crate::engine::facts::{LastOutbound, Thread};
use crate::engine::rules::PersonId;
use crate::types::{Millis, Number, UnixTime};

/// A response code of one (recipient, line), and what its customer's conversation is like.
#[derive(Clone, Debug)]
pub struct Code {
    /// The figure after the `@`.
    pub code: u32,
    /// Whom it stands for now.
    pub customer: Number,
    /// What the address book calls them; empty when unknown.
    pub name: String,
    /// When it was given to this customer.
    pub issued: UnixTime,
    /// The last relay or answer with it.
    pub last_used: UnixTime,
    /// Another customer had it before.
    pub recycled: bool,
    /// Their conversation.
    pub thread: Thread,
    /// Their consent.
    pub standing: Standing,
    /// The last message to them.
    pub last_outbound: Option<LastOutbound>,
    /// What staff wrote to them last, if that was after their last message (E33).
    pub answered_by: Option<Answer>,
    /// The last lines of the conversation, oldest first, each with who wrote it (E14).
    pub last_lines: Vec<String>,
}

/// An answer that a customer has had already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Who wrote it, where that is somebody we know.
    pub person: Option<PersonId>,
    /// What they are called.
    pub name: String,
    /// When.
    pub at: UnixTime,
    /// Their words.
    pub text: String,
}

impl Code {
    /// A code just issued.
    pub fn new(code: u32, customer: Number, now: UnixTime) -> Self {
        Self {
            code,
            customer,
            name: String::new(),
            issued: now,
            last_used: now,
            recycled: false,
            thread: Thread::default(),
            standing: Standing::default(),
            last_outbound: None,
            answered_by: None,
            last_lines: Vec::new(),
        }
    }

    /// Whether it still stands for its customer.
    pub fn is_alive(&self, now: UnixTime, cool_down: Millis) -> bool {
        now.since(self.last_used) < cool_down
    }

    /// The name, else the number.
    pub fn called(&self) -> String {
        let name = super::plain_name(&self.name);
        if name.is_empty() { self.customer.to_string() } else { name }
    }
}

/// What [`draw`] chose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Draw {
    /// The customer has it already, alive or not yet given away (E5).
    Same(u32),
    /// Never used before.
    New(u32),
    /// Somebody else's, unused for longer than the cool-down.
    Recycled(u32),
}

impl Draw {
    /// The code.
    pub fn code(self) -> u32 {
        match self {
            Draw::Same(code) | Draw::New(code) | Draw::Recycled(code) => code,
        }
    }
}

/// The code for `customer` among those of (recipient, line): its own; else an unused one of three
/// digits; else the one unused for longest, if its cool-down is over; else one of four digits.
pub fn draw(
    codes: &[Code],
    customer: &Number,
    now: UnixTime,
    cool_down: Millis,
    entropy: u64,
) -> Draw {
    if let Some(own) = codes.iter().find(|code| code.customer == *customer) {
        return Draw::Same(own.code);
    }
    let used: BTreeSet<u32> = codes.iter().map(|code| code.code).collect();
    if let Some(code) = unused(&used, 100, 999, entropy) {
        return Draw::New(code);
    }
    let dead = codes.iter().filter(|code| !code.is_alive(now, cool_down));
    if let Some(oldest) = dead.min_by_key(|code| (code.last_used, code.code)) {
        return Draw::Recycled(oldest.code);
    }
    let longer = [(1_000, 9_999), (10_000, 99_999)];
    let new = longer.iter().find_map(|(from, to)| unused(&used, *from, *to, entropy));
    // A recipient with a hundred thousand live customers shares the newest code's successor.
    Draw::New(new.unwrap_or_else(|| used.last().map_or(100_000, |code| code.saturating_add(1))))
}

fn unused(used: &BTreeSet<u32>, from: u32, to: u32, entropy: u64) -> Option<u32> {
    let taken = used.range(from..=to).count();
    let free = usize::try_from(to - from + 1).unwrap_or(0) - taken;
    if free == 0 {
        return None;
    }
    let nth = usize::try_from(entropy % u64::try_from(free).ok()?).ok()?;
    (from..=to).filter(|code| !used.contains(code)).nth(nth)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::relay::A_DAY;

    const COOL_DOWN: Millis = Millis(30 * A_DAY.0);

    fn number(n: u32) -> Number {
        Number::E164(format!("+4477009{n:05}"))
    }

    fn at_day(day: u64) -> UnixTime {
        UnixTime(0).after(Millis(day * A_DAY.0))
    }

    fn choose(codes: &[Code], customer: u32, day: u64, entropy: u64) -> Draw {
        draw(codes, &number(customer), at_day(day), COOL_DOWN, entropy)
    }

    /// S11, S12, E5: three digits, one code a customer, two customers never share one.
    #[test]
    fn a_customer_keeps_its_code_and_shares_it_with_nobody() {
        let mut codes = Vec::new();
        for customer in 0..900 {
            let drawn = choose(&codes, customer, 0, u64::from(customer) * 7919);
            assert!((100..=999).contains(&drawn.code()) && matches!(drawn, Draw::New(_)));
            codes.push(Code::new(drawn.code(), number(customer), at_day(0)));
        }
        let distinct: BTreeSet<u32> = codes.iter().map(|code| code.code).collect();
        assert_eq!(distinct.len(), 900);
        assert_eq!(choose(&codes, 5, 400, 1), Draw::Same(codes[5].code));
    }

    /// E4, E11: all in use: four digits; after the cool-down the least recently used comes back.
    #[test]
    fn a_code_changes_hands_only_after_its_cool_down() {
        let mut codes: Vec<Code> =
            (100..=999).map(|code| Code::new(code, number(code), at_day(0))).collect();
        assert_eq!(choose(&codes, 1, 29, 0), Draw::New(1000));
        codes[7].last_used = UnixTime(-1);
        assert_eq!(choose(&codes, 1, 30, 0), Draw::Recycled(107));
        codes[7].last_used = at_day(20);
        assert_eq!(choose(&codes, 1, 30, 0), Draw::Recycled(100));
    }
}
