//! The form in which texts are compared. It is never shown and never sent.
//!
//! NFKC, no invisible characters, case folded without regard to a locale (a Turkish phone's `QUİT`
//! is QUIT, E119), no diacritics, look-alike letters of other scripts as Latin ones (E83).

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// A text folded for comparison.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparable {
    /// Words of letters and digits only: what consent looks at.
    pub words: Vec<String>,
    /// Words and single symbols, emoji included: what rules look at (E117).
    pub tokens: Vec<String>,
    /// How many of `words` stand on the first line that has any (E84).
    pub first_line: usize,
    /// The folded text without the mapping of look-alikes: what patterns look at.
    pub plain: String,
    /// A letter of another script stood in for a Latin one.
    pub look_alike: bool,
    /// A phone's text for a reaction to an older message (E37, E85).
    pub reaction: bool,
}

impl Comparable {
    /// Folds `text`.
    pub fn new(text: &str) -> Self {
        let mut folded = Comparable { reaction: is_reaction(text), ..Default::default() };
        for line in text.lines() {
            let plain = fold(line);
            let latin: String = plain.chars().map(latin).collect();
            folded.look_alike |= latin != plain && latin.is_ascii();
            let before = folded.words.len();
            split(&latin, &mut folded);
            if folded.first_line == 0 {
                folded.first_line = folded.words.len() - before;
            }
            folded.plain.push_str(&plain);
            folded.plain.push('\n');
        }
        folded.plain.truncate(folded.plain.trim_end().len());
        folded
    }

    /// The words with single blanks between them.
    pub fn joined(&self) -> String {
        self.words.join(" ")
    }

    /// Whether the words of `phrase`, with single blanks between them, stand in the text.
    pub fn says(&self, phrase: &str) -> bool {
        let (first, rest) = phrase.split_once(' ').unwrap_or((phrase, ""));
        let begins = self.words.iter().enumerate().filter(|(_, word)| *word == first);
        begins.into_iter().any(|(at, _)| {
            let mut words = self.words.iter().skip(at + 1);
            rest.split_terminator(' ').all(|word| words.next().is_some_and(|found| found == word))
        })
    }

    /// Whether `phrase` stands in the text as whole tokens, and where.
    pub fn find(&self, phrase: &[String]) -> Option<usize> {
        if phrase.is_empty() {
            return None;
        }
        self.tokens.windows(phrase.len()).position(|window| window == phrase)
    }
}

/// Whether a phone wrote this to tell of a reaction: `Liked “See you at 3”`.
fn is_reaction(text: &str) -> bool {
    let text = text.trim_start();
    let quoted = |rest: &str| rest.trim_start().starts_with(['“', '"', '„', '«', '”']);
    let named = REACTIONS.iter().any(|verb| text.strip_prefix(verb).is_some_and(quoted));
    let by_emoji = text.split_once(" to ").is_some_and(|(emoji, rest)| {
        let emoji = emoji.strip_prefix("Reacted ").unwrap_or(emoji).trim();
        !emoji.is_empty() && !emoji.chars().any(|c| c.is_ascii() && c != ' ') && quoted(rest)
    });
    named || by_emoji
}

/// Lower case without diacritics and invisible characters; white space as blanks.
fn fold(line: &str) -> String {
    // Nearly every text; folding it by the tables of Unicode would take most of a decision.
    if line.is_ascii() {
        let shown = line.chars().filter(|c| !is_invisible(*c));
        return shown
            .map(|c| if c.is_whitespace() { ' ' } else { c.to_ascii_lowercase() })
            .collect();
    }
    fold_any(line)
}

fn fold_any(line: &str) -> String {
    line.nfkc()
        .filter(|c| !is_invisible(*c))
        .flat_map(char::to_lowercase)
        .nfd()
        .filter(|c| !is_combining_mark(*c))
        .flat_map(|c| {
            let pair = match c {
                'ß' => ['s', 's'],
                'ı' => ['i', '\0'],
                c if c.is_whitespace() => [' ', '\0'],
                c => [c, '\0'],
            };
            pair.into_iter().filter(|c| *c != '\0')
        })
        .collect()
}

