//! E-mail both ways under virtual time: letters are taken by a scripted post office, mails come in as
//! the mailbox would hand them over. The real servers are in `tests/mail`.

use serde_json::json;
use simgate::config::Mail;
use simgate::io::smtp::PostError;
use simgate::store::{ClaimPolicy, DeliveryState, MailOutcome, NotifiedUser, Profile, Role};
use simgate::types::{MessageState, Number};

use crate::mail_desk::{ANNA, BEN, Desk, answer};
use crate::shop::{BOB, JENNY, staff};

/// S25, S33, S38, S39, S41..S43, S47..S50, C14, C15: forwards at once, an answer by mail, and the next
/// text goes to the same people with the same tag.
#[tokio::test(start_paused = true)]
async fn an_answer_by_mail_reaches_the_handset_and_carries_on() {
    let desk = Desk::open().await;
    let named = json!({ "to": BOB, "text": "About your car", "tag": "case 7",
        "response_emails": [ANNA, "carol@example.org"] });
    desk.shop.gateway.send_as(named).await;
    desk.shop.types(BOB, "When is it ready?");
    let letters = desk.letters(2).await;
    let to: Vec<&str> = letters.iter().map(|(to, _)| to.as_str()).collect();
    assert_eq!(to, [ANNA, "carol@example.org"]);
    let forward = &letters[0].1;
    for shown in ["When is it ready?", "Bob", BOB, "Car show", "About your car", "case 7"] {
        assert!(forward.body.text.contains(shown), "{shown}: {}", forward.body.text);
    }
    let body = "On Friday.##\r\n-- \r\nAnna";
    desk.shop.gateway.take_mail(&answer(forward, ANNA, "a1", body)).await;
    assert_eq!(desk.shop.reads(BOB, 2).await, "On Friday.");
    let sent = desk.shop.gateway.all().await.pop().expect("a text");
    assert_eq!(sent.tag.as_deref(), Some("case 7"));
    assert_eq!(sent.response_emails, [ANNA, "carol@example.org"]);
    let (_, whole) =
        desk.shop.gateway.call("GET", &format!("/api/v1/messages/{}", sent.id), None).await;
    assert_eq!(whole["author"]["kind"], "email");
    assert_eq!(whole["mail"]["from"], ANNA);
    assert!(whole["mail"]["cut"].to_string().contains("Anna"), "{whole}");
    let (_, _, page) = desk.shop.gateway.page(&format!("/messages/{}", sent.id), None).await;
    for shown in [ANNA, "a1@example.org", "Left out of the mail", "after the end mark"] {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    let thread = format!("/threads/{}", desk.shop.thread(BOB).await.id);
    let (_, _, page) = desk.shop.gateway.page(&thread, None).await;
    assert!(page.contains("anna@example.org by e-mail"), "{page}");

    desk.shop.types(BOB, "Thanks");
    let letters = desk.letters(4).await;
    assert_eq!((letters[2].0.as_str(), letters[3].0.as_str()), (ANNA, "carol@example.org"));
    assert!(letters[2].1.subject.contains("[case 7]"));
}

/// E52: fetched twice, sent once; E45, E46: a forged author, a stranger and a guessed token wait for
/// an admin, and what an admin lets through is sent.
#[tokio::test(start_paused = true)]
async fn what_nobody_vouches_for_waits_for_an_admin() {
    let desk = Desk::open().await;
    let forward = desk.forwarded("Hello?", ANNA).await;
    let good = answer(&forward, ANNA, "a1", "Yes##");
    desk.shop.gateway.take_mail(&good).await;
    desk.shop.gateway.take_mail(&good).await;
    assert_eq!(desk.shop.reads(BOB, 1).await, "Yes");
    let stamp = "Authentication-Results: mx.example.org; dmarc=pass header.from=example.org\r\n";
    let unproven = answer(&forward, ANNA, "a2", "Forged##").replace(stamp, "");
    desk.shop.gateway.take_mail(&unproven).await;
    let elsewhere = answer(&forward, "eve@example.org", "a3", "I am a colleague##");
    desk.shop.gateway.take_mail(&elsewhere).await;
    let reply_to = forward.field("reply-to").expect("one");
    let guessed = format!("sms+{}@example.org", "0".repeat(40));
    let guess = answer(&forward, ANNA, "a4", "Guess##").replace(reply_to, &guessed);
    let guess = guess.replace(&format!("In-Reply-To: <{}>\r\n", forward.message_id), "");
    desk.shop.gateway.take_mail(&guess).await;
    let outcomes = desk.outcomes().await;
    let codes: Vec<&str> = outcomes.iter().map(|(_, code)| code.as_str()).collect();
    assert_eq!(codes, ["", "unverified", "stranger", "forged"]);
    assert!(outcomes[1..].iter().all(|(outcome, _)| *outcome == MailOutcome::Quarantined));
    assert_eq!(desk.shop.quiet(BOB).await, 1);

    let (_, waiting) = desk.shop.gateway.call("GET", "/api/v1/quarantine", None).await;
    let of = |code: &str| {
        let items = waiting["items"].as_array().expect("items");
        let found = items.iter().find(|mail| mail["code"] == code).expect("it waits");
        found["id"].as_str().expect("an id").to_owned()
    };
    let path = |id: &str, word: &str| format!("/api/v1/quarantine/{id}/{word}");
    let stranger = of("stranger");
    let approved = desk.shop.gateway.call("POST", &path(&stranger, "approve"), None).await;
    assert_eq!(approved.0, 200, "{}", approved.1);
    assert_eq!(desk.shop.reads(BOB, 2).await, "I am a colleague");
    let again = desk.shop.gateway.call("POST", &path(&stranger, "approve"), None).await;
    assert_eq!(again.0, 409);
    let rejected = desk.shop.gateway.call("POST", &path(&of("unverified"), "reject"), None).await;
    assert_eq!(rejected.0, 200);
    assert_eq!(desk.shop.quiet(BOB).await, 2);
}

/// E75: the mail server is away for an hour: nothing is lost, nothing is blamed, somebody is
/// told by text after a quarter of it, once.
#[tokio::test(start_paused = true)]
async fn a_mail_server_that_is_away_loses_nothing() {
    let desk = Desk::open().await;
    let now = desk.shop.gateway.clock.wall();
    let max = staff("Max", JENNY);
    let max = desk.shop.gateway.store.write(move |tx| tx.create_user(&max, now)).await.unwrap();
    desk.shop
        .set(move |set| {
            let told =
                |user| NotifiedUser { user, sms: true, email: false, push: false, urgency: None };
            set.notified = vec![told(max)];
            set.claim_policy = Some(ClaimPolicy::Off);
        })
        .await;
    desk.office.says(Some(PostError::Unreachable("connection refused".to_owned())));
    desk.shop.types(BOB, "Is anybody there?");
    let notice = desk.shop.reads(JENNY, 1).await;
    assert!(notice.starts_with("New text from Bob on Car show."), "{notice}");
    assert!(notice.contains("https://sms.example.org/n/"), "{notice}");
    let instead = desk.shop.reads(JENNY, 2).await;
    assert!(instead.contains("Bob wrote: Is anybody there?"), "{instead}");
    desk.shop.gateway.pass(45 * 60).await;
    assert_eq!(desk.shop.screen(JENNY).len(), 2);
    assert!(desk.office.asked() < 20, "asked {} times", desk.office.asked());
    let (_, health) = desk.shop.gateway.call("GET", "/healthz", None).await;
    assert_eq!(health["mail"]["out"], "connection refused", "{health}");
    assert_eq!(health["mail"]["waiting"], 2, "{health}");
    desk.office.says(None);
    let letters = desk.letters(2).await;
    assert_eq!(letters.len(), 2);
    let (_, health) = desk.shop.gateway.call("GET", "/healthz", None).await;
    assert_eq!(health["mail"]["out"], json!(null));
}

/// A refused password is tried rarely, and the admins hear of it by text.
#[tokio::test(start_paused = true)]
async fn a_refused_password_is_told_and_not_hammered() {
    let desk = Desk::open().await;
    let now = desk.shop.gateway.clock.wall();
    let admin = Profile { role: Role::Admin, ..staff("Ada", JENNY) };
    desk.shop.gateway.store.write(move |tx| tx.create_user(&admin, now)).await.unwrap();
    desk.office.says(Some(PostError::Unauthorised("535 no".to_owned())));
    for text in ["one", "two", "three"] {
        desk.shop.types(BOB, text);
    }
    let told = desk.shop.reads(JENNY, 1).await;
    assert!(told.contains("No mail leaves") && told.contains("[mail.smtp]"), "{told}");
    desk.shop.gateway.pass(2 * 3_600).await;
    assert!(desk.office.asked() <= 8, "asked {} times", desk.office.asked());
    let alarms = desk.shop.screen(JENNY).iter().filter(|t| t.1.contains("[mail.smtp]")).count();
    assert_eq!(alarms, 1);
}

/// A letter refused for now is the same letter on each try; one refused for good is told of.
#[tokio::test(start_paused = true)]
async fn each_recipient_has_a_fate_of_their_own() {
    let desk = Desk::open().await;
    desk.office.says(Some(PostError::Later("450 busy".to_owned())));
    desk.shop.types(BOB, "Hello");
    desk.shop.gateway.received(1).await;
    desk.shop.gateway.pass(20).await;
    desk.office.says(None);
    let letters = desk.letters(2).await;
    assert_ne!(letters[0].1.message_id, letters[1].1.message_id, "each has its own");
    desk.office.says(Some(PostError::Never("550 no such user".to_owned())));
    desk.shop.types(BOB, "Again");
    let id = desk.shop.gateway.received(2).await[1].id;
    let rows = desk.shop.gateway.until("both are given up", async || {
        let rows = desk.shop.gateway.store.read(move |tx| tx.deliveries_of(id)).await.unwrap();
        rows.iter().all(|row| row.state == DeliveryState::Failed).then_some(rows)
    });
    assert_eq!(rows.await.len(), 2);
    let custody = desk.shop.gateway.custody(id).await;
    let why = "no mail sent: to anna@example.org: 550 no such user";
    assert!(custody.iter().any(|station| station == why), "{custody:?}");
}

/// E58, E71: what may not leave is not sent, and its author is told why; a long one is asked
/// about first.
#[tokio::test(start_paused = true)]
async fn an_author_is_told_what_was_not_sent_and_why() {
    let desk = Desk::with(Mail { max_segments: 1, ..Mail::default() }).await;
    let forward = desk.forwarded("Tell me everything", ANNA).await;
    let long = "Very long. ".repeat(40);
    desk.shop.gateway.take_mail(&answer(&forward, ANNA, "a1", &format!("{long}##"))).await;
    let asked = desk.letters(3).await.pop().expect("a notice");
    assert_eq!(asked.0, ANNA);
    assert!(asked.1.subject.starts_with("Please confirm"), "{}", asked.1.subject);
    assert!(asked.1.body.text.contains("https://sms.example.org/h/"));
    let held = desk.shop.gateway.all().await.pop().expect("a text");
    assert_eq!(held.state, MessageState::Held);
    assert_eq!(desk.shop.quiet(BOB).await, 0);
    let path = format!("/api/v1/messages/{}/resend", held.id);
    assert_eq!(desk.shop.gateway.call("POST", &path, None).await.0, 200);
    desk.shop.reads(BOB, 1).await;

    desk.shop.types(BOB, "STOP");
    desk.shop.gateway.received(2).await;
    let before = desk.office.letters().len();
    desk.shop.gateway.take_mail(&answer(&forward, ANNA, "a2", "One more thing##")).await;
    let letters = desk.letters(before + 1).await;
    let refused = letters.iter().find(|(_, mail)| mail.subject.starts_with("Not sent"));
    let refused = &refused.expect("a notice").1;
    assert!(refused.body.text.contains("opted out"), "{}", refused.body.text);
    let texts: Vec<String> = desk.shop.gateway.submitted(0);
    assert!(!texts.iter().any(|text| text.contains("One more thing")));
    let (_, kept) = desk.shop.gateway.call("GET", "/api/v1/refusals", None).await;
    let row = &kept["items"][0];
    let said =
        ["way", "author_kind", "author_id", "number", "code"].map(|field| row[field].as_str());
    assert_eq!(said, ["mail", "email", ANNA, BOB, "opted_out"].map(Some), "{kept}");
    assert_eq!(row["trace"][0]["step"], "consent", "{kept}");
    assert!(!kept.to_string().contains("One more thing"), "never the words");
    let codes: Vec<String> = desk.outcomes().await.into_iter().map(|(_, code)| code).collect();
    assert_eq!(codes, ["asked", "opted_out"]);
}

/// C6: an answer by mail claims what nobody has; what somebody else has is held, and its author is
/// told who has it.
#[tokio::test(start_paused = true)]
async fn a_claimed_thread_is_answered_by_its_claimer() {
    let desk = Desk::open().await;
    let anna = desk.user("Anna", ANNA, Role::Agent).await;
    desk.user("Ben", BEN, Role::Agent).await;
    desk.shop.set(|set| set.claim_policy = Some(ClaimPolicy::Strict)).await;
    let to_anna = desk.forwarded("Who is there?", ANNA).await;
    desk.shop.gateway.take_mail(&answer(&to_anna, ANNA, "a1", "Me##")).await;
    desk.shop.reads(BOB, 1).await;
    assert_eq!(desk.shop.thread(BOB).await.owner, Some(anna));
    let to_ben = desk.office.letters().into_iter().find(|letter| letter.0 == BEN).expect("one").1;
    let before = desk.office.letters().len();
    desk.shop.gateway.take_mail(&answer(&to_ben, BEN, "b1", "And me##")).await;
    let told = desk.letters(before + 1).await.pop().expect("a notice");
    assert_eq!(told.0, BEN);
    assert!(told.1.body.text.contains("Anna answers in this thread"), "{}", told.1.body.text);
    assert_eq!(desk.shop.quiet(BOB).await, 1);
}

/// E39, E41, E43: machines are never texts: an absence note, our own mail, and a mail that came back.
#[tokio::test(start_paused = true)]
async fn what_machines_write_never_becomes_a_text() {
    let desk = Desk::open().await;
    let forward = desk.forwarded("Hello?", ANNA).await;
    let away = answer(&forward, ANNA, "a1", "I am away.");
    desk.shop.gateway.take_mail(&format!("Auto-Submitted: auto-replied\r\n{away}")).await;
    let own = desk.office.taken.lock().unwrap()[0].octets.clone();
    desk.shop.gateway.take_mail(&String::from_utf8(own).unwrap()).await;
    let reply_to = forward.field("reply-to").expect("one");
    let bounce = format!(
        "Return-Path: <>\r\nFrom: MAILER-DAEMON@mail.example.org\r\nTo: {reply_to}\r\n\
         Subject: Undelivered\r\nMessage-ID: <d1@mail.example.org>\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/report; report-type=delivery-status; boundary=\"b\"\r\n\r\n\
         --b\r\nContent-Type: text/plain\r\n\r\nIt did not work.\r\n\
         --b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mail.example.org\r\n\r\n\
         Final-Recipient: rfc822; {ANNA}\r\nAction: failed\r\nStatus: 5.1.1\r\n\
         --b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: <{}>\r\n--b--\r\n",
        forward.message_id
    );
    desk.shop.gateway.take_mail(&bounce).await;
    let outcomes: Vec<MailOutcome> = desk.outcomes().await.iter().map(|(o, _)| *o).collect();
    assert_eq!(outcomes, [MailOutcome::Dropped, MailOutcome::Dropped, MailOutcome::Bounce]);
    assert_eq!(desk.shop.quiet(BOB).await, 0);
    let id = desk.shop.gateway.inbox().await[0].id;
    let custody = desk.shop.gateway.custody(id).await;
    assert!(custody.iter().any(|station| station.contains("came back (5.1.1)")), "{custody:?}");
    let rows = desk.shop.gateway.store.read(move |tx| tx.deliveries_of(id)).await.unwrap();
    let failed: Vec<&str> = rows
        .iter()
        .filter(|row| row.state == DeliveryState::Failed)
        .map(|row| row.target.as_str())
        .collect();
    assert_eq!(failed, [ANNA]);
}

/// Send by mail: a person with a quota starts a text to a number or a contact; without one they are
/// told.
#[tokio::test(start_paused = true)]
async fn a_text_is_started_by_mail_within_a_quota() {
    let desk = Desk::open().await;
    let anna = desk.user("Anna", ANNA, Role::Agent).await;
    let start = |to: &str, id: &str, text: &str| {
        format!(
            "Authentication-Results: mx.example.org; dmarc=pass header.from=example.org\r\n\
             From: {ANNA}\r\nTo: sms+to-{to}@example.org\r\nSubject: hello\r\n\
             Message-ID: <{id}@example.org>\r\n\r\n{text}\r\n"
        )
    };
    desk.shop.gateway.take_mail(&start("bob", "s1", "May I?")).await;
    let refused = desk.letters(1).await.remove(0).1;
    assert!(refused.body.text.contains("An admin can allow it"), "{}", refused.body.text);
    desk.shop.gateway.store.write(move |tx| tx.set_mail_quota(anna, 2)).await.unwrap();
    desk.shop.gateway.take_mail(&start("bob", "s2", "To a contact##")).await;
    assert_eq!(desk.shop.reads(BOB, 1).await, "To a contact");
    desk.shop.gateway.take_mail(&start(&BOB[1..], "s3", "To a number##")).await;
    desk.letters(3).await;
    desk.shop.gateway.take_mail(&start("bob", "s4", "Too many##")).await;
    let letters = desk.letters(4).await;
    assert!(letters[3].1.body.text.contains("2 are possible"), "{}", letters[3].1.body.text);
    let (_, kept) = desk.shop.gateway.call("GET", "/api/v1/refusals", None).await;
    let codes: Vec<&str> = kept["items"]
        .as_array()
        .expect("items")
        .iter()
        .filter_map(|row| row["code"].as_str())
        .collect();
    assert_eq!(codes, ["too_many_tries", "forbidden"], "{kept}");
    let sent = Number::E164(BOB.to_owned());
    assert_eq!(desk.shop.gateway.all().await.iter().filter(|m| m.number == sent).count(), 2);
}
