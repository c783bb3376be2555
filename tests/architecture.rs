//! The architecture as a test: layers and absences, read from the sources themselves.
//!
//! One package has no compiler-enforced direction between its modules, so this test is the
//! compiler for it. Every failure names file and line. Comments and `#[cfg(test)]` parts are not
//! code here, except where a rule says so.

use std::fmt;
use std::fs;
use std::path::Path;

/// The layers of ARCHITECTURE.md. A module imports lower layers only, and no sibling of its own.
const LAYERS: &[(&str, u8)] = &[
    ("types", 0),
    ("sms", 1),
    ("at", 1),
    ("modem", 2),
    ("emulator", 2),
    ("engine", 2),
    ("email", 2),
    ("notify", 2),
    ("store", 3),
    ("bus", 3),
    ("io", 4),
    ("web", 4),
    ("config", 5),
    ("app", 6),
    ("cmd", 7),
];

/// What the pure layers 0 to 2 never contain.
const IMPURE: &[&str] = &[
    "async ",
    ".await",
    "std::fs",
    "std::net",
    "std::thread",
    "std::process",
    "std::env",
    "Instant::now",
    "SystemTime::now",
    "Zoned::now",
    "Timestamp::now",
    "rusqlite",
    "tokio",
    "axum",
    "ring::rand",
];

/// Layers that read from the air or the line never panic on what they read.
const PANICS: &[&str] =
    &[".unwrap()", ".expect(", "panic!(", "unreachable!(", "todo!(", "unimplemented!("];

/// Modem families have one home.
const FAMILIES: &[&str] =
    &["huawei", "simcom", "sim800", "quectel", "zte", "ublox", "u-blox", "telit", "sierra"];

/// Beginnings of SQL statements.
const SQL: &[&str] = &[
    "\"SELECT ",
    "\"INSERT ",
    "\"UPDATE ",
    "\"DELETE ",
    "\"PRAGMA ",
    "\"CREATE TABLE",
    "\"BEGIN ",
];

/// What opens a file, a port or a socket.
const OPENS: &[&str] = &[
    "File::open",
    "File::create",
    "OpenOptions",
    "TcpListener::bind",
    "UnixListener::bind",
    "TcpStream::connect",
    "UnixStream::connect",
    "Connection::open",
    "openpt",
    "open_native_async",
];

#[derive(Debug, PartialEq, Eq)]
struct Violation {
    file: String,
    line: usize,
    why: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.why)
    }
}

/// One source file: its path below the package root, and its lines without comments and tests.
struct Source {
    path: String,
    code: Vec<String>,
}

impl Source {
    fn new(path: &str, text: &str) -> Self {
        let lines: Vec<&str> = text.lines().collect();
        let end = lines.iter().position(|l| l.trim() == "#[cfg(test)]").unwrap_or(lines.len());
        let code = lines[..end].iter().map(|line| without_comment(line).to_owned()).collect();
        Self { path: path.to_owned(), code }
    }

    /// `src/at/lexer.rs` and `src/bus.rs` belong to `at` and `bus`.
    fn module(&self) -> &str {
        let rest = self.path.strip_prefix("src/").unwrap_or("");
        rest.split('/').next().unwrap_or("").trim_end_matches(".rs")
    }

    fn layer(&self) -> Option<u8> {
        layer_of(self.module())
    }

    /// Each line that contains one of `words`, as a violation.
    fn find<'a>(
        &'a self,
        words: &'a [&'a str],
        why: &'a str,
    ) -> impl Iterator<Item = Violation> + 'a {
        self.code.iter().enumerate().flat_map(move |(i, line)| {
            words
                .iter()
                .filter(|word| has_word(line, word))
                .map(move |word| self.violation(i, format!("`{}` {why}", word.trim())))
        })
    }

    fn violation(&self, index: usize, why: String) -> Violation {
        Violation { file: self.path.clone(), line: index + 1, why }
    }
}

/// Whether `word` stands in `line` and does not go on as a longer name (`.await` in `.awaiting`).
fn has_word(line: &str, word: &str) -> bool {
    let open = word.ends_with(|c: char| c.is_alphanumeric());
    line.match_indices(word).any(|(at, _)| {
        let next = line[at + word.len()..].chars().next();
        !(open && next.is_some_and(|c| c.is_alphanumeric() || c == '_'))
    })
}

