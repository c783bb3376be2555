//! The command line: one file per subcommand.
//!
//! Exit codes: 0 done, 1 failed, 2 wrong usage, 3 configuration invalid, 4 no gateway running.
//!
//! Commands that look at or change what a gateway holds talk to the running one through the Unix
//! socket in its data folder (`client`); none opens the database.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::{ArgAction, Parser, Subcommand};

use crate::config::{Config, Environment, Level, default_data_dir};

mod at;
mod check_config;
mod client;
mod completions;
mod demo;
mod doctor;
mod emulate;
mod gateway;
mod mail;
mod man;
mod messages;
mod modems;
mod pdu;
mod privacy;
mod run;
mod seed;
mod send;
mod stop;
mod terminal;
mod token;
mod trace;
mod unknown;
mod upkeep;
mod user;

/// A self-hosted SMS gateway: your own SIM, your own team inbox.
#[derive(Debug, Parser)]
#[command(name = "simgate", version, about, propagate_version = true)]
pub struct Cli {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Command,
}

/// Which gateway is meant, and how much is said.
#[derive(Debug, clap::Args)]
struct Common {
    /// The settings [default: /etc/simgate/simgate.toml, then ./simgate.toml].
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The data folder, instead of the one in the settings.
    #[arg(long, global = true, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Log less; twice: errors only.
    #[arg(short, long, global = true, action = ArgAction::Count)]
    quiet: u8,
    /// Log more; twice: every byte.
    #[arg(short, long, global = true, action = ArgAction::Count)]
    verbose: u8,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the gateway.
    Run(run::Args),
    /// Check the settings and name every problem.
    CheckConfig(check_config::Args),
    /// Show the whole product without hardware.
    Demo(demo::Args),
    /// Check this machine and its modems; say what to do next.
    Doctor(doctor::Args),
    /// List the modems, or the ports that would be tried.
    Modems(modems::Args),
    /// Talk AT to a modem, guarded.
    At(at::Args),
    /// Send a text through the running gateway.
    Send(send::Args),
    /// Show texts, in and out.
    Messages(messages::Args),
    /// Show texts that have not left yet, or may have.
    Queue(messages::QueueArgs),
    /// Settle texts that may or may not have been sent.
    Unknown(unknown::Args),
    /// Make, list and end API tokens.
    Token(token::Args),
    /// Add, change and list people.
    User(user::Args),
    /// Print everything kept about a number.
    Export(privacy::ExportArgs),
    /// Erase what is kept about a number.
    Erase(privacy::EraseArgs),
    /// Copy the database into a file, also while the gateway runs.
    Backup(upkeep::BackupArgs),
    /// Put a backup in the place of the database.
    Restore(upkeep::RestoreArgs),
    /// Check the database and the journal beside it; rebuild one from the other.
    Verify(upkeep::VerifyArgs),
    /// Show the AT traffic of a modem.
    Trace(trace::Args),
    /// Run emulated modems on ptys, for tests of any program that drives a modem.
    Emulate(emulate::Args),
    /// Print shell completions.
    Completions(completions::Args),
    /// Write the manual pages into a folder.
    Man(man::Args),
    /// Look into SMS PDUs, make them, count the segments of a text.
    Pdu(pdu::Args),
    /// Look into mails.
    Mail(mail::Args),
}

/// Why a command ended without doing its work; decides the exit code.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// It was tried and did not work (exit code 1).
    #[error(transparent)]
    Failed(#[from] anyhow::Error),
    /// The words on the command line do not fit (exit code 2).
    #[error("{0}")]
    Usage(String),
    /// The configuration is invalid; the problems were already printed (exit code 3).
    #[error("the configuration is invalid")]
    Configuration,
    /// No gateway is running on that data folder (exit code 4).
    #[error("{0}")]
    NoGateway(String),
}

impl Failure {
    fn code(&self) -> u8 {
        match self {
            Failure::Failed(_) => 1,
            Failure::Usage(_) => 2,
            Failure::Configuration => 3,
            Failure::NoGateway(_) => 4,
        }
    }
}

