//! How modems really talk: one test for each oddity of the line, with its bytes.
//!
//! The numbers are rows of our table of modem quirks. Bytes are as reported, with numbers
//! reserved for fiction.

use simgate::at::commands::general::{
    Attention, Functionality, QueryFirmware, QueryFunctionality, QueryMaker, ResetProfile,
};
use simgate::at::commands::network::{QueryOperator, QueryRegistration, QuerySignal};
use simgate::at::commands::sim::{QueryOwnNumbers, QuerySim, SimState};
use simgate::at::commands::sms::{
    ListIndications, ListMessages, ListStorages, QueryStorages, ReadMessage, Storage, StorageFill,
    SubmitPdu, UseStorages,
};
use simgate::at::commands::ussd::{UssdForm, UssdReply};
use simgate::at::{
    Alarm, CommandError, Disposition, End, FinalResult, Hint, InfoLine, Output, RawLine, Stage, Urc,
};
use simgate::sms::{Tables, gsm7};
use simgate::types::Millis;

use crate::talk::{Talk, raw_lines, reply};

const SUBMIT: [u8; 12] = [0x01, 0x00, 0x0A, 0x91, 0x51, 0x55, 0x10, 0x10, 0x00, 0x00, 0x00, 0x00];
const PDU: &str = "0001000A9151551010000000000";

fn submit() -> SubmitPdu {
    SubmitPdu::new(None, &SUBMIT)
}

/// A submit that has its prompt and whose PDU is written.
fn sending() -> Talk {
    let mut talk = Talk::new();
    talk.start(1, &submit()).hear("\r\n> ");
    talk.wait(2_000);
    talk
}

fn urcs(bytes: &str) -> Vec<Urc> {
    let mut talk = Talk::new();
    talk.hear(bytes);
    unasked(&talk)
}

fn unasked(talk: &Talk) -> Vec<Urc> {
    let urcs = talk.said.iter().filter_map(|output| match output {
        Output::Urc(urc) => Some(urc.clone()),
        _ => None,
    });
    urcs.collect()
}

fn stored(storage: &str, index: u16) -> Urc {
    Urc::MessageStored { storage: Some(storage.to_owned()), index: Some(index) }
}

/// quirk 1, quirk 3, quirk 4, quirk 11
#[test]
fn an_echo_is_dropped_however_often_it_comes() {
    assert_eq!(reply(&Attention, "AT\r\r\nOK\r\n"), Ok(()));
    assert_eq!(reply(&Attention, "AT\rAT\r\r\nOK\r\r\n"), Ok(()));
    assert_eq!(reply(&QueryMaker, "AT+CGMI\r\r\nACME\r\n\r\nOK\r\n"), Ok("ACME".to_owned()));
}

/// quirk 2
#[test]
fn a_refused_reset_is_a_result_like_any_other() {
    let refused = reply(&ResetProfile, "ATZ\r\r\nERROR\r\n");
    assert_eq!(refused, Err(CommandError::Refused(FinalResult::Error)));
}

/// quirk 5
#[test]
fn a_code_in_front_of_the_echo_is_heard() {
    for glue in ["\r\n", ""] {
        let mut talk = Talk::new();
        talk.start(1, &QueryRegistration);
        talk.hear(&format!("+CMTI: \"SM\",1{glue}AT+CREG?\r\r\n+CREG: 0,1\r\n\r\nOK\r\n"));
        assert_eq!(unasked(&talk), [stored("SM", 1)], "{glue:?}");
        let outcome = talk.outcome(1).expect("an answer");
        assert_eq!(outcome.reply(&QueryRegistration).map(|r| r.stat), Ok(1));
    }
}

/// quirk 6, quirk 7
#[test]
fn noise_of_a_wrong_speed_does_not_hide_the_answer() {
    let mut talk = Talk::new();
    talk.start(1, &Attention).hear_bytes(b"\xFE\x00\x80");
    talk.hear_bytes(&[0; 900]).hear_bytes(&[0xFF; 5_000]).hear("OK\r\n");
    assert!(talk.outcome(1).is_some_and(|outcome| outcome.end == End::Final(FinalResult::Ok)));
    assert_eq!(talk.dialogue.noise(), 5_903);
}

