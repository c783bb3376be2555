//! Who wrote a mail: a person, or one of the machines that answer mail.
//!
//! Only what a mail says about itself is used; what a machine wrote never becomes a text, and is
//! never answered (RFC 3834). A person whose mail *asks* for no automatic answers is still a
//! person (E40).

use super::read::{said, said_any};
use super::{MailIn, OwnId, ReplyToken, Site, TokenError};
use crate::types::UnixTime;

/// What kind of mail it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Written by somebody.
    Person,
    /// Written by a machine; with what gave it away (E39, E42).
    Robot(String),
    /// An absence note or another automatic answer; with what gave it away (E39).
    OutOfOffice(String),
    /// A report on the delivery of one of our mails, or of one we know nothing about (E41).
    Bounce(Bounce),
    /// Came through a mailing list that the settings do not name; its `List-Id` (E44).
    List(String),
    /// One of our own mails, back again (E43).
    Own,
    /// Our mail went around by way of others, or too many servers have seen it (E43).
    Loop(&'static str),
}

/// A report on a delivery.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bounce {
    /// The forward it is about, when its id is ours.
    pub forward: Option<ReplyToken>,
    /// Every message id of the mail it is about.
    pub ids: Vec<String>,
    /// Whom it could not be delivered to.
    pub recipient: Option<String>,
    /// The status code of RFC 3463: `5.1.1`.
    pub status: Option<String>,
    /// For good, as opposed to "still trying".
    pub hard: bool,
}

/// Says who wrote `mail`.
pub fn classify(mail: &MailIn, site: &Site, now: UnixTime) -> Kind {
    if is_own(mail, site, now) {
        return Kind::Own;
    }
    if mail.fields(LOOP_FIELD).any(|mark| mark.trim().eq_ignore_ascii_case(&site.loop_mark())) {
        return Kind::Loop("it carries our mark");
    }
    if mail.fields("received").count() > MOST_HOPS {
        return Kind::Loop("too many servers have passed it on");
    }
    if let Some(bounce) = bounce(mail, site, now) {
        return Kind::Bounce(bounce);
    }
    if let Some(why) = automatic_answer(mail) {
        return Kind::OutOfOffice(why);
    }
    let list = list(mail);
    let known =
        list.as_deref().is_some_and(|id| site.lists.iter().any(|known| same_list(known, id)));
    if let Some(why) = robot(mail, known) {
        return Kind::Robot(why);
    }
    match list {
        Some(id) if !known => Kind::List(id),
        _ => Kind::Person,
    }
}

/// E43: our own message id, or our own address as author.
fn is_own(mail: &MailIn, site: &Site, now: UnixTime) -> bool {
    site.own_id(&mail.message_id, now).is_some()
        || mail.from.iter().any(|from| site.is_mailbox(&from.address))
}

/// E41: a delivery status notification, or what older servers write instead.
fn bounce(mail: &MailIn, site: &Site, now: UnixTime) -> Option<Bounce> {
    let is_report =
        mail.report.as_ref().is_some_and(|r| r.kind == "delivery-status" || r.action.is_some());
    let failed = mail.field("x-failed-recipients");
    let daemon = mail.from.iter().any(|from| {
        ["mailer-daemon", "postmaster"].iter().any(|d| from.address.user().eq_ignore_ascii_case(d))
    });
    let subject = mail.subject.to_lowercase();
    let told = BOUNCE_SUBJECTS.iter().any(|words| subject.contains(words));
    if !(is_report || failed.is_some() || (daemon && told)) {
        return None;
    }
    let report = mail.report.clone().unwrap_or_default();
    let mut ids = report.ids;
    // Servers that send no report quote the mail in their words.
    ids.extend(quoted_ids(&mail.body.text));
    ids.extend(mail.in_reply_to.iter().chain(&mail.references).cloned());
    let ours = ids.iter().find_map(|id| forward_of(site.own_id(id, now)));
    // Forwards leave with their reply address as envelope sender.
    let addressed = mail.to.iter().chain(&mail.delivered_to);
    let ours = ours.or_else(|| {
        let mut tokens = addressed.filter(|to| site.is_own(to)).filter_map(|to| to.detail());
        tokens.find_map(|token| match ReplyToken::read(token, &site.keys, now) {
            Ok(token) | Err(TokenError::Expired(token)) => Some(token),
            Err(TokenError::Malformed | TokenError::Forged) => None,
        })
    });
    let hard = match (report.action.as_deref(), report.status.as_deref()) {
        (Some("failed"), Some(status)) => !status.starts_with('4'),
        (Some(action), _) => action == "failed",
        (None, _) => !SOFT_WORDS.iter().any(|words| subject.contains(words)),
    };
    let recipient = report.recipient.or_else(|| failed.map(|f| f.trim().to_owned()));
    Some(Bounce { forward: ours, ids, recipient, status: report.status, hard })
}

