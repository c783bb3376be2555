//! What may leave: one check for every path, asked when a message is accepted and again at the
//! hand-over to the modem (D10, E94, E96). Inbox, relay, e-mail, campaign, schedule, rule and API
//! differ in nothing here.

use rlibphonenumber::{PHONE_NUMBER_UTIL, Region};

use super::consent::Standing;
use super::rules::Rules;
use super::{length, routing};
use crate::types::{Class, Country, Number};

/// Why something does not happen: a stable word and a sentence that says what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{sentence}")]
pub struct Refusal {
    /// The `code` of the API.
    pub code: &'static str,
    /// For the person who tried.
    pub sentence: String,
}

impl Refusal {
    pub(super) fn new(code: &'static str, sentence: impl Into<String>) -> Self {
        Self { code, sentence: sentence.into() }
    }
}

/// A message about to leave.
#[derive(Clone, Copy, Debug)]
pub struct Outbound<'a> {
    /// To whom.
    pub to: &'a Number,
    /// The merged text.
    pub text: &'a str,
    /// Its class.
    pub class: Class,
    /// Its tag.
    pub tag: Option<&'a str>,
    /// Its response addresses.
    pub response_emails: &'a [String],
    /// Why a service question of an opted-out person is answered all the same (E95); audited.
    pub exception: Option<&'a str>,
}

impl<'a> Outbound<'a> {
    /// A text without tag, addresses and exception.
    pub fn plain(to: &'a Number, text: &'a str, class: Class) -> Self {
        Self { to, text, class, tag: None, response_emails: &[], exception: None }
    }
}

/// Whether `message` may leave on the line of `rules`. `standing` is that of the number now.
pub fn may_send(message: &Outbound<'_>, rules: &Rules, standing: &Standing) -> Result<(), Refusal> {
    reachable(message.to, rules)?;
    if message.text.trim().is_empty() {
        return Err(Refusal::new("text_empty", "There is no text to send."));
    }
    if length::segments_at_most(message.text) > MAX_SEGMENTS {
        return Err(Refusal::new("text_too_long", "The text is too long for SMS: shorten it."));
    }
    message.tag.map_or(Ok(()), routing::check_tag)?;
    routing::check_emails(message.response_emails, routing::MAX_EMAILS)?;
    consented(message, standing)
}

/// Whether an SMS can and may reach the number at all.
fn reachable(to: &Number, rules: &Rules) -> Result<(), Refusal> {
    match to {
        Number::Alphanumeric(name) => Err(Refusal::new(
            "cannot_be_answered",
            format!("{name:?} is a sender's name, not a number: it cannot be answered."),
        )),
        Number::ShortCode(_) if !rules.line.can_answer(to) => Err(Refusal::new(
            "short_code_not_allowed",
            "Short codes can cost a premium: allow this one in the line's settings first.",
        )),
        Number::E164(_) if is_foreign(to, rules.line.country) && !rules.line.international => {
            Err(Refusal::new(
                "international_off",
                "This number is in another country, and the line does not send abroad. Turn on \
                 international sending in the line's settings.",
            ))
        }
        _ => Ok(()),
    }
}

fn consented(message: &Outbound<'_>, standing: &Standing) -> Result<(), Refusal> {
    let class = message.class;
    if class == Class::Consent {
        return Ok(());
    }
    if standing.is_out() {
        let answers_a_question = standing.wrote_since && class == Class::Conversation;
        return match message.exception {
            Some(reason) if answers_a_question && !reason.trim().is_empty() => Ok(()),
            _ => Err(Refusal::new("opted_out", opted_out_sentence(standing))),
        };
    }
    if class == Class::Marketing && standing.possible_opt_out {
        return Err(Refusal::new(
            "possible_opt_out",
            "This number may have asked for no more texts: decide that first.",
        ));
    }
    if class == Class::Marketing && !standing.marketing {
        return Err(Refusal::new(
            "marketing_consent_missing",
            "There is no recorded consent to marketing for this number.",
        ));
    }
    Ok(())
}

fn opted_out_sentence(standing: &Standing) -> String {
    let since = standing.since.map(|at| at.to_string());
    match since.as_deref().and_then(|at| at.get(..10)) {
        Some(day) => format!(
            "This number opted out on {day}. Only the person can change that, by texting START."
        ),
        None => "This number opted out. Only the person can change that, by texting START.".into(),
    }
}

