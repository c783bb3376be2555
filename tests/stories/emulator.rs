//! The emulated modem, spoken to as a terminal program would.

use simgate::emulator::{Input, Output, Scenario, World};
use simgate::types::{Millis, UnixTime};

mod calls;
mod control;
mod faults;
mod indications;
mod profiles;
mod radio;
mod recording;
mod sim;
mod stored;
mod text_mode;
mod ussd;

/// A SUBMIT of 23 octets to +447700900200, "hellohello", with a report wanted.
pub const SUBMIT: &str = "0031000C914477000920000000A70AE8329BFD4697D9EC37";
/// The same without a report.
pub const PLAIN_SUBMIT: &str = "0011000C914477000920000000A70AE8329BFD4697D9EC37";

/// 2026-11-21T09:00:00Z.
pub const START: UnixTime = UnixTime(1_795_251_600_000);

/// A world under a clock that the test moves, and everything its modems have said.
pub struct Bench {
    pub world: World,
    pub now: Millis,
    heard: Vec<Vec<u8>>,
    pub unplugged: usize,
    pub plugged: usize,
}

impl Bench {
    pub fn new(scenario: Scenario) -> Bench {
        let mut bench = Bench::started(scenario);
        (0..bench.heard.len()).for_each(|modem| drop(bench.heard(modem)));
        bench
    }

    /// Ten seconds after power-on, with what was said meanwhile.
    pub fn started(scenario: Scenario) -> Bench {
        let modems = scenario.modems.len();
        let world = World::new(scenario, START).expect("a sound scenario");
        let heard = vec![Vec::new(); modems];
        let mut bench = Bench { world, now: Millis(0), heard, unplugged: 0, plugged: 0 };
        (0..modems).for_each(|modem| bench.world.handle(bench.now, Input::Opened { modem }));
        bench.pass(10_000);
        bench
    }

    pub fn plain(modems: usize) -> Bench {
        Bench::new(Scenario::plain(modems, "generic"))
    }

    /// One modem without echo, with numbered errors, on a network without delay.
    pub fn quiet(modem: &str) -> Bench {
        let network = "air_ms = [0, 0]\ndelivery_ms = [0, 0]\nreport_ms = [0, 0]";
        let mut bench = Bench::toml(&format!("[network]\n{network}\n[[modem]]\n{modem}\n"));
        bench.at(0, "ATE0+CMEE=1");
        bench
    }

    pub fn toml(scenario: &str) -> Bench {
        Bench::new(Scenario::parse(scenario).expect("a sound scenario"))
    }

    /// Lets time pass, stopping wherever the world wants to wake.
    pub fn pass(&mut self, ms: u64) {
        let end = self.now + Millis(ms);
        loop {
            match self.drain() {
                Some(at) if at <= end => self.now = at.max(self.now),
                _ => break,
            }
            self.world.handle(self.now, Input::Time);
        }
        self.now = end;
        self.world.handle(end, Input::Time);
        self.drain();
    }

    fn drain(&mut self) -> Option<Millis> {
        loop {
            match self.world.poll() {
                Output::Transmit { modem, bytes } => self.heard[modem].extend(bytes),
                Output::Unplug { .. } => self.unplugged += 1,
                Output::Plug { .. } => self.plugged += 1,
                Output::Changed => {}
                Output::WakeAt(at) => return at,
            }
        }
    }

    pub fn write(&mut self, modem: usize, bytes: &[u8]) {
        self.world.handle(self.now, Input::Bytes { modem, bytes });
        self.drain();
    }

    /// Everything a modem said since the last look.
    pub fn heard(&mut self, modem: usize) -> String {
        let bytes = std::mem::take(&mut self.heard[modem]);
        bytes.into_iter().map(char::from).collect()
    }

    /// A command line, two seconds of time, and what was said.
    pub fn at(&mut self, modem: usize, line: &str) -> String {
        self.write(modem, format!("{line}\r").as_bytes());
        self.pass(2_000);
        self.heard(modem)
    }

