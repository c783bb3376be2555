//! What the fuzz targets of the AT language assert; the stories run it over their corpora.
//!
//! An input of `dialogue` is records with `\x1e` between them, so that a person can write one:
//! `*2` starts a command, `@500` lets milliseconds pass, `!` opens the port, `~` closes it, `?`
//! re-synchronises, and anything else is what the modem says.
#![allow(dead_code, reason = "each fuzz target uses its own half")]

use simgate::at::commands::general::{
    Console, QueryClock, QueryErrorForm, QueryFunctionality, QueryImei, QueryMaker, QueryProduct,
    Setup,
};
use simgate::at::commands::network::{
    FindOperators, QueryEpsRegistration, QueryOperator, QueryRegistration, QuerySignal,
    QuerySignalDetail,
};
use simgate::at::commands::sim::{
    QueryIccid, QueryImsi, QueryOwnNumbers, QueryPinLock, QueryPinTries, QueryPinTriesBy, QuerySim,
};
use simgate::at::commands::sms::{
    ListIndications, ListMessages, ListStorages, QueryCentre, QueryIndications, QueryService,
    QueryStorages, ReadMessage, Storage, SubmitPdu, UseStorages,
};
use simgate::at::commands::ussd::UssdReply;
use simgate::at::{
    Answer, Bare, Command, ConsoleLine, Ending, FinalResult, Hint, Info, InfoLine, Line, Output,
    Params, Request, Urc,
};

use crate::talk::{Cut, Talk, lines, raw_lines};

/// Reads `data` in every way there is.
pub fn lexer(data: &[u8]) {
    for hint in [Hint::Line, Hint::Prompt, Hint::Answered] {
        raw_lines(data, hint);
    }
    for bare in [Bare::No, Bare::Text, Bare::Pdu] {
        let answer = Answer { bare, ..Answer::pdus(&["+CMGL:", "+CREG:"], Ending::Lost) };
        for line in lines(data, "AT+CMGL=4", &answer) {
            if let Line::Info(line) = line {
                Urc::parse(&line);
                FinalResult::parse(&line.text, true);
                Params::parse(&line.text).values().iter().for_each(|value| drop(value.numbers()));
                Params::rough(&line.text);
                UssdReply::parse(&line.text)
                    .map(|reply| reply.decode(|octets| format!("{octets:?}")));
            }
        }
    }
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
    ];
    QueryIccid::ALL.iter().for_each(|query| reply(query, data));
    if let Ok(line) = ConsoleLine::new("AT+CSQ") {
        reply(&Console(line), data);
    }
}

/// Reads `data` as the answer to `command`: as the classifier gives it, and as if each line had
/// been taken for a part of it.
fn reply<C: Command>(command: &C, data: &[u8]) {
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
    let done = whole.iter().filter(|output| matches!(output, Output::Done(..))).count();
    assert_eq!(done, started, "every command ends once");
    assert_eq!(play(data, Cut::Bytes).1, whole, "cutting makes no difference");
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
    }
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
        _ => Request::of(&SubmitPdu::new(None, &[0x01, 0x00, 0x04, 0x91])),
    }
}