/// quirk 7
#[test]
fn an_endless_line_is_thrown_away_and_the_next_one_read() {
    let endless = [vec![b'x'; 10_000], b"\r\nOK\r\n".to_vec()].concat();
    let ok = RawLine::Text { text: "OK".to_owned(), fresh: true };
    assert_eq!(raw_lines(&endless, Hint::Line), [RawLine::Overlong, ok]);
}

/// quirk 8, quirk 9
#[test]
fn what_follows_a_result_is_kept() {
    let mut talk = Talk::new();
    talk.start(1, &Attention).hear("\r\nO").hear("K\r\n\r\n+CMTI: \"ME\",1\r\n");
    assert!(talk.outcome(1).is_some());
    assert_eq!(unasked(&talk), [stored("ME", 1)]);
}

/// quirk 10
#[test]
fn nothing_is_written_behind_ctrl_z() {
    let mut talk = Talk::new();
    talk.start(1, &submit());
    assert_eq!(talk.written(), "AT+CMGS=12\r");
    talk.hear("\r\n> ");
    let written = talk.written();
    assert!(written.starts_with(&PDU[..20]) && written.ends_with("0\x1a"), "{written:?}");
}

/// quirk 12, quirk 13, quirk 37
#[test]
fn every_form_of_the_prompt_is_answered_at_once() {
    for prompt in
        ["AT+CMGS=12\r\r\n>\r\n\r", ">", "> ", "\r\nOK\r\n\r\n+CMTI: \"SM\",1\r\n> ", "\r\n> > "]
    {
        let mut talk = Talk::new();
        talk.start(1, &submit()).written();
        talk.hear(prompt);
        assert!(talk.written().ends_with('\x1a'), "{prompt:?}");
        talk.wait(3_000).hear("\r\n+CMGS: 7\r\n\r\nOK\r\n");
        let outcome = talk.outcome(1).expect("an end");
        assert_eq!((outcome.reply(&submit()), outcome.stage), (Ok(7), Stage::Accepted));
    }
}

/// quirk 14
#[test]
fn the_echo_of_the_pdu_is_no_answer() {
    let mut talk = Talk::new();
    talk.start(1, &submit()).hear("AT+CMGS=12\r\r\n> ");
    let written = talk.written();
    let pdu = written.rsplit('\r').next().unwrap_or_default();
    talk.hear(pdu).wait(9_000).hear("\r\n+CMS ERROR: 500\r\n");
    let outcome = talk.outcome(1).expect("an end");
    assert!(outcome.info.lines.is_empty());
    assert_eq!(outcome.stage, Stage::Refused);
    let End::Final(error) = &outcome.end else { panic!("{outcome:?}") };
    assert_eq!(error.disposition(), Some(Disposition::Ambiguous));
}

/// quirk 15, quirk 29
#[test]
fn ok_before_the_pdu_is_no_success_and_silence_after_it_is_ambiguous() {
    let mut talk = Talk::new();
    talk.start(1, &submit()).hear("> \r\nOK\r\n").wait(119_000);
    assert_eq!(talk.outcome(1), None);
    talk.wait(2_000);
    let outcome = talk.outcome(1).expect("an end");
    assert_eq!((&outcome.end, outcome.stage), (&End::TimedOut, Stage::BodyWritten));
}

/// quirk 16, quirk 28
#[test]
fn a_modem_still_busy_with_the_last_message_says_so() {
    let mut talk = Talk::new();
    talk.start(1, &submit()).hear("\r\n+CMS ERROR: 515\r\n");
    let outcome = talk.outcome(1).expect("an end");
    assert_eq!(outcome.stage, Stage::Written);
    assert!(matches!(&outcome.end, End::Final(e) if e.disposition() == Some(Disposition::Modem)));
}

/// quirk 17, quirk 18
#[test]
fn a_modem_stuck_at_its_prompt_is_freed_with_escape() {
    let mut talk = Talk::new();
    talk.start(1, &QuerySignal).wait(5_000);
    assert!(talk.written().ends_with('\x1b'));
    talk.wait(500);
    assert_eq!(talk.written(), "AT\r");
    talk.hear("\r\n> +CMTI: \"SM\",0\r\n");
    assert_eq!(talk.written(), "\x1b");
    talk.wait(500).hear("\r\nOK\r\n").hear("\r\n+CMEE: 1\r\n\r\nOK\r\n");
    assert_eq!(talk.written(), "AT\rAT+CMEE?\r");
    assert!(talk.said.contains(&Output::Synced));
    assert_eq!(unasked(&talk), [stored("SM", 0)]);
}

