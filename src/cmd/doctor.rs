//! `simgate doctor`: is everything in order with this machine and its modems, and what is to be
//! done where it is not.
//!
//! Facts are gathered here, from the running gateway and from the system's files; no port is
//! opened, and nothing is written. What the facts mean is said by `machine` and `modems`, which
//! take values and give findings.

use std::io::Write;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, anyhow};
use serde_json::{Value, json};

use super::client::Client;
use super::run::hardware;
use super::{Common, Failure, block_on, terminal};
use crate::config::{Config, Environment, default_data_dir};
use crate::io::machine::{Account, Machine};
use crate::io::{Candidate, Clock, PortSource};

mod machine;
mod modems;

/// A gateway that takes longer for an answer hangs.
const ANSWER_WITHIN: Duration = Duration::from_secs(20);

/// Arguments of `doctor`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// One JSON object a line: check, about, state, found, next.
    #[arg(long)]
    json: bool,
}

/// What one look found.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Finding {
    check: &'static str,
    /// Which port, modem or file, where there are several.
    about: Option<String>,
    found: String,
    state: State,
}

/// How it is; what is not fine has the one thing to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
enum State {
    Fine,
    Warning {
        next: String,
    },
    Problem {
        next: String,
    },
    /// It could not be looked at here.
    Skipped,
}

impl Finding {
    fn fine(check: &'static str, found: impl Into<String>) -> Self {
        Self { check, about: None, found: found.into(), state: State::Fine }
    }

    fn skipped(check: &'static str, why: impl Into<String>) -> Self {
        Self { state: State::Skipped, ..Self::fine(check, why) }
    }

    fn warning(check: &'static str, found: impl Into<String>, next: impl Into<String>) -> Self {
        Self { state: State::Warning { next: next.into() }, ..Self::fine(check, found) }
    }

    fn problem(check: &'static str, found: impl Into<String>, next: impl Into<String>) -> Self {
        Self { state: State::Problem { next: next.into() }, ..Self::fine(check, found) }
    }

    fn about(self, what: impl Into<String>) -> Self {
        Self { about: Some(what.into()), ..self }
    }

    fn word(&self) -> &'static str {
        match self.state {
            State::Fine => "ok",
            State::Warning { .. } => "warning",
            State::Problem { .. } => "problem",
            State::Skipped => "skipped",
        }
    }

    fn next(&self) -> Option<&str> {
        match &self.state {
            State::Warning { next } | State::Problem { next } => Some(next),
            State::Fine | State::Skipped => None,
        }
    }

    fn json(&self) -> Value {
        json!({
            "check": self.check, "about": self.about, "state": self.word(),
            "found": self.found, "next": self.next(),
        })
    }

    /// One line of a terminal; parts of it come from modems and networks.
    fn line(&self) -> String {
        let about = self.about.iter().map(|about| format!(" {about}"));
        let next = self.next().into_iter().map(|next| format!(" -> {next}"));
        let (check, about) = (self.check, about.collect::<String>());
        let line = format!("{:<8} {check}{about}: {}", self.word(), self.found);
        terminal::one_line(&next.fold(line, |line, next| line + &next))
    }
}

/// What is known of the gateway on a data folder.
#[derive(Debug)]
enum Gateway {
    /// It answers.
    Answers(Box<modems::Told>),
    /// It runs and does not answer.
    Silent,
    /// There is one, perhaps, and we may not ask it.
    Hidden,
    /// None runs.
    Absent,
}

/// Prints what was found; exit code 1 when there is a problem.
pub fn run(common: &Common, args: Args) -> Result<(), Failure> {
    let findings = block_on(async { Ok(look(common).await) })?;
    let mut out = std::io::stdout().lock();
    for finding in &findings {
        let line = if args.json { finding.json().to_string() } else { finding.line() };
        writeln!(out, "{line}").context("printing what was found")?;
    }
    match findings.iter().filter(|finding| finding.word() == "problem").count() {
        0 => Ok(()),
        1 => Err(anyhow!("there is one problem; its line ends with what to do next").into()),
        n => Err(anyhow!("there are {n} problems; begin with the first").into()),
    }
}

