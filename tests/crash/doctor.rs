//! `simgate doctor`: what it finds on a machine, and the one thing to do next.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use tokio::time::{Duration, interval, timeout};

use crate::PATIENCE;
use crate::machine::Machine;

/// Everything it says, and its exit code.
struct Said {
    findings: Vec<Value>,
    code: Option<i32>,
}

impl Said {
    /// As programs ask.
    fn by(config: &Path) -> Self {
        let (printed, code) = run(config, &["--json"]);
        let object = |line: &str| {
            let parsed: Result<Value, _> = serde_json::from_str(line);
            parsed.unwrap_or_else(|error| panic!("{error}: {line}"))
        };
        let said = Self { findings: printed.lines().map(object).collect(), code };
        said.is_sound();
        said
    }

    /// What every answer must be: each line whole, one thing to do where something is wrong, and an
    /// exit code that says the same.
    fn is_sound(&self) {
        let mut problems = 0;
        for finding in &self.findings {
            let fields: Vec<&String> = finding.as_object().expect("an object").keys().collect();
            assert_eq!(fields, ["about", "check", "found", "next", "state"], "{finding}");
            assert!(finding["check"].is_string() && finding["found"].is_string(), "{finding}");
            match finding["state"].as_str() {
                Some("ok" | "skipped") => assert!(finding["next"].is_null(), "{finding}"),
                Some("warning" | "problem") => {
                    assert!(finding["next"].as_str().is_some_and(|next| !next.is_empty()));
                }
                _ => panic!("{finding}"),
            }
            problems += usize::from(finding["state"] == "problem");
        }
        assert_eq!(self.code, Some(i32::from(problems > 0)), "{:?}", self.findings);
    }

    /// The state of a check, what was found and what is to be done.
    fn of(&self, check: &str) -> (&str, &str, &str) {
        let found = self.findings.iter().find(|finding| finding["check"] == check);
        let found = found.unwrap_or_else(|| panic!("no {check}: {:?}", self.findings));
        let word = |field: &str| found[field].as_str().unwrap_or_default();
        (word("state"), word("found"), word("next"))
    }

    fn has(&self, check: &str) -> bool {
        self.findings.iter().any(|finding| finding["check"] == check)
    }
}

fn run(config: &Path, more: &[&str]) -> (String, Option<i32>) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_simgate"));
    let output = command.arg("doctor").arg("--config").arg(config).args(more).output();
    let output = output.expect("the binary starts");
    (String::from_utf8(output.stdout).expect("UTF-8"), output.status.code())
}

/// Waits until the modem is ready, and has said how the network took it and which it is.
async fn registered(machine: &Machine, how: &str) {
    let mut looks = interval(Duration::from_millis(20));
    let api = machine.api();
    let shown = async {
        loop {
            looks.tick().await;
            let modems = api.get("/api/v1/modems").await;
            let modem = &modems["items"][0];
            let named = modem["operator"].is_string() && !modem["signal_dbm"].is_null();
            if modem["state"] == "ready" && modem["registration"] == how && named {
                return;
            }
        }
    };
    timeout(PATIENCE, shown).await.unwrap_or_else(|_| panic!("it never was {how}"));
}

#[tokio::test]
async fn with_a_gateway_at_work_each_modem_is_in_order() {
    let machine = Machine::start("[[modem]]\n").await;
    let mut gateway = machine.gateway(|_| ());
    gateway.says("ready").await.expect("the gateway starts");
    registered(&machine, "home").await;
    let config = machine.file("simgate.toml");
    let said = Said::by(&config);
    for check in ["gateway", "settings", "modem", "network", "signal", "storage", "texts"] {
        assert_eq!(said.of(check).0, "ok", "{check}: {:?}", said.of(check));
    }
    assert_eq!(said.of("network").1, "Emulated Network over 4G");
    assert_eq!(said.of("country").0, "warning");
    assert!(!said.has("port"), "what the gateway drives is not looked at");
    // For people the same, a line each.
    let (printed, _) = run(&config, &[]);
    assert_eq!(printed.lines().count(), said.findings.len());
    assert!(printed.contains("\nok       network "), "{printed}");
    machine.end(gateway).await;
}

/// Fault 65: only packets are left on the air. It is told with the likely cause, until a text has
/// passed.
#[tokio::test]
async fn a_modem_registered_for_packets_only_is_told_until_a_text_has_passed() {
    let machine = Machine::start("[[modem]]\npacket_only = true\n").await;
    let mut gateway = machine.gateway(|_| ());
    gateway.says("ready").await.expect("the gateway starts");
    registered(&machine, "home-packets-only").await;
    let config = machine.file("simgate.toml");
    let said = Said::by(&config);
    let (state, found, next) = said.of("network");
    assert_eq!(state, "warning");
    assert!(found.contains("packets only over 4G") && found.contains("SMS over IMS"), "{found}");
    assert!(next.starts_with("send a text to this line"), "{next}");
    machine.receives("here all the same").await;
    registered(&machine, "home").await;
    assert_eq!(Said::by(&config).of("network").0, "ok");
    machine.end(gateway).await;
}

/// Fault 17: the gateway's user may not use the device, whoever asks.
#[tokio::test]
async fn a_device_that_the_gateway_may_not_use_comes_with_the_command_that_helps() {
    let machine = Machine::start("[[modem]]\n").await;
    let device = machine.device();
    fs::set_permissions(&device, Permissions::from_mode(0o000)).expect("our pty");
    let mut gateway = machine.powerless_gateway();
    gateway.says("ready").await.expect("the gateway starts");
    machine.logs("no permission for").await;
    let config = machine.file("simgate.toml");
    let said = Said::by(&config);
    let (state, found, next) = said.of("port");
    assert_eq!(state, "problem");
    assert!(found.starts_with("no permission for "), "{found}");
    let port = machine.file("modem0").display().to_string();
    assert!(next.starts_with("sudo ") && next.contains(&port), "{next}");
    fs::set_permissions(&device, Permissions::from_mode(0o666)).expect("our pty");
    machine.receives("now it may").await;
    assert!(!Said::by(&config).has("port"));
    machine.end(gateway).await;
}

#[tokio::test]
async fn without_a_gateway_the_machine_and_its_ports_are_looked_at() {
    let machine = Machine::start("[[modem]]\n").await;
    let config = machine.file("simgate.toml");
    let said = Said::by(&config);
    assert_eq!((said.of("gateway").0, said.of("modems").0), ("warning", "skipped"));
    assert_eq!(said.of("port").0, "ok", "{:?}", said.of("port"));
    assert_eq!((said.of("disk").0, said.of("settings").0), ("ok", "ok"));

    // It has worked, and is gone. Nobody else's business: the folder stays as it is.
    let mut gateway = machine.gateway(|_| ());
    gateway.says("ready").await.expect("the gateway starts");
    registered(&machine, "home").await;
    assert!(gateway.terminate().await.success());
    let said = Said::by(&config);
    let (state, _, next) = said.of("gateway");
    assert!(state == "problem" && next.starts_with("start it"), "{next}");

    let wrong = machine.file("wrong.toml");
    let settings = "data_dir = \"/nowhere/at/all\"\n[[modem]]\nport = \"/dev/none\"\n[weeb]\n";
    fs::write(&wrong, settings).expect("writable");
    let said = Said::by(&wrong);
    assert_eq!(said.of("settings"), ("problem", "1 mistake", "simgate check-config"));
    fs::write(&wrong, settings.replace("[weeb]\n", "")).expect("writable");
    let said = Said::by(&wrong);
    assert_eq!((said.of("port").0, said.of("data folder").0), ("problem", "skipped"));
}
