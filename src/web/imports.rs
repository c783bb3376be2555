//! Contacts from a file: CSV from a spreadsheet, vCard from a phone. Octets go in, cards and the
//! rows that cannot be one come out. Pure; what becomes of the cards is the page's.

use std::collections::BTreeMap;

use calcard::vcard::{VCard, VCardProperty, VCardValue};
use calcard::{Entry, Parser};

use super::exports::FIELD;
use crate::store::Card;
use crate::types::{Country, Number};

/// What a file holds.
#[derive(Debug, Default)]
pub(super) struct Imported {
    /// In the order of the file.
    pub(super) cards: Vec<Card>,
    /// Rows that are no contact, and why.
    pub(super) refused: Vec<(usize, String)>,
}

/// A file as text: UTF-8, or what older spreadsheets write.
pub(super) fn decoded(octets: &[u8]) -> String {
    match std::str::from_utf8(octets) {
        Ok(text) => text.trim_start_matches('\u{feff}').to_owned(),
        Err(_) => encoding_rs::WINDOWS_1252.decode(octets).0.into_owned(),
    }
}

/// Reads a file, whichever of the two it is.
pub(super) fn read(text: &str, country: Option<Country>) -> Imported {
    let start = text.trim_start();
    match start.get(..11).is_some_and(|start| start.eq_ignore_ascii_case("BEGIN:VCARD")) {
        true => vcards(text, country),
        false => table(text, country),
    }
}

fn vcards(text: &str, country: Option<Country>) -> Imported {
    let mut imported = Imported::default();
    let mut parser = Parser::new(text);
    let mut row = 0;
    while row < MOST_ROWS {
        row += 1;
        match parser.entry() {
            Entry::VCard(card) => imported.take(row, vcard(&card, country)),
            Entry::Eof => break,
            Entry::InvalidLine(line) if line.trim().is_empty() => {}
            _ => imported.refused.push((row, "It is no contact.".to_owned())),
        }
    }
    imported
}

fn vcard(read: &VCard, country: Option<Country>) -> Result<Card, String> {
    let mut card = Card::default();
    let mut full = String::new();
    for entry in &read.entries {
        let words: Vec<&str> = entry.values.iter().filter_map(word).collect();
        let first = words.first().copied().unwrap_or_default().trim();
        match &entry.name {
            VCardProperty::N => {
                card.last_name = one_line(first);
                card.first_name = one_line(words.get(1).copied().unwrap_or_default());
            }
            VCardProperty::Fn => full = one_line(first),
            VCardProperty::Tel => {
                let number = first.strip_prefix("tel:").unwrap_or(first);
                card.numbers.push(Number::parse(number, country).map_err(|e| e.to_string())?);
            }
            VCardProperty::Org => {
                card.fields.insert("company_name".to_owned(), one_line(first));
            }
            VCardProperty::Email => {
                card.fields.insert("email".to_owned(), one_line(first));
            }
            VCardProperty::Note => card.notes = first.chars().take(LONGEST_NOTE).collect(),
            VCardProperty::Lang => card.language = Some(first.to_ascii_lowercase()),
            VCardProperty::Other(name) if name.eq_ignore_ascii_case(FIELD) => {
                if let Some((name, value)) = first.split_once('=') {
                    card.fields.insert(one_line(name), one_line(value));
                }
            }
            _ => {}
        }
    }
    if card.first_name.is_empty() && card.last_name.is_empty() {
        (card.first_name, card.last_name) = split(&full);
    }
    checked(card)
}

fn word(value: &VCardValue) -> Option<&str> {
    match value {
        VCardValue::Text(text) => Some(text),
        VCardValue::Component(parts) => parts.first().map(String::as_str),
        _ => None,
    }
}

fn table(text: &str, country: Option<Country>) -> Imported {
    let head = text.lines().next().unwrap_or_default();
    let most = |sign: char| head.chars().filter(|c| *c == sign).count();
    let delimiter = [',', ';', '\t'].into_iter().max_by_key(|sign| most(*sign)).unwrap_or(',');
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(u8::try_from(delimiter).unwrap_or(b','))
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let columns: Vec<Column> = match reader.headers() {
        Ok(headers) => headers.iter().map(Column::of).collect(),
        Err(_) => Vec::new(),
    };
    let mut imported = Imported::default();
    if !columns.contains(&Column::Number) {
        let words = "The first line names the columns, and one of them must be “number”.";
        imported.refused.push((1, words.to_owned()));
        return imported;
    }
    for (row, record) in (2..).zip(reader.records().take(MOST_ROWS)) {
        match record {
            Ok(record) if record.iter().all(str::is_empty) => {}
            Ok(record) => imported.take(row, of_row(&columns, &record, country)),
            Err(_) => imported.refused.push((row, "The row cannot be read.".to_owned())),
        }
    }
    imported
}

/// What a column holds, by its heading.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Column {
    First,
    Last,
    Full,
    Number,
    Language,
    Notes,
    Field(String),
    Nothing,
}

