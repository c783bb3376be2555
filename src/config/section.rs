//! One table of the file: known keys are taken out, and what is left over is a mistake.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use serde::de::{DeserializeOwned, IntoDeserializer};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::environment::{Environment, Override};
use super::problem::{Problem, Problems, nearest};
use crate::types::Secret;

/// A table being read.
pub(super) struct Section<'t> {
    shared: Rc<Shared<'t>>,
    path: Vec<String>,
    entries: BTreeMap<String, Entry<'t>>,
    known: Vec<&'static str>,
}

struct Shared<'t> {
    text: &'t str,
    file: String,
    environment: Environment,
    problems: RefCell<Vec<(usize, Problem)>>,
}

/// Where a value comes from.
enum Entry<'t> {
    File { line: usize, value: Spanned<DeValue<'t>> },
    Environment(Override),
}

impl<'t> Section<'t> {
    /// The whole file. Fails only when it is no TOML.
    pub(super) fn root(
        text: &'t str,
        file: &str,
        environment: &Environment,
    ) -> Result<Self, Problems> {
        let shared = Rc::new(Shared {
            text,
            file: file.to_owned(),
            environment: environment.clone(),
            problems: RefCell::default(),
        });
        let (table, errors) = DeTable::parse_recoverable(text);
        for error in errors {
            let line = error.span().map_or(1, |span| shared.line(span.start));
            shared.tell(line, shared.at(line), String::new(), error.message().to_owned());
        }
        let root = Self::new(shared, Vec::new(), Some(table.into_inner()));
        let problems = root.problems();
        problems.into_result(root)
    }

    fn new(shared: Rc<Shared<'t>>, path: Vec<String>, table: Option<DeTable<'t>>) -> Self {
        let mut entries = BTreeMap::new();
        for (key, value) in table.into_iter().flatten() {
            let line = shared.line(key.span().start);
            entries.insert(key.into_inner().into_owned(), Entry::File { line, value });
        }
        for (key, found) in shared.environment.below(&path) {
            // A deeper key belongs to a table; the table sees it when it is read itself.
            if found.key.len() == path.len() + 1 {
                entries.insert(key.to_owned(), Entry::Environment(found.clone()));
            }
        }
        Self { shared, path, entries, known: Vec::new() }
    }

    /// The value of `key` by its own reader.
    pub(super) fn value<T: DeserializeOwned>(&mut self, key: &'static str) -> Option<T> {
        self.known.push(key);
        let entry = self.entries.remove(key)?;
        let read = match &entry {
            Entry::File { value, .. } => T::deserialize(value.clone().into_deserializer()),
            Entry::Environment(o) => from_words(&o.value),
        };
        read.map_err(|error| self.tell(key, &entry, error.message().to_owned())).ok()
    }

    /// The text at `key`, made into something better.
    pub(super) fn parsed<T>(
        &mut self,
        key: &'static str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Option<T> {
        self.known.push(key);
        let entry = self.entries.remove(key)?;
        let text = match &entry {
            Entry::File { value, .. } => value.get_ref().as_str().map(str::to_owned),
            Entry::Environment(o) => Some(o.value.clone()),
        };
        let made = match text {
            Some(text) => parse(&text),
            None => Err("must be a text in quotes".to_owned()),
        };
        made.map_err(|what| self.tell(key, &entry, what)).ok()
    }

    /// A secret: `key` itself, or better the content of the file named by
    /// `file_key`.
    pub(super) fn secret(
        &mut self,
        key: &'static str,
        file_key: &'static str,
        check: impl Fn(&str) -> Result<(), String>,
    ) -> Option<Secret> {
        let checked = |text: &str| check(text.trim()).map(|()| Secret::new(text.trim()));
        let direct = self.parsed(key, checked);
        let from_file = self.parsed(file_key, |path| {
            let text = std::fs::read_to_string(path).map_err(|e| format!("{path}: {e}"))?;
            checked(&text)
        });
        from_file.or(direct)
    }