    /// Data behind a prompt, closed with Ctrl-Z.
    pub fn enter(&mut self, modem: usize, data: &str) -> Vec<String> {
        self.write(modem, format!("{data}\x1a").as_bytes());
        self.pass(2_000);
        self.words(modem)
    }

    /// A conversation: each line and all that is said to it.
    pub fn talk(&mut self, modem: usize, table: &[(&str, &[&str])]) {
        for (line, said) in table {
            assert_eq!(self.lines(modem, line), *said, "{line}");
        }
    }

    /// A text from the network, and what the modem says by itself within two seconds.
    pub fn receive(&mut self, modem: usize, text: &str) -> Vec<String> {
        self.world.text_to(modem, "+447700900200", text).expect("a text");
        self.pass(2_000);
        self.words(modem)
    }

    /// The same with echo off, as lines without blank ones.
    pub fn lines(&mut self, modem: usize, line: &str) -> Vec<String> {
        self.write(modem, format!("{line}\r").as_bytes());
        self.pass(2_000);
        self.words(modem)
    }

    /// Lines said since the last look, without blank ones.
    pub fn words(&mut self, modem: usize) -> Vec<String> {
        let heard = self.heard(modem);
        heard.split("\r\n").filter(|l| !l.is_empty()).map(str::to_owned).collect()
    }
}

#[test]
fn a_terminal_is_greeted_as_v250_has_it() {
    let mut bench = Bench::plain(1);
    assert_eq!(bench.at(0, "AT"), "AT\r\r\nOK\r\n");
    assert_eq!(bench.at(0, "ATE0"), "ATE0\r\r\nOK\r\n");
    assert_eq!(bench.at(0, "AT+CSQ;+CREG?"), "\r\n+CSQ: 20,99\r\n\r\n+CREG: 0,1\r\n\r\nOK\r\n");
    assert_eq!(bench.at(0, "ATV0"), "0\r");
    assert_eq!(bench.at(0, "AT+NOSUCH"), "4\r");
}

#[test]
fn a_text_sent_by_pdu_reaches_another_sim_and_its_report_comes_back() {
    let mut bench = Bench::plain(2);
    for modem in [0, 1] {
        bench.at(modem, "ATE0+CMGF=0;+CMEE=1;+CSMS=0;+CNMI=2,1,0,1,0");
    }
    // SUBMIT to +447700900101 with report: "hellohello".
    let pdu = "0031000C914477000910100000A70AE8329BFD4697D9EC37";
    assert_eq!(bench.at(0, "AT+CMGS=23"), "\r\n> ");
    bench.write(0, format!("{pdu}\x1a").as_bytes());
    bench.pass(5_000);
    let heard = bench.heard(0);
    assert!(heard.starts_with("\r\n+CMGS: 1\r\n\r\nOK\r\n"), "{heard}");
    assert!(heard.contains("\r\n+CDS: 25\r\n"), "{heard}");
    assert_eq!(bench.heard(1), "\r\n+CMTI: \"SM\",1\r\n");
    let listed = bench.lines(1, "AT+CMGL=4");
    assert_eq!(listed[0], "+CMGL: 1,0,,28");
    assert!(listed[1].ends_with("0AE8329BFD4697D9EC37"), "{listed:?}");
    assert_eq!(bench.lines(1, "AT+CMGD=1"), ["OK"]);
    assert_eq!(bench.lines(1, "AT+CMGL=4"), ["OK"]);
}

