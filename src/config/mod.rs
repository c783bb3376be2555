//! One file, a few variables of the environment, and the settings everyone gets out of them.
//!
//! TOML and `SIMGATE__SECTION__KEY` come in; a [`Config`] or *all* problems at once go out, each
//! with its place and, for a mistyped key, the key that was probably meant. What people change
//! while working (lines, texts, users) is not here but in the database.
//!
//! Deliberately absent: opening ports or sockets, and a global. Begin with [`Config::load`];
//! `section` is how one table is read, `problem` what is told to the operator.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use crate::modem::profile::{self, Profile};
use crate::types::{Country, Secret};

mod environment;
mod mail;
mod problem;
mod section;

pub use environment::{Environment, default_data_dir};
pub use mail::Mail;
pub use problem::{Problem, Problems};
use section::Section;

/// Where `run` looks when no file is named.
const PLACES: &[&str] = &["/etc/simgate/simgate.toml", "simgate.toml"];

/// Everything an operator sets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Where the database and the control socket live; `None` follows the environment.
    pub data_dir: Option<PathBuf>,
    /// Who runs this gateway.
    pub organisation: Organisation,
    /// The web page and the API.
    pub web: Web,
    /// Where modems are looked for.
    pub modems: Vec<Modem>,
    /// How fast texts leave.
    pub sending: Sending,
    /// The mailbox.
    pub mail: Mail,
    /// How long texts are kept.
    pub retention: Retention,
    /// What is logged.
    pub log: Log,
}

/// `[organisation]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Organisation {
    /// Shown on pages.
    pub name: String,
    /// How numbers without a country code are read.
    pub country: Option<Country>,
    /// IANA name; the zone in which times are shown.
    pub time_zone: String,
}

/// `[web]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Web {
    /// Where pages and API are served.
    pub listen: SocketAddr,
    /// How the outside reaches them, when that differs.
    pub public_url: Option<String>,
    /// Whether they are served by HTTPS.
    pub tls: Tls,
    /// The operator's own certificate, in PEM; without one we make ours.
    pub certificate: Option<PathBuf>,
    /// Its key, in PEM; without one it is in the certificate's file.
    pub key: Option<PathBuf>,
}

/// Whether pages and API are served by HTTPS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tls {
    /// Where anybody but this machine can reach them.
    Auto,
    /// Always.
    On,
    /// Never: somebody else does it.
    Off,
}

impl Web {
    /// Whether we speak TLS.
    pub fn speaks_tls(&self) -> bool {
        match self.tls {
            Tls::Auto => !self.listen.ip().to_canonical().is_loopback(),
            Tls::On => true,
            Tls::Off => false,
        }
    }
}

/// `[[modem]]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Modem {
    /// Where it is.
    pub port: Place,
    /// The SIM's PIN.
    pub pin: Option<Secret>,
    /// The profile's name; `None` chooses by what the modem says of itself.
    pub profile: Option<String>,
    /// Line speed of a UART.
    pub baud: u32,
}

/// Where a modem is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// On every USB port known to belong to a modem.
    Auto,
    /// A device path.
    Path(String),
    /// `tcp://host:port`.
    Bridge(String),
}

/// `[sending]`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sending {
    /// Segments per minute and line; 0: as fast as the modem.
    pub per_minute: u32,
}

/// `[retention]`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Days after which a text is deleted; 0: never.
    pub days: u32,
}

/// `[log]`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Log {
    /// The least important line that is written.
    pub level: Level,
}

/// How important a log line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// A person must act.
    Error,
    /// We recovered.
    Warn,
    /// Life cycle.
    Info,
    /// Decisions.
    Debug,
    /// Bytes.
    Trace,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            data_dir: None,
            organisation: Organisation {
                name: "simgate".to_owned(),
                country: None,
                time_zone: "UTC".to_owned(),
            },
            web: Web {
                listen: SocketAddr::from(([127, 0, 0, 1], 8480)),
                public_url: None,
                tls: Tls::Auto,
                certificate: None,
                key: None,
            },
            modems: vec![Modem::default()],
            sending: Sending { per_minute: 30 },
            mail: Mail::default(),
            retention: Retention { days: 0 },
            log: Log { level: Level::Info },
        }
    }
}

