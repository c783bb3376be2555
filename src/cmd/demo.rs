//! `simgate demo`: the whole product without hardware.
//!
//! Emulated modems on real ptys, the gateway driving them as it would drive sticks, a few texts
//! from simulated handsets, and a page to open. Nothing leaves the machine.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context;

use super::gateway::{Running, settings};
use super::seed::seed;
use super::{Common, Failure, runtime};
use crate::config::{Config, Level, Modem, Place, Sending};
use crate::emulator::{Scenario, Shared, World};
use crate::io::{Clock, Entropy, listener, pty::Ptys};
use crate::types::hex;
use crate::web;

/// Arguments of `demo`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Where the pages are served [default: 127.0.0.1:8480, or a free port].
    #[arg(long, value_name = "ADDR")]
    listen: Option<SocketAddr>,
    /// Open the emulator's control API here. It has no password: keep it on the loopback.
    #[arg(long, value_name = "ADDR")]
    control: Option<SocketAddr>,
    /// How many emulated modems, each with a SIM.
    #[arg(long, value_name = "N", default_value_t = 2)]
    lines: usize,
}

/// What the customers on the handsets have written already.
const SEEDED: &[(&str, &str)] = &[
    ("+447700900201", "Can I bring my dog?"),
    ("+447700900203", "Hello, when are you open on Saturday?"),
];

/// Runs until it is interrupted.
pub fn run(common: &Common, args: Args) -> Result<(), Failure> {
    common.start_log(Level::Warn);
    let folder = match &common.data {
        Some(folder) => folder.clone(),
        None => fresh_folder()?,
    };
    super::private_folder(&folder)?;
    runtime()?.block_on(demo(args, folder))
}

async fn demo(args: Args, folder: PathBuf) -> Result<(), Failure> {
    let clock = Clock::system();
    let world = World::new(Scenario::plain(args.lines, "generic"), clock.wall());
    let links = folder.join("modems");
    let ptys = Ptys::open(world.context("the emulated world")?, clock, &links)
        .context("cannot open ptys for the emulated modems")?;
    let shared = ptys.shared();
    let config = config(&args, &links).await;
    let driving = tokio::spawn(ptys.serve());
    let ports = Arc::new(super::run::hardware(&config));
    let running =
        Running::start(&config, &folder, settings(&config), ports, Some(shared.clone())).await?;
    let (store, now) = (&running.web().store, running.web().now());
    seed(store, &shared, now).await.context("the first rows")?;
    let control = match args.control {
        Some(address) => Some(serve_control(address, shared.clone()).await?),
        None => None,
    };
    println!("data {}", folder.display());
    println!("sign in once: {}", running.sign_in_link(&config).await?);
    println!("ready {}", running.address());
    let writing = tokio::spawn(write_from_handsets(shared.clone()));
    let ended = running.until_told_to_stop().await;
    driving.abort();
    writing.abort();
    drop(control);
    ended
}

/// The gateway's settings: the emulated modems are named ports, as an operator would name them.
async fn config(args: &Args, links: &std::path::Path) -> Config {
    let modem = |index: usize| Modem {
        port: Place::Path(links.join(format!("modem{index}")).display().to_string()),
        ..Modem::default()
    };
    let mut config = Config {
        modems: (0..args.lines).map(modem).collect(),
        sending: Sending { per_minute: 0 },
        ..Config::default()
    };
    config.organisation.name = "simgate demo".to_owned();
    config.organisation.country = "GB".parse().ok();
    config.web.listen = match args.listen {
        Some(address) => address,
        // Another demo may be running; this one is as good on any port.
        None => match listener::tcp(config.web.listen).await {
            Ok(_) => config.web.listen,
            Err(_) => SocketAddr::from(([127, 0, 0, 1], 0)),
        },
    };
    config
}

/// Customers answer the reminder, so it has to reach them first; should it take too long, they write
/// all the same.
async fn write_from_handsets(world: Shared) {
    for _ in 0..PATIENCE {
        let reached = |world: &mut World| {
            SEEDED
                .first()
                .and_then(|(from, _)| world.handset(from))
                .is_some_and(|h| !h.texts.is_empty())
        };
        if world.with(reached) {
            break;
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    world.with(|world| {
        let first = world.modem(0).ok().and_then(|modem| modem.sim).map(|sim| sim.number);
        for (from, text) in SEEDED {
            // A demonstration without a SIM has nobody to write to.
            let Some(to) = &first else { return };
            if let Err(error) = world.text_from(from, to, text) {
                tracing::warn!(%error, "a simulated handset could not write");
            }
        }
    });
}

async fn serve_control(
    address: SocketAddr,
    world: Shared,
) -> Result<tokio::task::JoinHandle<std::io::Result<()>>, Failure> {
    let listener = listener::tcp(address).await?;
    println!("control http://{}", listener.local_addr().context("the control API")?);
    Ok(tokio::spawn(async move { axum::serve(listener, web::control::router(world)).await }))
}

/// A folder of its own for each demonstration.
fn fresh_folder() -> Result<PathBuf, Failure> {
    let mut suffix = [0; 6];
    Entropy::system().fill(&mut suffix);
    Ok(std::env::temp_dir().join(format!("simgate-demo-{}", hex(&suffix))))
}

const LOOK_EVERY: std::time::Duration = std::time::Duration::from_millis(200);
/// Looks before the customers write anyway: half a minute.
const PATIENCE: u32 = 150;
