//! An upper bound of the segments a text needs, without an alphabet table.
//!
//! The engine does not import the codec. Plain ASCII is inside the GSM 7 bit alphabet (23.038
//! §6.2.1) but for the grave accent; everything else is counted as UCS-2, which never needs fewer.

/// No more segments than this are needed for `text`.
pub(super) fn segments_at_most(text: &str) -> usize {
    let gsm = text.chars().all(|c| c.is_ascii() && c != '`');
    let (units, one, many) = match gsm {
        true => (text.chars().map(|c| 1 + usize::from(is_extended(c))).sum(), 160, 152),
        false => (text.chars().map(char::len_utf16).sum::<usize>(), 70, 66),
    };
    if units <= one { 1 } else { units.div_ceil(many) }
}

/// Two septets by the extension table.
fn is_extended(c: char) -> bool {
    matches!(c, '^' | '{' | '}' | '\\' | '[' | '~' | ']' | '|')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// E148: what counts twice is counted twice.
    #[test]
    fn the_bound_is_never_too_low() {
        assert_eq!(segments_at_most(&"a".repeat(160)), 1);
        assert_eq!(segments_at_most(&"a".repeat(161)), 2);
        assert_eq!(segments_at_most(&"[".repeat(81)), 2);
        assert_eq!(segments_at_most(&"é".repeat(71)), 2);
        assert_eq!(segments_at_most(""), 1);
    }
}
