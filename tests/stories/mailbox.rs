//! The mailbox under virtual time: every way in which its line or its server fails, and what it costs:
//! time, never a mail, and never a text twice.

use std::sync::Arc;

use simgate::config::Mail;
use simgate::io::account::{Account, Tls};
use simgate::store::{MailOutcome, Profile, Role};
use simgate::types::Secret;

use crate::imap_script::{Habit, Server};
use crate::mail_desk::{ANNA, Desk, answer};
use crate::shop::{BOB, JENNY, staff};

/// A desk whose answers come by this mailbox, and Anna's forward.
async fn desk(habits: Vec<Habit>) -> (Desk, Server, simgate::email::MailIn) {
    let server = Server::new(habits);
    let account = Account {
        host: "localhost".to_owned(),
        port: 143,
        user: Some("sms".to_owned()),
        password: Some(Secret::new("secret")),
        tls: Tls::None,
        roots: Vec::new(),
    };
    let mail = Mail { imap: Some(account), ..Mail::default() };
    let desk = Desk::reaching(mail, Arc::new(server.clone())).await;
    let forward = desk.forwarded("Hello?", ANNA).await;
    (desk, server, forward)
}

/// E52: the line is cut at every command, within an answer and within the mail itself; between fetch and
/// mark, too; or the server takes its answer back. Each mail becomes one text.
#[tokio::test(start_paused = true)]
async fn a_line_cut_anywhere_loses_no_answer_and_repeats_none() {
    let well = Habit::default();
    let words =
        ["LOGIN", "CAPABILITY", "SELECT", "RFC822.SIZE", "BODY.PEEK", "STORE", "IDLE", "DONE"];
    let cut_at = words.map(|word| Habit { cut_at: Some(word), ..well.clone() });
    let within = [1, 40, 200, 400].map(|at| Habit { cut_within: Some(at), ..well.clone() });
    let between = |word| Habit { cut_between: Some(word), ..well.clone() };
    let taken_back = |word| Habit { takes_back: Some(word), ..well.clone() };
    // The first connections find their way by the day, the others by numbers: they search no more.
    let by_day = [between("SEARCH"), between("RFC822.SIZE"), taken_back("SEARCH")];
    let by_number = [between("RFC822.SIZE"), taken_back("RFC822.SIZE"), taken_back("BODY.PEEK")];
    let mut habits = [&by_day[..], &cut_at, &within, &by_number].concat();
    let failures = u32::try_from(habits.len()).expect("a few");
    habits.push(well);
    let (desk, server, forward) = desk(habits).await;
    let mut expected: Vec<String> = Vec::new();
    while server.connections() <= failures {
        let round = expected.len();
        for words in [format!("{round} first"), format!("{round} second")] {
            let id = words.replace(' ', "-");
            server.arrives(&answer(&forward, ANNA, &id, &format!("{words}##")));
            expected.push(words);
        }
        desk.shop.reads(BOB, expected.len()).await;
        // Also what a quiet line meets.
        desk.shop.gateway.pass(600).await;
        // On the air one text may overtake another; from the modem they leave in order.
        let sent = desk.shop.gateway.submitted(0);
        assert_eq!(sent, expected, "after {} connections", server.connections());
        assert_eq!(desk.shop.screen(BOB).len(), expected.len());
    }
    let outcomes = desk.outcomes().await;
    assert_eq!(outcomes.len(), expected.len(), "{outcomes:?}");
    assert!(outcomes.iter().all(|(outcome, _)| *outcome == MailOutcome::Sent), "{outcomes:?}");
}

/// A server that takes the connection and says nothing is left after its time; the next one is read.
#[tokio::test(start_paused = true)]
async fn a_mailbox_that_says_nothing_is_left() {
    let silent = Habit { silent: true, ..Habit::default() };
    let (desk, server, forward) = desk(vec![silent.clone(), silent, Habit::default()]).await;
    server.arrives(&answer(&forward, ANNA, "a1", "Yes##"));
    assert_eq!(desk.shop.reads(BOB, 1).await, "Yes");
    assert_eq!(server.connections(), 3);
}

