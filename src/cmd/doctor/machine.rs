//! What facts about this machine mean. Values in, findings out.

use std::path::Path;

use super::{Finding, Gateway};
use crate::io::machine::{Account, Folder, Node, UsbDevice};
use crate::modem::profile;
use crate::types::{Country, UnixTime};
use crate::web;

/// The cure for rights, for ModemManager and for autosuspend alike.
const RULES: &str = "sudo cp udev/70-simgate.rules /etc/udev/rules.d/ && sudo udevadm control \
                     --reload, then plug the modem again";
/// Losing the bus so often is not somebody's hand.
const OFTEN: usize = 3;
const MIB: u64 = 1024 * 1024;

pub(super) fn gateway(gateway: &Gateway, folder: &Folder, elsewhere: Option<&Path>) -> Finding {
    let path = &folder.path;
    let own = env!("CARGO_PKG_VERSION");
    match (gateway, elsewhere) {
        (Gateway::Answers(told), _) => match told.health["version"].as_str() {
            Some(version) if version != own => Finding::warning(
                "gateway",
                format!("version {version} still runs, this is {own}"),
                "restart it: sudo systemctl restart simgate",
            ),
            _ => Finding::fine("gateway", format!("version {own} runs on {path}")),
        },
        (Gateway::Silent, _) => Finding::problem(
            "gateway",
            format!("it runs on {path} and does not answer"),
            "restart it: sudo systemctl restart simgate",
        ),
        (Gateway::Hidden, _) => {
            Finding::skipped("gateway", format!("{path} is not open to this account"))
        }
        (Gateway::Absent, Some(other)) if !folder.has_database => Finding::warning(
            "gateway",
            format!("none runs on {path}, but there is {}", other.display()),
            format!("sudo simgate doctor --data {}", other.display()),
        ),
        (Gateway::Absent, _) if folder.has_database => Finding::problem(
            "gateway",
            format!("none runs on {path}, where one has worked"),
            "start it: sudo systemctl start simgate, or simgate run",
        ),
        (Gateway::Absent, _) => Finding::warning(
            "gateway",
            format!("none runs on {path} yet"),
            "start it when the rest is in order: simgate run",
        ),
    }
}

pub(super) fn settings(problems: usize) -> Finding {
    match problems {
        0 => Finding::fine("settings", "valid"),
        1 => Finding::problem("settings", "1 mistake", "simgate check-config"),
        n => Finding::problem("settings", format!("{n} mistakes"), "simgate check-config"),
    }
}

pub(super) fn country(country: Option<Country>) -> Finding {
    match country {
        Some(country) => {
            Finding::fine("country", format!("numbers are read as in {}", country.as_str()))
        }
        None => Finding::warning(
            "country",
            "not set: numbers without + are not taken",
            "set country, such as \"GB\", under [organisation] in simgate.toml",
        ),
    }
}

/// The default is no wish: the machine's own zone tells whether it fits.
pub(super) fn time_zone(set: &str, machine: Option<&str>) -> Finding {
    const UTC: &[&str] =
        &["UTC", "Etc/UTC", "Etc/UCT", "UCT", "Zulu", "Etc/Zulu", "GMT", "Etc/GMT"];
    match machine {
        Some(machine) if UTC.contains(&set) && !UTC.contains(&machine) => Finding::warning(
            "time zone",
            format!("{set}, while this machine is in {machine}"),
            format!("set time_zone = \"{machine}\" under [organisation] in simgate.toml"),
        ),
        _ => Finding::fine("time zone", set),
    }
}

pub(super) fn folder(folder: &Folder) -> Finding {
    const CHECK: &str = "data folder";
    let path = &folder.path;
    let Some((_, mode)) = folder.owner else {
        return Finding::skipped(CHECK, format!("{path} is made by the first start"));
    };
    if let Some(why) = &folder.closed {
        let next = format!("sudo simgate doctor --data {path}");
        return Finding::problem(CHECK, format!("{path}: {why}"), next);
    }
    if let Some(stranger) = &folder.stranger {
        let found = format!("{stranger} belongs to another account than its folder");
        let next = format!("sudo chown -R --reference={path} {path}");
        return Finding::problem(CHECK, found, next);
    }
    match mode & 0o077 {
        0 => Finding::fine(CHECK, format!("{path}, open to its owner alone")),
        _ => Finding::warning(
            CHECK,
            format!("others may look into {path}"),
            format!("chmod 700 {path}"),
        ),
    }
}

