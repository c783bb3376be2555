//! Lines to real servers that are slow, or cut at the worst moment: nothing is lost, nothing is done
//! twice, and nobody else waits.

use std::collections::BTreeMap;

use serde_json::json;
use simgate::email;
use simgate::io::account::Tls;

use crate::broken::{answer, forward, forwards, forwards_to_anna, servers};
use crate::house::{CUSTOMER, House, mail, until};
use crate::lmtp;
use crate::proxy::{Cue, Proxy};

/// E75: the line to the submission server is cut before the password, before the mail, within it, and
/// after the server took it but before it could say so. Each text is forwarded; only the last can come
/// twice, and is then the same mail with the same Message-ID, by which mailboxes know it.
#[tokio::test(flavor = "multi_thread")]
async fn a_submission_cut_anywhere_loses_no_forward() {
    let Some((dovecot, postfix)) = servers() else { return };
    let end = "\r\n.\r\n";
    let cuts =
        [Cue::CutBefore("AUTH"), Cue::CutBefore("DATA"), Cue::CutBefore(end), Cue::CutAfter(end)];
    // After each cut one letter goes through.
    let cues: Vec<Cue> = cuts.into_iter().flat_map(|cut| [cut, Cue::Through]).collect();
    let proxy = Proxy::before(postfix.unprotected, &cues);
    let folder = tempfile::tempdir().expect("a folder");
    let settings = mail(Some(postfix.unprotected_account(proxy.port)), None);
    let house = House::open(folder.path(), settings).await;
    forwards_to_anna(&house).await;
    for number in 1..=cuts.len() {
        house.types(&format!("Text {number} of four"));
        until(&format!("text {number} in the mailbox"), async || {
            let words = format!("Text {number} of four");
            forwards(&dovecot).iter().any(|mail| mail.contains(&words)).then_some(())
        })
        .await;
        assert_eq!(proxy.fired(), number, "each by a line that was cut before");
    }
    until("both copies of the last", async || {
        Some(forwards(&dovecot)).filter(|mails| mails.len() >= 5)
    })
    .await;
    house.stop().await;
    let mut copies: BTreeMap<String, usize> = BTreeMap::new();
    for raw in forwards(&dovecot) {
        let mail = email::read(raw.as_bytes(), email::Limits::default()).expect("a mail");
        *copies.entry(mail.message_id).or_default() += 1;
    }
    let mut counts: Vec<usize> = copies.into_values().collect();
    counts.sort_unstable();
    assert_eq!(counts, [1, 1, 1, 2], "{}", postfix.log());
}

/// E52: the line to the mailbox is cut within a mail, between fetch and mark, and while the mark is
/// answered. Each answer is one text.
#[tokio::test(flavor = "multi_thread")]
async fn a_mailbox_cut_between_fetch_and_mark_sends_each_answer_once() {
    let Some((dovecot, postfix)) = servers() else { return };
    let cues = [
        Cue::CutWithin("BODY.PEEK[]", 200),
        Cue::CutBefore("STORE"),
        Cue::CutAfter("STORE"),
        Cue::CutBefore("DONE"),
    ];
    let account = dovecot.account("sms", Tls::None);
    let proxy = Proxy::before(account.port, &cues);
    let imap = simgate::io::account::Account { port: proxy.port, ..account };
    let folder = tempfile::tempdir().expect("a folder");
    let settings = mail(Some(postfix.account()), Some(imap));
    let house = House::open(folder.path(), settings).await;
    forwards_to_anna(&house).await;
    house.types("Hello");
    let first = forward(&dovecot, 1).await;
    let reply_to = first.field("reply-to").expect("a reply address").to_owned();
    for number in 1..=4 {
        let words = format!("Answer {number}");
        let mail = answer(&reply_to, &format!("a{number}"), &words);
        lmtp::arrives(dovecot.lmtp, "anna@example.org", &reply_to, &mail);
        let screen = house.shows(number).await;
        assert_eq!(screen[number - 1], words);
    }
    until("every cut", async || (proxy.fired() == cues.len()).then_some(())).await;
    let mail = answer(&reply_to, "a5", "Answer 5");
    lmtp::arrives(dovecot.lmtp, "anna@example.org", &reply_to, &mail);
    let expected: Vec<String> = (1..=5).map(|number| format!("Answer {number}")).collect();
    assert_eq!(house.shows(5).await, expected);
    let mails = house.store.read(|tx| tx.mails(false, 10)).await.expect("readable");
    assert_eq!(mails.len(), 5, "each known once");
    house.stop().await;
}

/// E75: while the submission server keeps everybody waiting, texts come in, texts go out, and answers by
/// mail go out; when it goes on, each forward arrives once.
#[tokio::test(flavor = "multi_thread")]
async fn a_slow_mail_server_keeps_only_mail_waiting() {
    let Some((dovecot, postfix)) = servers() else { return };
    let proxy = Proxy::before(postfix.unprotected, &[Cue::Through, Cue::Stall("DATA")]);
    let folder = tempfile::tempdir().expect("a folder");
    let smtp = postfix.unprotected_account(proxy.port);
    let settings = mail(Some(smtp), Some(dovecot.account("sms", Tls::Implicit)));
    let house = House::open(folder.path(), settings).await;
    forwards_to_anna(&house).await;
    house.types("One");
    let first = forward(&dovecot, 1).await;
    let reply_to = first.field("reply-to").expect("a reply address").to_owned();
    house.types("Two");
    until("the server makes us wait", async || (proxy.fired() == 1).then_some(())).await;
    house.types("Three");
    let asked = json!({ "to": CUSTOMER, "text": "From the API",
        "response_emails": ["anna@example.org"] });
    let (status, told) = house.call("POST", "/api/v1/messages", Some(asked)).await;
    assert_eq!(status, 202, "{told}");
    assert_eq!(house.shows(1).await, ["From the API"]);
    lmtp::arrives(dovecot.lmtp, "anna@example.org", &reply_to, &answer(&reply_to, "a1", "By mail"));
    assert_eq!(house.shows(2).await, ["From the API", "By mail"]);
    until("three texts in the inbox", async || {
        let came = house.store.read(|tx| tx.waiting_mails()).await.expect("readable");
        (came.0 >= 2).then_some(())
    })
    .await;
    assert_eq!(forwards(&dovecot).len(), 1);
    proxy.release();
    forward(&dovecot, 3).await;
    house.stop().await;
    assert_eq!(forwards(&dovecot).len(), 3, "{}", postfix.log());
}