impl Column {
    fn of(heading: &str) -> Self {
        let name: String = heading
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' })
            .collect();
        match name.trim_matches('_') {
            "first_name" | "firstname" | "first" | "given_name" => Self::First,
            "last_name" | "lastname" | "last" | "surname" | "family_name" => Self::Last,
            "name" | "full_name" | "contact" => Self::Full,
            "number" | "numbers" | "phone" | "mobile" | "tel" | "telephone" | "phone_number"
            | "mobile_phone" | "cell" | "msisdn" => Self::Number,
            "language" | "lang" => Self::Language,
            "notes" | "note" => Self::Notes,
            "" => Self::Nothing,
            name if name.starts_with(|c: char| c.is_ascii_digit()) => Self::Nothing,
            name => Self::Field(name.chars().take(50).collect()),
        }
    }
}

fn of_row(
    columns: &[Column],
    record: &csv::StringRecord,
    country: Option<Country>,
) -> Result<Card, String> {
    let mut card = Card::default();
    let mut fields = BTreeMap::new();
    for (column, cell) in columns.iter().zip(record.iter()).filter(|(_, cell)| !cell.is_empty()) {
        match column {
            Column::First => card.first_name = one_line(cell),
            Column::Last => card.last_name = one_line(cell),
            Column::Full => (card.first_name, card.last_name) = split(&one_line(cell)),
            Column::Number => {
                for number in cell.split(['/', '|', '\n']).filter(|part| !part.trim().is_empty()) {
                    let number = Number::parse(number.trim(), country);
                    card.numbers.push(number.map_err(|error| error.to_string())?);
                }
            }
            Column::Language => card.language = Some(cell.to_ascii_lowercase()),
            Column::Notes => card.notes = cell.chars().take(LONGEST_NOTE).collect(),
            Column::Field(name) => drop(fields.insert(name.clone(), one_line(cell))),
            Column::Nothing => {}
        }
    }
    card.fields = fields;
    checked(card)
}

impl Imported {
    fn take(&mut self, row: usize, card: Result<Card, String>) {
        match card {
            Ok(card) => self.cards.push(card),
            Err(why) => self.refused.push((row, why)),
        }
    }
}

fn checked(mut card: Card) -> Result<Card, String> {
    if card.numbers.is_empty() {
        return Err("It has no number.".to_owned());
    }
    let mut known = Vec::new();
    card.numbers.retain(|number| {
        !known.contains(number) && {
            known.push(number.clone());
            true
        }
    });
    card.numbers.truncate(20);
    card.language = card.language.filter(|code| {
        (2..=3).contains(&code.len()) && code.bytes().all(|b| b.is_ascii_lowercase())
    });
    Ok(card)
}

fn split(full: &str) -> (String, String) {
    let (first, last) = full.trim().split_once(' ').unwrap_or((full.trim(), ""));
    (first.to_owned(), last.trim().to_owned())
}

/// A name goes into texts and headers: one line without control characters (E147).
fn one_line(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(100).collect::<String>().trim().to_owned()
}

/// More contacts than one file may bring.
const MOST_ROWS: usize = 20_000;
const LONGEST_NOTE: usize = 2_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn britain() -> Option<Country> {
        "GB".parse().ok()
    }

    #[test]
    fn a_spreadsheet_becomes_cards_with_its_other_columns_as_fields() {
        let text = "First name;Surname;Mobile;Car\nAlisha;Brown;07700 900201;red\n;;nobody;\n";
        let read = read(text, britain());
        assert_eq!(read.cards.len(), 1, "{read:?}");
        let card = &read.cards[0];
        assert_eq!((card.first_name.as_str(), card.last_name.as_str()), ("Alisha", "Brown"));
        assert_eq!(card.numbers, [Number::E164("+447700900201".to_owned())]);
        assert_eq!(card.fields["car"], "red");
        assert_eq!(read.refused[0].0, 3);
    }

    #[test]
    fn a_file_without_a_column_of_numbers_says_so() {
        assert!(read("a,b\n1,2\n", britain()).refused[0].1.contains("number"));
    }

    #[test]
    fn cards_of_a_phone_become_contacts() {
        let text = "BEGIN:VCARD\r\nVERSION:3.0\r\nN:Brown;Alisha;;;\r\nFN:Alisha Brown\r\n\
                    TEL;TYPE=CELL:+44 7700 900201\r\nTEL:07700 900202\r\nORG:Example\r\nEND:VCARD\r\n\
                    BEGIN:VCARD\r\nVERSION:4.0\r\nFN:Bob\r\nTEL;VALUE=uri:tel:+447700900203\r\nEND:VCARD\r\n";
        let read = read(text, britain());
        assert_eq!(read.cards.len(), 2, "{read:?}");
        assert_eq!(read.cards[0].last_name, "Brown");
        assert_eq!(read.cards[0].numbers.len(), 2);
        assert_eq!(read.cards[1].first_name, "Bob");
    }

    #[test]
    fn an_old_spreadsheets_letters_are_read() {
        assert_eq!(decoded(b"Ren\xe9e"), "Renée");
        assert_eq!(decoded("\u{feff}é".as_bytes()), "é");
    }
}
