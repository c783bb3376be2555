//! The texts a line sends by itself. Ours by default, short, one segment each; every one can be
//! changed for each line. Fields: `company`, `line`, `help_contact`, `answer_by`, `first_name`.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::case::Case;
use super::hours;
use super::template::{self, Fields, MergeError};

/// A line's automatic texts; an absent one is the shipped text of the line's language.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Texts {
    /// ISO 639 code of the line's customers; English, when empty.
    pub language: String,
    /// How a person is reached who asks for HELP: a phone number, an address (E105).
    pub help_contact: String,
    /// The welcome to a new sender (S127).
    pub opt_in: Option<String>,
    /// Confirms an opt-out (S130).
    pub opt_out: Option<String>,
    /// Confirms an opt-in (S133).
    pub opt_back_in: Option<String>,
    /// Answers HELP (S72).
    pub help: Option<String>,
    /// Outside business hours (S91).
    pub away: Option<String>,
    /// No away text at all.
    pub away_off: bool,
    /// No welcome at all.
    pub opt_in_off: bool,
    /// One welcome for the organisation, on whichever line; else one for each line (E108).
    pub opt_in_once: bool,
    /// Business minutes within which an answer is promised.
    pub answer_within: Option<u32>,
    /// Texts for words of another language, by ISO 639 code.
    pub other_languages: BTreeMap<String, Texts>,
}

/// Which of the texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The welcome.
    OptIn,
    /// The confirmation of an opt-out.
    OptOut,
    /// The confirmation of an opt-in.
    OptBackIn,
    /// The answer to HELP.
    Help,
    /// Outside business hours.
    Away,
    /// The question after a possible opt-out.
    Clarify,
}

impl Texts {
    /// The text of this kind in `language` (the line's own, when `None`), not yet merged.
    pub fn template(&self, kind: Kind, language: Option<&str>) -> &str {
        let own = if self.language.is_empty() { "en" } else { &self.language };
        let language = language.unwrap_or(own);
        let texts = match language == own {
            true => Some(self),
            false => self.other_languages.get(language),
        };
        let set = texts.and_then(|texts| match kind {
            Kind::OptIn => texts.opt_in.as_deref(),
            Kind::OptOut => texts.opt_out.as_deref(),
            Kind::OptBackIn => texts.opt_back_in.as_deref(),
            Kind::Help => texts.help.as_deref(),
            Kind::Away => texts.away.as_deref(),
            Kind::Clarify => None,
        });
        set.unwrap_or_else(|| shipped(kind, language))
    }
}

/// One of the line's texts, merged for the sender of `case`.
pub(super) fn fill(
    case: &Case<'_>,
    kind: Kind,
    language: Option<&str>,
) -> Result<String, MergeError> {
    template::merge(case.rules.line.texts.template(kind, language), &fields(case))
}

/// The fields every text on this line may use.
pub(super) fn fields(case: &Case<'_>) -> Fields {
    let line = &case.rules.line;
    let mut fields = Fields::from([
        ("company".to_owned(), case.rules.company.clone()),
        ("line".to_owned(), line.name.clone()),
        ("help_contact".to_owned(), line.texts.help_contact.clone()),
    ]);
    if let Some(contact) = &case.facts.contact {
        fields.extend(contact.fields.clone());
        fields.insert("first_name".to_owned(), contact.first_name.clone());
        fields.insert("last_name".to_owned(), contact.last_name.clone());
    }
    let hours = line.hours.as_ref().zip(line.texts.answer_within);
    let promise = hours.and_then(|(hours, minutes)| hours.promise(case.now(), minutes));
    if let (Some(at), Some(hours)) = (promise, &line.hours) {
        let language = &line.texts.language;
        fields.insert("answer_by".to_owned(), hours::say(hours, at, language));
    }
    fields
}

/// The text we ship. Plain ASCII where the language allows it, so that it stays in one segment.
fn shipped(kind: Kind, language: &str) -> &'static str {
    let texts = match language {
        "fr" => &FRENCH,
        "es" => &SPANISH,
        "de" => &GERMAN,
        _ => &ENGLISH,
    };
    texts[kind as usize]
}

