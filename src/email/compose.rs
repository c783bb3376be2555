//! A whole mail: header, plain text, and HTML that says no more.

use ring::digest::{SHA256, digest};

use super::header::Fields;
use super::token::base32;
use super::{Address, Mailbox};

/// A mail ready for an SMTP server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailOut {
    /// The envelope sender; `None` is the null sender, which nobody answers (RFC 5321 §4.5.5).
    pub envelope_from: Option<Address>,
    /// The one recipient.
    pub to: Address,
    /// What stands in `From`.
    pub from: Mailbox,
    /// Where a reply goes.
    pub reply_to: Option<Address>,
    /// The subject as people read it.
    pub subject: String,
    /// The `Message-ID`, without brackets. A repeated composition has the same.
    pub message_id: String,
    /// Earlier message ids, the thread's root first.
    pub references: Vec<String>,
    /// The plain text, lines ended by `\n`.
    pub text: String,
    /// The same in HTML.
    pub html: Option<String>,
    /// The mail's octets, lines ended by CR LF, at most 78 characters each where that is possible.
    pub raw: Vec<u8>,
}

impl MailOut {
    /// Writes `raw` from the rest: `header` with the fields that are particular to the mail.
    pub(super) fn written(mut self, mut header: Fields) -> MailOut {
        header.mailbox("From", &self.from);
        header.address("To", &self.to);
        if let Some(reply_to) = &self.reply_to {
            header.address("Reply-To", reply_to);
        }
        header.text("Subject", &self.subject);
        header.ids("Message-ID", [&self.message_id]);
        header.ids("In-Reply-To", self.references.last());
        header.ids("References", &self.references);
        header.plain("MIME-Version", "1.0");
        self.raw = match &self.html {
            None => {
                header.plain("Content-Type", "text/plain; charset=utf-8");
                header.plain("Content-Transfer-Encoding", "quoted-printable");
                (header.end() + &quoted_printable(&self.text)).into_bytes()
            }
            Some(html) => alternative(header, &self.message_id, &self.text, html).into_bytes(),
        };
        self
    }
}

fn alternative(header: Fields, message_id: &str, text: &str, html: &str) -> String {
    // `=_` cannot stand in quoted-printable, so no body can hold the boundary (RFC 2045 §6.7).
    let hash = digest(&SHA256, message_id.as_bytes());
    let boundary = format!("=_{}", base32(hash.as_ref().iter().copied().take(15)));
    let mut raw = header.end();
    // The last empty line ended the header; the field with the boundary belongs above it.
    raw.truncate(raw.len().saturating_sub(2));
    raw.push_str(&format!("Content-Type: multipart/alternative;\r\n boundary=\"{boundary}\"\r\n"));
    for (kind, body) in [("plain", text), ("html", html)] {
        raw.push_str(&format!(
            "\r\n--{boundary}\r\nContent-Type: text/{kind}; charset=utf-8\r\n\
             Content-Transfer-Encoding: quoted-printable\r\n\r\n"
        ));
        raw.push_str(&quoted_printable(body));
    }
    raw.push_str(&format!("\r\n--{boundary}--\r\n"));
    raw
}

/// RFC 2045 §6.7: lines of at most 76 characters, every text comes back as it was.
pub(super) fn quoted_printable(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 4);
    for line in text.replace("\r\n", "\n").split_inclusive('\n') {
        let (line, ended) = line.strip_suffix('\n').map_or((line, false), |line| (line, true));
        let mut column = 0;
        let last = line.len().saturating_sub(1);
        for (at, octet) in line.bytes().enumerate() {
            // mbox files escape a line that begins with `From `.
            let plain = match octet {
                b' ' | b'\t' => at != last,
                b'F' => !(at == 0 && line.starts_with("From ")),
                b'=' => false,
                _ => octet.is_ascii_graphic(),
            };
            let width = if plain { 1 } else { 3 };
            if column + width > 75 {
                out.push_str("=\r\n");
                column = 0;
            }
            match plain {
                true => out.push(char::from(octet)),
                false => out.push_str(&format!("={octet:02X}")),
            }
            column += width;
        }
        if ended {
            out.push_str("\r\n");
        }
    }
    out
}

/// Paragraphs of a plain text in HTML. Nothing in it is markup: not a tag, not a link.
pub(super) fn html_of(text: &str) -> String {
    let mut html = String::from("<!DOCTYPE html>\n<html><body>\n");
    for paragraph in text.split("\n\n").filter(|paragraph| !paragraph.trim().is_empty()) {
        html.push_str("<p dir=\"auto\">");
        for c in paragraph.trim_matches('\n').chars() {
            match c {
                '&' => html.push_str("&amp;"),
                '<' => html.push_str("&lt;"),
                '>' => html.push_str("&gt;"),
                '"' => html.push_str("&quot;"),
                '\'' => html.push_str("&#39;"),
                '\n' => html.push_str("<br>\n"),
                c => html.push(c),
            }
        }
        html.push_str("</p>\n");
    }
    html.push_str("</body></html>\n");
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_printable_keeps_every_text() {
        assert_eq!(quoted_printable("a=b \nFrom x\n"), "a=3Db=20\r\n=46rom x\r\n");
        assert_eq!(quoted_printable("é\r\n\tx\t"), "=C3=A9\r\n\tx=09");
        let long = quoted_printable(&"ü".repeat(100));
        assert!(long.lines().all(|line| line.len() <= 76));
        assert_eq!(quoted_printable("a\rb"), "a=0Db");
    }

    /// E76: markup in a text is words.
    #[test]
    fn markup_of_a_customer_is_shown_and_not_done() {
        let html = html_of("<script>alert('x')</script>\n\n\"&\" <b>");
        assert!(!html.contains("<script") && !html.contains("<b>"), "{html}");
        assert!(html.contains("&lt;script&gt;alert(&#39;x&#39;)"), "{html}");
    }
}
