//! Quoted mail: by sign, by our marker line, by the line that introduces it, by its header.

use super::{CutKind, Line};

/// Leaves out quotes and what introduces them. Whether everything below some line is one, so that
/// nothing new can follow.
pub(super) fn mark(lines: &mut [Line]) -> bool {
    for line in lines.iter_mut().filter(|line| line.text.starts_with('>')) {
        line.leave_out(CutKind::Quote);
    }
    let mut at = 0;
    while at < lines.len() {
        at += match found(lines, at) {
            None => 1,
            Some(Found::Rest { from, kind }) => {
                lines.iter_mut().skip(from).for_each(|line| line.leave_out(kind));
                return true;
            }
            Some(Found::Introduction { from, to }) => {
                let quoted = quoted_next(lines, to);
                let introduction = lines.iter_mut().skip(from).take(to + 1 - from);
                introduction.for_each(|line| line.leave_out(CutKind::Attribution));
                if !quoted {
                    // E61: quoted without signs; nothing of it is new.
                    lines.iter_mut().skip(to + 1).for_each(|l| l.leave_out(CutKind::Quote));
                    return true;
                }
                to + 1 - at
            }
        };
    }
    false
}

/// Something that begins a quote.
enum Found {
    /// Everything from here on.
    Rest { from: usize, kind: CutKind },
    /// The lines of "On … wrote:".
    Introduction { from: usize, to: usize },
}

fn found(lines: &[Line], at: usize) -> Option<Found> {
    let line = lines.get(at).filter(|line| line.is_own())?;
    if is_marker(&line.text) {
        let from = introduction_above(lines, at);
        return Some(Found::Rest { from, kind: CutKind::Quote });
    }
    if is_separator(&line.text) || is_header_block(lines, at) {
        let from = rule_above(lines, at);
        return Some(Found::Rest { from, kind: CutKind::Attribution });
    }
    let quoted = at + 1 < lines.len() && quoted_next(lines, at);
    let from = introduction(lines, at, quoted)?;
    Some(Found::Introduction { from, to: at })
}

/// Our own line, whatever the program has put around it.
fn is_marker(text: &str) -> bool {
    let text = text.to_lowercase();
    text.contains("reply above this line") && text.contains("~~~")
}

/// Where "On … wrote:" above the marker begins.
fn introduction_above(lines: &[Line], marker: usize) -> usize {
    let above = (0..marker).rev().find(|at| lines.get(*at).is_some_and(|line| !line.is_blank()));
    above.and_then(|at| introduction(lines, at, true)).unwrap_or(marker)
}

/// A line of signs above a header belongs to it.
fn rule_above(lines: &[Line], at: usize) -> usize {
    let mut from = at;
    for above in (0..at).rev() {
        let Some(line) = lines.get(above).filter(|line| line.is_own()) else { break };
        let rule = line.text.trim();
        let signs = rule.chars().all(|c| matches!(c, '_' | '-' | '=' | '*' | ' '));
        match (rule.is_empty(), signs) {
            (true, _) => {}
            (false, true) if rule.len() >= 3 => from = above,
            _ => break,
        }
    }
    from
}

/// Whether the next line that is not empty is quoted, or there is none.
fn quoted_next(lines: &[Line], at: usize) -> bool {
    let next = lines.iter().skip(at + 1).find(|line| !line.is_blank());
    next.is_none_or(|line| !line.is_own())
}

/// Whether the line at `at` ends an introduction of up to four lines; its first line (E59, E61).
/// Where no quote follows, more is wanted: an address, or a date at the beginning.
fn introduction(lines: &[Line], at: usize, quoted: bool) -> Option<usize> {
    let last = lines.get(at).filter(|line| line.is_own())?.text.trim();
    let end = last.trim_end_matches(['*', '_', ' ', '\u{a0}']);
    if !end.ends_with([':', '：']) || end.len() > 400 {
        return None;
    }
    let joined = |from: usize| -> String {
        let lines = lines.get(from..=at).unwrap_or_default().iter();
        lines.map(|line| line.text.trim()).collect::<Vec<_>>().join(" ").to_lowercase()
    };
    let around = joined(at.saturating_sub(3));
    if !WROTE.iter().any(|verb| around.contains(verb)) && !around.contains('@') {
        return None;
    }
    let own = |from: &usize| lines.get(*from).is_some_and(|l| l.is_own() && !l.is_blank());
    for from in (at.saturating_sub(3)..=at).rev().take_while(own) {
        let text = joined(from);
        let wrote = WROTE.iter().any(|verb| text.contains(verb));
        let address = text.contains('@');
        let begins = BEGINNINGS.iter().any(|word| text.starts_with(word));
        let begins = begins || text.starts_with(|c: char| c.is_ascii_digit());
        let date = begins && (has_year(&text) || has_time(&text));
        // Some languages only put a colon behind the address.
        let bare = has_year(&text) && address && end.ends_with([':', '：']) && text.contains('>');
        if (wrote && (address || date || quoted)) || bare {
            return Some(beginning(lines, from));
        }
    }
    None
}

