//! What became of a text is mailed to whoever wrote it by mail: on request all of it, and a failure
//! without one.

use simgate::config::Mail;
use simgate::emulator::Phone;
use simgate::store::Role;

use crate::mail_desk::{ANNA, Desk, answer};
use crate::shop::BOB;

/// A mail that starts a text.
fn start(to: &str, id: &str, fields: &str, text: &str) -> String {
    format!(
        "Authentication-Results: mx.example.org; dmarc=pass header.from=example.org\r\n\
         From: {ANNA}\r\nTo: {to}\r\nSubject: the car\r\nMessage-ID: <{id}@example.org>\r\n{fields}\r\n\
         {text}\r\n"
    )
}

async fn desk_with_quota() -> Desk {
    let desk =
        Desk::with(Mail { send_domain: Some("text.example.org".to_owned()), ..Mail::default() })
            .await;
    let anna = desk.user("Anna", ANNA, Role::Agent).await;
    desk.shop.gateway.store.write(move |tx| tx.set_mail_quota(anna, 10)).await.expect("a quota");
    desk
}

/// Send by mail: by a receipt, as mail programs ask for one, or by `+report` in the address, the
/// author hears when the text has arrived; who asks for nothing hears only that it was sent.
#[tokio::test(start_paused = true)]
async fn the_result_is_mailed_back_on_request() {
    let desk = desk_with_quota().await;
    let receipt = format!("Disposition-Notification-To: <{ANNA}>\r\n");
    let number = format!("{BOB}@text.example.org");
    let asking = format!("{}+report@text.example.org", &BOB[1..]);
    let mails = [
        start(&number, "s1", &receipt, "One##"),
        start(&asking, "s2", "", "Two##"),
        start("sms+to-bob+report@example.org", "s3", "", "Three##"),
    ];
    for (n, mail) in mails.iter().enumerate() {
        let before = desk.office.letters().len();
        desk.shop.gateway.take_mail(mail).await;
        desk.shop.reads(BOB, n + 1).await;
        let letters = desk.letters(before + 2).await;
        let (sent, result) = (&letters[before].1, &letters[before + 1].1);
        assert!(sent.subject.starts_with("Sent"), "{}", sent.subject);
        assert_eq!(result.subject, "Result: the car");
        let words = format!("Your text to {BOB}: delivered.");
        assert!(result.body.text.contains(&words), "{}", result.body.text);
        assert_eq!(result.references, [format!("s{}@example.org", n + 1)]);
        assert_eq!(letters[before + 1].0, ANNA);
    }
    let before = desk.office.letters().len();
    desk.shop.gateway.take_mail(&start(&number, "s4", "", "Four##")).await;
    desk.shop.reads(BOB, 4).await;
    desk.shop.quiet(BOB).await;
    assert_eq!(desk.office.letters().len(), before + 1, "sent, and no result");
}

/// A text that was answered by mail and does not arrive: its author hears of it without having asked,
/// once; E40: unless the mail asked for no answers at all.
#[tokio::test(start_paused = true)]
async fn a_failure_is_mailed_back_to_everybody() {
    let desk = Desk::open().await;
    let forward = desk.forwarded("Hello?", ANNA).await;
    // A permanent error: SM rejected (23.040 §9.2.3.15).
    let gone = Phone { number: BOB.to_owned(), report: Some(0x41), ..Phone::default() };
    desk.shop.gateway.modems.with(|world| world.set_phone(gone));
    let before = desk.office.letters().len();
    desk.shop.gateway.take_mail(&answer(&forward, ANNA, "a1", "Yes##")).await;
    let quiet = answer(&forward, ANNA, "a2", "Or no##");
    desk.shop.gateway.take_mail(&format!("X-Auto-Response-Suppress: All\r\n{quiet}")).await;
    desk.letters(before + 1).await;
    desk.shop.quiet(BOB).await;
    let letters = desk.office.letters();
    let results: Vec<&str> =
        letters[before..].iter().map(|(_, mail)| mail.body.text.as_str()).collect();
    assert_eq!(results.len(), 1, "{results:?}");
    assert!(results[0].contains(&format!("Your text to {BOB}: ")), "{}", results[0]);
}