fn forward_of(own: Option<OwnId>) -> Option<ReplyToken> {
    match own? {
        OwnId::Forward(token) | OwnId::Expired(token) => Some(token),
        OwnId::Thread(_) | OwnId::Notice => None,
    }
}

/// `Message-ID: <...>` in the words of a bounce.
fn quoted_ids(text: &str) -> Vec<String> {
    let lines = text.lines().take(2_000).map(|line| line.trim_start_matches(['>', ' ', '|', '\t']));
    let named = lines
        .filter(|line| line.get(..11).is_some_and(|name| name.eq_ignore_ascii_case("message-id:")));
    let ids = named.filter_map(|line| line.split_once('<')?.1.split_once('>'));
    ids.map(|(id, _)| id.trim().to_owned()).take(20).collect()
}

/// E39: what RFC 3834 asks of automatic answers, and what programs did before it.
fn automatic_answer(mail: &MailIn) -> Option<String> {
    if let Some(value) = mail
        .field("auto-submitted")
        .filter(|value| said_any(value, &["auto-replied", "auto-notified"]))
    {
        return Some(format!("Auto-Submitted: {}", value.trim()));
    }
    for name in [
        "x-autoreply",
        "x-autorespond",
        "x-autoreply-from",
        "x-mail-autoreply",
        "x-auto-reply-from",
    ] {
        if mail.field(name).is_some_and(|value| !said_any(value, &["no", "false"])) {
            return Some(name.to_owned());
        }
    }
    if mail.fields("precedence").any(|value| said_any(value, &["auto_reply", "auto-reply"])) {
        return Some("Precedence: auto_reply".into());
    }
    if mail.field("x-ms-exchange-inbox-rules-loop").is_some() {
        return Some("X-MS-Exchange-Inbox-Rules-Loop".into());
    }
    let subject = mail.subject.trim().to_lowercase();
    let named = AUTO_SUBJECTS.iter().find(|start| subject.starts_with(**start));
    named.map(|start| format!("its subject begins with \"{start}\""))
}

/// E42 and RFC 3834: written by a machine on its own account.
fn robot(mail: &MailIn, known_list: bool) -> Option<String> {
    if let Some(report) = &mail.report {
        return Some(match report.kind.as_str() {
            "disposition-notification" => "a read receipt".into(),
            "feedback-report" => "a complaint report".into(),
            kind => format!("a report ({kind})"),
        });
    }
    if let Some(value) = mail.field("auto-submitted").filter(|value| !said(value, "no")) {
        return Some(format!("Auto-Submitted: {}", value.trim()));
    }
    let bulk: &[&str] = if known_list { &["bulk", "junk"] } else { &["bulk", "junk", "list"] };
    let is_list = mail.field("list-id").is_some();
    if let Some(value) =
        mail.fields("precedence").find(|v| said_any(v, bulk) && !(is_list && said(v, "list")))
    {
        return Some(format!("Precedence: {}", value.trim()));
    }
    if mail.return_path == Some(None) {
        return Some("it has the null envelope sender".into());
    }
    let user =
        |address: &str| address.split(['@', '+']).next().unwrap_or_default().to_ascii_lowercase();
    let senders = mail.from.iter().map(|from| user(from.address.local()));
    let mut senders = senders.chain(mail.return_path.iter().flatten().map(|path| user(path)));
    senders.find(|user| is_machine(user)).map(|user| format!("its sender is {user}"))
}