/// quirk 20, quirk 21, quirk 27
#[test]
fn ok_without_a_reference_is_no_success() {
    let mut talk = sending();
    talk.hear("\r\n+CSN:1\r\n\r\nOK\r\n");
    let outcome = talk.outcome(1).expect("an end");
    assert!(matches!(outcome.reply(&submit()), Err(CommandError::Unreadable(_))));
    assert_eq!(outcome.stage, Stage::BodyWritten);
}

/// quirk 26
#[test]
fn the_pdu_waits_for_its_prompt() {
    let mut talk = Talk::new();
    talk.start(1, &submit()).written();
    talk.hear("\r\n+CME ERROR: 4\r\n").wait(1_000);
    assert_eq!(talk.written(), "");
}

/// quirk 30, quirk 31, quirk 32, quirk 33, quirk 36, quirk 38
#[test]
fn unasked_lines_inside_an_answer_leave_it_whole() {
    let mut talk = Talk::new();
    talk.start(1, &ListMessages);
    talk.hear("^RSSI: 20\r\n^BOOT:1,0,0,0,1\r\n\r\n+CMGL: 0,0,,6\r\n^RSSI:17\r\n00040A9151\r\n");
    talk.hear("+CMTI: \"SM\",3\r\n+CMGL: 3,1,,1\r\n0004\r\nOK\r\n");
    let list = talk.outcome(1).expect("an answer").reply(&ListMessages).expect("a list");
    let read: Vec<_> = list.iter().map(|m| (m.index, m.stat, m.pdu.as_deref())).collect();
    assert_eq!(read, [(Some(0), Some(0), Some("00040A9151")), (Some(3), Some(1), Some("0004"))]);
    assert_eq!(unasked(&talk).len(), 4);
    assert!(!list[0].is_whole() && list[1].is_whole());
}

/// quirk 34, quirk 107, quirk 111
#[test]
fn a_network_text_may_come_before_the_ok_and_over_several_lines() {
    let found =
        urcs("\r\n^MODE: 5,4\r\n+CUSD: 1,\"Menu:\r\n1. \"More\" now\r\n2. Less\",15\r\n\r\nOK\r\n");
    let [_, Urc::Ussd(UssdReply { text, dcs, .. })] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!((text.as_str(), *dcs), ("Menu:\n1. \"More\" now\n2. Less", Some(15)));
}

/// quirk 107
#[test]
fn a_network_text_that_lost_its_end_is_given_up_and_hides_nothing() {
    let mut talk = Talk::new();
    talk.start(1, &Attention).hear("+CUSD: 0,\"Men\r\n\r\nOK\r\n");
    assert_eq!(talk.outcome(1), None);
    talk.wait(2_000);
    assert!(talk.outcome(1).is_some());
}

/// quirk 35
#[test]
fn an_answer_behind_its_ok_is_heard_as_an_unasked_line() {
    let mut talk = Talk::new();
    talk.start(1, &QueryRegistration).hear("\r\nOK\r\n+CREG: 5,\"25FF\",\"825E\"\r\n");
    assert!(
        matches!(unasked(&talk)[..], [Urc::Registration(r)] if r.stat == 5 && r.area == 0x25FF)
    );
}

/// quirk 40, quirk 43
#[test]
fn every_way_to_refuse_ends_the_command() {
    for refusal in
        ["COMMAND NOT SUPPORT", "TOO MANY PARAMETERS", "UNKNOWN COMMAND\r\nMODEM ERROR: 5"]
    {
        let refused = reply(&QuerySignal, &format!("\r\n{refusal}\r\n"));
        assert_eq!(refused, Err(CommandError::Refused(FinalResult::Error)), "{refusal}");
    }
}

/// quirk 41
#[test]
fn a_result_nobody_waits_for_is_reported_and_ignored() {
    let mut talk = Talk::new();
    talk.hear("COMMAND NOT SUPPORT\r\n");
    assert_eq!(talk.said, [Output::Stray("ERROR".to_owned())]);
}

