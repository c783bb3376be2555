//! What the fuzz targets of the AT language assert; the stories run it over their corpora.
//!
//! An input of `dialogue` is records with `\x1e` between them, so that a person can write one:
//! `*2` starts a command, `@500` lets milliseconds pass, `!` opens the port, `~` closes it, `?`
//! re-synchronises, and anything else is what the modem says.
//! An input of `replies` is an answer of a modem; its lines are also taken for what a person types.
#![allow(dead_code, reason = "each fuzz target uses its own half")]

use simgate::at::commands::call::HangUp;
use simgate::at::commands::general::{
    Console, QueryClock, QueryErrorForm, QueryFunctionality, QueryImei, QueryMaker, QueryProduct,
    Setup,
};
use simgate::at::commands::network::{
    FindOperators, QueryEpsRegistration, QueryOperator, QueryRegistration, QuerySignal,
    QuerySignalDetail,
};
use simgate::at::commands::sim::{
    EnterPin, QueryIccid, QueryImsi, QueryOwnNumbers, QueryPinLock, QueryPinTries, QueryPinTriesBy,
    QuerySim, SimState,
};
use simgate::at::commands::sms::{
    DeleteMessage, Indications, ListIndications, ListMessages, ListStorages, PhaseTwoPlus,
    QueryCentre, QueryIndications, QueryService, QueryStorages, ReadMessage, SendStored, SetCentre,
    Storage, SubmitPdu, UseIndications, UseStorages, WritePdu,
};
use simgate::at::commands::ussd::{SendUssd, SendUssdHex, UssdReply};
use simgate::at::{
    Answer, AtLine, Bare, Command, ConsoleLine, DialString, Disposition, End, Ending, FinalResult,
    Hex, Hint, Info, InfoLine, Line, Outcome, Output, Params, Quoted, Request, Stage, Urc,
};
use simgate::types::Millis;

use crate::talk::{Cut, Talk, lines, raw_lines};

/// Reads `data` in every way there is.
pub fn lexer(data: &[u8]) {
    for hint in [Hint::Line, Hint::Prompt, Hint::Answered] {
        raw_lines(data, hint);
    }
    for bare in [Bare::No, Bare::Text, Bare::Pdu] {
        let answer = Answer { bare, ..Answer::pdus(&["+CMGL:", "+CREG:"], Ending::Lost) };
        for line in lines(data, "AT+CMGL=4", &answer) {
            if let Line::Final(result) = &line {
                allowed(result);
            }
            if let Line::Info(line) = line {
                if let Some(Urc::Registration(registration)) = Urc::parse(&line) {
                    let _ = registration.state();
                }
                FinalResult::parse(&line.text, true).iter().for_each(allowed);
                let _ = SimState::parse(&line.text).words();
                Params::parse(&line.text).values().iter().for_each(|value| {
                    assert!(value.numbers().len() <= 256);
                    drop(value.texts());
                });
                Params::rough(&line.text);
                UssdReply::parse(&line.text)
                    .map(|reply| reply.decode(|octets| format!("{octets:?}")));
            }
        }
    }
}

/// A result has words, and before anything was sent no error leaves a doubt.
fn allowed(result: &FinalResult) {
    assert!(!result.to_string().is_empty());
    assert_eq!(result.disposition().is_none(), result.is_ok());
    assert_eq!(result.disposition_unsent().is_none(), result.is_ok());
    assert_ne!(result.disposition_unsent(), Some(Disposition::Ambiguous), "{result:?}");
}

/// Whatever came between a command and its final result: each command reads it, or says why not.
pub fn replies(data: &[u8]) {
    macro_rules! read {
        ($($command:expr),* $(,)?) => { $(reply(&$command, data);)* };
    }
    read![
        Setup("+CFUN=1"),
        QueryMaker,
        QueryProduct,
        QueryImei,
        QueryFunctionality,
        QueryClock,
        QueryErrorForm,
        QueryRegistration,
        QueryEpsRegistration,
        QueryOperator,
        QuerySignal,
        QuerySignalDetail,
        FindOperators,
        QuerySim,
        QueryPinTries,
        QueryImsi,
        QueryOwnNumbers,
        QueryPinTriesBy { text: "^CPIN?", prefix: "^CPIN:", position: 1 },
        QueryPinLock,
        QueryService,
        QueryCentre,
        ListMessages,
        ReadMessage(1),
        ListIndications,
        QueryIndications,
        ListStorages,
        QueryStorages,
        UseStorages(vec![Storage::Sm]),
        SubmitPdu::new(None, &[0x01, 0x00]),
        WritePdu::new(&[0x01, 0x00]),
        SendStored(1),
        DeleteMessage(1),
        PhaseTwoPlus,
        HangUp,
        UseIndications(Indications { mode: 2, mt: 1, bm: 0, ds: 1, bfr: 0 }),
    ];
    typed(data);
    QueryIccid::ALL.iter().for_each(|query| reply(query, data));
}

