//! Every fault a plan can hold, each by what a terminal sees of it.

use simgate::emulator::{Chatter, Effect, Faults, Garbage, Input, Rule};

use super::{Bench, PLAIN_SUBMIT};

fn with(faults: Faults) -> Bench {
    let mut bench = Bench::quiet("");
    bench.world.set_faults(0, faults).expect("a modem");
    bench
}

fn rule(on: &str, effect: Effect) -> Faults {
    let rule = Rule { on: on.into(), skip: 0, times: Some(1), effect };
    Faults { rules: vec![rule], ..<_>::default() }
}

/// Faults 1 and 3: bytes go missing and change where the plan says.
#[test]
fn bytes_are_lost_and_flipped_where_the_plan_says() {
    assert_eq!(with(Faults { lost_at: vec![3], ..<_>::default() }).at(0, "AT"), "\r\nO\r\n");
    let heard = with(Faults { flipped_at: vec![2], ..<_>::default() }).at(0, "AT");
    assert!(heard.len() <= 7 && heard != "\r\nOK\r\n" && heard.ends_with("K\r\n"), "{heard:?}");
    assert_eq!(with(Faults { lost: 1.0, ..<_>::default() }).at(0, "AT"), "");
}

/// Fault 4: an answer in pieces, with gaps.
#[test]
fn an_answer_comes_in_pieces() {
    let mut bench = with(Faults { split: 2, split_gap_ms: 10, ..<_>::default() });
    bench.write(0, b"AT\r");
    for piece in ["\r\n", "OK", "\r\n"] {
        assert_eq!(bench.heard(0), piece);
        bench.pass(10);
    }
}

/// Fault 5: the echo is on again by itself.
#[test]
fn the_echo_comes_back() {
    let mut bench = with(Faults { echo_back_every: 2, ..<_>::default() });
    assert_eq!(bench.at(0, "AT") + &bench.at(0, "AT"), "\r\nOK\r\nAT\r\r\nOK\r\n");
}

/// Fault 2: noise in front of answers, random or NUL.
#[test]
fn noise_comes_before_an_answer() {
    for nul in [false, true] {
        let garbage = Garbage { every: 1, bytes: 4, nul };
        let heard = with(Faults { garbage, seed: 5, ..<_>::default() }).at(0, "AT");
        let noise = heard.strip_suffix("\r\nOK\r\n").expect("the answer is whole");
        assert_eq!(noise.chars().count(), 4);
        assert_eq!(noise == "\0\0\0\0", nul);
    }
}

/// Fault 6, quirks 30 to 36: chatter between and inside answers.
#[test]
fn chatter_comes_between_and_inside_answers() {
    let text = "^RSSI:17".to_owned();
    let chatter = |inside| Chatter { text: text.clone(), every_ms: 1_000, inside };
    let mut bench = with(Faults { chatter: chatter(false), ..<_>::default() });
    bench.pass(3_500);
    assert_eq!(bench.words(0), ["^RSSI:17"; 3]);
    let mut bench = with(Faults { chatter: chatter(true), ..<_>::default() });
    bench.write(0, b"AT+CSQ\r");
    bench.pass(100);
    assert_eq!(bench.words(0), ["+CSQ: 20,99", "^RSSI:17", "OK"]);
}

