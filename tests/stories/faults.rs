//! Rows of the fault catalogue (`docs/reference/faults.md`) that a whole gateway has to show.

use serde_json::json;
use simgate::sms::{Address, Deliver, Pdu, Scts, SegmentOptions, Tpdu, segment};
use simgate::store::Modem;
use simgate::types::{Direction, MessageId, MessageState, Millis};

use crate::gateway::{CUSTOMER, OTHER, START, TestGateway};

/// Waits until a message's custody has a station that begins so.
async fn station(gateway: &TestGateway, id: MessageId, begins: &str) -> String {
    gateway
        .until(begins, async || {
            gateway.custody(id).await.into_iter().find(|station| station.starts_with(begins))
        })
        .await
}

/// Fault 13: only one of a modem's two ports comes back, and it is not the one that was used.
#[tokio::test(start_paused = true)]
async fn a_modem_of_whose_two_ports_one_comes_back_goes_on_with_that_one() {
    let gateway = TestGateway::plain(1).await;
    gateway.ready().await;
    let port = async || {
        let modems = gateway.store.read(|tx| tx.modems()).await.expect("readable");
        assert_eq!(modems.len(), 1, "one modem, whatever its ports");
        modems[0].port.clone().unwrap_or_default()
    };
    for (first_is_there, used) in [(true, "emulated:0.1"), (false, "emulated:0.2+")] {
        gateway.modems.with(|world| world.pull(0)).expect("pulled");
        gateway.modems.set_ports(0, first_is_there);
        gateway.pass(5).await;
        gateway.modems.with(|world| world.put_back(0, None)).expect("put back");
        gateway.modems.with(|world| world.text_to(0, OTHER, used)).expect("sent");
        gateway
            .until("it arrives", async || {
                gateway.inbox().await.iter().any(|text| text.text == used).then_some(())
            })
            .await;
        let id = gateway.send(CUSTOMER, used).await;
        gateway.becomes(id, MessageState::Delivered).await;
        assert_eq!(port().await, used);
    }
}

/// Fault 15: two alike sticks come back under each other's names. Devices are known by their IMEI,
/// and texts, queue and line follow the SIM.
#[tokio::test(start_paused = true)]
async fn two_alike_sticks_may_swap_their_names() {
    let gateway = TestGateway::plain(2).await;
    gateway
        .until("two modems", async || {
            let modems = gateway.store.read(|tx| tx.modems()).await.expect("readable");
            (modems.iter().filter(|modem| modem.state == "ready").count() == 2).then_some(())
        })
        .await;
    let before = gateway.store.read(|tx| tx.modems()).await.expect("readable");
    for modem in [0, 1] {
        gateway.modems.with(|world| world.pull(modem)).expect("pulled");
    }
    gateway.pass(5).await;
    let facts = [0, 1].map(|modem| gateway.modems.with(|w| w.modem(modem)).expect("there is one"));
    let row_of = |imei: &str| before.iter().find(|row| row.imei.as_deref() == Some(imei));
    let rows = facts.each_ref().map(|facts| row_of(facts.imei.as_str()).expect("known"));
    let lines = rows.map(|row| row.line.expect("a SIM").to_string());
    let mut waiting = Vec::new();
    for (n, line) in lines.iter().enumerate() {
        let asked = json!({ "to": OTHER, "text": format!("from line {n}"), "line": line });
        waiting.push(gateway.send_as(asked).await);
    }
    let names = rows.map(|row| row.port.clone().expect("it was open"));
    gateway.modems.swap_names(0, 1, names.each_ref().map(String::as_str));
    for modem in [0, 1] {
        gateway.modems.with(|world| world.put_back(modem, None)).expect("put back");
        let text = format!("to SIM {modem}");
        gateway.modems.with(|world| world.text_to(modem, CUSTOMER, &text)).expect("sent");
    }
    for id in waiting {
        gateway.becomes(id, MessageState::Delivered).await;
    }
    for text in gateway.received(2).await {
        let n = usize::from(text.text.ends_with('1'));
        assert_eq!((text.text, text.line.to_string()), (format!("to SIM {n}"), lines[n].clone()));
    }
    for modem in [0, 1] {
        assert!(gateway.submitted(modem).contains(&format!("from line {modem}")));
    }
    let after = gateway.store.read(|tx| tx.modems()).await.expect("readable");
    assert_eq!(after.len(), 2);
    for modem in [0, 1] {
        let row = after.iter().find(|row| row.id == rows[modem].id).expect("it is still there");
        assert_eq!(row.port.as_ref(), Some(&names[1 - modem]), "the other one's name");
        assert_eq!(row.line, rows[modem].line);
    }
}

