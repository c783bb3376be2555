//! Mails that leave: forwards and notices; and the way back of what was answered to them.

use proptest::prelude::*;
use simgate::email::extract::Options;
use simgate::email::{
    Also, CutKind, Forward, Kind, Limits, MARKER, MailIn, MailOut, Notice, OwnId, Past, Refusal,
    Told, classify, extract, forward, notice, read,
};
use simgate::types::{ConversationId, Direction, MessageId, MessageState};

use crate::email_laws::{NOW, address, law, site, whole};

fn forwarded(name: Option<&str>, tags: &[&str], text: &str) -> MailOut {
    let tags: Vec<String> = tags.iter().map(|tag| (*tag).to_owned()).collect();
    let past = [Past { direction: Direction::Out, at: NOW, author: Some("Sam"), text: "Hello Jo" }];
    let to = address("anna@example.com");
    let what = Forward {
        to: &to,
        thread: ConversationId(7),
        message: MessageId(70),
        decided_at: NOW,
        received_at: NOW,
        line: ("Main line", Some("+447700900000")),
        name,
        number: "+447700900123",
        tags: &tags,
        text,
        past: &past,
        link: Some("https://gateway.example.org/c/7"),
    };
    forward(&what, &site())
}

fn read_back(out: &MailOut) -> MailIn {
    read(&out.raw, Limits::default()).expect("a mail")
}

/// S33, S37, S38, S40: the mail says who, on which line, when, with which tags, and what was said
/// before; all of them come from one address.
#[test]
fn a_forward_says_all_that_is_needed_to_answer() {
    let out = forwarded(Some("Jo Customer"), &["Spring", "Anna"], "When do you come?");
    whole(&out.raw);
    assert_eq!(out.subject, "Text from Jo Customer (+447700900123) on Main line [Spring] [Anna]");
    for words in [
        "Jo Customer, +447700900123 to Main line (+447700900000), 21 Nov 2026, 12:00 UTC:",
        "When do you come?",
        "Tags: Spring, Anna",
        "(out, Sam): Hello Jo",
        "https://gateway.example.org/c/7",
    ] {
        assert!(out.text.contains(words), "{words}");
        assert!(out.html.as_deref().is_some_and(|html| html.contains(words)), "{words}");
    }
    let mail = read_back(&out);
    assert_eq!(mail.author(), Some(&address("sms@example.org")));
    assert_eq!(mail.field("auto-submitted"), Some("auto-generated"));
    assert_eq!(mail.references, [site().thread_id(ConversationId(7))]);
    assert_eq!(mail.body.text.trim_end(), out.text.trim_end());
    assert_eq!(forwarded(Some("Jo Customer"), &["Spring", "Anna"], "When do you come?"), out);
}

/// S35: without tags, name and history nothing empty is left of them.
#[test]
fn a_forward_without_tags_has_no_trace_of_them() {
    let out = forwarded(None, &["", " "], "Hi");
    assert_eq!(out.subject, "Text from +447700900123 on Main line");
    assert!(!out.text.contains("Tags"), "{}", out.text);
    assert!(out.text.contains("reply to this mail. Put ## where the text ends."), "{}", out.text);
}

/// A sender that is a name cannot be answered, and the mail does not ask for it.
#[test]
fn a_forward_of_a_name_asks_for_no_answer() {
    let to = address("anna@example.com");
    let what = Forward {
        to: &to,
        thread: ConversationId(7),
        message: MessageId(70),
        decided_at: NOW,
        received_at: NOW,
        line: ("Main line", None),
        name: None,
        number: "BANK",
        tags: &[],
        text: "Hi",
        past: &[],
        link: None,
    };
    let out = forward(&what, &site());
    assert!(out.text.contains("cannot be answered") && !out.text.contains("reply to this mail"));
}