/// quirk 42
#[test]
fn a_result_glued_to_the_next_line_ends_its_command() {
    let mut talk = Talk::new();
    talk.start(1, &Attention).hear("ERROR+CMTI: \"SM\",4\r\n");
    assert!(talk.outcome(1).is_some());
    assert_eq!(unasked(&talk), [stored("SM", 4)]);
}

/// quirk 44, quirk 45
#[test]
fn an_answer_whose_ok_never_comes_counts_after_five_seconds() {
    let mut talk = Talk::new();
    talk.start(1, &QuerySim).hear("\r\n+CPIN: READY\r\n").wait(4_999);
    assert_eq!(talk.outcome(1), None);
    talk.wait(1);
    let outcome = talk.outcome(1).expect("an end");
    assert_eq!((outcome.reply(&QuerySim), &outcome.end), (Ok(SimState::Ready), &End::Assumed));
}

/// quirk 48, quirk 50, quirk 51, quirk 56
#[test]
fn a_modem_that_is_still_starting_says_try_again() {
    for error in ["+CME ERROR: SIM busy", "+CME ERROR: 14", "+CMS ERROR: 314", "+CME ERROR: 515"] {
        let Err(CommandError::Refused(result)) = reply(&Attention, &format!("\r\n{error}\r\n"))
        else {
            panic!("{error}")
        };
        assert_eq!(result.disposition_unsent(), Some(Disposition::Modem), "{error}");
    }
}

/// quirk 49
#[test]
fn a_result_is_never_data() {
    assert!(reply(&QueryFirmware, "\r\nOK\r\n").is_err());
}

/// quirk 52, quirk 53, quirk 54, quirk 55
#[test]
fn starting_and_failing_supplies_are_told_apart() {
    let boot = urcs("\r\nRDY\r\n\r\n+CPIN: READY\r\n\r\nSMS DONE\r\n\r\nPB DONE\r\n");
    let ignored = Urc::Ignored("PB DONE".to_owned());
    assert_eq!(boot, [Urc::Start, Urc::Sim(SimState::Ready), Urc::SmsReady, ignored]);
    assert_eq!(urcs("NORMAL POWER DOWN\r\n"), [Urc::PowerDown]);
    let words = "UNDER-VOLTAGE WARNNING POWER DOWN";
    let alarm = Urc::Alarm(Alarm::Supply, words.to_owned());
    assert_eq!(urcs(&format!("{words}\r\n")), [alarm]);
}

/// quirk 57, quirk 58
#[test]
fn functionality_is_read_even_from_the_test_form() {
    for (line, functionality) in [
        ("+CFUN: 4", Functionality::RadioOff),
        ("+CFUN: 1", Functionality::Full),
        ("+CFUN: (0-1,4-7),(0-1)", Functionality::Full),
    ] {
        assert_eq!(
            reply(&QueryFunctionality, &format!("\r\n{line}\r\n\r\nOK\r\n")),
            Ok(functionality)
        );
    }
}

/// quirk 59
#[test]
fn a_quoted_sim_state_is_the_same_state() {
    assert_eq!(reply(&QuerySim, "\r\n+CPIN: \"SIM PIN\"\r\n\r\nOK\r\n"), Ok(SimState::Pin));
}

/// quirk 62
#[test]
fn an_echo_alone_is_no_answer() {
    let mut talk = Talk::new();
    talk.start(1, &QuerySignal).hear("AT+CSQ\r\r\n").wait(5_000);
    assert!(talk.outcome(1).is_some_and(|outcome| outcome.end == End::TimedOut));
}

/// quirk 64, quirk 79, quirk 89
#[test]
fn an_empty_slot_is_no_error_and_index_0_is_a_slot() {
    assert_eq!(reply(&ReadMessage(0), "\r\nOK\r\n"), Ok(None));
    assert_eq!(reply(&ReadMessage(0), "\r\n+CMGR: 0,,0\r\n\r\nOK\r\n"), Ok(None));
    assert_eq!(urcs("+CDSI: \"SM\",0\r\n").len(), 1);
}

