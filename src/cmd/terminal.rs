//! What is printed, and how a table of it looks on a terminal.

use std::io::IsTerminal;

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