impl Default for Modem {
    fn default() -> Self {
        Self { port: Place::Auto, pin: None, profile: None, baud: 115_200 }
    }
}

impl Config {
    /// Reads the named file, or the first of the usual places, or only defaults; then what the
    /// environment overrides.
    pub fn load(named: Option<&Path>, environment: &Environment) -> Result<Self, Problems> {
        let found = named.or_else(|| PLACES.iter().map(Path::new).find(|place| place.exists()));
        let Some(path) = found else { return Self::parse("", "built-in defaults", environment) };
        match std::fs::read_to_string(path) {
            Ok(text) => Self::parse(&text, &path.display().to_string(), environment),
            Err(error) => Err(Problems::one(Problem::of_file(path, &error))),
        }
    }

    /// Reads a file's text. Every problem in it is found, not only the first.
    pub fn parse(text: &str, file: &str, environment: &Environment) -> Result<Self, Problems> {
        let mut root = Section::root(text, file, environment)?;
        let defaults = Config::default();
        let data_dir = root.value("data_dir");
        let organisation = organisation(root.section("organisation"), defaults.organisation);
        let web = web(root.section("web"), defaults.web);
        let modems: Vec<Modem> = root.sections("modem").into_iter().map(modem).collect();
        let sending = sending(root.section("sending"), defaults.sending);
        let mail = mail::mail(root.section("mail"), defaults.mail);
        let retention = retention(root.section("retention"), defaults.retention);
        let log = log(root.section("log"), defaults.log);
        root.finish();
        root.problems().into_result(Config {
            data_dir,
            organisation,
            web,
            modems: if modems.is_empty() { defaults.modems } else { modems },
            sending,
            mail,
            retention,
            log,
        })
    }
}

fn organisation(mut section: Section<'_>, default: Organisation) -> Organisation {
    let organisation = Organisation {
        name: section.value("name").unwrap_or(default.name),
        country: section.parsed("country", |text: &str| {
            text.parse::<Country>().map_err(|error| error.to_string())
        }),
        time_zone: section.parsed("time_zone", time_zone).unwrap_or(default.time_zone),
    };
    section.finish();
    organisation
}

fn time_zone(name: &str) -> Result<String, String> {
    match jiff::tz::TimeZone::get(name) {
        Ok(_) => Ok(name.to_owned()),
        Err(_) => Err(format!("{name:?} is no time zone: use a name such as Europe/London")),
    }
}

fn web(mut section: Section<'_>, default: Web) -> Web {
    let web = Web {
        listen: section
            .parsed("listen", |text: &str| {
                text.parse()
                    .map_err(|_| format!("{text:?} is no address with port such as 127.0.0.1:8480"))
            })
            .unwrap_or(default.listen),
        public_url: section.parsed("public_url", |text: &str| {
            match text.starts_with("https://") || text.starts_with("http://") {
                true => Ok(text.trim_end_matches('/').to_owned()),
                false => Err(format!("{text:?} does not begin with https:// or http://")),
            }
        }),
        tls: section
            .parsed("tls", |word: &str| match word {
                "auto" => Ok(Tls::Auto),
                "on" => Ok(Tls::On),
                "off" => Ok(Tls::Off),
                other => Err(format!("{other:?} is none of auto, on, off")),
            })
            .unwrap_or(default.tls),
        certificate: section.value("certificate"),
        key: section.value("key"),
    };
    section.finish();
    web
}

fn modem(mut section: Section<'_>) -> Modem {
    let default = Modem::default();
    let modem = Modem {
        port: section.parsed("port", place).unwrap_or(default.port),
        pin: section.secret("pin", "pin_file", |pin| {
            match (4..=8).contains(&pin.len()) && pin.bytes().all(|b| b.is_ascii_digit()) {
                true => Ok(()),
                false => Err("a PIN has 4 to 8 digits".to_owned()),
            }
        }),
        profile: section.parsed("profile", |name: &str| match Profile::named(name) {
            Some(profile) => Ok(profile.name.to_owned()),
            None => {
                let known: Vec<_> = profile::ALL.iter().map(|profile| profile.name).collect();
                Err(format!("{name:?} is no profile; there are {}", known.join(", ")))
            }
        }),
        baud: section.value("baud").unwrap_or(default.baud),
    };
    section.finish();
    modem
}

