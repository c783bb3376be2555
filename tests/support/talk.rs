//! A dialogue under test: what it wrote and concluded, and a clock that the test moves.

use simgate::at::{
    Answer, Command, CommandError, Dialogue, Hint, Info, Input, Lexer, Line, Outcome, Output,
    RawLine, Reader, Request, Ticket, Watch,
};
use simgate::types::Millis;

/// How bytes are cut on their way.
#[derive(Clone, Debug)]
pub enum Cut {
    /// Not at all.
    Whole,
    /// After every byte.
    Bytes,
    /// After these many bytes, again and again.
    Pieces(Vec<usize>),
}

/// A dialogue with everything it said.
pub struct Talk {
    pub dialogue: Dialogue,
    pub now: Millis,
    pub said: Vec<Output>,
    cut: Cut,
}

impl Talk {
    /// A dialogue whose port has been open for a while.
    pub fn new() -> Self {
        Self::cut(Cut::Whole)
    }

    /// The same with bytes cut as `cut` says.
    pub fn cut(cut: Cut) -> Self {
        Self { dialogue: Dialogue::new(), now: Millis(0), said: Vec::new(), cut }
    }

    /// Starts `command` under `ticket`.
    pub fn start<C: Command>(&mut self, ticket: u64, command: &C) -> &mut Self {
        self.request(ticket, Request::of(command))
    }

    /// Starts a request.
    pub fn request(&mut self, ticket: u64, request: Request) -> &mut Self {
        self.dialogue.start(self.now, Ticket(ticket), request);
        self.drain();
        self
    }

    /// The modem says `bytes`.
    pub fn hear(&mut self, bytes: &str) -> &mut Self {
        self.hear_bytes(bytes.as_bytes())
    }

    /// The modem says `bytes`, which are no text.
    pub fn hear_bytes(&mut self, bytes: &[u8]) -> &mut Self {
        let mut rest = bytes;
        let pieces = match &self.cut {
            Cut::Whole => vec![bytes.len()],
            Cut::Bytes => vec![1],
            Cut::Pieces(pieces) => pieces.clone(),
        };
        for piece in pieces.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (head, tail) = rest.split_at((*piece).clamp(1, rest.len()));
            self.dialogue.handle(self.now, Input::Bytes(head));
            self.drain();
            rest = tail;
        }
        self
    }

    /// Time passes, stopping wherever the dialogue wants to be woken.
    pub fn wait(&mut self, ms: u64) -> &mut Self {
        let until = self.now + Millis(ms);
        while let Some(at) = self.drain().filter(|at| *at <= until) {
            self.now = self.now.max(at);
            self.dialogue.handle(self.now, Input::Time);
        }
        self.now = until;
        self
    }

    /// What was written since the last call, as text.
    pub fn written(&mut self) -> String {
        let mut written = String::new();
        self.said.retain(|output| match output {
            Output::Transmit(bytes) => {
                written.push_str(&String::from_utf8_lossy(bytes));
                false
            }
            _ => true,
        });
        written
    }

    /// How the command of `ticket` ended.
    pub fn outcome(&self, ticket: u64) -> Option<&Outcome> {
        self.said.iter().find_map(|output| match output {
            Output::Done(Ticket(done), outcome) if *done == ticket => Some(outcome),
            _ => None,
        })
    }

    /// What was said late about `ticket`.
    pub fn late(&self, ticket: u64) -> Option<&Outcome> {
        self.said.iter().find_map(|output| match output {
            Output::Late(Ticket(late), outcome) if *late == ticket => Some(outcome),
            _ => None,
        })
    }

    /// Polls until there is nothing more.
    pub fn drain(&mut self) -> Option<Millis> {
        loop {
            match self.dialogue.poll() {
                Output::WakeAt(at) => return at,
                output => self.said.push(output),
            }
        }
    }
}

/// The reply of `command` to these bytes, which hold its whole answer.
pub fn reply<C: Command>(command: &C, bytes: &str) -> Result<C::Reply, CommandError> {
    let mut talk = Talk::new();
    talk.start(1, command).hear(bytes);
    talk.outcome(1).map_or(Err(CommandError::Unanswered), |outcome| outcome.reply(command))
}

/// The lines in `bytes`, read for a command that was written as `echo`.
pub fn lines(bytes: &[u8], echo: &str, answer: &Answer) -> Vec<Line> {
    let mut reader = Reader::new();
    let watch = Watch { echo, pdu_echo: None, answer };
    let raw = raw_lines(bytes, Hint::Line);
    let texts = raw.into_iter().filter_map(|line| match line {
        RawLine::Text { text, fresh } => Some((text, fresh)),
        _ => None,
    });
    texts.flat_map(|(text, fresh)| reader.read(&text, fresh, Some(watch))).collect()
}

/// What the lexer makes of `bytes`.
pub fn raw_lines(bytes: &[u8], hint: Hint) -> Vec<RawLine> {
    let mut lexer = Lexer::new();
    let mut lines = Vec::new();
    for byte in bytes {
        lexer.push(*byte, hint);
        lines.extend(std::iter::from_fn(|| lexer.pop()));
    }
    lines
}

/// The information lines in `bytes`, read for `command`.
pub fn info<C: Command>(_: &C, bytes: &str) -> Info {
    let lines = lines(format!("{bytes}\r\n").as_bytes(), "AT", &C::ANSWER);
    let own = lines.into_iter().filter_map(|line| match line {
        Line::Info(line) => Some(line),
        _ => None,
    });
    Info { lines: own.collect() }
}
