//! The SMS Server Tools: the daemon `smsd`, with its messages in files.

use std::process::Command;

use crate::emulation::{Emulation, PHONE, files};
use crate::peer::{Daemon, installed, texts, watch};

#[test]
fn smstools_carries_texts_both_ways_and_survives_a_replug() {
    if !installed("smsd") {
        return;
    }
    let emulation = Emulation::start("generic");
    let names = ["outgoing", "checked", "incoming", "failed", "sent", "report"];
    let folders = names.map(|name| emulation.folder(name));
    let mut text = String::from("devices = GSM1\n");
    for (name, folder) in names.iter().zip(&folders) {
        text += &format!("{name} = {}\n", folder.display());
    }
    for name in ["logfile", "infofile", "pidfile"] {
        text += &format!("{name} = {}\n", emulation.write(name, "").display());
    }
    text += "loglevel = 5\ndelaytime = 1\nerrorsleeptime = 1\nblocktime = 1\n\
             receive_before_send = no\nautosplit = 3\ninternal_combine = yes\n[GSM1]\n\
             init = AT+CNMI=2,1,0,2,0\nincoming = high\nbaudrate = 115200\nrtscts = no\n\
             report = yes\n";
    text += &format!("device = {}\n", emulation.port().display());
    let config = emulation.write("smsd.conf", &text);
    let [outgoing, _, incoming, failed, sent, report] = &folders;
    let drafts = emulation.folder("drafts");
    let send = |name: &str, text: &str| {
        // Moved in one step, so that the daemon never reads half of it.
        let draft = drafts.join(name);
        let body = format!("To: {}\nReport: yes\n\n{text}", PHONE.trim_start_matches('+'));
        std::fs::write(&draft, body).expect("a draft");
        std::fs::rename(&draft, outgoing.join(name)).expect("an outgoing file");
    };
    let _daemon =
        Daemon::start(Command::new("smsd").args(["-n", "MAINPROCESS"]).arg("-c").arg(&config));

    let inbound = texts("inbound");
    emulation.deliver(&inbound);
    watch("texts in the inbox", &[incoming], || {
        (files(incoming).len() == inbound.len()).then_some(())
    });
    let all = files(incoming).concat();
    for text in &inbound {
        assert_eq!(all.matches(text.as_str()).count(), 1, "{text}");
    }

    let outbound = texts("outbound");
    outbound.iter().enumerate().for_each(|(i, text)| send(&format!("out{i:03}"), text));
    let whole = || (emulation.received().len() >= outbound.len()).then(|| emulation.received());
    assert_eq!(emulation.wait("texts on the handset", whole), outbound);
    watch("sent files", &[sent], || (files(sent).len() == outbound.len()).then_some(()));
    assert_eq!(files(failed).len(), 0);
    watch("delivery reports", &[report], || (files(report).len() >= outbound.len()).then_some(()));

    emulation.replug();
    emulation.deliver(&["after the replug".to_owned()]);
    watch("a text after the replug", &[incoming], || {
        files(incoming).concat().contains("after the replug").then_some(())
    });
    send("again", "back again");
    emulation.wait("a text back after the replug", || {
        emulation.received().contains(&"back again".to_owned()).then_some(())
    });
}
