//! However the bytes are cut, a dialogue says the same; and no bytes make it panic.

use proptest::prelude::*;
use simgate::at::commands::general::QueryMaker;
use simgate::at::commands::network::QueryRegistration;
use simgate::at::commands::sms::{ListMessages, SubmitPdu};
use simgate::at::{Output, Params, Request, Value};

use crate::talk::{Cut, Talk};

/// What a modem may say next: pieces of real conversations, and noise.
fn piece() -> impl Strategy<Value = Vec<u8>> {
    const PIECES: &[&str] = &[
        "\r\nOK\r\n",
        "\r\nERROR\r\n",
        "\r\n+CMS ERROR: 500\r\n",
        "\r\n> ",
        ">",
        "AT+CREG?\r",
        "\r\n+CREG: 2,1,\"00AB\",\"0102\"\r\n",
        "\r\n+CREG: 5\r\n",
        "\r\n+CMGL: 1,1,,23\r\n",
        "079144775810\r\n",
        "\r\n+CMTI: \"SM\",3\r\n",
        "\r\n+CDS: 25\r\n",
        "\r\n+CUSD: 1,\"Menu\r\n1. ",
        "More\",15\r\n",
        "\r\n+CMGS: 17\r\n",
        "ERROR+CNUM: ,\"+15550100\",145\r\n",
        "\r\n+CMEE: 1\r\n",
        "^RSSI:20\r\n",
        "ACME\r\n",
    ];
    prop_oneof![
        8 => prop::sample::select(PIECES).prop_map(|piece| piece.as_bytes().to_vec()),
        1 => prop::collection::vec(any::<u8>(), 0..40),
    ]
}

/// What happens to a dialogue.
#[derive(Clone, Debug)]
enum Step {
    Hear(Vec<u8>),
    Wait(u64),
    Start(u8),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => prop::collection::vec(piece(), 1..5).prop_map(|pieces| Step::Hear(pieces.concat())),
        2 => prop::sample::select(vec![1_u64, 20, 500, 1_000, 5_000, 130_000]).prop_map(Step::Wait),
        3 => (0_u8..4).prop_map(Step::Start),
    ]
}

fn run(steps: &[Step], cut: Cut) -> Vec<Output> {
    let mut talk = Talk::cut(cut);
    for (ticket, step) in (0..).zip(steps) {
        match step {
            Step::Hear(bytes) => talk.hear_bytes(bytes),
            Step::Wait(ms) => talk.wait(*ms),
            Step::Start(which) => talk.request(ticket, request(*which)),
        };
    }
    talk.said
}

fn request(which: u8) -> Request {
    match which {
        0 => Request::of(&QueryMaker),
        1 => Request::of(&QueryRegistration),
        2 => Request::of(&ListMessages),
        _ => Request::of(&SubmitPdu::new(None, &[0x01, 0x00, 0x04, 0x91])),
    }
}

proptest! {
    #[test]
    fn it_does_not_matter_how_bytes_are_cut(
        steps in prop::collection::vec(step(), 1..12),
        pieces in prop::collection::vec(1_usize..9, 1..6),
    ) {
        let whole = run(&steps, Cut::Whole);
        prop_assert_eq!(&run(&steps, Cut::Bytes), &whole);
        prop_assert_eq!(&run(&steps, Cut::Pieces(pieces)), &whole);
    }

    #[test]
    fn every_command_ends_once(steps in prop::collection::vec(step(), 1..12)) {
        let mut talk = Talk::new();
        let mut started = 0;
        for (ticket, step) in (0..).zip(&steps) {
            match step {
                Step::Hear(bytes) => { talk.hear_bytes(bytes); }
                Step::Wait(ms) => { talk.wait(*ms); }
                Step::Start(which) => { talk.request(ticket, request(*which)); started += 1; }
            }
        }
        talk.wait(2_000_000);
        let done = talk.said.iter().filter(|output| matches!(output, Output::Done(..))).count();
        prop_assert_eq!(done, started);
        prop_assert!(talk.dialogue.is_idle() || talk.said.contains(&Output::Deaf));
    }

    #[test]
    fn any_text_is_parameters(text in ".{0,80}") {
        let params = Params::parse(&text);
        for value in params.values() {
            prop_assert!(value.numbers().len() <= 256);
        }
        Params::rough(&text);
    }

    #[test]
    fn numbers_and_texts_come_back_as_written(number in 0_i64..1_000_000, text in "[ -!#-~]{0,20}") {
        let params = Params::parse(&format!(" {number},\"{text}\" ,({number},1-3)"));
        let list = Value::List(vec![Value::Number(number), Value::Range(1, 3)]);
        prop_assert_eq!(params.values(), [Value::Number(number), Value::Quoted(text), list]);
    }
}

#[test]
fn parentheses_without_end_are_read_without_end_of_the_stack() {
    let text = "(".repeat(100_000);
    assert!(Params::parse(&text).values().len() <= 1);
}

/// Every scripted conversation of the repository, played to the dialogue alone: what the gateway
/// must send becomes a request, what the modem says is cut in three ways.
#[test]
fn every_scripted_conversation_is_heard_the_same_however_it_is_cut() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/dialogues");
    for script in scripts(&folder) {
        let steps: Vec<Step> = script.lines().filter_map(scripted).collect();
        let whole = run(&steps, Cut::Whole);
        assert_eq!(run(&steps, Cut::Bytes), whole);
        assert_eq!(run(&steps, Cut::Pieces(vec![3, 1, 7, 2])), whole);
    }
}

fn scripts(folder: &std::path::Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let scripts = entries.flat_map(|entry| match entry.path() {
        path if path.is_dir() => scripts(&path),
        path => std::fs::read_to_string(path).into_iter().collect(),
    });
    scripts.collect()
}

fn scripted(line: &str) -> Option<Step> {
    let (mark, rest) = line.split_at_checked(2)?;
    match mark {
        "> " if rest.starts_with("AT+CMGS") => Some(Step::Start(3)),
        "> " if rest.starts_with("AT+CMGL") => Some(Step::Start(2)),
        "> " if rest.starts_with("AT+CREG?") => Some(Step::Start(1)),
        "> " if rest.starts_with("AT") => Some(Step::Start(0)),
        "< " | "! " if rest == ">" => Some(Step::Hear(b"\r\n> ".to_vec())),
        "< " | "! " => Some(Step::Hear(format!("\r\n{rest}\r\n").into_bytes())),
        "@ " => Some(Step::Wait(1_000)),
        _ => None,
    }
}
