//! Tables as files for a spreadsheet: rows of cells come in, one CSV file goes out. Every list that
//! can be downloaded is made here, so that no cell of any is taken for a formula.

use axum::http::header;
use axum::response::{IntoResponse, Response};

/// A table that grows by rows.
pub(super) struct Sheet(String);

impl Sheet {
    /// With its headings, apart by commas.
    pub(super) fn new(headings: &str) -> Self {
        Self(format!("{headings}\r\n"))
    }

    pub(super) fn row<C: AsRef<str>>(&mut self, cells: impl IntoIterator<Item = C>) {
        for (n, cell) in cells.into_iter().enumerate() {
            let comma = if n == 0 { "" } else { "," };
            self.0.push_str(comma);
            self.0.push_str(&quoted(cell.as_ref()));
        }
        self.0.push_str("\r\n");
    }

    /// The file, by the name it is kept under.
    pub(super) fn file(self, name: &'static str) -> Response {
        let named = format!("attachment; filename=\"{name}\"");
        let headers = [
            (header::CONTENT_TYPE, "text/csv; charset=utf-8; header=present".to_owned()),
            (header::CONTENT_DISPOSITION, named),
        ];
        (headers, self.0).into_response()
    }
}

/// A cell; one that begins like a formula is no formula.
fn quoted(cell: &str) -> String {
    // A number keeps its plus; anything else behind one might be computed.
    let number =
        cell.strip_prefix('+').is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_digit()));
    let formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']) && !number;
    let guard = if formula { "'" } else { "" };
    format!("\"{guard}{}\"", cell.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a spreadsheet would calculate begins with an apostrophe; a number stays one.
    #[test]
    fn a_cell_is_never_a_formula() {
        assert_eq!(quoted("=1+1"), "\"'=1+1\"");
        assert_eq!(quoted("+1+cmd|' /C calc'!A0"), "\"'+1+cmd|' /C calc'!A0\"");
        assert_eq!(quoted("-1"), "\"'-1\"");
        assert_eq!(quoted("say \"stop\""), "\"say \"\"stop\"\"\"");
        assert_eq!(quoted("+447700900123"), "\"+447700900123\"");
    }
}