/// Faults 7, 8, 13 to 17: one command is singled out once; the next is answered as ever.
#[test]
fn one_answer_goes_wrong_in_every_way() {
    use Effect::*;
    let usual = ["+CSQ: 20,99", "OK"];
    let wrong: [(Effect, &[&str]); 10] = [
        (Cms(500), &["+CMS ERROR: 500"]),
        (Cme(14), &["+CME ERROR: 14"]),
        (Says("\r\nCOMMAND NOT SUPPORT\r\n".into()), &["COMMAND NOT SUPPORT"]),
        (DoneButCms(512), &["+CMS ERROR: 512"]),
        (OnlySaysOk, &["OK"]),
        (WithoutLines, &["OK"]),
        (WithoutResult, &["+CSQ: 20,99"]),
        (NoAnswer, &[]),
        (Twice, &["+CSQ: 20,99", "OK", "+CSQ: 20,99", "OK"]),
        (UrcInside("RING".into()), &["+CSQ: 20,99", "RING", "OK"]),
    ];
    for (effect, said) in wrong {
        let mut bench = with(rule("+CSQ", effect.clone()));
        bench.talk(0, &[("AT", &["OK"]), ("AT+CSQ", said), ("AT+CSQ", &usual)]);
    }
    let mut bench = with(rule("+CSQ", LateMs(2_500)));
    bench.talk(0, &[("AT+CSQ", &[]), ("AT", &["+CSQ: 20,99", "OK", "OK"])]);
    let mut bench = with(Faults { latency_ms: 1_500, ..<_>::default() });
    bench.write(0, b"AT\r");
    bench.pass(1_000);
    assert_eq!(bench.heard(0), "");
    bench.pass(500);
    assert_eq!(bench.heard(0), "\r\nOK\r\n");
}

/// Faults 27 to 32: what a terminal is told of a submit, and what became of it.
#[test]
fn a_submit_goes_wrong_in_every_way() {
    use Effect::*;
    let cases: [(Effect, &[&str], &[&str], usize); 11] = [
        (NoPrompt, &[], &["+CMGS: 1", "OK"], 1),
        (
            UrcAfterPrompt("+CMTI: \"SM\",1".into()),
            &["> ", "+CMTI: \"SM\",1"],
            &["+CMGS: 1", "OK"],
            1,
        ),
        (Cms(38), &["> "], &["+CMS ERROR: 38"], 0),
        (OnlySaysOk, &["> "], &["OK"], 0),
        (DoneButCms(500), &["> "], &["+CMS ERROR: 500"], 1),
        (WithoutLines, &["> "], &["OK"], 1),
        (WithoutResult, &["> "], &["+CMGS: 1"], 1),
        (NoAnswer, &["> "], &[], 1),
        (Twice, &["> "], &["+CMGS: 1", "OK", "+CMGS: 1", "OK"], 1),
        (Hang, &["> "], &[], 1),
        (Reset, &["> "], &[], 1),
    ];
    for (effect, prompt, said, left) in cases {
        let mut bench = with(rule("+CMGS", effect.clone()));
        bench.talk(0, &[("AT+CMGS=23", prompt)]);
        assert_eq!(bench.enter(0, PLAIN_SUBMIT), said, "{effect:?}");
        assert_eq!(bench.world.submitted(0, 0).count(), left, "{effect:?}");
    }
    let mut bench = with(rule("+CMGS", Unplug));
    bench.talk(0, &[("AT+CMGS=23", &["> "])]);
    assert_eq!(bench.enter(0, PLAIN_SUBMIT), [""; 0]);
    assert_eq!((bench.unplugged, bench.world.submitted(0, 0).count()), (1, 1));
}

#[test]
fn a_command_is_refused_as_often_as_the_plan_says() {
    let refused = Rule { on: "+CMGS".into(), skip: 1, times: Some(2), effect: Effect::Cms(512) };
    let mut bench = with(Faults { rules: vec![refused], ..<_>::default() });
    for word in ["+CMGS: 1", "+CMS ERROR: 512", "+CMS ERROR: 512", "+CMGS: 2"] {
        bench.talk(0, &[("AT+CMGS=23", &["> "])]);
        assert_eq!(bench.enter(0, PLAIN_SUBMIT)[0], word);
    }
    let lies = rule("+CMGD", Effect::OnlySaysOk);
    bench.receive(0, "still there");
    bench.world.set_faults(0, lies).expect("a modem");
    bench.talk(0, &[("AT+CMGD=1", &["OK"])]);
    assert_eq!(bench.world.stored(0).expect("a modem").len(), 1);
}

