//! Business hours: local times of a named zone, evaluated for one instant (E160).
//!
//! An interval is half open and may run over midnight. A local time that daylight saving skips is
//! the first instant after the gap (E158); one that comes twice is its first occurrence (E159).

use std::collections::BTreeMap;

use jiff::civil::{Date, DateTime, Weekday};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{Span, Timestamp, ToSpan};
use serde::Deserialize;

use crate::types::UnixTime;

/// When a line is attended.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "Written")]
pub struct BusinessHours {
    zone: TimeZone,
    week: [Vec<Interval>; 7],
    holidays: BTreeMap<Date, Vec<Interval>>,
}

/// Minutes of a day; `to` beyond 1440 is on the next day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Interval {
    from: i64,
    to: i64,
}

/// The form of the API: `{time_zone, week: {mon: ["09:00-17:00"]}, holidays: ["2026-12-25"]}`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    time_zone: String,
    week: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    holidays: Vec<String>,
}

/// Why hours cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HoursError {
    /// No such zone.
    #[error("{0:?} is not a time zone: use a name such as Europe/London")]
    Zone(String),
    /// No such day.
    #[error("{0:?} is not a day: use mon, tue, wed, thu, fri, sat or sun")]
    Day(String),
    /// Not an interval.
    #[error("{0:?} is not an interval: write it as 09:00-17:00")]
    Interval(String),
    /// Not a date.
    #[error("{0:?} is not a holiday: write it as 2026-12-25, or 2026-12-24 09:00-12:00")]
    Holiday(String),
}

impl TryFrom<Written> for BusinessHours {
    type Error = HoursError;
    fn try_from(written: Written) -> Result<Self, HoursError> {
        let zone = TimeZone::get(&written.time_zone)
            .map_err(|_| HoursError::Zone(written.time_zone.clone()))?;
        let mut week: [Vec<Interval>; 7] = Default::default();
        for (day, intervals) in &written.week {
            let index = DAYS.iter().position(|known| known == day);
            let index = index.ok_or_else(|| HoursError::Day(day.clone()))?;
            week[index] = intervals.iter().map(|text| interval(text)).collect::<Result<_, _>>()?;
            week[index].sort_by_key(|interval| interval.from);
        }
        let mut holidays = BTreeMap::new();
        for text in &written.holidays {
            let mut words = text.split_whitespace();
            let date = words.next().and_then(|word| word.parse::<Date>().ok());
            let date = date.ok_or_else(|| HoursError::Holiday(text.clone()))?;
            holidays.insert(date, words.map(interval).collect::<Result<_, _>>()?);
        }
        Ok(Self { zone, week, holidays })
    }
}

fn interval(text: &str) -> Result<Interval, HoursError> {
    let minutes = |clock: &str| {
        let (hour, minute) = clock.trim().split_once(':')?;
        let (hour, minute): (i64, i64) = (hour.parse().ok()?, minute.parse().ok()?);
        let minutes = hour * 60 + minute;
        ((0..60).contains(&minute) && (0..=MINUTES_A_DAY).contains(&minutes)).then_some(minutes)
    };
    let parsed = text.split_once('-').and_then(|(from, to)| {
        let (from, to) = (minutes(from)?, minutes(to)?);
        let to = if to <= from { to + MINUTES_A_DAY } else { to };
        (from < MINUTES_A_DAY).then_some(Interval { from, to })
    });
    parsed.ok_or_else(|| HoursError::Interval(text.to_owned()))
}

impl BusinessHours {
    /// Whether the line is attended at `now`.
    pub fn is_open(&self, now: UnixTime) -> bool {
        self.spans(now, 1).any(|(from, to)| from <= now && now < to)
    }

    /// When the line is attended next, `now` included; `None` if not within a year.
    pub fn next_opening(&self, now: UnixTime) -> Option<UnixTime> {
        self.spans(now, A_YEAR).find(|(_, to)| *to > now).map(|(from, _)| from.max(now))
    }

