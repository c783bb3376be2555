//! Typographic characters of mail programs as people write them in texts (E65).
//!
//! A single curly apostrophe makes a text of 160 characters one of 70 a segment. Folded is only
//! what means the same: quotation marks, dashes, dots, blanks, and marks that are not seen. The
//! joiners of Persian and of emoji and the direction marks of Hebrew and Arabic stay.

/// The text with the same meaning, without the blanks around it.
pub(super) fn folded(text: &str) -> String {
    plain(text).trim().to_owned()
}

/// Character by character, blanks and all.
pub(super) fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '‘' | '’' | '‚' | '‛' | 'ʼ' | '′' => out.push('\''),
            '“' | '”' | '„' | '‟' | '″' => out.push('"'),
            '‐' | '‑' | '‒' | '–' | '—' | '―' | '−' => out.push('-'),
            '…' => out.push_str("..."),
            '•' | '◦' | '‣' | '▪' => out.push('-'),
            '\u{a0}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' => {
                out.push(' ')
            }
            // Marks that nobody sees and that mean nothing in a text.
            '\u{200b}' | '\u{feff}' | '\u{ad}' | '\u{2060}' | '\u{fffc}' => {}
            '\u{2028}' | '\u{2029}' => out.push('\n'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// E65: the meaning is unchanged, and what has no equal stays.
    #[test]
    fn typographic_characters_become_plain_ones() {
        assert_eq!(folded("“It’s 5–6…”\u{a0}ok\u{200b}"), "\"It's 5-6...\" ok");
        assert_eq!(folded("Zoë €5 « ñ » 👩‍🚀"), "Zoë €5 « ñ » 👩‍🚀");
    }
}
