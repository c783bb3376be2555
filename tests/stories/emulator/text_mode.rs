//! Text mode: +CMGF=1 with +CSMP, +CSDH and +CSCS.

use simgate::sms::{SegmentOptions, segment, to_hex};

use super::Bench;

#[test]
fn text_mode_lists_reads_and_marks_as_read() {
    let mut bench = Bench::quiet("");
    bench.talk(0, &[("AT+CMGF=1;+CNMI=2,1,0,0,0", &["OK"])]);
    assert_eq!(bench.receive(0, "hello"), ["+CMTI: \"SM\",1"]);
    let head = "+CMGL: 1,\"REC UNREAD\",\"+447700900200\",,\"26/11/21,09:00:14+00\"";
    let read = "+CMGR: \"REC READ\",\"+447700900200\",,\"26/11/21,09:00:14+00\"";
    let full = format!("{read},145,4,0,0,\"+447700900000\",145,5");
    bench.talk(
        0,
        &[
            ("AT+CMGL", &[head, "hello", "OK"]),
            ("AT+CMGL=\"REC UNREAD\"", &["OK"]),
            ("AT+CMGR=1", &[read, "hello", "OK"]),
            ("AT+CSDH=1;+CMGR=1", &[&full, "hello", "OK"]),
            ("AT+CMGL=\"WRONG\"", &["+CMS ERROR: 305"]),
            ("AT+CMGL=4", &["+CMS ERROR: 305"]),
            ("AT+CMGD=1", &["OK"]),
            ("AT+CMGL=\"ALL\"", &["OK"]),
        ],
    );
}

#[test]
fn a_text_typed_behind_the_prompt_is_coded_as_csmp_and_cscs_say() {
    let mut bench = Bench::quiet("");
    bench.talk(0, &[("AT+CMGF=1;+CSMP=17,167,0,0;+CSCS=\"IRA\"", &["OK"])]);
    for (set_up, to, typed, text) in [
        ("AT", "\"+447700900200\"", "hello", "hello"),
        ("AT", "\"447700900200\",145", "as dialled", "as dialled"),
        ("AT", "\"07700900200\"", "national", "national"),
        ("AT+CSMP=,,,8", "\"+447700900200\"", "006800E9017D", "héŽ"),
        (
            "AT+CSCS=\"UCS2\"",
            "\"002B003400340037003700300030003900300030003200300030\"",
            "0041",
            "A",
        ),
        ("AT+CSMP=,,,0", "\"+447700900200\"", "00410042", "AB"),
        ("AT+CSCS=\"HEX\"", "\"+447700900200\"", "4100", "A@"),
    ] {
        bench.talk(0, &[(set_up, &["OK"]), (&format!("AT+CMGS={to}"), &["> "])]);
        let said = bench.enter(0, typed);
        assert!(said[0].starts_with("+CMGS: ") && said[1] == "OK", "{said:?}");
        let handset = bench.world.handset("+447700900200").expect("a handset");
        assert_eq!(handset.texts.last().expect("a text").text, text, "{set_up} {to}");
    }
}

#[test]
fn lines_escape_and_backspace_work_while_a_text_is_typed() {
    let mut bench = Bench::quiet("");
    bench.talk(0, &[("AT+CMGF=1", &["OK"]), ("AT+CMGS=\"+447700900200\"", &["> "])]);
    bench.write(0, b"never\x1b");
    assert_eq!(bench.words(0), ["OK"]);
    assert_eq!(bench.world.submitted(0, 0).count(), 0);
    bench.talk(0, &[("AT+CMGS=\"+447700900200\"", &["> "])]);
    assert_eq!(bench.enter(0, "one\rtwoo\x08"), ["> ", "+CMGS: 1", "OK"]);
    let handset = bench.world.handset("+447700900200").expect("a handset");
    assert_eq!(handset.texts[0].text, "one\ntwo");
    bench.talk(
        0,
        &[("AT+CMGS", &["+CMS ERROR: 305"]), ("AT+CMGS=\"not a number\"", &["+CMS ERROR: 305"])],
    );
}