/// Fault 20: a modem on a UART that answers at another speed than was set is found, and the next
/// start begins with that speed.
#[tokio::test(start_paused = true)]
async fn a_modem_at_another_line_speed_is_found_and_remembered() {
    let mut gateway = TestGateway::toml("[[modem]]\nbaud = 57600").await;
    let asked = gateway.clock.now();
    gateway.ready().await;
    let searched = gateway.clock.now().since(asked);
    let id = gateway.send(CUSTOMER, "in time").await;
    gateway.becomes(id, MessageState::Delivered).await;
    gateway.stop().await;
    gateway.start().await;
    let asked = gateway.clock.now();
    let modems = async || gateway.store.read(|tx| tx.modems()).await.expect("readable");
    gateway.until("closed", async || (modems().await[0].state != "ready").then_some(())).await;
    gateway.ready().await;
    let again = gateway.clock.now().since(asked);
    assert!(again.0 * 2 < searched.0, "{again}, {searched} at first");
}

/// Fault 28: the supply breaks down at each send and takes the port along, so that every time a
/// fresh port comes up. Sending is held all the same; receiving goes on.
#[tokio::test(start_paused = true)]
async fn a_stick_that_leaves_the_bus_at_each_send_is_held_and_still_receives() {
    let gateway = TestGateway::plain(1).await;
    gateway.ready().await;
    gateway.faults(
        0,
        "lost_on_air = true\nreset_unplugs = true\n[[rules]]\non = \"+CMGS\"\neffect = \"reset\"\n",
    );
    for n in 0..3 {
        let id = gateway.send(CUSTOMER, &format!("fall {n}")).await;
        gateway.becomes(id, MessageState::Unknown).await;
    }
    let held = gateway.send(OTHER, "not yet").await;
    gateway.modems.with(|world| world.text_to(0, OTHER, "still there?")).expect("sent");
    gateway.received(1).await;
    gateway.pass(300).await;
    assert_eq!(gateway.message(held).await.state, MessageState::Queued);
    let modems = gateway.store.read(|tx| tx.modems()).await.expect("readable");
    let note = modems[0].note.clone().unwrap_or_default();
    assert!(note.contains("power supply") && modems[0].state == "ready", "{note}");
    assert_eq!(gateway.submitted(0).len(), 3);
    gateway.faults(0, "");
    gateway.becomes(held, MessageState::Delivered).await;
}

/// Fault 39: the modem gives every text the reference 0. Reports find their text by number and time,
/// and a text nobody received is not taken for delivered.
#[tokio::test(start_paused = true)]
async fn reports_find_their_texts_although_every_reference_is_the_same() {
    let scenario = "[[phone]]\nnumber = \"+447700900209\"\non = false\n\
                    [[modem]]\nreference_always_zero = true";
    let gateway = TestGateway::toml(scenario).await;
    gateway.ready().await;
    let mut sent = Vec::new();
    let off = gateway.send("+447700900209", "nobody there").await;
    for n in 0..4 {
        sent.push(gateway.send(CUSTOMER, &format!("text {n}")).await);
        sent.push(gateway.send(OTHER, &format!("text {n}")).await);
    }
    for id in sent {
        gateway.becomes(id, MessageState::Delivered).await;
    }
    assert_eq!(gateway.message(off).await.state, MessageState::Sent);
}

/// Fault 65: the network takes the modem for packets only. That is shown until a text has passed.
#[tokio::test(start_paused = true)]
async fn a_modem_for_packets_only_is_shown_as_such_until_a_text_has_passed() {
    let gateway = TestGateway::toml("[[modem]]\npacket_only = true\n").await;
    let becomes = async |word: &str| {
        gateway
            .until(word, async || {
                let modems = gateway.store.read(|tx| tx.modems()).await.expect("readable");
                let shown = |modem: &Modem| modem.registration.as_deref() == Some(word);
                modems.iter().any(|modem| modem.state == "ready" && shown(modem)).then_some(())
            })
            .await
    };
    becomes("home-packets-only").await;
    gateway.modems.with(|world| world.text_to(0, OTHER, "here all the same")).expect("sent");
    gateway.received(1).await;
    becomes("home").await;
}