fn layer_of(module: &str) -> Option<u8> {
    LAYERS.iter().find(|(name, _)| *name == module).map(|(_, layer)| *layer)
}

/// The line up to `//`, unless the slashes stand inside a string.
fn without_comment(line: &str) -> &str {
    let mut in_string = false;
    let mut previous = ' ';
    for (at, c) in line.char_indices() {
        match c {
            '"' if previous != '\\' && previous != '\'' => in_string = !in_string,
            '/' if previous == '/' && !in_string => return &line[..at - 1],
            _ => {}
        }
        previous = c;
    }
    line
}

/// The names behind `crate::` in a line, also inside `crate::{a::b, c}`.
fn crate_imports(line: &str) -> Vec<String> {
    let name = |text: &str| -> String {
        text.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
    };
    let mut found = Vec::new();
    for (at, _) in line.match_indices("crate::") {
        let rest = &line[at + "crate::".len()..];
        if let Some(group) = rest.strip_prefix('{') {
            let mut depth = 0;
            let mut start = 0;
            for (i, c) in group.char_indices() {
                match c {
                    '{' => depth += 1,
                    '}' if depth == 0 => {
                        found.push(name(&group[start..i]));
                        break;
                    }
                    '}' => depth -= 1,
                    ',' if depth == 0 => {
                        found.push(name(&group[start..i]));
                        start = i + 1;
                    }
                    _ => {}
                }
            }
        } else {
            found.push(name(rest));
        }
    }
    found.retain(|n| !n.is_empty());
    found
}

/// `use crate::{` may run over several lines: joins them so that each import stands on one.
fn joined(code: &[String]) -> Vec<(usize, String)> {
    let mut out: Vec<(usize, String)> = Vec::new();
    let mut open: Option<(usize, String)> = None;
    for (i, line) in code.iter().enumerate() {
        match open.take() {
            Some((start, text)) => {
                let text = format!("{text} {}", line.trim());
                if text.contains(';') {
                    out.push((start, text))
                } else {
                    open = Some((start, text))
                }
            }
            None if line.trim_start().starts_with("use crate::{") && !line.contains(';') => {
                open = Some((i, line.clone()));
            }
            None => out.push((i, line.clone())),
        }
    }
    out
}

fn layer_violations(sources: &[Source]) -> Vec<Violation> {
    let mut found = Vec::new();
    for source in sources {
        let Some(own) = source.layer() else { continue };
        for (i, line) in joined(&source.code) {
            for import in crate_imports(&line) {
                let allowed =
                    import == source.module() || layer_of(&import).is_some_and(|l| l < own);
                if !allowed {
                    let module = source.module();
                    let layer =
                        layer_of(&import).map_or("no layer".into(), |l| format!("layer {l}"));
                    let why =
                        format!("imports `{import}` ({layer}), but `{module}` is layer {own}");
                    found.push(source.violation(i, why));
                }
            }
            // From `src/at/lexer.rs`, two steps up is the crate root: an import in disguise.
            let depth = source.path.split('/').count() - 1;
            let is_root = source.path.ends_with("/mod.rs");
            let steps = if is_root { depth - 1 } else { depth };
            if line.contains(&"super::".repeat(steps)) && steps > 0 && depth > 1 {
                found.push(source.violation(i, "climbs to the crate root with `super`".to_owned()));
            }
        }
    }
    found
}

fn absence_violations(sources: &[Source]) -> Vec<Violation> {
    let mut found = Vec::new();
    for source in sources {
        let module = source.module();
        let layer = source.layer();
        if layer.is_some_and(|l| l <= 2) {
            found.extend(source.find(IMPURE, "in a pure layer"));
            found.extend(serialize_derives(source));
        }
        if matches!(module, "sms" | "at" | "email") {
            found.extend(source.find(PANICS, "where hostile input is read"));
        }
        if module != "store" {
            found.extend(source.find(SQL, "is SQL outside `store`"));
        }
        // The command line writes the files its arguments name.
        if !matches!(module, "io" | "store" | "web" | "cmd") {
            found.extend(source.find(OPENS, "opens something outside `io`, `store` and `web`"));
        }
        if !source.path.contains("/profile") {
            for (i, line) in source.code.iter().enumerate() {
                let line = line.to_lowercase();
                let named = FAMILIES.iter().find(|family| line.contains(*family));
                if let Some(family) = named {
                    let why = format!("names the modem family `{family}` outside its profile");
                    found.push(source.violation(i, why));
                }
            }
        }
        found.extend(source.find(&["thread::sleep"], "waits instead of waiting for the event"));
        found.extend(loose_logs(source));
    }
    found
}