    /// The table `key`; an empty one when it is not there.
    pub(super) fn section(&mut self, key: &'static str) -> Section<'t> {
        self.known.push(key);
        let table = match self.entries.remove(key) {
            Some(entry) => self.table(key, entry),
            None => None,
        };
        Section::new(Rc::clone(&self.shared), self.below(key), table)
    }

    /// The list of tables `[[key]]`. The environment can override the only or first one.
    pub(super) fn sections(&mut self, key: &'static str) -> Vec<Section<'t>> {
        self.known.push(key);
        let path = self.below(key);
        let tables = match self.entries.remove(key) {
            Some(Entry::File { value, line }) if value.get_ref().is_array() => {
                let DeValue::Array(items) = value.into_inner() else { return Vec::new() };
                items
                    .into_iter()
                    .map(|value| self.table(key, Entry::File { line, value }))
                    .collect()
            }
            Some(other) => vec![self.table(key, other)],
            None if self.shared.environment.below(&path).next().is_some() => vec![None],
            None => Vec::new(),
        };
        tables
            .into_iter()
            .map(|table| Section::new(Rc::clone(&self.shared), path.clone(), table))
            .collect()
    }

    /// Everything not taken is a mistake.
    pub(super) fn finish(&mut self) {
        for (key, entry) in std::mem::take(&mut self.entries) {
            let guess = match nearest(&key, &self.known) {
                Some(near) => format!("no such setting; did you mean {near}?"),
                None => format!("no such setting; here are {}", self.known.join(", ")),
            };
            self.tell(&key, &entry, guess);
        }
        for (key, found) in self.shared.environment.below(&self.path) {
            if found.key.len() > self.path.len() + 1 && !self.known.contains(&key) {
                let what = match nearest(key, &self.known) {
                    Some(near) => format!("no such section; did you mean {near}?"),
                    None => "no such section".to_owned(),
                };
                let place = format!("environment {}", found.variable);
                self.shared.tell(usize::MAX, place, found.key.join("."), what);
            }
        }
    }

    /// What was found so far, in the order of the file.
    pub(super) fn problems(&self) -> Problems {
        let mut problems = self.shared.problems.borrow().clone();
        problems.sort_by_key(|(line, _)| *line);
        Problems(problems.into_iter().map(|(_, problem)| problem).collect())
    }

    /// All keys of all tables, dotted; for the test that the sample file is complete.
    #[cfg(test)]
    pub(super) fn take_all_keys(&mut self) -> Vec<String> {
        let mut keys = Vec::new();
        for (key, entry) in std::mem::take(&mut self.entries) {
            let table = match entry {
                Entry::File { value, line } => match value.into_inner() {
                    DeValue::Table(table) => Some(table),
                    DeValue::Array(items) => items
                        .into_iter()
                        .next()
                        .and_then(|value| self.table(&key, Entry::File { line, value })),
                    _ => None,
                },
                Entry::Environment(_) => None,
            };
            match table {
                Some(table) => keys.extend(
                    Section::new(Rc::clone(&self.shared), self.below(&key), Some(table))
                        .take_all_keys(),
                ),
                None => keys.push(self.below(&key).join(".")),
            }
        }
        keys
    }

    fn table(&self, key: &str, entry: Entry<'t>) -> Option<DeTable<'t>> {
        match entry {
            Entry::File { value, line } => match value.into_inner() {
                DeValue::Table(table) => Some(table),
                _ => {
                    let place = self.shared.at(line);
                    let what = "must be a section of its own".to_owned();
                    self.shared.tell(line, place, self.below(key).join("."), what);
                    None
                }
            },
            Entry::Environment(_) => {
                self.tell(key, &entry, "is a section: name a key in it".to_owned());
                None
            }
        }
    }

    fn below(&self, key: &str) -> Vec<String> {
        self.path.iter().cloned().chain([key.to_owned()]).collect()
    }

    fn tell(&self, key: &str, entry: &Entry<'_>, what: String) {
        let (line, place) = match entry {
            Entry::File { line, .. } => (*line, self.shared.at(*line)),
            Entry::Environment(o) => (usize::MAX, format!("environment {}", o.variable)),
        };
        self.shared.tell(line, place, self.below(key).join("."), what);
    }
}

impl Shared<'_> {
    fn line(&self, offset: usize) -> usize {
        1 + self.text.bytes().take(offset).filter(|byte| *byte == b'\n').count()
    }

    fn at(&self, line: usize) -> String {
        format!("{}:{line}", self.file)
    }

    fn tell(&self, line: usize, place: String, key: String, what: String) {
        self.problems.borrow_mut().push((line, Problem { place, key, what }));
    }
}

/// A variable's value: as TOML where that fits (numbers, true), else as a plain text.
fn from_words<T: DeserializeOwned>(text: &str) -> Result<T, toml::de::Error> {
    let literal = toml::de::ValueDeserializer::parse(text).and_then(T::deserialize);
    literal.or_else(|_| {
        T::deserialize(toml::Value::String(text.to_owned()).into_deserializer())
            .map_err(serde::de::Error::custom)
    })
}
