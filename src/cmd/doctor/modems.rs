//! What the running gateway's answers mean. Values in, findings out.

use serde_json::Value;

use super::Finding;
use crate::at::commands::network::{Domain, Registration};

/// What a gateway told of itself.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// `/healthz`
    pub health: Value,
    /// `/api/v1/modems`, each with the lines of its flight recorder as `trace`.
    pub modems: Vec<Value>,
    /// `/api/v1/lines`
    pub lines: Vec<Value>,
    /// Texts nobody knows the fate of; a hundred may be more.
    pub unknown: usize,
}

/// Below this, texts begin to need several tries.
const WEAK_DBM: i64 = -93;
/// A storage should be empty nearly always.
const FULL_PERCENT: u64 = 70;

impl Told {
    /// Whether a modem works on that port.
    pub(super) fn drives(&self, port: &str) -> bool {
        self.modems.iter().any(|modem| word(modem, "port") == port && is_there(modem))
    }

    pub(super) fn findings(&self) -> Vec<Finding> {
        let mut findings: Vec<Finding> =
            self.modems.iter().flat_map(|modem| self.modem(modem)).collect();
        findings.push(match self.unknown {
            0 => Finding::fine("texts", "none has an unknown fate"),
            n => Finding::warning(
                "texts",
                format!("{n} may or may not have been sent"),
                "simgate unknown list",
            ),
        });
        findings.extend(self.mail());
        findings
    }

    fn modem(&self, modem: &Value) -> Vec<Finding> {
        let port = word(modem, "port");
        let line = self.lines.iter().find(|line| line["id"] == modem["line"]);
        let whose = line.map(|line| format!(", with the SIM of {}", word(line, "name")));
        if !is_there(modem) {
            // A modem without a line was put away; its SIM works elsewhere.
            let Some(whose) = whose else { return Vec::new() };
            let found = format!("{} is gone{whose}", word(modem, "model"));
            let found = Finding::problem("modem", found, "plug it in again").about(port);
            return vec![found];
        }
        let mut findings = vec![state(modem, &whose.unwrap_or_default())];
        // Before the SIM is open there is no radio to speak of.
        if matches!(word(modem, "state"), "registering" | "ready") {
            findings.extend([network(modem), signal(modem)]);
        }
        findings.extend(storage(modem));
        findings.into_iter().map(|finding| finding.about(port)).collect()
    }

    fn mail(&self) -> Vec<Finding> {
        const LOG: &str = "mend what it says, under [mail] in simgate.toml or at the mail server";
        let mail = &self.health["mail"];
        let failing = |way: &'static str| {
            let why = mail[way].as_str()?;
            Some(Finding::problem("mail", why, LOG).about(way))
        };
        let mut findings: Vec<Finding> = ["out", "in"].into_iter().filter_map(failing).collect();
        let bounced = mail["failing"].as_array().into_iter().flatten().filter_map(Value::as_str);
        findings.extend(bounced.map(|address| {
            let next = "correct the address on the page of its line";
            Finding::warning("mail", format!("mail to {address} keeps coming back"), next)
        }));
        if let Some(waiting @ 1..) = mail["quarantined"].as_u64() {
            let found = format!("{waiting} in quarantine");
            findings.push(Finding::warning("mail", found, "decide on the page Quarantine"));
        }
        findings
    }
}

/// The driver's state, and what it noted for a person.
fn state(modem: &Value, whose: &str) -> Finding {
    let found = format!("{} {}{whose}", word(modem, "maker"), word(modem, "model"));
    let trace = format!("simgate trace {}", word(modem, "port"));
    let note = modem["note"].as_str();
    match (word(modem, "state"), note) {
        ("ready", None) => Finding::fine("modem", format!("{} is ready", found.trim())),
        ("ready", Some(note)) => Finding::warning("modem", note, trace),
        ("pin-needed", Some(note)) => {
            // These notes say what is wrong, and after a colon what to do about it.
            let (what, next) = note.split_once(": ").unwrap_or((note, SEAT));
            Finding::problem("modem", what, next)
        }
        // Why is the next check's to say.
        ("registering", None) => Finding::fine("modem", format!("{} answers", found.trim())),
        (state, None) => Finding::warning("modem", format!("it is {state}"), trace),
        (_, Some(note)) => Finding::warning("modem", note, trace),
    }
}

const SEAT: &str = "take the SIM out, seat it well and plug the modem in again";