/// E76: what a customer, a contact or a tag holds stays words; the subject has no word of the text.
#[test]
fn nothing_in_a_forward_becomes_a_header_or_markup() {
    let nasty =
        "x\r\nBcc: eve@evil.example\r\n\r\n<script>alert(1)</script>\n.\nFrom here\n=20 \u{202e}";
    let out = forwarded(Some(nasty), &[nasty], nasty);
    whole(&out.raw);
    let mail = read_back(&out);
    assert_eq!(mail.field("bcc"), None);
    assert_eq!(mail.to, [address("anna@example.com")]);
    assert!(out.html.as_deref().is_some_and(|html| !html.contains("<script")));
    let plain = forwarded(None, &[], "Secret words");
    assert!(!plain.subject.contains("Secret"));
}

/// E43: everything we send is known again when it comes back, by id or by mark.
#[test]
fn our_own_mails_are_known_again() {
    let site = site();
    let out = forwarded(None, &[], "Hi");
    assert_eq!(classify(&read_back(&out), &site, NOW), Kind::Own);
    assert!(matches!(site.own_id(&out.message_id, NOW), Some(OwnId::Forward(_))));
    let moved = String::from_utf8(out.raw)
        .expect("ASCII")
        .replace("From: ", "From: A <a@x.example>\r\nX-From: ");
    let moved = moved.replace("Message-ID: <f.", "Message-ID: <");
    let mail = read(moved.as_bytes(), Limits::default()).expect("a mail");
    assert!(matches!(classify(&mail, &site, NOW), Kind::Loop(_)), "{moved}");
}

fn told(mail: Option<&MailIn>, told: &Told) -> Option<MailOut> {
    let to = address("anna@example.com");
    let about = ("start@example.com", "Hello");
    notice(&Notice { to: &to, mail, about, told, at: NOW }, &site())
}

fn person(fields: &str) -> MailIn {
    let raw = format!(
        "From: anna@example.com\nMessage-ID: <1@example.com>\nSubject: Re: x\n{fields}\nHi\n"
    );
    read(raw.as_bytes(), Limits::default()).expect("a mail")
}

/// E74, E40: a notice has the null envelope sender, says that it is automatic, is one for each mail,
/// and there is none for a machine, for who asked for none, and for ourselves.
#[test]
fn notices_never_meet_a_machine() {
    let refused = Told::Refused(Refusal::Empty);
    let out = told(Some(&person("")), &refused).expect("a notice");
    whole(&out.raw);
    assert_eq!((out.envelope_from.as_ref(), out.subject.as_str()), (None, "Not sent: Re: x"));
    assert_eq!(out.references, ["1@example.com"]);
    let mail = read_back(&out);
    assert_eq!(mail.field("auto-submitted"), Some("auto-replied"));
    assert!(!mail.may_be_answered());
    assert_eq!(classify(&mail, &site(), NOW), Kind::Own);
    assert_eq!(told(Some(&person("")), &refused), Some(out), "the same mail each time");
    for fields in [
        "Auto-Submitted: auto-replied\n",
        "Precedence: bulk\n",
        "List-Id: <x.example.net>\n",
        "Return-Path: <>\n",
        "X-Auto-Response-Suppress: All\n",
        "X-Auto-Response-Suppress: OOF, AutoReply\n",
    ] {
        assert_eq!(told(Some(&person(fields)), &refused), None, "{fields}");
    }
    let own = address("sms@example.org");
    let to_us = Notice { to: &own, mail: None, about: ("a@b", ""), told: &refused, at: NOW };
    assert_eq!(notice(&to_us, &site()), None);
}

/// E57, E66: the notice of what was sent shows it, and what was left out.
#[test]
fn the_notice_shows_what_was_sent_and_what_was_not() {
    let raw = "From: anna@example.com\nContent-Type: multipart/mixed; boundary=b\n\n\
               --b\n\nRoom ##4 at ten.\n--b\nContent-Type: image/png; name=plan.png\n\nx\n--b--\n";
    let mail = read(raw.as_bytes(), Limits::default()).expect("a mail");
    let extracted = extract(&mail, &Options::default()).expect("a text");
    assert_eq!(extracted.text, "Room");
    let sent = Told::Sent {
        to: "Jo".into(),
        text: extracted.text,
        segments: 1,
        cut: extracted.cut,
        also: Vec::new(),
    };
    let out = told(Some(&mail), &sent).expect("a notice");
    for words in
        ["Sent to Jo, 1 segment:\n\nRoom\n", "4 at ten.", "plan.png", "Files cannot go by text"]
    {
        assert!(out.text.contains(words), "{words} in {}", out.text);
    }
}