/// Fault 26: settings go with the power, stored messages do not.
#[test]
fn a_reset_forgets_settings_and_keeps_messages() {
    let mut bench = Bench::toml("[[modem]]\nprofile = \"huawei\"\n");
    bench.at(0, "ATE0+CMEE=1;+CNMI=1,1,0,0,0");
    bench.world.text_to(0, "+447700900200", "still here").expect("a text");
    bench.pass(2_000);
    assert!(bench.heard(0).contains("+CMTI: \"SM\",0"));
    bench.at(0, "AT+CFUN=1,1");
    assert_eq!(bench.unplugged, 1);
    bench.pass(10_000);
    bench.world.handle(bench.now, Input::Opened { modem: 0 });
    assert_eq!(bench.at(0, "AT+CNMI?"), "AT+CNMI?\r\r\n+CNMI: 0,0,0,0,0\r\n\r\nOK\r\n");
    assert!(bench.at(0, "AT+CMGL=4").contains("+CMGL: 0,0,,"));
}

/// Fault 30: the modem says error although the message left.
#[test]
fn a_lying_result_does_not_keep_the_message_back() {
    let mut bench = Bench::toml(
        "[[modem]]\n[[modem.faults.rules]]\non = \"+CMGS\"\neffect = { done_but_cms = 500 }\n",
    );
    bench.at(0, "ATE0+CMEE=1");
    bench.at(0, "AT+CMGS=23");
    bench.write(0, b"0031000C914477000910200000A70AE8329BFD4697D9EC37\x1a");
    bench.pass(3_000);
    assert_eq!(bench.heard(0), "\r\n+CMS ERROR: 500\r\n");
    assert_eq!(bench.world.submitted(0, 0).count(), 1);
    let texts = &bench.world.handset("+447700900102").expect("a handset").texts;
    assert_eq!(texts[0].text, "hellohello");
}

/// Fault 33: what does not fit waits in the network.
#[test]
fn messages_wait_in_the_network_until_a_slot_is_free() {
    let mut bench = Bench::toml("[[modem]]\nstorage = { sim = 2 }\n");
    bench.at(0, "ATE0");
    for text in ["one", "two", "three"] {
        bench.world.text_to(0, "Emulator", text).expect("a text");
        bench.pass(2_000);
    }
    assert_eq!(bench.world.modem(0).expect("a modem").waiting, 1);
    assert_eq!(bench.at(0, "AT+CMGD=1"), "\r\nOK\r\n");
    let modem = bench.world.modem(0).expect("a modem");
    assert_eq!((modem.waiting, modem.storages[0]), (0, ("SM", 2, 2)));
}

/// Fault 46: the counter is the card's own.
#[test]
fn a_wrong_pin_costs_a_try() {
    let mut bench = Bench::toml("[[modem]]\nsim = { pin = \"1234\" }\n");
    bench.at(0, "ATE0+CMEE=1");
    assert_eq!(bench.lines(0, "AT+CPIN?"), ["+CPIN: SIM PIN", "OK"]);
    assert_eq!(bench.lines(0, "AT+CMGF=0"), ["+CMS ERROR: 311"]);
    assert_eq!(bench.lines(0, "AT+CPIN=\"0000\""), ["+CME ERROR: 16"]);
    assert_eq!(bench.lines(0, "AT+CPINR=\"SIM PIN\"")[0], "+CPINR: SIM PIN,2,3");
    assert_eq!(bench.lines(0, "AT+CPIN=\"1234\""), ["OK"]);
    assert_eq!(bench.lines(0, "AT+CREG?"), ["+CREG: 0,1", "OK"]);
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]

    /// No bytes make a modem panic, and how they were cut makes no difference.
    #[test]
    fn any_bytes_in_any_pieces_give_the_same_words(
        bytes in proptest::collection::vec(
            proptest::prop_oneof![proptest::prelude::any::<u8>(), proptest::sample::select(&b"AT+CMGSLRD=?,;\"0123456789\r\x1a\x1b"[..])],
            0..300,
        ),
        cut in 1usize..20,
    ) {
        let (mut whole, mut pieces) = (Bench::plain(1), Bench::plain(1));
        whole.write(0, &bytes);
        bytes.chunks(cut).for_each(|piece| pieces.write(0, piece));
        whole.pass(10_000);
        pieces.pass(10_000);
        assert_eq!(whole.heard(0), pieces.heard(0));
    }
}