/// Layers 0 to 2 have no wire format: `Serialize` lives in web, config and notify.
fn serialize_derives(source: &Source) -> Vec<Violation> {
    let derives = |line: &&(usize, &String)| {
        line.1.contains("derive(") && {
            line.1.split(|c: char| !c.is_alphanumeric()).any(|word| word == "Serialize")
        }
    };
    let lines: Vec<(usize, &String)> = source.code.iter().enumerate().collect();
    lines
        .iter()
        .filter(derives)
        .map(|(i, _)| source.violation(*i, "derives Serialize in a pure layer".to_owned()))
        .collect()
}

/// A log line at info or above shows neither body nor full number.
fn loose_logs(source: &Source) -> Vec<Violation> {
    const MACROS: &[&str] = &["info!(", "warn!(", "error!("];
    const PRIVATE: &[&str] =
        &["text", "body", "number", "recipient", "sender", "pdu", "pin", "token"];
    let mut found = Vec::new();
    for (i, line) in source.code.iter().enumerate() {
        if !MACROS.iter().any(|m| line.contains(m)) {
            continue;
        }
        let call: String =
            source.code[i..].iter().take(8).map(String::as_str).collect::<Vec<_>>().join(" ");
        let call = call.split(");").next().unwrap_or("");
        for word in PRIVATE {
            let fields = [
                format!("{word} = "),
                format!("%{word},"),
                format!("?{word},"),
                format!("{{{word}}}"),
            ];
            let shown = fields.iter().any(|f| call.contains(f));
            if shown && !call.contains("masked(") && !call.contains("Redacted") {
                found.push(source.violation(i, format!("logs `{word}` unmasked")));
            }
        }
    }
    found
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    let mut folders = vec![root.join("src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("src is readable") {
            let path = entry.expect("src is readable").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let text = fs::read_to_string(&path).expect("sources are UTF-8");
                let below = path.strip_prefix(root).expect("below the root");
                found.push(Source::new(&below.to_string_lossy(), &text));
            }
        }
    }
    assert!(found.len() > 10, "the sources were not found");
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

fn assert_none(violations: &[Violation]) {
    let lines: Vec<String> = violations.iter().map(ToString::to_string).collect();
    assert!(violations.is_empty(), "\n{}\n", lines.join("\n"));
}

#[test]
fn no_module_imports_its_own_layer_or_a_higher_one() {
    assert_none(&layer_violations(&sources()));
}

#[test]
fn what_must_be_absent_is_absent() {
    assert_none(&absence_violations(&sources()));
}

#[test]
fn every_module_has_a_layer() {
    for source in sources() {
        let module = source.module();
        assert!(
            source.layer().is_some() || matches!(module, "main" | "lib"),
            "{}: module `{module}` has no layer in tests/architecture.rs",
            source.path
        );
    }
}

#[test]
fn no_test_sleeps() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("tests is readable") {
            let path = entry.expect("tests is readable").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "rs")
                && !path.ends_with("architecture.rs")
            {
                let text = fs::read_to_string(&path).expect("tests are UTF-8");
                for (i, line) in text.lines().enumerate() {
                    let sleeps = without_comment(line).contains("thread::sleep(");
                    assert!(!sleeps, "{}:{}: a test sleeps", path.display(), i + 1);
                }
            }
        }
    }
}

/// The compiler keeps what reads from the air or the line from panicking: clippy refuses each of
/// these there. An exception stands beside its reason.
const DENIED_WHERE_HOSTILE_INPUT_IS_READ: &[&str] = &[
    "clippy::unwrap_used",
    "clippy::expect_used",
    "clippy::indexing_slicing",
    "clippy::string_slice",
    "clippy::panic",
    "clippy::unreachable",
    "clippy::todo",
    "clippy::unimplemented",
];

