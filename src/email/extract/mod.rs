//! What of a mail becomes the text.
//!
//! Each line of the body is the author's own or is left out for a reason; the text is the own lines
//! in order. First go quotes, told by `>`, by our marker line, by "On … wrote:" or a block of
//! forwarded headers (`quote`). Then the first `##` in what is left ends the text (E54, E55). Only
//! without one are signatures, mobile signatures, list footers and disclaimers looked for
//! (`signature`), and not at all where the settings want the seed's literal behaviour (E58).
//!
//! A greeting and a name at the end are the author's words and stay. How many segments the text
//! may have is the caller's to decide.

mod fold;
mod quote;
mod signature;

use super::{MailIn, Refusal, Sealed};

/// How the text is found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// What ends the text (`##`, S43). Empty: nothing does.
    pub end_mark: String,
    /// The seed's behaviour: without an end mark the whole new body is sent, signature included
    /// (S46, E58). Quotes are removed all the same.
    pub literal: bool,
    /// Typographic characters become those of the GSM alphabet where the meaning stays (E65).
    pub fold: bool,
    /// Beginnings of lines that start a signature or disclaimer, beside those known.
    pub also_cut: Vec<String>,
}

impl Default for Options {
    fn default() -> Options {
        Options { end_mark: "##".into(), literal: false, fold: true, also_cut: Vec::new() }
    }
}

/// The text of a mail, and what was left out of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extracted {
    /// What is sent.
    pub text: String,
    /// Everything that was left out, in the order of the mail.
    pub cut: Vec<Cut>,
    /// The author ended the text with the end mark.
    pub ended: bool,
    /// The author should be asked before it is sent.
    pub hold: Option<Hold>,
}

/// A piece that was left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cut {
    /// Why.
    pub kind: CutKind,
    /// The words, without the end mark.
    pub text: String,
}

crate::types::words!(
    /// Why a piece of a mail is not sent.
    CutKind {
        /// After the end mark.
        AfterMark = "after the end mark",
        /// Quoted, or below our own marker line.
        Quote = "quote",
        /// "On … wrote:", or a block of forwarded headers, with what follows.
        Attribution = "earlier mail",
        /// Below `-- `.
        Signature = "signature",
        /// A line such as "Sent from my iPhone".
        Mobile = "mobile signature",
        /// A legal text at the end.
        Disclaimer = "disclaimer",
        /// The footer of a mailing list.
        List = "list footer",
        /// An attached file: texts carry none (E66).
        Attachment = "attachment",
    }
);

/// Why the author is asked first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    /// E60: own words both above and below quotes.
    Interleaved,
}

/// The text of `mail`.
pub fn extract(mail: &MailIn, options: &Options) -> Result<Extracted, Refusal> {
    match mail.sealed {
        Some(Sealed::Smime | Sealed::Pgp) => return Err(Refusal::Encrypted),
        Some(Sealed::Tnef) => return Err(Refusal::Tnef),
        Some(Sealed::Calendar) => return Err(Refusal::Calendar),
        None => {}
    }
    if let Some(charset) = &mail.body.unreadable {
        return Err(Refusal::Unreadable(charset.clone()));
    }
    let mut lines: Vec<Line> = mail.body.text.lines().map(Line::own).collect();
    signature::clear_signed(&mut lines);
    let quoted_to_end = quote::mark(&mut lines);
    if options.fold {
        lines.iter_mut().for_each(|line| line.uncover(&options.end_mark));
    }
    let ended = end(&mut lines, &options.end_mark);
    if mail.body.cut_short && !ended && !quoted_to_end {
        return Err(Refusal::Structure("its text is longer than is read"));
    }
    if !ended && !options.literal {
        signature::mark(&mut lines, &options.also_cut);
    }
    signature::pictures(&mut lines);
    let text = own_text(&lines);
    let text = if options.fold { fold::folded(&text) } else { text };
    if text.is_empty() {
        return Err(Refusal::Empty);
    }
    if let Some(word) = consent_word(&text) {
        return Err(Refusal::ConsentWord(word));
    }
    let hold = (!ended && blocks(&lines) > 1).then_some(Hold::Interleaved);
    let mut cut = cuts(&lines);
    for file in &mail.attachments {
        let name = file.name.as_deref().unwrap_or("a file");
        cut.push(Cut { kind: CutKind::Attachment, text: format!("{name} ({})", file.kind) });
    }
    Ok(Extracted { text, cut, ended, hold })
}

