//! One text to many contacts: merged for each, and for each a message or the reason why not
//! (S19, S20, E96). Whoever answers has a conversation of their own (E150, S165).

use super::consent::Standing;
use super::rules::Rules;
use super::sending::{Outbound, Refusal, may_send};
use super::template::{self, Fields};
use crate::types::{Class, Number};

/// One recipient of a bulk text.
#[derive(Clone, Debug)]
pub struct Recipient {
    /// The number.
    pub number: Number,
    /// Its merge fields.
    pub fields: Fields,
    /// Its consent now. It is asked again at the hand-over.
    pub standing: Standing,
}

/// The messages of a bulk send, in the order of `recipients`: the merged text, or why this one is
/// skipped. A number listed twice gets one message.
pub fn plan(
    text: &str,
    class: Class,
    recipients: &[Recipient],
    rules: &Rules,
) -> Vec<Result<String, Refusal>> {
    let one = |(at, to): (usize, &Recipient)| {
        if recipients.iter().take(at).any(|earlier| earlier.number == to.number) {
            return Err(Refusal::new("listed_twice", "This number is in the list already."));
        }
        let merged = template::merge(text, &to.fields)
            .map_err(|error| Refusal::new(error.code(), error.to_string()))?;
        may_send(&Outbound::plain(&to.number, &merged, class), rules, &to.standing)?;
        Ok(merged)
    };
    recipients.iter().enumerate().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::consent::State;

    /// S19, S20, E96, E146: each gets an own text; the opted-out and the nameless are reported.
    #[test]
    fn everybody_gets_an_own_text_or_a_reason() {
        let recipient = |n: u32, name: &str, state| Recipient {
            number: Number::E164(format!("+4477009001{n:02}")),
            fields: Fields::from([("first_name".into(), name.into())]),
            standing: Standing { state, ..Default::default() },
        };
        let list = [
            recipient(1, "Alisha", State::Unknown),
            recipient(2, "Bob", State::Out),
            recipient(3, "", State::In),
            recipient(1, "Alisha", State::Unknown),
        ];
        let text = "Hi {{ first_name }}, the show starts at 3!";
        let planned = plan(text, Class::Conversation, &list, &Rules::default());
        let shown: Vec<_> = planned.iter().map(|one| one.as_deref().map_err(|r| r.code)).collect();
        assert_eq!(
            shown,
            [
                Ok("Hi Alisha, the show starts at 3!"),
                Err("opted_out"),
                Err("merge_field_missing"),
                Err("listed_twice"),
            ]
        );
    }
}