/// Whether a number belongs to another country than the line's. Without a country nothing is
/// foreign. A number of no known region is told by its calling code.
pub fn is_foreign(number: &Number, home: Option<Country>) -> bool {
    let (Number::E164(digits), Some(home)) = (number, home) else { return false };
    let Ok(region) = Region::from_code(home.as_str()) else { return false };
    let Ok(parsed) = PHONE_NUMBER_UTIL.parse(digits, None) else { return true };
    match PHONE_NUMBER_UTIL.get_region_for_number(&parsed) {
        Some(of_number) => of_number != region,
        None => {
            let code = PHONE_NUMBER_UTIL.get_country_code_for_region(region);
            code.is_none_or(|code| !digits.starts_with(&format!("+{code}")))
        }
    }
}

/// The country of a number, in two letters: its own, else the first of its calling code. `None`
/// where the numbering data knows none.
pub(super) fn region_of(number: &Number) -> Option<String> {
    let Number::E164(digits) = number else { return None };
    let parsed = PHONE_NUMBER_UTIL.parse(digits, None).ok()?;
    let own = PHONE_NUMBER_UTIL.get_region_for_number(&parsed);
    let region =
        own.or_else(|| PHONE_NUMBER_UTIL.get_region_for_country_code(parsed.country_code))?;
    Some(region.as_region_str().to_string())
}

/// A concatenated message has at most 255 segments (23.040 §9.2.3.24.1); nobody wants a tenth.
const MAX_SEGMENTS: usize = 20;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::consent::State;
    use crate::types::UnixTime;

    fn mobile() -> Number {
        Number::E164("+447700900123".into())
    }

    fn code(class: Class, standing: &Standing, exception: Option<&str>) -> &'static str {
        let to = mobile();
        let message = Outbound { exception, ..Outbound::plain(&to, "Hello", class) };
        may_send(&message, &Rules::default(), standing)
            .map_or_else(|refusal| refusal.code, |()| "ok")
    }

    /// S132, E92, E94, E95, D10: an opt-out stops every class but consent; an exception needs a
    /// question asked after it, and a reason.
    #[test]
    fn an_opt_out_stops_everything_but_its_own_answer() {
        let out = Standing { state: State::Out, since: Some(UnixTime(0)), ..Default::default() };
        for class in Class::ALL.iter().filter(|class| **class != Class::Consent) {
            assert_eq!(code(*class, &out, Some("why")), "opted_out", "{class}");
        }
        assert_eq!(code(Class::Consent, &out, None), "ok");
        let asked = Standing { wrote_since: true, ..out };
        assert_eq!(code(Class::Conversation, &asked, None), "opted_out");
        assert_eq!(code(Class::Conversation, &asked, Some("asked for the address")), "ok");
        assert_eq!(code(Class::Auto, &asked, Some("why")), "opted_out");
    }

    /// S94..S96, E81: an answer needs no consent, marketing needs a recorded one and no doubt.
    #[test]
    fn marketing_needs_recorded_consent() {
        let standing = Standing::default();
        assert_eq!(code(Class::Conversation, &standing, None), "ok");
        assert_eq!(code(Class::Marketing, &standing, None), "marketing_consent_missing");
        let agreed = Standing { marketing: true, ..standing };
        assert_eq!(code(Class::Marketing, &agreed, None), "ok");
        let doubtful = Standing { possible_opt_out: true, ..agreed };
        assert_eq!(code(Class::Marketing, &doubtful, None), "possible_opt_out");
    }

    /// S26, S53, E24, E25, E131: names, short codes and foreign numbers.
    #[test]
    fn a_number_that_cannot_or_must_not_be_reached_is_refused() {
        let mut rules = Rules::default();
        rules.line.country = "GB".parse().ok();
        rules.line.short_codes = vec!["60070".into()];
        let code = |to: Number, rules: &Rules| {
            may_send(&Outbound::plain(&to, "Hi", Class::Conversation), rules, &Standing::default())
                .map_or_else(|refusal| refusal.code, |()| "ok")
        };
        assert_eq!(code(Number::Alphanumeric("Bank".into()), &rules), "cannot_be_answered");
        assert_eq!(code(Number::ShortCode("85258".into()), &rules), "short_code_not_allowed");
        assert_eq!(code(Number::ShortCode("60070".into()), &rules), "ok");
        assert_eq!(code(Number::E164("+15550100123".into()), &rules), "international_off");
        assert_eq!(code(mobile(), &rules), "ok");
        rules.line.international = true;
        assert_eq!(code(Number::E164("+15550100123".into()), &rules), "ok");
    }
}