/// Fault 40: the modem shows neither signal nor registration, but texts come: the network is there,
/// so texts go as well. Where the network is gone after all, the try counts for nothing.
#[tokio::test(start_paused = true)]
async fn a_modem_that_says_it_has_no_network_and_receives_sends_too() {
    let says = |on: &str, line: &str| {
        format!(
            "[[modem.faults.rules]]\non = \"{on}\"\neffect = {{ says = \"\\r\\n{line}\\r\\n\\r\\nOK\\r\\n\" }}\n"
        )
    };
    let rules = [
        says("+CREG", "+CREG: 0,2"),
        says("+CGREG", "+CGREG: 0,0"),
        says("+CEREG", "+CEREG: 0,0"),
        says("+CSQ", "+CSQ: 99,99"),
    ];
    let gateway = TestGateway::toml(&format!("[[modem]]\n{}", rules.concat())).await;
    let modems = async || gateway.store.read(|tx| tx.modems()).await.expect("readable");
    gateway
        .until("it looks for a network", async || {
            modems().await.iter().any(|modem| modem.state == "registering").then_some(())
        })
        .await;
    let waits = gateway.send(CUSTOMER, "anybody there?").await;
    gateway.pass(120).await;
    assert_eq!(gateway.message(waits).await.state, MessageState::Queued);
    gateway.modems.with(|world| world.text_to(0, OTHER, "yes")).expect("sent");
    gateway.becomes(waits, MessageState::Delivered).await;
    assert_eq!(modems().await[0].signal_dbm, None);
    // And back: a refusal for want of a network ends the belief.
    gateway.modems.with(|world| {
        let change = simgate::emulator::ModemChange { registration: Some(0), ..Default::default() };
        world.change(0, change).expect("there is one");
    });
    let later = gateway.send(CUSTOMER, "and now?").await;
    gateway
        .until("it looks for a network", async || {
            (modems().await[0].state == "registering").then_some(())
        })
        .await;
    assert_eq!(gateway.message(later).await.state, MessageState::Queued);
}

/// Fault 41: whatever alphabet the modem is in, and however it writes USSD, texts and answers are
/// what was written: texts go as PDUs.
#[tokio::test(start_paused = true)]
async fn no_alphabet_of_a_modem_changes_a_text() {
    let text = "Grüße, 5 € & 你好 👋 {~}";
    for family in simgate::emulator::profiles() {
        // It takes no other alphabet than the one it starts with.
        let scenario = format!(
            "[[modem]]\nprofile = \"{family}\"\ncredit = 42\n\
             [[modem.faults.rules]]\non = \"+CSCS=\"\neffect = \"only_says_ok\"\n"
        );
        let gateway = TestGateway::toml(&scenario).await;
        gateway.ready().await;
        gateway.modems.with(|world| world.text_to(0, CUSTOMER, text)).expect("sent");
        assert_eq!(gateway.received(1).await[0].text, text, "{family}");
        let id = gateway.send(OTHER, text).await;
        gateway.becomes(id, MessageState::Delivered).await;
        assert_eq!(gateway.submitted(0).last().map(String::as_str), Some(text), "{family}");
        let modem = gateway.store.read(|tx| tx.modems()).await.expect("readable")[0].id;
        let path = format!("/api/v1/modems/{modem}/ussd");
        let (_, order) = gateway.call("POST", &path, Some(json!({ "code": "*100#" }))).await;
        let path = format!("/api/v1/orders/{}", order["id"].as_str().unwrap_or_default());
        let answer = gateway
            .until("an answer", async || {
                let (_, order) = gateway.call("GET", &path, None).await;
                order["answer"].as_str().map(str::to_owned)
            })
            .await;
        assert!(answer.contains("4"), "{family}: {answer}");
    }
}

