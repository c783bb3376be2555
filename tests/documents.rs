//! Documents, rules and code say the same. Each test names the side that lacks something.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use simgate::modem::profile;

/// A USB identity as the documents write it: `2c7c:0125`.
type Identity = String;

fn text(path: &str) -> String {
    let full = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    fs::read_to_string(&full).unwrap_or_else(|error| panic!("{}: {error}", full.display()))
}

fn of_profiles() -> BTreeSet<(Identity, &'static str)> {
    let ids = |profile: &'static profile::Profile| {
        profile.usb.iter().map(|id| (format!("{:04x}:{:04x}", id.vendor, id.product), profile.name))
    };
    profile::ALL.iter().flat_map(|profile| ids(profile)).collect()
}

/// The value of `KEY=="value"` or `KEY="value"` in a udev rule.
fn value<'a>(rule: &'a str, key: &str) -> Option<&'a str> {
    let (_, rest) = rule.split_once(key)?;
    rest.trim_start_matches('=').strip_prefix('"')?.split('"').next()
}

/// House rule: every USB id in `udev/` belongs to a profile, and the other way round.
#[test]
fn udev_rules_and_profiles_list_the_same_devices() {
    let rules = text("udev/70-simgate.rules");
    let mut listed = BTreeSet::new();
    for rule in rules.lines().filter(|line| line.starts_with("ENV{ID_VENDOR_ID}")) {
        let vendor = value(rule, "ENV{ID_VENDOR_ID}").expect("a vendor");
        let products = value(rule, "ENV{ID_MODEL_ID}").expect("products");
        let name = value(rule, "ENV{ID_SIMGATE}").expect("a profile");
        for product in products.split('|') {
            listed.insert((format!("{vendor}:{product}"), name.to_owned()));
        }
    }
    let known: BTreeSet<_> =
        of_profiles().into_iter().map(|(id, name)| (id, name.to_owned())).collect();
    let only_rules: Vec<_> = listed.difference(&known).collect();
    let only_code: Vec<_> = known.difference(&listed).collect();
    assert!(only_rules.is_empty(), "in udev/ but in no profile: {only_rules:?}");
    assert!(only_code.is_empty(), "in a profile but not in udev/: {only_code:?}");
}

/// Fault 21: a device that may sleep is reset.
#[test]
fn udev_rules_leave_the_devices_to_us_and_awake() {
    let rules = text("udev/70-simgate.rules");
    for needed in [
        "GROUP=\"simgate\"",
        "ENV{ID_MM_DEVICE_IGNORE}=\"1\"",
        "ATTR{power/control}=\"on\"",
        "SYMLINK+=\"simgate/",
    ] {
        assert!(rules.contains(needed), "udev/70-simgate.rules lacks {needed}");
    }
    for rule in rules.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        assert_eq!(rule.matches('"').count() % 2, 0, "unbalanced quotes: {rule}");
    }
    for jump in rules.lines().filter_map(|rule| value(rule, "GOTO")) {
        assert!(rules.contains(&format!("LABEL=\"{jump}\"")), "no label {jump}");
    }
}

/// House rule: every profile appears in `hardware-notes.md` and has at least one dialogue.
#[test]
fn every_profile_is_described_and_has_a_dialogue() {
    let notes = text("hardware-notes.md");
    for profile in profile::ALL {
        let name = profile.name;
        assert!(notes.contains(&format!("| `{name}` |")), "hardware-notes.md lacks {name}");
        let folder = format!("{}/tests/dialogues/{name}", env!("CARGO_MANIFEST_DIR"));
        let scripts = fs::read_dir(&folder).unwrap_or_else(|_| panic!("no {folder}"));
        let scripts = scripts.flatten().filter(|f| f.path().extension().is_some_and(|e| e == "at"));
        assert!(scripts.count() > 0, "no dialogue in {folder}");
    }
}

#[test]
fn the_notes_list_the_port_of_every_device() {
    let notes = text("hardware-notes.md");
    let (_, table) = notes.split_once("## USB identities").expect("the table");
    let (table, _) = table.split_once("\n## ").expect("another chapter");
    let mut listed = BTreeSet::new();
    for row in table.lines().filter(|line| line.starts_with('|')) {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let (Some(vendor), Some(products)) = (cells.get(2), cells.get(3)) else { continue };
        for product in products.split_whitespace() {
            listed.insert(format!("{vendor}:{product}"));
        }
    }
    for (id, name) in of_profiles() {
        assert!(listed.contains(&id), "hardware-notes.md has no port row for {id} ({name})");
    }
}

