//! One conversation with a mail server that hands mail over, as a state machine: octets in, octets
//! and mails out. SMTP (RFC 5321) or LMTP (RFC 2033), without anything one could misuse: no relaying,
//! no authentication, no addresses of others.

use std::collections::VecDeque;
use std::fmt::Write as _;

use smtp_proto::request::receiver::{DataReceiver, DummyDataReceiver, RequestReceiver};
use smtp_proto::{Error, Request};

use super::mail_listener::Protocol;

/// A mail that was handed over, with its envelope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handed {
    /// The envelope's sender; empty for the null sender.
    pub from: String,
    /// The envelope's recipients, all of them ours.
    pub to: Vec<String>,
    /// The mail.
    pub octets: Vec<u8>,
}

/// What the session wants done, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Send this.
    Reply(String),
    /// Store this mail, then say [`Session::stored`]; until then nothing else is answered.
    Mail(Handed),
    /// Close the line.
    Close,
}

/// One conversation.
pub struct Session {
    protocol: Protocol,
    host: String,
    limit: usize,
    requests: RequestReceiver,
    phase: Phase,
    greeted: bool,
    from: Option<String>,
    to: Vec<String>,
    /// Commands that were no commands.
    mistakes: u32,
    out: VecDeque<Output>,
}

enum Phase {
    Commands,
    Data(DataReceiver, Vec<u8>),
    /// More than the limit: read to its end, kept nowhere.
    TooMuch(DummyDataReceiver),
    Storing,
    Over,
}

/// Recipients of one mail; a mail answers two threads at most.
const MOST_RECIPIENTS: usize = 20;
/// A line that makes no sense so often is no mail server.
const MOST_MISTAKES: u32 = 10;

impl Session {
    /// A conversation that begins with our greeting.
    pub fn new(protocol: Protocol, host: &str, limit: usize) -> Self {
        let greeting = match protocol {
            Protocol::Smtp => format!("220 {host} ESMTP simgate\r\n"),
            Protocol::Lmtp => format!("220 {host} LMTP simgate\r\n"),
        };
        Self {
            protocol,
            host: host.to_owned(),
            limit,
            requests: RequestReceiver::default(),
            phase: Phase::Commands,
            greeted: false,
            from: None,
            to: Vec::new(),
            mistakes: 0,
            out: VecDeque::from([Output::Reply(greeting)]),
        }
    }

    /// What is to be done next.
    pub fn poll(&mut self) -> Option<Output> {
        self.out.pop_front()
    }

    /// Whether octets are taken now: not while a mail is being stored.
    pub fn listens(&self) -> bool {
        !matches!(self.phase, Phase::Storing | Phase::Over)
    }