/// Each typed line is answered by the whole input: more would only be slow.
const MOST_TYPED: usize = 8;

/// What a person or a configuration wrote becomes part of a command, or is refused in words.
fn typed(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    for word in text.lines().take(MOST_TYPED) {
        match ConsoleLine::new(word) {
            Ok(line) => reply(&Console(line), data),
            Err(refused) => assert!(!refused.to_string().is_empty()),
        }
        if let Ok(quoted) = Quoted::new(word) {
            let pin = EnterPin(quoted.clone());
            let shown = Request::of(&pin).line.shown();
            assert_eq!(shown, "AT+CPIN=***");
            let debugged = format!("EnterPin(Quoted(<{} characters>))", word.len());
            assert_eq!(format!("{pin:?}"), debugged);
            reply(&pin, data);
            reply(&SetCentre(quoted.clone(), 145), data);
            reply(&SendUssd(quoted), data);
        }
        if let Ok(hex) = Hex::new(word) {
            assert_eq!(hex.as_str(), word);
            reply(&SendUssdHex(hex), data);
        }
        if let Ok(number) = DialString::new(word) {
            one_line(AtLine::new().name("D").dial(&number));
        }
    }
}

/// Nothing that is written ends a line early.
fn one_line(line: &AtLine) {
    assert!(line.text().bytes().all(|byte| matches!(byte, b' '..=b'~')), "{line:?}");
    assert!(!line.shown().is_empty());
}

/// Reads `data` as the answer to `command`: as the classifier gives it, and as if each line had
/// been taken for a part of it.
fn reply<C: Command>(command: &C, data: &[u8]) {
    one_line(&Request::of(command).line);
    let own = lines(data, "AT", &C::ANSWER).into_iter().filter_map(|line| match line {
        Line::Info(line) => Some(line),
        _ => None,
    });
    let _ = command.parse(&Info { lines: own.collect() });
    let text = String::from_utf8_lossy(data);
    let all = text.lines().map(|line| match line.split_once('\t') {
        Some((text, pdu)) => InfoLine { text: text.to_owned(), pdu: Some(pdu.to_owned()) },
        None => InfoLine::new(line),
    });
    let _ = command.parse(&Info { lines: all.collect() });
}

/// Plays `data` as operations, cut in two ways.
pub fn dialogue(data: &[u8]) {
    let (started, whole) = play(data, Cut::Whole);
    let outcomes = whole.iter().filter_map(|output| match output {
        Output::Done(_, outcome) => Some(outcome),
        _ => None,
    });
    let done = outcomes.inspect(|outcome| ended(outcome)).count();
    assert_eq!(done, started, "every command ends once");
    assert_eq!(play(data, Cut::Bytes).1, whole, "cutting makes no difference");
}

/// A reference is read from an answer only, and every other end has words.
fn ended(outcome: &Outcome) {
    if let Err(error) = outcome.reply(&SubmitPdu::new(None, &[])) {
        assert!(!error.to_string().is_empty());
    }
    assert!(outcome.stage != Stage::Refused || matches!(outcome.end, End::Final(_)));
}

fn play(data: &[u8], cut: Cut) -> (usize, Vec<Output>) {
    let mut talk = Talk::cut(cut);
    let mut started = 0;
    for record in data.split(|byte| *byte == 0x1E) {
        match record {
            [b'*', which] => {
                talk.request(started as u64, request(*which));
                started += 1;
            }
            [b'@', digits @ ..] => {
                let digits = digits.iter().take(6).filter(|digit| digit.is_ascii_digit());
                talk.wait(digits.fold(0, |ms, digit| ms * 10 + u64::from(digit - b'0')));
            }
            b"!" => talk.dialogue.opened(talk.now),
            b"~" => talk.dialogue.closed(talk.now),
            b"?" => talk.dialogue.sync(talk.now),
            said => {
                talk.hear_bytes(said);
            }
        }
        talk.drain();
        assert!(!talk.dialogue.is_deaf() || !talk.dialogue.is_idle());
    }
    assert!(talk.dialogue.noise() <= data.len() as u64);
    talk.dialogue.closed(talk.now);
    talk.drain();
    (started, talk.said)
}

fn request(which: u8) -> Request {
    match which {
        b'1' => Request::of(&QueryMaker),
        b'2' => Request::of(&QueryRegistration),
        b'3' => Request::of(&ListMessages),
        b'4' => Request::of(&Setup("+CFUN=1")),
        b'6' => Request::of(&WritePdu::new(&[0x01, 0x00, 0x04, 0x91])),
        b'7' => Request::of(&SendStored(1)).sending().at_once(),
        b'8' => Request {
            ask_after: Some(Millis(20_000)),
            ..Request::of(&SubmitPdu::new(None, &[0x01, 0x00, 0x04, 0x91])).sending()
        },
        _ => Request::of(&SubmitPdu::new(None, &[0x01, 0x00, 0x04, 0x91])),
    }
}