/// Fault 43: the modem stores a text and shows it directly as well: one message.
#[tokio::test(start_paused = true)]
async fn a_text_that_comes_directly_and_stored_is_one_message() {
    for family in simgate::emulator::profiles() {
        let gateway = TestGateway::toml(&format!("[[modem]]\nprofile = \"{family}\"")).await;
        gateway.ready().await;
        gateway.faults(0, "both_ways = true");
        for text in ["once", "and once more"] {
            gateway.modems.with(|world| world.text_to(0, CUSTOMER, text)).expect("sent");
        }
        gateway.received(2).await;
        gateway.pass(300).await;
        let mut texts: Vec<_> = gateway.inbox().await.into_iter().map(|text| text.text).collect();
        // The network may deliver them in any order.
        texts.sort_unstable();
        assert_eq!(texts, ["and once more", "once"], "{family}");
        assert_eq!(gateway.stored(0), 0, "{family}");
    }
}

/// Fault 44: time stamps from the future, from the past and of no time at all. Texts stand in the
/// order in which they came, and the stamp is shown as it is.
#[tokio::test(start_paused = true)]
async fn wrong_time_stamps_change_no_order() {
    let gateway = TestGateway::plain(1).await;
    gateway.ready().await;
    let stamps = [
        ("2080", [0x08, 0x10, 0x10, 0x21, 0x00, 0x00, 0x00]),
        ("1999", [0x99, 0x10, 0x10, 0x21, 0x00, 0x00, 0x00]),
        ("no time", [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]),
        ("now", Scts::at(START, 0).expect("a time").0),
    ];
    for (n, (text, stamp)) in stamps.into_iter().enumerate() {
        let whole = segment(text, &SegmentOptions::default()).expect("a text").segments;
        let sender = Address::number_of(CUSTOMER).expect("a number");
        let tpdu = Tpdu::Deliver(Deliver::new(sender, Scts(stamp), &whole[0]));
        let pdu = Pdu { smsc: None, tpdu }.to_hex().expect("it can be written");
        gateway.modems.with(|world| world.pdu_to(0, &pdu)).expect("injected");
        gateway.received(n + 1).await;
    }
    let inbox = gateway.inbox().await;
    let order: Vec<_> = inbox.iter().map(|text| text.text.as_str()).collect();
    assert_eq!(order, ["2080", "1999", "no time", "now"]);
    let year = |n: usize| inbox[n].scts.map(|at| at.to_string()[..4].to_owned());
    assert_eq!(year(2), None, "what cannot be read is not made up");
    assert_eq!(inbox[3].scts, Some(START));
    assert_ne!(year(0), year(3), "shown as it came");
    let conversation = inbox[0].conversation.expect("a thread");
    let (_, listed) = gateway.call("GET", "/api/v1/messages?direction=in&limit=10", None).await;
    let times: Vec<_> = listed["items"].as_array().expect("a list").iter().collect();
    assert_eq!(times.len(), 4);
    assert!(inbox.iter().all(|text| text.conversation == Some(conversation)));
}

/// Fault 59: the operator takes three texts in a row and no fourth. The line sends slower from then
/// on, also after a restart, and comes back by the day.
#[tokio::test(start_paused = true)]
async fn a_line_whose_burst_was_refused_sends_slower_and_remembers_it() {
    let mut gateway = TestGateway::plain(1).await;
    gateway.ready().await;
    gateway.faults(0, "[[rules]]\non = \"+CMGS\"\nskip = 3\ntimes = 1\neffect = { cms = 42 }\n");
    let burst = async |gateway: &TestGateway, to: &str| {
        let before = gateway.clock.now();
        let mut ids = Vec::new();
        for n in 0..5 {
            ids.push(gateway.send(to, &format!("text {n}")).await);
        }
        for id in &ids {
            gateway.becomes(*id, MessageState::Delivered).await;
        }
        (ids, gateway.clock.now().since(before))
    };
    let (ids, _) = burst(&gateway, CUSTOMER).await;
    station(&gateway, ids[3], "the line sends slower").await;
    gateway.stop().await;
    gateway.start().await;
    gateway.pass(60).await;
    let (_, slow) = burst(&gateway, OTHER).await;
    assert!(slow >= Millis(8_000), "five texts, one in two seconds: {slow}");
    gateway.pass(25 * 3_600).await;
    let (_, brisk) = burst(&gateway, OTHER).await;
    assert!(brisk < slow, "{brisk} after a day, {slow} before");
}