/// Up to three lines above that hold the date belong to it: "On 21 Nov 2026 at 10:10, Anna Miller".
fn beginning(lines: &[Line], from: usize) -> usize {
    let text = |at: usize| lines.get(at).map(|line| line.text.trim().to_lowercase());
    let begins = |text: &str| BEGINNINGS.iter().any(|word| text.starts_with(word));
    if text(from).is_some_and(|text| begins(&text) && (has_year(&text) || has_time(&text))) {
        return from;
    }
    for above in (from.saturating_sub(3)..from).rev() {
        let Some(line) = lines.get(above).filter(|line| line.is_own() && !line.is_blank()) else {
            break;
        };
        let text = line.text.trim().to_lowercase();
        let date = has_year(&text) && (has_time(&text) || begins(&text));
        if date && !text.ends_with(['.', '!', '?', '。']) {
            return above;
        }
    }
    from
}

/// A year of mail.
fn has_year(text: &str) -> bool {
    let mut groups = text.split(|c: char| !c.is_ascii_digit());
    groups.any(|digits| digits.len() == 4 && (digits.starts_with("19") || digits.starts_with("20")))
}

/// `10:10`, `10.10`, `10h10`.
fn has_time(text: &str) -> bool {
    let digits: Vec<char> = text.chars().collect();
    digits.windows(4).any(|window| match window {
        [a, sign, b, c] => {
            a.is_ascii_digit()
                && matches!(sign, ':' | '.' | 'h')
                && b.is_ascii_digit()
                && c.is_ascii_digit()
        }
        _ => false,
    })
}

/// "-----Original Message-----", "Begin forwarded message:".
fn is_separator(text: &str) -> bool {
    let text = text.trim().trim_matches('*');
    let words = text.trim_matches(['-', '_', '=', ' ', '\u{a0}']).to_lowercase();
    let dashes = text.starts_with("--") || text.starts_with("__") || text.starts_with("==");
    let words = words.trim_end_matches(':');
    (dashes && SEPARATORS.contains(&words))
        || (text.ends_with([':', '：']) && FORWARDED.contains(&words))
}

/// `From:` with at least two of its neighbours in the next lines, in the language of the program.
fn is_header_block(lines: &[Line], at: usize) -> bool {
    let label = |at: usize| -> Option<String> {
        let line = lines.get(at).filter(|line| line.is_own())?.text.trim();
        let line = line.trim_start_matches(['*', ' ', '|']);
        let (name, _) = line.split_once([':', '：'])?;
        let name = name.trim().trim_matches(['*', '\u{a0}', '\u{200e}', '\u{200f}']).to_lowercase();
        (name.chars().count() <= 20).then_some(name)
    };
    let from = label(at).is_some_and(|label| FROM.contains(&label.as_str()));
    let others = (at + 1..at + 8).filter_map(label);
    from && others.filter(|label| OTHER_LABELS.contains(&label.as_str())).count() >= 2
}

/// How programs say that somebody wrote, in lower case.
const WROTE: &[&str] = &[
    " wrote:",
    " wrote on ",
    " writes:",
    " wrote",     // English
    "schrieb",    // German
    "a écrit",    // French
    "escribió",   // Spanish
    "escreveu",   // Portuguese
    "ha scritto", // Italian
    "schreef",    // Dutch
    "skrev",      // Swedish, Danish, Norwegian
    "napisał",    // Polish
    "kirjoitti",  // Finnish
    "napsal",     // Czech
    "írta",       // Hungarian
    "yazdı",      // Turkish
    "a scris",    // Romanian
    "έγραψε",     // Greek
    "пишет:",
    "писал",
    "написал", // Russian
    "пише:",   // Ukrainian
    "כתב",     // Hebrew
    "كتب",     // Arabic
    "写道",
    "寫道", // Chinese
    "書きました",
    "のメール", // Japanese
    "작성",     // Korean
];

/// How the line with the date begins.
const BEGINNINGS: &[&str] = &[
    "on ",
    "am ",
    "le ",
    "el ",
    "em ",
    "il ",
    "op ",
    "den ",
    "dnia ",
    "w dniu ",
    "dne ",
    "στις ",
    "în ",
    "la ",
    "ב",
    "في ",
    "在",
    "于",
    "於",
];