/// Every notice says what happened in whole sentences.
#[test]
fn every_notice_has_words() {
    let link = Some("https://gateway.example.org/c/7".to_owned());
    for what in [
        Told::Held { text: "Hi".into(), why: "It has 9 segments.".into(), link: link.clone() },
        Told::Waiting { text: "Hi".into(), why: "The day's limit is reached.".into() },
        Told::Claimed { by: "Ben".into(), text: "Hi".into(), why: None, link: link.clone() },
        Told::Claimed { by: "Ben\r\nBcc: x".into(), text: "Hi".into(), why: None, link: None },
        Told::Sent {
            to: "Jo".into(),
            text: "Hi".into(),
            segments: 1,
            cut: Vec::new(),
            also: vec![Also::AnsweredBy("Ben\r\nBcc: x".into()), Also::Newer { link }],
        },
        Told::Result { to: "Jo".into(), state: MessageState::Delivered, detail: None },
        Told::KeptBack { why: "DMARC fail".into() },
    ] {
        let out = told(None, &what).expect("a notice");
        whole(&out.raw);
        assert!(out.text.contains('.') && !out.text.contains("\nBcc"), "{}", out.text);
    }
}

/// E58, S46: the seed's behaviour keeps the signature and removes the quote all the same.
#[test]
fn the_literal_switch_keeps_signatures() {
    let raw = "From: a@example.com\n\nAt ten.\n\n-- \nAnna\n\n> old\n";
    let mail = read(raw.as_bytes(), Limits::default()).expect("a mail");
    let text = |literal| {
        let options = Options { literal, ..Options::default() };
        extract(&mail, &options).expect("a text").text
    };
    assert_eq!(text(false), "At ten.");
    assert_eq!(text(true), "At ten.\n\n--\nAnna");
    let other = Options { end_mark: "=end".into(), ..Options::default() };
    let raw = "From: a@example.com\n\nRoom ##4=end\nAnna\n";
    let mail = read(raw.as_bytes(), Limits::default()).expect("a mail");
    assert_eq!(extract(&mail, &other).expect("a text").text, "Room ##4");
}

/// S43: what a mail program made of the end mark, and what nobody sees between its characters, does not hide
/// it: the text would have it after all (found by the fuzzer).
#[test]
fn an_end_mark_that_folding_brings_to_light_ends_the_text() {
    for (mark, written) in [("##", "#\u{ad}#"), ("--", "\u{2013}-"), ("...", "\u{2026}")] {
        let head = "From: a@example.com\nContent-Type: text/plain; charset=utf-8\n\n";
        let raw = format!("{head}At ten {written} Anna\n");
        let mail = read(raw.as_bytes(), Limits::default()).expect("a mail");
        let options = Options { end_mark: mark.into(), ..Options::default() };
        let extracted = extract(&mail, &options).expect("a text");
        assert_eq!((extracted.text.as_str(), extracted.ended), ("At ten", true), "{mark}");
    }
}

/// How programs answer: what stands above, below and before the quoted lines.
const PROGRAMS: &[fn(&str, &str) -> String] = &[
    |text, old| {
        format!(
            "{text}\n\nOn Sat, 21 Nov 2026 at 12:00, Example Ltd <sms@example.org> wrote:\n\n{}",
            signed(old, "> ")
        )
    },
    |text, old| format!("{text}\n\n{old}"),
    |text, old| {
        format!("Am 21.11.2026 um 12:00 schrieb Example Ltd:\n{}\n\n{text}\n", signed(old, "> "))
    },
    |text, old| {
        format!(
            "{text}\n\n________________________________\nFrom: Example Ltd\nSent: Saturday\nTo: Anna\nSubject: x\n\n{old}"
        )
    },
    |text, old| format!("{text}\n\n-----Original Message-----\n{}", signed(old, "")),
    |text, old| {
        format!(
            "{text}\n\n-- \nAnna Miller\n\nLe sam. 21 nov. 2026 à 12:00, Example Ltd <sms@example.org> a écrit :\n{}",
            signed(old, ">")
        )
    },
];

