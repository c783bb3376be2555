//! Servers that fail at the worst moment: stopped, slow to take a password, gone between fetch and
//! mark. Nothing is lost, nothing is sent twice.

use simgate::io::account::{Account, Tls};
use simgate::store::{DeliveryKind, DeliveryState, MailOutcome};
use simgate::types::Secret;

use crate::dovecot::Dovecot;
use crate::house::{House, mail, until};
use crate::lmtp;
use crate::postfix::Postfix;

/// Both servers, or none.
pub fn servers() -> Option<(Dovecot, Postfix)> {
    let dovecot = Dovecot::start()?;
    let postfix = Postfix::start(&dovecot)?;
    Some((dovecot, postfix))
}

/// The line's texts go to Anna.
pub async fn forwards_to_anna(house: &House) {
    forwards_to(house, &["anna@example.org"]).await;
}

async fn forwards_to(house: &House, addresses: &[&str]) {
    let (line, addresses) = (house.line, addresses.iter().map(ToString::to_string).collect());
    let saved = house.store.write(move |tx| {
        let mut set = tx.line_settings(line)?.expect("the line");
        set.response_emails = addresses;
        tx.save_line_settings(line, &set, simgate::types::UnixTime(1_795_251_600_000))
    });
    saved.await.expect("saved");
}

/// Anna's forwards, without the notices beside them.
pub fn forwards(dovecot: &Dovecot) -> Vec<String> {
    let mut mails = dovecot.mails("anna");
    mails.retain(|mail| mail.contains("Subject: Text from"));
    mails
}

/// The forward with this number, once it is there.
pub async fn forward(dovecot: &Dovecot, number: usize) -> simgate::email::MailIn {
    let mails = until(&format!("forward {number}"), async || {
        Some(forwards(dovecot)).filter(|mails| mails.len() >= number)
    })
    .await;
    let limits = simgate::email::Limits::default();
    simgate::email::read(mails[number - 1].as_bytes(), limits).expect("a mail")
}

/// Anna's answer.
pub fn answer(to: &str, id: &str, words: &str) -> String {
    format!(
        "From: anna@example.org\r\nTo: {to}\r\nSubject: Re\r\nMessage-ID: <{id}@example.org>\r\n\r\n\
         {words}##\r\n"
    )
}

/// E52, E75: servers stopped while texts and answers are on their way; after a restart of servers and
/// gateway each text and each answer is there once.
#[tokio::test(flavor = "multi_thread")]
async fn servers_and_gateway_that_stop_lose_nothing_and_repeat_nothing() {
    let Some((mut dovecot, mut postfix)) = servers() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let settings = mail(Some(postfix.account()), Some(dovecot.account("sms", Tls::Starttls)));
    let house = House::open(folder.path(), settings.clone()).await;
    forwards_to_anna(&house).await;
    house.types("One");
    let first = forward(&dovecot, 1).await;
    let reply_to = first.field("reply-to").expect("a reply address").to_owned();

    postfix.stop();
    house.types("Two");
    until("mail is known to be away", async || {
        let health = house.store.read(|tx| tx.mail_health()).await.expect("readable");
        health.iter().any(|health| health.error.is_some()).then_some(())
    })
    .await;
    // The answer comes while the gateway is down, too.
    let (modems, clock) = (house.modems.clone(), simgate::io::Clock::system());
    house.stop().await;
    lmtp::arrives(dovecot.lmtp, "anna@example.org", &reply_to, &answer(&reply_to, "a1", "First"));
    postfix.run();
    let house = House::on(modems, clock, folder.path(), settings).await;
    forward(&dovecot, 2).await;
    assert_eq!(house.shows(1).await, ["First"]);

    dovecot.stop();
    dovecot.run();
    lmtp::arrives(dovecot.lmtp, "anna@example.org", &reply_to, &answer(&reply_to, "a2", "Second"));
    // The same mail by another way, as forwarding rules bring about.
    lmtp::arrives(dovecot.lmtp, "anna@example.org", &reply_to, &answer(&reply_to, "a2", "Second"));
    lmtp::arrives(dovecot.lmtp, "anna@example.org", &reply_to, &answer(&reply_to, "a3", "Third"));
    assert_eq!(house.shows(3).await, ["First", "Second", "Third"]);
    assert_eq!(forwards(&dovecot).len(), 2, "{}", postfix.log());
    house.stop().await;
}

