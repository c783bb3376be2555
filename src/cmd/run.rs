//! `simgate run`: the gateway.

use std::sync::Arc;

use super::gateway::{Running, settings};
use super::{Common, Failure, runtime};
use crate::config::{self, Config, default_data_dir};
use crate::io::hardware::{Hardware, Place, Wanted};

/// Arguments of `run`: the settings say everything.
#[derive(Debug, clap::Args)]
pub struct Args {}

/// Runs until told to stop.
pub fn run(common: &Common, _: Args) -> Result<(), Failure> {
    let config = common.settings()?;
    common.start_log(config.log.level);
    let folder = common.data.clone().or_else(|| config.data_dir.clone());
    let folder = folder.unwrap_or_else(default_data_dir);
    runtime()?.block_on(async {
        let ports = Arc::new(hardware(&config));
        let running = Running::start(&config, &folder, settings(&config), ports, None).await?;
        println!("data {}", folder.display());
        running.say_the_way_in(&config).await?;
        println!("ready {}", running.address());
        running.until_told_to_stop().await
    })
}

/// The ports an operator wants looked at.
pub(super) fn hardware(config: &Config) -> Hardware {
    let wanted = config.modems.iter().map(|modem| Wanted {
        place: match &modem.port {
            config::Place::Auto => Place::Auto,
            config::Place::Path(name) | config::Place::Bridge(name) => Place::Named(name.clone()),
        },
        baud: modem.baud,
    });
    Hardware::new(wanted.collect())
}