/// The tests that name each behaviour in their doc comments, by number such as `S13`.
fn shown() -> BTreeMap<String, BTreeSet<String>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut shown = BTreeMap::new();
    for folder in ["src", "tests"] {
        for file in sources(&root.join(folder)) {
            of_file(&fs::read_to_string(&file).expect("a source"), &mut shown);
        }
    }
    shown
}

fn sources(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        match path.is_dir() {
            true => found.extend(sources(&path)),
            false if path.extension().is_some_and(|e| e == "rs") => found.push(path),
            false => {}
        }
    }
    found
}

fn of_file(source: &str, shown: &mut BTreeMap<String, BTreeSet<String>>) {
    let (mut doc, mut test) = (String::new(), false);
    for line in source.lines().map(str::trim) {
        if let Some(words) = line.strip_prefix("///") {
            doc.push_str(words);
            doc.push(' ');
        } else if line.starts_with("#[") {
            test |= line.contains("test]") || line.contains("::test(");
        } else {
            let name = line.split_once("fn ").and_then(|(_, rest)| rest.split('(').next());
            if let (true, Some(name)) = (test, name) {
                for number in numbers(&doc) {
                    shown.entry(number).or_default().insert(name.to_owned());
                }
            }
            (doc, test) = (String::new(), false);
        }
    }
}

/// `S4..S7` and `E5` in a text.
fn numbers(doc: &str) -> Vec<String> {
    let mut found: Vec<(char, u32)> = Vec::new();
    for word in doc.split(|c: char| !(c.is_ascii_alphanumeric() || c == '.')) {
        let ends: Vec<(char, u32)> = word.split("..").filter_map(number).collect();
        match ends.as_slice() {
            [(letter, from), (_, to)] => found.extend((*from..=*to).map(|n| (*letter, n))),
            other => found.extend(other),
        }
    }
    found.into_iter().map(|(letter, n)| format!("{letter}{n}")).collect()
}

fn number(word: &str) -> Option<(char, u32)> {
    let letter = word.chars().next().filter(|c| "SCE".contains(*c))?;
    let digits = word.get(1..)?.trim_end_matches('.');
    let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    plain.then(|| digits.parse().ok()).flatten().map(|n| (letter, n))
}

/// The table of behaviours names, for each number, the tests that show it, or says where it
/// belongs. `SIMGATE_REWRITE_GOLDENS=1` renews it.
#[test]
fn each_behaviour_has_a_test_or_says_where_it_belongs() {
    const FILE: &str = "docs/reference/behaviours.md";
    let (shown, page) = (shown(), text(FILE));
    let mut listed = BTreeSet::new();
    let row = |line: &str| {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let [_, number, words, cell, _] = cells.as_slice() else { return line.to_owned() };
        if self::number(number).is_none() {
            return line.to_owned();
        }
        listed.insert((*number).to_owned());
        let tests: Vec<&String> = shown.get(*number).into_iter().flatten().collect();
        let cell = match tests.as_slice() {
            [] if ["web", "e-mail", "later"].contains(cell) => (*cell).to_owned(),
            [] => "later".to_owned(),
            [one] => format!("`{one}`"),
            [one, rest @ ..] => format!("`{one}` and {} more", rest.len()),
        };
        format!("| {number} | {words} | {cell} |")
    };
    let rows: Vec<String> = page.lines().map(row).collect();
    let renewed = format!("{}\n", rows.join("\n"));
    for (letter, last) in [('S', 168), ('C', 20), ('E', 171)] {
        for n in 1..=last {
            assert!(listed.contains(&format!("{letter}{n}")), "{FILE} lacks {letter}{n}");
        }
    }
    let unknown: Vec<_> = shown.keys().filter(|number| !listed.contains(*number)).collect();
    assert!(unknown.is_empty(), "tests name what does not exist: {unknown:?}");
    if renewed != page {
        if std::env::var_os("SIMGATE_REWRITE_GOLDENS").is_some() {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(FILE);
            fs::write(path, renewed).expect("written");
        } else {
            panic!("{FILE} is stale: run it again with SIMGATE_REWRITE_GOLDENS=1");
        }
    }
}

