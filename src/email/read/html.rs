//! HTML to the same kind of text a plain mail holds (E62).
//!
//! Blocks become lines, quotes become lines that begin with `>`, signatures of the programs that
//! mark them become text below `-- `, links keep their target where it is not the text itself.
//! What is not shown (styles, scripts, hidden elements) is not text. Nothing is fetched, nothing
//! is run, and any octets are some text: one pass, with a bounded stack.

/// The text of a page.
pub(super) fn to_text(html: &str) -> String {
    let mut page = Page::default();
    let mut rest = html;
    while let Some((text, tag)) = rest.split_once('<') {
        page.text(text);
        rest = match markup(tag) {
            Some((Markup::Tag(tag), after)) => page.tag(&tag, after),
            Some((Markup::Nothing, after)) => after,
            None => {
                page.text("<");
                tag
            }
        };
    }
    page.text(rest);
    page.finish()
}

/// The charset that the page names in its head.
pub(super) fn declared_charset(octets: &[u8]) -> Option<String> {
    let head = String::from_utf8_lossy(octets.get(..2_000).unwrap_or(octets)).to_ascii_lowercase();
    let (_, value) = head.split_once("charset=")?;
    let value = value.trim_start_matches(['"', '\'', ' ']);
    let label: String = value.chars().take_while(|c| c.is_ascii_graphic()).collect();
    let label = label.split(['"', '\'', ';', '>', '/']).next().unwrap_or_default();
    (!label.is_empty()).then(|| label.to_owned())
}

/// What stands between `<` and `>`.
struct Tag<'a> {
    name: String,
    closing: bool,
    attributes: &'a str,
}

enum Markup<'a> {
    Tag(Tag<'a>),
    /// Comments, declarations, processing instructions.
    Nothing,
}

/// Reads what follows a `<`; `None` when it is a sign and no markup.
fn markup(text: &str) -> Option<(Markup<'_>, &str)> {
    if let Some(comment) = text.strip_prefix("!--") {
        return Some((Markup::Nothing, comment.split_once("-->").map_or("", |(_, after)| after)));
    }
    if text.starts_with(['!', '?']) {
        return Some((Markup::Nothing, text.split_once('>').map_or("", |(_, after)| after)));
    }
    let (closing, text) = text.strip_prefix('/').map_or((false, text), |text| (true, text));
    if !text.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return None;
    }
    let mut quote = None;
    let end = text.find(|c| match (quote, c) {
        (None, '>') => true,
        (None, '"' | '\'') => {
            quote = Some(c);
            false
        }
        (Some(open), c) => {
            if open == c {
                quote = None;
            }
            false
        }
        _ => false,
    });
    // An open quote or no end: up to the next sign, so that the rest is not lost.
    let end = end.or_else(|| text.find('>')).unwrap_or(text.len());
    let (inner, after) = text.split_at_checked(end)?;
    let after = after.strip_prefix('>').unwrap_or(after);
    let name_end = inner.find(|c: char| c.is_whitespace() || c == '/').unwrap_or(inner.len());
    let (name, attributes) = inner.split_at_checked(name_end)?;
    let name = name.to_ascii_lowercase();
    Some((Markup::Tag(Tag { name, closing, attributes }), after))
}