#[test]
fn text_mode_routes_texts_and_reports_in_words() {
    let mut bench = Bench::quiet("");
    bench.talk(0, &[("AT+CMGF=1;+CSMP=49,167,0,0;+CNMI=2,2,0,1,0", &["OK"])]);
    let head = "+CMT: \"+447700900200\",,\"26/11/21,09:00:14+00\"";
    assert_eq!(bench.receive(0, "hello"), [head, "hello"]);
    bench.talk(0, &[("AT+CMGS=\"+447700900200\"", &["> "])]);
    let said = bench.enter(0, "report, please");
    let stamps = "\"26/11/21,09:00:18+00\",\"26/11/21,09:00:18+00\"";
    let report = format!("+CDS: 6,1,\"+447700900200\",145,{stamps},0");
    assert_eq!(said, ["+CMGS: 1", "OK", &report]);
}

/// 27.005 §3.1, `<data>`: with a header in +CSMP's first octet the text is typed as octets, of GSM
/// septets the packed ones; it is shown so, too.
#[test]
fn with_a_header_a_text_is_typed_and_shown_as_octets() {
    let mut bench = Bench::quiet("");
    let options = SegmentOptions { reference: 0x2A, ..SegmentOptions::default() };
    let long = "A text that is longer than one segment can be. ".repeat(5);
    for (coding, text) in [(0, long.clone()), (8, format!("{long}\u{1F44B}"))] {
        let parts = segment(&text, &options).expect("a text").segments;
        assert!(parts.len() > 1);
        let set_up = format!("AT+CMGF=1;+CSMP=81,167,0,{coding};+CSCS=\"HEX\"");
        bench.talk(0, &[(&set_up, &["OK"])]);
        for part in &parts {
            let header = part.user_data.header.as_ref().expect("concatenated");
            let length = [header.octets().len() as u8];
            let octets = [&length[..], header.octets(), &part.user_data.body_octets()].concat();
            bench.talk(0, &[("AT+CMGS=\"+447700900200\"", &["> "])]);
            let said = bench.enter(0, &to_hex(&octets));
            assert!(said[0].starts_with("+CMGS: "), "{said:?}");
        }
        let handset = bench.world.handset("+447700900200").expect("a handset");
        let arrived = handset.texts.last().expect("a text");
        assert_eq!((arrived.text.trim_end_matches('@'), arrived.segments), (&*text, parts.len()));
    }
    bench.talk(0, &[("AT+CNMI=2,1,0,0,0;+CMGD=1,4", &["OK"])]);
    bench.receive(0, &long);
    bench.write(0, b"AT+CMGR=1\r");
    let words = bench.words(0);
    let shown = words.iter().find(|line| line.starts_with("050003")).expect("header and text");
    assert!(shown.bytes().all(|digit| digit.is_ascii_hexdigit()), "{shown}");
}

/// 27.005 §3.5.3, §3.5.2: a text is written with or without its recipient and sent from there; the
/// slot is marked.
#[test]
fn a_text_is_written_into_a_slot_and_sent_from_it() {
    let mut bench = Bench::quiet("");
    bench.talk(0, &[("AT+CMGF=1;+CSMP=17,167,0,0", &["OK"])]);
    for (write, send, index) in [
        ("AT+CMGW=\"+447700900200\"", "AT+CMSS=1", 1),
        ("AT+CMGW", "AT+CMSS=2,\"+447700900200\",145", 2),
    ] {
        bench.talk(0, &[(write, &["> "])]);
        assert_eq!(bench.enter(0, "kept"), [format!("+CMGW: {index}"), "OK".to_owned()]);
        bench.write(0, b"AT+CMGL=\"STO UNSENT\"\r");
        let unsent = bench.words(0);
        assert!(unsent[0].starts_with(&format!("+CMGL: {index},\"STO UNSENT\"")), "{unsent:?}");
        assert_eq!(unsent[1], "kept");
        bench.talk(0, &[(send, &[&format!("+CMSS: {index}"), "OK"])]);
        bench.talk(0, &[("AT+CMGL=\"STO UNSENT\"", &["OK"])]);
        let handset = bench.world.handset("+447700900200").expect("a handset");
        assert_eq!(handset.texts.len(), usize::from(index as u8));
    }
    bench.talk(0, &[("AT+CMSS=9", &["+CMS ERROR: 321"])]);
}
