//! The sharp edges of answers by mail: old mails, two people at once, changed tags, floods, servers
//! that refuse for days, and how long anything of it is kept.

use serde_json::json;
use simgate::config::Mail;
use simgate::io::smtp::PostError;
use simgate::store::{DeliveryState, MailOutcome, Profile, Role};
use simgate::types::{MessageState, UnixTime};

use crate::mail_desk::{ANNA, BEN, Desk, answer};
use crate::shop::{BOB, JENNY, staff};

/// E48, S49: a mail of months ago may be answered: the latest text is the anchor, and who answers is
/// told that there was more since, and shown where.
#[tokio::test(start_paused = true)]
async fn an_old_mail_may_be_answered_and_says_so() {
    let mut desk = Desk::open().await;
    desk.user("Anna", ANNA, Role::Agent).await;
    let old = desk.forwarded("Is it ready?", ANNA).await;
    desk.later(100).await;
    let newer = desk.forwarded("Hello? It is winter.", ANNA).await;
    let before = desk.office.letters().len();
    desk.shop.gateway.take_mail(&answer(&old, ANNA, "a1", "On Friday.##")).await;
    assert_eq!(desk.shop.reads(BOB, 1).await, "On Friday.");
    let told = desk.letters(before + 1).await.pop().expect("a notice").1;
    assert!(told.body.text.contains("newer messages"), "{}", told.body.text);
    assert!(told.body.text.contains("https://sms.example.org/n/"), "{}", told.body.text);
    let sent = desk.shop.gateway.all().await.pop().expect("a text");
    assert!(sent.trace.contains("newer texts were not shown"), "{}", sent.trace);
    let custody = desk.shop.gateway.custody(sent.id).await;
    assert!(custody.iter().any(|station| station.contains("the latest was")), "{custody:?}");
    // The latest one is answered without a word.
    desk.shop.gateway.take_mail(&answer(&newer, ANNA, "a2", "Or Monday.##")).await;
    desk.shop.reads(BOB, 2).await;
    desk.shop.quiet(BOB).await;
    assert_eq!(desk.office.letters().len(), before + 1);
    // After its time it is no longer answered at all (E49).
    desk.later(81).await;
    desk.shop.gateway.take_mail(&answer(&old, ANNA, "a3", "Too late##")).await;
    let refused = desk.letters(before + 2).await.pop().expect("a notice").1;
    assert!(refused.body.text.contains("no longer valid"), "{}", refused.body.text);
    assert_eq!(desk.shop.quiet(BOB).await, 2);
}

/// E50, C15: an outbound since has changed the tag: the latest one is used, whatever the mail showed.
#[tokio::test(start_paused = true)]
async fn the_latest_tag_is_used() {
    let desk = Desk::open().await;
    let case = |tag: &str| json!({ "to": BOB, "text": tag, "tag": tag, "response_emails": [ANNA] });
    desk.shop.gateway.send_as(case("case 7")).await;
    desk.shop.reads(BOB, 1).await;
    desk.shop.types(BOB, "Which case?");
    let forward = desk.letters(1).await.remove(0).1;
    assert!(forward.subject.contains("[case 7]"), "{}", forward.subject);
    desk.shop.gateway.send_as(case("case 8")).await;
    desk.shop.reads(BOB, 2).await;
    desk.shop.gateway.take_mail(&answer(&forward, ANNA, "a1", "The new one.##")).await;
    desk.shop.reads(BOB, 3).await;
    let sent = desk.shop.gateway.all().await.pop().expect("a text");
    assert_eq!((sent.text.as_str(), sent.tag.as_deref()), ("The new one.", Some("case 8")));
    let custody = desk.shop.gateway.custody(sent.id).await;
    assert!(custody.iter().any(|station| station.starts_with("written by mail")), "{custody:?}");
}

/// E51, C6: two answer the same text on a line without claims: both go, and the second author is told
/// of the first.
#[tokio::test(start_paused = true)]
async fn the_second_answer_is_told_of_the_first() {
    let desk = Desk::open().await;
    let to_anna = desk.forwarded("When?", ANNA).await;
    let to_ben = desk.office.letters().into_iter().find(|letter| letter.0 == BEN).expect("one").1;
    desk.shop.gateway.take_mail(&answer(&to_anna, ANNA, "a1", "On Friday.##")).await;
    desk.shop.reads(BOB, 1).await;
    let before = desk.office.letters().len();
    desk.shop.gateway.take_mail(&answer(&to_ben, BEN, "b1", "On Monday.##")).await;
    assert_eq!(desk.shop.reads(BOB, 2).await, "On Monday.");
    let (to, told) = desk.letters(before + 1).await.pop().expect("a notice");
    assert_eq!(to, BEN);
    let words = format!("{ANNA} had already answered");
    assert!(told.body.text.contains(&words), "{}", told.body.text);
    assert!(told.body.text.contains("On Monday."), "{}", told.body.text);
}

