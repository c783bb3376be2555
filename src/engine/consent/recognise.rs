//! Reading a text for consent words, in the three levels of consent.md.

use std::borrow::Cow;

use super::Pack;
use crate::engine::normal::Comparable;
use crate::types::words;

/// A consent word in a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What it asks for.
    pub intent: Intent,
    /// How sure that is.
    pub level: Level,
    /// The word or phrase, folded.
    pub word: String,
    /// The language of its pack.
    pub language: String,
    /// The word has other uses, and an open prompt may claim it (C3).
    pub ambiguous: bool,
}

words!(
    /// What a consent word asks for.
    Intent {
        /// No more messages.
        OptOut = "opt_out",
        /// Messages again.
        OptIn = "opt_in",
        /// Who are you?
        Help = "help",
    }
);

words!(
    /// How sure a finding is.
    Level {
        /// The whole message is the word: act.
        Whole = "whole message",
        /// The word and polite filling: act on an opt-out.
        Polite = "with filler words",
        /// Inside other words: show it to a person, change nothing.
        Inside = "inside other words",
    }
);

/// The consent word in `text`, the surest first; `None` in most messages.
pub fn recognise(text: &Comparable, packs: &[Pack]) -> Option<Finding> {
    if text.words.is_empty() {
        return None;
    }
    let joined = text.joined();
    whole(text, &joined, packs)
        .or_else(|| polite(text, &joined, packs))
        .or_else(|| inside(text, packs))
}

fn whole(text: &Comparable, joined: &str, packs: &[Pack]) -> Option<Finding> {
    let opt_out = find(packs, |pack| &pack.opt_out, |word| word == joined)
        .map(|found| finding(found, Intent::OptOut, Level::Whole));
    let alone = || {
        find(packs, |pack| &pack.opt_out_alone, |word| word == joined).map(|found| Finding {
            ambiguous: true,
            ..finding(found, Intent::OptOut, Level::Whole)
        })
    };
    // A forged alphabet may take somebody out, never in (E83).
    let trusted = |found: Option<(&Pack, String)>, intent| {
        found.filter(|_| !text.look_alike).map(|found| finding(found, intent, Level::Whole))
    };
    let same = |word: &str| word == joined;
    opt_out
        .or_else(alone)
        .or_else(|| trusted(find(packs, |pack| &pack.opt_in, same), Intent::OptIn))
        .or_else(|| trusted(find(packs, |pack| &pack.help, same), Intent::Help))
}

/// An opt-out word first or last, everything else filler of at most five words; or alone on the
/// first line above a short sign-off (E80, E84).
fn polite(text: &Comparable, joined: &str, packs: &[Pack]) -> Option<Finding> {
    let first_line = text.words.get(..text.first_line)?.join(" ");
    let sign_off = text.words.len() - text.first_line;
    let signed = find(packs, |pack| &pack.opt_out, |word| word == first_line)
        .filter(|_| (1..=FILLER_WORDS).contains(&sign_off));
    let filled = || {
        find(
            packs,
            |pack| &pack.opt_out,
            |word| {
                let rest = [joined.strip_prefix(word), joined.strip_suffix(word)];
                rest.into_iter().flatten().any(|rest| is_filler(rest, packs))
            },
        )
    };
    signed.or_else(filled).map(|found| finding(found, Intent::OptOut, Level::Polite))
}

fn inside(text: &Comparable, packs: &[Pack]) -> Option<Finding> {
    let says = |phrase: &str| text.says(phrase);
    let found = find(packs, |pack| &pack.possible, says)
        .or_else(|| {
            let harmless = find(packs, |pack| &pack.harmless, says).is_some();
            (!harmless).then(|| find(packs, |pack| &pack.opt_out, says)).flatten()
        })
        .or_else(|| {
            // `s t o p`
            let spaced = text.words.iter().all(|word| word.chars().count() == 1);
            let closed = text.words.concat();
            spaced.then(|| find(packs, |pack| &pack.opt_out, |word| word == closed)).flatten()
        });
    found.map(|found| finding(found, Intent::OptOut, Level::Inside))
}

