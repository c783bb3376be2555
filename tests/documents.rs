//! Documents, rules and code say the same. Each test names the side that lacks something.

use std::collections::BTreeSet;
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