/// Fault 62: no report ever comes. The text stays sent for as long as anybody looks; it has not
/// failed, and nothing goes again. Its page says until when a report is expected, and then that none came.
#[tokio::test(start_paused = true)]
async fn a_text_without_its_report_stays_sent() {
    let gateway = TestGateway::plain(1).await;
    gateway.ready().await;
    gateway.faults(0, "lost_on_air = true");
    let id = gateway.send(CUSTOMER, "hello?").await;
    gateway.becomes(id, MessageState::Sent).await;
    let page = async || gateway.page(&format!("/messages/{id}"), None).await.2;
    let says = "<dt>Delivery report</dt><dd>";
    let before = page().await;
    assert!(before.contains(&format!("{says}expected until ")), "{before}");
    gateway.pass(26 * 3_600).await;
    let after = page().await;
    assert!(after.contains(&format!("{says}none came in time")), "{after}");
    let message = gateway.message(id).await;
    assert_eq!((message.state, message.delivered_at), (MessageState::Sent, None));
    assert_eq!(gateway.submitted(0).len(), 1);
    assert_eq!(message.direction, Direction::Out);
}

/// Fault 53: a network that refuses the SIM, fault 66: a modem that does not come back after a power cut.
/// A text costs no try meanwhile; after ten minutes the admins are told what to do, once.
#[tokio::test(start_paused = true)]
async fn a_line_that_is_out_of_service_for_ten_minutes_is_told_of_once() {
    let mut gateway = TestGateway::plain(1).await;
    gateway.ready().await;
    let alerts = async |gateway: &TestGateway| {
        let rows = gateway.store.read(|tx| tx.deliveries(50)).await.expect("readable");
        let alerts = rows.into_iter().filter(|row| row.kind.as_str() == "alert");
        alerts.map(|row| row.payload["text"].as_str().expect("words").to_owned()).collect()
    };
    let registered = |gateway: &TestGateway, how: u8| {
        let change =
            simgate::emulator::ModemChange { registration: Some(how), ..Default::default() };
        gateway.modems.with(|world| world.change(0, change)).expect("there is one");
    };
    registered(&gateway, 3);
    let waits = gateway.send(CUSTOMER, "anybody there?").await;
    gateway.pass(580).await;
    assert_eq!(alerts(&gateway).await, Vec::<String>::new());
    gateway.pass(7_200).await;
    let refused: Vec<String> = alerts(&gateway).await;
    let [told] = &refused[..] else { panic!("{refused:?}") };
    assert!(told.contains("out of service for ten minutes: the network refuses its SIM"), "{told}");
    registered(&gateway, 1);
    let sent = gateway.becomes(waits, MessageState::Delivered).await;
    assert_eq!(gateway.submitted(0).len(), 1, "{sent:?}");

    gateway.stop().await;
    gateway.modems.with(|world| world.pull(0)).expect("it was there");
    gateway.start().await;
    let modems = gateway.store.read(|tx| tx.modems()).await.expect("readable");
    assert_eq!(modems[0].state, "closed");
    gateway.pass(7_200).await;
    let gone: Vec<String> = alerts(&gateway).await;
    assert_eq!(gone.len(), 2, "{gone:?}");
    assert!(
        gone.iter().any(|told| told.contains("its modem is gone. Look at the cable")),
        "{gone:?}"
    );
}

/// Faults 8, 22: a stick takes no text until it starts anew. The ladder restarts it, it leaves the bus and comes
/// back, and the text goes. One that a restart does not help is restarted twice an hour, and receives.
#[tokio::test(start_paused = true)]
async fn a_stick_that_only_a_restart_cures_is_restarted_and_no_more_than_twice_an_hour() {
    let gateway = TestGateway::toml("[[modem]]\nprofile = \"huawei\"\n").await;
    gateway.ready().await;
    let hangs = "[[rules]]\non = \"+CMGS\"\neffect = \"no_prompt\"\n";
    gateway.faults(0, &format!("restart_cures = true\n{hangs}"));
    let id = gateway.send(CUSTOMER, "do you take this?").await;
    gateway.becomes(id, MessageState::Delivered).await;
    assert_eq!(gateway.submitted(0).len(), 1);
    let modems = gateway.store.read(|tx| tx.modems()).await.expect("readable");
    assert!(!format!("{:?}", modems[0].note).contains("supply"), "{:?}", modems[0].note);

    gateway.faults(0, hangs);
    let waits = gateway.send(CUSTOMER, "and this?").await;
    let (mut there, mut restarts) = (true, 0);
    for second in 0..4_000 {
        gateway.pass(1).await;
        if second % 1_200 == 0 {
            gateway.modems.with(|world| world.text_to(0, OTHER, "are you there?")).expect("sent");
        }
        let plugged = gateway.modems.with(|world| world.modem(0).map(|modem| modem.plugged));
        let plugged = plugged.expect("there is one");
        restarts += u32::from(there && !plugged);
        there = plugged;
    }
    assert!((2..=3).contains(&restarts), "{restarts}");
    assert_eq!(gateway.inbox().await.len(), 4);
    gateway.faults(0, "");
    gateway.becomes(waits, MessageState::Delivered).await;
    assert_eq!(gateway.submitted(0).len(), 2);
}

