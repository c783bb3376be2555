//! The words of the pages: times as people read them, states with their icon and tone.

use crate::types::{MessageState, Millis, UnixTime};

/// A time in the organisation's zone, cut into the parts a row shows.
pub(super) struct Moment {
    /// `Saturday 21 November 2026`.
    pub(super) day: String,
    /// `2026-11-21`.
    pub(super) date: String,
    /// `21 November 2026`.
    pub(super) short: String,
    /// `09:30`.
    pub(super) clock: String,
}

impl Moment {
    /// `time` as a clock in `zone` shows it.
    pub(super) fn new(time: UnixTime, zone: &jiff::tz::TimeZone) -> Self {
        match jiff::Timestamp::from_millisecond(time.0) {
            Ok(stamp) => {
                let local = stamp.to_zoned(zone.clone());
                Self {
                    day: local.strftime("%A %-d %B %Y").to_string(),
                    short: local.strftime("%-d %B %Y").to_string(),
                    date: local.strftime("%Y-%m-%d").to_string(),
                    clock: local.strftime("%H:%M").to_string(),
                }
            }
            Err(_) => Self {
                day: "Unknown day".to_owned(),
                date: "unknown".to_owned(),
                short: "an unknown day".to_owned(),
                clock: "--:--".to_owned(),
            },
        }
    }
}

/// Day and time of a moment, short enough for a table: `21 November 2026, 09:30`.
pub(super) fn when(time: UnixTime, zone: &jiff::tz::TimeZone) -> String {
    let Moment { short, clock, .. } = Moment::new(time, zone);
    format!("{short}, {clock}")
}

/// How long a text is, as the network counts.
pub(super) fn size(segments: usize, alphabet: Option<&str>) -> String {
    let alphabet = match alphabet {
        Some("gsm7") => " · GSM-7",
        Some("ucs2") => " · Unicode",
        _ => "",
    };
    let plural = if segments == 1 { "" } else { "s" };
    format!("{segments} segment{plural}{alphabet}")
}

/// How a state is shown: word and icon say it, colour only repeats it (C18).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Badge {
    pub(super) word: &'static str,
    pub(super) icon: &'static str,
    pub(super) tone: &'static str,
}

/// The badge of a state; a text that simply arrived needs none.
pub(super) fn badge(state: MessageState) -> Option<Badge> {
    use MessageState::*;
    let (word, icon, tone) = match state {
        Queued => ("queued", "clock", ""),
        Submitting => ("sending", "moving", "moving"),
        Sent => ("sent", "check", ""),
        Delivered => ("delivered", "checks", "good"),
        Undeliverable => ("not delivered", "alert", "bad"),
        Expired => ("expired", "alert", "bad"),
        Failed => ("failed", "alert", "bad"),
        Unknown => ("unknown", "question", "warn"),
        Held => ("held", "pause", "warn"),
        Cancelled => ("cancelled", "stop", ""),
        Incomplete => ("incomplete", "puzzle", "warn"),
        Received => return None,
    };
    Some(Badge { word, icon, tone })
}

/// A button that settles a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Action {
    pub(super) word: &'static str,
    pub(super) label: &'static str,
}

const RESEND: Action = Action { word: "resend", label: "Send again" };
const CANCEL: Action = Action { word: "cancel", label: "Take back" };
/// What was held has never been sent.
const SEND: Action = Action { word: "resend", label: "Send it" };
const DROP: Action = Action { word: "drop", label: "Leave it" };

/// What a person may do with a message in `state`.
pub(super) fn actions(state: MessageState) -> &'static [Action] {
    use MessageState::*;
    match state {
        Queued => &[CANCEL],
        Held => &[SEND, CANCEL],
        Unknown => &[RESEND, DROP],
        Failed | Undeliverable | Expired => &[RESEND],
        _ => &[],
    }
}

/// How long ago, in one word.
pub(super) fn ago(since: Millis) -> String {
    match since.0 / 1_000 {
        0..=59 => "just now".to_owned(),
        s @ 60..=3_599 => format!("{} min ago", s / 60),
        s @ 3_600..=86_399 => format!("{} h ago", s / 3_600),
        s => format!("{} days ago", s / 86_400),
    }
}