/// E75: a server that rejects: our password, and the text waits until the password is right again;
/// one address for good, and its neighbours get the text once; a mail for it is tried no more.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_rejects_loses_no_forward() {
    let Some((dovecot, postfix)) = servers() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let wrong = Account { password: Some(Secret::new("wrong")), ..postfix.account() };
    let house = House::open(folder.path(), mail(Some(wrong), None)).await;
    forwards_to(&house, &["nobody@example.org", "anna@example.org"]).await;
    house.types("Hello");
    until("the password is known to be refused", async || {
        let health = house.store.read(|tx| tx.mail_health()).await.expect("readable");
        let mut errors = health.into_iter().filter_map(|health| health.error);
        errors.any(|error| error.contains("refused user or password")).then_some(())
    })
    .await;
    let rows = house.store.read(|tx| tx.deliveries(10)).await.expect("readable");
    assert_eq!(
        rows.iter().filter(|row| row.state == DeliveryState::Waiting).count(),
        2,
        "{rows:?}"
    );
    let (modems, clock) = (house.modems.clone(), simgate::io::Clock::system());
    house.stop().await;

    let house = House::on(modems, clock, folder.path(), mail(Some(postfix.account()), None)).await;
    forward(&dovecot, 1).await;
    let rejected = until("the address is known to be refused", async || {
        let rows = house.store.read(|tx| tx.deliveries(10)).await.expect("readable");
        let mut forwards = rows.into_iter().filter(|row| row.kind == DeliveryKind::Email);
        forwards.find(|row| row.state == DeliveryState::Failed)
    })
    .await;
    let why = rejected.error.unwrap_or_default();
    assert!(rejected.target == "nobody@example.org" && why.contains("Access denied"), "{why}");
    assert_eq!(rejected.attempts, 1);
    house.types("Again");
    forward(&dovecot, 2).await;
    house.stop().await;
    assert_eq!(forwards(&dovecot).len(), 2, "{}", postfix.log());
}

/// Fault 100, E45: 50 MB, a forged author and a guessed token come by the real way in: refused in
/// words, and the next mail is taken.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_too_big_or_forged_is_refused_and_the_next_mail_is_taken() {
    let Some((dovecot, postfix)) = servers() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let settings = mail(Some(postfix.account()), Some(dovecot.account("sms", Tls::Implicit)));
    let house = House::open(folder.path(), settings).await;
    forwards_to_anna(&house).await;
    house.types("Hello");
    let first = forward(&dovecot, 1).await;
    let reply_to = first.field("reply-to").expect("a reply address").to_owned();
    let big = format!(
        "{}{}",
        answer(&reply_to, "big", "Look"),
        "A line of a picture.\r\n".repeat(2_400_000)
    );
    lmtp::arrives(dovecot.lmtp, "anna@example.org", &reply_to, &big);
    let forged = answer(&reply_to, "forged", "Forged");
    lmtp::hand_over(dovecot.lmtp, "eve@example.net", &reply_to, &forged).expect("taken");
    let guessed = format!("sms+{}@example.org", "a".repeat(42));
    lmtp::arrives(dovecot.lmtp, "anna@example.org", &guessed, &answer(&guessed, "guess", "Guess"));
    lmtp::arrives(dovecot.lmtp, "anna@example.org", &reply_to, &answer(&reply_to, "good", "Good"));
    assert_eq!(house.shows(1).await, ["Good"]);
    let mails = house.store.read(|tx| tx.mails(false, 10)).await.expect("readable");
    let mut outcomes: Vec<_> =
        mails.iter().map(|mail| (mail.outcome, mail.code.as_str())).collect();
    outcomes.reverse();
    let expected = [
        (MailOutcome::Refused, "too_large"),
        (MailOutcome::Quarantined, "unverified"),
        (MailOutcome::Quarantined, "forged"),
        (MailOutcome::Sent, ""),
    ];
    assert_eq!(outcomes, expected);
    house.stop().await;
}