pub(super) fn disk(folder: &Folder) -> Finding {
    let needed = web::Settings::default().room_needed;
    let path = &folder.path;
    if folder.read_only {
        return Finding::problem(
            "disk",
            format!("the disk of {path} is read-only"),
            "save its data and put in another card: a worn one stops taking writes",
        );
    }
    let Some(free) = folder.free else {
        return Finding::skipped("disk", "its room cannot be told");
    };
    let found = format!("{} MiB free", free / MIB);
    let next = format!("make room on the disk of {path}");
    match free {
        free if free < needed => {
            Finding::problem("disk", format!("{found}: no new text is taken"), next)
        }
        free if free < needed * 4 => Finding::warning("disk", found, next),
        _ => Finding::fine("disk", found),
    }
}

pub(super) fn clock(now: UnixTime, kept: Option<bool>) -> Finding {
    let next = "sudo timedatectl set-ntp true";
    match kept {
        _ if now < web::BUILT_AFTER => Finding::problem("clock", format!("not set: {now}"), next),
        Some(false) => Finding::warning(
            "clock",
            format!("{now}, and no time server has confirmed it"),
            "let this machine reach a time server: timedatectl timesync-status shows which",
        ),
        Some(true) => Finding::fine("clock", format!("{now}, kept by a time server")),
        None => Finding::fine("clock", now.to_string()),
    }
}

/// A Raspberry Pi's bits: the lower half tells of now, the upper of any time since the start.
pub(super) fn supply(bits: Option<u32>) -> Vec<Finding> {
    const LOW: u32 = 1;
    const SLOWED: u32 = 1 << 2;
    const HOT: u32 = 1 << 3;
    let Some(bits) = bits else {
        return vec![Finding::skipped("power", "this kernel does not tell")];
    };
    let (now, before) = (bits & 0xFFFF, bits >> 16);
    let supply = "use the board's own supply, and a hub with its own supply for the modem";
    let air = "give the board air or a heat sink";
    let power = match () {
        () if now & LOW != 0 => Finding::problem("power", "the voltage is too low", supply),
        () if before & LOW != 0 => {
            Finding::warning("power", "the voltage was too low since the start", supply)
        }
        () => Finding::fine("power", "the voltage never fell"),
    };
    let heat = match () {
        () if now & (SLOWED | HOT) != 0 => {
            Finding::warning("heat", "the board is slowed down", air)
        }
        () if before & HOT != 0 => Finding::warning("heat", "the board was too hot", air),
        () => Finding::fine("heat", "the board was never too hot"),
    };
    vec![power, heat]
}

/// What the kernel logged about modems and what feeds them, the worst only (fault 21).
pub(super) fn kernel(log: &Result<Vec<String>, String>, devices: &[UsbDevice]) -> Finding {
    const CHECK: &str = "kernel log";
    let log = match log {
        Ok(log) => log,
        Err(why) => return Finding::skipped(CHECK, format!("{why}; root may read it")),
    };
    let has = |words: &str| log.iter().any(|line| line.contains(words));
    if has("over-current") {
        let next = "plug the modem into a hub with its own supply";
        return Finding::problem(CHECK, "a USB port was switched off: over-current", next);
    }
    if log.iter().any(|line| line.contains("brltty") && line.contains("claimed")) {
        let found = "brltty, for braille displays, took a serial port away";
        return Finding::problem(CHECK, found, "sudo apt remove brltty");
    }
    if log.iter().any(|line| line.to_lowercase().replace('-', "").contains("undervoltage")) {
        let next = "use the board's own supply";
        return Finding::warning(CHECK, "the voltage fell too low since the start", next);
    }
    for device in devices.iter().filter(|device| is_modem(device)) {
        // "usb 1-1.2: USB disconnect, device number 5", "usb 1-1.2: reset high-speed USB device".
        let head = format!("usb {}: ", device.place);
        let own = log.iter().filter_map(|line| line.strip_prefix(&head));
        let falls =
            own.filter(|words| words.starts_with("USB disconnect") || words.starts_with("reset "));
        let falls = falls.count();
        if falls >= OFTEN {
            let found = format!("{} left the bus {falls} times since the start", named(device));
            let next = match device.may_sleep {
                true => RULES,
                false => "plug it into a hub with its own supply, by a short cable",
            };
            return Finding::warning(CHECK, found, next);
        }
    }
    Finding::fine(CHECK, "no trouble with modems or power since the start")
}