    /// Takes octets; `is_ours` says whose mail is taken. What is not taken yet comes back.
    pub fn handle<'a>(&mut self, octets: &'a [u8], is_ours: &dyn Fn(&str) -> bool) -> &'a [u8] {
        let mut bytes = octets.iter();
        while self.listens() && !bytes.as_slice().is_empty() {
            match std::mem::replace(&mut self.phase, Phase::Commands) {
                Phase::Commands => self.command(&mut bytes, is_ours),
                Phase::Data(mut receiver, mut mail) => {
                    let whole = receiver.ingest(&mut bytes, &mut mail);
                    self.phase = match whole {
                        true if mail.len() > self.limit => self.too_much(),
                        true => self.hand_over(mail),
                        false if mail.len() > self.limit => {
                            Phase::TooMuch(DummyDataReceiver::new_data(&receiver))
                        }
                        false => Phase::Data(receiver, mail),
                    };
                }
                Phase::TooMuch(mut receiver) => {
                    self.phase = match receiver.ingest(&mut bytes) {
                        true => self.too_much(),
                        false => Phase::TooMuch(receiver),
                    };
                }
                phase @ (Phase::Storing | Phase::Over) => self.phase = phase,
            }
        }
        bytes.as_slice()
    }

    /// The mail handed over last is stored, or cannot be: then the other server keeps it.
    pub fn stored(&mut self, well: bool) {
        let answer = match well {
            true => "250 2.0.0 taken\r\n",
            false => "451 4.3.0 it could not be stored; try again later\r\n",
        };
        let answers = self.answers();
        self.say(&answer.repeat(answers));
        self.forget_mail();
        self.phase = Phase::Commands;
    }

    /// LMTP answers for each recipient (2033 §4.2).
    fn answers(&self) -> usize {
        if self.protocol == Protocol::Lmtp { self.to.len() } else { 1 }
    }

    fn say(&mut self, reply: &str) {
        self.out.push_back(Output::Reply(reply.to_owned()));
    }

    fn forget_mail(&mut self) {
        self.from = None;
        self.to.clear();
    }

    fn too_much(&mut self) -> Phase {
        let answers = self.answers();
        self.say(&"552 5.3.4 the mail is too big\r\n".repeat(answers));
        self.forget_mail();
        Phase::Commands
    }

    fn hand_over(&mut self, octets: Vec<u8>) -> Phase {
        let from = self.from.clone().unwrap_or_default();
        self.out.push_back(Output::Mail(Handed { from, to: self.to.clone(), octets }));
        Phase::Storing
    }

    fn command(&mut self, bytes: &mut std::slice::Iter<'_, u8>, is_ours: &dyn Fn(&str) -> bool) {
        let asked = match self.requests.ingest(bytes) {
            Ok(request) => Ok(request.into_owned()),
            Err(Error::NeedsMoreData { .. }) => return,
            Err(error) => Err(error),
        };
        match asked {
            Ok(request) => self.obey(request, is_ours),
            Err(error) => {
                self.mistakes += 1;
                match error {
                    Error::InvalidSenderAddress => self.say("501 5.1.7 what sender is that?\r\n"),
                    Error::InvalidRecipientAddress => {
                        self.say("501 5.1.3 what recipient is that?\r\n");
                    }
                    Error::ResponseTooLong => self.say("500 5.5.2 the line is too long\r\n"),
                    _ => self.say("500 5.5.1 that is no command here\r\n"),
                }
                if self.mistakes >= MOST_MISTAKES {
                    self.end("421 4.7.0 too many mistakes\r\n");
                }
            }
        }
    }

    fn end(&mut self, reply: &str) {
        self.say(reply);
        self.out.push_back(Output::Close);
        self.phase = Phase::Over;
    }

    fn obey(&mut self, request: Request<String>, is_ours: &dyn Fn(&str) -> bool) {
        match (request, self.protocol) {
            (Request::Ehlo { .. }, Protocol::Smtp) | (Request::Lhlo { .. }, Protocol::Lmtp) => {
                self.greeted = true;
                self.forget_mail();
                let mut hello = format!("250-{}\r\n", self.host);
                // Cannot fail into a string.
                let _ = write!(hello, "250-SIZE {}\r\n250-8BITMIME\r\n", self.limit);
                self.say(&(hello + "250-PIPELINING\r\n250 ENHANCEDSTATUSCODES\r\n"));
            }
            (Request::Helo { .. }, Protocol::Smtp) => {
                self.greeted = true;
                self.forget_mail();
                self.say(&format!("250 {}\r\n", self.host));
            }
            (Request::Mail { .. }, _) if !self.greeted => self.say("503 5.5.1 greet first\r\n"),
            (Request::Mail { .. }, _) if self.from.is_some() => {
                self.say("503 5.5.1 one mail at a time\r\n");
            }
            (Request::Mail { from }, _) if from.size > self.limit => {
                self.say("552 5.3.4 the mail is too big\r\n");
            }
            (Request::Mail { from }, _) => {
                self.from = Some(from.address);
                self.say("250 2.1.0 go on\r\n");
            }
            (Request::Rcpt { .. }, _) if self.from.is_none() => {
                self.say("503 5.5.1 who sends it?\r\n");
            }
            (Request::Rcpt { to }, _) if !is_ours(&to.address) => {
                self.say("550 5.7.1 mail is taken for this gateway only\r\n");
            }
            (Request::Rcpt { .. }, _) if self.to.len() >= MOST_RECIPIENTS => {
                self.say("452 4.5.3 too many recipients\r\n");
            }
            (Request::Rcpt { to }, _) => {
                self.to.push(to.address);
                self.say("250 2.1.5 go on\r\n");
            }
            (Request::Data, _) if self.to.is_empty() => self.say("503 5.5.1 for whom?\r\n"),
            (Request::Data, _) => {
                self.phase = Phase::Data(DataReceiver::new(), Vec::new());
                self.say("354 end it with a dot on a line of its own\r\n");
            }
            (Request::Rset, _) => {
                self.forget_mail();
                self.say("250 2.0.0 forgotten\r\n");
            }
            (Request::Noop { .. }, _) => self.say("250 2.0.0 nothing done\r\n"),
            (Request::Quit, _) => self.end("221 2.0.0 good-bye\r\n"),
            (Request::Vrfy { .. } | Request::Expn { .. }, _) => {
                self.say("252 2.5.2 send it and see\r\n");
            }
            _ => self.say("502 5.5.1 not here\r\n"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ours(address: &str) -> bool {
        address.ends_with("@example.org")
    }

    /// Says all of it in pieces of `step` octets; mails are stored at once.
    fn talk(protocol: Protocol, said: &str, step: usize) -> (String, Vec<Handed>) {
        let mut session = Session::new(protocol, "gw.example.org", 200);
        let (mut heard, mut mails) = (String::new(), Vec::new());
        let mut rest: Vec<u8> = Vec::new();
        for piece in said.as_bytes().chunks(step) {
            rest.extend(piece);
            loop {
                let left = session.handle(&rest, &ours).to_vec();
                let went_on = left.len() < rest.len();
                rest = left;
                while let Some(output) = session.poll() {
                    match output {
                        Output::Reply(reply) => heard.push_str(&reply),
                        Output::Mail(mail) => {
                            mails.push(mail);
                            session.stored(true);
                        }
                        Output::Close => return (heard, mails),
                    }
                }
                if !went_on || rest.is_empty() {
                    break;
                }
            }
        }
        (heard, mails)
    }

    fn codes(heard: &str) -> Vec<&str> {
        let last = |line: &&str| line.as_bytes().get(3) == Some(&b' ');
        heard.lines().filter(last).filter_map(|line| line.get(..3)).collect()
    }

    #[test]
    fn a_mail_is_taken_whatever_pieces_it_comes_in() {
        let said = "LHLO mx\r\nMAIL FROM:<anna@example.com>\r\nRCPT TO:<sms+x@example.org>\r\n\
                    RCPT TO:<sms+y@example.org>\r\nDATA\r\nSubject: x\r\n\r\n..hello\r\n.\r\nQUIT\r\n";
        for step in [1, 2, 7, 1_000] {
            let (heard, mails) = talk(Protocol::Lmtp, said, step);
            let expected = ["220", "250", "250", "250", "250", "354", "250", "250", "221"];
            assert_eq!(codes(&heard), expected, "in pieces of {step}");
            assert_eq!(mails.len(), 1);
            assert_eq!(mails[0].octets, b"Subject: x\r\n\r\n.hello\r\n");
            assert_eq!(mails[0].to, ["sms+x@example.org", "sms+y@example.org"]);
            assert_eq!(mails[0].from, "anna@example.com");
        }
    }

    #[test]
    fn nothing_is_relayed_and_nothing_is_taken_out_of_turn() {
        let said = "MAIL FROM:<a@example.com>\r\nEHLO mx\r\nRCPT TO:<sms@example.org>\r\n\
                    MAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.net>\r\nDATA\r\nAUTH PLAIN x\r\n\
                    LHLO mx\r\nQUIT\r\n";
        let (heard, mails) = talk(Protocol::Smtp, said, 1_000);
        let expected = ["220", "503", "250", "503", "250", "550", "503", "502", "502", "221"];
        assert_eq!(codes(&heard), expected, "{heard}");
        assert!(mails.is_empty());
    }

    /// Fault 100: a mail beyond the limit is read to its end, kept nowhere, and refused in words.
    #[test]
    fn a_mail_that_is_too_big_is_refused() {
        let big = "x".repeat(70) + "\r\n";
        let said = format!(
            "EHLO mx\r\nMAIL FROM:<a@example.com> SIZE=5000\r\nMAIL FROM:<a@example.com>\r\n\
             RCPT TO:<sms@example.org>\r\nDATA\r\n{}.\r\nQUIT\r\n",
            big.repeat(100)
        );
        let (heard, mails) = talk(Protocol::Smtp, &said, 50);
        assert_eq!(codes(&heard), ["220", "250", "552", "250", "250", "354", "552", "221"]);
        assert!(mails.is_empty());
    }

    #[test]
    fn a_line_without_end_and_noise_without_end_are_ended() {
        let endless = "x".repeat(10_000) + "\r\n";
        let (heard, _) = talk(Protocol::Smtp, &endless, 512);
        assert!(heard.contains("500 5.5.2 the line is too long"), "{heard}");
        let (heard, _) = talk(Protocol::Smtp, &"GET / HTTP/1.1\r\n".repeat(20), 1_000);
        assert!(heard.ends_with("421 4.7.0 too many mistakes\r\n"), "{heard}");
    }
}
