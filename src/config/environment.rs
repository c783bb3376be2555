//! What the environment says: overrides, and where data goes by default.

use std::path::PathBuf;

/// What an override's name starts with; the parts of the key follow, joined by `__`.
const PREFIX: &str = "SIMGATE__";

/// The variables that concern us.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Environment {
    overrides: Vec<Override>,
}

/// One variable that overrides a setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Override {
    /// `SIMGATE__WEB__LISTEN`
    pub(super) variable: String,
    /// `["web", "listen"]`
    pub(super) key: Vec<String>,
    pub(super) value: String,
}

impl Environment {
    /// This process's own.
    pub fn of_process() -> Self {
        let utf8 = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        };
        Self::from_pairs(std::env::vars_os().filter_map(utf8))
    }

    /// The overrides among `pairs`.
    pub fn from_pairs(pairs: impl Iterator<Item = (String, String)>) -> Self {
        let mut overrides: Vec<Override> = pairs
            .filter_map(|(variable, value)| {
                let key = variable.strip_prefix(PREFIX)?.to_lowercase();
                let key = key.split("__").map(str::to_owned).collect();
                Some(Override { key, variable, value })
            })
            .collect();
        overrides.sort_by(|a, b| a.variable.cmp(&b.variable));
        Self { overrides }
    }

    /// The overrides of the table at `path`, by the next part of their key.
    pub(super) fn below(&self, path: &[String]) -> impl Iterator<Item = (&str, &Override)> {
        let depth = path.len();
        self.overrides
            .iter()
            .filter(move |o| o.key.len() > depth && o.key.starts_with(path))
            .map(move |o| (o.key[depth].as_str(), o))
    }
}

/// `$STATE_DIRECTORY` (systemd), `$XDG_STATE_HOME/simgate`, or `~/.local/state/simgate`.
pub fn default_data_dir() -> PathBuf {
    let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    if let Some(dir) = variable("STATE_DIRECTORY") {
        return dir.into();
    }
    if let Some(state) = variable("XDG_STATE_HOME") {
        return PathBuf::from(state).join("simgate");
    }
    let home = variable("HOME").unwrap_or_else(|| "/var/lib".into());
    PathBuf::from(home).join(".local/state/simgate")
}