/// A USB device of a modem's maker. Others are nobody's business here.
pub(super) fn usb(device: &UsbDevice) -> Option<Finding> {
    let maker = profile::ALL.iter().flat_map(|p| p.usb).any(|id| id.vendor == device.vendor);
    let name = named(device);
    let finding = match device.rules_applied {
        _ if maker && !device.has_tty => Finding::warning(
            "usb",
            "it shows no serial port: still a CD-ROM, or a stick with a web page of its own, \
             which cannot be driven",
            "sudo apt install usb-modeswitch, then plug it again",
        ),
        _ if !is_modem(device) => return None,
        Some(false) => {
            Finding::warning("usb", "ModemManager and autosuspend are not kept from it", RULES)
        }
        _ if device.may_sleep => Finding::warning("usb", "autosuspend may put it to sleep", RULES),
        _ => Finding::fine("usb", "kept awake"),
    };
    Some(finding.about(name))
}

fn is_modem(device: &UsbDevice) -> bool {
    let ids = profile::ALL.iter().flat_map(|profile| profile.usb);
    ids.into_iter().any(|id| (id.vendor, id.product) == (device.vendor, device.product))
}

fn named(device: &UsbDevice) -> String {
    format!("{} ({:04x}:{:04x})", device.place, device.vendor, device.product)
}

/// A port that a gateway would open, and `account` runs or would run the gateway (fault 17).
pub(super) fn port(
    name: &str,
    usb: bool,
    node: Option<&Node>,
    account: &Account,
    running: bool,
) -> Finding {
    let Some(node) = node else {
        let next = "plug the modem in, or name another port: simgate modems lists them";
        return Finding::problem("port", "it is not there", next).about(name);
    };
    let finding = if node.console {
        let next = "take its console= out of the kernel's command line, on a Raspberry Pi in \
                    /boot/firmware/cmdline.txt, and restart the machine";
        Finding::problem("port", "the system's console is on it", next)
    } else if !may_use(account, node) {
        let shared = node.mode & 0o060 == 0o060 && node.gid != 0;
        let then = if running { "restart the gateway" } else { "sign in again" };
        let next = match (shared, usb) {
            (true, _) => format!("sudo usermod -aG {} {}, then {then}", node.group, account.name),
            (false, true) => RULES.to_owned(),
            (false, false) => format!("sudo chgrp dialout {name} && sudo chmod 660 {name}"),
        };
        Finding::problem("port", format!("no permission for {}", account.name), next)
    } else if let Some(holder) = &node.holder {
        let next = match holder.split(' ').next() {
            Some("ModemManager") => RULES.to_owned(),
            Some("brltty") => "sudo apt remove brltty".to_owned(),
            _ => format!("stop {holder}"),
        };
        Finding::problem("port", format!("{holder} has it open"), next)
    } else if running {
        let next = format!("simgate trace {name}");
        Finding::warning("port", "the gateway may use it, and no modem has answered there", next)
    } else {
        Finding::fine("port", "free, and this account may use it")
    };
    finding.about(name)
}

fn may_use(account: &Account, node: &Node) -> bool {
    let bits = match node {
        _ if account.uid == 0 => 0o6,
        node if node.uid == account.uid => node.mode >> 6,
        node if account.groups.contains(&node.gid) => node.mode >> 3,
        node => node.mode,
    };
    bits & 0o6 == 0o6
}

