//! The parameters of one command: `1,"SM",,3`.

use super::reply::Refusal;

/// The list after `=`, split at commas outside quotes. Missing ones read as absent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Args(Vec<Arg>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Arg {
    Absent,
    Quoted(String),
    Bare(String),
}

impl Args {
    pub fn parse(text: &str) -> Args {
        if text.is_empty() {
            return Args::default();
        }
        let mut list = Vec::new();
        let mut quoted = false;
        let mut field = String::new();
        for c in text.chars() {
            quoted ^= c == '"';
            if c == ',' && !quoted {
                list.push(Arg::parse(&std::mem::take(&mut field)));
            } else {
                field.push(c);
            }
        }
        list.push(Arg::parse(&field));
        Args(list)
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn has(&self, index: usize) -> bool {
        !matches!(self.0.get(index), None | Some(Arg::Absent))
    }

    /// A decimal number that must be there.
    pub fn number(&self, index: usize) -> Result<u32, Refusal> {
        self.number_or(index, None)
    }

    /// A decimal number, or `default` when it was left out.
    pub fn number_or(&self, index: usize, default: impl Into<Option<u32>>) -> Result<u32, Refusal> {
        match self.0.get(index) {
            None | Some(Arg::Absent) => default.into().ok_or(Refusal::BAD_PARAMETERS),
            Some(Arg::Bare(text)) => text.parse().map_err(|_| Refusal::BAD_PARAMETERS),
            Some(Arg::Quoted(_)) => Err(Refusal::BAD_PARAMETERS),
        }
    }

    /// A number between the limits, or `default`; small enough for a setting.
    pub fn choice(
        &self,
        index: usize,
        allowed: &[u8],
        default: impl Into<Option<u8>>,
    ) -> Result<u8, Refusal> {
        let value = self.number_or(index, default.into().map(u32::from))?;
        allowed.iter().copied().find(|&a| u32::from(a) == value).ok_or(Refusal::BAD_PARAMETERS)
    }

    /// A string; real modems also take it without quotes.
    pub fn text(&self, index: usize) -> Option<&str> {
        match self.0.get(index) {
            Some(Arg::Quoted(text) | Arg::Bare(text)) => Some(text),
            _ => None,
        }
    }

    pub fn required_text(&self, index: usize) -> Result<&str, Refusal> {
        self.text(index).ok_or(Refusal::BAD_PARAMETERS)
    }
}

impl Arg {
    fn parse(text: &str) -> Arg {
        match text.strip_prefix('"') {
            Some(inner) => Arg::Quoted(unescaped(inner.strip_suffix('"').unwrap_or(inner))),
            None if text.is_empty() => Arg::Absent,
            None => Arg::Bare(text.to_owned()),
        }
    }
}

/// `\22` is a quote, `\5C` a backslash (V.250 §5.4.2.2).
fn unescaped(text: &str) -> String {
    text.replace("\\22", "\"").replace("\\5C", "\\").replace("\\5c", "\\")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_may_be_quoted_bare_empty_or_missing() {
        let args = Args::parse("1,\"S,M\",,x");
        assert_eq!(args.number(0), Ok(1));
        assert_eq!(args.text(1), Some("S,M"));
        assert!(!args.has(2));
        assert_eq!(args.number_or(2, 7), Ok(7));
        assert_eq!(args.number(3), Err(Refusal::BAD_PARAMETERS));
        assert_eq!(args.number(9), Err(Refusal::BAD_PARAMETERS));
        assert_eq!(Args::parse("\"a\\22b\"").text(0), Some("a\"b"));
    }
}