impl Common {
    /// The settings. Problems are printed, all of them.
    fn settings(&self) -> Result<Config, Failure> {
        let loaded = Config::load(self.config.as_deref(), &Environment::of_process());
        loaded.map_err(|problems| {
            eprint!("{problems}");
            Failure::Configuration
        })
    }

    /// The data folder that is meant. With `--data` a broken file of settings does not matter.
    fn data_dir(&self) -> Result<PathBuf, Failure> {
        match &self.data {
            Some(dir) => Ok(dir.clone()),
            None => Ok(self.settings()?.data_dir.unwrap_or_else(default_data_dir)),
        }
    }

    /// Starts logging to standard error, `level` moved by `-q` and `-v`.
    fn start_log(&self, level: Level) {
        use tracing::level_filters::LevelFilter;
        const STEPS: [LevelFilter; 5] = [
            LevelFilter::ERROR,
            LevelFilter::WARN,
            LevelFilter::INFO,
            LevelFilter::DEBUG,
            LevelFilter::TRACE,
        ];
        let step = (level as usize + usize::from(self.verbose))
            .saturating_sub(usize::from(self.quiet))
            .min(STEPS.len() - 1);
        let log = tracing_subscriber::fmt().with_max_level(STEPS[step]).with_target(false);
        // journald adds its own time.
        let log = log.with_writer(std::io::stderr).with_ansi(terminal::is_terminal());
        let _ = match std::env::var_os("JOURNAL_STREAM") {
            Some(_) => log.without_time().try_init(),
            None => log.try_init(),
        };
    }
}

/// Makes a folder only its owner can look into.
fn private_folder(dir: &Path) -> Result<(), Failure> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(dir)
        .with_context(|| format!("cannot make the data folder {}", dir.display()))?;
    Ok(())
}

/// The gateway's runtime: tasks are few and wait nearly always. One thread carries them; a second
/// would be woken for each answer of a modem only to find nothing left to do. What takes long (the
/// disk, passwords) has threads of its own; the store's lives from one look to the next, which is
/// cheaper than a new one each time.
fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    runtime.worker_threads(1).thread_keep_alive(std::time::Duration::from_secs(90)).enable_all();
    Ok(runtime.build().context("cannot start the runtime")?)
}

/// Runs a short command that talks to a gateway or a port.
fn block_on<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.context("cannot start the runtime")?.block_on(work)
}

/// Parses the arguments, runs the subcommand, prints an error chain, chooses the exit code.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    match dispatch(&cli.common, cli.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            match &failure {
                Failure::Failed(error) => eprintln!("simgate: {error:#}"),
                other => eprintln!("simgate: {other}"),
            }
            ExitCode::from(failure.code())
        }
    }
}

fn dispatch(common: &Common, command: Command) -> Result<(), Failure> {
    match command {
        Command::Run(args) => run::run(common, args),
        Command::Demo(args) => demo::run(common, args),
        Command::Doctor(args) => doctor::run(common, args),
        Command::Modems(args) => modems::run(common, args),
        Command::At(args) => at::run(common, args),
        Command::Send(args) => send::run(common, args),
        Command::Messages(args) => messages::run(common, args),
        Command::Queue(args) => messages::queue(common, args),
        Command::Unknown(args) => unknown::run(common, args),
        Command::Token(args) => token::run(common, args),
        Command::User(args) => user::run(common, args),
        Command::Export(args) => privacy::export(common, args),
        Command::Erase(args) => privacy::erase(common, args),
        Command::Backup(args) => upkeep::backup(common, args),
        Command::Restore(args) => upkeep::restore(common, args),
        Command::Verify(args) => upkeep::verify(common, args),
        Command::Trace(args) => trace::run(common, args),
        Command::CheckConfig(args) => check_config::run(common, args),
        Command::Emulate(args) => emulate::run(args),
        Command::Completions(args) => completions::run(args),
        Command::Man(args) => man::run(args),
        Command::Pdu(args) => pdu::run(args),
        Command::Mail(args) => mail::run(common, args),
    }
}