    /// The time after `minutes` of business from `now`: what "within two business hours" means on
    /// a Friday evening (E169).
    pub fn promise(&self, now: UnixTime, minutes: u32) -> Option<UnixTime> {
        let mut left = i64::from(minutes) * 60_000;
        let mut reached = now.0;
        for (from, to) in self.spans(now, A_YEAR) {
            let from = from.0.max(reached);
            let open = to.0 - from;
            if open >= left && open > 0 {
                return Some(UnixTime(from + left));
            }
            left -= open.max(0);
            reached = reached.max(to.0);
        }
        None
    }

    /// The attended spans of the day before `now` and of `days` days from then, in order and one
    /// day at a time: most questions are answered by the first.
    fn spans(&self, now: UnixTime, days: i64) -> impl Iterator<Item = (UnixTime, UnixTime)> {
        let timestamp = Timestamp::from_millisecond(now.0).ok();
        let today = timestamp.map(|timestamp| timestamp.to_zoned(self.zone.clone()).date());
        let dates = (-1..=days).filter_map(move |day| today?.checked_add(day.days()).ok());
        dates.flat_map(move |date| {
            let intervals = self.intervals(date).iter();
            intervals.filter_map(move |interval| self.span(date, *interval))
        })
    }

    fn intervals(&self, date: Date) -> &[Interval] {
        let weekday = usize::try_from(date.weekday().to_monday_zero_offset()).unwrap_or(0);
        self.holidays.get(&date).map_or(&self.week[weekday % 7], |hours| hours)
    }

    fn span(&self, date: Date, interval: Interval) -> Option<(UnixTime, UnixTime)> {
        // A night into a holiday ends where the holiday begins (E161).
        let tomorrow = date.checked_add(Span::new().days(1)).ok()?;
        let cut = !self.holidays.contains_key(&date) && self.holidays.contains_key(&tomorrow);
        let to = if cut { interval.to.min(MINUTES_A_DAY) } else { interval.to };
        let from = self.instant(date, interval.from)?;
        let to = self.instant(date, to)?;
        (from < to).then_some((from, to))
    }

    /// The instant `minutes` of local clock time after midnight of `date`.
    fn instant(&self, date: Date, minutes: i64) -> Option<UnixTime> {
        let local: DateTime = date.to_datetime(jiff::civil::Time::midnight());
        let local = local.checked_add(minutes.minutes()).ok()?;
        let ambiguous = self.zone.to_ambiguous_zoned(local);
        let timestamp = match ambiguous.offset() {
            AmbiguousOffset::Gap { .. } => {
                // `earlier` reads the skipped time by the offset after the gap: just before it.
                let before = ambiguous.earlier().ok()?.timestamp();
                self.zone.following(before).next().map_or(before, |change| change.timestamp())
            }
            _ => ambiguous.earlier().ok()?.timestamp(),
        };
        Some(UnixTime(timestamp.as_millisecond()))
    }
}

/// A time as people say it: weekday and clock, in the zone of the hours.
pub fn say(hours: &BusinessHours, at: UnixTime, language: &str) -> String {
    let Ok(timestamp) = Timestamp::from_millisecond(at.0) else { return String::new() };
    let local = timestamp.to_zoned(hours.zone.clone());
    let names = match language {
        "fr" => ["lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"],
        "es" => ["lunes", "martes", "miercoles", "jueves", "viernes", "sabado", "domingo"],
        "de" => ["Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag"],
        _ => ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"],
    };
    let day = match local.weekday() {
        Weekday::Monday => names[0],
        Weekday::Tuesday => names[1],
        Weekday::Wednesday => names[2],
        Weekday::Thursday => names[3],
        Weekday::Friday => names[4],
        Weekday::Saturday => names[5],
        Weekday::Sunday => names[6],
    };
    format!("{day} {:02}:{:02}", local.hour(), local.minute())
}

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const MINUTES_A_DAY: i64 = 24 * 60;
const A_YEAR: i64 = 366;