/// How the network took it, and by which technology (fault 65).
fn network(modem: &Value) -> Finding {
    const CHECK: &str = "network";
    let operator = modem["operator"].as_str().unwrap_or("the network");
    let by = technology(&modem["trace"]).map(|by| format!(" over {by}")).unwrap_or_default();
    match word(modem, "registration") {
        "home" => Finding::fine(CHECK, format!("{operator}{by}")),
        "roaming" => Finding::fine(CHECK, format!("{operator}{by}, roaming")),
        how @ ("home-packets-only" | "roaming-packets-only") => {
            let abroad = if how.starts_with("roaming") { ", roaming" } else { "" };
            Finding::warning(
                CHECK,
                format!(
                    "{operator} takes it for packets only{by}{abroad}: where 2G and 3G are \
                     switched off, texts need SMS over IMS, which no text has proved yet"
                ),
                "send a text to this line; if none comes, ask the operator for SMS over IMS, or \
                 use another one's SIM",
            )
        }
        "denied" => Finding::problem(
            CHECK,
            "the network refuses this SIM",
            "try the SIM in a phone, or ask its operator whether it is active",
        ),
        "emergency-only" => Finding::problem(
            CHECK,
            "emergency calls only",
            "try the SIM in a phone, or ask its operator whether it is active",
        ),
        "" | "unknown" if word(modem, "state") == "ready" => {
            Finding::skipped(CHECK, "the modem does not tell")
        }
        how => Finding::problem(CHECK, format!("none yet: {how}"), "put the antenna at a window"),
    }
}

fn signal(modem: &Value) -> Finding {
    let Some(dbm) = modem["signal_dbm"].as_i64() else {
        return Finding::skipped("signal", "the modem does not tell");
    };
    match dbm {
        ..WEAK_DBM => {
            Finding::warning("signal", format!("{dbm} dBm, weak"), "put the antenna at a window")
        }
        _ => Finding::fine("signal", format!("{dbm} dBm")),
    }
}

fn storage(modem: &Value) -> Option<Finding> {
    let storage = &modem["storage"];
    let (used, total) = (storage["used"].as_u64()?, storage["total"].as_u64()?);
    let found = format!("{used} of {total} places used");
    Some(match used.saturating_mul(100) >= total.max(1).saturating_mul(FULL_PERCENT) {
        true => Finding::warning(
            "storage",
            found,
            format!("simgate trace {} shows why it is not emptied", word(modem, "port")),
        ),
        false => Finding::fine("storage", found),
    })
}

/// The radio technology the modem was last registered with, as its flight recorder has it: the
/// fields of 27.007 §7.2 and §7.3.
fn technology(trace: &Value) -> Option<&'static str> {
    let lines = trace.as_array()?.iter().rev().filter_map(Value::as_str);
    let told = lines.filter_map(|line| line.strip_prefix("< ")?.split_once(": "));
    let mut numbers = told.filter_map(|(name, rest)| match name {
        "+COPS" => rest.split(',').nth(3)?.trim().parse().ok(),
        _ => {
            let domain = Domain::of_prefix(&format!("{name}:"))?;
            let registration = Registration::parse(domain, rest, false)?;
            registration.technology.filter(|_| registration.state().carries_messages())
        }
    });
    Some(match numbers.next()? {
        0_u8 | 1 | 3 | 8 => "2G",
        2 | 4..=6 => "3G",
        7 | 9 | 13 => "4G",
        10..=12 => "5G",
        _ => return None,
    })
}

fn is_there(modem: &Value) -> bool {
    word(modem, "state") != "closed"
}