const SEPARATORS: &[&str] = &[
    "original message",
    "original appointment",
    "forwarded message",
    "forwarded by",
    "ursprüngliche nachricht",
    "originalnachricht",
    "original-nachricht",
    "weitergeleitete nachricht",
    "message d'origine",
    "message d’origine",
    "message original",
    "message transféré",
    "forwarded message from",
    "mensaje original",
    "mensaje reenviado",
    "mensagem original",
    "mensagem encaminhada",
    "messaggio originale",
    "messaggio inoltrato",
    "forwarded mail",
    "oorspronkelijk bericht",
    "doorgestuurd bericht",
    "origineel bericht",
    "originalmeddelande",
    "ursprungligt meddelande",
    "vidarebefordrat meddelande",
    "oprindelig meddelelse",
    "opprinnelig melding",
    "videresendt melding",
    "wiadomość oryginalna",
    "oryginalna wiadomość",
    "wiadomość przekazana dalej",
    "původní zpráva",
    "alkuperäinen viesti",
    "eredeti üzenet",
    "mesaj original",
    "orijinal mesaj",
    "исходное сообщение",
    "пересылаемое сообщение",
    "αρχικό μήνυμα",
    "הודעה מקורית",
    "原始邮件",
    "原始郵件",
    "转发的邮件",
    "元のメッセージ",
    "원본 메시지",
];

const FORWARDED: &[&str] = &[
    "begin forwarded message",
    "anfang der weitergeleiteten nachricht",
    "début du message transféré",
    "début du message réexpédié",
    "inicio del mensaje reenviado",
    "início da mensagem encaminhada",
    "inizio messaggio inoltrato",
    "begin doorgestuurd bericht",
    "vidarebefordrat brev",
    "start på videresendt besked",
    "początek przekazywanej wiadomości",
];

const FROM: &[&str] = &[
    "from",
    "von",
    "de",
    "da",
    "van",
    "från",
    "fra",
    "od",
    "lähettäjä",
    "feladó",
    "kimden",
    "gönderen",
    "от",
    "від",
    "από",
    "de la",
    "expéditeur",
    "remitente",
    "remetente",
    "מאת",
    "من",
    "发件人",
    "寄件者",
    "差出人",
    "보낸 사람",
];

