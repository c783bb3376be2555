//! Lines, modems, tokens, sessions, orders, PINs and the stream of changes.

use simgate::store::{
    ChangeKind, LinkKind, ModemStatus, NewOrder, NewSession, NewToken, OrderKind, OrderState, Role,
    SeenModem, SeenSim, SignInLink, TokenUse,
};
use simgate::types::{Imei, Imsi, Secret};

use crate::site::profile;
use crate::store::{Bench, T0, at, sim};

/// D2: the SIM keeps its line, whatever modem it is in; names people gave stay.
#[tokio::test]
async fn a_sim_that_moves_to_another_modem_is_the_same_line() {
    let bench = Bench::new().await;
    let line = bench.line;
    let modem = |imei: &str| SeenModem { imei: Imei::parse(imei), ..SeenModem::default() };
    let (old, new) = (modem("490154203237518"), modem("356938035643809"));
    let (old, new) =
        bench.write(move |tx| Ok((tx.upsert_modem(&old, T0)?, tx.upsert_modem(&new, T0)?))).await;
    let holds = ModemStatus { line: Some(Some(line)), ..ModemStatus::default() };
    bench
        .write(move |tx| {
            tx.modem_status(old, &holds, T0)?;
            tx.rename_line(line, "Front desk", T0)?;
            assert_eq!(tx.upsert_line(&sim("8944000000000000001"), at(1))?, line);
            tx.modem_status(new, &holds, at(1))
        })
        .await;
    let modems = bench.store.read(|tx| tx.modems()).await.expect("read");
    assert_eq!(modems.iter().map(|m| m.line).collect::<Vec<_>>(), [None, Some(line)]);
    let found = bench.store.read(|tx| tx.line_called("Front desk")).await.expect("read");
    assert_eq!(found.map(|l| l.id), Some(line));
}

#[tokio::test]
async fn a_sim_known_by_its_subscription_keeps_its_line_when_the_card_is_read() {
    let bench = Bench::new().await;
    let imsi = Imsi::parse("234150000000001");
    let by_imsi = SeenSim { imsi: imsi.clone(), ..SeenSim::default() };
    let whole = SeenSim { imsi, ..sim("8944000000000000009") };
    let (first, then) = bench
        .write(move |tx| Ok((tx.upsert_line(&by_imsi, T0)?, tx.upsert_line(&whole, T0)?)))
        .await;
    assert_eq!(first, then);
    assert!(bench.store.write(|tx| tx.upsert_line(&SeenSim::default(), T0)).await.is_err());
}

/// D15: the secret is not in the file; revoked, expired and unknown look the same.
#[tokio::test]
async fn a_token_works_until_it_expires_or_is_revoked() {
    let bench = Bench::new().await;
    let secret = Secret::new("sg_0123456789abcdef");
    let new = NewToken {
        name: "shop".into(),
        secret: secret.clone(),
        scopes: vec!["send".into(), "read".into()],
        line: Some(bench.line),
        expires_at: Some(at(100)),
    };
    let id = bench.write(move |tx| tx.create_token(&new, T0)).await;
    let check = |secret: &Secret, now| {
        let secret = secret.clone();
        bench.store.read(move |tx| tx.authenticate_token(&secret, now))
    };
    let valid = check(&secret, at(1)).await.expect("read");
    let TokenUse::Valid { token, note_use: true } = valid else { panic!("{valid:?}") };
    assert_eq!((token.hint.as_str(), token.scopes.join(" ")), ("sg_0123", "send read".into()));
    bench.write(move |tx| tx.token_used(id, at(1))).await;
    let again = check(&secret, at(2)).await.expect("read");
    assert!(matches!(again, TokenUse::Valid { note_use: false, .. }), "a poll costs no write");
    assert_eq!(check(&Secret::new("sg_other"), at(2)).await.expect("read"), TokenUse::Invalid);
    assert_eq!(check(&secret, at(100)).await.expect("read"), TokenUse::Invalid);
    assert!(bench.write(move |tx| tx.revoke_token(id, at(3))).await);
    assert_eq!(check(&secret, at(4)).await.expect("read"), TokenUse::Invalid);
}

