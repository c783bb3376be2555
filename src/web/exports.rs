//! Contacts as a file: CSV for a spreadsheet, vCard for a phone. Contacts go in, text comes out;
//! pure. What is written here [`super::imports`] reads back.

use std::collections::BTreeSet;

use super::sheet::Sheet;
use crate::store::Contact;

/// A table with a heading, one contact a row, each free field a column of its own.
pub(super) fn table(contacts: &[Contact]) -> Sheet {
    let names: BTreeSet<&String> =
        contacts.iter().flat_map(|contact| contact.card.fields.keys()).collect();
    // A field is called by a word (`api::contacts`): it needs no quotes.
    let head = names.iter().map(|name| name.as_str());
    let head: Vec<&str> = KNOWN.into_iter().chain(head).collect();
    let mut sheet = Sheet::new(&head.join(","));
    for contact in contacts {
        let card = &contact.card;
        let numbers: Vec<&str> = card.numbers.iter().map(|number| number.as_str()).collect();
        let numbers = numbers.join(" / ");
        let language = card.language.as_deref().unwrap_or_default();
        let row = [&*card.first_name, &*card.last_name, &*numbers, language, &*card.notes];
        let fields = names.iter().map(|name| card.fields.get(*name).map_or("", String::as_str));
        sheet.row(row.into_iter().chain(fields));
    }
    sheet
}

/// Columns that every table has.
const KNOWN: [&str; 5] = ["first_name", "last_name", "numbers", "language", "notes"];

/// One card a contact, in version 3.0: every phone reads that one.
pub(super) fn cards(contacts: &[Contact]) -> String {
    let mut file = String::new();
    contacts.iter().for_each(|contact| card(contact, &mut file));
    file
}

fn card(contact: &Contact, file: &mut String) {
    let card = &contact.card;
    let full = match contact.name() {
        name if name.is_empty() => card.numbers.first().map_or("", |n| n.as_str()).to_owned(),
        name => name,
    };
    let mut line = |name: &str, value: &str| folded(file, &format!("{name}:{value}"));
    line("BEGIN", "VCARD");
    line("VERSION", "3.0");
    line("FN", &escaped(&full));
    line("N", &format!("{};{};;;", escaped(&card.last_name), escaped(&card.first_name)));
    for number in &card.numbers {
        line("TEL;TYPE=CELL", &escaped(number.as_str()));
    }
    for (name, value) in &card.fields {
        match name.as_str() {
            "company_name" => line("ORG", &escaped(value)),
            "email" => line("EMAIL", &escaped(value)),
            name => line(FIELD, &escaped(&format!("{name}={value}"))),
        }
    }
    if let Some(language) = &card.language {
        line("LANG", &escaped(language));
    }
    if !card.notes.is_empty() {
        line("NOTE", &escaped(&card.notes));
    }
    line("END", "VCARD");
}

/// RFC 6350, 3.4: what would end a value or part it is written with a backslash.
fn escaped(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    for sign in value.chars() {
        match sign {
            '\\' | ',' | ';' => text.extend(['\\', sign]),
            '\n' => text.push_str("\\n"),
            sign if sign.is_control() => {}
            sign => text.push(sign),
        }
    }
    text
}

/// RFC 6350, 3.2: lines of at most 75 octets, the rest behind a blank on the next one.
fn folded(file: &mut String, line: &str) {
    let mut room = LINE;
    for sign in line.chars() {
        if sign.len_utf8() > room {
            file.push_str("\r\n ");
            room = LINE - 1;
        }
        file.push(sign);
        room -= sign.len_utf8();
    }
    file.push_str("\r\n");
}

/// A free field of ours: `name=value`.
pub(super) const FIELD: &str = "X-SIMGATE-FIELD";
const LINE: usize = 75;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Card;
    use crate::types::{ContactId, Number, UnixTime};
    use crate::web::imports;

    fn contact(card: Card) -> Contact {
        let at = UnixTime(0);
        Contact { id: ContactId(1), card, created_at: at, updated_at: at, merged: Vec::new() }
    }

    /// What leaves as cards comes back as it was, whatever stands in it (E147).
    #[test]
    fn cards_are_read_back_as_they_were_written() {
        let number = |text: &str| Number::E164(text.to_owned());
        let card = Card {
            first_name: "Ann; Marie, \\".to_owned(),
            last_name: "O’Neill-日本".to_owned(),
            numbers: vec![number("+447700900123"), number("+447700900124")],
            language: Some("en".to_owned()),
            fields: [("car", "red; fast, = new"), ("email", "ann@example.org")]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into(),
            notes:
                "Calls back.\nNever on Mondays: she is away then, and answers on Tuesdays at the \
                    earliest, as everybody here knows."
                    .to_owned(),
        };
        let nameless = Card { numbers: vec![number("+447700900125")], ..Card::default() };
        let file = cards(&[contact(card.clone()), contact(nameless)]);
        assert!(file.lines().all(|line| line.len() <= LINE), "{file}");
        let read = imports::read(&file, None);
        assert!(read.refused.is_empty(), "{read:?}");
        assert_eq!(read.cards[0], card);
        assert_eq!(read.cards[1].numbers, [number("+447700900125")]);
    }
}
