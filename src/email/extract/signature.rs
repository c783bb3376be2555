//! What programs, lists and legal departments add below a mail.
//!
//! Each rule looks at whole lines, and what a mobile program adds is only looked for below
//! everything else; a greeting and a name are the author's own words.

use super::{CutKind, Line};

/// Leaves out signatures, mobile signatures, list footers and disclaimers.
pub(super) fn mark(lines: &mut [Line], also: &[String]) {
    let also: Vec<String> = also.iter().map(|words| words.trim().to_lowercase()).collect();
    let mut at = 0;
    while at < lines.len() {
        match begins(lines, at, &also) {
            None => at += 1,
            // Up to the next quote: below it somebody may go on.
            Some(kind) => {
                for line in lines.iter_mut().skip(at).take_while(|line| line.is_own()) {
                    line.leave_out(kind);
                    at += 1;
                }
            }
        }
    }
    mobile(lines);
}

/// Leaves out the last own line above a quote or the end, if a program wrote it.
fn mobile(lines: &mut [Line]) {
    let mut last = true;
    for line in lines.iter_mut().rev() {
        match line.cut {
            Some(_) => last = true,
            None if line.is_blank() => {}
            None if last && is_mobile(&line.text) => line.leave_out(CutKind::Mobile),
            None => last = false,
        }
    }
}

/// Why everything from a line to the next quote is no part of the text.
fn begins(lines: &[Line], at: usize, also: &[String]) -> Option<CutKind> {
    let line = lines.get(at).filter(|line| line.is_own() && !line.is_blank())?;
    let text = line.text.trim().trim_matches(['*', '_']).trim().to_lowercase();
    let below = || lines.iter().skip(at + 1).take(4).any(|line| is_list_words(&line.text));
    if line.text.trim_end() == "--" || matches!(line.text.trim(), "—" | "–" | "- --") {
        return Some(if below() { CutKind::List } else { CutKind::Signature });
    }
    let rule = line.text.trim();
    let signs = rule.len() >= 10 && rule.chars().all(|c| matches!(c, '_' | '-' | '=' | '*'));
    if signs {
        let next = lines.get(at + 1).map(|line| line.text.trim().to_lowercase());
        let legal = next.is_some_and(|next| DISCLAIMERS.iter().any(|d| next.starts_with(d)));
        return match (below(), legal) {
            (true, _) => Some(CutKind::List),
            (false, true) => Some(CutKind::Disclaimer),
            (false, false) => None,
        };
    }
    if text.starts_with("you received this message because you are subscribed") {
        return Some(CutKind::List);
    }
    let above = at.checked_sub(1).and_then(|above| lines.get(above));
    let paragraph = above.is_none_or(|above| above.is_blank() || !above.is_own());
    if paragraph && DISCLAIMERS.iter().any(|words| text.starts_with(words)) && is_legal(lines, at) {
        return Some(CutKind::Disclaimer);
    }
    let wanted = also.iter().any(|words| !words.is_empty() && text.starts_with(words.as_str()));
    wanted.then_some(CutKind::Signature)
}

/// Whether the words from here on speak of recipients, secrecy or paper: a person's own sentence
/// may begin like a disclaimer.
fn is_legal(lines: &[Line], at: usize) -> bool {
    let mut words = lines.iter().skip(at).take(40).map(|line| line.text.to_lowercase());
    words.any(|line| LEGAL.iter().any(|word| line.contains(word)))
}

fn is_list_words(text: &str) -> bool {
    let text = text.to_lowercase();
    LIST_WORDS.iter().any(|words| text.contains(words))
}

/// A line a program writes by itself.
fn is_mobile(text: &str) -> bool {
    let text = text.trim().trim_matches(['*', '_']).trim().to_lowercase();
    let starts = MOBILE_STARTS.iter().any(|start| text.starts_with(start));
    let named = PRODUCTS.iter().any(|product| text.contains(product));
    let whole = MOBILE_WHOLE.contains(&text.trim_end_matches(['.', '!']));
    text.chars().count() <= 120 && ((starts && named) || whole)
}

/// E67: lines that stand for a picture.
pub(super) fn pictures(lines: &mut [Line]) {
    for line in lines.iter_mut().filter(|line| line.is_own()) {
        let text = line.text.trim().to_lowercase();
        let bracketed = text.starts_with('[') && text.ends_with(']') && !text.contains(' ');
        let image = text.starts_with("[image:") && text.ends_with(']');
        if image
            || (bracketed && text.starts_with("[cid:"))
            || matches!(text.as_str(), "[image]" | "\u{fffc}")
        {
            line.leave_out(CutKind::Attachment);
        }
    }
}