/// The line stays open for hours: IDLE is renewed before NAT forgets it, and nothing is asked beside.
#[tokio::test(start_paused = true)]
async fn a_quiet_line_is_kept_alive() {
    let (desk, server, forward) = desk(Vec::new()).await;
    desk.shop.gateway.pass(3_600).await;
    assert!((11..=13).contains(&server.heard(" IDLE")), "{} times", server.heard(" IDLE"));
    assert_eq!(server.connections(), 1);
    server.arrives(&answer(&forward, ANNA, "a1", "Yes##"));
    let before = desk.shop.gateway.clock.now();
    assert_eq!(desk.shop.reads(BOB, 1).await, "Yes");
    assert!((desk.shop.gateway.clock.now() - before).0 < 30_000, "at once, not at the next look");
}

/// A server without IDLE is asked every half minute.
#[tokio::test(start_paused = true)]
async fn a_server_without_idle_is_asked_now_and_then() {
    let (desk, server, forward) = desk(vec![Habit { polled: true, ..Habit::default() }]).await;
    desk.shop.gateway.pass(600).await;
    assert!((18..=22).contains(&server.heard("NOOP")), "{} times", server.heard("NOOP"));
    server.arrives(&answer(&forward, ANNA, "a1", "Yes##"));
    assert_eq!(desk.shop.reads(BOB, 1).await, "Yes");
    assert_eq!((server.connections(), server.heard(" IDLE")), (1, 0));
}

/// E52: the server numbers its mails anew: all of them are looked at again, and only what is new is
/// done.
#[tokio::test(start_paused = true)]
async fn a_mailbox_numbered_anew_is_read_again_without_harm() {
    let cut = Habit { cut_at: Some("DONE"), ..Habit::default() };
    let (desk, server, forward) = desk(vec![cut.clone(), cut, Habit::default()]).await;
    server.arrives(&answer(&forward, ANNA, "a1", "One##"));
    desk.shop.reads(BOB, 1).await;
    server.arrives(&answer(&forward, ANNA, "a2", "Two##"));
    // Between the two lines.
    server.numbers_anew();
    assert_eq!(desk.shop.reads(BOB, 2).await, "Two");
    server.arrives(&answer(&forward, ANNA, "a3", "Three##"));
    assert_eq!(desk.shop.reads(BOB, 3).await, "Three");
    assert_eq!(desk.shop.quiet(BOB).await, 3);
    assert_eq!(desk.outcomes().await.len(), 3);
    assert!(server.connections() >= 3);
    assert!(server.heard("UID SEARCH") >= 2, "looked for by day again");
}

/// A refused password is tried rarely, because servers lock accounts for it; the admins hear of it by
/// text, once a day; when it is right again the mail is read.
#[tokio::test(start_paused = true)]
async fn a_mailbox_that_refuses_the_password_is_told_of_and_not_hammered() {
    let refuses = Habit { refuses: true, ..Habit::default() };
    let (desk, server, forward) = desk([vec![refuses; 5], vec![Habit::default()]].concat()).await;
    let now = desk.shop.gateway.clock.wall();
    let admin = Profile { role: Role::Admin, ..staff("Ada", JENNY) };
    desk.shop.gateway.store.write(move |tx| tx.create_user(&admin, now)).await.unwrap();
    server.arrives(&answer(&forward, ANNA, "a1", "Yes##"));
    let told = desk.shop.reads(JENNY, 1).await;
    assert!(told.contains("No mail is fetched") && told.contains("[mail.imap]"), "{told}");
    desk.shop.gateway.pass(3_600).await;
    assert!(server.heard("LOGIN") <= 5, "{} times", server.heard("LOGIN"));
    let (_, health) = desk.shop.gateway.call("GET", "/healthz", None).await;
    assert!(health["mail"]["in"].to_string().contains("refused user or password"), "{health}");
    assert_eq!(desk.shop.reads(BOB, 1).await, "Yes");
    assert_eq!(desk.shop.screen(JENNY).len(), 1);
}
