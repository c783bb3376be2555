//! Registration, signal, operator: what is asked and what is said unasked.

use simgate::emulator::{ModemChange, Operator};

use super::{Bench, PLAIN_SUBMIT};

fn registration(bench: &mut Bench, stat: u8) -> Vec<String> {
    let change = ModemChange { registration: Some(stat), ..<_>::default() };
    bench.world.change(0, change).expect("a modem");
    bench.pass(100);
    bench.words(0)
}

#[test]
fn registration_is_announced_as_each_domain_asks() {
    let place = "\"1A2B\",\"01020304\",7";
    let mut bench = Bench::quiet("");
    assert_eq!(registration(&mut bench, 2), [""; 0]);
    bench.talk(0, &[("AT+CREG=1;+CEREG=2", &["OK"])]);
    assert_eq!(registration(&mut bench, 5), ["+CREG: 5".to_owned(), format!("+CEREG: 5,{place}")]);
    assert_eq!(registration(&mut bench, 3), ["+CREG: 3", "+CEREG: 3"]);
    bench.talk(0, &[("AT+CREG?;+CGREG?", &["+CREG: 1,3", "+CGREG: 0,3", "OK"])]);
    assert_eq!(registration(&mut bench, 1).len(), 2);
    bench.talk(
        0,
        &[
            ("AT+CEREG?", &[&format!("+CEREG: 2,1,{place}"), "OK"]),
            ("AT+CREG=9", &["+CME ERROR: 50"]),
            ("AT+CFUN=4", &["OK", "+CREG: 0", "+CEREG: 0"]),
            ("AT+CSQ", &["+CSQ: 99,99", "OK"]),
            ("AT+COPS?", &["+COPS: 0", "OK"]),
        ],
    );
}

#[test]
fn each_technology_has_its_domains() {
    for (modem, stats) in [
        ("technology = 0", ["1", "1", "0"]),
        ("technology = 7", ["1", "1", "1"]),
        ("packet_only = true", ["0", "0", "1"]),
    ] {
        let mut bench = Bench::quiet(modem);
        let said = bench.lines(0, "AT+CREG?;+CGREG?;+CEREG?");
        let seen: Vec<_> = said.iter().filter_map(|l| Some(l.split_once(": 0,")?.1)).collect();
        assert_eq!(seen, stats, "{modem}");
        bench.talk(0, &[("AT+CMGS=23", &["> "])]);
        assert_eq!(bench.enter(0, PLAIN_SUBMIT), ["+CMGS: 1", "OK"]);
    }
}

#[test]
fn unregistered_nothing_leaves() {
    let mut bench = Bench::quiet("registration = 3");
    bench.talk(0, &[("AT+CMGS=23", &["> "])]);
    assert_eq!(bench.enter(0, PLAIN_SUBMIT), ["+CMS ERROR: 331"]);
    assert_eq!(bench.lines(0, "AT+CUSD=1,\"*100#\",15"), ["+CME ERROR: 30"]);
    assert_eq!(bench.world.ring(0, "+447700900200"), Ok(false));
}

#[test]
fn an_operator_has_three_names_and_a_signal() {
    let mut bench = Bench::quiet("");
    let (long, short, code) = ("Network of Tests".into(), "Tests".into(), "99901".into());
    let change = ModemChange {
        operator: Some(Operator { long, short, code }),
        signal: Some(9),
        ..<_>::default()
    };
    bench.world.change(0, change).expect("a modem");
    bench.talk(
        0,
        &[
            ("AT+COPS?", &["+COPS: 0,0,\"Network of Tests\",7", "OK"]),
            ("AT+COPS=3,1;+COPS?", &["+COPS: 0,1,\"Tests\",7", "OK"]),
            ("AT+COPS=3,2;+COPS?", &["+COPS: 0,2,\"99901\",7", "OK"]),
            ("AT+COPS=1,2,\"99902\"", &["+CME ERROR: 30"]),
            ("AT+CSQ", &["+CSQ: 9,99", "OK"]),
        ],
    );
}