/// Fault 58: a SIM that lost its service centre while nobody looked gets back the one it had, so texts go.
#[tokio::test(start_paused = true)]
async fn a_service_centre_that_was_lost_over_a_power_cut_is_put_back() {
    let mut gateway = TestGateway::plain(1).await;
    gateway.ready().await;
    gateway.stop().await;
    let lost = simgate::emulator::ModemChange { smsc: Some(String::new()), ..Default::default() };
    gateway.modems.with(|world| world.change(0, lost)).expect("there is one");
    gateway.start().await;
    gateway.ready().await;
    let id = gateway.send(CUSTOMER, "did the power go?").await;
    gateway.becomes(id, MessageState::Delivered).await;
    let modems = gateway.store.read(|tx| tx.modems()).await.expect("readable");
    let note = modems[0].note.as_deref();
    assert_eq!(note, Some("The service centre number was lost and has been restored."));
}

/// Fault 66: the power comes back to the gateway and to modems of every family at the same moment, and texts wait in
/// their SIMs. All are ready within twenty seconds of the start.
#[tokio::test(start_paused = true)]
async fn after_a_power_cut_every_family_of_modem_is_ready_within_twenty_seconds() {
    let families: Vec<_> = simgate::emulator::profiles().collect();
    let modem = |family: &&str| format!("[[modem]]\nprofile = \"{family}\"\n");
    let mut gateway = TestGateway::toml(&families.iter().map(modem).collect::<String>()).await;
    let all_ready = async |gateway: &TestGateway| {
        gateway
            .until("all are ready", async || {
                let modems = gateway.store.read(|tx| tx.modems()).await.expect("readable");
                let ready = modems.iter().filter(|modem| modem.state == "ready").count();
                (ready == families.len()).then_some(())
            })
            .await;
    };
    all_ready(&gateway).await;
    gateway.stop().await;
    for index in 0..families.len() {
        for n in 0..5 {
            let text = format!("text {n} while it was dark");
            gateway.modems.with(|world| world.text_to(index, OTHER, &text)).expect("sent");
        }
        gateway.modems.with(|world| world.pull(index)).expect("dark");
    }
    gateway.pass(60).await;
    for index in 0..families.len() {
        gateway.modems.with(|world| world.put_back(index, None)).expect("light");
    }
    let light = gateway.clock.now();
    gateway.start().await;
    all_ready(&gateway).await;
    let took = gateway.clock.now() - light;
    assert!(took <= Millis(20_000), "{took}");
    gateway.received(5 * families.len()).await;
}

/// Fault 45: a modem that takes seconds for everything works, and its page says why texts take long.
#[tokio::test(start_paused = true)]
async fn a_modem_that_takes_seconds_for_an_answer_is_shown_as_such() {
    let gateway = TestGateway::plain(1).await;
    let modem =
        async || gateway.store.read(|tx| tx.modems()).await.expect("readable").swap_remove(0);
    gateway.ready().await;
    assert_eq!(modem().await.note, None);
    gateway.faults(0, "latency_ms = 7000");
    gateway.modems.with(|world| world.text_to(0, OTHER, "take your time")).expect("sent");
    gateway.received(1).await;
    let note = "The modem takes many seconds for an answer, so texts take long.";
    gateway
        .until("ready, and why it is slow", async || {
            let modem = modem().await;
            (modem.state == "ready" && modem.note.as_deref() == Some(note)).then_some(())
        })
        .await;
}
