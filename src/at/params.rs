//! Parameter lists: numbers, strings, ranges, nested lists (27.007 §4, V.250 §5.4.2).
//!
//! The text after a prefix goes in, values come out; reading never fails. Quotes are honoured
//! when they are balanced and taken off when they are not, because modems lose them
//! (`+CREG: 2,1,"0B,"0100701",7`). Absent on purpose: what a position means, which each command
//! knows. Begin with [`Params`].

use nom::branch::alt;
use nom::bytes::complete::{tag, take_till, take_while};
use nom::character::complete::{char, space0};
use nom::combinator::{eof, map, map_opt, peek, recognize};
use nom::multi::separated_list0;
use nom::sequence::{delimited, terminated};
use nom::{IResult, Parser};

use super::info::ParseError;

/// One parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Nothing between two commas.
    Empty,
    /// A decimal number without quotes.
    Number(i64),
    /// `a-b` inside a list.
    Range(u32, u32),
    /// Text that stood in quotes.
    Quoted(String),
    /// Text without quotes, or with quotes that do not balance.
    Bare(String),
    /// `(…)`.
    List(Vec<Value>),
}

/// The parameters of one line, read from left to right.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Params {
    values: Vec<Value>,
    at: usize,
}

impl Params {
    /// Reads values with their quotes and lists.
    pub fn parse(text: &str) -> Self {
        let text = text.trim();
        let values = match values(text, DEPTH) {
            Ok((_, values)) if text.is_empty() || values == [Value::Empty] => Vec::new(),
            Ok((_, values)) => values,
            Err(_) => Vec::new(),
        };
        Self { values, at: 0 }
    }

    /// Splits at every comma and takes quotes and blanks off, for lines whose quotes cannot be trusted.
    pub fn rough(text: &str) -> Self {
        let values = text.split(',').map(|field| bare_value(trimmed(field))).collect();
        Self { values, at: 0 }
    }

    /// All values.
    pub fn values(&self) -> &[Value] {
        &self.values
    }

    /// The next value; `None` after the last.
    pub fn next_value(&mut self) -> Option<&Value> {
        let value = self.values.get(self.at);
        self.at += 1;
        value
    }

    /// Passes over one value.
    pub fn skip(&mut self) -> &mut Self {
        self.at += 1;
        self
    }

    /// The next value as a number that fits `N`. Numbers in quotes and `17.00` count.
    pub fn number<N: TryFrom<i64>>(&mut self) -> Result<N, ParseError> {
        let position = self.at + 1;
        let number = match self.next_value() {
            None => return Err(ParseError::Short(position)),
            Some(value) => value.number().ok_or(ParseError::Parameter(position))?,
        };
        N::try_from(number).map_err(|_| ParseError::Parameter(position))
    }

    /// The next value as a number, `None` when it is absent, empty or something else.
    pub fn maybe<N: TryFrom<i64>>(&mut self) -> Option<N> {
        self.number().ok()
    }

    /// The next value as text, without quotes.
    pub fn text(&mut self) -> Result<String, ParseError> {
        let position = self.at + 1;
        self.next_value().map(Value::text).ok_or(ParseError::Short(position))
    }

    /// The next value as text that is not empty.
    pub fn maybe_text(&mut self) -> Option<String> {
        self.text().ok().filter(|text| !text.is_empty())
    }

    /// The last value and its position from 1.
    pub fn last(&self) -> Option<(usize, &Value)> {
        self.values.last().map(|value| (self.values.len(), value))
    }
}

impl Value {
    /// The number, also from quotes; the whole part of `17.00`.
    pub fn number(&self) -> Option<i64> {
        match self {
            Value::Number(number) => Some(*number),
            Value::Quoted(text) | Value::Bare(text) => {
                let whole = text.trim().split('.').next().unwrap_or("");
                whole.parse().ok()
            }
            _ => None,
        }
    }

    /// The text, without quotes; a list has none.
    pub fn text(&self) -> String {
        match self {
            Value::Empty | Value::List(_) => String::new(),
            Value::Number(number) => number.to_string(),
            Value::Range(low, high) => format!("{low}-{high}"),
            Value::Quoted(text) | Value::Bare(text) => text.clone(),
        }
    }

    /// Every number of a list with its ranges written out, at most 256 of them.
    pub fn numbers(&self) -> Vec<u32> {
        match self {
            Value::Number(number) => u32::try_from(*number).into_iter().collect(),
            Value::Range(low, high) => (*low..=*high).take(256).collect(),
            Value::List(values) => values.iter().flat_map(Value::numbers).take(256).collect(),
            _ => Vec::new(),
        }
    }

    /// Every text of a list; a text alone is a list of one.
    pub fn texts(&self) -> Vec<String> {
        match self {
            Value::Empty => Vec::new(),
            Value::List(values) => values.iter().flat_map(Value::texts).collect(),
            value => Some(value.text()).filter(|text| !text.is_empty()).into_iter().collect(),
        }
    }
}

/// Lists nest two deep in the standards; deeper input is read as text, not followed.
const DEPTH: u8 = 4;

fn values(input: &str, depth: u8) -> IResult<&str, Vec<Value>> {
    separated_list0(char(','), |rest| value(rest, depth)).parse(input)
}

fn value(input: &str, depth: u8) -> IResult<&str, Value> {
    alt((|rest| list(rest, depth), quoted, bare)).parse(input)
}

fn list(input: &str, depth: u8) -> IResult<&str, Value> {
    let Some(depth) = depth.checked_sub(1) else {
        return Err(nom::Err::Error(nom::error::Error::new(
            input,
            nom::error::ErrorKind::TooLarge,
        )));
    };
    let inside = map(
        |rest| values(rest, depth),
        |mut values| {
            if values == [Value::Empty] {
                values.clear();
            }
            Value::List(values)
        },
    );
    delimited((space0, char('('), space0), inside, (space0, alt((tag(")"), eof)), space0))
        .parse(input)
}

/// Quotes count only when the closing one ends the parameter.
fn quoted(input: &str) -> IResult<&str, Value> {
    let text = delimited((space0, char('"')), take_till(|c| c == '"'), (char('"'), space0));
    let ended = terminated(text, peek(alt((tag(","), tag(")"), eof))));
    map(ended, |text: &str| Value::Quoted(text.to_owned())).parse(input)
}

fn bare(input: &str) -> IResult<&str, Value> {
    map(take_till(|c| c == ',' || c == ')'), |text| bare_value(trimmed(text))).parse(input)
}

fn bare_value(text: &str) -> Value {
    if text.is_empty() {
        return Value::Empty;
    }
    match (text.parse(), range(text)) {
        (Ok(number), _) => Value::Number(number),
        (_, Ok(("", range))) => range,
        _ => Value::Bare(text.to_owned()),
    }
}

fn range(input: &str) -> IResult<&str, Value> {
    map_opt((recognize(digits), char('-'), recognize(digits)), |(low, _, high): (&str, _, &str)| {
        Some(Value::Range(low.parse().ok()?, high.parse().ok()?))
    })
    .parse(input)
}

fn digits(input: &str) -> IResult<&str, &str> {
    take_while(|c: char| c.is_ascii_digit()).parse(input)
}

fn trimmed(field: &str) -> &str {
    field.trim_matches(|c: char| c == '"' || c.is_ascii_whitespace())
}
