//! Where replies go: the addresses and tags of e-mail, and the line an answer leaves on.

use std::collections::BTreeSet;

use super::facts::LastOutbound;
use super::rules::Line;
use super::sending::Refusal;
use crate::types::words;

words!(
    /// Which setting named the addresses of a forward.
    Because {
        /// `responseemail` of the last outbound to the number (S31).
        LastOutbound = "last outbound",
        /// The line's default (S29, S30, S32).
        Line = "line",
    }
);

/// The addresses a reply is forwarded to. The *last* outbound decides: one without addresses leads
/// back to the line's, whatever earlier ones said (S28..S32).
pub fn response_emails(line: &Line, last: Option<&LastOutbound>) -> (Vec<String>, Because) {
    match last {
        Some(last) if !last.response_emails.is_empty() => {
            (distinct(&last.response_emails), Because::LastOutbound)
        }
        _ => (distinct(&line.response_emails), Because::Line),
    }
}

/// The tags a forward shows: the line's first, then the message's; none twice, none empty
/// (S33, S35..S37).
pub fn tags(line: &Line, last: Option<&LastOutbound>) -> Vec<String> {
    let of_message = last.and_then(|last| last.tag.clone());
    distinct(&line.tags.iter().cloned().chain(of_message).collect::<Vec<_>>())
}

/// What an answer by e-mail carries on (S47..S50, C14, C15): the latest tag, and the addresses the
/// customer's latest message went to, plus the author if that is an authorised address.
pub fn carried_on(line: &Line, last: Option<&LastOutbound>, author: Option<&str>) -> LastOutbound {
    let (mut addresses, _) = response_emails(line, last);
    addresses.extend(author.map(str::to_owned));
    LastOutbound {
        tag: last.and_then(|last| last.tag.clone()),
        response_emails: distinct(&addresses),
    }
}

/// A tag has at most 50 characters, and is never cut (S34, C16).
pub fn check_tag(tag: &str) -> Result<(), Refusal> {
    let length = tag.chars().count();
    if length > MAX_TAG {
        let sentence = format!("The tag has {length} characters; {MAX_TAG} are possible.");
        return Err(Refusal::new("tag_too_long", sentence));
    }
    match tag.chars().any(char::is_control) {
        true => Err(Refusal::new("tag_invalid", "A tag is one line of text.")),
        false => Ok(()),
    }
}

/// At most `cap` addresses, each with the shape of one (C17).
pub fn check_emails(addresses: &[String], cap: usize) -> Result<(), Refusal> {
    if addresses.len() > cap {
        let sentence = format!("{} addresses are too many; {cap} are possible.", addresses.len());
        return Err(Refusal::new("response_emails_too_many", sentence));
    }
    let wrong = addresses.iter().find(|address| !is_address(address));
    wrong.map_or(Ok(()), |wrong| {
        let sentence = format!("{wrong:?} is not an e-mail address.");
        Err(Refusal::new("response_email_invalid", sentence))
    })
}

/// An own line that may be offered as sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sender<'a> {
    /// The line.
    pub line: &'a str,
    /// Whether it can send now.
    pub ready: bool,
}

/// The sender an answer starts with (S163, C11). `in_use` is the line of the customer's latest
/// inbound for answers by relay and e-mail, and the line last used either way in the inbox. Never
/// another SIM in its place: a line that is down is kept, to queue on and to warn about (E149).
/// Without earlier traffic the only line is taken; with several the person must choose.
pub fn sender<'a>(lines: &[Sender<'a>], in_use: Option<&str>) -> Result<Sender<'a>, Refusal> {
    match (lines, in_use) {
        (lines, Some(used)) => {
            lines.iter().copied().find(|sender| sender.line == used).ok_or_else(|| {
                let sentence = "The line last used is gone: choose another one to send from.";
                Refusal::new("line_gone", sentence)
            })
        }
        ([only], None) => Ok(*only),
        ([], None) => Err(Refusal::new("line_unknown", "There is no line yet: add a SIM first.")),
        (_, None) => Err(Refusal::new("line_required", "Choose the line to send from.")),
    }
}

/// Whether a text holds a one-time code, which forwards do not show (E77).
pub fn holds_code(text: &str) -> bool {
    let lower = text.to_lowercase();
    let named = CODE_WORDS.iter().any(|word| lower.contains(word));
    named && text.split(|c: char| !c.is_ascii_digit()).any(is_code)
}

/// The text as it may leave the gateway for people who do not hold the phone.
pub fn shown(text: &str, show_codes: bool) -> String {
    match !show_codes && holds_code(text) {
        true => masked_codes(text),
        false => text.to_owned(),
    }
}

