//! What the fuzz targets of the AT language assert; the stories run it over their corpora.
//!
//! An input of `dialogue` is records with `\x1e` between them, so that a person can write one:
//! `*2` starts a command, `@500` lets milliseconds pass, `!` opens the port, `~` closes it, `?`
//! re-synchronises, and anything else is what the modem says.
#![allow(dead_code, reason = "each fuzz target uses its own half")]

use simgate::at::commands::general::{QueryMaker, Setup};
use simgate::at::commands::network::QueryRegistration;
use simgate::at::commands::sms::{ListMessages, SubmitPdu};
use simgate::at::commands::ussd::UssdReply;
use simgate::at::{Answer, Bare, Ending, FinalResult, Hint, Line, Output, Params, Request, Urc};

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
