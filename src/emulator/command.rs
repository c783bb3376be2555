//! Command lines in the direction modem-ward (V.250 §5.2): bytes of one line in, commands out.
//!
//! A parser of its own, on purpose: the gateway's `at` writes these lines, and a misunderstanding
//! shared by writer and reader would show in no test. What a command means is not known here.

/// One command of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// In upper case, with its prefix: `E`, `&F`, `S3`, `+CMGF`, `^CURC`.
    pub name: String,
    pub form: Form,
}

/// How a command was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Form {
    /// `+NAME`, or a basic command without a number.
    Execute,
    /// `+NAME?`
    Read,
    /// `+NAME=?`
    Test,
    /// `+NAME=…`, or the number of a basic command.
    Set(String),
    /// Not a command at all. Those before it on the line are still carried out.
    Malformed,
}

/// Extended commands begin with one of these. V.250 knows `+`; the rest are makers' own.
const PREFIXES: &[u8] = b"+^*#$!%_@";

/// The commands of a line body, without the `AT` and the terminator.
pub fn parse(body: &[u8]) -> Vec<Command> {
    let mut rest = Cursor { text: without_blanks(body), at: 0 };
    let mut commands = Vec::new();
    while let Some(first) = rest.peek() {
        let command = match first {
            b';' => {
                rest.at += 1;
                continue;
            }
            c if PREFIXES.contains(&c) => rest.extended(),
            b'&' | b'\\' => rest.prefixed_basic(),
            c if c.is_ascii_alphabetic() => rest.basic(),
            _ => None,
        };
        let Some(command) = command else {
            commands.push(Command { name: String::new(), form: Form::Malformed });
            break;
        };
        commands.push(command);
    }
    commands
}

/// Blanks and control characters outside quotes do not count (V.250 §5.2.1).
fn without_blanks(body: &[u8]) -> Vec<u8> {
    let mut quoted = false;
    let mut kept = Vec::with_capacity(body.len());
    for &byte in body {
        quoted ^= byte == b'"';
        if quoted || byte > b' ' {
            kept.push(byte);
        }
    }
    kept
}

struct Cursor {
    text: Vec<u8>,
    at: usize,
}

impl Cursor {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn take_while(&mut self, keep: impl Fn(u8) -> bool) -> String {
        let start = self.at;
        while self.peek().is_some_and(&keep) {
            self.at += 1;
        }
        latin1(&self.text[start..self.at])
    }

    fn skip(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    /// `+NAME`, `+NAME?`, `+NAME=?`, `+NAME=value` up to a `;` outside quotes.
    fn extended(&mut self) -> Option<Command> {
        let prefix = self.peek()? as char;
        self.at += 1;
        let name = self.take_while(|c| c.is_ascii_alphanumeric() || b"-._/:%".contains(&c));
        if name.is_empty() {
            return None;
        }
        let name = format!("{prefix}{}", name.to_ascii_uppercase());
        let form = match self.peek() {
            None | Some(b';') => Form::Execute,
            Some(b'?') => {
                self.at += 1;
                Form::Read
            }
            Some(b'=') => {
                self.at += 1;
                self.value()
            }
            Some(_) => return None,
        };
        // After an extended command only the separator may follow.
        (self.peek().is_none() || self.skip(b';')).then_some(Command { name, form })
    }

    fn value(&mut self) -> Form {
        let start = self.at;
        let mut quoted = false;
        while let Some(byte) = self.peek() {
            quoted ^= byte == b'"';
            if byte == b';' && !quoted {
                break;
            }
            self.at += 1;
        }
        match latin1(&self.text[start..self.at]) {
            test if test == "?" => Form::Test,
            value => Form::Set(value),
        }
    }

    fn prefixed_basic(&mut self) -> Option<Command> {
        let prefix = self.peek()? as char;
        self.at += 1;
        let letter = self.peek().filter(u8::is_ascii_alphabetic)?;
        self.at += 1;
        let name = format!("{prefix}{}", letter.to_ascii_uppercase() as char);
        Some(Command { name, form: self.number() })
    }

    fn basic(&mut self) -> Option<Command> {
        let letter = self.peek()?.to_ascii_uppercase();
        self.at += 1;
        match letter {
            b'S' => self.register(),
            // The dial string takes the rest of the line, its `;` included (V.250 §6.3.1).
            b'D' => {
                let number = self.take_while(|_| true);
                Some(Command { name: "D".into(), form: Form::Set(number) })
            }
            _ => Some(Command { name: (letter as char).to_string(), form: self.number() }),
        }
    }

    /// `S3?`, `S3=13`, `S3` (V.250 §5.3.2).
    fn register(&mut self) -> Option<Command> {
        let number = self.take_while(|c| c.is_ascii_digit());
        let register: u16 = number.parse().ok()?;
        let form = if self.skip(b'?') {
            Form::Read
        } else if self.skip(b'=') {
            if self.skip(b'?') {
                Form::Test
            } else {
                Form::Set(self.take_while(|c| c.is_ascii_digit()))
            }
        } else {
            Form::Execute
        };
        Some(Command { name: format!("S{register}"), form })
    }

    fn number(&mut self) -> Form {
        match self.take_while(|c| c.is_ascii_digit()) {
            none if none.is_empty() => Form::Execute,
            number => Form::Set(number),
        }
    }
}

/// One character for each byte, so that any alphabet of the terminal passes through.
pub fn latin1(bytes: &[u8]) -> String {
    bytes.iter().map(|&b| char::from(b)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(line: &str) -> Vec<String> {
        parse(line.as_bytes())
            .into_iter()
            .map(|c| match c.form {
                Form::Execute => c.name,
                Form::Read => format!("{}?", c.name),
                Form::Test => format!("{}=?", c.name),
                Form::Set(value) => format!("{}={value}", c.name),
                Form::Malformed => "!".into(),
            })
            .collect()
    }

    #[test]
    fn a_line_is_read_as_v250_writes_it() {
        for (line, commands) in [
            ("", vec![]),
            ("E0V1&D2", vec!["E=0", "V=1", "&D=2"]),
            ("+cmee=1;+CREG=2", vec!["+CMEE=1", "+CREG=2"]),
            ("E0+CMGF=0;V1", vec!["E=0", "+CMGF=0", "V=1"]),
            ("S3=13S4?", vec!["S3=13", "S4?"]),
            (" + C S Q ", vec!["+CSQ"]),
            ("+CPMS=\"S M\", \"ME\"", vec!["+CPMS=\"S M\",\"ME\""]),
            ("+CUSD=1,\"*1;2#\",15;+CSQ", vec!["+CUSD=1,\"*1;2#\",15", "+CSQ"]),
            ("+CMGL=?", vec!["+CMGL=?"]),
            ("D+15550100;", vec!["D=+15550100;"]),
            ("^CURC=0", vec!["^CURC=0"]),
            ("+CSQ!", vec!["!"]),
            ("E0 7", vec!["E=07"]),
            ("E0=", vec!["E=0", "!"]),
        ] {
            assert_eq!(shown(line), commands, "{line}");
        }
    }
}
