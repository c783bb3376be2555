//! What is measured.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::Size;
use crate::cost::{Cost, Switches, memory};
use crate::site::{Plan, ROOMY, Site, at, wait, wait_every};

/// One figure of a row.
pub struct Figure {
    pub name: &'static str,
    pub value: f64,
    pub aim: Aim,
}

/// What we want it to be.
#[derive(Clone, Copy)]
pub enum Aim {
    AtLeast(f64),
    AtMost(f64),
    None,
}

use Aim::{AtLeast, AtMost};

fn figure(name: &'static str, value: f64, aim: Aim) -> Figure {
    Figure { name, value, aim }
}

type Row = (&'static str, fn(&Size) -> Vec<Figure>);

/// All rows, by the name they are asked for.
pub const ROWS: &[Row] = &[
    ("inbound", inbound),
    ("inbound-three", inbound_in_three_parts),
    ("outbound", outbound),
    ("outbound-old", outbound_of_an_old_gateway),
    ("lone-in", lone_text_in),
    ("lone-out", lone_text_out),
    ("idle", idle),
    ("modems-64", many),
    ("flood", flood),
    ("lost-final", lost_final_result),
    ("air", three_parts_on_the_air),
    ("port-back", port_back),
    ("slow-disk", slow_disk),
    ("serial-line", serial_line),
];

/// Single texts that arrive faster than they can be read.
fn inbound(size: &Size) -> Vec<Figure> {
    let site = Site::start(&Plan::of(size));
    let (wall, cost) = receive(&site, size.texts, short);
    vec![
        figure("texts a second", size.texts as f64 / wall, AtLeast(4_000.0)),
        figure("CPU ms a text", cost.cpu * 1e3 / size.texts as f64, AtMost(0.2)),
        figure("reads and writes a text", cost.calls / size.texts as f64, Aim::None),
    ]
}

/// The same in three parts each.
fn inbound_in_three_parts(size: &Size) -> Vec<Figure> {
    let site = Site::start(&Plan::of(size));
    let texts = size.texts / 3;
    let (wall, cost) = receive(&site, texts, long);
    vec![
        figure("texts a second", texts as f64 / wall, AtLeast(1_200.0)),
        figure("CPU ms a text", cost.cpu * 1e3 / texts as f64, Aim::None),
    ]
}

/// Hands texts to the first modem and waits until the last has left it.
fn receive(site: &Site, texts: usize, text: fn(usize) -> String) -> (f64, Cost) {
    let pdus: Vec<String> = (0..texts).flat_map(|n| delivers(n, &text(n))).collect();
    let (before, started) = (site.gateway.cost(), Instant::now());
    site.emulator.control.post("/modems/0/sms", &json!({ "pdus": pdus }));
    site.emptied();
    let wall = started.elapsed().as_secs_f64();
    let count = site.gateway.api.get("/api/v1/messages?direction=in&limit=1");
    assert_eq!(count["items"].as_array().map(Vec::len), Some(1), "a text is stored");
    (wall, site.gateway.cost().since(before))
}

/// Single texts that wait in the queue when the network comes back.
fn outbound(size: &Size) -> Vec<Figure> {
    let site = Site::start(&Plan::of(size));
    let (wall, cost) = send(&site, size.texts, short, false);
    vec![
        figure("texts a second", size.texts as f64 / wall, AtLeast(1_500.0)),
        figure("CPU ms a text", cost.cpu * 1e3 / size.texts as f64, AtMost(0.35)),
        figure("reads and writes a text", cost.calls / size.texts as f64, Aim::None),
    ]
}

/// The same with reports, from a gateway that is new and from one that has sent 200,000 texts.
fn outbound_of_an_old_gateway(size: &Size) -> Vec<Figure> {
    const YEARS: usize = 200_000;
    let each = |earlier| {
        let site = Site::start(&Plan { earlier, ..Plan::of(size) });
        let (_, cost) = send(&site, size.texts, short, true);
        cost.cpu * 1e3 / size.texts as f64
    };
    let (new, old) = (each(0), each(YEARS));
    vec![
        figure("CPU ms a text with its report, new", new, Aim::None),
        figure("CPU ms a text with its report, old", old, AtMost(1.25 * new)),
    ]
}

/// Queues texts for all modems while they are without a network, and lets them go: accepting them
/// is not what is measured. Reports would be texts of their own.
fn send(site: &Site, texts: usize, text: fn(usize) -> String, report: bool) -> (f64, Cost) {
    let modems = site.cards.len();
    let network = |registration: u8| {
        let change = json!({ "registration": registration });
        (0..modems).for_each(|modem| {
            site.emulator.control.patch(&format!("/modems/{modem}"), &change);
        });
    };
    network(0);
    wait("the lines to be away", || (site.ready() == 0).then_some(()));
    let earlier = site.emulator.all_submits();
    site.gateway.queue(&site.cards, &(0..texts).map(text).collect::<Vec<_>>(), report);
    let (before, started) = (site.gateway.cost(), site.emulator.clock());
    network(1);
    let last = earlier + texts as u64 - 1;
    // The network says when it took the last, so that it need not be asked often: each question costs
    // the processors on which gateway and modems are measured.
    let ended = wait_every(SELDOM, "the texts to be sent", || {
        let taken =
            |modem| site.emulator.submitted(modem, last).first().map(|sent| at(&sent["at"]));
        (0..modems).find_map(taken)
    });
    (ended - started, site.gateway.cost().since(before))
}

const SELDOM: Duration = Duration::from_millis(500);

/// From the order to deliver until a client of the events hears of the stored text.
fn lone_text_in(size: &Size) -> Vec<Figure> {
    let site = Site::start(&Plan::of(size));
    let mut events = site.gateway.api.events("/api/v1/events");
    let mut times = Vec::new();
    for n in 0..lone(size) {
        let pdus = delivers(n, &short(n));
        let started = Instant::now();
        site.emulator.control.post("/modems/0/sms", &json!({ "pdus": pdus }));
        events.wait(|event| event["message"]["text"] == short(n).as_str());
        times.push(started.elapsed());
        site.emptied();
    }
    latencies(times)
}

/// From the call that queues a text until the network has its last byte.
fn lone_text_out(size: &Size) -> Vec<Figure> {
    let site = Site::start(&Plan::of(size));
    let mut times = Vec::new();
    for n in 0..lone(size) {
        let started = Instant::now();
        site.gateway.queue(&site.cards, &[short(n)], false);
        while site.emulator.submitted(0, n as u64).is_empty() {
            std::thread::sleep(Duration::from_micros(200));
        }
        times.push(started.elapsed());
        std::thread::sleep(Duration::from_millis(50));
    }
    latencies(times)
}

fn lone(size: &Size) -> usize {
    (size.texts / 10).clamp(10, 200)
}

fn latencies(mut times: Vec<Duration>) -> Vec<Figure> {
    times.sort();
    let at = |share: f64| {
        let place = ((times.len() - 1) as f64 * share).round() as usize;
        times[place].as_secs_f64() * 1e3
    };
    vec![
        figure("median ms", at(0.5), AtMost(5.0)),
        figure("99th of 100, ms", at(0.99), AtMost(25.0)),
    ]
}

/// Nothing to do.
fn idle(size: &Size) -> Vec<Figure> {
    let site = Site::start(&Plan::of(size));
    // The first questions after the start are over; the last of them, for the indications, comes 20 s
    // after the modem is ready.
    std::thread::sleep(Duration::from_secs(25));
    let (pid, from) = (site.gateway.pid(), site.trace(0).1);
    let mut switches = Switches::default();
    switches.look(pid);
    let (before, first) = (site.gateway.cost(), switches.total());
    let end = Instant::now() + Duration::from_secs(size.seconds);
    while Instant::now() < end {
        std::thread::sleep(Duration::from_millis(500));
        switches.look(pid);
    }
    let minutes = size.seconds as f64 / 60.0;
    let (cost, switched) = (site.gateway.cost().since(before), switches.total() - first);
    let spoken: f64 = site.trace(from).0.iter().map(|line| on_the_wire(line)).sum();
    drop(site);
    let two = Site::start(&Plan { modems: 2, ..Plan::of(size) });
    std::thread::sleep(Duration::from_secs(5));
    let (rss, pss) = memory(two.gateway.pid());
    vec![
        figure("CPU s a minute", cost.cpu / minutes, AtMost(0.008)),
        figure("switches a minute", switched / minutes, AtMost(40.0)),
        figure("octets on the wire a minute", spoken / minutes, AtMost(500.0)),
        figure("RSS MB, two modems", rss, AtMost(25.0)),
        figure("PSS MB, two modems", pss, Aim::None),
    ]
}

/// Sixty-four modems in one process, with texts for each.
fn many(size: &Size) -> Vec<Figure> {
    const MODEMS: usize = 64;
    let site = Site::start(&Plan { modems: MODEMS, ..Plan::of(size) });
    let (idle, _) = memory(site.gateway.pid());
    let each = (size.texts / MODEMS).max(1);
    let (before, started) = (site.gateway.cost(), Instant::now());
    for modem in 0..MODEMS {
        let pdus: Vec<String> =
            (0..each).flat_map(|n| delivers(modem * each + n, &short(modem * each + n))).collect();
        site.emulator.control.post(&format!("/modems/{modem}/sms"), &json!({ "pdus": pdus }));
    }
    site.emptied();
    let (wall, cost) = (started.elapsed().as_secs_f64(), site.gateway.cost().since(before));
    let texts = (each * MODEMS) as f64;
    vec![
        figure("RSS MB, idle", idle, AtMost(40.0)),
        figure("RSS MB, after the texts", memory(site.gateway.pid()).0, Aim::None),
        figure("texts a second, all", texts / wall, Aim::None),
        figure("CPU ms a text", cost.cpu * 1e3 / texts, Aim::None),
    ]
}

/// A modem that says fifty lines a second which nobody asked for (fault 7), and a text each way meanwhile.
fn flood(size: &Size) -> Vec<Figure> {
    let chatter = "[modem.faults.chatter]\ntext = \"^RSSI:17\"\nevery_ms = 20\ninside = true\n";
    let modem = format!("{ROOMY}{chatter}");
    let site = Site::start(&Plan { modem: &modem, ..Plan::of(size) });
    std::thread::sleep(Duration::from_secs(5));
    let before = site.gateway.cost();
    std::thread::sleep(Duration::from_secs(size.seconds));
    let cost = site.gateway.cost().since(before);
    let started = Instant::now();
    site.emulator.control.post("/modems/0/sms", &json!({ "pdus": delivers(0, &short(0)) }));
    site.gateway.queue(&site.cards, &[short(1)], false);
    wait("a text each way", || {
        let (came, left) = (site.gateway.count("direction=in"), site.emulator.submitted(0, 0));
        (came == 1 && left.len() == 1).then_some(())
    });
    vec![
        figure("CPU s in a hundred", cost.cpu / size.seconds as f64 * 100.0, AtMost(2.0)),
        figure("s until a text each way has passed", started.elapsed().as_secs_f64(), Aim::None),
    ]
}

/// Twenty texts, and the modem never answers one in the middle.
fn lost_final_result(size: &Size) -> Vec<Figure> {
    let network = "air_ms = [200, 300]\ndelivery_ms = [0, 0]\nreport_ms = [0, 0]\n";
    let rule = "on = \"+CMGS\"\nskip = 10\ntimes = 1\neffect = \"no_answer\"\n";
    let modem = format!("{ROOMY}[[modem.faults.rules]]\n{rule}");
    let site = Site::start(&Plan { network, modem: &modem, ..Plan::of(size) });
    let mut seen = vec![Instant::now()];
    site.gateway.queue(&site.cards, &(0..20).map(short).collect::<Vec<_>>(), false);
    while seen.len() <= 20 {
        let more = site.emulator.submitted(0, seen.len() as u64 - 1).len();
        seen.extend(std::iter::repeat_n(Instant::now(), more));
        std::thread::sleep(Duration::from_millis(5));
    }
    let gaps = seen.windows(2).map(|pair| (pair[1] - pair[0]).as_secs_f64());
    let state = |word: &str| site.gateway.count(&format!("direction=out&state={word}"));
    wait("the last result", || (state("queued") + state("submitting") == 0).then_some(()));
    vec![
        figure("longest gap between submits, s", gaps.fold(0.0, f64::max), AtMost(5.0)),
        figure("unknown texts", state("unknown") as f64, AtMost(1.0)),
        figure("submits of twenty texts", site.emulator.submitted(0, 0).len() as f64, Aim::None),
    ]
}

/// A text in three parts; the radio link costs half a second each time it is set up anew.
fn three_parts_on_the_air(size: &Size) -> Vec<Figure> {
    let network = "air_ms = [2000, 2000]\nkept_air_ms = [1500, 1500]\n\
                   delivery_ms = [0, 0]\nreport_ms = [0, 0]\n";
    let site = Site::start(&Plan { network, ..Plan::of(size) });
    let mut events = site.gateway.api.events("/api/v1/events");
    let started = Instant::now();
    site.gateway.queue(&site.cards, &[long(0)], false);
    events.wait(|event| event["message"]["segments_done"] == 3);
    let took = started.elapsed().as_secs_f64();
    vec![figure("s until the last part is accepted", took, AtMost(5.1))]
}

/// A modem that was gone comes back behind another terminal, with a text.
fn port_back(size: &Size) -> Vec<Figure> {
    let site = Site::start(&Plan::of(size));
    let control = &site.emulator.control;
    let mut events = site.gateway.api.events("/api/v1/events");
    control.post("/modems/0/unplug", &json!({}));
    std::thread::sleep(Duration::from_secs(10));
    let started = Instant::now();
    control.post("/modems/0/plug", &json!({}));
    control.post("/modems/0/sms", &json!({ "pdus": delivers(0, &short(0)) }));
    events.wait(|event| event["message"]["text"] == short(0).as_str());
    vec![figure("s until a text is stored", started.elapsed().as_secs_f64(), AtMost(2.0))]
}

/// A disk that takes 10 ms for every fsync, as an SD card does.
fn slow_disk(size: &Size) -> Vec<Figure> {
    let folder = tempfile::tempdir().expect("a folder");
    let shim = slow_fsync(folder.path());
    let environment = [("LD_PRELOAD", shim.display().to_string())];
    let plan = |modems| Plan { modems, environment: &environment, ..Plan::of(size) };
    let site = Site::start(&plan(1));
    let (wall, _) = receive(&site, size.texts, short);
    let inbound = size.texts as f64 / wall;
    let texts = (size.texts / 10).max(10);
    let (wall, _) = send(&site, texts, short, false);
    let alone = texts as f64 / wall;
    drop(site);
    let (wall, _) = send(&Site::start(&plan(8)), texts * 8, short, false);
    vec![
        figure("texts in a second", inbound, AtLeast(1_000.0)),
        figure("texts out a second, one modem", alone, AtLeast(80.0)),
        figure("texts out a second and modem, eight", texts as f64 / wall, AtLeast(80.0)),
    ]
}

/// Texts of 160 characters over a serial line of 115,200 baud: 408 octets each in, with the
/// announcement, and 347 out. The line can carry 28.2 and 33.2 a second.
fn serial_line(size: &Size) -> Vec<Figure> {
    let modem = format!("{ROOMY}baud = 115200\n");
    let plan = || Plan { modem: &modem, ..Plan::of(size) };
    let texts = size.texts.min(300);
    let (wall, _) = receive(&Site::start(&plan()), texts, full);
    let inbound = texts as f64 / wall;
    let (wall, _) = send(&Site::start(&plan()), texts, full, false);
    vec![
        figure("texts in a second", inbound, AtLeast(27.5)),
        figure("texts out a second", texts as f64 / wall, AtLeast(31.5)),
    ]
}

/// A library that makes every fsync take 10 ms, for `LD_PRELOAD`. The disk below does its own meanwhile.
fn slow_fsync(folder: &Path) -> PathBuf {
    let (source, library) = (folder.join("slow.c"), folder.join("slow.so"));
    let text = r#"
        #define _GNU_SOURCE
        #include <sys/syscall.h>
        #include <time.h>
        #include <unistd.h>
        static int slow(long sync, int fd) {
            struct timespec until;
            clock_gettime(CLOCK_MONOTONIC, &until);
            until.tv_nsec += 10000000;
            if (until.tv_nsec >= 1000000000) { until.tv_nsec -= 1000000000; until.tv_sec++; }
            int done = syscall(sync, fd);
            clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, 0);
            return done;
        }
        int fsync(int fd) { return slow(SYS_fsync, fd); }
        int fdatasync(int fd) { return slow(SYS_fdatasync, fd); }
    "#;
    std::fs::write(&source, text).expect("a source");
    let mut compiler = Command::new("cc");
    compiler.args(["-shared", "-fPIC", "-O", "-o"]).arg(&library).arg(&source);
    assert!(compiler.status().expect("a C compiler").success(), "cc refuses");
    library
}

