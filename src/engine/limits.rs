//! What a line may cost: each figure with a warning and a hold (D21).

use std::collections::BTreeMap;

use serde::Deserialize;

use super::sending::{Refusal, is_foreign, region_of};
use crate::types::{Country, Number};

/// The limits of a line; an absent one is no limit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Segments in a minute.
    pub segments_a_minute: Limit,
    /// Segments in a calendar day of the organisation's zone.
    pub segments_a_day: Limit,
    /// Segments in a calendar month.
    pub segments_a_month: Limit,
    /// Different numbers written to in a calendar month.
    pub recipients_a_month: Limit,
    /// Money in a calendar month, in thousandths of the currency.
    pub money_a_month: Limit,
    /// What a segment costs; without it money is not counted.
    pub prices: Prices,
}

/// What one segment costs, in thousandths of the currency of the SIM's contract. What comes in
/// costs nothing in our books (S54).
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Prices {
    /// To numbers of the line's country, and to those of no known one.
    pub home: u64,
    /// To numbers abroad; as at home, when absent.
    pub abroad: Option<u64>,
    /// To single countries, by two letters.
    pub countries: BTreeMap<String, u64>,
}

impl Prices {
    /// The price of one segment to `number` on a line of the country `home` (S52).
    pub fn of(&self, number: &Number, home: Option<Country>) -> u64 {
        let listed = || self.countries.get(&region_of(number)?).copied();
        let of_country = if self.countries.is_empty() { None } else { listed() };
        let abroad = || self.abroad.filter(|_| is_foreign(number, home));
        of_country.or_else(abroad).unwrap_or(self.home)
    }
}

/// One limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limit {
    /// Admins are told when this is reached.
    pub warn: Option<u64>,
    /// Messages beyond this wait for a person.
    pub hold: Option<u64>,
}

/// What was used so far in the periods of [`Limits`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// In the last minute.
    pub segments_a_minute: u64,
    /// Today.
    pub segments_a_day: u64,
    /// This month.
    pub segments_a_month: u64,
    /// This month.
    pub recipients_a_month: u64,
    /// This month, in thousandths.
    pub money_a_month: u64,
}

/// What one message would add.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// Its segments.
    pub segments: u64,
    /// One, when the number was not written to this month.
    pub recipients: u64,
    /// Its price, in thousandths.
    pub money: u64,
}

/// What the limits say to one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It goes.
    Go,
    /// It goes later by itself: only the rate is exceeded.
    Later,
    /// It goes and the admins are told: with this message a warning is reached.
    Warn(Refusal),
    /// It waits for a person.
    Hold(Refusal),
}

