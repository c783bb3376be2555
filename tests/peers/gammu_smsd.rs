//! The daemon `gammu-smsd`, with its messages in files.

use std::process::Command;

use crate::emulation::{Emulation, PHONE, files, lossy};
use crate::gammu::config;
use crate::peer::{Daemon, installed, run, texts, watch};

#[test]
fn gammu_smsd_carries_texts_both_ways_and_goes_on_after_a_replug() {
    if !installed("gammu-smsd") {
        return;
    }
    let emulation = Emulation::start("generic");
    let [inbox, outbox, sent, failed] =
        ["in", "out", "sent", "failed"].map(|name| emulation.folder(name));
    let log = emulation.write("smsd.log", "");
    let config = config(
        &emulation,
        &format!(
            "[smsd]\nservice = files\nlogfile = {}\ndebuglevel = 1\n\
             inboxpath = {}/\noutboxpath = {}/\nsentsmspath = {}/\nerrorsmspath = {}/\n\
             inboxformat = standard\ndeliveryreport = log\ncommtimeout = 2\nsendtimeout = 10\n\
             receivefrequency = 1\nchecksecurity = 0\ncheckbattery = 0\nchecksignal = 0\n\
             checknetwork = 0\nstatusfrequency = 0\nloopsleep = 1\nmaxretries = 3\n",
            log.display(),
            inbox.display(),
            outbox.display(),
            sent.display(),
            failed.display()
        ),
    );
    let inject = |text: &str| {
        let mut command = Command::new("gammu-smsd-inject");
        command.arg("-c").arg(&config).args(["TEXT", PHONE, "-report", "-len", "1000", "-text"]);
        let output = run(command.arg(text));
        assert!(output.status.success(), "{output:?}");
    };
    let start = || Daemon::start(Command::new("gammu-smsd").arg("-c").arg(&config));
    let daemon = start();

    let inbound = texts("inbound");
    let segments = emulation.deliver(&inbound);
    watch("texts in the inbox", &[&inbox], || (files(&inbox).len() == segments).then_some(()));
    let all = files(&inbox).concat();
    for text in inbound.iter().filter(|text| text.len() < 160) {
        assert_eq!(all.matches(text.as_str()).count(), 1, "{text}");
    }

    let outbound = texts("outbound");
    outbound.iter().for_each(|text| inject(text));
    let whole = || (emulation.received().len() >= outbound.len()).then(|| emulation.received());
    assert_eq!(emulation.wait("texts on the handset", whole), outbound);
    assert_eq!(files(&failed).len(), 0);
    let logged = || std::fs::read(&log).map_or_else(|_| String::new(), |log| lossy(&log));
    let reports = || logged().matches("Delivery report: ").count();
    watch("delivery reports in the log", &[&log], || (reports() >= outbound.len()).then_some(()));

    // It never opens a port again that has ended; whoever supervises it starts it anew.
    emulation.replug();
    drop(daemon);
    let _daemon = start();
    emulation.deliver(&["after the replug".to_owned()]);
    watch("a text after the replug", &[&inbox], || {
        files(&inbox).concat().contains("after the replug").then_some(())
    });
    inject("back again");
    emulation.wait("a text back after the replug", || {
        emulation.received().contains(&"back again".to_owned()).then_some(())
    });
}