/// Every shipped text.
pub(super) fn all_shipped() -> impl Iterator<Item = &'static str> {
    [ENGLISH, FRENCH, SPANISH, GERMAN].into_iter().flatten()
}

const ENGLISH: [&str; 6] = [
    "Hello, this is {{ company|default('our text line') }}. Texts may come regularly; message and \
     data rates may apply. Reply STOP to end, HELP for help.",
    "You are unsubscribed: no more texts from {{ company|default('us') }}. Sorry to see you go! \
     Changed your mind? Reply START.",
    "You are subscribed and get texts from {{ company|default('us') }}. Reply STOP to end, HELP \
     for help.",
    "{{ company|default('Our text line') }}: reach us at {{ help_contact }}. Reply STOP to end \
     texts.",
    "Thank you for your message. We are away right now and answer \
     {% if answer_by %}by {{ answer_by }}{% else %}as soon as we are back{% endif %}.",
    "Did you want to end our texts? Reply STOP and you will get no more. Otherwise there is \
     nothing to do.",
];

const FRENCH: [&str; 6] = [
    "Bonjour, ici {{ company|default('notre service SMS') }}. Des messages peuvent suivre, au tarif \
     de votre operateur. Repondez ARRET pour arreter, AIDE pour de l'aide.",
    "Vous etes desinscrit : plus de messages de {{ company|default('notre part') }}. Pour changer \
     d'avis, repondez START.",
    "Vous etes inscrit et recevez les messages de {{ company|default('notre part') }}. \
     Repondez ARRET pour arreter.",
    "{{ company|default('Notre service SMS') }} : {{ help_contact }}. Repondez ARRET pour arreter.",
    "Merci pour votre message. Nous sommes absents et repondrons \
     {% if answer_by %}avant {{ answer_by }}{% else %}des notre retour{% endif %}.",
    "Voulez-vous arreter nos messages ? Repondez ARRET. Sinon, il n'y a rien a faire.",
];

const SPANISH: [&str; 6] = [
    "Hola, somos {{ company|default('nuestro servicio') }}. Recibira mensajes con cierta frecuencia, \
     a la tarifa de su operador. Responda PARAR para terminar, AYUDA para ayuda.",
    "Queda dado de baja: no recibira mas mensajes de {{ company|default('nosotros') }}. Si cambia de \
     idea, responda START.",
    "Queda suscrito y recibe mensajes de {{ company|default('nosotros') }}. Responda \
     PARAR para terminar.",
    "{{ company|default('Nuestro servicio') }}: {{ help_contact }}. Responda PARAR para terminar.",
    "Gracias por su mensaje. Ahora no estamos y respondemos \
     {% if answer_by %}antes de {{ answer_by }}{% else %}en cuanto volvamos{% endif %}.",
    "Quiere dejar de recibir mensajes? Responda PARAR. Si no, no tiene que hacer nada.",
];

const GERMAN: [&str; 6] = [
    "Hallo, hier ist {{ company|default('unser SMS-Dienst') }}. Nachrichten kommen hin und wieder, \
     zum Tarif Ihres Anbieters. STOPP beendet das, HILFE hilft.",
    "Sie sind abgemeldet und bekommen keine SMS mehr von {{ company|default('uns') }}. Schade! Mit \
     START sind Sie wieder dabei.",
    "Sie sind angemeldet und bekommen SMS von {{ company|default('uns') }}. STOPP beendet \
     das.",
    "{{ company|default('Unser SMS-Dienst') }}: {{ help_contact }}. STOPP beendet die SMS.",
    "Danke f\u{fc}r Ihre Nachricht. Wir sind gerade nicht da und antworten \
     {% if answer_by %}bis {{ answer_by }}{% else %}, sobald wir zur\u{fc}ck sind{% endif %}.",
    "M\u{f6}chten Sie keine SMS mehr? Antworten Sie STOPP. Sonst ist nichts zu tun.",
];