fn word<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn ready() -> Value {
        json!({
            "id": "1", "port": "/dev/ttyUSB2", "maker": "Maker", "model": "Model", "line": "7",
            "state": "ready", "operator": "Net", "registration": "home", "signal_dbm": -71,
            "bars": 4, "storage": { "name": "SM", "used": 1, "total": 20 }, "note": null,
            "trace": ["< +CREG: 2,1,\"1A2B\",\"01020304\",7", "< OK", "# ready"],
        })
    }

    fn found(change: Value) -> Vec<Finding> {
        let mut modem = ready();
        for (field, value) in change.as_object().into_iter().flatten() {
            modem[field] = value.clone();
        }
        let lines = vec![json!({ "id": "7", "name": "Desk" })];
        Told { modems: vec![modem], lines, ..Told::default() }.findings()
    }

    /// What is not fine, and what to do about it.
    fn wrong(change: Value) -> Vec<(&'static str, &'static str, String)> {
        let found = found(change);
        let told = found.iter().filter_map(|f| Some((f.check, f.word(), f.next()?.to_owned())));
        told.collect()
    }

    #[test]
    fn a_modem_in_order_is_told_with_its_technology() {
        let lines: Vec<String> = found(json!({})).iter().map(Finding::line).collect();
        let expected = [
            "ok       modem /dev/ttyUSB2: Maker Model, with the SIM of Desk is ready",
            "ok       network /dev/ttyUSB2: Net over 4G",
            "ok       signal /dev/ttyUSB2: -71 dBm",
            "ok       storage /dev/ttyUSB2: 1 of 20 places used",
            "ok       texts: none has an unknown fate",
        ];
        assert_eq!(lines, expected);
    }

    /// Fault 65: only 4G is left, and nothing says that it carries texts.
    #[test]
    fn a_modem_that_is_there_for_packets_only_is_told_with_the_likely_cause() {
        let change = json!({
            "registration": "roaming-packets-only",
            "trace": ["< +CREG: 2,0", "< +CEREG: 2,5,\"1A2B\",\"01020304\",7", "< OK"],
        });
        let found = found(change.clone());
        let network = found.iter().find(|finding| finding.check == "network").expect("a check");
        assert!(network.found.contains("packets only over 4G, roaming"), "{}", network.found);
        assert!(network.found.contains("SMS over IMS"), "{}", network.found);
        let wrong = wrong(change);
        assert!(matches!(wrong.as_slice(), [("network", "warning", _)]), "{wrong:?}");
    }

    #[test]
    fn what_is_wrong_with_a_modem_comes_with_one_thing_to_do() {
        for (change, check, state, next) in [
            (json!({ "signal_dbm": -107 }), "signal", "warning", "put the antenna at a window"),
            (json!({ "registration": "denied" }), "network", "problem", "try the SIM in a phone"),
            (json!({ "state": "closed" }), "modem", "problem", "plug it in again"),
            (
                json!({ "state": "pin-needed", "note": crate::modem::Blocked::PukNeeded.to_string() }),
                "modem",
                "problem",
                "unlock it in a phone",
            ),
            (
                json!({ "state": "pin-needed", "note": crate::modem::Blocked::NoSim.to_string() }),
                "modem",
                "problem",
                "take the SIM out",
            ),
            (
                json!({ "state": "registering", "registration": "searching" }),
                "network",
                "problem",
                "put the antenna",
            ),
            (
                json!({ "storage": { "name": "SM", "used": 9, "total": 10 } }),
                "storage",
                "warning",
                "simgate trace /dev/ttyUSB2",
            ),
            (json!({ "note": "It warns." }), "modem", "warning", "simgate trace /dev/ttyUSB2"),
        ] {
            let wrong = wrong(change.clone());
            let [(told, word, what)] = wrong.as_slice() else { panic!("{change}: {wrong:?}") };
            assert_eq!((*told, *word), (check, state), "{change}");
            assert!(what.starts_with(next), "{change}: {what}");
        }
        assert_eq!(wrong(json!({ "state": "closed", "line": null })), [], "it was put away");
    }

    #[test]
    fn mail_and_texts_that_wait_for_somebody_are_told() {
        let health = json!({ "mail": {
            "out": "no route to host", "in": null, "quarantined": 2, "failing": ["a@example.org"],
        } });
        let told = Told { health, unknown: 3, ..Told::default() };
        let words: Vec<_> = told.findings().iter().map(|f| (f.check, f.word())).collect();
        assert_eq!(
            words,
            [("texts", "warning"), ("mail", "problem"), ("mail", "warning"), ("mail", "warning")]
        );
    }

    /// What a modem says steers no terminal and breaks no shape.
    #[test]
    fn hostile_answers_stay_on_their_line() {
        let nonsense = json!({
            "operator": "\u{1b}[2JNet\nok all fine", "trace": ["< +COPS: ,,,", "<", 7, "< : "],
            "storage": { "used": "x" }, "signal_dbm": i64::MIN, "state": 7,
        });
        for finding in found(nonsense) {
            let line = finding.line();
            assert!(!line.contains(char::is_control), "{line:?}");
        }
        assert!(!found(json!({ "storage": { "used": u64::MAX, "total": u64::MAX } })).is_empty());
        assert!(
            Told { modems: vec![json!([]), json!(null)], ..Told::default() }.findings().len() > 1
        );
    }
}