async fn look(common: &Common) -> Vec<Finding> {
    let here = Machine::here();
    let loaded = Config::load(common.config.as_deref(), &Environment::of_process());
    let problems = loaded.as_ref().err().map_or(0, |problems| problems.0.len());
    let config = loaded.unwrap_or_default();
    let folder = common.data.clone().or_else(|| config.data_dir.clone());
    let folder = folder.unwrap_or_else(default_data_dir);
    let seen = here.folder(&folder);
    let process = here.gateway_of(&folder);
    let gateway = match ask(&folder).await {
        Some(told) => Gateway::Answers(Box::new(told)),
        None if seen.closed.is_some() => Gateway::Hidden,
        None if process.is_some() => Gateway::Silent,
        None => Gateway::Absent,
    };
    let elsewhere = here.service_folder().filter(|other| *other != folder);

    let mut findings = vec![
        machine::gateway(&gateway, &seen, elsewhere.as_deref()),
        machine::settings(problems),
        machine::country(config.organisation.country),
        machine::time_zone(
            &config.organisation.time_zone,
            jiff::tz::TimeZone::system().iana_name(),
        ),
        machine::folder(&seen),
        machine::disk(&seen),
        machine::clock(Clock::system().wall(), here.clock_is_kept()),
    ];
    if here.board().is_some_and(|board| board.starts_with("Raspberry Pi")) {
        findings.extend(machine::supply(here.throttled()));
    }
    let devices = here.usb_devices();
    findings.push(machine::kernel(&here.kernel_log().map_err(|e| e.to_string()), &devices));
    findings.extend(devices.iter().filter_map(machine::usb));

    let told = match &gateway {
        Gateway::Answers(told) => Some(told.as_ref()),
        _ => None,
    };
    // Whoever runs the gateway has to get at the ports; before there is one, it will be us.
    let account = here.account(process).or_else(|| here.account(None)).unwrap_or_default();
    let candidates = hardware(&config).candidates();
    findings.extend(ports(&here, &candidates, &account, process, told));
    if candidates.is_empty() && told.is_none_or(|told| told.modems.is_empty()) {
        findings.push(machine::no_modem());
    } else if told.is_none() {
        findings.push(Finding::skipped("modems", "only a running gateway knows them"));
    }
    findings.extend(told.map(modems::Told::findings).unwrap_or_default());
    findings
}

/// The ports a gateway would try, but for those of a modem that it drives already.
fn ports(
    here: &Machine,
    candidates: &[Candidate],
    account: &Account,
    process: Option<u32>,
    told: Option<&modems::Told>,
) -> Vec<Finding> {
    let driven = |candidate: &Candidate| told.is_some_and(|told| told.drives(&candidate.name));
    let spare = |candidate: &Candidate| {
        let same = |other: &&Candidate| other.device == candidate.device && driven(other);
        candidate.device.is_some() && candidates.iter().any(|other| same(&other))
    };
    let left = candidates.iter().filter(|candidate| !driven(candidate) && !spare(candidate));
    let looked = left.map(|candidate| {
        // A bridge is no device; only its use would show whether it is there.
        if candidate.name.starts_with("tcp://") {
            return Finding::skipped("port", "a bridge is not opened here").about(&candidate.name);
        }
        let mut node = here.node(&candidate.name);
        let ours = process.map(|process| format!("(process {process})"));
        if let (Some(node), Some(ours)) = (&mut node, ours) {
            node.holder.take_if(|holder| holder.ends_with(&ours));
        }
        machine::port(
            &candidate.name,
            candidate.device.is_some(),
            node.as_ref(),
            account,
            told.is_some(),
        )
    });
    looked.collect()
}

/// Everything the gateway on `folder` tells; `None` when it does not answer.
async fn ask(folder: &Path) -> Option<modems::Told> {
    let client = Client::new(folder);
    let asked = async {
        let health = client.health().await.ok()?;
        let items = async |path: &str| {
            let listed = client.get(path).await.ok()?;
            listed["items"].as_array().cloned()
        };
        let mut modems = items("/api/v1/modems").await?;
        for modem in &mut modems {
            let id = modem["id"].as_str().unwrap_or_default();
            // Masked: only what stands in plain sight is read.
            let trace = client.get(&format!("/local/trace?modem={id}")).await;
            if let (Some(modem), Ok(trace)) = (modem.as_object_mut(), trace) {
                modem.insert("trace".to_owned(), trace["lines"].clone());
            }
        }
        let lines = items("/api/v1/lines").await?;
        let unknown = items("/api/v1/messages?direction=out&state=unknown&limit=100").await?.len();
        Some(modems::Told { health, modems, lines, unknown })
    };
    tokio::time::timeout(ANSWER_WITHIN, asked).await.ok()?
}