fn is_filler(rest: &str, packs: &[Pack]) -> bool {
    let glued = !rest.starts_with(' ') && !rest.ends_with(' ');
    let words: Vec<&str> = rest.split_whitespace().collect();
    let filler = |word: &&str| packs.iter().any(|pack| pack.filler.iter().any(|f| f == word));
    !glued && (1..=FILLER_WORDS).contains(&words.len()) && words.iter().all(filler)
}

fn find(
    packs: &[Pack],
    list: impl Fn(&Pack) -> &Vec<String>,
    matches: impl Fn(&str) -> bool,
) -> Option<(&Pack, String)> {
    packs.iter().find_map(|pack| {
        let words = list(pack).iter().map(|word| folded(word));
        words.into_iter().find(|word| matches(word)).map(|word| (pack, word.into_owned()))
    })
}

/// Packs are edited by people: compare their words in the same form. Shipped words need no change.
fn folded(word: &str) -> Cow<'_, str> {
    let plain = word.bytes().all(|b| b.is_ascii_lowercase() || b == b' ');
    if plain { word.into() } else { Comparable::new(word).joined().into() }
}

fn finding((pack, word): (&Pack, String), intent: Intent, level: Level) -> Finding {
    Finding { intent, level, word, language: pack.language.clone(), ambiguous: false }
}

const FILLER_WORDS: usize = 5;

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<(Intent, Level)> {
        let found = recognise(&Comparable::new(text), &Pack::shipped());
        found.map(|finding| (finding.intent, finding.level))
    }

    /// S70..S72, C1, C2, E78, E82, E83, E88: whole messages act, in any spelling.
    #[test]
    fn a_whole_message_acts() {
        let words = "stop|Stop.| STOP |STOP!!|\"stop\"|STOP 🙏|STOPALL|opt-out|Opt out|OPTOUT\
            |unsubscribe|revoke|cancel|END|quit|QUİT|ARRÊT|arrete|SТОР|parar|Stopp|Abmelden";
        for text in words.split('|') {
            assert_eq!(read(text), Some((Intent::OptOut, Level::Whole)), "{text}");
        }
        for text in "start|JOIN|unstop".split('|') {
            assert_eq!(read(text), Some((Intent::OptIn, Level::Whole)), "{text}");
        }
        for text in "help|INFO?|Aide|ayuda|hilfe!".split('|') {
            assert_eq!(read(text), Some((Intent::Help, Level::Whole)), "{text}");
        }
        for text in ["yes", "SТART", "JOIN NEWS", "help me please", "", "🙏"] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    /// E80, E84: polite forms act, but only for the words that mean nothing else.
    #[test]
    fn filler_words_change_nothing() {
        let polite = "Stop. Thank you|stop please|STOP ALL NOW|stop texting me|please stop\
            |STOP\nthanks Bob|Bitte abmelden|arrêt svp";
        for text in polite.split('|') {
            assert_eq!(read(text), Some((Intent::OptOut, Level::Polite)), "{text}");
        }
        assert_eq!(read("STOP ALL"), Some((Intent::OptOut, Level::Whole)));
        assert_eq!(read("please cancel it"), None);
    }

    /// E78, E79, E81, E82, E86: inside other words a person decides; some uses are no use at all.
    #[test]
    fn a_word_inside_others_is_only_shown() {
        let inside = "s t o p|we got to STOP this|take me off your list|unsuscribe|wrong number\
            |STOP 12345|Arrêtez !|stop sending these offers every day";
        for text in inside.split('|') {
            assert_eq!(read(text), Some((Intent::OptOut, Level::Inside)), "{text}");
        }
        let nothing = "please stop by at 5|un arrêt de bus|Cancel my Friday slot|the end is near\
            |unstoppable|when does it start";
        for text in nothing.split('|') {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