/// Fault 20: a hung modem takes bytes and says nothing until it is let go.
#[test]
fn a_hung_modem_answers_again_when_the_plan_changes() {
    let mut bench = with(Faults { hang: true, ..<_>::default() });
    bench.talk(0, &[("AT", &[]), ("AT", &[])]);
    bench.world.set_faults(0, Faults::default()).expect("a modem");
    bench.talk(0, &[("AT", &["OK"])]);
}

/// Fault 26: a reset at any byte, in either direction.
#[test]
fn a_modem_restarts_at_any_byte() {
    for byte in 0..3 {
        let faults = Faults { reset_at_received: Some(byte), ..<_>::default() };
        assert_eq!(with(faults).at(0, "AT"), "");
    }
    for byte in 0..6 {
        let faults = Faults { reset_at_sent: Some(byte), ..<_>::default() };
        let mut bench = with(faults);
        assert_eq!(bench.at(0, "AT"), "\r\nOK\r\n"[..byte as usize]);
        assert_eq!(bench.at(0, "AT"), "AT\r\r\nOK\r\n", "started anew, with its echo");
    }
    let mut bench =
        with(Faults { reset_at_received: Some(1), reset_unplugs: true, ..<_>::default() });
    bench.at(0, "AT");
    assert_eq!((bench.unplugged, bench.plugged), (1, 2));
}

/// Faults 33 and 34: a storage that says full keeps messages waiting in the network.
#[test]
fn a_full_storage_and_silent_arrivals() {
    let mut bench = with(Faults { full: vec!["SM".into()], ..<_>::default() });
    bench.talk(0, &[("AT+CNMI=2,1,0,0,0", &["OK"])]);
    assert_eq!(bench.receive(0, "waits"), [""; 0]);
    assert_eq!(bench.lines(0, "AT+CPMS?")[0], "+CPMS: \"SM\",30,30,\"SM\",30,30,\"SM\",30,30");
    let silent = Faults { silent_arrivals: true, ..<_>::default() };
    bench.world.set_faults(0, silent).expect("a modem");
    bench.pass(100);
    assert_eq!(bench.words(0), [""; 0]);
    assert_eq!(bench.world.stored(0).expect("a modem").len(), 1);
}

/// Fault 37: the network repeats what it did not hear acknowledged, each once.
#[test]
fn a_message_comes_twice_and_a_submit_goes_nowhere() {
    let mut bench = with(Faults { duplicate_every: 1, lost_on_air: true, ..<_>::default() });
    bench.receive(0, "one");
    bench.receive(0, "two");
    bench.pass(10_000);
    let stored = bench.world.stored(0).expect("a modem");
    assert_eq!(stored.len(), 4);
    assert_eq!((&stored[0].2, &stored[2].2), (&stored[1].2, &stored[3].2));
    bench.talk(0, &[("AT+CMGS=23", &["> "])]);
    assert_eq!(bench.enter(0, PLAIN_SUBMIT), ["+CMGS: 1", "OK"]);
    assert!(bench.world.handset("+447700900200").expect("a handset").texts.is_empty());
}

/// Faults 21 and 22: the port vanishes, comes back elsewhere; memory stays, settings go.
#[test]
fn a_modem_is_unplugged_and_plugged_in_elsewhere() {
    let mut bench = Bench::quiet("");
    bench.receive(0, "stays");
    bench.talk(0, &[("AT+CMGF=1", &["OK"])]);
    bench.world.pull(0).expect("a modem");
    bench.world.text_to(0, "+447700900200", "waits").expect("a text");
    bench.pass(1_000);
    assert_eq!(bench.at(0, "AT"), "");
    bench.world.put_back(0, Some("elsewhere".into())).expect("a modem");
    bench.pass(1_000);
    bench.world.handle(bench.now, Input::Opened { modem: 0 });
    assert_eq!((bench.unplugged, bench.plugged), (1, 2));
    assert_eq!(bench.world.modem(0).expect("a modem").link, "elsewhere");
    assert_eq!(bench.at(0, "AT+CMGF?"), "AT+CMGF?\r\r\n+CMGF: 0\r\n\r\nOK\r\n");
    assert_eq!(bench.world.stored(0).expect("a modem").len(), 2);
}