/// S51, E46, reply forgery: whoever the text was forwarded to may answer, by the own reply address or
/// by a colleague's; a token opens nothing for anybody else, and a mail that comes again does nothing.
#[tokio::test(start_paused = true)]
async fn a_reply_address_is_good_for_those_the_text_went_to() {
    let desk = Desk::open().await;
    desk.user("Olga", "olga@example.org", Role::Agent).await;
    desk.user("Vic", "vic@example.org", Role::Viewer).await;
    let to_anna = desk.forwarded("Who answers?", ANNA).await;
    let authors = [
        (ANNA, "own address"),
        (BEN, "a colleague's address"),
        ("olga@example.org", "a user"),
        ("vic@example.org", "who may only read"),
        ("eve@example.org", "a stranger"),
    ];
    for (author, words) in authors {
        let mail =
            answer(&to_anna, author, words.split(' ').next().unwrap(), &format!("{words}##"));
        desk.shop.gateway.take_mail(&mail).await;
        desk.shop.gateway.take_mail(&mail).await;
    }
    desk.shop.quiet(BOB).await;
    let read: Vec<String> = desk.shop.screen(BOB).into_iter().map(|(_, text)| text).collect();
    assert_eq!(read, ["own address", "a colleague's address", "a user"]);
    let codes: Vec<String> = desk.outcomes().await.into_iter().map(|(_, code)| code).collect();
    assert_eq!(codes, ["", "", "", "stranger", "stranger"]);
}

/// Somebody the text of today was not sent to, but the one of yesterday was: that forward is theirs to
/// answer, by their own reply address only.
#[tokio::test(start_paused = true)]
async fn who_got_an_earlier_text_answers_it_by_the_own_address() {
    let desk = Desk::open().await;
    let carol = "carol@example.org";
    desk.shop.set(move |set| set.response_emails = vec![ANNA.to_owned(), carol.to_owned()]).await;
    let to_carol = desk.forwarded("Yesterday", carol).await;
    let to_anna = desk.office.letters().into_iter().find(|letter| letter.0 == ANNA).expect("one").1;
    desk.shop.set(|set| set.response_emails = vec![ANNA.to_owned(), BEN.to_owned()]).await;
    desk.forwarded("Today", ANNA).await;
    desk.shop.gateway.take_mail(&answer(&to_anna, carol, "c1", "By Anna's##")).await;
    desk.shop.gateway.take_mail(&answer(&to_carol, carol, "c2", "By my own##")).await;
    assert_eq!(desk.shop.reads(BOB, 1).await, "By my own");
    let outcomes: Vec<MailOutcome> = desk.outcomes().await.iter().map(|(o, _)| *o).collect();
    assert_eq!(outcomes, [MailOutcome::Quarantined, MailOutcome::Sent]);
}

/// E73: what one author mails beyond the hour's measure waits for an admin.
#[tokio::test(start_paused = true)]
async fn a_flood_of_mails_waits_for_an_admin() {
    let desk = Desk::with(Mail { max_per_hour: 3, ..Mail::default() }).await;
    let forward = desk.forwarded("Hello?", ANNA).await;
    for n in 1..=5 {
        let mail = answer(&forward, ANNA, &format!("a{n}"), &format!("Number {n}##"));
        desk.shop.gateway.take_mail(&mail).await;
    }
    desk.shop.reads(BOB, 3).await;
    assert_eq!(desk.shop.quiet(BOB).await, 3);
    let codes: Vec<String> = desk.outcomes().await.into_iter().map(|(_, code)| code).collect();
    assert_eq!(codes, ["", "", "", "flood", "flood"]);
}

