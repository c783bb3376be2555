//! Finding response codes in a recipient's text and taking them out again (E6..E13).
//!
//! Only texts of recipients are searched, never what goes out (E36). Searched is the whole text
//! after reassembly, so a code in a later segment is found (E31).

use std::ops::Range;

/// A response code in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// The figure. Compared whole: `@3471` is not `@347` (E10, E11).
    pub code: u32,
    /// The octets to take out, brackets around it included.
    pub at: Range<usize>,
    /// It stands between words of a line and not in brackets: it may be meant otherwise (E9).
    pub in_prose: bool,
}

/// The codes in `text`, in order. `alternates` accepts `#347` and `347:` at the start (E13).
pub fn find(text: &str, alternates: bool) -> Vec<Token> {
    let marks: Vec<(usize, char)> = text.char_indices().filter(|(_, c)| !is_joiner(*c)).collect();
    let mut tokens = Vec::new();
    let mut index = 0;
    while index < marks.len() {
        match token_at(&marks, index, alternates) {
            Some((code, end)) => {
                tokens.push(shaped(text, &marks, code, index, end));
                index = end;
            }
            None => index += 1,
        }
    }
    tokens
}

/// `text` without the tokens; blanks left by them closed, everything else untouched (S14).
pub fn strip(text: &str, tokens: &[Token]) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut from = 0;
    for token in tokens {
        kept.push_str(text.get(from..token.at.start).unwrap_or_default());
        from = token.at.end;
        let rest = text.get(from..).unwrap_or_default();
        if rest.starts_with(['.', '!', '?', ',', ';']) && !kept.trim_end().is_empty() {
            kept.truncate(kept.trim_end().len());
        } else if kept.is_empty() || kept.ends_with(char::is_whitespace) {
            // `@347: hello` and `@347, hello`: the mark belonged to the code.
            let colon = if kept.is_empty() { rest.trim_start_matches([':', ',']) } else { rest };
            from += rest.len() - colon.trim_start().len();
        } else if rest.trim_start().is_empty() {
            from = text.len();
        }
    }
    kept.push_str(text.get(from..).unwrap_or_default());
    kept.trim().to_owned()
}

/// The code whose `@` is at `marks[start]`, and the index after its last digit.
fn token_at(marks: &[(usize, char)], start: usize, alternates: bool) -> Option<(u32, usize)> {
    let mark = marks.get(start)?.1;
    let first = marks.iter().take(start).all(|(_, c)| c.is_whitespace());
    let bare = alternates && first && digit(mark).is_some();
    let is_mark = match mark {
        '@' | '＠' | '﹫' => true,
        // GSM 7 bit puts `@` at 0, which some handsets show or send as NUL or `¡`.
        '\0' => true,
        '¡' => first,
        '#' => alternates && first,
        _ => bare,
    };
    let before = start.checked_sub(1).and_then(|index| marks.get(index)).map(|(_, c)| *c);
    if !is_mark || before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '.' | '_' | '-')) {
        return None;
    }
    let mut index = if bare { start } else { start + 1 };
    let spaced = !bare && marks.get(index).is_some_and(|(_, c)| is_blank(*c));
    index += usize::from(spaced);
    let digits: Vec<u32> =
        marks.get(index..)?.iter().map_while(|(_, c)| digit(*c)).take(7).collect();
    let end = index + digits.len();
    let next = marks.get(end).map(|(_, c)| *c);
    let after_next = marks.get(end + 1).map(|(_, c)| *c);
    let fraction =
        matches!(next, Some('.' | ',')) && after_next.is_some_and(|c| digit(c).is_some());
    let glued = next.is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | '@' | '%'));
    // `see you @ 5` is a time: after a blank only a whole code counts.
    let enough = if spaced || bare { 3..=6 } else { 2..=6 };
    if fraction || glued || !enough.contains(&digits.len()) || (bare && next != Some(':')) {
        return None;
    }
    Some((digits.iter().fold(0, |code, digit| code * 10 + digit), end))
}