fn split(latin: &str, folded: &mut Comparable) {
    let mut word = String::new();
    for c in latin.chars().chain([' ']) {
        if c.is_alphanumeric() {
            word.push(c);
            continue;
        }
        if !word.is_empty() {
            folded.words.push(word.clone());
            folded.tokens.push(std::mem::take(&mut word));
        }
        if !c.is_whitespace() && !c.is_ascii_punctuation() {
            folded.tokens.push(c.to_string());
        }
    }
}

fn is_invisible(c: char) -> bool {
    c.is_control() && !c.is_whitespace()
        || matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{2064}' | '\u{2066}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}')
}

/// The Latin letter that looks like a Cyrillic or Greek one, after folding to lower case.
fn latin(c: char) -> char {
    match c {
        'а' | 'α' => 'a',
        'в' | 'β' => 'b',
        'с' | 'ϲ' => 'c',
        'ԁ' => 'd',
        'е' | 'ε' => 'e',
        'н' | 'η' => 'h',
        'і' | 'ι' => 'i',
        'ј' => 'j',
        'к' | 'κ' => 'k',
        'ӏ' => 'l',
        'м' | 'μ' => 'm',
        'ν' => 'n',
        'о' | 'ο' => 'o',
        'р' | 'ρ' => 'p',
        'ԛ' => 'q',
        'ѕ' => 's',
        'т' | 'τ' => 't',
        'υ' => 'u',
        'х' | 'χ' => 'x',
        'у' => 'y',
        'ζ' => 'z',
        c => c,
    }
}

/// How phones begin such texts; a quotation follows.
const REACTIONS: &[&str] = &[
    "Liked",
    "Loved",
    "Disliked",
    "Laughed at",
    "Emphasized",
    "Emphasised",
    "Questioned",
    "Removed a like from",
    "Removed a heart from",
    "Removed a dislike from",
    "Removed a laugh from",
    "Removed an exclamation from",
    "Removed a question mark from",
    "A aimé",
    "A adoré",
    "Gefällt",
    "Le gustó",
    "Me gusta",
];

#[cfg(test)]
mod tests {
    use super::*;

    /// E78, E83, E117, E119: one form for many spellings.
    #[test]
    fn spellings_of_one_word_compare_equal() {
        for text in
            ["stop", "Stop.", " STOP ", "STOP!!", "\"stop\"", "STOP 🙏", "S\u{200b}TOP", "ＳＴＯＰ"]
        {
            assert_eq!(Comparable::new(text).joined(), "stop", "{text}");
        }
        let mixed = Comparable::new("SТОР");
        assert!(mixed.look_alike && mixed.joined() == "stop");
        assert_eq!(Comparable::new("QUİT quıt").joined(), "quit quit");
        assert_eq!(Comparable::new("Été Straße").joined(), "ete strasse");
        assert_eq!(Comparable::new("s t o p").words.len(), 4);
        assert_eq!(Comparable::new("yes 👍🏽!").tokens, ["yes", "👍", "🏽"]);
    }

    #[test]
    fn plain_letters_are_folded_like_all_others() {
        for c in '\0'..='\x7f' {
            let text = format!("a{c}B");
            assert_eq!(fold(&text), fold_any(&text), "{text:?}");
        }
    }

    /// E37, E85: reactions are told from answers.
    #[test]
    fn a_reaction_of_a_phone_is_recognised() {
        for text in ["Liked “Reply STOP to cancel.”", "👍 to “See you”", "Reacted 😂 to “@347 hi”"]
        {
            assert!(Comparable::new(text).reaction, "{text}");
        }
        for text in ["Liked your show", "listen to \"this\"", "Go to “Main St”"] {
            assert!(!Comparable::new(text).reaction, "{text}");
        }
    }
}
