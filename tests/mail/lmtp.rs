//! The other mail servers of the world: they hand a mail to Dovecot, and stamp what they found out
//! about its sender.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;

/// Whose stamp the gateway believes.
pub const SERVER: &str = "mx.example.org";

/// A mail arrives: with the stamp of our mail server that the domain of its author is proven.
pub fn arrives(port: u16, from: &str, to: &str, mail: &str) {
    let domain = from.rsplit_once('@').expect("an address").1;
    let stamp = format!(
        "Authentication-Results: {SERVER}; dkim=pass header.d={domain};\r\n dmarc=pass \
         header.from={domain}\r\n"
    );
    hand_over(port, from, to, &(stamp + mail)).expect("taken");
}

/// Hands a mail over as it is.
pub fn hand_over(port: u16, from: &str, to: &str, mail: &str) -> std::io::Result<()> {
    let stream = TcpStream::connect(("127.0.0.1", port))?;
    let mut lines = BufReader::new(stream.try_clone()?);
    let mut out = stream;
    expect(&mut lines)?;
    let mut data = String::new();
    for line in mail.replace("\r\n", "\n").lines() {
        data.push_str(if line.starts_with('.') { "." } else { "" });
        data.push_str(line);
        data.push_str("\r\n");
    }
    for said in [
        "LHLO test".to_owned(),
        format!("MAIL FROM:<{from}>"),
        format!("RCPT TO:<{to}>"),
        "DATA".to_owned(),
        format!("{data}."),
        "QUIT".to_owned(),
    ] {
        write!(out, "{said}\r\n")?;
        expect(&mut lines)?;
    }
    Ok(())
}

fn expect(lines: &mut impl BufRead) -> std::io::Result<()> {
    loop {
        let mut line = String::new();
        lines.read_line(&mut line)?;
        match line.as_bytes() {
            [b'2' | b'3', _, _, b' ', ..] => return Ok(()),
            [b'2', _, _, b'-', ..] => {}
            _ => return Err(std::io::Error::other(line)),
        }
    }
}
