//! USSD: menus, and every way a string travels (quirks 104 to 110).

use super::Bench;

const CODES: &str = r##"
[modem.ussd.answers."*1#"]
text = "Balance 5"
encoding = "text"
[modem.ussd.answers."*2#"]
text = "Žito"
[modem.ussd.answers."*3#"]
text = "Balance"
encoding = "packed"
[modem.ussd.answers."*4#"]
text = "Bal"
encoding = "ascii"
[modem.ussd.answers."*5#"]
text = "Bal"
encoding = "ucs2"
dcs = 15
[modem.ussd.answers."*6#"]
text = "Menu\n1 more"
[modem.ussd.answers."*6#".answers.1]
text = "more"
"##;

#[test]
fn every_encoding_of_an_answer_can_be_had() {
    let mut bench = Bench::quiet(CODES);
    for (code, answer) in [
        ("*1#", "0,\"Balance 5\",15"),
        ("*2#", "0,\"017D00690074006F\",72"),
        ("*3#", "0,\"C2303BEC1E971B\",15"),
        ("*4#", "0,\"42616C\",0"),
        ("*5#", "0,\"00420061006C\",15"),
        ("*99#", "4"),
    ] {
        let said = bench.lines(0, &format!("AT+CUSD=1,\"{code}\",15"));
        assert_eq!(said, ["OK".to_owned(), format!("+CUSD: {answer}")], "{code}");
    }
}

#[test]
fn a_request_may_come_as_text_as_ucs2_and_packed() {
    let ucs2 = "002A00310023";
    let mut bench = Bench::quiet(CODES);
    let answer = "+CUSD: 0,\"Balance 5\",15";
    let spelt = "+CUSD: 0,\"00420061006C0061006E0063006500200035\",15";
    bench.talk(
        0,
        &[
            ("AT+CUSD=1,\"*1#\"", &["OK", answer]),
            (&format!("AT+CUSD=1,\"{ucs2}\",72"), &["OK", answer]),
            ("AT+CSCS=\"UCS2\"", &["OK"]),
            (&format!("AT+CUSD=1,\"{ucs2}\",15"), &["OK", spelt]),
        ],
    );
    let mut bench = Bench::quiet("profile = \"huawei\"");
    bench.talk(
        0,
        &[
            ("AT^USSDMODE=1", &["OK"]),
            (
                "AT+CUSD=1,\"AA180C3602\",15",
                &["OK", "+CUSD: 0,\"C2303BEC1E9775A0BA9B9D6EA7E96532\",15"],
            ),
        ],
    );
}

#[test]
fn a_menu_waits_for_its_answer() {
    let mut bench = Bench::quiet(CODES);
    let menu: &[&str] = &["OK", "+CUSD: 1,\"Menu\n1 more\",15"];
    bench.talk(
        0,
        &[
            ("AT+CUSD=1,\"*6#\",15", menu),
            ("AT+CUSD=1,\"1\",15", &["OK", "+CUSD: 0,\"more\",15"]),
            ("AT+CUSD=1,\"*6#\",15", menu),
            ("AT+CUSD=1,\"7\",15", &["OK", "+CUSD: 2"]),
            ("AT+CUSD=1,\"*6#\",15", menu),
            ("AT+CUSD=2", &["OK"]),
            ("AT+CUSD=1,\"1\",15", &["OK", "+CUSD: 4"]),
        ],
    );
}

#[test]
fn results_are_kept_back_until_they_are_wanted() {
    let mut bench = Bench::quiet(CODES);
    bench.world.ussd(0, "unheard").expect("a modem");
    bench.talk(0, &[("AT+CUSD=0,\"*1#\",15", &["OK"]), ("AT+CUSD=1", &["OK"])]);
    bench.world.ussd(0, "heard").expect("a modem");
    bench.pass(100);
    assert_eq!(bench.words(0), ["+CUSD: 0,\"heard\",15"]);
    bench.talk(0, &[("AT+CUSD?", &["+CUSD: 1", "OK"])]);
}
