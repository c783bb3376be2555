//! S134: what a website shows so that a visitor can text the line: a link that opens a text on a
//! phone, and a picture for every other screen.

use crate::web::error::WebError;
use crate::web::qr::Qr;

/// The link, the picture, and the HTML for the website.
pub(super) struct Click {
    pub(super) greeting: String,
    pub(super) link: String,
    pub(super) snippet: String,
    pub(super) qr: Qr,
}

impl Click {
    /// Of a line with this number, with words already written.
    pub(super) fn new(number: &str, greeting: String) -> Result<Self, WebError> {
        let greeting: String = greeting.chars().filter(|c| !c.is_control()).take(160).collect();
        // RFC 5724: the body is percent-encoded.
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        let encoded: String = greeting
            .bytes()
            .map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") })
            .collect();
        let link = match encoded.is_empty() {
            true => format!("sms:{number}"),
            false => format!("sms:{number}?body={encoded}"),
        };
        let snippet = format!("<a href=\"{link}\">Text us: {number}</a>");
        let qr = Qr::new(&link, format!("Opens a text to {number} on a phone"))?;
        Ok(Self { greeting, link, snippet, qr })
    }
}