fn place(text: &str) -> Result<Place, String> {
    match text {
        "auto" => Ok(Place::Auto),
        path if path.starts_with('/') => Ok(Place::Path(path.to_owned())),
        bridge if bridge.starts_with("tcp://") && bridge[6..].contains(':') => {
            Ok(Place::Bridge(bridge.to_owned()))
        }
        other => Err(format!(
            "{other:?} is neither auto, a path such as /dev/ttyUSB2, nor tcp://host:port"
        )),
    }
}

fn sending(mut section: Section<'_>, default: Sending) -> Sending {
    let per_minute = section.value("per_minute").unwrap_or(default.per_minute);
    section.finish();
    Sending { per_minute }
}

fn retention(mut section: Section<'_>, default: Retention) -> Retention {
    let days = section.value("days").unwrap_or(default.days);
    section.finish();
    Retention { days }
}

fn log(mut section: Section<'_>, default: Log) -> Log {
    let level = section.parsed("level", |word: &str| match word {
        "error" => Ok(Level::Error),
        "warn" => Ok(Level::Warn),
        "info" => Ok(Level::Info),
        "debug" => Ok(Level::Debug),
        "trace" => Ok(Level::Trace),
        other => Err(format!("{other:?} is none of error, warn, info, debug, trace")),
    });
    section.finish();
    Log { level: level.unwrap_or(default.level) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: &str = include_str!("../../config/simgate.toml");

    fn none() -> Environment {
        Environment::default()
    }

    #[test]
    fn every_default_in_the_sample_file_is_the_codes_default() {
        let sample = Config::parse(SAMPLE, "simgate.toml", &none());
        assert_eq!(sample.map_err(|p| p.to_string()), Ok(Config::default()));
    }

    #[test]
    fn every_setting_stands_in_the_sample_file() {
        let uncommented: String = SAMPLE
            .lines()
            .map(|line| match line.strip_prefix("#") {
                Some(rest) if rest.contains(" = ") && !rest.starts_with(' ') => rest,
                _ => line,
            })
            .map(|line| format!("{line}\n"))
            .collect();
        let mut root = Section::root(&uncommented, "simgate.toml", &none()).expect("it is TOML");
        let mut keys = root.take_all_keys();
        keys.sort();
        let expected = [
            "data_dir",
            "log.level",
            "mail.address",
            "mail.aliases",
            "mail.answer_days",
            "mail.authserv_ids",
            "mail.fall_over_minutes",
            "mail.imap.ca_file",
            "mail.imap.folder",
            "mail.imap.host",
            "mail.imap.password_file",
            "mail.imap.port",
            "mail.imap.tls",
            "mail.imap.user",
            "mail.keep_days",
            "mail.listen.address",
            "mail.listen.protocol",
            "mail.lists",
            "mail.literal",
            "mail.max_megabytes",
            "mail.max_per_hour",
            "mail.max_segments",
            "mail.quarantine_days",
            "mail.quarantine_megabytes",
            "mail.send_domain",
            "mail.smtp.ca_file",
            "mail.smtp.host",
            "mail.smtp.password_file",
            "mail.smtp.port",
            "mail.smtp.tls",
            "mail.smtp.user",
            "modem.baud",
            "modem.pin_file",
            "modem.port",
            "modem.profile",
            "organisation.country",
            "organisation.name",
            "organisation.time_zone",
            "retention.days",
            "sending.per_minute",
            "web.certificate",
            "web.key",
            "web.listen",
            "web.public_url",
            "web.tls",
        ];
        assert_eq!(keys, expected);
    }

    #[test]
    fn all_problems_are_told_at_once_with_line_and_a_guess() {
        let text = "data_dirr = \"/x\"\n[web]\nlisten = \"8480\"\npublic_ulr = \"https://a\"\n\
                    [[modem]]\nport = \"ttyUSB0\"\nbaud = \"fast\"\n[weeb]\n";
        let problems = Config::parse(text, "my.toml", &none()).expect_err("five problems");
        let told = problems.to_string();
        let expected = [
            "my.toml:1: data_dirr: no such setting; did you mean data_dir?",
            "my.toml:3: web.listen: \"8480\" is no address with port such as 127.0.0.1:8480",
            "my.toml:4: web.public_ulr: no such setting; did you mean public_url?",
            "my.toml:6: modem.port: \"ttyUSB0\" is neither auto, a path such as /dev/ttyUSB2, \
             nor tcp://host:port",
            "my.toml:7: modem.baud: invalid type: string \"fast\", expected u32",
            "my.toml:8: weeb: no such setting; did you mean web?",
        ];
        assert_eq!(told.lines().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn the_environment_overrides_the_file_and_is_blamed_for_its_own_mistakes() {
        let environment = |pairs: &[(&str, &str)]| {
            Environment::from_pairs(pairs.iter().map(|(k, v)| (k.to_string(), v.to_string())))
        };
        let good = environment(&[
            ("SIMGATE__WEB__LISTEN", "0.0.0.0:80"),
            ("SIMGATE__MODEM__PORT", "/dev/ttyS0"),
            ("SIMGATE__MODEM__BAUD", "9600"),
            ("PATH", "/bin"),
        ]);
        let config = Config::parse("[web]\nlisten = \"127.0.0.1:1\"", "f", &good)
            .unwrap_or_else(|problems| panic!("{problems}"));
        assert_eq!(config.web.listen.port(), 80);
        assert_eq!(config.modems[0].port, Place::Path("/dev/ttyS0".into()));
        assert_eq!(config.modems[0].baud, 9600);

        let bad = environment(&[("SIMGATE__WEB__LISTNE", "0.0.0.0:80")]);
        let problems = Config::parse("", "f", &bad).expect_err("mistyped").to_string();
        assert_eq!(
            problems.trim(),
            "environment SIMGATE__WEB__LISTNE: web.listne: no such setting; did you mean listen?"
        );
    }

    /// interfaces: loopback or TLS.
    #[test]
    fn what_others_can_reach_is_served_by_tls_unless_somebody_else_does_it() {
        let speaks = |text: &str| {
            let config = Config::parse(text, "f", &none()).unwrap_or_else(|p| panic!("{p}"));
            config.web.speaks_tls()
        };
        assert!(!speaks(""));
        assert!(!speaks("[web]\nlisten = \"[::1]:8480\""));
        assert!(speaks("[web]\nlisten = \"0.0.0.0:8480\""));
        assert!(speaks("[web]\nlisten = \"192.168.1.5:443\""));
        assert!(speaks("[web]\ntls = \"on\""));
        assert!(!speaks("[web]\nlisten = \"0.0.0.0:8480\"\ntls = \"off\""));
        let problems = Config::parse("[web]\ntls = \"yes\"", "f", &none()).expect_err("a word");
        assert_eq!(problems.to_string().trim(), "f:2: web.tls: \"yes\" is none of auto, on, off");
    }

    #[test]
    fn a_pin_comes_from_a_file_and_never_shows() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("pin");
        std::fs::write(&file, "1234\n").expect("writable");
        let text = format!("[[modem]]\npin_file = {:?}\n", file.display().to_string());
        let config = Config::parse(&text, "f", &none()).unwrap_or_else(|p| panic!("{p}"));
        assert_eq!(config.modems[0].pin, Some(Secret::new("1234")));
        assert!(!format!("{config:?}").contains("1234"));

        let missing = Config::parse("[[modem]]\npin_file = \"/nowhere/pin\"\n", "f", &none());
        let problems = missing.expect_err("no such file").to_string();
        assert!(problems.starts_with("f:2: modem.pin_file: /nowhere/pin: "), "{problems}");
    }
}