/// Date, recipients and subject.
const OTHER_LABELS: &[&str] = &[
    "sent",
    "date",
    "to",
    "cc",
    "bcc",
    "subject",
    "reply-to",
    "importance",
    "attachments",
    "gesendet",
    "datum",
    "an",
    "betreff",
    "wichtigkeit",
    "envoyé",
    "à",
    "a",
    "objet",
    "pièces jointes",
    "enviado",
    "enviado el",
    "fecha",
    "para",
    "asunto",
    "data",
    "assunto",
    "enviada em",
    "inviato",
    "oggetto",
    "verzonden",
    "aan",
    "onderwerp",
    "skickat",
    "till",
    "ämne",
    "kopia",
    "sendt",
    "dato",
    "til",
    "emne",
    "wysłano",
    "wysłane",
    "do",
    "temat",
    "dw",
    "odesláno",
    "komu",
    "předmět",
    "lähetetty",
    "päivämäärä",
    "vastaanottaja",
    "aihe",
    "elküldve",
    "dátum",
    "címzett",
    "tárgy",
    "tarih",
    "gönderildi",
    "kime",
    "konu",
    "отправлено",
    "дата",
    "кому",
    "тема",
    "надіслано",
    "στάλθηκε",
    "ημερομηνία",
    "προς",
    "θέμα",
    "trimis",
    "către",
    "subiect",
    "נשלח",
    "תאריך",
    "אל",
    "נושא",
    "تاريخ",
    "إلى",
    "الموضوع",
    "تم الإرسال",
    "التاريخ",
    "发送时间",
    "日期",
    "收件人",
    "主题",
    "抄送",
    "寄件日期",
    "收件者",
    "主旨",
    "送信日時",
    "日時",
    "宛先",
    "件名",
    "보낸 날짜",
    "날짜",
    "받는 사람",
    "제목",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn own(text: &str) -> String {
        let mut lines: Vec<Line> = text.lines().map(Line::own).collect();
        mark(&mut lines);
        super::super::own_text(&lines)
    }

    /// E59, E61: the line above a quote in many languages, on one line or two, with and without
    /// quote signs below.
    #[test]
    fn introductions_are_found_in_many_languages() {
        for line in [
            "On Sat, 21 Nov 2026 at 10:10, Desk <sms@example.org> wrote:",
            "On Sat, 21 Nov 2026 at 10:10, Desk\n<sms@example.org> wrote:",
            "On 21/11/2026 10:10, Desk wrote:",
            "Am 21.11.2026 um 10:10 schrieb Desk:",
            "Am Sa., 21. Nov. 2026 um 10:10 Uhr schrieb Desk <\nsms@example.org>:",
            "Desk <sms@example.org> schrieb am Sa., 21. Nov. 2026, 10:10:",
            "Le sam. 21 nov. 2026 à 10:10, Desk <sms@example.org> a écrit :",
            "El sáb, 21 nov 2026 a las 10:10, Desk (<sms@example.org>) escribió:",
            "Em sáb., 21 de nov. de 2026 às 10:10, Desk <sms@example.org> escreveu:",
            "Il giorno sab 21 nov 2026 alle ore 10:10 Desk <sms@example.org> ha scritto:",
            "Op za 21 nov 2026 om 10:10 schreef Desk <sms@example.org>:",
            "Den lör 21 nov. 2026 kl 10:10 skrev Desk <sms@example.org>:",
            "sob., 21 lis 2026 o 10:10 Desk <sms@example.org> napisał(a):",
            "la 21. marrask. 2026 klo 10.10 Desk (sms@example.org) kirjoitti:",
            "so 21. 11. 2026 v 10:10 odesílatel Desk <sms@example.org> napsal:",
            "Desk <sms@example.org>, 21 Kas 2026 Cmt, 10:10 tarihinde şunu yazdı:",
            "сб, 21 нояб. 2026 г. в 10:10, Desk <sms@example.org>:",
            "21.11.2026 10:10, Desk пишет:",
            "Στις Σάβ 21 Νοε 2026 στις 10:10, ο χρήστης Desk <sms@example.org> έγραψε:",
            "Desk <sms@example.org> 于2026年11月21日周六 10:10写道：",
            "2026年11月21日(土) 10:10 Desk <sms@example.org>:",
            "2026년 11월 21일 (토) 오전 10:10, Desk <sms@example.org>님이 작성:",
            "בתאריך שבת, 21 בנוב׳ 2026 ב-10:10 מאת Desk <sms@example.org>:",
        ] {
            for quote in ["> old\n> words", "old\nwords", ""] {
                let text = format!("At ten.\nSee you.\n\n{line}\n\n{quote}\n");
                assert_eq!(own(&text), "At ten.\nSee you.", "{text}");
                let text = format!("At ten.\n{line}\n{quote}\n");
                assert_eq!(own(&text), "At ten.", "{text}");
            }
        }
    }

    /// E59: the header block of a program that quotes without signs.
    #[test]
    fn header_blocks_are_found_in_many_languages() {
        for block in [
            "From: Desk <sms@example.org>\nSent: Saturday, 21 November 2026 10:10\nTo: Anna\nSubject: Text",
            "________________________________\nFrom: Desk\nSent: 21 November 2026\nTo: Anna\nSubject: Text",
            "-----Original Message-----\nFrom: Desk\nold",
            "Von: Desk\nGesendet: Samstag, 21. November 2026 10:10\nAn: Anna\nBetreff: Text",
            "De : Desk\nEnvoyé : samedi 21 novembre 2026 10:10\nÀ : Anna\nObjet : Text",
            "De: Desk\nEnviado el: sábado\nPara: Anna\nAsunto: Text",
            "Da: Desk\nInviato: sabato\nA: Anna\nOggetto: Text",
            "Van: Desk\nVerzonden: zaterdag\nAan: Anna\nOnderwerp: Text",
            "Från: Desk\nSkickat: lördag\nTill: Anna\nÄmne: Text",
            "*From:* Desk\n*Date:* Saturday\n*To:* Anna\n*Subject:* Text",
            "发件人: Desk\n发送时间: 2026年11月21日\n收件人: Anna\n主题: Text",
            "---------- Forwarded message ---------\nFrom: Desk\nold",
            "Begin forwarded message:\n\nFrom: Desk\nold",
            "-------- Ursprüngliche Nachricht --------\nold",
        ] {
            assert_eq!(own(&format!("At ten.\n\n{block}\n\nold words\n")), "At ten.", "{block}");
        }
    }

    /// E61: our own line is an anchor, with or without what programs put above it.
    #[test]
    fn the_marker_ends_what_is_new() {
        let marker = super::super::super::MARKER;
        assert_eq!(own(&format!("At ten.\n\n{marker}\nold")), "At ten.");
        assert_eq!(
            own(&format!("At ten.\n\nDesk wrote on 21 Nov 2026:\n\n  {marker}\nold")),
            "At ten."
        );
        assert_eq!(own(&format!("> {marker}\n> old\nAt ten.")), "At ten.");
    }

    /// E59: words that only look like an introduction stay.
    #[test]
    fn prose_is_no_introduction() {
        for text in [
            "You wrote: come at ten.",
            "He wrote:\nten o'clock",
            "From: the station, walk left.\nThen right.",
            "Bring these:\n- 2 keys\n- 1 lamp",
            "On Monday we open at 10:00. On Tuesday: closed.",
            "Opening hours 2026:\nMonday 10:00 to 12:00",
        ] {
            assert_eq!(own(text), text);
        }
    }
}
