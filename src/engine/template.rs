//! Merge fields in texts that people write: `Hi {{ first_name|default('there') }}`.
//!
//! Values are data and never looked at as a template (E147). A field without value and without
//! fallback refuses the whole text: nobody gets `Hi ,` (E146). Fuel ends what would run on.

use std::collections::BTreeMap;
use std::sync::Arc;

use minijinja::value::Object;
use minijinja::{Environment, ErrorKind, UndefinedBehavior, Value};

/// Why a text cannot be sent as it is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MergeError {
    /// A field has no value here and no fallback.
    #[error(
        "the field {0:?} has no value for this number: fill it in, or write \
         {{{{ {0}|default('...') }}}}"
    )]
    Missing(String),
    /// Not a template at all.
    #[error("the template cannot be read at line {line}: {what}")]
    Syntax {
        /// Counted from 1.
        line: usize,
        /// What is wrong there.
        what: String,
    },
    /// It computes too much.
    #[error("the template takes too long: remove its loops")]
    TooLong,
    /// Nothing is left to send.
    #[error("the text is empty after merging")]
    Empty,
}

impl MergeError {
    /// The stable word of the API.
    pub fn code(&self) -> &'static str {
        match self {
            MergeError::Missing(_) => "merge_field_missing",
            MergeError::Syntax { .. } => "template_invalid",
            MergeError::TooLong => "template_too_long",
            MergeError::Empty => "text_empty",
        }
    }
}

/// Values by field name. A field that is absent or empty counts as missing.
pub type Fields = BTreeMap<String, String>;

/// Fills `text` with `fields`.
pub fn merge(text: &str, fields: &Fields) -> Result<String, MergeError> {
    let merged = match text.contains("{{") || text.contains("{%") || text.contains("{#") {
        true => render(text, fields).map_err(|error| explain(text, fields, &error))?,
        false => text.to_owned(),
    };
    let merged = merged.trim();
    if merged.is_empty() { Err(MergeError::Empty) } else { Ok(merged.to_owned()) }
}

/// The names of the fields `text` looks at, sorted.
pub fn names(text: &str) -> Result<Vec<String>, MergeError> {
    let environment = environment();
    let template = environment
        .template_from_str(text)
        .map_err(|error| explain(text, &Fields::new(), &error))?;
    let mut names: Vec<String> = template.undeclared_variables(false).into_iter().collect();
    names.sort();
    Ok(names)
}

fn render(text: &str, fields: &Fields) -> Result<String, minijinja::Error> {
    let known = Value::from_object(Known(fields.clone()));
    environment().template_from_str(text)?.render(known)
}

/// The fields as a template sees them: what is empty is not there.
#[derive(Debug)]
struct Known(Fields);

impl Object for Known {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let value = self.0.get(key.as_str()?).filter(|value| !value.trim().is_empty());
        value.map(|value| Value::from(value.as_str()))
    }
}

fn environment<'a>() -> Environment<'a> {
    let mut environment = Environment::empty();
    environment.set_undefined_behavior(UndefinedBehavior::SemiStrict);
    environment.set_fuel(Some(FUEL));
    environment.add_filter("default", |value: Value, fallback: Value| match value.is_undefined() {
        true => fallback,
        false => value,
    });
    environment
}

fn explain(text: &str, fields: &Fields, error: &minijinja::Error) -> MergeError {
    match error.kind() {
        ErrorKind::OutOfFuel => MergeError::TooLong,
        ErrorKind::UndefinedError => match missing(text, fields) {
            Some(name) => MergeError::Missing(name),
            None => syntax(error),
        },
        _ => syntax(error),
    }
}

/// The first field that is missing and needed: the text renders when only it is left out of an
/// otherwise complete set of values, or does not.
fn missing(text: &str, fields: &Fields) -> Option<String> {
    let names = names(text).ok()?;
    let absent = |name: &String| fields.get(name).is_none_or(|value| value.trim().is_empty());
    names.iter().filter(|name| absent(name)).find_map(|name| {
        let others = names.iter().filter(|other| *other != name);
        let others: Fields = others.map(|other| (other.clone(), "x".to_owned())).collect();
        render(text, &others).is_err().then(|| name.clone())
    })
}

fn syntax(error: &minijinja::Error) -> MergeError {
    let what = error.detail().map_or_else(|| error.kind().to_string(), str::to_owned);
    MergeError::Syntax { line: error.line().unwrap_or(1), what }
}

/// Instructions of one merge. An ordinary text needs a few dozen.
const FUEL: u64 = 5_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: &str, value: &str) -> Fields {
        Fields::from([(name.to_owned(), value.to_owned())])
    }

    /// S2, S19, S93, E146, C19: a value, a fallback, or a refusal that names the field.
    #[test]
    fn a_field_is_filled_or_the_text_is_refused() {
        let text = "Hi {{ first_name }}, see you at {{ time|default('three') }}";
        let merged = merge(text, &with("first_name", "Alisha"));
        assert_eq!(merged.as_deref(), Ok("Hi Alisha, see you at three"));
        for empty in [Fields::new(), with("first_name", " ")] {
            assert_eq!(merge(text, &empty), Err(MergeError::Missing("first_name".into())));
        }
        assert_eq!(names(text).as_deref(), Ok(&["first_name".to_owned(), "time".to_owned()][..]));
        assert_eq!(merge("{% if a %}x{% endif %}", &Fields::new()), Err(MergeError::Empty));
    }

    /// E147: what a contact is called is data.
    #[test]
    fn a_value_is_never_evaluated() {
        let merged = merge("Hi {{ name }}", &with("name", "{{ 7 * 7 }}<b>{% x %}"));
        assert_eq!(merged.as_deref(), Ok("Hi {{ 7 * 7 }}<b>{% x %}"));
    }

    #[test]
    fn a_bad_template_is_refused_with_its_line() {
        assert!(matches!(merge("a\n{{ b", &Fields::new()), Err(MergeError::Syntax { .. })));
        assert!(merge("{{ missing.deep.er }}", &Fields::new()).is_err());
        let endless =
            "{% for a in 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx'*200 %}b{% endfor %}";
        assert!(merge(endless, &Fields::new()).is_err());
    }
}
