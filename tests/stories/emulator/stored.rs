//! What lies in storages: +CMGW, +CMSS, +CMGD with its flags, SR, and duplicates refused.

use simgate::emulator::Phone;

use super::{Bench, PLAIN_SUBMIT, SUBMIT};

fn texts(bench: &Bench, number: &str) -> usize {
    bench.world.handset(number).map_or(0, |handset| handset.texts.len())
}

#[test]
fn a_stored_text_is_sent_once_the_network_takes_it() {
    let mut bench = Bench::quiet("credit = 0");
    bench.talk(0, &[("AT+CMGW=23", &["> "])]);
    assert_eq!(bench.enter(0, PLAIN_SUBMIT), ["+CMGW: 1", "OK"]);
    let unsent: &[&str] = &["+CMGL: 1,2,,23", PLAIN_SUBMIT, "OK"];
    bench.talk(
        0,
        &[
            ("AT+CMGL=2", unsent),
            ("AT+CMSS=9", &["+CMS ERROR: 321"]),
            ("AT+CMSS=1", &["+CMS ERROR: 38"]),
            ("AT+CMGL=2", unsent),
        ],
    );
    let credit = Some(None);
    let change = simgate::emulator::ModemChange { credit, ..<_>::default() };
    bench.world.change(0, change).expect("a modem");
    bench.talk(
        0,
        &[
            ("AT+CMSS=1", &["+CMSS: 2", "OK"]),
            ("AT+CMGL=3", &["+CMGL: 1,3,,23", PLAIN_SUBMIT, "OK"]),
            ("AT+CMSS=1,\"+447700900201\"", &["+CMSS: 3", "OK"]),
        ],
    );
    assert_eq!((texts(&bench, "+447700900200"), texts(&bench, "+447700900201")), (1, 1));
}

#[test]
fn a_received_text_cannot_be_sent_and_a_full_storage_takes_none() {
    let mut bench = Bench::quiet("storage = { sim = 1 }");
    bench.receive(0, "hello");
    bench.talk(0, &[("AT+CMSS=1", &["+CMS ERROR: 302"]), ("AT+CMGW=23,2", &["> "])]);
    assert_eq!(bench.enter(0, PLAIN_SUBMIT), ["+CMS ERROR: 322"]);
    bench.talk(0, &[("AT+CMGS=23", &["> "])]);
    assert_eq!(bench.enter(0, "0011"), ["+CMS ERROR: 304"]);
    bench.talk(0, &[("AT+CMGS=500", &["+CMS ERROR: 304"]), ("AT+CMGS=23", &["> "])]);
    assert_eq!(bench.enter(0, "not hexadecimal"), ["+CMS ERROR: 304"]);
}

#[test]
fn each_flag_of_cmgd_deletes_what_it_names() {
    for (flag, left) in [(1, "0,2,3"), (2, "0,2"), (3, "0"), (4, "")] {
        let mut bench = Bench::quiet("");
        bench.receive(0, "read");
        bench.talk(0, &[("AT+CMGW=23,2", &["> "])]);
        bench.enter(0, PLAIN_SUBMIT);
        bench.talk(0, &[("AT+CMGW=23,3", &["> "])]);
        bench.enter(0, PLAIN_SUBMIT);
        bench.lines(0, "AT+CMGR=1");
        bench.receive(0, "unread");
        bench.talk(0, &[(&format!("AT+CMGD=1,{flag}"), &["OK"])]);
        let listed = bench.lines(0, "AT+CMGL=4").join(" ");
        let mut stats: Vec<_> =
            listed.split("+CMGL: ").skip(1).filter_map(|l| l.split(',').nth(1)).collect();
        stats.sort_unstable();
        assert_eq!(stats.join(","), left, "flag {flag}");
    }
}

#[test]
fn a_report_is_read_and_deleted_in_its_own_storage() {
    let mut bench = Bench::quiet("storage = { reports = 1 }");
    bench.talk(0, &[("AT+CNMI=2,1,0,2,0", &["OK"])]);
    for said in [Some("+CDSI: \"SR\",1"), None] {
        bench.talk(0, &[("AT+CMGS=23", &["> "])]);
        assert_eq!(bench.enter(0, SUBMIT).get(2).map(String::as_str), said);
    }
    assert_eq!(bench.world.modem(0).expect("a modem").waiting, 1, "no room for the second");
    bench.talk(0, &[("AT+CPMS=\"SR\"", &["+CPMS: 1,1,0,30,0,30", "OK"])]);
    assert_eq!(bench.lines(0, "AT+CMGL=4")[0], "+CMGL: 1,0,,25");
    bench.talk(0, &[("AT+CMGD=1", &["OK", "+CDSI: \"SR\",1"])]);
}

#[test]
fn without_a_storage_of_their_own_reports_lie_among_the_texts() {
    let mut bench = Bench::quiet("storage = { reports = 0 }");
    let all = "(\"SM\",\"ME\",\"MT\",\"BM\"),(\"SM\",\"ME\"),(\"SM\",\"ME\")";
    bench.talk(
        0,
        &[
            ("AT+CPMS=?", &[&format!("+CPMS: {all}"), "OK"]),
            ("AT+CPMS=\"SR\"", &["+CMS ERROR: 302"]),
            ("AT+CNMI=2,1,0,2,0", &["OK"]),
            ("AT+CMGS=23", &["> "]),
        ],
    );
    assert_eq!(bench.enter(0, SUBMIT), ["+CMGS: 1", "OK", "+CDSI: \"SM\",1"]);
}

/// 23.040 §9.2.3.25: a repeated submit is refused while the first is on its way.
#[test]
fn a_repeated_submit_is_refused_while_the_first_is_on_its_way() {
    let mut bench = Bench::quiet("keeps_reference = true");
    let number = "+447700900200".to_owned();
    bench.world.set_phone(Phone { number: number.clone(), on: false, ..Phone::default() });
    let rejecting = SUBMIT.replacen("003100", "003507", 1);
    let again = SUBMIT.replacen("003100", "003107", 1);
    for (pdu, said) in [
        (&rejecting, &["+CMGS: 7", "OK"][..]),
        (&rejecting, &["+CMS ERROR: 197"]),
        (&again, &["+CMGS: 7", "OK"]),
    ] {
        bench.talk(0, &[("AT+CMGS=23", &["> "])]);
        assert_eq!(bench.enter(0, pdu), said);
    }
    bench.world.set_phone(Phone { number, ..Phone::default() });
    bench.pass(1_000);
    bench.talk(0, &[("AT+CMGS=23", &["> "])]);
    assert_eq!(bench.enter(0, &rejecting)[0], "+CMGS: 7", "the first has arrived");
}