/// quirk 65, quirk 66
#[test]
fn a_message_without_a_place_asks_for_a_listing() {
    let nowhere = Urc::MessageStored { storage: None, index: None };
    assert_eq!(urcs("+CMTI: ,-1\r\n"), [nowhere]);
    assert_eq!(urcs("+CMTI: 0,12\r\n"), [Urc::MessageStored { storage: None, index: Some(12) }]);
}

/// quirk 67
#[test]
fn a_full_storage_is_named() {
    assert_eq!(urcs("^SMMEMFULL:\"SM\"\r\n"), [Urc::StorageFull(Some("SM".to_owned()))]);
}

/// quirk 69, quirk 72, quirk 73
#[test]
fn storage_lists_are_read_with_what_quoting_they_have() {
    use Storage::{Me, Mt, Sm};
    let listed = |line: &str| {
        reply(&ListStorages, &format!("\r\n{line}\r\n\r\nOK\r\n"))
            .map(|choices| [choices.read, choices.write, choices.receive])
    };
    let choices = [vec![Me, Sm, Mt], vec![Me, Sm, Mt], vec![Sm, Mt]];
    let line = "+CPMS: (\"ME\",\"SM\",\"MT\"),(\"ME\",\"SM\",\"MT\"),(\"SM\",\"MT\")";
    assert_eq!(listed(line), Ok(choices));
    for line in ["+CPMS: ", "+CPMS: ,,,,,,,,", "+CPMS: (),(),()"] {
        assert_eq!(listed(line), Ok([vec![], vec![], vec![]]), "{line}");
    }
    assert_eq!(listed("+CPMS: (ME\", \"SR\")").map(|[read, ..]| read), Ok(vec![Me, Storage::Sr]));
}

/// quirk 63, quirk 71, quirk 78
#[test]
fn counts_without_names_belong_to_the_storages_asked_for() {
    let fill = |storage, used, total| StorageFill { storage: Some(storage), used, total };
    let wanted = UseStorages(vec![Storage::Sm, Storage::Me, Storage::Sm]);
    let counts = reply(&wanted, "\r\n+CPMS: 1,15,0,23,1,15\r\n\r\nOK\r\n");
    let named = [(Storage::Sm, 1, 15), (Storage::Me, 0, 23), (Storage::Sm, 1, 15)];
    assert_eq!(counts, Ok(named.map(|(s, u, t)| fill(s, u, t)).to_vec()));
    let read =
        reply(&QueryStorages, "\r\n+CPMS: \"ME\",0,23,\"ME\",0,23,\"SM\",10,10\r\n\r\nOK\r\n");
    assert_eq!(read.map(|fills| fills.last().copied()), Ok(Some(fill(Storage::Sm, 10, 10))));
    let unread = reply(&wanted, "\r\n+CPMS: 0,0,0,0,0,0\r\n\r\nOK\r\n").expect("counts");
    assert!(unread.iter().all(|fill| fill.total == 0));
}

/// quirk 75, quirk 76, quirk 77, quirk 81
#[test]
fn a_listing_is_read_from_its_ends() {
    for (header, stat, length) in [
        ("+CMGL: 17,3,35", Some(3), Some(35)),
        ("+CMGL: 17,0,\"\",25", Some(0), Some(25)),
        ("+CMGL: 17, 0, \"Ann, Bob\", 25", Some(0), Some(25)),
        ("+CMGL: 17,\"REC READ\",\"+15550100\",,\"24/…\"", None, None),
    ] {
        let list = reply(&ListMessages, &format!("\r\n{header}\r\n079100\r\n\r\nOK\r\n"));
        let list = list.expect("a list");
        let read: Vec<_> = list.iter().map(|m| (m.index, m.stat, m.length)).collect();
        assert_eq!(read, [(Some(17), stat, length)], "{header}");
    }
}

/// quirk 83
#[test]
fn indications_are_chosen_from_the_modems_own_lists() {
    let line = "\r\n+CNMI: (0-3),(0,1),(0,2,3),(0,2),(1)\r\n\r\nOK\r\n";
    let choices = reply(&ListIndications, line).expect("lists");
    let wanted =
        |bfr| simgate::at::commands::sms::Indications { mode: 2, mt: 1, bm: 0, ds: 0, bfr };
    assert!(!choices.allow(wanted(0)) && choices.allow(wanted(1)));
}

