//! A shop on the emulated network: one line, its response recipient Jenny, customers with handsets.
//! What people text is typed on handsets; what they see is read from their screens.

use axum::http::StatusCode;
use serde_json::{Value, json};
use simgate::emulator::{Phone, Scenario};
use simgate::sms::{Tpdu, Way};
use simgate::store::{
    Card, Conversation, LineId, LineSettings, Profile, PromptId, PromptKind, PromptText, Role,
    RuleText,
};
use simgate::types::Number;

use crate::gateway::TestGateway;

/// The line's own number.
pub const LINE: &str = "+447700900100";
/// The second line's, where there is one.
pub const OTHER_LINE: &str = "+447700900101";
/// Jenny, whose number no customer ever sees.
pub const JENNY: &str = "+447700900309";
/// A customer in the address book.
pub const ALISHA: &str = "+447700900201";
/// Another.
pub const BOB: &str = "+447700900202";
/// A number that is no contact.
pub const STRANGER: &str = "+447700900203";

/// A shop at work.
pub struct Shop {
    /// Its gateway.
    pub gateway: TestGateway,
    /// Its line.
    pub line: LineId,
}

impl Shop {
    /// A shop whose line has a recipient and sends no welcome text.
    pub async fn open() -> Shop {
        Self::with_lines(1).await
    }

    /// The same with more lines than the one.
    pub async fn with_lines(lines: usize) -> Shop {
        let gateway = TestGateway::over(Scenario::plain(lines, "generic")).await;
        Self::around(gateway, lines).await
    }

    /// A shop around a gateway with so many lines.
    pub async fn around(gateway: TestGateway, lines: usize) -> Shop {
        gateway
            .until("every line is there", async || {
                let found = gateway.store.read(|tx| tx.modems()).await.expect("readable");
                let ready = found.iter().filter(|modem| modem.state == "ready").count();
                (ready == lines).then_some(())
            })
            .await;
        for number in [JENNY, ALISHA, BOB, STRANGER] {
            let phone = Phone { number: number.to_owned(), ..Phone::default() };
            gateway.modems.with(|world| world.set_phone(phone));
        }
        let now = gateway.clock.wall();
        let made = gateway.store.write(move |tx| {
            let own = |line: &&simgate::store::Line| line.number.as_deref() == Some(LINE);
            let line = tx.lines()?.iter().find(own).expect("the line").id;
            let jenny = tx.create_user(&staff("Jenny", JENNY), now)?;
            let mut set = tx.line_settings(line)?.expect("the line");
            set.name = "Car show".to_owned();
            set.number = Some(LINE.to_owned());
            set.country = "GB".parse().ok();
            set.response_recipient = Some(jenny);
            set.help_contact = "+44 7700 900100".to_owned();
            set.texts = json!({ "opt_in_off": true });
            tx.save_line_settings(line, &set, now)?;
            tx.create_contact(&card("Alisha", "Brown", ALISHA), now)?;
            tx.create_contact(&card("Bob", "", BOB), now)?;
            Ok(line)
        });
        let line = made.await.expect("a shop");
        Shop { gateway, line }
    }

    /// Changes the settings of the line.
    pub async fn set(&self, change: impl FnOnce(&mut LineSettings) + Send + 'static) {
        let (line, now) = (self.line, self.gateway.clock.wall());
        let saved = self.gateway.store.write(move |tx| {
            let mut set = tx.line_settings(line)?.expect("the line");
            change(&mut set);
            tx.save_line_settings(line, &set, now)
        });
        saved.await.expect("saved");
    }

    /// Adds a keyword rule.
    pub async fn rule(&self, name: &str, when: Value, then: Value) {
        let now = self.gateway.clock.wall();
        let set = RuleText {
            name: name.to_owned(),
            enabled: true,
            order: 1,
            lines: Vec::new(),
            when,
            then,
            goes_on: false,
        };
        self.gateway.store.write(move |tx| tx.create_rule(&set, now)).await.expect("a rule");
    }

    /// Adds a prompt.
    pub async fn prompt(
        &self,
        kind: PromptKind,
        text: &str,
        grammar: Value,
        outcomes: Value,
    ) -> PromptId {
        let now = self.gateway.clock.wall();
        let set = PromptText {
            name: text.to_owned(),
            kind,
            text: text.to_owned(),
            grammar,
            outcomes,
            revote: true,
            hint: Some("Please answer with one figure.".to_owned()),
            opens: None,
            closes: None,
        };
        self.gateway.store.write(move |tx| tx.create_prompt(&set, now)).await.expect("a prompt")
    }

