//! What is wrong with settings, said when they are saved, each with a stable word.

use super::consent::{Intent, Level, recognise};
use super::keyword::{At, KeywordRule};
use super::normal::Comparable;
use super::prompt::OpenPrompt;
use super::rules::{Notified, Person, Rules};
use super::sending::Refusal;
use super::{consent::Profile, routing, template};

/// Why the line cannot be switched on. Empty when it can.
pub fn activation(rules: &Rules) -> Vec<Refusal> {
    let mut problems = Vec::new();
    if rules.line.texts.help_contact.trim().is_empty() {
        problems.push(Refusal::new(
            "help_contact_missing",
            "Say how people reach you: the answer to HELP needs a phone number or address.",
        ));
    }
    for person in rules.line.relay.recipients.iter().filter_map(|id| rules.person(*id)) {
        problems.extend(recipient(person, rules).err());
    }
    problems.extend(routing::check_emails(&rules.line.response_emails, routing::MAX_EMAILS).err());
    problems.extend(rules.line.tags.iter().filter_map(|tag| routing::check_tag(tag).err()));
    problems
}

/// Whether a person can be a response recipient: a phone that is not one of our lines (E18).
pub fn recipient(person: &Person, rules: &Rules) -> Result<(), Refusal> {
    match &person.phone {
        None => Err(Refusal::new(
            "recipient_without_phone",
            format!("{} needs a mobile number to be the response recipient.", person.name),
        )),
        Some(phone) if rules.is_own(phone) => Err(Refusal::new(
            "recipient_is_own_line",
            format!(
                "{}'s number is a line of ours: relays would go round in a circle.",
                person.name
            ),
        )),
        Some(_) => Ok(()),
    }
}

/// Whether these people can be a line's notified users (S104, S105, S110, S111, E152, E154).
pub fn notified(users: &[Notified], rules: &Rules) -> Result<(), Refusal> {
    match users.len() {
        0 => {
            let sentence = "A line that tells people of new texts needs at least one: choose a \
                            user with a channel, or turn telling people off.";
            return Err(Refusal::new("notified_user_required", sentence));
        }
        1..=5 => {}
        many => {
            let sentence = format!("A line tells five users at most: take {} away.", many - 5);
            return Err(Refusal::new("notified_users_too_many", sentence));
        }
    }
    for user in users {
        let Some(person) = rules.person(user.person) else {
            let sentence = "One of the users does not exist: choose one of those there are.";
            return Err(Refusal::new("user_unknown", sentence));
        };
        let name = &person.name;
        if !(user.sms || user.email || user.push) {
            let sentence = format!("Choose SMS, e-mail or browser for {name}.");
            return Err(Refusal::new("channel_required", sentence));
        }
        if user.sms && person.phone.is_none() {
            let sentence = format!("{name} has no phone number for SMS: add one first.");
            return Err(Refusal::new("phone_missing", sentence));
        }
        if user.sms && person.phone.as_ref().is_some_and(|phone| rules.is_own(phone)) {
            let sentence =
                format!("{name}'s number is a line of ours: give {name} another, or use e-mail.");
            return Err(Refusal::new("phone_is_own_line", sentence));
        }
        if user.email && person.email.trim().is_empty() {
            let sentence = format!("{name} has no e-mail address: add one first.");
            return Err(Refusal::new("email_missing", sentence));
        }
    }
    Ok(())
}

/// Whether a rule can ever fire: consent words are handled before it (C4).
pub fn keyword(rule: &KeywordRule, rules: &Rules) -> Result<(), Refusal> {
    if rule.when.words.is_empty() && rule.when.pattern.is_none() {
        return Err(Refusal::new("rule_without_words", "Give the rule words or a pattern."));
    }
    let shadowed = rule.when.words.iter().find(|phrase| {
        let found = recognise(&Comparable::new(&phrase.text), &rules.packs);
        // `STOP 12345` with an argument is a rule's own (E86); the bare word never reaches it.
        let acts = found.is_some_and(|found| found.level != Level::Inside);
        acts && rule.when.at != At::Start
    });
    shadowed.map_or(Ok(()), |phrase| {
        let word = &phrase.text;
        Err(Refusal::new(
            "consent_word",
            format!("{word:?} is a consent word and never reaches a rule: choose another word."),
        ))
    })
}

/// Whether a prompt may be put: it must not take STOP, START or HELP for an answer (E115), nor
/// CANCEL, END and QUIT where those always opt out (C3).
pub fn prompt(prompt: &OpenPrompt, rules: &Rules) -> Result<(), Refusal> {
    let us = rules.line.consent.profile == Profile::Us;
    let taken = rules.packs.iter().flat_map(|pack| {
        let alone = pack.opt_out_alone.iter().filter(move |_| us);
        pack.opt_out.iter().chain(&pack.opt_in).chain(&pack.help).chain(alone)
    });
    let listed = taken.into_iter().find(|word| prompt.grammar.lists(word));
    listed.map_or(Ok(()), |word| {
        let sentence = format!("{word:?} is a consent word: it cannot be an answer.");
        Err(Refusal::new("consent_word", sentence))
    })
}