/// The token with its brackets and place in the line.
fn shaped(text: &str, marks: &[(usize, char)], code: u32, start: usize, end: usize) -> Token {
    let octet = |index: usize| marks.get(index).map_or(text.len(), |(octet, _)| *octet);
    let mut at = octet(start)..octet(end);
    let before = text.get(..at.start).unwrap_or_default();
    let after = text.get(at.end..).unwrap_or_default();
    let open = before.trim_end_matches(is_blank);
    let close = after.trim_start_matches(is_blank);
    let bracketed = PAIRS.iter().any(|(l, r)| open.ends_with(*l) && close.starts_with(*r));
    if bracketed {
        at.start = open.len() - open.chars().next_back().map_or(0, char::len_utf8);
        let closing = close.chars().next().map_or(0, char::len_utf8);
        at.end = text.len() - close.len() + closing;
    }
    let line_start = before.rsplit('\n').next().is_none_or(|line| line.trim().is_empty());
    let after = text.get(at.end..).unwrap_or_default();
    let line_end =
        after.split('\n').next().is_none_or(|line| !line.contains(char::is_alphanumeric));
    Token { code, at, in_prose: !bracketed && !line_start && !line_end }
}

fn is_blank(c: char) -> bool {
    c == ' ' || c == '\u{a0}'
}

fn is_joiner(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{ad}')
}

/// The value of a decimal digit of any script phones write (E12).
fn digit(c: char) -> Option<u32> {
    let zeros = ['0', '٠', '۰', '०', '০', '੦', '૦', '௦', '๐', '０'];
    zeros.iter().find_map(|zero| {
        let value = u32::from(c).checked_sub(u32::from(*zero))?;
        (value < 10).then_some(value)
    })
}

const PAIRS: [(char, char); 4] = [('(', ')'), ('[', ']'), ('{', '}'), ('<', '>')];

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(text: &str) -> Vec<u32> {
        find(text, false).iter().map(|token| token.code).collect()
    }

    fn stripped(text: &str) -> String {
        strip(text, &find(text, false))
    }

    /// S13, S14, E6, E7: anywhere, in brackets, on a line of its own; nothing of it is left.
    #[test]
    fn a_code_is_taken_out_without_a_trace() {
        for text in [
            "@347 On my way",
            "On my way @347",
            "On my way (@347)",
            "On my way ( @347 )",
            "@347: On my way",
            "@347\nOn my way",
            "On my way\n@347",
            "[@347] On my way",
            "@347 On my way @347",
            "  @347   On my way",
            "On my way @347.",
        ] {
            let found = codes(text);
            assert!(!found.is_empty() && found.iter().all(|code| *code == 347), "{text}");
            assert_eq!(stripped(text).trim_end_matches('.'), "On my way", "{text}");
        }
        assert_eq!(stripped("On my @347 way"), "On my way");
        assert_eq!(stripped("one\n@347\ntwo"), "one\ntwo");
        assert_eq!(stripped("@347"), "");
    }

    /// E8, E9, E10: addresses, prices and times are no codes; other lengths are other codes.
    #[test]
    fn what_only_looks_like_a_code_is_left_alone() {
        for text in [
            "mail me at bob@347.example",
            "x@347",
            "@347.50",
            "@347,50",
            "@347th",
            "see you @ 5",
            "a.@347",
            "-@347",
            "@home",
            "@",
            "@ 34",
            "@3",
            "@1234567",
        ] {
            assert_eq!(codes(text), [0; 0], "{text}");
        }
        assert_eq!(codes("@3471 hi"), [3471]);
        assert_eq!(codes("@34 hi"), [34]);
        assert!(find("3 pcs @347 each", false)[0].in_prose);
        assert!(!find("@347 EUR", false)[0].in_prose);
        assert!(!find("hi (@347) there", false)[0].in_prose);
    }

    /// E6, E11: different codes stay different; taking one out does not harm the other.
    #[test]
    fn codes_are_compared_whole() {
        assert_eq!(codes("@100 and @1000"), [100, 1000]);
        let tokens = find("@100 tell @1000 that", false);
        assert_eq!(strip("@100 tell @1000 that", &tokens[..1]), "tell @1000 that");
    }

    /// E12, E13: other widths, digits and lost `@` signs.
    #[test]
    fn handsets_write_codes_in_many_ways() {
        for text in [
            "@ 347 hi",
            "＠３４７ hi",
            "@٣٤٧ hi",
            "@3\u{200d}47 hi",
            "@\u{200b}347 hi",
            "\u{0}347 hi",
            "¡347 hi",
        ] {
            assert_eq!(codes(text), [347], "{text:?}");
            assert_eq!(stripped(text), "hi", "{text:?}");
        }
        for text in ["#347 hi", "347: hi"] {
            assert_eq!(codes(text), [0; 0], "{text}");
            let tokens = find(text, true);
            assert_eq!((tokens[0].code, strip(text, &tokens).as_str()), (347, "hi"), "{text}");
        }
    }
}
