//! What the line answers by itself: away text, keyword rules, polls and ratings; and when it falls
//! silent.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use serde_json::json;
use simgate::app::{Gateway, Settings, Wiring};
use simgate::bus::Bus;
use simgate::emulator::{Phone, Scenario, World};
use simgate::engine::prompt::{Revote, count};
use simgate::io::emulated::Emulation;
use simgate::io::webhook::Receivers;
use simgate::io::{Candidate, Clock, Entropy, OpenError, Port, PortSource};
use simgate::store::{LineId, NewMessage, PromptKind, RuleText, Store};
use simgate::types::{Class, Millis, Number};

use crate::gateway::START;
use crate::shop::{ALISHA, BOB, JENNY, STRANGER, Shop};

/// S91, C12, E158: outside business hours one text says so; the message is relayed all the same.
#[tokio::test(start_paused = true)]
async fn out_of_hours_one_text_says_so() {
    let shop = Shop::open().await;
    // 2026-11-21 is a Saturday.
    let hours = json!({ "time_zone": "Europe/London", "week": { "mon": ["09:00-17:00"] } });
    shop.set(|set| set.business_hours = Some(hours)).await;
    shop.types(BOB, "Anybody there?");
    let away = shop.reads(BOB, 1).await;
    assert!(away.contains("away"), "{away}");
    shop.reads(JENNY, 1).await;
    shop.types(BOB, "Hello?");
    shop.reads(JENNY, 2).await;
    assert_eq!(shop.quiet(BOB).await, 1);
}

/// S84, S92, E116: a rule answers, tags and gives the conversation to a team; its name is in the trace.
#[tokio::test(start_paused = true)]
async fn a_keyword_rule_answers_and_routes() {
    let shop = Shop::open().await;
    let when = json!({ "words": ["price", "prices"] });
    let then = json!([
        { "reply": "Tickets are 5 pounds, {{ first_name|default('friend') }}." },
        { "tag": "prices" }, { "assign": { "team": "sales" } },
        { "webhook": "https://example.org/hook" },
    ]);
    shop.rule("prices", when, then).await;
    shop.types(ALISHA, "What are your PRICES?");
    assert_eq!(shop.reads(ALISHA, 1).await, "Tickets are 5 pounds, Alisha.");
    let thread = shop.thread(ALISHA).await;
    assert_eq!((thread.tags, thread.team.as_deref()), (vec!["prices".to_owned()], Some("sales")));
    let asked = shop.gateway.inbox().await.remove(0);
    assert!(asked.trace.contains("prices"), "{}", asked.trace);
    let rows = shop.gateway.store.read(move |tx| tx.deliveries_of(asked.id)).await.expect("rows");
    assert!(rows.iter().any(|row| row.target == "https://example.org/hook"), "{rows:?}");

    // D8: the same, tried without effect.
    let sample = json!({ "text": "any price for kids?", "from": BOB });
    let (status, tried) = shop.gateway.call("POST", "/api/v1/rules/test", Some(sample)).await;
    assert_eq!(status, 200, "{tried}");
    let would = tried["items"][0]["would"].as_array().unwrap();
    assert!(would.iter().any(|a| a["do"] == "send" && a["to"] == BOB), "{tried}");
    let (_, tried) =
        shop.gateway.call("POST", "/api/v1/rules/test", Some(json!({ "days": 1 }))).await;
    assert_eq!(tried["items"].as_array().unwrap().len(), 1, "{tried}");
    assert_eq!((shop.quiet(BOB).await, shop.screen(ALISHA).len()), (0, 1));
}