fn signed(text: &str, sign: &str) -> String {
    text.lines().map(|line| format!("{sign}{line}\n")).collect()
}

fn words() -> impl Strategy<Value = String> {
    let word = "[a-zäéñ]{1,9}";
    let line = prop::collection::vec(word, 1..6).prop_map(|words| format!("{}.", words.join(" ")));
    prop::collection::vec(line, 1..4).prop_map(|lines| lines.join("\n"))
}

fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("From: a@example.com\n".to_owned()),
        Just("Content-Type: multipart/mixed; boundary=b\n".to_owned()),
        Just("Content-Type: text/html\n".to_owned()),
        Just("Content-Type: text/plain; format=flowed; charset=utf-8\n".to_owned()),
        Just("Content-Transfer-Encoding: quoted-printable\n".to_owned()),
        Just("Content-Transfer-Encoding: base64\n".to_owned()),
        Just("\n".to_owned()),
        Just("--b\n".to_owned()),
        Just("--b--\n".to_owned()),
        Just("##".to_owned()),
        Just("> ".to_owned()),
        Just("-- \n".to_owned()),
        Just(format!("{MARKER}\n")),
        Just("On 21 Nov 2026 12:00, x <a@b.example> wrote:\n".to_owned()),
        Just("<div class=gmail_quote>".to_owned()),
        Just("<blockquote type=cite>".to_owned()),
        Just("</blockquote>".to_owned()),
        Just("<a href=\"https://x.example\">".to_owned()),
        Just("&amp;&#0;".to_owned()),
        Just("=E4=\n".to_owned()),
        "\\PC{0,12}\n?",
    ]
}

proptest! {
    /// Whatever stands in a mail: a text or a refusal, never a panic.
    #[test]
    fn any_mail_is_a_text_or_a_refusal(pieces in prop::collection::vec(piece(), 0..40)) {
        law(format!("To: sms@example.org\n{}", pieces.concat()).as_bytes());
    }

    /// Any octets are a mail or none.
    #[test]
    fn any_octets_are_a_mail_or_none(octets in prop::collection::vec(any::<u8>(), 0..400)) {
        law(&octets);
        law(&[b"Subject: x\n\n".as_slice(), &octets].concat());
    }

    /// What a person writes comes out as it was, whatever their program puts around it.
    #[test]
    fn own_words_come_back_from_every_program(text in words(), which in 0..PROGRAMS.len()) {
        let old = forwarded(Some("Jo"), &["Spring"], "When do you come?").text;
        let raw = format!("From: a@example.com\n\n{}\n", PROGRAMS[which](&text, &old));
        let mail = read(raw.as_bytes(), Limits::default()).expect("a mail");
        let extracted = extract(&mail, &Options::default()).expect("a text");
        prop_assert_eq!(&extracted.text, &text);
        prop_assert!(extracted.cut.iter().any(|cut| cut.kind == CutKind::Quote || cut.kind == CutKind::Attribution));
        prop_assert_eq!(extracted.hold, None);
    }

    /// Any text, name and tag: the mail is whole, and reads back as what was written.
    #[test]
    fn what_is_written_reads_back(text in "[^\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f]{0,300}", name in any::<String>(), tag in any::<String>()) {
        let out = forwarded(Some(&name), &[&tag], &text);
        whole(&out.raw);
        let mail = read_back(&out);
        prop_assert_eq!(mail.subject.split_whitespace().collect::<Vec<_>>(), out.subject.split_whitespace().collect::<Vec<_>>());
        prop_assert_eq!(&mail.body.text, &out.text);
        prop_assert_eq!(&mail.message_id, &out.message_id);
        prop_assert_eq!(mail.from.len(), 1);
    }
}
