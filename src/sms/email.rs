//! E-mail over SMS: the address at the start of a text (23.040 §3.8).
//!
//! A whole text, joined from its segments, goes in when its protocol says so
//! ([`Purpose::Email`](super::Purpose::Email)); the address, the subject and the rest come out.
//! A hint for people, never a fact: the text is kept as it came, and nothing is sent by it.

/// Who wrote, according to the text itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmailHint<'a> {
    /// The address, with `@` and `_` where the alphabet had none.
    pub address: String,
    /// The subject, when there is one.
    pub subject: Option<&'a str>,
    /// What follows.
    pub text: &'a str,
}

/// Reads `user@example.org text`, `user@example.org(subject)text` and
/// `user@example.org#subject#text`, the latter also with `##` in front.
pub fn email_hint(text: &str) -> Option<EmailHint<'_>> {
    let text = text.trim_start();
    let end = text.find(|c: char| c.is_whitespace() || matches!(c, '(' | '#'));
    let (address, rest) = text.split_at(end.unwrap_or(text.len()));
    let address = address_of(address)?;
    let (subject, text) = match rest.split_at_checked(1) {
        Some(("(", rest)) => rest.split_once(')').map(in_order)?,
        Some(("#", rest)) => {
            rest.strip_prefix('#').unwrap_or(rest).split_once('#').map(in_order)?
        }
        _ => (None, rest),
    };
    Some(EmailHint { address, subject, text: text.trim_start() })
}

fn in_order<'a>((subject, text): (&'a str, &'a str)) -> (Option<&'a str>, &'a str) {
    (Some(subject.trim()).filter(|subject| !subject.is_empty()), text)
}

/// Where `@` cannot be sent `*` stands for it, and `$` for `_`.
fn address_of(word: &str) -> Option<String> {
    let address =
        if word.contains('@') { word.to_owned() } else { word.replace('*', "@").replace('$', "_") };
    let (user, domain) = address.split_once('@')?;
    let sound = !user.is_empty()
        && domain.split('.').count() > 1
        && domain.split('.').all(|label| !label.is_empty())
        && address.chars().all(|c| c.is_ascii_graphic() && !matches!(c, '<' | '>' | ',' | '"'))
        && !domain.contains('@');
    sound.then_some(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_forms_of_the_specification_are_read() {
        for (text, address, subject, rest) in [
            ("ann@example.org Hello", "ann@example.org", None, "Hello"),
            ("ann@example.org(Lunch)At one?", "ann@example.org", Some("Lunch"), "At one?"),
            ("ann@example.org#Lunch#At one?", "ann@example.org", Some("Lunch"), "At one?"),
            ("ann@example.org##Lunch#At one?", "ann@example.org", Some("Lunch"), "At one?"),
            ("ann$b*example.org Hi", "ann_b@example.org", None, "Hi"),
            ("ann@example.org()Hi", "ann@example.org", None, "Hi"),
            ("ann@example.org", "ann@example.org", None, ""),
        ] {
            let hint = EmailHint { address: address.to_owned(), subject, text: rest };
            assert_eq!(email_hint(text), Some(hint), "{text}");
        }
    }

    #[test]
    fn other_texts_give_no_hint() {
        for text in [
            "",
            "Meet me @ one",
            "@example.org Hi",
            "ann@example Hi",
            "ann@example..org",
            "ann@b@example.org",
            "ann@example.org(no end",
            "2*2 is four",
        ] {
            assert_eq!(email_hint(text), None, "{text}");
        }
    }
}