/// What an author should know about a text before saving it: warnings, not refusals.
pub fn text(text: &str, rules: &Rules) -> Vec<Refusal> {
    let mut warnings = Vec::new();
    if let Err(error) = template::names(text) {
        warnings.push(Refusal::new(error.code(), error.to_string()));
    }
    let words: Vec<&str> =
        text.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).collect();
    let verbs = words.iter().enumerate().filter(|(_, word)| {
        let verb = Comparable::new(word).joined();
        INVITATIONS.contains(&verb.as_str())
    });
    // Words to answer with stand in capitals: `Reply STOP to end` invites STOP, not END.
    let mut invited = verbs.filter_map(|(at, _)| {
        let capitals = |word: &&&str| word.len() > 1 && !word.contains(char::is_lowercase);
        words.iter().skip(at + 1).take(6).filter(capitals).find(|word| is_ambiguous(word, rules))
    });
    warnings.extend(invited.next().map(|word| {
        Refusal::new(
            "invites_consent_word",
            format!(
                "People will answer {:?}: ask it as a prompt, or that word may opt them out or be lost.",
                word
            ),
        )
    }));
    if text.contains(['’', '‘', '“', '”', '–', '…']) {
        warnings.push(Refusal::new(
            "typographic_characters",
            "Curly quotes, dashes and dots make every segment less than half as long: use plain ones.",
        ));
    }
    warnings
}

/// A word that people may answer and that consent would take, or nobody would.
fn is_ambiguous(word: &str, rules: &Rules) -> bool {
    let folded = Comparable::new(word);
    let found = recognise(&folded, &rules.packs);
    let opts_out = found.is_some_and(|found| found.intent == Intent::OptOut && found.ambiguous);
    opts_out || matches!(folded.joined().as_str(), "yes" | "no")
}

const INVITATIONS: [&str; 8] =
    ["reply", "answer", "text", "send", "repondez", "responda", "antworten", "antworte"];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::keyword::{Phrase, When};
    use crate::engine::prompt::{Choice, Grammar};
    use crate::engine::rules::PersonId;
    use crate::types::Number;

    fn person(id: i64, phone: Option<&str>, email: &str) -> Person {
        let phone = phone.map(|digits| Number::E164(digits.to_owned()));
        Person {
            id: PersonId(id),
            name: format!("P{id}"),
            phone,
            email: email.into(),
            ..Default::default()
        }
    }

    /// S104, S105, S110, S111, E152, E154: who can be notified.
    #[test]
    fn notified_users_are_one_to_five_with_a_channel_that_works() {
        let mut rules =
            Rules { own_numbers: vec![Number::E164("+447700900001".into())], ..Default::default() };
        rules.people = (1..=6).map(|id| person(id, Some("+447700900101"), "p@x.example")).collect();
        rules.people.push(person(7, None, ""));
        rules.people.push(person(8, Some("+447700900001"), ""));
        let user =
            |id, sms, email| Notified { person: PersonId(id), sms, email, ..Default::default() };
        let code = |users: &[Notified]| notified(users, &rules).map_or_else(|r| r.code, |()| "ok");
        assert_eq!(code(&[]), "notified_user_required");
        let six: Vec<_> = (1..=6).map(|id| user(id, true, true)).collect();
        assert_eq!(code(&six[..5]), "ok");
        assert_eq!(code(&six), "notified_users_too_many");
        assert_eq!(code(&[user(1, false, false)]), "channel_required");
        assert_eq!(code(&[user(7, true, false)]), "phone_missing");
        assert_eq!(code(&[user(7, false, true)]), "email_missing");
        assert_eq!(code(&[user(8, true, false)]), "phone_is_own_line");
    }

    /// E18, E105: a line that could not answer HELP, or would relay to itself, stays off.
    #[test]
    fn a_line_without_help_contact_or_with_a_circle_stays_off() {
        let mut rules =
            Rules { people: vec![person(1, Some("+447700900001"), "")], ..Default::default() };
        rules.own_numbers = vec![Number::E164("+447700900001".into())];
        rules.line.relay.recipients = vec![PersonId(1)];
        let codes: Vec<_> = activation(&rules).into_iter().map(|r| r.code).collect();
        assert_eq!(codes, ["help_contact_missing", "recipient_is_own_line"]);
    }

    /// C3, C4, E86, E115: consent words belong to consent.
    #[test]
    fn rules_and_prompts_cannot_take_consent_words() {
        let mut rules = Rules::default();
        let rule = |word: &str, at| {
            let words = vec![Phrase::from(word.to_owned())];
            KeywordRule { when: When { words, at, ..Default::default() }, ..Default::default() }
        };
        assert!(keyword(&rule("Stop", At::Anywhere), &rules).is_err());
        assert!(keyword(&rule("stop", At::Start), &rules).is_ok());
        assert!(keyword(&rule("price", At::Anywhere), &rules).is_ok());
        assert!(keyword(&KeywordRule::default(), &rules).is_err());
        let asks = |word: &str| {
            let words = vec![Phrase::from(word.to_owned())];
            let grammar = Grammar::Words(vec![Choice { value: "x".into(), words }]);
            OpenPrompt { grammar, ..Default::default() }
        };
        assert!(prompt(&asks("STOP"), &rules).is_err());
        assert!(prompt(&asks("cancel"), &rules).is_ok());
        rules.line.consent.profile = Profile::Us;
        assert!(prompt(&asks("cancel"), &rules).is_err());
    }

    /// C3, E118: the author is told what people will answer, and what costs a segment.
    #[test]
    fn a_text_that_invites_a_consent_word_warns_its_author() {
        let rules = Rules::default();
        let codes =
            |words: &str| text(words, &rules).into_iter().map(|r| r.code).collect::<Vec<_>>();
        assert_eq!(codes("Reply YES or CANCEL"), ["invites_consent_word"]);
        assert_eq!(codes("Reply STOP to end"), [""; 0]);
        assert_eq!(codes("We’re sorry"), ["typographic_characters"]);
        assert_eq!(codes("Hi {{ name"), ["template_invalid"]);
    }
}