/// The text with one-time codes hidden.
pub fn masked_codes(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut digits = String::new();
    for c in text.chars().chain(['\0']) {
        if c.is_ascii_digit() {
            digits.push(c);
            continue;
        }
        let hidden = is_code(&digits);
        masked.push_str(if hidden { "\u{2022}\u{2022}\u{2022}\u{2022}" } else { &digits });
        digits.clear();
        masked.push(c);
    }
    masked.pop();
    masked
}

fn is_code(digits: &str) -> bool {
    (4..=8).contains(&digits.len())
}

fn is_address(text: &str) -> bool {
    let plain =
        text.chars().all(|c| !c.is_whitespace() && !c.is_control() && !"<>,;\"".contains(c));
    let parts = text.split_once('@');
    plain
        && parts.is_some_and(|(user, domain)| {
            !user.is_empty() && domain.len() > 2 && domain.contains('.') && !domain.contains('@')
        })
}

/// Each once, in order, compared without case.
fn distinct(texts: &[String]) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let filled = texts.iter().filter(|text| !text.trim().is_empty());
    filled.filter(|text| seen.insert(text.trim().to_lowercase())).cloned().collect()
}

/// S34.
pub const MAX_TAG: usize = 50;
/// C17.
pub const MAX_EMAILS: usize = 20;
const CODE_WORDS: &[&str] = &[
    "code", "otp", "passcode", "password", "pin", "tan", "verif", "kennwort", "passwort", "clave",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn line() -> Line {
        let response_emails = vec!["desk@example.com".into(), "DESK@example.com".into()];
        Line { response_emails, tags: vec!["Spring".into(), "".into()], ..Default::default() }
    }

    fn last(tag: Option<&str>, emails: &[&str]) -> LastOutbound {
        let response_emails = emails.iter().map(|email| (*email).to_owned()).collect();
        LastOutbound { tag: tag.map(str::to_owned), response_emails }
    }

    /// S28..S32: the last outbound decides, an empty one leads back to the line.
    #[test]
    fn the_last_outbound_says_where_replies_go() {
        let (to, why) =
            response_emails(&line(), Some(&last(None, &["a@x.example", "b@x.example"])));
        assert_eq!((to.len(), why), (2, Because::LastOutbound));
        for outbound in [None, Some(&last(None, &[]))] {
            let (to, why) = response_emails(&line(), outbound);
            assert_eq!((to, why), (vec!["desk@example.com".to_owned()], Because::Line));
        }
    }

    /// S33, S35..S37: line level first, no empty artefact.
    #[test]
    fn tags_of_both_levels_are_shown_line_first() {
        assert_eq!(tags(&line(), Some(&last(Some("Alisha"), &[]))), ["Spring", "Alisha"]);
        assert_eq!(tags(&Line::default(), None), [""; 0]);
    }

    /// S34, C16, C17: fifty characters pass, the fifty-first does not.
    #[test]
    fn tags_and_addresses_are_bounded() {
        assert!(check_tag(&"é".repeat(50)).is_ok());
        assert_eq!(check_tag(&"é".repeat(51)).map_err(|r| r.code), Err("tag_too_long"));
        let many = vec!["a@x.example".to_owned(); 21];
        assert!(check_emails(&many[..20], 20).is_ok());
        assert!(check_emails(&many, 20).is_err());
        assert!(check_emails(&["a b@x.example".to_owned()], 20).is_err());
    }

    /// S47..S50, C14: the exchange goes on with the same people and tag.
    #[test]
    fn an_answer_by_mail_carries_tag_and_addresses_on() {
        let before = last(Some("Alisha"), &["a@x.example"]);
        let after = carried_on(&line(), Some(&before), Some("b@x.example"));
        assert_eq!(after, last(Some("Alisha"), &["a@x.example", "b@x.example"]));
        assert_eq!(carried_on(&line(), Some(&after), Some("A@x.example")), after);
    }

    /// S163, C11, E149: the line in use, never another in its place.
    #[test]
    fn an_answer_leaves_on_the_line_in_use() {
        let lines = [Sender { line: "a", ready: false }, Sender { line: "b", ready: true }];
        assert_eq!(sender(&lines, Some("a")), Ok(lines[0]));
        assert_eq!(sender(&lines, Some("c")).map_err(|r| r.code), Err("line_gone"));
        assert_eq!(sender(&lines, None).map_err(|r| r.code), Err("line_required"));
        assert_eq!(sender(&lines[1..], None), Ok(lines[1]));
    }

    /// E77: codes are hidden in forwards.
    #[test]
    fn a_one_time_code_is_hidden() {
        assert!(holds_code("Your login code is 482913"));
        assert!(!holds_code("See you at 1530") && !holds_code("code red"));
        assert_eq!(masked_codes("code 482913, call 12"), "code ••••, call 12");
    }
}