/// A signature in the text (RFC 9580 §7): its armour is left out and its escapes undone.
pub(super) fn clear_signed(lines: &mut [Line]) {
    let start =
        lines.iter().position(|line| line.text.trim() == "-----BEGIN PGP SIGNED MESSAGE-----");
    let Some(start) = start else { return };
    let (mut header, mut armour) = (true, false);
    for line in lines.iter_mut().skip(start) {
        if header {
            header = !line.is_blank();
            line.leave_out(CutKind::Signature);
            continue;
        }
        armour |= line.text.trim() == "-----BEGIN PGP SIGNATURE-----";
        let end = line.text.trim() == "-----END PGP SIGNATURE-----";
        if armour {
            line.leave_out(CutKind::Signature);
        } else if let Some(text) = line.text.strip_prefix("- ") {
            line.text = text.to_owned();
        }
        armour &= !end;
    }
}

const LIST_WORDS: &[&str] = &[
    "mailing list",
    "mailinglist",
    "listinfo",
    "unsubscribe",
    "you received this message because",
    "to leave send an email",
    "liste de diffusion",
    "lista de correo",
    "abmelden",
];

/// Lines that programs write in one form, in lower case.
const MOBILE_STARTS: &[&str] = &[
    "sent from my ",
    "sent from outlook",
    "sent from mail for windows",
    "sent from yahoo mail",
    "sent from proton mail",
    "sent with proton mail",
    "sent from samsung",
    "sent from a mobile",
    "get outlook for ",
    "sent with tutanota",
    "secured with tuta",
    "sent from aol",
    "envoyé de mon ",
    "envoyé depuis ",
    "envoyé à partir de ",
    "télécharger outlook pour ",
    "obtenir outlook pour ",
    "von meinem ",
    "gesendet von meinem ",
    "gesendet von mail für windows",
    "gesendet mit ",
    "gesendet aus ",
    "outlook für android beziehen",
    "outlook für ios beziehen",
    "outlook für ios herunterladen",
    "outlook für android herunterladen",
    "diese nachricht wurde von meinem ",
    "von unterwegs gesendet",
    "enviado desde mi ",
    "enviado desde ",
    "obtener outlook para ",
    "enviado do meu ",
    "enviado a partir do ",
    "obter o outlook para ",
    "enviado via ",
    "inviato da ",
    "inviato dal mio ",
    "scarica outlook per ",
    "ottieni outlook per ",
    "verstuurd vanaf mijn ",
    "verzonden vanaf mijn ",
    "verzonden vanuit ",
    "verzonden met ",
    "outlook voor android downloaden",
    "outlook voor ios downloaden",
    "skickat från min ",
    "skickat från ",
    "hämta outlook för ",
    "sendt fra min ",
    "hent outlook til ",
    "last ned outlook for ",
    "wysłane z ",
    "wysłano z ",
    "pobierz outlook dla ",
    "lähetetty ",
    "hanki outlook ",
    "odesláno z ",
    "iphone'umdan gönderildi",
    "отправлено с ",
    "отправлено из ",
    "надіслано з ",
    "στάλθηκε από ",
    "trimis de pe ",
    "发自我的",
    "從我的 ",
    "iphoneから送信",
    "나의 iphone에서 보냄",
    "נשלח מה",
    "أرسلت من ",
];
/// What such a line must name, so that nobody's own words are taken for one.
const PRODUCTS: &[&str] = &[
    "iphone",
    "ipad",
    "ios",
    "android",
    "samsung",
    "galaxy",
    "xiaomi",
    "redmi",
    "pixel",
    "blackberry",
    "nokia",
    "motorola",
    "oneplus",
    "windows",
    "outlook",
    "mail",
    "gmx",
    "web.de",
    "yahoo",
    "proton",
    "tuta",
    "aol",
    "handy",
    "smartphone",
    "mobile",
    "mobil",
    "móvil",
    "telefon",
    "teléfono",
    "téléphone",
    "phone",
    "portable",
    "tablet",
    "手机",
    "手機",
];
const MOBILE_WHOLE: &[&str] =
    &["sent from mobile", "sent from my phone", "via mobile", "iphone から送信"];