#[cfg(test)]
mod tests {
    use super::*;

    fn london(week: &[(&str, &[&str])], holidays: &[&str]) -> BusinessHours {
        let week = week.iter().map(|(day, hours)| {
            ((*day).to_owned(), hours.iter().map(|text| (*text).to_owned()).collect())
        });
        let holidays = holidays.iter().map(|text| (*text).to_owned()).collect();
        let written = Written { time_zone: "Europe/London".into(), week: week.collect(), holidays };
        BusinessHours::try_from(written).expect("hours")
    }

    fn at(text: &str) -> UnixTime {
        UnixTime::parse_rfc3339(text).expect("a time")
    }

    /// E158: 02:30 does not exist on the day (here 01:30, in London); the line opens after the gap.
    #[test]
    fn a_skipped_local_time_opens_at_the_next_instant() {
        let hours = london(&[("sun", &["01:30-05:00"])], &[]);
        assert!(!hours.is_open(at("2026-03-29T00:59:59Z")));
        assert!(hours.is_open(at("2026-03-29T01:00:00Z")));
    }

    /// E159: a time that comes twice counts once, at its first occurrence.
    #[test]
    fn a_repeated_local_time_opens_once() {
        let hours = london(&[("sun", &["01:30-03:00"])], &[]);
        assert!(hours.is_open(at("2026-10-25T00:30:00Z")));
        assert!(hours.is_open(at("2026-10-25T01:15:00Z")));
        assert_eq!(
            hours.next_opening(at("2026-10-25T03:00:00Z")),
            Some(at("2026-11-01T01:30:00Z"))
        );
    }

    /// E160: the same local time all year.
    #[test]
    fn summer_and_winter_open_at_the_same_local_time() {
        let hours = london(&[("mon", &["09:00-17:00"])], &[]);
        assert!(hours.is_open(at("2026-07-06T08:00:00Z")));
        assert!(!hours.is_open(at("2026-01-05T08:00:00Z")));
        assert!(!hours.is_open(at("2026-01-05T17:00:00Z")), "half open");
    }

    /// E161: nights, whole days, two intervals, holidays over midnight.
    #[test]
    fn nights_and_holidays_can_be_said() {
        let nights = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
        let nights: Vec<_> = nights.map(|day| (day, &["22:00-06:00"][..])).to_vec();
        let hours = london(&nights, &["2026-12-25"]);
        assert!(hours.is_open(at("2026-12-23T03:00:00Z")));
        assert!(hours.is_open(at("2026-12-24T23:59:00Z")));
        assert!(!hours.is_open(at("2026-12-25T00:00:00Z")));
        assert!(!hours.is_open(at("2026-12-25T23:00:00Z")));
        let always =
            london(&[("mon", &["00:00-24:00"]), ("tue", &["09:00-12:00", "13:00-17:00"])], &[]);
        assert!(always.is_open(at("2026-11-23T23:59:59Z")));
        assert!(!always.is_open(at("2026-11-24T12:30:00Z")));
        let half = london(&[], &["2026-12-24 09:00-12:00"]);
        assert!(half.is_open(at("2026-12-24T10:00:00Z")));
    }

    /// E169: two business hours on a Friday evening before a holiday end on Tuesday.
    #[test]
    fn a_promise_counts_business_time_only() {
        let week = ["mon", "tue", "wed", "thu", "fri"].map(|day| (day, &["09:00-17:00"][..]));
        let hours = london(&week, &["2026-11-23"]);
        let friday = at("2026-11-20T16:00:00Z");
        assert_eq!(hours.promise(friday, 120), Some(at("2026-11-24T10:00:00Z")));
        assert_eq!(say(&hours, at("2026-11-24T10:00:00Z"), "en"), "Tuesday 10:00");
        assert_eq!(london(&[], &[]).promise(friday, 1), None);
    }
}
