//! The second way in: a mail server that the domain is routed to hands every mail over to the gateway.

use simgate::config::Mail;
use simgate::io::mail_listener::{Listen, Protocol};
use simgate::io::smtp::{Letter, Post, Submission};
use simgate::store::{Profile, Role};
use simgate::types::UnixTime;

use crate::broken::{answer, forward, forwards_to_anna, servers};
use crate::house::{CUSTOMER, House, mail};
use crate::lmtp;
use crate::lmtp::SERVER;

/// What the organisation's server found out about everybody at example.org.
fn stamped(mail: &str) -> Vec<u8> {
    let stamp = format!("Authentication-Results: {SERVER}; dmarc=pass header.from=example.org\r\n");
    (stamp + mail).into_bytes()
}

/// Postfix hands a whole domain over by LMTP: answers and texts started by mail come in; mail for
/// others is refused, and a mail that comes again is one.
#[tokio::test(flavor = "multi_thread")]
async fn postfix_hands_a_domain_over() {
    let Some((dovecot, postfix)) = servers() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let listen =
        Listen { address: ([127, 0, 0, 1], postfix.handed_over).into(), protocol: Protocol::Lmtp };
    let settings = Mail {
        address: Some("desk@sms.example.org".to_owned()),
        send_domain: Some("sms.example.org".to_owned()),
        listen: Some(listen),
        ..mail(Some(postfix.account()), None)
    };
    let house = House::open(folder.path(), settings).await;
    forwards_to_anna(&house).await;
    let anna = Profile {
        first_name: "Anna".to_owned(),
        last_name: String::new(),
        email: "anna@example.org".to_owned(),
        phone: None,
        role: Role::Agent,
        active: true,
        duty: true,
        team: None,
    };
    let made = house.store.write(move |tx| {
        let anna = tx.create_user(&anna, UnixTime(1_795_251_600_000))?;
        tx.set_mail_quota(anna, 5)
    });
    made.await.expect("a user with a quota");
    house.types("Hello");
    let first = forward(&dovecot, 1).await;
    let reply_to = first.field("reply-to").expect("a reply address").to_owned();
    assert!(reply_to.ends_with("@sms.example.org"), "{reply_to}");
    let submission = Submission::new(postfix.account(), "example.org");
    let to_number = format!("{}@sms.example.org", &CUSTOMER[1..]);
    for (to, id, words) in [(&reply_to, "a1", "An answer"), (&to_number, "s1", "A start")] {
        let letter = Letter {
            from: Some("anna@example.org".to_owned()),
            to: to.clone(),
            octets: stamped(&answer(to, id, words)),
        };
        let before = house.screen().len();
        submission.submit(&letter).await.expect("taken");
        let screen = house.shows(before + 1).await;
        assert_eq!(screen[before], words, "{}", postfix.log());
        submission.submit(&letter).await.expect("taken again");
    }
    let elsewhere = lmtp::hand_over(
        postfix.handed_over,
        "anna@example.org",
        "someone@example.net",
        &answer("someone@example.net", "x1", "Not ours"),
    );
    assert!(elsewhere.is_err_and(|error| error.to_string().starts_with("550")));
    let last = answer(&reply_to, "a2", "The last");
    lmtp::arrives(postfix.handed_over, "anna@example.org", &reply_to, &last);
    assert_eq!(house.shows(3).await, ["An answer", "A start", "The last"]);
    house.stop().await;
}
