//! Every family by what it says first, and by taking and giving one text.

use simgate::emulator::{Scenario, profiles};

use super::{Bench, PLAIN_SUBMIT};

#[test]
fn each_family_starts_with_its_own_words() {
    let banners: &[(&str, &[&str])] = &[
        ("generic", &[]),
        ("huawei", &["^SIMST:1", "^SRVST:2"]),
        ("simcom-sim800", &["RDY", "+CFUN: 1", "+CPIN: READY", "Call Ready", "SMS Ready"]),
        ("simcom-sim7600", &["RDY", "+CPIN: READY", "SMS DONE", "PB DONE"]),
        (
            "quectel",
            &["RDY", "+CPIN: READY", "+QUSIM: 1", "+CFUN: 1", "+QIND: SMS DONE", "+QIND: PB DONE"],
        ),
        (
            "zte",
            &[
                "+ZUSIMR:2",
                "+ZPASR: \"UMTS\"",
                "+ZDONR: \"Emulated\",234,99,\"CS_PS\",\"ROAM_OFF\"",
            ],
        ),
        ("ublox", &["+UUSIMSTAT: 1"]),
        ("telit", &["#QSS: 3"]),
        ("sierra", &[]),
    ];
    assert_eq!(profiles().collect::<Vec<_>>(), banners.iter().map(|b| b.0).collect::<Vec<_>>());
    for (profile, banner) in banners {
        let mut bench = Bench::started(Scenario::plain(1, profile));
        assert_eq!(bench.words(0), *banner, "{profile}");
    }
}

#[test]
fn each_family_names_itself_and_carries_texts_both_ways() {
    for profile in profiles() {
        let mut bench = Bench::quiet(&format!("profile = \"{profile}\""));
        for command in ["+CGMI", "+CGMM", "+CGMR", "+CGSN", "+CIMI"] {
            let said = bench.lines(0, &format!("AT{command}"));
            // Some families chatter in between.
            assert_eq!(said[1], "OK", "{profile} {command}: {said:?}");
        }
        bench.talk(0, &[("AT+CMGF=0;+CNMI=1,1,0,0,0", &["OK"])]);
        let said = bench.receive(0, "hello");
        let place = said[0].strip_prefix("+CMTI: \"").expect("an indication");
        let (storage, index) = place.split_once("\",").expect("a place");
        bench.lines(0, &format!("AT+CPMS=\"{storage}\",\"{storage}\",\"{storage}\""));
        let read = bench.lines(0, &format!("AT+CMGR={index}"));
        assert!(read[0].starts_with("+CMGR: 0,,"), "{profile}: {read:?}");
        assert_eq!(bench.lines(0, &format!("AT+CMGD={index}"))[0], "OK", "{profile}");
        bench.lines(0, "AT+CMGS=23");
        let sent = bench.enter(0, PLAIN_SUBMIT);
        assert!(sent[0].starts_with("+CMGS: ") && sent[1] == "OK", "{profile}: {sent:?}");
        let unknown = bench.lines(0, "AT+NOSUCH");
        let own = if profile == "huawei" { "COMMAND NOT SUPPORT" } else { "ERROR" };
        assert_eq!(unknown[0], own, "{profile}");
    }
}
