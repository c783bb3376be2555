//! How long the SMS codec takes. `cargo bench --bench codec`.
//!
//! Messages are our own, with numbers reserved for fiction. Allocations cannot be counted without
//! `unsafe`; run the test binary of this bench under `valgrind --tool=dhat` instead.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use simgate::sms::{
    Address, Deliver, Pdu, Scts, SegmentOptions, Status, StatusReport, Submit, Tpdu, Way, count,
    segment,
};
use simgate::types::UnixTime;

const SHORT: &str = "Your parcel is at the door. Reply YES to confirm, or call +15550100.";
const EMOJI: &str = "Grüße von der Küste 👋 bis später!";

fn scts() -> Scts {
    Scts::at(UnixTime(1_795_252_200_000), 60).expect("a time of this century")
}

fn delivers(text: &str) -> Vec<Vec<u8>> {
    let from = Address::number_of("+447700900123").expect("a number");
    let cut = segment(text, &SegmentOptions::default()).expect("a text");
    let pdu = |tpdu| Pdu { smsc: Some(from), tpdu }.octets().expect("a PDU");
    cut.segments.iter().map(|s| pdu(Tpdu::Deliver(Deliver::new(from, scts(), s)))).collect()
}

fn submits(text: &str) -> Vec<Pdu> {
    let to = Address::number_of("+447700900123").expect("a number");
    let cut = segment(text, &SegmentOptions::default()).expect("a text");
    let pdu = |s| Pdu { smsc: None, tpdu: Tpdu::Submit(Submit::new(to, s)) };
    cut.segments.iter().map(pdu).collect()
}

/// Short and long, both alphabets, and reports: what a gateway reads all day.
fn corpus() -> Vec<Vec<u8>> {
    let mut corpus = delivers(SHORT);
    corpus.extend(delivers(EMOJI));
    corpus.extend(delivers(&SHORT.repeat(5)));
    corpus.extend(delivers(&EMOJI.repeat(5)));
    let to = Address::number_of("+15550100").expect("a number");
    let report = StatusReport::new(42, to, scts(), scts(), Status::DELIVERED);
    let pdu = Pdu { smsc: Some(to), tpdu: Tpdu::StatusReport(report) };
    corpus.push(pdu.octets().expect("a PDU"));
    corpus
}

fn read(octets: &[u8]) -> Option<String> {
    Pdu::from_octets(octets, Way::ToMobile).ok().and_then(|pdu| pdu.tpdu.text())
}

fn decode(c: &mut Criterion) {
    let typical = delivers(SHORT);
    c.bench_function("decode/typical DELIVER", |b| {
        b.iter(|| Pdu::from_octets(black_box(&typical[0]), Way::ToMobile));
    });
    c.bench_function("decode/typical DELIVER with its text", |b| {
        b.iter(|| read(black_box(&typical[0])));
    });
    let corpus = corpus();
    let mut group = c.benchmark_group("decode");
    group.throughput(Throughput::Elements(corpus.len() as u64));
    group.bench_function("mixed corpus with texts", |b| {
        b.iter(|| corpus.iter().filter_map(|octets| read(black_box(octets))).count());
    });
    group.finish();
}

fn encode(c: &mut Criterion) {
    let short = submits(SHORT);
    c.bench_function("encode/typical SUBMIT", |b| b.iter(|| black_box(&short[0]).octets()));
    let long = submits(&EMOJI.repeat(5));
    c.bench_function("encode/UCS-2 segment to hex", |b| b.iter(|| black_box(&long[0]).to_hex()));
}

fn cut(c: &mut Criterion) {
    let options = SegmentOptions::default();
    let plain: String = SHORT.chars().cycle().take(1_000).collect();
    c.bench_function("segment/1,000 characters GSM 7-bit", |b| {
        b.iter(|| segment(black_box(&plain), &options));
    });
    let emoji: String = EMOJI.chars().cycle().take(1_000).collect();
    c.bench_function("segment/1,000 characters UCS-2", |b| {
        b.iter(|| segment(black_box(&emoji), &options));
    });
    c.bench_function("count/1,000 characters GSM 7-bit", |b| {
        b.iter(|| count(black_box(&plain), &options));
    });
}

criterion_group!(benches, decode, encode, cut);
criterion_main!(benches);