/// Weighs one message. Consent answers are never held: they are what the law asks for. What exceeds
/// the rate is held by time alone.
pub fn weigh(limits: &Limits, usage: &Usage, cost: &Cost) -> Verdict {
    let rows = [
        (
            "segments_a_day",
            "segments today",
            limits.segments_a_day,
            usage.segments_a_day,
            cost.segments,
        ),
        (
            "segments_a_month",
            "segments this month",
            limits.segments_a_month,
            usage.segments_a_month,
            cost.segments,
        ),
        (
            "recipients_a_month",
            "different numbers this month",
            limits.recipients_a_month,
            usage.recipients_a_month,
            cost.recipients,
        ),
        (
            "money_a_month",
            "thousandths of the currency this month",
            limits.money_a_month,
            usage.money_a_month,
            cost.money,
        ),
    ];
    let mut warning = None;
    for (code, what, limit, used, more) in rows {
        if more > 0 && limit.hold.is_some_and(|hold| used + more > hold) {
            let hold = limit.hold.unwrap_or_default();
            return Verdict::Hold(Refusal::new(
                code,
                format!(
                    "The line may use {hold} {what} and has used {used}. Raise the limit or wait."
                ),
            ));
        }
        if limit.warn.is_some_and(|warn| used < warn && used + more >= warn) {
            let sentence = format!("The line has used {} {what}.", used + more);
            warning.get_or_insert(Refusal::new(code, sentence));
        }
    }
    let rate = limits.segments_a_minute;
    let (used, with) = (usage.segments_a_minute, usage.segments_a_minute + cost.segments);
    if rate.hold.is_some_and(|hold| with > hold.max(cost.segments)) {
        return Verdict::Later;
    }
    if let Some(warn) = rate.warn.filter(|warn| used < *warn && with >= *warn) {
        // The same words each time, so that a busy hour is told of once a day.
        let sentence = format!("The line sends {warn} segments or more within a minute.");
        warning.get_or_insert(Refusal::new("segments_a_minute", sentence));
    }
    warning.map_or(Verdict::Go, Verdict::Warn)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// S52, D21: a segment costs by the country it goes to.
    #[test]
    fn a_segment_costs_by_the_country_it_goes_to() {
        let prices: Prices = serde_json::from_str(
            r#"{ "home": 40, "abroad": 300, "countries": { "IE": 90, "GB": 40 } }"#,
        )
        .expect("prices");
        let home = "GB".parse().ok();
        let of = |number: &str| prices.of(&Number::E164(number.to_owned()), home);
        assert_eq!((of("+447700900123"), of("+353209100123"), of("+15550100123")), (40, 90, 300));
        assert_eq!(prices.of(&Number::ShortCode("12345".into()), home), 40);
        assert_eq!(Prices::default().of(&Number::E164("+15550100123".into()), home), 0);
    }

    /// D21: the warning comes once, at the message that reaches it; the hold from the first beyond.
    #[test]
    fn a_limit_warns_once_and_then_holds() {
        let limits = Limits {
            segments_a_day: Limit { warn: Some(8), hold: Some(10) },
            segments_a_minute: Limit { warn: None, hold: Some(2) },
            ..Default::default()
        };
        let cost = Cost { segments: 1, ..Default::default() };
        let at = |day, minute| {
            let usage =
                Usage { segments_a_day: day, segments_a_minute: minute, ..Default::default() };
            weigh(&limits, &usage, &cost)
        };
        assert_eq!(at(6, 0), Verdict::Go);
        assert!(matches!(at(7, 0), Verdict::Warn(_)));
        assert_eq!(at(8, 0), Verdict::Go);
        assert!(matches!(at(10, 0), Verdict::Hold(refusal) if refusal.code == "segments_a_day"));
        assert_eq!(at(0, 2), Verdict::Later);
        let long = Cost { segments: 9, ..Default::default() };
        assert!(
            matches!(weigh(&limits, &Usage::default(), &long), Verdict::Warn(_)),
            "not for ever"
        );
    }

    /// D21: rate, day, month, numbers and money: each is counted by itself, warns and holds.
    #[test]
    fn every_limit_warns_and_holds_by_itself() {
        let set: fn(&mut Limits) -> [&mut Limit; 5] = |limits| {
            [
                &mut limits.segments_a_minute,
                &mut limits.segments_a_day,
                &mut limits.segments_a_month,
                &mut limits.recipients_a_month,
                &mut limits.money_a_month,
            ]
        };
        let count: fn(&mut Usage) -> [&mut u64; 5] = |usage| {
            [
                &mut usage.segments_a_minute,
                &mut usage.segments_a_day,
                &mut usage.segments_a_month,
                &mut usage.recipients_a_month,
                &mut usage.money_a_month,
            ]
        };
        let cost = Cost { segments: 1, recipients: 1, money: 1 };
        let words = [
            "segments_a_minute",
            "segments_a_day",
            "segments_a_month",
            "recipients_a_month",
            "money_a_month",
        ];
        for (at, word) in words.into_iter().enumerate() {
            let mut limits = Limits::default();
            *set(&mut limits)[at] = Limit { warn: Some(5), hold: Some(9) };
            let after = |used: u64| {
                let mut usage = Usage::default();
                *count(&mut usage)[at] = used;
                weigh(&limits, &usage, &cost)
            };
            assert_eq!(after(3), Verdict::Go, "{word}");
            assert!(matches!(after(4), Verdict::Warn(why) if why.code == word), "{word}");
            assert_eq!(after(8), Verdict::Go, "{word}: said once, and nine are allowed");
            match after(9) {
                Verdict::Later => assert_eq!(word, "segments_a_minute", "only time is short"),
                Verdict::Hold(why) => assert_eq!(why.code, word),
                other => panic!("{word}: {other:?}"),
            }
        }
        let known = Cost { recipients: 0, ..cost };
        let limits =
            Limits { recipients_a_month: Limit { warn: None, hold: Some(9) }, ..Limits::default() };
        let usage = Usage { recipients_a_month: 9, ..Usage::default() };
        assert_eq!(weigh(&limits, &usage, &known), Verdict::Go, "one written to before is no more");
    }
}