/// S89, S90, E111, E112: a poll put by a rule: one phone one vote, the last counts, free words are no vote.
#[tokio::test(start_paused = true)]
async fn a_poll_counts_one_vote_a_phone() {
    let shop = Shop::open().await;
    let outcomes = json!({ "*": [{ "reply": "Thank you for your vote." }] });
    let options = json!({ "options": ["A", "B", "C"] });
    let question = "Best colour? A red, B blue, C green";
    let poll = shop.prompt(PromptKind::Poll, question, options, outcomes).await;
    shop.rule("poll", json!({ "words": ["vote"], "at": "whole" }), json!([{ "prompt": poll.0 }]))
        .await;
    for phone in [ALISHA, BOB, STRANGER] {
        shop.types(phone, "vote");
        assert_eq!(shop.reads(phone, 1).await, question);
    }
    shop.types(ALISHA, "a!");
    assert_eq!(shop.reads(ALISHA, 2).await, "Thank you for your vote.");
    shop.types(BOB, "C - because");
    shop.reads(BOB, 2).await;
    shop.types(BOB, "B");
    shop.reads(BOB, 3).await;
    shop.types(STRANGER, "Apple");
    shop.gateway.pass(60).await;
    let found = shop.gateway.store.read(move |tx| Ok((tx.asked(poll)?, tx.answers(poll)?))).await;
    let (asked, answers) = found.expect("readable");
    let results = count(&asked, &answers, None, Revote::Last);
    assert_eq!(results.votes, BTreeMap::from([("A".to_owned(), 1), ("B".to_owned(), 1)]));
    assert_eq!(results.silent.len(), 1);
    let path = format!("/api/v1/prompts/{poll}/results");
    let (status, shown) = shop.gateway.call("GET", &path, None).await;
    assert_eq!(status, 200);
    let counts = ["asked", "silent", "not_counted"].map(|field| shown[field].as_u64());
    assert_eq!(counts, [3, 1, 1].map(Some), "{shown}");
    assert_eq!(shown["votes"], json!({ "A": 1, "B": 1 }));
    assert_eq!(shown["non_answers"][0]["number"], STRANGER, "{shown}");
    // Asked again by people: open again, and refused for who has opted out.
    shop.types(STRANGER, "stop");
    shop.reads(STRANGER, 2).await;
    let again = json!({ "to": [BOB, STRANGER] });
    let path = format!("/api/v1/prompts/{poll}/ask");
    let (status, put) = shop.gateway.call("POST", &path, Some(again)).await;
    assert_eq!(status, 202, "{put}");
    assert_eq!(put["items"][1]["problem"]["code"], "opted_out");
    assert_eq!(shop.reads(BOB, 4).await, question);
}

/// S85..S88, E113: a low rating goes to people at once, a high one leads to a review request, a
/// figure off the scale gets one hint.
#[tokio::test(start_paused = true)]
async fn a_rating_goes_where_its_figure_says() {
    let shop = Shop::open().await;
    let outcomes = json!({
        "low": [{ "flag": "unhappy" }, { "reply": "We are sorry; somebody will call." }],
        "middle": [{ "reply": "Thank you." }],
        "high": [{ "reply": "Thank you! Would you write a review?" }],
    });
    let scale = json!({ "scale": { "least": 1, "most": 5, "low": 2, "high": 4 } });
    let question = "How was it, 1 to 5?";
    let rating = shop.prompt(PromptKind::Rating, question, scale, outcomes).await;
    shop.rule("rate", json!({ "words": ["rate"], "at": "whole" }), json!([{ "prompt": rating.0 }]))
        .await;
    for phone in [ALISHA, BOB] {
        shop.types(phone, "rate");
        assert_eq!(shop.reads(phone, 1).await, question);
    }
    shop.types(ALISHA, "five");
    assert!(shop.reads(ALISHA, 2).await.contains("review"));
    shop.types(BOB, "55");
    assert_eq!(shop.reads(BOB, 2).await, "Please answer with one figure.");
    shop.types(BOB, "1");
    assert!(shop.reads(BOB, 3).await.contains("sorry"));
    let thread = shop.thread(BOB).await;
    assert_eq!(thread.flag.as_deref(), Some("unhappy"));
    assert!(thread.unread > 0);
}

/// E73, E109, E110: a machine on the other side that answers everything: after a few rounds we are
/// silent, the conversation is flagged, its texts still come in.
#[tokio::test(start_paused = true)]
async fn a_machine_that_answers_machines_is_left_alone() {
    let shop = Shop::open().await;
    shop.set(|set| {
        set.texts = json!({});
        set.response_recipient = None;
    })
    .await;
    let then = json!([{ "reply": "Thanks for your order, we will look at it soon." }]);
    shop.rule("order", json!({ "words": ["order"] }), then).await;
    let answers =
        BTreeMap::from([("*".to_owned(), "Your order text could not be read.".to_owned())]);
    let robot = Phone { number: BOB.to_owned(), answers, ..Phone::default() };
    shop.gateway.modems.with(|world| world.set_phone(robot));
    shop.types(BOB, "I order two tickets");
    shop.gateway.pass(3_600).await;
    let texts = shop.screen(BOB).len();
    assert!((1..=4).contains(&texts), "{texts} automatic texts");
    shop.gateway.pass(3_600).await;
    assert_eq!(shop.screen(BOB).len(), texts);
    assert_eq!(shop.thread(BOB).await.flag.as_deref(), Some("loop"));
}

