//! Random conversations keep the promises, ten thousand of them or as many as `ENGINE_SEEDS` says; any
//! text at all does no harm; two gateways that answer each other fall silent.

use std::sync::LazyLock;

use proptest::prelude::*;
use simgate::engine::action::{Action, Purpose};
use simgate::engine::facts::LastOutbound;
use simgate::engine::prompt::Grammar;
use simgate::engine::{Inbound, PromptId, Seen, decide, relay, template};
use simgate::types::{Class, Millis, Number};

use super::world::World;

/// D9, D10, C12, S15, S132: no automatic SMS to an opted-out number but the consent answer, at most
/// one automatic SMS for each inbound, no recipient's number in a customer's text, every inbound
/// shown, the same arguments the same decision.
#[test]
fn random_conversations_keep_the_promises() {
    #[expect(clippy::disallowed_methods, reason = "the one switch of this test")]
    let seeds = std::env::var("ENGINE_SEEDS").ok().and_then(|seeds| seeds.parse().ok());
    for seed in 0..seeds.unwrap_or(10_000) {
        let mut dice = Dice(seed * 2 + 1);
        let mut world = FRESH.clone();
        for _ in 0..2 + dice.roll(4) {
            let text = TEXTS[dice.roll(TEXTS.len())];
            let from = FROM[dice.roll(FROM.len())];
            let from = Number::from_sender(from, from == "Bank", None);
            if dice.roll(8) == 0 {
                world.ask(&from, PromptId(1 + i64::from(dice.roll(2) == 0)));
            }
            world.entropy = dice.next();
            world.now = world.now.after(Millis::from_secs(60 * (dice.next() % 300)));
            let inbound = Inbound {
                seen: if dice.roll(20) == 0 { Seen::Again } else { Seen::First },
                flash: dice.roll(20) == 0,
                ..Inbound::new(from, text)
            };
            promises_are_kept(&mut world, &inbound, seed);
        }
    }
}

fn promises_are_kept(world: &mut World, inbound: &Inbound, seed: u64) {
    let out_before = world.standing(&inbound.from).is_out();
    let facts = world.facts(inbound);
    let again = decide(inbound, &world.rules, &facts, world.moment());
    let decision = world.receive(inbound);
    let told = || format!("seed {seed}, {inbound:?}: {decision:#?}");
    assert_eq!(again, decision, "decide is a function");
    assert!(matches!(decision.actions.first(), Some(Action::File(_))), "{}", told());
    let filed = decision.actions.iter().filter(|action| matches!(action, Action::File(_)));
    assert_eq!(filed.count(), 1, "{}", told());
    assert!(!decision.trace.is_empty(), "{}", told());
    let sent = decision.actions.iter().filter_map(|action| match action {
        Action::Send(sms) => Some(sms),
        _ => None,
    });
    let mut automatic = 0;
    for sms in sent {
        let class = sms.purpose.class();
        let staff = world.rules.staff(&sms.to).is_some();
        automatic += usize::from(sms.purpose.is_automatic());
        assert!(!world.rules.is_own(&sms.to), "{}", told());
        assert!(world.rules.line.can_answer(&sms.to), "{}", told());
        assert!(!sms.text.trim().is_empty(), "{}", told());
        if !staff {
            assert!(!sms.text.contains("7700900150"), "{}", told());
            assert!(sms.purpose != Purpose::Relay, "{}", told());
            let out = world.standing(&sms.to).is_out() && (out_before || sms.to != inbound.from);
            assert!(!out || class == Class::Consent, "{}", told());
        }
    }
    assert!(automatic <= 1, "{}", told());
}