/// The lints that the head of a module denies outside its tests.
fn denied(module: &str) -> Vec<&str> {
    let head = module.split("#![cfg_attr(").nth(1).and_then(|rest| rest.split(")]").next());
    let head = head.unwrap_or("").trim_start();
    let lints = head.strip_prefix("not(test),").map_or("", str::trim_start);
    let lints = lints.strip_prefix("deny(").unwrap_or("").trim_end_matches([')', ' ', '\n']);
    lints.split(',').map(str::trim).filter(|lint| !lint.is_empty()).collect()
}

#[test]
fn the_compiler_refuses_panics_where_hostile_input_is_read() {
    for module in [
        include_str!("../src/sms/mod.rs"),
        include_str!("../src/at/mod.rs"),
        include_str!("../src/email/mod.rs"),
    ] {
        assert_eq!(denied(module), DENIED_WHERE_HOSTILE_INPUT_IS_READ);
    }
    let lax = sources()
        .into_iter()
        .filter(|s| matches!(s.module(), "sms" | "at" | "email"))
        .flat_map(|s| {
            let code = s.code.join("\n");
            let exceptions: Vec<String> = code
                .split("#[allow(clippy::")
                .skip(1)
                .filter(|rest| !rest.split(")]").next().unwrap_or("").contains("reason = "))
                .map(|rest| {
                    format!("{}: allow(clippy::{}", s.path, rest.lines().next().unwrap_or(""))
                })
                .collect();
            exceptions
        });
    assert_eq!(lax.collect::<Vec<_>>(), Vec::<String>::new(), "without a reason");
}

#[test]
fn unsafe_is_forbidden() {
    let manifest = include_str!("../Cargo.toml");
    assert!(manifest.contains("unsafe_code = \"forbid\""));
}

#[test]
fn a_planted_violation_is_found_with_file_and_line() {
    let plant = |path: &str, text: &str| vec![Source::new(path, text)];
    let one = |found: Vec<Violation>| -> String {
        assert_eq!(found.len(), 1, "{found:?}");
        found[0].to_string()
    };

    let upward = plant("src/at/lexer.rs", "//! Doc.\nuse crate::store::Store;\n");
    assert_eq!(
        one(layer_violations(&upward)),
        "src/at/lexer.rs:2: imports `store` (layer 3), but `at` is layer 1"
    );
    let sibling =
        plant("src/modem/x.rs", "use crate::{\n    types::Millis,\n    emulator::World,\n};\n");
    assert_eq!(
        one(layer_violations(&sibling)),
        "src/modem/x.rs:1: imports `emulator` (layer 2), but `modem` is layer 2"
    );
    let climbing = plant("src/at/lexer.rs", "use super::super::store::Store;\n");
    assert!(one(layer_violations(&climbing)).starts_with("src/at/lexer.rs:1: climbs"));
    let downward = plant("src/store/mod.rs", "use crate::types::{Millis, UnixTime};\n");
    assert_eq!(layer_violations(&downward), []);

    let clock = plant("src/modem/driver.rs", "fn f() {\n    let now = Instant::now();\n}\n");
    assert_eq!(
        one(absence_violations(&clock)),
        "src/modem/driver.rs:2: `Instant::now` in a pure layer"
    );
    let panic = plant("src/sms/udh.rs", "let a = b.unwrap(); // fine\n");
    assert!(one(absence_violations(&panic)).contains("src/sms/udh.rs:1"));
    let sql = plant("src/web/api.rs", "conn.execute(\"DELETE FROM message\", [])\n");
    assert!(one(absence_violations(&sql)).contains("SQL outside `store`"));
    let wire = plant("src/types/number.rs", "#[derive(Debug, Serialize)]\n");
    assert!(one(absence_violations(&wire)).contains("Serialize"));
    let family = plant("src/app/sender.rs", "if profile == \"huawei\" {}\n");
    assert!(one(absence_violations(&family)).contains("huawei"));
    let log = plant("src/app/intake.rs", "info!(number = %from, \"received\");\n");
    assert!(one(absence_violations(&log)).contains("logs `number` unmasked"));
    let open = plant("src/app/intake.rs", "let f = File::open(path)?;\n");
    assert!(one(absence_violations(&open)).contains("File::open"));

    let fine = "// Instant::now\nlet x = 1;\n#[cfg(test)]\nmod tests { use tokio::x; }\n";
    assert_eq!(absence_violations(&plant("src/at/lexer.rs", fine)), []);
}
