//! The command line program `gammu`.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::emulation::{Emulation, PHONE, lossy};
use crate::peer::{installed, run, texts};

pub fn config(emulation: &Emulation, more: &str) -> PathBuf {
    let port = emulation.port();
    let text = format!("[gammu]\nport = {}\nconnection = at115200\n{more}", port.display());
    emulation.write("gammurc", &text)
}

fn gammu(config: &Path, args: &[&str]) -> (bool, String) {
    let output = run(Command::new("gammu").arg("-c").arg(config).args(args).env("LC_ALL", "C"));
    (output.status.success(), lossy(&output.stdout) + &lossy(&output.stderr))
}

#[test]
fn gammu_identifies_every_family() {
    if !installed("gammu") {
        return;
    }
    for (profile, maker) in [
        ("generic", "Simgate"),
        ("huawei", "Huawei"),
        ("simcom-sim800", "SIMCOM"),
        ("simcom-sim7600", "SIMCOM"),
        ("quectel", "Quectel"),
        ("zte", "ZTE"),
        ("ublox", "u-blox"),
        ("telit", "Telit"),
        ("sierra", "Sierra"),
    ] {
        let emulation = Emulation::start(profile);
        let config = config(&emulation, "");
        let imei = emulation.modem()["imei"].as_str().expect("an IMEI").to_owned();
        let (ok, said) = gammu(&config, &["identify"]);
        assert!(ok && said.contains(&imei) && said.contains(maker), "{profile}: {said}");
    }
}

#[test]
fn gammu_takes_and_sends_texts_and_sees_their_reports() {
    if !installed("gammu") {
        return;
    }
    let emulation = Emulation::start("generic");
    let config = config(&emulation, "");

    let inbound = texts("inbound");
    let segments = emulation.deliver(&inbound);
    let used = |name: &str| emulation.modem()["storages"][name]["used"].as_u64().unwrap_or(0);
    emulation.wait("texts on the SIM", || (used("SM") as usize == segments).then_some(()));
    let (ok, said) = gammu(&config, &["geteachsms"]);
    assert!(ok, "{said}");
    for text in &inbound {
        assert_eq!(said.matches(text).count(), 1, "{text}\n{said}");
    }
    assert!(gammu(&config, &["deleteallsms", "1"]).0);
    assert_eq!(used("SM"), 0);

    // Switches indications on, which stay on: reports are then kept by the modem.
    let (ok, said) = gammu(&config, &["monitor", "1"]);
    assert!(ok, "{said}");
    let outbound = texts("outbound");
    let line = |text: &String| format!("sendsms TEXT {PHONE} -report -len 1000 -text \"{text}\"\n");
    let batch = emulation.write("batch", &outbound.iter().map(line).collect::<String>());
    let (ok, said) = gammu(&config, &["batch", &batch.display().to_string()]);
    assert!(ok, "{said}");
    let whole = || (emulation.received().len() == outbound.len()).then(|| emulation.received());
    assert_eq!(emulation.wait("texts on the handset", whole), outbound);
    emulation.wait("reports on the SIM", || (used("SM") as usize == segments).then_some(()));
    let (ok, said) = gammu(&config, &["geteachsms"]);
    assert!(ok && said.contains("Delivered"), "{said}");

    emulation.replug();
    let imei = emulation.modem()["imei"].as_str().expect("an IMEI").to_owned();
    let (ok, said) = gammu(&config, &["identify"]);
    assert!(ok && said.contains(&imei), "{said}");
}
