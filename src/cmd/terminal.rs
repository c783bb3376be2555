//! What is printed, how a table of it looks on a terminal, and how a secret is typed there.

use std::io::{BufRead, IsTerminal, Write};
use std::path::Path;

use anyhow::{Context, anyhow};
use rustix::termios::{self, LocalModes, OptionalActions};

use super::Failure;
use crate::types::Secret;

/// Whether a person reads standard error.
pub(super) fn is_terminal() -> bool {
    std::io::stderr().is_terminal()
}

/// Rows in columns as wide as their longest cell; the last column is free.
pub(super) fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let mut widths: Vec<usize> = head.iter().map(|cell| cell.chars().count()).collect();
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let line = |cells: Vec<&str>| {
        let padded = cells.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        format!("{}\n", padded.collect::<Vec<_>>().join("  ").trim_end())
    };
    let head = line(head.to_vec());
    rows.iter().fold(head, |text, row| text + &line(row.iter().map(String::as_str).collect()))
}

/// A text from the air on one line of a terminal: nothing in it can steer the terminal.
pub(super) fn one_line(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\n' => '⏎',
            c if c.is_control() => '·',
            c => c,
        })
        .collect()
}

/// A new secret: typed twice and unseen on a terminal, else the first line of standard input. It is
/// never an argument, which everybody on the machine can read.
pub(super) fn new_secret(what: &str) -> Result<Secret, Failure> {
    let stdin = std::io::stdin();
    if !stdin.is_terminal() {
        return Ok(Secret::new(line_of(stdin.lock())?));
    }
    let ask = |prompt: String| -> Result<String, Failure> {
        eprint!("{prompt}: ");
        std::io::stderr().flush().context("writing to the terminal")?;
        let typed = unseen(|| line_of(std::io::stdin().lock()));
        eprintln!();
        typed
    };
    let first = ask(what.to_owned())?;
    match ask(format!("{what} again"))? == first {
        true => Ok(Secret::new(first)),
        false => Err(Failure::Usage("the two are not the same".to_owned())),
    }
}

/// The first line of a file that holds a secret.
pub(super) fn first_line(file: &Path) -> Result<Secret, Failure> {
    let opened =
        std::fs::File::open(file).with_context(|| format!("cannot open {}", file.display()))?;
    Ok(Secret::new(line_of(std::io::BufReader::new(opened))?))
}

fn line_of(mut from: impl BufRead) -> Result<String, Failure> {
    let mut line = String::new();
    if from.read_line(&mut line).context("reading a line")? == 0 {
        return Err(anyhow!("there was nothing to read").into());
    }
    Ok(line.trim_end_matches(['\n', '\r']).to_owned())
}

/// Runs `read` while the terminal shows nothing of what is typed.
fn unseen<T>(read: impl FnOnce() -> T) -> T {
    let stdin = std::io::stdin();
    let before = termios::tcgetattr(&stdin);
    if let Ok(before) = &before {
        let mut quiet = before.clone();
        quiet.local_modes.remove(LocalModes::ECHO);
        let _ = termios::tcsetattr(&stdin, OptionalActions::Flush, &quiet);
    }
    let done = read();
    if let Ok(before) = &before {
        let _ = termios::tcsetattr(&stdin, OptionalActions::Flush, before);
    }
    done
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_and_a_text_cannot_steer_the_terminal() {
        let rows =
            [vec!["1".to_owned(), "queued".to_owned()], vec!["20".to_owned(), String::new()]];
        assert_eq!(table(&["id", "state"], &rows), "id  state\n1   queued\n20\n");
        assert_eq!(one_line("a\u{1b}[2Jb\nc"), "a·[2Jb⏎c");
    }
}