/// `Fault 26`, `Faults 10 and 12` and `Faults 35..37` in a text.
fn faults(doc: &str) -> Vec<u32> {
    let mut found = Vec::new();
    let mut words = doc.split(|c: char| c.is_whitespace() || ",:;()".contains(c)).peekable();
    while let Some(word) = words.next() {
        if !matches!(word, "Fault" | "Faults" | "fault" | "faults") {
            continue;
        }
        while let Some(word) = words.peek() {
            let ends: Vec<u32> = word
                .trim_end_matches('.')
                .split("..")
                .filter_map(|number| number.parse().ok())
                .collect();
            match ends.as_slice() {
                [one] => found.push(*one),
                [from, to] => found.extend(*from..=*to),
                _ if word.is_empty() || *word == "and" => {}
                _ => break,
            }
            words.next();
        }
    }
    found
}

/// Tests and dialogues by the faults they name.
fn faults_shown() -> BTreeMap<u32, BTreeSet<String>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut shown: BTreeMap<u32, BTreeSet<String>> = BTreeMap::new();
    for folder in ["src", "tests"] {
        for file in sources(&root.join(folder)) {
            // That the emulated modem can play a fault is no proof of what we do about it.
            if file.to_string_lossy().contains("emulator") {
                continue;
            }
            let source = fs::read_to_string(&file).expect("a source");
            let (mut doc, mut test) = (String::new(), false);
            for line in source.lines().map(str::trim) {
                if let Some(words) = line.strip_prefix("///") {
                    doc.push_str(words);
                    doc.push(' ');
                } else if line.starts_with("#[") {
                    test |= line.contains("test]") || line.contains("::test(");
                } else {
                    let name = line.split_once("fn ").and_then(|(_, rest)| rest.split('(').next());
                    if let (true, Some(name)) = (test, name) {
                        for number in faults(&doc) {
                            shown.entry(number).or_default().insert(name.to_owned());
                        }
                    }
                    (doc, test) = (String::new(), false);
                }
            }
        }
    }
    for folder in fs::read_dir(root.join("tests/dialogues")).expect("dialogues").flatten() {
        for file in fs::read_dir(folder.path()).into_iter().flatten().flatten() {
            let text = fs::read_to_string(file.path()).unwrap_or_default();
            let head: Vec<&str> = text.lines().take_while(|line| line.starts_with('#')).collect();
            let family = folder.file_name().to_string_lossy().into_owned();
            let name = format!("{family}/{}", file.file_name().to_string_lossy());
            for number in faults(&head.join(" ")) {
                shown.entry(number).or_default().insert(name.clone());
            }
        }
    }
    shown
}

/// The table of faults names, for each number, what shows it, or says `later` and why.
/// `SIMGATE_REWRITE_GOLDENS=1` renews it.
#[test]
fn each_fault_has_a_test_or_says_why_not_yet() {
    const FILE: &str = "docs/reference/faults.md";
    let (shown, page) = (faults_shown(), text(FILE));
    let mut listed = BTreeSet::new();
    let row = |line: &str| {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        let [_, number, promise, cell, _] = cells.as_slice() else { return line.to_owned() };
        let Ok(fault) = number.parse::<u32>() else { return line.to_owned() };
        listed.insert(fault);
        // A test's name says more than a dialogue's file.
        let mut tests: Vec<&String> = shown.get(&fault).into_iter().flatten().collect();
        tests.sort_by_key(|name| name.contains('/'));
        let cell = match tests.as_slice() {
            [] => (*cell).to_owned(),
            [one] => format!("`{one}`"),
            [one, rest @ ..] => format!("`{one}` and {} more", rest.len()),
        };
        let said =
            cell.starts_with('`') || cell.strip_prefix("later: ").is_some_and(|why| why.len() > 5);
        assert!(said, "{FILE}: fault {fault} has no test and does not say why");
        format!("| {number} | {promise} | {cell} |")
    };
    let rows: Vec<String> = page.lines().map(row).collect();
    let renewed = format!("{}\n", rows.join("\n"));
    let wanted = (1..=47).chain([53]).chain(57..=59).chain(61..=66).chain(81..=87);
    for fault in wanted {
        assert!(listed.contains(&fault), "{FILE} lacks fault {fault}");
    }
    if renewed != page {
        if std::env::var_os("SIMGATE_REWRITE_GOLDENS").is_some() {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(FILE);
            fs::write(path, renewed).expect("written");
        } else {
            panic!("{FILE} is stale: run it again with SIMGATE_REWRITE_GOLDENS=1");
        }
    }
}