/// A line of the body.
#[derive(Clone, Debug)]
struct Line {
    text: String,
    /// Why it is left out.
    cut: Option<CutKind>,
}

impl Line {
    fn own(text: &str) -> Line {
        // An mbox file escapes a line that begins with `From `.
        let text = if text.starts_with(">From ") { text.get(1..).unwrap_or(text) } else { text };
        Line { text: text.to_owned(), cut: None }
    }

    fn is_own(&self) -> bool {
        self.cut.is_none()
    }

    fn is_blank(&self) -> bool {
        self.text.trim().is_empty()
    }

    /// Folds a line that has the end mark then: what hides it, such as a character nobody sees between its
    /// own, would be gone in the text.
    fn uncover(&mut self, mark: &str) {
        let plain = fold::plain(&self.text);
        if !mark.is_empty() && plain.contains(mark) {
            self.text = plain;
        }
    }

    /// Leaves it out, if it was not already.
    fn leave_out(&mut self, kind: CutKind) {
        self.cut.get_or_insert(kind);
    }
}

/// Leaves out what follows the first end mark among the own lines (E54). Whether there was one.
fn end(lines: &mut Vec<Line>, mark: &str) -> bool {
    let at = lines.iter().position(|l| l.is_own() && !mark.is_empty() && l.text.contains(mark));
    let Some(at) = at else { return false };
    let after = lines.get_mut(at).and_then(|line| {
        let (before, after) = line.text.split_once(mark)?;
        let (before, after) = (before.to_owned(), after.to_owned());
        line.text = before;
        Some(after)
    });
    lines.iter_mut().skip(at + 1).for_each(|line| line.leave_out(CutKind::AfterMark));
    let after = Line { text: after.unwrap_or_default(), cut: Some(CutKind::AfterMark) };
    lines.insert(at + 1, after);
    true
}

/// The own lines, blanks at the ends of lines gone, at most one empty line in a row.
fn own_text(lines: &[Line]) -> String {
    let mut text = String::new();
    for line in lines.iter().filter(|line| line.is_own()) {
        // A blank before `>` says that it is no quote (RFC 3676 §4.4, and our own HTML).
        let line = line.text.strip_prefix(' ').filter(|t| t.starts_with('>')).unwrap_or(&line.text);
        let line = line.trim_end();
        if !(line.is_empty() && text.ends_with("\n\n")) {
            text.push_str(line);
            text.push('\n');
        }
    }
    text.trim().to_owned()
}

/// Pieces of own words with quotes between them (E60).
fn blocks(lines: &[Line]) -> usize {
    let (mut blocks, mut inside) = (0, false);
    for line in lines {
        match line.cut {
            None if !line.is_blank() => {
                blocks += usize::from(!inside);
                inside = true;
            }
            Some(CutKind::Quote | CutKind::Attribution) => inside = false,
            _ => {}
        }
    }
    blocks
}

/// What was left out, neighbours with one reason together.
fn cuts(lines: &[Line]) -> Vec<Cut> {
    let mut cuts: Vec<Cut> = Vec::new();
    let mut last = None;
    for line in lines {
        match (line.cut, cuts.last_mut()) {
            (Some(kind), Some(cut)) if last == Some(kind) => {
                cut.text.push('\n');
                cut.text.push_str(&line.text);
            }
            (Some(kind), _) => cuts.push(Cut { kind, text: line.text.clone() }),
            (None, _) => {}
        }
        last = line.cut;
    }
    for cut in &mut cuts {
        cut.text = cut.text.trim().to_owned();
    }
    cuts.retain(|cut| !cut.text.is_empty());
    cuts
}

/// E72: a text of nothing but a word by which customers opt out or in.
fn consent_word(text: &str) -> Option<String> {
    let word = text.trim_matches(|c: char| !c.is_alphanumeric()).to_uppercase();
    CONSENT_WORDS.contains(&word.as_str()).then_some(word)
}

const CONSENT_WORDS: &[&str] = &[
    "STOP",
    "STOPALL",
    "STOP ALL",
    "UNSUBSCRIBE",
    "CANCEL",
    "QUIT",
    "END",
    "ARRET",
    "ARRÊT",
    "STOPP",
    "ALTO",
    "BAJA",
    "START",
    "UNSTOP",
];
