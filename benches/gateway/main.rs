//! How fast and how frugal a whole gateway is: `simgate run` on emulated modems behind real ptys,
//! with durable commits, each program a process of its own so that its cost can be told apart.
//!
//! `cargo bench --bench gateway -- [ROW ...]`: the rows of [`ROWS`], all when none is named.
//! `--texts N` (2000), `--repeat N` (3) and `--seconds N` (60, the idle rows) size a run;
//! `--program PATH` measures another build. What is printed is a table in Markdown: the median, the smallest and largest of the repeats, the aim and
//! how many times better than the aim the median is.
//!
//! Begin with `rows`. `site` starts and stops the programs, `cost` reads what the kernel says of a
//! process, `http` speaks to both.

#![allow(
    clippy::disallowed_methods,
    reason = "a measurement reads the clock and waits for other processes"
)]

mod cost;
mod http;
mod past;
mod rows;
mod site;

use std::time::Instant;

use rows::{Aim, Figure, ROWS};

/// How large a run is.
pub struct Size {
    /// The `simgate` that is measured.
    pub program: String,
    /// Texts in each throughput row.
    pub texts: usize,
    /// How often each row is run.
    pub repeat: usize,
    /// How long an idle gateway is watched.
    pub seconds: u64,
}

fn main() {
    let program = env!("CARGO_BIN_EXE_simgate").to_owned();
    let mut size = Size { program, texts: 2_000, repeat: 3, seconds: 60 };
    let mut wanted: Vec<String> = Vec::new();
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        if word == "--program" {
            size.program = words.next().expect("a path follows");
            continue;
        }
        let mut number = || words.next().and_then(|n| n.parse().ok()).expect("a number follows");
        match word.as_str() {
            // What cargo itself adds.
            "--bench" => {}
            "--texts" => size.texts = number(),
            "--repeat" => size.repeat = number(),
            "--seconds" => size.seconds = number() as u64,
            row => wanted.push(row.to_owned()),
        }
    }
    if let Some(odd) = wanted.iter().find(|word| ROWS.iter().all(|(name, _)| name != word)) {
        let names: Vec<&str> = ROWS.iter().map(|(name, _)| *name).collect();
        eprintln!("there is no row {odd:?}; there are {}", names.join(", "));
        std::process::exit(2);
    }
    println!("{}", machine());
    println!("\n| row | figure | median | smallest .. largest | aim | times better |");
    println!("|---|---|---|---|---|---|");
    let started = Instant::now();
    for (name, measure) in ROWS {
        if wanted.is_empty() || wanted.iter().any(|word| word == name) {
            let runs: Vec<Vec<Figure>> = (0..size.repeat).map(|_| measure(&size)).collect();
            print(name, &runs);
        }
    }
    println!("\n{}; {} s in all", load(), started.elapsed().as_secs());
}

/// One line for each figure of a row, over its repeats.
fn print(row: &str, runs: &[Vec<Figure>]) {
    let Some(first) = runs.first() else { return };
    for (place, figure) in first.iter().enumerate() {
        let mut values: Vec<f64> =
            runs.iter().filter_map(|run| run.get(place)).map(|figure| figure.value).collect();
        values.sort_by(f64::total_cmp);
        let median = values[values.len() / 2];
        let (smallest, largest) = (values[0], values[values.len() - 1]);
        let (aim, better) = match figure.aim {
            Aim::AtLeast(aim) => (format!("≥ {aim}"), format!("{:.2}", median / aim)),
            Aim::AtMost(aim) => (format!("≤ {aim}"), format!("{:.2}", aim / median.max(1e-9))),
            Aim::None => (String::new(), String::new()),
        };
        println!(
            "| {row} | {} | {} | {} .. {} | {aim} | {better} |",
            figure.name,
            shown(median),
            shown(smallest),
            shown(largest),
        );
    }
}

/// Three digits that mean something.
fn shown(value: f64) -> String {
    match value.abs() {
        100.0.. => format!("{value:.0}"),
        10.0.. => format!("{value:.1}"),
        1.0.. => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

/// What it ran on.
fn machine() -> String {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|line| line.strip_prefix("model name\t: "));
    let cores = info.lines().filter(|line| line.starts_with("processor")).count();
    format!("Machine: {cores} cores of {}; {}", model.unwrap_or("an unknown kind"), load())
}

fn load() -> String {
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    format!("load {}", load.split(' ').next().unwrap_or("unknown"))
}