fn is_machine(user: &str) -> bool {
    let plain: String = user.chars().filter(char::is_ascii_alphanumeric).collect();
    MACHINES.contains(&plain.as_str())
}

/// The identity of the list a mail came through (RFC 2919), or what older lists say instead.
fn list(mail: &MailIn) -> Option<String> {
    if let Some(id) = mail.field("list-id") {
        let id =
            id.rsplit_once('<').and_then(|(_, id)| id.split_once('>')).map_or(id, |(id, _)| id);
        return Some(id.trim().to_ascii_lowercase());
    }
    let post = ["list-post", "mailing-list", "x-mailing-list", "x-loop-list"];
    let post = post.iter().find_map(|name| mail.field(name))?;
    let post = post.trim().trim_start_matches('<').trim_end_matches('>');
    Some(
        post.trim_start_matches("mailto:")
            .split(';')
            .next()
            .unwrap_or(post)
            .trim()
            .to_ascii_lowercase(),
    )
}

fn same_list(known: &str, id: &str) -> bool {
    let plain =
        |text: &str| text.trim().trim_matches(['<', '>']).to_ascii_lowercase().replace('@', ".");
    plain(known) == plain(id)
}

/// RFC 5321 §6.3 asks for a large number; no mail of a person has passed so many servers.
const MOST_HOPS: usize = 50;
const LOOP_FIELD: &str = "x-loop";
const MACHINES: &[&str] = &[
    "mailerdaemon",
    "postmaster",
    "noreply",
    "donotreply",
    "nereply",
    "bounce",
    "bounces",
    "bouncehandler",
    "autoreply",
    "autoresponder",
    "nepasrepondre",
    "noresponder",
    "nichtantworten",
    "keineantwort",
    "msexchange",
    "listserv",
    "majordomo",
    "mailman",
];
const BOUNCE_SUBJECTS: &[&str] = &[
    "undeliver",
    "delivery status notification",
    "delivery failure",
    "delivery has failed",
    "failure notice",
    "returned mail",
    "mail delivery failed",
    "mail delivery system",
    "unzustellbar",
    "nicht zugestellt",
    "non remis",
    "no se ha podido entregar",
    "impossibile recapitare",
    "onbestelbaar",
    "niet bezorgd",
    "warning: message",
    "delayed",
];
const SOFT_WORDS: &[&str] = &["delay", "warning", "(delay)", "still being retried", "verzögert"];
/// How mail programs begin the subject of an absence note, in lower case. An answer to one begins
/// with `Re:` and is not meant.
const AUTO_SUBJECTS: &[&str] = &[
    "automatic reply",
    "auto reply",
    "auto-reply",
    "autoreply",
    "auto:",
    "out of office",
    "out of the office",
    "automatische antwort",
    "abwesenheitsnotiz",
    "abwesend:",
    "automatische rückmeldung",
    "réponse automatique",
    "absence du bureau",
    "respuesta automática",
    "fuera de la oficina",
    "risposta automatica",
    "fuori ufficio",
    "resposta automática",
    "fora do escritório",
    "automatisch antwoord",
    "afwezigheidsbericht",
    "niet aanwezig",
    "autosvar",
    "automatiskt svar",
    "automatisk svar",
    "automaattinen vastaus",
    "poissa toimistosta",
    "autoodpowiedź",
    "odpowiedź automatyczna",
    "automatická odpověď",
    "automatikus válasz",
    "răspuns automat",
    "otomatik yanıt",
    "αυτόματη απάντηση",
    "автоответ",
    "автоматический ответ",
    "автоматична відповідь",
    "תשובה אוטומטית",
    "رد تلقائي",
    "自动答复",
    "自动回复",
    "自動返信",
    "自動回覆",
    "자동 회신",
];