/// quirk 91, quirk 92
#[test]
fn a_direct_message_is_its_header_and_the_next_line() {
    let found = urcs("+CDS: 25\r\n^RSSI:3\r\n0791198904002023064 00C91\r\n");
    let [Urc::Signal(3), Urc::ReportDirect(report)] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!((report.length, report.pdu.as_str()), (Some(25), "079119890400202306400C91"));
}

/// quirk 95, quirk 96, quirk 97, quirk 98, quirk 99, quirk 100
#[test]
fn registrations_are_read_with_broken_blanks_and_quotes() {
    for (line, stat, area, cell) in [
        ("+CREG: 2,1, 550014, 676", 1, 0x550014, 0x676),
        ("+CREG: 2,1,0A,3799B", 1, 0x0A, 0x3799B),
        ("+CREG:002,001,\"18d8\",\"ffff\"", 1, 0x18D8, 0xFFFF),
        ("+CREG: 2,1,  0 5, 2715", 1, 0, 0x2715),
        ("+CREG: 2,1,\"0B,\"0100701\",7", 1, 0x0B, 0x0100701),
        ("+CREG: 2,1,\"5E25", 1, 0x5E25, 0),
    ] {
        let read = reply(&QueryRegistration, &format!("\r\n{line}\r\n\r\nOK\r\n"));
        assert_eq!(read.map(|r| (r.stat, r.area, r.cell)), Ok((stat, area, cell)), "{line}");
    }
    assert_eq!(urcs("\r\n+CREG: 5\r\n\r\n+CGREG: 0\r\n").len(), 2);
}

/// quirk 101
#[test]
fn missing_quotes_do_not_hide_a_number_or_a_name() {
    let numbers = reply(&QueryOwnNumbers, "\r\n+CNUM: \"\",+15550100\",145\r\n\r\nOK\r\n");
    assert_eq!(numbers, Ok(vec!["+15550100".to_owned()]));
    let operator = reply(&QueryOperator, "\r\n+COPS: 0,0,\"ACME,0\r\n\r\nOK\r\n");
    assert_eq!(operator, Ok(Some("ACME".to_owned())));
}

/// quirk 104, quirk 105, quirk 106, quirk 110
#[test]
fn a_network_text_is_read_by_what_it_holds_not_by_its_label() {
    let decode = |rest: &str| {
        let reply = UssdReply::parse(rest).expect("a reply");
        reply.decode(|octets| Tables::of(None, None).decode(&gsm7::unpack_ussd(octets)))
    };
    let ucs2 = "00420061006C0061006E00630065";
    for dcs in ["15", "7", "72"] {
        let read = decode(&format!(" 0,\"{ucs2}00\",{dcs}"));
        assert_eq!(read, (UssdForm::Ucs2Hex, "Balance".to_owned()), "{dcs}");
    }
    let packed = simgate::sms::to_hex(&gsm7::pack_ussd(b"Balance 5 EUR"));
    let read = decode(&format!(" 0,\"{packed}\",0"));
    assert_eq!(read, (UssdForm::PackedHex, "Balance 5 EUR".to_owned()));
    assert_eq!(decode(" 0,\"42616C616E6365\",0").0, UssdForm::OctetHex);
    assert_eq!(decode(" 0,\"1250\",15"), (UssdForm::Text, "1250".to_owned()));
}

/// Fault 31
#[test]
fn a_reference_after_the_timeout_is_told_of_the_lost_message_and_answers_nothing_else() {
    let mut talk = sending();
    talk.wait(120_000);
    assert!(talk.outcome(1).is_some_and(|outcome| outcome.end == End::TimedOut));
    talk.hear("\r\nOK\r\n").hear("\r\n+CMEE: 1\r\n\r\nOK\r\n").wait(20);
    talk.start(2, &Attention).hear("\r\n+CMGS: 17\r\n\r\nOK\r\n");
    let late = talk.late(1).expect("a late answer");
    assert_eq!((late.reply(&submit()), late.stage), (Ok(17), Stage::Accepted));
    assert_eq!(talk.outcome(2), None);
    talk.hear("\r\nOK\r\n");
    assert!(talk.outcome(2).is_some());
}

