//! The card: PIN and PUK with their counters, taken out, put in, moved to another modem.

use simgate::emulator::ModemChange;

use super::Bench;

/// Fault 47: the counters are the card's, and only a right code puts them back.
#[test]
fn three_wrong_pins_want_the_puk() {
    let mut bench = Bench::quiet("sim = { pin = \"1234\" }");
    bench.talk(
        0,
        &[
            ("AT+CPIN=\"0000\"", &["+CME ERROR: 16"]),
            ("AT+CPIN=\"0000\"", &["+CME ERROR: 16"]),
            ("AT+CPINR=\"SIM PIN\"", &["+CPINR: SIM PIN,1,3", "OK"]),
            ("AT+CPIN=\"0000\"", &["+CME ERROR: 12"]),
            ("AT+CPIN?", &["+CPIN: SIM PUK", "OK"]),
            ("AT+CPIN=\"1234\"", &["+CME ERROR: 12"]),
            ("AT+CMGL=4", &["+CMS ERROR: 316"]),
            ("AT+CPIN=\"00000000\",\"4321\"", &["+CME ERROR: 16"]),
            ("AT+CPINR=\"SIM PUK\"", &["+CPINR: SIM PUK,9,10", "OK"]),
            ("AT+CPIN=\"12345678\",\"4321\"", &["OK"]),
            ("AT+CPIN?", &["+CPIN: READY", "OK"]),
        ],
    );
    let facts = bench.world.modem(0).expect("a modem").sim.expect("a SIM");
    assert_eq!(facts.tries, (3, 10));
}

/// Quirk 61: a card that asks for nothing takes no PIN, and no try is lost.
#[test]
fn the_query_can_be_put_on_and_off() {
    let mut bench = Bench::quiet("sim = { pin = \"1234\" }");
    let restarted = |bench: &mut Bench| {
        bench.at(0, "AT+CFUN=1,1");
        bench.pass(5_000);
        bench.at(0, "ATE0+CMEE=1");
    };
    bench.talk(
        0,
        &[
            ("AT+CPIN=\"1234\"", &["OK"]),
            ("AT+CPIN=\"1234\"", &["+CME ERROR: 3"]),
            ("AT+CLCK=\"SC\",2", &["+CLCK: 1", "OK"]),
            ("AT+CPWD=\"SC\",\"1234\",\"4321\"", &["OK"]),
            ("AT+CLCK=\"SC\",0,\"1234\"", &["+CME ERROR: 16"]),
        ],
    );
    restarted(&mut bench);
    bench.talk(
        0,
        &[
            ("AT+CPIN?", &["+CPIN: SIM PIN", "OK"]),
            ("AT+CPIN=\"4321\"", &["OK"]),
            ("AT+CLCK=\"SC\",0,\"4321\"", &["OK"]),
        ],
    );
    restarted(&mut bench);
    bench.talk(0, &[("AT+CPIN?", &["+CPIN: READY", "OK"])]);
    let pin = Some("7777".to_owned());
    bench.world.change(0, ModemChange { pin, ..<_>::default() }).expect("a modem");
    bench.talk(0, &[("AT+CPIN?", &["+CPIN: READY", "OK"])]);
    restarted(&mut bench);
    bench.talk(0, &[("AT+CPIN?", &["+CPIN: SIM PIN", "OK"]), ("AT+CPIN=\"7777\"", &["OK"])]);
}

#[test]
fn without_a_card_everything_waits_in_the_network() {
    let mut bench = Bench::quiet("profile = \"simcom-sim800\"");
    let insert = |bench: &mut Bench, inserted| {
        let sim_inserted = Some(inserted);
        bench.world.change(0, ModemChange { sim_inserted, ..<_>::default() }).expect("a modem");
        bench.pass(5_000);
        bench.words(0)
    };
    bench.talk(0, &[("AT+CNMI=2,1,0,0,0", &["OK"])]);
    assert_eq!(insert(&mut bench, false), ["+CPIN: NOT INSERTED"]);
    bench.talk(
        0,
        &[
            ("AT+CPIN?", &["+CME ERROR: 10"]),
            ("AT+CIMI", &["+CME ERROR: 10"]),
            ("AT+CMGL=4", &["+CMS ERROR: 310"]),
            ("AT+CREG?", &["+CREG: 0,0", "OK"]),
        ],
    );
    assert_eq!(bench.receive(0, "later"), [""; 0]);
    let said = insert(&mut bench, true);
    assert_eq!(said, ["+CPIN: READY", "Call Ready", "SMS Ready", "+CMTI: \"SM\",1"]);
}

/// Fault 58: a card takes its number and its messages along.
#[test]
fn cards_can_change_places() {
    let mut bench = Bench::plain(2);
    for modem in [0, 1] {
        bench.at(modem, "ATE0+CMEE=1");
    }
    bench.receive(0, "on the first card");
    bench.world.swap_sims(0, 1).expect("two modems");
    bench.pass(1_000);
    bench.talk(0, &[("AT+CNUM", &["+CNUM: \"\",\"+447700900101\",145", "OK"])]);
    bench.talk(0, &[("AT+CMGL=4", &["OK"])]);
    bench.talk(1, &[("AT+CCID", &["+CCID: 8999942000000000000", "OK"])]);
    assert_eq!(bench.lines(1, "AT+CMGL=4").len(), 3);
    bench.world.text_from("+447700900200", "+447700900100", "follows").expect("a text");
    bench.pass(2_000);
    assert_eq!(bench.world.stored(1).expect("a modem").len(), 2);
}

/// Quirk 52: SMS commands come late; the card says busy until then.
#[test]
fn a_card_is_busy_for_a_while_after_power_on() {
    let mut bench = Bench::quiet("profile = \"simcom-sim800\"");
    bench.world.pull(0).expect("a modem");
    bench.world.put_back(0, None).expect("a modem");
    bench.write(0, b"AT\r");
    assert_eq!(bench.heard(0), "", "no word while it starts");
    bench.pass(1_600);
    bench.write(0, b"ATE0+CMEE=1;+CMGF=0\r");
    bench.pass(100);
    assert_eq!(bench.words(0).last().map(String::as_str), Some("+CMS ERROR: 314"));
    bench.pass(3_000);
    bench.heard(0);
    bench.talk(0, &[("AT+CMGF=0", &["OK"])]);
}