#[tokio::test]
async fn a_sign_in_link_opens_one_session_once() {
    let bench = Bench::new().await;
    let user = bench.write(|tx| tx.create_user(&profile("Ada", Role::Admin), T0)).await;
    let key = Secret::new("link");
    let made = key.clone();
    let link = SignInLink { kind: LinkKind::Open, user: Some(user) };
    bench.write(move |tx| tx.create_sign_in_link(&made, link, at(600), T0)).await;
    let spend = |seconds| {
        let key = key.clone();
        bench.write(move |tx| tx.use_sign_in_link(&key, at(seconds)))
    };
    assert_eq!(spend(1).await, Some(link));
    assert_eq!(spend(2).await, None);
    let first = Secret::new("one");
    let new = NewSession {
        user,
        cookie: first.clone(),
        browser: "Firefox on Linux".to_owned(),
        address: String::new(),
    };
    let opened = Some(bench.write(move |tx| tx.create_session(&new, at(1))).await);
    let session = |now| {
        let cookie = first.clone();
        bench.store.read(move |tx| tx.session(&cookie, now))
    };
    assert_eq!(session(at(3)).await.expect("read").map(|s| s.id), opened);
    assert_eq!(session(at(13 * 3_600)).await.expect("read"), None, "idle for twelve hours");
}

#[tokio::test]
async fn an_order_is_taken_once_and_one_left_by_a_crash_is_not_repeated() {
    let bench = Bench::new().await;
    let modem = SeenModem { port: "/dev/ttyUSB0".into(), ..SeenModem::default() };
    let modem = bench.write(move |tx| tx.upsert_modem(&modem, T0)).await;
    let place = |argument: &str| {
        let argument = argument.to_owned();
        let order = NewOrder { modem, kind: OrderKind::Ussd, argument, author: None };
        bench.write(move |tx| tx.place_order(&order, T0))
    };
    let (first, second) = (place("*100#").await, place("*101#").await);
    let take = || bench.write(move |tx| tx.take_order(modem, at(1)));
    assert_eq!(take().await.map(|o| o.id), Some(first));
    bench.write(move |tx| tx.finish_order(first, Ok("balance 5"), at(2))).await;
    assert_eq!(take().await.map(|o| o.id), Some(second));
    assert_eq!(take().await, None);
    bench.write(|tx| tx.abandon_orders(at(3))).await;
    assert_eq!(take().await, None);
    let order = bench.store.read(move |tx| tx.order(second)).await.expect("read").expect("order");
    assert_eq!(order.state, OrderState::Failed);
}

/// The PIN counter never passes one try: not after a refusal, not after a crash in between.
#[tokio::test]
async fn a_pin_that_failed_or_was_never_answered_is_not_tried_again() {
    let bench = Bench::new().await;
    let begin = |pin: &'static [u8]| bench.write(move |tx| tx.begin_pin_attempt("sim", pin, T0));
    let said = |ok| bench.write(move |tx| tx.finish_pin_attempt("sim", b"old", ok));
    assert!(begin(b"old").await);
    assert!(!begin(b"old").await, "no answer seen");
    said(true).await;
    assert!(begin(b"old").await, "a good PIN opens the card at each start");
    said(false).await;
    assert!(!begin(b"old").await);
    assert!(begin(b"new").await, "a newly configured PIN has its own try");
    bench.write(|tx| tx.forget_pin_attempts("sim")).await;
    assert!(begin(b"old").await);
}

/// E124: a stream resumes where it was, or is told to begin anew.
#[tokio::test]
async fn changes_resume_after_the_last_one_seen_and_are_bounded() {
    let bench = Bench::new().await;
    let line = bench.line;
    let seen = bench.store.read(|tx| tx.last_change()).await.expect("read");
    bench.write(move |tx| tx.rename_line(line, "Shop", at(1))).await;
    let since = |seq| bench.store.read(move |tx| tx.changes_since(seq, 100));
    let changes = since(seen).await.expect("read").expect("still there");
    assert_eq!(
        changes.iter().map(|c| (c.kind, c.id)).collect::<Vec<_>>(),
        [(ChangeKind::Line, line.0)]
    );
    bench.write(move |tx| (0..11_000).try_for_each(|_| tx.rename_line(line, "Shop", at(2)))).await;
    assert_eq!(since(seen).await.expect("read"), None);
    let last = bench.store.read(|tx| tx.last_change()).await.expect("read");
    assert_eq!(since(last).await.expect("read"), Some(vec![]));
}
