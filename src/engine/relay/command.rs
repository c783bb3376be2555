//! What a response recipient may order by SMS. A command is the whole text, or begins it with
//! `note` or `name`; everything else is for the customer. `=close` sends the word itself.

use crate::engine::normal::Comparable;

/// A text of a recipient with one code, the code taken out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    /// Nothing but the code: show the conversation (E14).
    Show,
    /// Words for the customer.
    Say(String),
    /// Take the conversation.
    Claim,
    /// Take it from whoever holds it (E32).
    Take,
    /// Close it.
    Close,
    /// Keep a note.
    Note(String),
    /// Give the customer a name (E23).
    Name(String),
    /// The word STOP: a question comes back (E20).
    Stop,
    /// `stop yes`: the customer is opted out.
    StopYes,
}

impl Order {
    /// Reads what is left of the text.
    pub fn read(rest: &str) -> Order {
        let rest = rest.trim();
        if let Some(literal) = rest.strip_prefix('=') {
            return Order::Say(literal.trim().to_owned());
        }
        let words = Comparable::new(rest).joined();
        let after = |verb: &str| {
            let head = rest.get(..verb.len())?;
            let tail = rest.get(verb.len()..)?;
            let parted = tail.starts_with([' ', ':', '\n']);
            let tail = tail.trim_start_matches([' ', ':', '\n']);
            let fits = head.eq_ignore_ascii_case(verb) && parted && !tail.is_empty();
            fits.then(|| tail.to_owned())
        };
        match words.as_str() {
            "" if rest.is_empty() => Order::Show,
            "claim" => Order::Claim,
            "take" => Order::Take,
            "close" => Order::Close,
            "stop" | "unsubscribe" => Order::Stop,
            "stop yes" => Order::StopYes,
            _ => after("note")
                .map(Order::Note)
                .or_else(|| after("name").map(Order::Name))
                .unwrap_or_else(|| Order::Say(rest.to_owned())),
        }
    }
}

/// A text of a recipient without any code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// The live codes with names.
    List,
    /// Whom a code stands for.
    Who(u32),
    /// On duty again.
    OnDuty,
    /// Off duty.
    OffDuty,
    /// Words that are no command: they go to nobody (E1).
    Other,
}

impl Command {
    /// Reads a text without code.
    pub fn read(text: &str) -> Command {
        let folded = Comparable::new(text);
        let words: Vec<&str> = folded.words.iter().map(String::as_str).collect();
        match words.as_slice() {
            ["list"] => Command::List,
            ["who", code] | ["who", "is", code] => {
                code.parse().map_or(Command::Other, Command::Who)
            }
            ["on", "duty"] => Command::OnDuty,
            ["off", "duty"] => Command::OffDuty,
            _ => Command::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// E14, E20, E23: commands are whole texts; what is not a command is for the customer.
    #[test]
    fn only_whole_words_are_commands() {
        let say = |text: &str| Order::Say(text.to_owned());
        for (text, expected) in [
            ("Close", Order::Close),
            ("close!", Order::Close),
            ("claim", Order::Claim),
            ("note: likes red", Order::Note("likes red".into())),
            ("name", say("name")),
            ("NAME Alisha B.", Order::Name("Alisha B.".into())),
            ("", Order::Show),
            ("STOP", Order::Stop),
            ("stop yes", Order::StopYes),
            ("=close", say("close")),
            ("close to you", say("close to you")),
            ("stop by at 5", say("stop by at 5")),
            ("notes attached", say("notes attached")),
            ("🙂", say("🙂")),
        ] {
            assert_eq!(Order::read(text), expected, "{text}");
        }
        assert_eq!(Command::read("List."), Command::List);
        assert_eq!(Command::read("who 347?"), Command::Who(347));
        assert_eq!(Command::read("OFF DUTY"), Command::OffDuty);
        assert_eq!(Command::read("off duty soon"), Command::Other);
    }
}
