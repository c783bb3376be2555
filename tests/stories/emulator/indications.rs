//! +CNMI in all modes, +CNMA and its supervision, reports and broadcasts (27.005 §3.4).

use super::{Bench, SUBMIT};

/// A DELIVER of 24 octets that says "hello" under a data coding scheme.
fn deliver(dcs: u8) -> String {
    format!("00040C91447700092000 00{dcs:02X}62112190000000 05E8329BFD06").replace(' ', "")
}

fn delivered(bench: &mut Bench, dcs: u8) -> Vec<String> {
    bench.world.pdu_to(0, &deliver(dcs)).expect("a PDU");
    bench.pass(1_000);
    bench.words(0)
}

#[test]
fn each_way_of_telling_an_arrival_is_obeyed() {
    // Per <mt>: no class, class 0, 1, 2, 3, waiting indication to be stored.
    const CODINGS: [u8; 6] = [0x00, 0x10, 0xF1, 0xF2, 0xF3, 0xD8];
    for (mt, told) in [(0, "------"), (1, "iiiIii"), (2, "rrrIri"), (3, "iiiIri")] {
        let mut bench = Bench::quiet("storage = { sim = 50 }");
        bench.talk(
            0,
            &[(
                &format!("AT+CPMS=\"SM\",\"SM\",\"ME\";+CNMI=2,{mt},0,0,0"),
                &["+CPMS: 0,50,0,50,0,100", "OK"],
            )],
        );
        let seen: String = CODINGS
            .iter()
            .map(|dcs| match delivered(&mut bench, *dcs).as_slice() {
                [] => '-',
                [line] if line.starts_with("+CMTI: \"ME\",") => 'i',
                [line] if line.starts_with("+CMTI: \"SM\",") => 'I',
                [head, pdu] if head == "+CMT: ,24" && *pdu == deliver(*dcs) => 'r',
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(seen, told, "mt={mt}");
        let routed = seen.matches('r').count();
        assert_eq!(bench.world.stored(0).expect("a modem").len(), 6 - routed, "mt={mt}");
    }
}

#[test]
fn mode_0_keeps_indications_back_until_a_mode_lets_them_out() {
    for (bfr, said) in [(0, &["OK", "+CMTI: \"SM\",1", "+CMTI: \"SM\",2"][..]), (1, &["OK"][..])] {
        let mut bench = Bench::quiet("");
        bench.talk(0, &[("AT+CNMI=0,1,0,0,0", &["OK"])]);
        assert_eq!(bench.receive(0, "one"), [""; 0]);
        assert_eq!(bench.receive(0, "two"), [""; 0]);
        bench.talk(0, &[(&format!("AT+CNMI=2,1,0,0,{bfr}"), said)]);
        assert_eq!(bench.receive(0, "three"), ["+CMTI: \"SM\",3"]);
    }
}

#[test]
fn an_indication_waits_while_a_command_is_typed_or_answered() {
    let mut bench = Bench::quiet("");
    bench.talk(0, &[("AT+CNMI=2,1,0,0,0", &["OK"])]);
    bench.write(0, b"AT+C");
    bench.world.text_to(0, "+447700900200", "hello").expect("a text");
    bench.pass(500);
    assert_eq!(bench.heard(0), "");
    bench.write(0, b"SQ\r");
    bench.pass(100);
    assert_eq!(bench.words(0), ["+CSQ: 20,99", "OK", "+CMTI: \"SM\",1"]);
}

#[test]
fn cnmi_takes_what_its_test_form_offers_and_keeps_what_is_left_out() {
    let mut bench = Bench::quiet("profile = \"simcom-sim7600\"");
    bench.talk(
        0,
        &[
            ("AT+CNMI=?", &["+CNMI: (0-2),(0-3),(0,2),(0-2),(0,1)", "OK"]),
            ("AT+CNMI=2,1,0,2,0", &["OK"]),
            ("AT+CNMI=3,1", &["+CMS ERROR: 303"]),
            ("AT+CNMI=,,1", &["+CMS ERROR: 303"]),
            ("AT+CNMI=1", &["OK"]),
            ("AT+CNMI?", &["+CNMI: 1,1,0,2,0", "OK"]),
        ],
    );
}

/// Fault 36: what is not acknowledged comes again, and nothing is routed meanwhile.
#[test]
fn a_missing_acknowledgement_ends_routing() {
    let mut bench = Bench::quiet("");
    bench.talk(0, &[("AT+CSMS=1;+CNMI=2,2,0,1,0", &["+CSMS: 1,1,1", "OK"])]);
    assert_eq!(bench.receive(0, "one").len(), 2);
    bench.talk(0, &[("AT+CNMA=0", &["OK"]), ("AT+CNMA", &["+CMS ERROR: 340"])]);
    assert_eq!(bench.receive(0, "two").len(), 2);
    assert_eq!(bench.receive(0, "three").len(), 0, "one message at a time");
    bench.pass(16_000);
    bench.talk(0, &[("AT+CNMI?", &["+CNMI: 2,0,0,0,0", "OK"])]);
    assert_eq!(bench.world.modem(0).expect("a modem").waiting, 2);
    bench.pass(61_000);
    assert_eq!(bench.world.stored(0).expect("a modem").len(), 2);
    assert_eq!(bench.words(0), [""; 0]);
}

#[test]
fn a_refused_message_comes_again_later() {
    let mut bench = Bench::quiet("");
    bench.talk(0, &[("AT+CSMS=1;+CNMI=2,2,0,1,0", &["+CSMS: 1,1,1", "OK"])]);
    let first = bench.receive(0, "again, please");
    bench.talk(0, &[("AT+CNMA=2,3", &["> "])]);
    assert_eq!(bench.enter(0, "00D300"), ["OK"]);
    bench.pass(61_000);
    assert_eq!(bench.words(0), first);
    bench.talk(0, &[("AT+CNMA=1,3", &["> "])]);
    assert_eq!(bench.enter(0, "000000"), ["OK"]);
    assert_eq!(bench.world.modem(0).expect("a modem").waiting, 0);
}

#[test]
fn a_report_is_dropped_routed_or_kept_as_ds_says() {
    for (ds, told) in [(0, None), (1, Some("+CDS: 25")), (2, Some("+CDSI: \"SR\",1"))] {
        let mut bench = Bench::quiet("");
        bench.talk(0, &[(&format!("AT+CNMI=2,1,0,{ds},0"), &["OK"]), ("AT+CMGS=23", &["> "])]);
        let said = bench.enter(0, SUBMIT);
        assert_eq!(said[..2], ["+CMGS: 1", "OK"]);
        assert_eq!(said.get(2).map(String::as_str), told);
        let kept = bench.world.stored(0).expect("a modem");
        assert_eq!(
            kept.iter().map(|(name, ..)| *name).collect::<Vec<_>>(),
            ["SR"; 2][..usize::from(ds == 2)]
        );
    }
}

/// Quirk 89: the report lies in SR and is announced as SM.
#[test]
fn a_family_may_announce_its_reports_under_a_wrong_name() {
    let mut bench = Bench::quiet("profile = \"quectel\"");
    bench.talk(0, &[("AT+CNMI=2,1,0,2,0", &["OK"]), ("AT+CMGS=23", &["> "])]);
    let said = bench.enter(0, SUBMIT);
    assert_eq!(said, ["+CMGS: 1", "OK", "+CDSI: \"SM\",0"]);
    bench.talk(0, &[("AT+CPMS=\"SM\"", &["+CPMS: 0,50,0,23,0,23", "OK"]), ("AT+CMGR=0", &["OK"])]);
    bench.talk(0, &[("AT+CPMS=\"SR\"", &["+CPMS: 1,10,0,23,0,23", "OK"])]);
    assert_eq!(bench.lines(0, "AT+CMGR=0")[0], "+CMGR: 0,,25");
}

#[test]
fn a_broadcast_page_is_taken_from_channels_that_are_listened_to() {
    let content = format!("{}{}", "E8329BFD46", "8D46A3D168341A".repeat(11));
    let page = |channel: &str, dcs: &str| format!("0010{channel}{dcs}11{content}");
    let (listed, unlisted, class3) = (page("0032", "01"), page("0033", "01"), page("0032", "F3"));
    let mut bench = Bench::quiet("");
    let hear = |bench: &mut Bench, page: &str| {
        bench.world.cell_broadcast(0, page).expect("a page");
        bench.pass(100);
        bench.words(0)
    };
    bench.talk(0, &[("AT+CSCB=0,\"40-50,900\",\"\"", &["OK"])]);
    assert_eq!(hear(&mut bench, &listed), [""; 0]);
    bench.talk(0, &[("AT+CNMI=2,0,2,0,0", &["OK"])]);
    assert_eq!(hear(&mut bench, &listed), ["+CBM: 88", &listed]);
    assert_eq!(hear(&mut bench, &unlisted), [""; 0]);
    bench.talk(0, &[("AT+CNMI=2,0,3,0,0", &["OK"])]);
    assert_eq!(hear(&mut bench, &class3), ["+CBM: 88", &class3]);
    assert_eq!(hear(&mut bench, &listed), ["+CBMI: \"BM\",1"]);
    bench.talk(
        0,
        &[
            ("AT+CPMS=\"BM\"", &["+CPMS: 1,10,0,30,0,30", "OK"]),
            ("AT+CMGL=4", &["+CMGL: 1,0,,88", &listed, "OK"]),
            ("AT+CMGF=1;+CNMI=2,0,2,0,0", &["OK"]),
        ],
    );
    let words = bench.lines(0, "AT+CMGR=1");
    assert_eq!(words[0], "+CMGR: \"REC READ\",16,50,1,1,1");
    assert!(words[1].starts_with("hello"), "{words:?}");
    assert_eq!(hear(&mut bench, &listed)[0], "+CBM: 16,50,1,1,1");
}