/// A letter that a server refuses for now waits for five days, and is then given up; its text says so.
#[tokio::test(start_paused = true)]
async fn a_letter_is_given_up_after_five_days() {
    let mut desk = Desk::open().await;
    desk.shop.set(|set| set.response_emails = vec![ANNA.to_owned()]).await;
    desk.office.says(Some(PostError::Later("450 busy".to_owned())));
    desk.shop.types(BOB, "Hello");
    let id = desk.shop.gateway.received(1).await[0].id;
    desk.shop.gateway.pass(12 * 3_600).await;
    assert!((6..=12).contains(&desk.office.asked()), "asked {} times", desk.office.asked());
    for (days, state) in [(4, DeliveryState::Waiting), (1, DeliveryState::Failed)] {
        let before = desk.office.asked();
        desk.later(days).await;
        let row = desk.shop.gateway.until("it is tried once more", async || {
            let rows = desk.shop.gateway.store.read(move |tx| tx.deliveries_of(id)).await.unwrap();
            rows.into_iter()
                .next()
                .filter(|row| row.state != DeliveryState::Leased)
                .filter(|_| desk.office.asked() > before)
        });
        assert_eq!(row.await.state, state);
    }
    let custody = desk.shop.gateway.custody(id).await;
    let why = "no mail sent: to anna@example.org: given up after five days: 450 busy";
    assert!(custody.iter().any(|station| station == why), "{custody:?}");
}

/// E41: after the third mail that came back the admins are told, once, by the way that still works; an
/// answer from there clears it.
#[tokio::test(start_paused = true)]
async fn an_address_that_mail_keeps_coming_back_from_is_told_of() {
    let desk = Desk::open().await;
    let now = desk.shop.gateway.clock.wall();
    let admin = Profile { role: Role::Admin, ..staff("Ada", JENNY) };
    desk.shop.gateway.store.write(move |tx| tx.create_user(&admin, now)).await.unwrap();
    let mut last = None;
    for n in 1..=3 {
        assert_eq!(desk.shop.screen(JENNY).len(), 0);
        let forward = desk.forwarded(&format!("Text {n}"), ANNA).await;
        let reply_to = forward.field("reply-to").expect("one").to_owned();
        // Nothing of the report but where it was sent says which mail it is about.
        let bounce = format!(
            "Return-Path: <>\r\nFrom: MAILER-DAEMON@mail.example.org\r\nTo: {reply_to}\r\n\
             Subject: Undelivered\r\nMessage-ID: <d{n}@mail.example.org>\r\nMIME-Version: 1.0\r\n\
             Content-Type: multipart/report; report-type=delivery-status; boundary=\"b\"\r\n\r\n\
             --b\r\nContent-Type: text/plain\r\n\r\nNo.\r\n--b\r\n\
             Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mail.example.org\r\n\r\n\
             Final-Recipient: rfc822; elsewhere@example.net\r\nAction: failed\r\nStatus: 5.1.1\r\n\
             --b--\r\n"
        );
        desk.shop.gateway.take_mail(&bounce).await;
        last = Some(forward);
    }
    let told = desk.shop.reads(JENNY, 1).await;
    assert!(told.contains(&format!("3 mails to {ANNA} came back")), "{told}");
    let (_, health) = desk.shop.gateway.call("GET", "/healthz", None).await;
    assert_eq!(health["mail"]["failing"][0], ANNA, "{health}");
    let forward = last.expect("a forward");
    desk.shop.gateway.take_mail(&answer(&forward, ANNA, "a1", "I am here##")).await;
    desk.shop.reads(BOB, 1).await;
    let (_, health) = desk.shop.gateway.call("GET", "/healthz", None).await;
    assert_eq!(health["mail"]["failing"], json!([]), "{health}");
    assert_eq!(desk.shop.screen(JENNY).len(), 1);
}

/// Deliveries, and what became of the mails, once housekeeping has looked.
async fn kept_rows(desk: &Desk) -> (usize, Vec<MailOutcome>) {
    desk.shop.gateway.pass(60).await;
    let read = desk.shop.gateway.store.read(|tx| {
        let mails = tx.mails(false, 100)?.into_iter().map(|mail| mail.outcome);
        Ok((tx.deliveries(100)?.len(), mails.rev().collect()))
    });
    read.await.expect("readable")
}