    /// Somebody types a text to the line.
    pub fn types(&self, number: &str, text: &str) {
        self.types_to(number, LINE, text);
    }

    /// Somebody types a text to another line.
    pub fn types_to(&self, number: &str, line: &str, text: &str) {
        self.gateway.modems.with(|world| world.text_from(number, line, text)).expect("sent");
    }

    /// What a text that came in led to beyond texts: kind, target and payload.
    pub async fn deliveries(&self, text: &str) -> Vec<(String, String, Value)> {
        let inbox = self.gateway.inbox().await;
        let id = inbox.iter().rev().find(|message| message.text == text).expect("came in").id;
        let rows = self.gateway.store.read(move |tx| tx.deliveries_of(id)).await.expect("rows");
        let row =
            |row: simgate::store::Delivery| (row.kind.as_str().to_owned(), row.target, row.payload);
        rows.into_iter().map(row).collect()
    }

    /// What came in on a handset: who it is from, and the words.
    pub fn screen(&self, number: &str) -> Vec<(String, String)> {
        self.gateway.modems.with(|world| {
            let handset = world.handset(number).expect("a handset");
            let came = handset.texts.iter().filter(|text| !text.outgoing);
            came.map(|text| (text.number.clone(), text.text.clone())).collect()
        })
    }

    /// Waits until so many texts have come in on a handset; the last one's words.
    pub async fn reads(&self, number: &str, texts: usize) -> String {
        let what = format!("{texts} texts on {number}");
        self.gateway
            .until(&what, async || {
                let screen = self.screen(number);
                (screen.len() >= texts).then(|| screen[texts - 1].1.clone())
            })
            .await
    }

    /// Lets everything that may still happen happen; the texts on a handset then.
    pub async fn quiet(&self, number: &str) -> usize {
        self.gateway.pass(120).await;
        self.screen(number).len()
    }

    /// Sends through the API what it takes.
    pub async fn sends(&self, to: &str, text: &str) -> (StatusCode, Value) {
        let asked = json!({ "to": to, "text": text });
        self.gateway.call("POST", "/api/v1/messages", Some(asked)).await
    }

    /// The conversation with a number.
    pub async fn thread(&self, number: &str) -> Conversation {
        let number = Number::E164(number.to_owned());
        let found = self.gateway.store.read(move |tx| tx.conversation_of(&number)).await;
        found.expect("readable").expect("a conversation")
    }

    /// Every SUBMIT to a number, as the network saw it.
    pub fn submits_to(&self, number: &str) -> Vec<Vec<u8>> {
        self.gateway.modems.with(|world| {
            let all = world.submitted(0, 0).filter(|submitted| submitted.to == number);
            all.map(|submitted| submitted.tpdu.clone()).collect()
        })
    }

    /// The code on Jenny's phone in a relayed text: `Alisha Brown @671: words`.
    pub fn code_in(text: &str) -> String {
        let at = text.find('@').expect("a code");
        text[at..].chars().take_while(|c| *c == '@' || c.is_ascii_digit()).collect()
    }
}

/// A member of staff with a phone.
pub fn staff(name: &str, phone: &str) -> Profile {
    Profile {
        first_name: name.to_owned(),
        last_name: String::new(),
        email: String::new(),
        phone: Some(Number::E164(phone.to_owned())),
        role: Role::Agent,
        active: true,
        duty: true,
        team: None,
    }
}

fn card(first: &str, last: &str, number: &str) -> Card {
    Card {
        first_name: first.to_owned(),
        last_name: last.to_owned(),
        numbers: vec![Number::E164(number.to_owned())],
        ..Card::default()
    }
}

/// Whether digits stand anywhere in a SUBMIT: in its text, or swapped as in an address.
pub fn holds_digits(tpdu: &[u8], digits: &str) -> bool {
    let hex: String =
        tpdu.iter().map(|octet| format!("{:X}{:X}", octet & 0x0F, octet >> 4)).collect();
    let text = match Tpdu::decode(tpdu, Way::FromMobile) {
        Ok(Tpdu::Submit(submit)) => format!("{submit:?}"),
        other => panic!("no SUBMIT: {other:?}"),
    };
    hex.contains(digits) || text.contains(digits)
}
