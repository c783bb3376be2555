//! The whole loop: a text out with a tag and two addresses, the customer's answer in both
//! mailboxes, an answer by mail on the customer's handset, and so on.

use serde_json::json;
use simgate::email;
use simgate::io::account::Tls;

use crate::dovecot::Dovecot;
use crate::house::{CUSTOMER, House, mail, until};
use crate::lmtp;
use crate::postfix::Postfix;

/// Anna's answer, as her mail program sends it: her words, `##`, a signature, and the quoted mail.
fn answer(to: &str, subject: &str, in_reply_to: &str, round: usize, words: &str) -> String {
    format!(
        "From: Anna Example <anna@example.org>\r\nTo: {to}\r\nSubject: Re: {subject}\r\n\
         Message-ID: <answer-{round}@example.org>\r\nIn-Reply-To: <{in_reply_to}>\r\n\
         Date: Sat, 21 Nov 2026 10:00:00 +0000\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/alternative; boundary=\"parts\"\r\n\r\n\
         --parts\r\nContent-Type: text/plain; charset=utf-8; format=flowed\r\n\
         Content-Transfer-Encoding: 8bit\r\n\r\n{words}##\r\n\r\n-- \r\nAnna Example\r\n\
         Car show, Hall 3\r\n\r\nOn Sat, 21 Nov 2026 at 09:59, Car show wrote:\r\n\
         > ~~~ Reply above this line ~~~\r\n> the text\r\n\
         --parts\r\nContent-Type: text/html; charset=utf-8\r\n\r\n\
         <p>{words}##</p><p>-- <br>Anna Example</p>\r\n--parts--\r\n"
    )
}

fn read(mail: &str) -> email::MailIn {
    email::read(mail.as_bytes(), email::Limits::default()).expect("a mail")
}

/// S25, S28, S33, S38..S43, S47..S50: the seed's story from end to end, ten times over:
/// a customer's handset and two mailboxes, and nobody configures anything twice.
#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_runs_between_a_handset_and_two_mailboxes() {
    let Some(dovecot) = Dovecot::start() else { return };
    let Some(postfix) = Postfix::start(&dovecot) else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let settings = mail(Some(postfix.account()), Some(dovecot.account("sms", Tls::Implicit)));
    let house = House::open(folder.path(), settings).await;

    let asked = json!({
        "to": CUSTOMER, "text": "Your Cherry Red GTB is ready.", "tag": "case 7",
        "response_emails": ["anna@example.org", "ben@example.org"],
    });
    let (status, answered) = house.call("POST", "/api/v1/messages", Some(asked)).await;
    assert_eq!(status, 202, "{answered}");
    house.shows(1).await;

    for round in 1..=10 {
        let question = format!("Question number {round}?");
        house.types(&question);
        let forwards = until(&format!("forward {round} in both mailboxes"), async || {
            let both = ["anna", "ben"].map(|user| dovecot.mails(user));
            both.iter().all(|mails| mails.len() >= round).then_some(both)
        })
        .await;
        for mails in &forwards {
            assert_eq!(mails.len(), round, "each text once");
            let forward = read(&mails[round - 1]);
            assert!(forward.body.text.contains(&question), "{}", forward.body.text);
            assert!(forward.subject.contains("[case 7]"), "{}", forward.subject);
            assert!(forward.subject.contains(CUSTOMER), "{}", forward.subject);
            assert_eq!(forward.from[0].address.to_string(), "sms@example.org");
        }
        // Whoever answers: the forward in Anna's mailbox has a reply address of its own.
        let forward = read(&forwards[0][round - 1]);
        let reply_to = forward.field("reply-to").expect("a reply address").to_owned();
        assert!(reply_to.starts_with("sms+"), "{reply_to}");
        let words = format!("Answer number {round}.");
        let mail = answer(&reply_to, &forward.subject, &forward.message_id, round, &words);
        lmtp::arrives(dovecot.lmtp, "anna@example.org", &reply_to, &mail);
        let screen = house.shows(round + 1).await;
        assert_eq!(screen[round], words, "{}{}", postfix.log(), dovecot.log());
    }
    assert_eq!(house.screen().len(), 11);
    house.stop().await;
}