/// E110, D9: two gateways with automatic answers of their own, wired to each other: a few texts, then
/// silence on both sides, for good.
#[tokio::test(start_paused = true)]
async fn two_gateways_that_answer_each_other_fall_silent() {
    let clock = Clock::starting_at(START);
    let world = World::new(Scenario::plain(2, "generic"), START).expect("a world");
    let modems = Emulation::start(world, clock.clone());
    let mut sites = Vec::new();
    for modem in 0..2 {
        sites.push(site(&modems, &clock, modem).await);
    }
    let (store, line) = (sites[0].store.clone(), sites[0].line);
    let now = clock.wall();
    let first = NewMessage {
        line,
        to: Number::E164("+447700900101".to_owned()),
        text: "Good morning, a message from our shop to yours".to_owned(),
        class: Class::Conversation,
        tag: None,
        response_emails: Vec::new(),
        author: None,
        send_at: None,
        valid_for: None,
        report: true,
        flash: false,
        alphabet: None,
        segments: 1,
        hold: None,
    };
    store.write(move |tx| tx.enqueue(&first, None, now)).await.expect("queued");
    let submitted = || modems.with(|w| [0, 1].map(|modem| w.submitted(modem, 0).count()));
    clock.sleep(Millis::from_secs(3_600)).await;
    let [one, other] = submitted();
    assert!((1..=6).contains(&one) && (1..=6).contains(&other), "{one} and {other} texts");
    clock.sleep(Millis::from_secs(6 * 3_600)).await;
    assert_eq!(submitted(), [one, other]);
}

/// One gateway over one of the world's modems, answering whatever comes.
struct Site {
    store: Store,
    line: LineId,
    _gateway: Gateway,
    _folder: tempfile::TempDir,
}

async fn site(modems: &Emulation, clock: &Clock, modem: usize) -> Site {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Store::open(folder.path()).await.expect("a database");
    let wiring = Wiring {
        settings: Settings { per_minute: 0, ..Settings::default() },
        store: store.clone(),
        bus: Bus::new(),
        clock: clock.clone(),
        ports: Arc::new(Only { all: modems.clone(), name: format!("emulated:{modem}") }),
        entropy: Arc::new(Entropy::seeded(7)),
        hooks: Arc::new(Receivers::default()),
    };
    let gateway = Gateway::start(wiring).await.expect("a gateway");
    let line = loop {
        let found = store.read(|tx| tx.modems()).await.expect("readable");
        match found.iter().find(|modem| modem.state == "ready").and_then(|modem| modem.line) {
            Some(line) => break line,
            None => clock.sleep(Millis(100)).await,
        }
    };
    let now = clock.wall();
    let made = store.write(move |tx| {
        let rule = RuleText {
            name: "anything".to_owned(),
            enabled: true,
            order: 1,
            lines: Vec::new(),
            when: json!({ "pattern": "[a-z]" }),
            then: json!([{ "reply": format!("This is answering machine number {modem}, thank you.") }]),
            goes_on: false,
        };
        tx.create_rule(&rule, now)
    });
    made.await.expect("a rule");
    Site { store, line, _gateway: gateway, _folder: folder }
}

/// One port of many.
struct Only {
    all: Emulation,
    name: String,
}

impl PortSource for Only {
    fn candidates(&self) -> Vec<Candidate> {
        let mut all = self.all.candidates();
        all.retain(|candidate| candidate.name == self.name);
        all
    }

    fn open<'a>(
        &'a self,
        candidate: &'a Candidate,
    ) -> BoxFuture<'a, Result<Box<dyn Port>, OpenError>> {
        self.all.open(candidate)
    }

    fn changed(&self) -> BoxFuture<'_, ()> {
        self.all.changed()
    }
}
