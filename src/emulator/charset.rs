//! The terminal's alphabet (+CSCS, 27.007 §5.5): how texts look on the line, and back.
//!
//! On the line a character stands for one byte (`command::latin1`); inside, text is text.

use super::reply::Refusal;
use super::settings::Charset;
use crate::sms::{self, Alphabet, Body, Dcs, Tables, Udh, UserData, gsm7};

/// A text as the terminal wants it.
pub fn text_out(text: &str, charset: Charset) -> String {
    match charset {
        Charset::Gsm => septets(text).into_iter().map(char::from).collect(),
        Charset::Ira => text.chars().map(|c| if c.is_ascii() { c } else { '?' }).collect(),
        Charset::Latin1 => text.chars().map(|c| if c <= '\u{FF}' { c } else { '?' }).collect(),
        Charset::Ucs2 => sms::to_hex(&sms::ucs2::encode(text)),
        Charset::Hex => sms::to_hex(&septets(text)),
    }
}

/// A text from the terminal.
pub fn text_in(line: &str, charset: Charset) -> String {
    let hex = || sms::from_hex(line).ok();
    match charset {
        Charset::Gsm => {
            let septets: Vec<u8> = line.chars().filter_map(|c| u8::try_from(c).ok()).collect();
            Tables::DEFAULT.decode(&septets)
        }
        Charset::Ira | Charset::Latin1 => line.to_owned(),
        Charset::Ucs2 => hex().map_or(line.to_owned(), |octets| sms::ucs2::decode(&octets)),
        Charset::Hex => hex().map_or(line.to_owned(), |octets| Tables::DEFAULT.decode(&octets)),
    }
}

/// A number: digits are the same in every set but `UCS2`.
pub fn number_out(number: &str, charset: Charset) -> String {
    if charset == Charset::Ucs2 { text_out(number, charset) } else { number.to_owned() }
}

/// A number from the terminal, which may write plain digits whatever the set.
pub fn number_in(line: &str, charset: Charset) -> String {
    let hex = charset == Charset::Ucs2 && line.len().is_multiple_of(4) && line.starts_with("00");
    if hex { text_in(line, charset) } else { line.to_owned() }
}

/// User data from text mode: characters, or pairs of hexadecimal digits when the data coding
/// scheme is 8-bit or UCS-2, or when +CSMP says that a header comes first (27.005 §3.1, `<data>`).
/// Then they are the octets as they go over the air: of septets the packed ones.
pub fn user_data_in(
    data: &[u8],
    dcs: Dcs,
    with_header: bool,
    charset: Charset,
) -> Result<UserData, Refusal> {
    let wrong = || Refusal::Cms(305);
    let line = super::command::latin1(data);
    if dcs.alphabet() == Alphabet::Gsm7 && !with_header {
        return Ok(UserData {
            header: None,
            body: Body::Septets(septets(&text_in(&line, charset))),
        });
    }
    let octets = sms::from_hex(line.trim_end()).map_err(|_| wrong())?;
    if !with_header {
        return Ok(UserData { header: None, body: Body::Octets(octets) });
    }
    let (&length, rest) = octets.split_first().ok_or_else(wrong)?;
    let (header, body) = rest.split_at_checked(usize::from(length)).ok_or_else(wrong)?;
    let body = match dcs.alphabet() {
        Alphabet::Gsm7 => {
            let before = (1 + header.len()) * 8;
            let fill = before.next_multiple_of(7) - before;
            // All that fit; a last one of zeros cannot be told from the bits that are left over.
            let count = (octets.len() * 8 / 7).saturating_sub(before.div_ceil(7));
            Body::Septets(gsm7::unpack(body, fill, count))
        }
        _ => Body::Octets(body.to_vec()),
    };
    Ok(UserData { header: Some(Udh::from_octets(header.to_vec())), body })
}

/// User data as text mode shows it; with a header as the octets of both.
pub fn user_data_out(user_data: &UserData, dcs: Dcs, charset: Charset) -> String {
    if let Some(header) = &user_data.header {
        let length = u8::try_from(header.octets().len()).unwrap_or(u8::MAX);
        let octets = [&[length], header.octets(), &user_data.body_octets()].concat();
        return sms::to_hex(&octets);
    }
    match (&user_data.body, user_data.text(dcs)) {
        (Body::Septets(_), Some(text)) => text_out(&text, charset),
        _ => sms::to_hex(&user_data.body_octets()),
    }
}

/// Septets of the default alphabet; what it lacks becomes `?`.
pub fn septets(text: &str) -> Vec<u8> {
    let mut septets = Vec::with_capacity(text.len());
    for character in text.chars() {
        if Tables::DEFAULT.encode(character, &mut septets).is_none() {
            Tables::DEFAULT.encode('?', &mut septets);
        }
    }
    septets
}
