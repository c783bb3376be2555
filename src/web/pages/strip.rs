//! The lines on top of every page: is anything wrong, and what can still be sent (S141).

use askama::Template;

use super::words::ago;
use crate::store::{ErrorKind, Line, LineId, Modem, OrderKind, OrderState, ReadTx, StoreError};
use crate::types::UnixTime;
use crate::web::assets::Addresses;

/// The strip, as every page has it at its top right.
#[derive(Template)]
#[template(path = "modems.html", config = "src/web/askama.toml")]
pub(super) struct Strip {
    assets: Addresses,
    modems: Vec<Chip>,
}

/// One modem.
struct Chip {
    name: String,
    words: String,
    /// What its line may still send this month, when a limit says so.
    left: Option<String>,
    title: String,
    icon: &'static str,
    tone: &'static str,
}

impl Strip {
    /// The modems as they are now; of one line only for a caller bound to it.
    pub(super) fn read(
        tx: &ReadTx<'_>,
        own: Option<LineId>,
        now: UnixTime,
    ) -> Result<Self, StoreError> {
        let lines = tx.lines()?;
        let seen = tx.modems()?.into_iter().filter(|m| own.is_none_or(|own| m.line == Some(own)));
        let mut modems = Vec::new();
        for modem in seen {
            let left = modem.line.map(|line| left(tx, line, now)).transpose()?.flatten();
            let left = match left {
                Some(left) => Some(left),
                None => credit(tx, &modem)?,
            };
            modems.push(Chip::new(&modem, &lines, left, now));
        }
        Ok(Self { assets: Addresses, modems })
    }

    pub(super) fn html(&self) -> Result<String, StoreError> {
        self.render().map_err(|error| StoreError::new(ErrorKind::Bug, error.to_string()))
    }
}

/// What a line may still send this month before its texts wait for a person.
fn left(tx: &ReadTx<'_>, line: LineId, now: UnixTime) -> Result<Option<String>, StoreError> {
    let Some(settings) = tx.line_settings(line)? else { return Ok(None) };
    let hold = &settings.limits["segments_a_month"]["hold"];
    let Some(most) = hold.as_u64() else { return Ok(None) };
    let used = u64::from(tx.month_counts(line, now)?.segments_out);
    Ok(Some(format!("{} of {most} left", most.saturating_sub(used))))
}

/// What the network last said the SIM is still good for, when somebody has asked it with a code
/// such as *100#.
fn credit(tx: &ReadTx<'_>, modem: &Modem) -> Result<Option<String>, StoreError> {
    let orders = tx.orders_of(modem.id, ORDERS)?;
    let asked = orders
        .iter()
        .filter(|order| order.kind == OrderKind::Ussd && order.state == OrderState::Done);
    let answers = asked.filter_map(|order| order.answer.as_deref());
    Ok(answers.filter_map(money).next())
}

/// The part of an answer that speaks of money, short enough for the bar.
fn money(answer: &str) -> Option<String> {
    let speaks = |word: &str| {
        let digits = word.chars().any(|c| c.is_ascii_digit());
        let sign = word.contains(['£', '€', '$', '¥', '₽', '₹', '₺', '₴', '₦']);
        digits && sign
    };
    let words: Vec<&str> = answer.split_whitespace().collect();
    let named = |pair: &[&str]| {
        let code = |word: &str| {
            let word = word.trim_matches(|c: char| !c.is_alphabetic());
            ["EUR", "GBP", "USD", "CHF", "SEK", "NOK", "DKK", "PLN", "CZK", "Kr", "kr"]
                .contains(&word)
        };
        let figure = |word: &str| word.starts_with(|c: char| c.is_ascii_digit());
        match pair {
            [a, b] if (code(a) && figure(b)) || (figure(a) && code(b)) => Some(format!("{a} {b}")),
            _ => None,
        }
    };
    let sum = words.iter().find(|word| speaks(word)).map(|word| (*word).to_owned());
    let sum = sum.or_else(|| words.windows(2).find_map(named))?;
    let sum = sum.trim_end_matches(['.', ',', ';', '!']);
    (sum.chars().count() <= 20).then(|| format!("{sum} credit"))
}

/// Orders of a modem that are looked through.
const ORDERS: u32 = 10;

impl Chip {
    fn new(modem: &Modem, lines: &[Line], left: Option<String>, now: UnixTime) -> Self {
        let line = lines.iter().find(|line| Some(line.id) == modem.line);
        let device = modem.model.as_deref().unwrap_or("Modem");
        let ready = modem.state == "ready" && modem.note.is_none();
        let icon = match modem.bars {
            _ if !ready => "alert",
            None | Some(0) => "bars-0",
            Some(1) => "bars-1",
            Some(2) => "bars-2",
            Some(3) => "bars-3",
            Some(4) => "bars-4",
            Some(_) => "bars-5",
        };
        let operator = modem.operator.as_deref().unwrap_or("no network");
        Self {
            name: line.map_or(device, |line| &line.name).to_owned(),
            words: match (&modem.note, ready) {
                (Some(note), _) => note.clone(),
                (None, true) => operator.to_owned(),
                (None, false) => state_words(&modem.state).to_owned(),
            },
            left,
            title: format!(
                "{device}, {operator}{}, seen {}",
                modem.signal_dbm.map(|dbm| format!(", {dbm} dBm")).unwrap_or_default(),
                ago(now.since(modem.last_seen_at))
            ),
            icon,
            tone: if ready { "ready" } else { "trouble" },
        }
    }
}

/// A driver's state as a person would say it.
pub(super) fn state_words(state: &str) -> &str {
    match state {
        "closed" => "unplugged",
        "probing" | "identifying" | "initialising" => "starting",
        "pin-needed" => "PIN needed",
        "registering" => "looking for the network",
        "recovering" => "recovering",
        "stopping" => "stopping",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// S141: the sum is found in what networks say, and nothing else is taken for one.
    #[test]
    fn the_credit_is_found_in_the_words_of_a_network() {
        let found = |text: &str| money(text);
        assert_eq!(found("Your balance is £4.20. Thank you").as_deref(), Some("£4.20 credit"));
        assert_eq!(found("Guthaben: 12,50 EUR, gültig bis").as_deref(), Some("12,50 EUR credit"));
        assert_eq!(found("Saldo kr 99").as_deref(), Some("kr 99 credit"));
        assert_eq!(found("Your number is 07700 900123"), None);
        assert_eq!(found(""), None);
    }
}