/// What became of mails and notices is kept for its days; what an answer still rests on for longer;
/// a mail nobody decides about for its own. A text keeps the mail it was made from.
#[tokio::test(start_paused = true)]
async fn what_is_kept_about_mail_is_kept_for_its_days() {
    let kept = Mail { keep_days: 20, quarantine_days: 10, answer_days: 40, ..Mail::default() };
    let mut desk = Desk::with(kept).await;
    let forward = desk.forwarded("Hello?", ANNA).await;
    desk.shop.gateway.take_mail(&answer(&forward, ANNA, "a1", "Yes##")).await;
    desk.shop.gateway.take_mail(&answer(&forward, ANNA, "a2", "##")).await;
    desk.shop.gateway.take_mail(&answer(&forward, "eve@example.org", "e1", "Let me##")).await;
    desk.shop.reads(BOB, 1).await;
    desk.letters(3).await;
    use MailOutcome::{Quarantined, Refused, Rejected, Sent};
    // Two forwards, a notice, and the alert about the quarantine.
    assert_eq!(kept_rows(&desk).await, (4, vec![Sent, Refused, Quarantined]));
    desk.later(9).await;
    assert_eq!(kept_rows(&desk).await, (4, vec![Sent, Refused, Quarantined]));
    desk.later(2).await;
    assert_eq!(kept_rows(&desk).await, (4, vec![Sent, Refused, Rejected]));
    desk.later(10).await;
    let left = kept_rows(&desk).await;
    assert_eq!(left, (2, vec![Sent]), "the forwards can still be answered");
    desk.shop.gateway.take_mail(&answer(&forward, ANNA, "a1", "Yes##")).await;
    desk.shop.gateway.take_mail(&answer(&forward, BEN, "b1", "Me too##")).await;
    assert_eq!(desk.shop.reads(BOB, 2).await, "Me too");
    desk.later(21).await;
    assert_eq!(kept_rows(&desk).await, (0, vec![Sent, Sent]), "each beside its text");
    let first = desk.shop.gateway.all().await.into_iter().find(|m| m.text == "Yes").expect("it");
    assert_eq!(first.state, MessageState::Delivered);
}

/// Fault 100: when as much mail waits for an admin as may, further mail is refused and the admins hear
/// of it; what waits is untouched.
#[tokio::test(start_paused = true)]
async fn a_full_quarantine_takes_no_more() {
    let desk = Desk::with(Mail { quarantine_megabytes: 1, ..Mail::default() }).await;
    let now: UnixTime = desk.shop.gateway.clock.wall();
    let admin = Profile { role: Role::Admin, ..staff("Ada", JENNY) };
    desk.shop.gateway.store.write(move |tx| tx.create_user(&admin, now)).await.unwrap();
    let forward = desk.forwarded("Hello?", ANNA).await;
    for n in 1..=3 {
        let words = format!("{n}##\r\n{}", "A line of a flood.\r\n".repeat(20_000));
        let mail = answer(&forward, "eve@example.org", &format!("e{n}"), &words);
        desk.shop.gateway.take_mail(&mail).await;
    }
    let outcomes = desk.outcomes().await;
    let codes: Vec<&str> = outcomes.iter().map(|(_, code)| code.as_str()).collect();
    assert_eq!(codes, ["stranger", "stranger", "quarantine_full"]);
    let told = desk.shop.reads(JENNY, 2).await;
    assert!(told.contains("quarantine is full"), "{told}");
}

/// Erasing a number takes the words of its mails with it, wherever they became texts or not; a mail that
/// comes again is still known.
#[tokio::test(start_paused = true)]
async fn erasing_a_number_erases_its_mails() {
    let desk = Desk::open().await;
    let forward = desk.forwarded("Hello?", ANNA).await;
    let answered = answer(&forward, ANNA, "a1", "Yes##");
    desk.shop.gateway.take_mail(&answered).await;
    desk.shop.gateway.take_mail(&answer(&forward, ANNA, "a2", "##")).await;
    desk.shop.gateway.take_mail(&answer(&forward, "eve@example.org", "e1", "Let me##")).await;
    desk.shop.reads(BOB, 1).await;
    desk.letters(3).await;
    desk.shop.quiet(BOB).await;
    let erase = json!({ "number": BOB });
    let (status, told) = desk.shop.gateway.call("POST", "/api/v1/erase", Some(erase)).await;
    assert_eq!(status, 200, "{told}");
    let read = desk.shop.gateway.store.read(|tx| {
        let octets = tx.quarantined_octets()?;
        let deliveries = tx.deliveries(100)?.into_iter().map(|row| row.payload.to_string());
        let mails = tx.mails(false, 100)?.into_iter().map(|mail| mail.subject);
        Ok((octets, deliveries.chain(mails).collect::<Vec<String>>()))
    });
    let (octets, kept) = read.await.expect("readable");
    assert!(octets == 0 && !kept.iter().any(|words| words.contains(BOB)), "{octets} {kept:?}");
    desk.shop.gateway.take_mail(&answered).await;
    assert_eq!(desk.shop.quiet(BOB).await, 1);
}