impl Tag<'_> {
    /// An attribute's value with its entities decoded.
    fn attribute(&self, name: &str) -> Option<String> {
        let mut rest = self.attributes;
        for _ in 0..MOST_ATTRIBUTES {
            rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == '/');
            let end = rest.find(|c: char| c.is_whitespace() || c == '=').unwrap_or(rest.len());
            let (found, after) = rest.split_at_checked(end)?;
            if found.is_empty() && after.is_empty() {
                return None;
            }
            let after = after.trim_start();
            let (value, after) = match after.strip_prefix('=').map(str::trim_start) {
                None => ("", after),
                Some(value) => match value.chars().next() {
                    Some(quote @ ('"' | '\'')) => {
                        let value = value.strip_prefix(quote).unwrap_or(value);
                        value.split_once(quote).unwrap_or((value, ""))
                    }
                    _ => value.split_once(char::is_whitespace).unwrap_or((value, "")),
                },
            };
            if found.eq_ignore_ascii_case(name) {
                return Some(entities(value));
            }
            rest = after;
        }
        None
    }

    /// What the element does to the text in it.
    fn effect(&self) -> Effect {
        let lower = |name| self.attribute(name).unwrap_or_default().to_ascii_lowercase();
        let (class, id, style) = (lower("class"), lower("id"), lower("style"));
        let style: String = style.split_whitespace().collect();
        let has = |value: &str, marks: &[&str]| marks.iter().any(|mark| value.contains(mark));
        if has(&style, &["display:none", "visibility:hidden", "mso-hide:all"])
            || matches!(self.name.as_str(), "style" | "script" | "title" | "template" | "noscript")
            || self.attributes.split_whitespace().any(|word| word.eq_ignore_ascii_case("hidden"))
        {
            return Effect::Hide;
        }
        if has(&id, REST_IDS) {
            return Effect::QuoteRest;
        }
        let marked = has(&class, QUOTE_CLASSES) || has(&id, QUOTE_IDS);
        // Programs also use `blockquote` to move a paragraph to the right.
        let indent = style.contains("border:none") && lower("type") != "cite";
        if marked || (self.name == "blockquote" && !indent) {
            return Effect::Quote;
        }
        let smart = lower("data-smartmail");
        if has(&class, SIGNATURE_CLASSES) || has(&id, SIGNATURE_IDS) || smart == "gmail_signature" {
            return Effect::Signature;
        }
        match self.name.as_str() {
            "pre" | "textarea" => Effect::Pre,
            _ => Effect::None,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Effect {
    None,
    /// Not shown.
    Hide,
    /// Quoted.
    Quote,
    /// Quoted from here to the end of the page: a program marks only the beginning.
    QuoteRest,
    Signature,
    Pre,
}

struct Open {
    name: String,
    effect: Effect,
    link: Option<(String, usize)>,
}

/// The text so far.
#[derive(Default)]
struct Page {
    out: String,
    line: String,
    /// A blank is due before the next word.
    blank: bool,
    open: Vec<Open>,
    quotes: usize,
    hidden: usize,
    pre: usize,
    quoted_to_end: bool,
}

impl Page {
    fn text(&mut self, text: &str) {
        if self.hidden > 0 || text.is_empty() {
            return;
        }
        let text = entities(text);
        for c in text.chars() {
            match c {
                '\n' if self.pre > 0 => self.line_end(),
                '\u{a0}' => {
                    // Not collapsed, but not more than a blank either.
                    self.blank = false;
                    self.line.push(' ');
                }
                c if c.is_whitespace() && self.pre == 0 => self.blank = true,
                c if c.is_control() => {}
                c => {
                    if self.blank && !self.line.is_empty() && !self.line.ends_with(' ') {
                        self.line.push(' ');
                    }
                    self.blank = false;
                    self.line.push(c);
                }
            }
        }
    }

    /// Does what a tag says; gives back what is still to be read.
    fn tag<'a>(&mut self, tag: &Tag<'_>, after: &'a str) -> &'a str {
        let name = tag.name.as_str();
        if !tag.closing && matches!(name, "style" | "script" | "title" | "template" | "textarea") {
            // Their content is no markup.
            return match find_closing(after, name) {
                Some(end) => after.get(end..).unwrap_or_default(),
                None => "",
            };
        }
        match (name, tag.closing) {
            ("br", _) => {
                if self.hidden == 0 {
                    self.line_end();
                }
                return after;
            }
            ("hr", _) => {
                self.block();
                return after;
            }
            ("img", false) => {
                let alt = tag.attribute("alt").unwrap_or_default();
                let emoji = !alt.is_empty()
                    && alt.chars().count() <= 8
                    && !alt.contains(|c: char| {
                        c.is_ascii_alphabetic() || (c.is_ascii() && !c.is_ascii_digit())
                    });
                if emoji && !alt.is_ascii() {
                    self.text(&alt);
                }
                return after;
            }
            ("meta" | "link" | "input" | "col" | "wbr" | "base" | "area" | "source", _) => {
                return after;
            }
            _ => {}
        }
        let block = BLOCKS.contains(&name);
        if block {
            self.block();
        }
        if tag.closing {
            self.close(name);
        } else {
            self.begin(tag);
        }
        match (name, tag.closing) {
            ("li", false) if self.hidden == 0 => self.line.push_str("- "),
            ("td" | "th", false) if self.hidden == 0 => self.blank = true,
            ("p", _) | ("h1" | "h2" | "h3" | "table" | "ul" | "ol", true) => self.paragraph(),
            _ => {}
        }
        after
    }

    fn begin(&mut self, tag: &Tag<'_>) {
        if self.open.len() >= MOST_OPEN {
            return;
        }
        let effect = tag.effect();
        match effect {
            Effect::Hide => self.hidden += 1,
            Effect::Pre => self.pre += 1,
            Effect::Quote => {
                self.block();
                self.quotes += 1;
            }
            Effect::QuoteRest => {
                self.block();
                self.quoted_to_end = true;
            }
            Effect::Signature => {
                self.block();
                if self.hidden == 0 {
                    self.line.push_str("-- ");
                    self.line_end();
                }
            }
            Effect::None => {}
        }
        let target = (tag.name == "a").then(|| tag.attribute("href")).flatten();
        let link = target.map(|target| (target, self.out.len() + self.line.len()));
        self.open.push(Open { name: tag.name.clone(), effect, link });
    }

    /// Closes the element and what is still open in it.
    fn close(&mut self, name: &str) {
        let Some(at) = self.open.iter().rposition(|open| open.name == name) else { return };
        while self.open.len() > at {
            let Some(open) = self.open.pop() else { return };
            if let Some((target, start)) = open.link {
                self.link(&target, start);
            }
            match open.effect {
                Effect::Hide => self.hidden = self.hidden.saturating_sub(1),
                Effect::Pre => self.pre = self.pre.saturating_sub(1),
                Effect::Quote => {
                    self.block();
                    self.quotes = self.quotes.saturating_sub(1);
                }
                Effect::Signature => self.block(),
                Effect::QuoteRest | Effect::None => {}
            }
        }
    }

    /// The target behind a link's words, unless they are the target.
    fn link(&mut self, target: &str, start: usize) {
        let web = ["http://", "https://"].iter().find_map(|scheme| target.strip_prefix(scheme));
        let Some(bare) = web.filter(|_| self.hidden == 0) else { return };
        let words = start.checked_sub(self.out.len()).and_then(|at| self.line.get(at..));
        let words = words.unwrap_or_default().trim();
        let bare = bare.trim_end_matches('/');
        if !words.is_empty() && !words.contains(bare) && target.len() < 500 {
            let target: String = target.chars().filter(|c| !c.is_whitespace()).collect();
            self.line.push_str(&format!(" ({target})"));
        }
    }

    /// A new line, if something stands in this one.
    fn block(&mut self) {
        if !self.line.trim().is_empty() || self.line.ends_with("- ") {
            self.line_end();
        }
        self.line.clear();
        self.blank = false;
    }

    /// An empty line, unless there is one.
    fn paragraph(&mut self) {
        self.block();
        if self.hidden == 0 && !self.out.is_empty() && !self.out.ends_with("\n\n") {
            self.line_end();
        }
    }

    fn line_end(&mut self) {
        let quoted = self.quoted_to_end || self.quotes > 0;
        let line = std::mem::take(&mut self.line);
        let line = if line == "-- " { line.as_str() } else { line.trim_end() };
        match quoted {
            true => self.out.push_str("> "),
            // Somebody's own words, and no quote.
            false if line.starts_with('>') => self.out.push(' '),
            false => {}
        }
        self.out.push_str(line);
        self.out.push('\n');
        self.blank = false;
    }

    fn finish(mut self) -> String {
        self.block();
        self.out
    }
}

/// Where the content of an element that holds no markup ends: behind its closing tag.
fn find_closing(text: &str, name: &str) -> Option<usize> {
    let mut from = 0;
    while let Some(at) = text.get(from..)?.find("</") {
        let start = from + at + 2;
        let found = text.get(start..start + name.len());
        if found.is_some_and(|found| found.eq_ignore_ascii_case(name)) {
            let end = text.get(start..)?.find('>')?;
            return Some(start + end + 1);
        }
        from = start;
    }
    None
}

/// Character references, with and without their semicolon where HTML allows it.
fn entities(text: &str) -> String {
    if !text.contains('&') {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        out.push_str(before);
        let end = after.find(|c: char| !(c.is_ascii_alphanumeric() || c == '#'));
        let name_end = end.unwrap_or(after.len());
        let (name, after) = after.split_at_checked(name_end).unwrap_or((after, ""));
        if name.is_empty() || name.len() > MOST_NAME {
            out.push('&');
            out.push_str(name);
            rest = after;
            continue;
        }
        let ended = after.strip_prefix(';');
        let mut character = String::new();
        if ended.is_some() || name.starts_with('#') || BARE.contains(&name) {
            mail_parser::decoders::html::add_html_token(
                &mut character,
                format!("&{name};").as_bytes(),
                false,
            );
        }
        match character.is_empty() || character.len() > name.len() + 1 {
            true => {
                out.push('&');
                out.push_str(name);
                rest = after;
            }
            false => {
                out.push_str(&character);
                rest = ended.unwrap_or(after);
            }
        }
    }
    out.push_str(rest);
    out
}

const MOST_OPEN: usize = 256;
const MOST_ATTRIBUTES: usize = 50;
/// The longest named reference has 31 letters.
const MOST_NAME: usize = 32;

const BLOCKS: &[&str] = &[
    "address",
    "article",
    "aside",
    "blockquote",
    "body",
    "caption",
    "center",
    "dd",
    "div",
    "dl",
    "dt",
    "fieldset",
    "figure",
    "footer",
    "form",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "li",
    "main",
    "nav",
    "ol",
    "p",
    "pre",
    "section",
    "table",
    "tr",
    "ul",
];
/// References that old pages write without a semicolon.
const BARE: &[&str] =
    &["amp", "lt", "gt", "quot", "nbsp", "copy", "reg", "eacute", "auml", "ouml", "uuml", "szlig"];

// What mail programs call the quoted part. One program a line.
const QUOTE_CLASSES: &[&str] = &[
    "gmail_quote",
    "gmail_extra",
    "yahoo_quoted",
    "moz-cite-prefix",
    "protonmail_quote",
    "zmail_extra",
    "tutanota_quote",
];
const QUOTE_IDS: &[&str] =
    &["mail-editor-reference-message-container", "isforwardcontent", "replysplit"];
/// Outlook marks only where the earlier mail begins.
const REST_IDS: &[&str] =
    &["divrplyfwdmsg", "appendonsend", "olk_src_body_section", "stopspelling"];
const SIGNATURE_CLASSES: &[&str] =
    &["gmail_signature", "moz-signature", "protonmail_signature_block", "tutanota_signature"];
const SIGNATURE_IDS: &[&str] =
    &["applemailsignature", "ms-outlook-mobile-signature", "signature", "composer_signature"];

#[cfg(test)]
mod tests {
    use super::*;

    /// E62: blocks are lines, entities are characters, what is hidden is no text.
    #[test]
    fn a_page_becomes_lines() {
        for (html, text) in [
            ("<p>One</p><p>Two &amp; three&nbsp;4</p>", "One\n\nTwo & three 4\n\n"),
            ("<div>a<div>b</div>c</div>", "a\nb\nc\n"),
            ("a<br>b<br/>c", "a\nb\nc\n"),
            ("<style>p{}</style><script>x</script>a<!-- b -->c", "ac\n"),
            ("<div style=\"display: none\">x</div>y", "y\n"),
            (
                "2 < 3 && 4 > 1 &eacute; &#8364; &#x20AC; &nothing; &amp",
                "2 < 3 && 4 > 1 é € € &nothing; &\n",
            ),
            ("<ul><li>a<li>b</ul>", "- a\n- b\n\n"),
            ("<table><tr><td>a</td><td>b</td></tr></table>", "a b\n\n"),
            ("<pre>a\n b</pre>", "a\n b\n"),
            ("a <b>bold</b>, <i>it</i>", "a bold, it\n"),
            ("<p title=\"a > b\">c", "c\n"),
            ("ok <img alt=\"😊\" src=x> <img alt=logo src=y>", "ok 😊\n"),
            ("&gt; 5 people", " > 5 people\n"),
        ] {
            assert_eq!(to_text(html), text, "{html}");
        }
    }

    /// E62: a link keeps its target unless that is what it shows.
    #[test]
    fn a_link_shows_where_it_leads() {
        for (html, text) in [
            ("see <a href=\"https://x.example/a\">here</a>.", "see here (https://x.example/a).\n"),
            ("<a href='https://x.example/'>https://x.example</a>", "https://x.example\n"),
            ("<a href=\"mailto:a@example.org\">a@example.org</a>", "a@example.org\n"),
            ("<a href=javascript:alert(1)>x</a>", "x\n"),
        ] {
            assert_eq!(to_text(html), text, "{html}");
        }
    }

    /// E62: quotes and signatures are told by structure.
    #[test]
    fn quotes_and_signatures_are_marked() {
        let gmail =
            "<div>Hi</div><div class=\"gmail_quote\">On x wrote:<blockquote>old</blockquote></div>";
        assert_eq!(to_text(gmail), "Hi\n> On x wrote:\n> old\n");
        let outlook = "Hi<div id=\"appendonsend\"></div><hr><div>From: x</div>";
        assert_eq!(to_text(outlook), "Hi\n> From: x\n");
        let indent = "<blockquote style=\"margin:0 0 0 40px; border: none\">own</blockquote>";
        assert_eq!(to_text(indent), "own\n");
        let signed = "Hi<div class=\"gmail_signature\">Anna</div>";
        assert_eq!(to_text(signed), "Hi\n-- \nAnna\n");
    }

    #[test]
    fn broken_markup_is_still_text() {
        for html in [
            "<",
            "<a",
            "<a href=\"x",
            "</",
            "<p",
            "a<b c='",
            "<!--",
            "&",
            "&#;",
            "&#xffffffff;",
            "</div></p>",
        ] {
            to_text(html);
        }
        assert!(to_text(&"<div>".repeat(10_000)).is_empty());
        assert!(to_text(&format!("{}x", "<blockquote>".repeat(300))).contains("> x"));
    }
}