pub(super) fn no_modem() -> Finding {
    let next = "plug a modem in: hardware-notes.md lists those that work";
    Finding::problem("modems", "no port of a modem is found", next)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cmd::doctor::State;

    fn next(finding: &Finding) -> &str {
        finding.next().unwrap_or("nothing to do")
    }

    fn kept() -> Folder {
        Folder {
            path: "/var/lib/simgate".to_owned(),
            owner: Some((999, 0o700)),
            free: Some(9_000 * MIB),
            ..Folder::default()
        }
    }

    fn modem() -> UsbDevice {
        let id = profile::ALL.iter().flat_map(|profile| profile.usb).next().expect("a modem");
        UsbDevice {
            place: "1-1.2".to_owned(),
            vendor: id.vendor,
            product: id.product,
            has_tty: true,
            rules_applied: Some(true),
            ..UsbDevice::default()
        }
    }

    #[test]
    fn a_gateway_that_has_worked_and_does_not_run_is_a_problem_and_a_new_machine_is_none() {
        let worked = Folder { has_database: true, ..kept() };
        assert_eq!(gateway(&Gateway::Absent, &worked, None).word(), "problem");
        assert_eq!(gateway(&Gateway::Absent, &kept(), None).word(), "warning");
        let other = Path::new("/var/lib/other");
        let elsewhere = gateway(&Gateway::Absent, &kept(), Some(other));
        assert_eq!(next(&elsewhere), "sudo simgate doctor --data /var/lib/other");
        assert_eq!(gateway(&Gateway::Silent, &worked, None).word(), "problem");
        assert_eq!(gateway(&Gateway::Hidden, &worked, None).state, State::Skipped);
    }

    #[test]
    fn a_folder_is_private_its_owners_and_on_a_disk_with_room() {
        assert_eq!(folder(&kept()).state, State::Fine);
        assert_eq!(disk(&kept()).state, State::Fine);
        let stranger = Some("/var/lib/simgate/simgate.db-wal".to_owned());
        let found = folder(&Folder { stranger, ..kept() });
        assert_eq!(next(&found), "sudo chown -R --reference=/var/lib/simgate /var/lib/simgate");
        let open = folder(&Folder { owner: Some((0, 0o755)), ..kept() });
        assert_eq!((open.word(), next(&open)), ("warning", "chmod 700 /var/lib/simgate"));
        let closed = Some("Permission denied (os error 13)".to_owned());
        assert_eq!(folder(&Folder { closed, ..kept() }).word(), "problem");
        for (free, word) in [(31, "problem"), (100, "warning"), (200, "ok")] {
            assert_eq!(disk(&Folder { free: Some(free * MIB), ..kept() }).word(), word);
        }
        assert_eq!(disk(&Folder { read_only: true, ..kept() }).word(), "problem");
    }

    #[test]
    fn a_clock_without_a_battery_and_a_zone_nobody_chose_are_told() {
        let now = UnixTime(web::BUILT_AFTER.0 + 1);
        assert_eq!(clock(UnixTime(0), Some(true)).word(), "problem");
        assert_eq!(clock(now, Some(false)).word(), "warning");
        assert_eq!((clock(now, None).word(), clock(now, Some(true)).word()), ("ok", "ok"));
        let forgotten = time_zone("UTC", Some("Europe/London"));
        assert!(next(&forgotten).starts_with("set time_zone = \"Europe/London\""));
        assert_eq!(time_zone("UTC", Some("Etc/UTC")).state, State::Fine);
        assert_eq!(time_zone("Europe/Paris", Some("Europe/London")).state, State::Fine);
    }

    /// Fault 28: the board's own supply, as a Raspberry Pi tells of it. Fault 45: its heat.
    #[test]
    fn a_weak_supply_is_told_now_and_afterwards() {
        let words = |bits| supply(Some(bits)).iter().map(Finding::word).collect::<Vec<_>>();
        assert_eq!(words(0), ["ok", "ok"]);
        assert_eq!(words(0x0005_0005), ["problem", "warning"]);
        assert_eq!(words(0x0005_0000), ["warning", "ok"]);
        assert_eq!(words(0x0008_0000), ["ok", "warning"]);
        assert_eq!(supply(None).iter().map(Finding::word).collect::<Vec<_>>(), ["skipped"]);
    }

    /// Fault 21: a stick that the kernel puts to sleep leaves the bus and comes back.
    #[test]
    fn a_modem_that_leaves_the_bus_again_and_again_is_found_in_the_kernel_log() {
        let gone = |place: &str| format!("usb {place}: USB disconnect, device number 5");
        let log = |lines: &[String]| Ok(lines.to_vec());
        let twice = log(&[gone("1-1.2"), gone("1-1.2"), gone("1-1"), gone("1-1")]);
        assert_eq!(kernel(&twice, &[modem()]).state, State::Fine, "somebody's hand");
        let reset = "usb 1-1.2: reset high-speed USB device number 5 using xhci_hcd".to_owned();
        let often = log(&[gone("1-1.2"), gone("1-1.2"), reset]);
        assert_eq!(kernel(&often, &[]).state, State::Fine, "no modem");
        let asleep = UsbDevice { may_sleep: true, ..modem() };
        assert_eq!(next(&kernel(&often, &[asleep])), RULES);
        assert!(next(&kernel(&often, &[modem()])).contains("own supply"));
        for (line, word) in [
            ("usb 1-1-port2: over-current change #3", "problem"),
            ("usbfs: interface 0 claimed by ch341 while 'brltty' sets config #1", "problem"),
            ("hwmon hwmon1: Undervoltage detected!", "warning"),
            ("Under-voltage detected! (0x00050005)", "warning"),
        ] {
            assert_eq!(kernel(&log(&[line.to_owned()]), &[]).word(), word, "{line}");
        }
        assert_eq!(kernel(&Err("not permitted".to_owned()), &[]).state, State::Skipped);
    }

    /// Faults 18, 21 and 22: what the udev rules keep away, and a stick that is no modem yet.
    #[test]
    fn of_usb_devices_only_those_of_modem_makers_are_spoken_of() {
        assert_eq!(usb(&modem()).map(|found| found.state), Some(State::Fine));
        let bare = UsbDevice { rules_applied: Some(false), ..modem() };
        assert_eq!(usb(&bare).as_ref().map(next), Some(RULES));
        let asleep = UsbDevice { may_sleep: true, rules_applied: None, ..modem() };
        assert_eq!(usb(&asleep).as_ref().map(next), Some(RULES));
        let disc = UsbDevice { product: 0xFFFF, has_tty: false, ..modem() };
        assert!(usb(&disc).as_ref().is_some_and(|found| next(found).contains("usb-modeswitch")));
        assert_eq!(usb(&UsbDevice { vendor: 1, ..disc }), None);
    }

    /// Fault 17: permission denied, and each way out of it. Fault 18: somebody else has the port.
    #[test]
    fn a_port_that_cannot_be_had_says_what_to_do() {
        let (name, group) = ("/dev/ttyUSB2", "dialout".to_owned());
        let account = Account { uid: 999, name: "sms".to_owned(), groups: vec![998] };
        let node = Node { gid: 20, group, mode: 0o660, ..Node::default() };
        let look = |node: &Node| port(name, true, Some(node), &account, true);
        assert_eq!(next(&look(&node)), "sudo usermod -aG dialout sms, then restart the gateway");
        assert_eq!(next(&look(&Node { mode: 0o600, ..node.clone() })), RULES);
        let uart =
            port("/dev/ttyS0", false, Some(&Node { mode: 0, ..node.clone() }), &account, true);
        assert_eq!(next(&uart), "sudo chgrp dialout /dev/ttyS0 && sudo chmod 660 /dev/ttyS0");
        let member = Account { groups: vec![998, 20], ..account.clone() };
        assert_eq!(port(name, true, Some(&node), &member, false).state, State::Fine);
        assert_eq!(port(name, true, Some(&node), &member, true).word(), "warning", "nobody there");
        let owner = Account { uid: 0, ..Account::default() };
        let held = |by: &str| Node { holder: Some(by.to_owned()), ..node.clone() };
        let look = |node: &Node| port(name, true, Some(node), &owner, true);
        assert_eq!(next(&look(&held("ModemManager (process 812)"))), RULES);
        assert_eq!(next(&look(&held("gammu-smsd (process 7)"))), "stop gammu-smsd (process 7)");
        assert!(next(&look(&Node { console: true, ..node.clone() })).contains("console="));
        assert_eq!(port(name, true, None, &owner, false).word(), "problem");
    }
}