/// How legal texts begin, in lower case. Only at the beginning of a paragraph.
const DISCLAIMERS: &[&str] = &[
    "this email and any ",
    "this e-mail and any ",
    "this email is confidential",
    "this e-mail is confidential",
    "this message and any ",
    "this message is intended ",
    "this email is intended ",
    "this e-mail is intended ",
    "this message contains confidential",
    "this communication is ",
    "this email may contain ",
    "this e-mail may contain ",
    "this message may contain ",
    "the information contained in this ",
    "the information in this ",
    "the contents of this e",
    "confidentiality notice",
    "confidentiality note",
    "disclaimer",
    "important notice",
    "legal notice",
    "notice of confidentiality",
    "if you are not the intended ",
    "if you have received this ",
    "please consider the environment",
    "p please consider the environment",
    "registered in england",
    "virus-free.",
    "this email has been checked for viruses",
    "diese e-mail enthält",
    "diese e-mail und ",
    "diese nachricht enthält",
    "diese nachricht ist vertraulich",
    "der inhalt dieser e-mail",
    "haftungsausschluss",
    "vertraulichkeitshinweis",
    "hinweis: diese e-mail",
    "bitte denken sie an die umwelt",
    "bitte prüfen sie, ob diese",
    "sitz der gesellschaft",
    "ce message et ",
    "ce courriel et ",
    "ce message est confidentiel",
    "ce courriel est confidentiel",
    "ce message électronique",
    "avis de confidentialité",
    "pensez à l'environnement",
    "pensez à l’environnement",
    "este mensaje y ",
    "este mensaje contiene",
    "este correo electrónico",
    "este correo y ",
    "aviso legal",
    "aviso de confidencialidad",
    "esta mensagem e ",
    "esta mensagem contém",
    "este e-mail e ",
    "aviso de confidencialidade",
    "questo messaggio e ",
    "questo messaggio contiene",
    "questa e-mail",
    "le informazioni contenute",
    "avviso di riservatezza",
    "dit bericht is ",
    "dit bericht kan ",
    "dit e-mailbericht",
    "deze e-mail en ",
    "deze e-mail is ",
    "de informatie in dit ",
    "det här meddelandet",
    "detta meddelande ",
    "detta e-postmeddelande",
    "denne e-post",
    "denne meddelelse",
    "ta wiadomość",
    "niniejsza wiadomość",
    "wiadomość ta ",
    "tato zpráva",
    "tämä viesti ",
    "настоящее сообщение",
    "это сообщение ",
    "данное сообщение",
    "本邮件",
    "此邮件",
    "この電子メール",
    "このメール",
];

/// What legal texts speak of, in lower case.
const LEGAL: &[&str] = &[
    "confiden",
    "intended",
    "recipient",
    "privileged",
    "registered",
    "liability",
    "environment",
    "virus",
    "print",
    "vertraulich",
    "empfänger",
    "umwelt",
    "drucken",
    "handelsregister",
    "haftung",
    "geschäftsführ",
    "destinataire",
    "confidentiel",
    "environnement",
    "imprim",
    "destinatari",
    "riservat",
    "stampa",
    "vertrouwelijk",
    "geadresseerde",
    "bestemd",
    "konfidentiell",
    "mottagar",
    "fortrolig",
    "mottaker",
    "modtager",
    "poufn",
    "adresat",
    "důvěrn",
    "luottamuksell",
    "vastaanottaja",
    "конфиденциальн",
    "получател",
    "адресат",
    "保密",
    "机密",
    "機密",
    "受信者",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn own(text: &str) -> String {
        let mut lines: Vec<Line> = text.lines().map(Line::own).collect();
        clear_signed(&mut lines);
        mark(&mut lines, &["acme hotline".into()]);
        pictures(&mut lines);
        super::super::own_text(&lines)
    }

    /// E58: what programs, lists and legal departments add is left out.
    #[test]
    fn what_is_added_below_is_left_out() {
        for tail in [
            "-- \nAnna Miller\nExample Ltd",
            "--\nAnna Miller",
            "Sent from my iPhone",
            "Von meinem iPhone gesendet",
            "Envoyé de mon iPhone",
            "Enviado desde mi iPhone",
            "Inviato da iPhone",
            "Verstuurd vanaf mijn iPhone",
            "Get Outlook for Android<https://x.example>",
            "_______________________________________________\nDesk mailing list -- desk@lists.example.org",
            "-- \nYou received this message because you are subscribed to the Google Groups",
            "\nThis email and any attachments are confidential.\n\nDo not read them.",
            "\nDiese E-Mail enthält vertrauliche Informationen.",
            "________________\nDISCLAIMER: x",
            "\nIMPORTANT NOTICE\nOnly for the intended recipient.",
            "Acme Hotline 12",
            "[cid:image001.png@01D]",
        ] {
            assert_eq!(own(&format!("At ten.\n{tail}")), "At ten.", "{tail}");
        }
        let signed = "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nAt ten.\n- - x\n\
                      -----BEGIN PGP SIGNATURE-----\n\niQ\n-----END PGP SIGNATURE-----";
        assert_eq!(own(signed), "At ten.\n- x");
    }

    /// E58: a person's own words stay, also those that resemble an addition.
    #[test]
    fn own_words_stay() {
        for text in [
            "At ten.\n\nKind regards\nAnna",
            "-- that is what I meant",
            "I sent from my office what you asked for",
            "----------\nmenu\n----------",
            "See the important notice on the door",
            "Von meinem Sohn abgeholt",
            "Sent from my phone shop today\nAt ten.",
            "Sent via courier today",
            "Important notice: closed tomorrow",
        ] {
            assert_eq!(own(text), text);
        }
    }
}