/// Octets that a line of the trace stands for: a command ends with CR, an answer is framed by CR
/// LF on both sides.
fn on_the_wire(line: &str) -> f64 {
    match line.split_at_checked(2) {
        Some(("> ", sent)) => sent.len() as f64 + 1.0,
        Some(("< ", received)) => received.len() as f64 + 4.0,
        _ => 0.0,
    }
}

/// A text of ordinary length.
fn short(n: usize) -> String {
    format!("Text {n:05}: the delivery comes between nine and eleven, ring twice.")
}

/// A text that fills its segment.
fn full(n: usize) -> String {
    format!("{:.<160}", short(n))
}

/// A text in three segments.
fn long(n: usize) -> String {
    format!("Text {n:05}: {} the end.", "and so it goes on and on ".repeat(15))
}

/// The DELIVERs of a text as the network hands them over.
fn delivers(n: usize, text: &str) -> Vec<String> {
    use simgate::sms::{self, Address, Deliver, Pdu, Scts, SegmentOptions, Tpdu};
    use simgate::types::UnixTime;
    let reference = (n % 65_536) as u16;
    let options = SegmentOptions { reference, wide: true, ..SegmentOptions::default() };
    let segments = sms::segment(text, &options).expect("a text that can be sent").segments;
    // Four hundred people, who write again and again.
    let sender = format!("+4477009{:05}", n % 400);
    let sender = Address::number_of(&sender).expect("a number");
    let scts = Scts::at(UnixTime(1_795_251_600_000 + 1_000 * n as i64), 0).expect("a time");
    let smsc = Address::number_of("+447700900000").ok();
    let hex = |segment| {
        let tpdu = Tpdu::Deliver(Deliver::new(sender, scts, segment));
        Pdu { smsc, tpdu }.to_hex().expect("it can be written")
    };
    segments.iter().map(hex).collect()
}