/// Fault 31
#[test]
fn a_late_refusal_is_told_of_the_lost_message_but_never_takes_another_commands_error() {
    for (error, late) in [("+CMS ERROR: 38", true), ("ERROR", false)] {
        let mut talk = sending();
        talk.wait(120_000).hear(&format!("\r\n{error}\r\n"));
        assert_eq!(talk.late(1).is_some(), late, "{error}");
    }
    let mut talk = sending();
    talk.wait(120_000).hear("\r\nOK\r\n").hear("\r\n+CMEE: 1\r\n\r\nOK\r\n").wait(20);
    talk.start(2, &ReadMessage(9)).hear("\r\n+CMS ERROR: 321\r\n");
    assert!(talk.outcome(2).is_some() && talk.late(1).is_none());
}

/// Fault 31
#[test]
fn a_late_reference_before_the_next_prompt_belongs_to_the_message_before() {
    let mut talk = sending();
    talk.wait(120_000).hear("\r\nOK\r\n").hear("\r\n+CMEE: 1\r\n\r\nOK\r\n").wait(20);
    talk.start(2, &submit()).hear("\r\n+CMGS: 17\r\n\r\nOK\r\n\r\n> ");
    talk.wait(3_000).hear("\r\n+CMGS: 18\r\n\r\nOK\r\n");
    let reply =
        |outcome: Option<&simgate::at::Outcome>| outcome.and_then(|o| o.reply(&submit()).ok());
    assert_eq!((reply(talk.late(1)), reply(talk.outcome(2))), (Some(17), Some(18)));
}

/// Fault 29
#[test]
fn a_forgotten_ok_does_not_cost_the_next_command_its_own() {
    let mut talk = Talk::new();
    talk.start(1, &QuerySim).hear("\r\n+CPIN: READY\r\n").wait(5_500);
    talk.hear("\r\nOK\r\n").hear("\r\n+CMEE: 1\r\n\r\nOK\r\n").wait(20);
    talk.start(2, &Attention).hear("\r\nOK\r\n");
    assert!(talk.outcome(2).is_some());
}

/// Fault 32
#[test]
fn the_ok_of_a_lost_command_does_not_answer_the_next() {
    let mut talk = Talk::new();
    talk.start(1, &QuerySignal).wait(5_500);
    talk.start(2, &QuerySim);
    // The lost command's own OK, then the one for AT, then the guard's.
    talk.hear("\r\nOK\r\n").hear("\r\nOK\r\n").wait(100);
    assert!(!talk.written().contains("+CPIN"));
    talk.hear("\r\n+CMEE: 1\r\n\r\nOK\r\n").wait(20).hear("\r\n+CPIN: READY\r\n\r\nOK\r\n");
    let outcome = talk.outcome(2).expect("an answer");
    assert_eq!(outcome.reply(&QuerySim), Ok(SimState::Ready));
}

/// Fault 8
#[test]
fn a_silent_port_is_called_deaf_and_nothing_that_waits_was_written() {
    let mut talk = Talk::new();
    talk.dialogue.opened(talk.now);
    talk.start(1, &QuerySignal).wait(60_000);
    assert!(talk.said.contains(&Output::Deaf));
    let outcome = talk.outcome(1).expect("an end");
    assert_eq!((&outcome.end, outcome.stage), (&End::GivenUp, Stage::Waiting));
    assert_eq!(talk.written(), format!("\x1b{}", "AT\r".repeat(10)));
}

/// Fault 23
#[test]
fn the_first_byte_to_a_new_port_is_escape_and_never_ctrl_z() {
    let mut talk = Talk::new();
    talk.dialogue.opened(Millis(0));
    talk.drain();
    talk.hear("\r\n> \r\nOK\r\n").wait(500);
    assert_eq!(talk.written(), "\x1bAT\r");
}

#[test]
fn commands_keep_twenty_milliseconds_apart() {
    let mut talk = Talk::new();
    talk.start(1, &Attention).start(2, &QuerySignal);
    assert_eq!(talk.written(), "AT\r");
    talk.hear("\r\nOK\r\n").wait(19);
    assert_eq!(talk.written(), "");
    talk.wait(1);
    assert_eq!(talk.written(), "AT+CSQ\r");
}

#[test]
fn a_line_of_satellites_says_this_is_the_wrong_port() {
    assert_eq!(Urc::parse(&InfoLine::new("$GPGGA,1,2")), Some(Urc::WrongPort));
}