/// E109, E110: two gateways with everything on, each the other's customer.
#[test]
fn two_gateways_that_answer_each_other_fall_silent() {
    let mut left = World::from_toml(EVERYTHING_ON);
    let mut right = World::from_toml(EVERYTHING_ON);
    let [one, two] = ["+447700900001", "+447700900002"].map(|n| Number::E164(n.into()));
    left.rules.own_numbers = vec![one.clone()];
    right.rules.own_numbers = vec![two.clone()];
    let mut on_the_air = vec![(one.clone(), two.clone(), "Hello, what is the price?".to_owned())];
    let mut carried = 0;
    while let Some((from, to, text)) = on_the_air.pop() {
        carried += 1;
        assert!(carried < 30, "they never stop: {text}");
        let world = if to == two { &mut right } else { &mut left };
        world.now = world.now.after(Millis::from_secs(20));
        let decision = world.receive(&Inbound::new(from.clone(), text));
        on_the_air.extend(decision.actions.into_iter().filter_map(|action| match action {
            Action::Send(sms) if sms.to == from => Some((to.clone(), from.clone(), sms.text)),
            _ => None,
        }));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// E143, E147: any text from anybody is shown and does no harm.
    #[test]
    fn any_text_from_anybody_is_decided(text in any_text(), from in 0..FROM.len(), entropy: u64) {
        let mut world = FRESH.clone();
        world.entropy = entropy;
        let customer = Number::from_sender(FROM[2], false, None);
        world.receive(&Inbound::new(customer.clone(), "Hello"));
        world.ask(&customer, PromptId(1));
        world.send(&customer, &text, LastOutbound::default());
        let from = Number::from_sender(FROM[from], false, None);
        promises_are_kept(&mut world, &Inbound::new(from, text), entropy);
    }

    /// S14: taking codes out never harms the rest: what was neither code, bracket nor blank stays.
    #[test]
    fn taking_codes_out_keeps_every_other_word(words in prop::collection::vec("[a-zäß🙂]{1,6}", 0..6), at in 0..6usize) {
        let mut with = words.clone();
        with.insert(at.min(words.len()), "@347".into());
        let text = with.join(" ");
        let tokens = relay::find(&text, true);
        prop_assert_eq!(tokens.len(), 1);
        prop_assert_eq!(relay::strip(&text, &tokens), words.join(" "));
    }

    #[test]
    fn no_text_upsets_the_small_readers(text in any_text()) {
        let tokens = relay::find(&text, true);
        relay::strip(&text, &tokens);
        relay::plain_name(&text);
        let _ = template::merge(&text, &template::Fields::new());
        let _ = template::names(&text);
        Grammar::Options(vec![text.clone()]).read(&text);
        Grammar::Options(vec!["A".into()]).lists(&text);
    }
}

fn any_text() -> impl Strategy<Value = String> {
    let odd = prop::sample::select(vec![
        "@",
        "347",
        "100",
        "(",
        ")",
        " ",
        "\n",
        "STOP",
        "stop",
        "yes",
        "\u{200d}",
        "＠",
        "{{",
        "}}",
        "{%",
        "⭐",
        "/",
        "5",
        "İ",
        "ß",
        "\0",
        "Liked “",
        "=",
        "!",
        "note",
        "A",
        "é",
        "\u{301}",
        "\u{202e}",
    ]);
    prop_oneof![any::<String>(), prop::collection::vec(odd, 0..12).prop_map(|parts| parts.concat())]
}

static FRESH: LazyLock<World> = LazyLock::new(|| World::from_toml(EVERYTHING_ON));

/// splitmix64.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn roll(&mut self, sides: usize) -> usize {
        usize::try_from(self.next() % sides as u64).expect("small")
    }
}

const FROM: &[&str] = &[
    "+447700900150",
    "+447700900123",
    "+447700900124",
    "+447700900125",
    "85258",
    "Bank",
    "+447700900001",
    "",
];

const TEXTS: &[&str] = &[
    "STOP",
    "stop please",
    "START",
    "HELP",
    "cancel",
    "What is the price?",
    "@100 On my way",
    "@100",
    "@101 close",
    "@100 stop",
    "@100 stop yes",
    "@100 take",
    "@100 claim",
    "list",
    "off duty",
    "on duty",
    "A",
    "5",
    "1",
    "Hello",
    "wrong number",
    "Liked “Hello”",
    "thanks",
    "🙂",
    "@999 hi",
    "!Hello",
    "@100 name Bob",
    "who 100",
    "",
    "@100 @101 hi",
    "arrêt",
    "JOIN",
    "unsubscribe",
    "your code is 123456",
    "@100 note nice",
];

/// Every feature of the engine on one line.
const EVERYTHING_ON: &str = r#"
company = "Motor Club"
own_numbers = ["+447700900001"]
[line]
name = "Cars"
number = "+447700900001"
tags = ["cars"]
response_emails = ["desk@example.com"]
notified = [{ person = 2, sms = true, email = true }]
[line.texts]
help_contact = "01632 960001"
answer_within = 120
[line.claims]
mode = "soft"
[line.relay]
recipients = [1, 2]
[line.consent]
clarify = true
[line.hours]
time_zone = "Europe/London"
week = { mon = ["09:00-17:00"], tue = ["09:00-17:00"] }
[[people]]
id = 1
name = "Jenny"
phone = "+447700900150"
[[people]]
id = 2
name = "Bob"
phone = "+447700900151"
email = "bob@example.com"
[[keywords]]
id = 1
name = "Prices"
when = { words = ["price"] }
then = [{ reply = "Hello {{ first_name|default('there') }}, what price? See example.com" }, { tag = "sales" }]
[[keywords]]
id = 2
name = "Thanks"
when = { pattern = "^thanks?$" }
then = [{ prompt = 1 }]
[[prompts]]
id = 1
name = "Rating"
text = "How was it? Answer 1 to 5."
grammar = { scale = { least = 1, most = 5, low = 2, high = 4 } }
hint = "Please answer with a number from 1 to 5."
outcomes = { low = [{ flag = "unhappy" }], high = [{ reply = "Thank you! Tell others: example.com" }] }
[[prompts]]
id = 2
name = "Poll"
text = "A or B?"
grammar = { options = ["A", "B"] }
"#;
