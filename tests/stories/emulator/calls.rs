//! Calls and the phone book: what a terminal sees of them.

use super::Bench;

const CALLER: &str = "+447700900200";

#[test]
fn a_call_rings_until_it_is_answered_and_hung_up() {
    let mut bench = Bench::quiet("");
    bench.talk(0, &[("AT+CLIP=1", &["OK"])]);
    assert_eq!(bench.world.ring(0, CALLER), Ok(true));
    assert_eq!(bench.world.ring(0, CALLER), Ok(false), "one line, one call");
    bench.pass(5_100);
    let ring = ["RING", "+CLIP: \"+447700900200\",145,,,,0"];
    assert_eq!(bench.words(0), [ring, ring].concat());
    bench.talk(
        0,
        &[
            ("AT+CLCC", &["+CLCC: 1,1,4,0,0,\"+447700900200\",145", "OK"]),
            ("AT+CPAS", &["+CPAS: 3", "OK"]),
            ("ATA", &["OK"]),
            ("AT+CLCC", &["+CLCC: 1,1,0,0,0,\"+447700900200\",145", "OK"]),
            ("AT+CPAS", &["+CPAS: 4", "OK"]),
            ("ATH", &["OK"]),
            ("AT+CLCC", &["OK"]),
            ("ATA", &["NO CARRIER"]),
        ],
    );
    bench.pass(30_000);
    assert_eq!(bench.words(0), [""; 0], "no ringing after the call");
}

/// V.250 §6.3.8, automatic answer.
#[test]
fn a_call_is_answered_by_itself_after_as_many_rings_as_s0_says() {
    let mut bench = Bench::quiet("");
    bench.talk(0, &[("ATS0?", &["000", "OK"]), ("ATS0=2", &["OK"])]);
    bench.world.ring(0, CALLER).expect("a modem");
    bench.pass(100);
    bench.talk(0, &[("AT+CLCC", &["RING", "+CLCC: 1,1,4,0,0,\"+447700900200\",145", "OK"])]);
    bench.pass(5_100);
    bench.talk(0, &[("AT+CLCC", &["RING", "+CLCC: 1,1,0,0,0,\"+447700900200\",145", "OK"])]);
    bench.pass(70_000);
    assert_eq!(bench.words(0), [""; 0], "neither rings nor gives up");
    bench.world.hang_up(0).expect("a modem");
    bench.pass(100);
    assert_eq!(bench.words(0), ["NO CARRIER"]);
}

#[test]
fn a_caller_may_hide_or_give_up() {
    let mut bench = Bench::quiet("");
    bench.talk(0, &[("AT+CLIP=1;+CRC=1", &["OK"])]);
    bench.world.ring(0, "").expect("a modem");
    bench.pass(100);
    assert_eq!(bench.words(0), ["+CRING: VOICE", "+CLIP: \"\",129,,,,1"]);
    bench.pass(61_000);
    assert_eq!(bench.words(0).last().map(String::as_str), Some("NO CARRIER"));
    bench.world.ring(0, CALLER).expect("a modem");
    bench.world.hang_up(0).expect("a modem");
    bench.pass(100);
    assert_eq!(bench.words(0).last().map(String::as_str), Some("NO CARRIER"));
}

#[test]
fn without_words_a_ring_is_a_number() {
    let mut bench = Bench::quiet("");
    bench.at(0, "ATV0");
    bench.world.ring(0, CALLER).expect("a modem");
    bench.world.hang_up(0).expect("a modem");
    bench.pass(100);
    assert_eq!(bench.heard(0), "2\r3\r");
}

#[test]
fn a_voice_call_is_dialled_and_a_data_call_is_not() {
    let mut bench = Bench::quiet("");
    bench.talk(
        0,
        &[
            ("ATD+447700900200;", &["OK"]),
            ("AT+CLCC", &["+CLCC: 1,0,3,0,0,\"+447700900200\",145", "OK"]),
            ("AT+CHUP", &["OK"]),
            ("ATD+447700900200", &["NO CARRIER"]),
            ("ATD;", &["ERROR"]),
        ],
    );
}

#[test]
fn the_phone_book_keeps_what_is_written() {
    let mut bench = Bench::quiet("");
    let ann = "+CPBR: 1,\"+447700900200\",145,\"Ann\"";
    bench.talk(
        0,
        &[
            ("AT+CPBS=?", &["+CPBS: (\"SM\",\"ON\")", "OK"]),
            ("AT+CPBS?", &["+CPBS: \"SM\",0,100", "OK"]),
            ("AT+CPBR=?", &["+CPBR: (1-100),40,16", "OK"]),
            ("AT+CPBW=1,\"+447700900200\",145,\"Ann\"", &["OK"]),
            ("AT+CPBW=,\"07700900201\",129,\"Bob\"", &["OK"]),
            ("AT+CPBR=1,10", &[ann, "+CPBR: 2,\"07700900201\",129,\"Bob\"", "OK"]),
            ("AT+CPBF=\"A\"", &["+CPBF: 1,\"+447700900200\",145,\"Ann\"", "OK"]),
            ("AT+CPBF=\"Z\"", &["+CME ERROR: 22"]),
            ("AT+CPBW=1", &["OK"]),
            ("AT+CPBR=1", &["OK"]),
            ("AT+CPBR=101", &["+CME ERROR: 21"]),
            ("AT+CPBS=\"ON\";+CPBR=1", &["+CPBR: 1,\"+447700900100\",145,\"\"", "OK"]),
        ],
    );
}
