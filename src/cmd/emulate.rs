//! `simgate emulate`: emulated modems on ptys.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::Context;

use super::Failure;
use super::stop::Stop;
use crate::emulator::dialogue::{Line, parse};
use crate::emulator::{ModemScenario, Recording, Scenario, World};
use crate::io::Clock;
use crate::io::pty::Ptys;
use crate::web;

/// Arguments of `emulate`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// What modems there are and what goes wrong (docs/reference/emulator.md).
    #[arg(long, value_name = "FILE")]
    scenario: Option<PathBuf>,
    /// How many modems; a scenario's own come first [default: 1, or as many as the scenario has].
    #[arg(long, value_name = "N")]
    modems: Option<usize>,
    /// The family of modems that the scenario does not describe.
    #[arg(long, value_name = "NAME", default_value = "generic")]
    profile: String,
    /// Let modems be at the end of a serial line of this speed: a byte takes ten bit times, and other
    /// speeds are noise. A scenario's own speeds come first [default: bytes take no time].
    #[arg(long, value_name = "BAUD", value_parser = clap::value_parser!(u32).range(50..=4_000_000))]
    baud: Option<u32>,
    /// Let a modem repeat what another one said, from a file of `simgate trace --out`; given once
    /// for each such modem, beginning with modem0.
    #[arg(long, value_name = "FILE")]
    replay: Vec<PathBuf>,
    /// The folder for the links modem0, modem1, … [default: a new one under the temporary folder].
    #[arg(long, value_name = "DIR")]
    link: Option<PathBuf>,
    /// Open the control API here. It has no password: keep it on the loopback interface.
    #[arg(long, value_name = "ADDR")]
    control: Option<SocketAddr>,
}

/// Runs until it is interrupted.
pub fn run(args: Args) -> Result<(), Failure> {
    let scenario = scenario(&args)?;
    // One world behind one lock: a second thread would only wait for the first.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.context("starting the runtime")?;
    runtime.block_on(emulate(args, scenario)).map_err(Failure::from)
}

fn scenario(args: &Args) -> Result<Scenario, Failure> {
    let mut scenario = match &args.scenario {
        None => Scenario::default(),
        Some(file) => {
            let name = file.display();
            let text = std::fs::read_to_string(file).with_context(|| format!("reading {name}"))?;
            Scenario::parse(&text).with_context(|| format!("in {name}"))?
        }
    };
    let described = scenario.modems.len().max(args.replay.len());
    let wanted = args.modems.unwrap_or(1).max(described);
    let further = ModemScenario { profile: args.profile.clone(), ..ModemScenario::default() };
    scenario.modems.resize(wanted, further);
    for modem in &mut scenario.modems {
        modem.baud = modem.baud.or(args.baud);
    }
    Ok(scenario)
}

/// The lines of a dialogue file; a file it includes is looked for beside it, then a folder up.
fn dialogue(file: &Path, depth: usize) -> anyhow::Result<Vec<Line>> {
    // Two files that include each other would never end.
    anyhow::ensure!(depth <= DEEPEST, "{} is included too deeply", file.display());
    let text =
        std::fs::read_to_string(file).with_context(|| format!("reading {}", file.display()))?;
    let include = |name: &str| {
        let near = file.parent().into_iter().flat_map(|folder| folder.ancestors().take(2));
        let found = near.map(|folder| folder.join(name)).find(|path| path.is_file());
        let found = found.ok_or_else(|| format!("there is no file {name} here"))?;
        dialogue(&found, depth + 1).map_err(|error| format!("{error:#}"))
    };
    Ok(parse(&file.display().to_string(), &text, &include)?)
}

/// Files of the tests include each other one or two deep.
const DEEPEST: usize = 8;

async fn emulate(args: Args, scenario: Scenario) -> anyhow::Result<()> {
    let clock = Clock::system();
    let mut world = World::new(scenario, clock.wall()).context("the scenario")?;
    for (index, file) in args.replay.iter().enumerate() {
        world.replay(index, Recording::new(&dialogue(file, 0)?)).context("the recording")?;
    }
    let links = args.link.unwrap_or_else(|| {
        std::env::temp_dir().join(format!("simgate-modems-{}", std::process::id()))
    });
    let ptys = Ptys::open(world, clock, &links).context("opening ptys")?;
    let shared = ptys.shared();
    shared.with(|world| {
        for index in 0..world.modems() {
            if let Ok(modem) = world.modem(index) {
                let number = modem.sim.map_or("no SIM".to_owned(), |sim| sim.number);
                let pty = modem.pty.unwrap_or_else(|| "unplugged".to_owned());
                let link = links.join(&modem.link);
                println!("{} -> {pty}  {}  {number}", link.display(), modem.profile);
            }
        }
    });
    if let Some(address) = args.control {
        let listener = tokio::net::TcpListener::bind(address)
            .await
            .with_context(|| format!("opening the control API on {address}"))?;
        println!("control http://{}", listener.local_addr()?);
        tokio::spawn(std::future::IntoFuture::into_future(axum::serve(
            listener,
            web::control::router(shared),
        )));
    }
    let mut stop = Stop::listen()?;
    println!("ready");
    tokio::select! {
        served = ptys.serve() => served.context("driving the ptys"),
        () = stop.told() => Ok(()),
    }
}