/// How old a row is, as short as can be: `now`, `5 min`, `09:30`, `Mon`, `3 Nov`, `3 Nov 2025`.
pub(super) fn age(at: UnixTime, now: UnixTime, zone: &jiff::tz::TimeZone) -> String {
    let seconds = now.since(at).0 / 1_000;
    if seconds < 60 {
        return "now".to_owned();
    }
    if seconds < 3_600 {
        return format!("{} min", seconds / 60);
    }
    let local = |time: UnixTime| {
        jiff::Timestamp::from_millisecond(time.0).ok().map(|stamp| stamp.to_zoned(zone.clone()))
    };
    let (Some(then), Some(now)) = (local(at), local(now)) else { return String::new() };
    let form = match () {
        () if then.date() == now.date() => "%H:%M",
        () if seconds < 6 * 86_400 => "%a",
        () if then.year() == now.year() => "%-d %b",
        () => "%-d %b %Y",
    };
    then.strftime(form).to_string()
}

/// A time as a browser's box for day and time wants it, as the clocks of `zone` show it.
pub(super) fn boxed(time: UnixTime, zone: &jiff::tz::TimeZone) -> String {
    let stamp = jiff::Timestamp::from_millisecond(time.0).ok();
    let local = stamp.map(|stamp| stamp.to_zoned(zone.clone()));
    local.map_or(String::new(), |local| local.strftime("%Y-%m-%dT%H:%M").to_string())
}

/// What such a box holds: a time on the clocks of `zone`.
pub(super) fn unboxed(text: &str, zone: &jiff::tz::TimeZone) -> Option<UnixTime> {
    let time = text.trim().parse::<jiff::civil::DateTime>().ok()?;
    let time = time.to_zoned(zone.clone()).ok()?;
    Some(UnixTime(time.timestamp().as_millisecond()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// C18: no state is told by colour alone.
    #[test]
    fn every_state_but_received_has_a_word_and_an_icon_of_the_sprite() {
        let sprite = include_str!("../assets/icons.svg");
        for state in MessageState::ALL {
            let Some(badge) = badge(*state) else {
                assert_eq!(*state, MessageState::Received);
                continue;
            };
            assert!(!badge.word.is_empty());
            assert!(sprite.contains(&format!("id=\"{}\"", badge.icon)), "{}", badge.icon);
        }
    }

    #[test]
    fn an_age_is_as_short_as_can_be() {
        let zone = jiff::tz::TimeZone::UTC;
        let now = UnixTime(1_795_252_200_000); // 2026-11-21T09:10:00Z
        let before = |seconds: i64| age(UnixTime(now.0 - seconds * 1_000), now, &zone);
        assert_eq!(before(5), "now");
        assert_eq!(before(300), "5 min");
        assert_eq!(before(2 * 3_600), "07:10");
        assert_eq!(before(2 * 86_400), "Thu");
        assert_eq!(before(20 * 86_400), "1 Nov");
        assert_eq!(before(400 * 86_400), "17 Oct 2025");
    }

    /// A box shows the time that was chosen in it, also where clocks differ from UTC; E158: an hour
    /// that is skipped means the next one there is.
    #[test]
    fn a_time_goes_into_its_box_as_it_came_out() {
        let zone = jiff::tz::TimeZone::get("Europe/Berlin").unwrap();
        let time = unboxed("2026-11-21T10:10", &zone).unwrap();
        assert_eq!(time, UnixTime(1_795_252_200_000));
        assert_eq!(boxed(time, &zone), "2026-11-21T10:10");
        let skipped = unboxed("2026-03-29T02:30", &zone).unwrap();
        assert_eq!(boxed(skipped, &zone), "2026-03-29T03:30");
        assert_eq!(unboxed("soon", &zone), None);
    }

    #[test]
    fn a_time_is_shown_in_the_zone_of_the_organisation() {
        let zone = jiff::tz::TimeZone::fixed(jiff::tz::offset(2));
        let moment = Moment::new(UnixTime(1_795_215_600_000), &zone);
        assert_eq!(
            (moment.day.as_str(), moment.clock.as_str()),
            ("Saturday 21 November 2026", "01:00")
        );
    }
}
