//! Quiet hours: nobody is woken by a campaign (E170). They are counted where the recipient lives,
//! as far as the number tells: by its country, and in a country of several zones in all of them.

use jiff::Timestamp;
use jiff::civil::Time;
use jiff::tz::TimeZone;
use serde::Deserialize;

use super::sending::region_of;
use crate::types::{Number, UnixTime};

/// When nothing that can wait is sent. Over midnight when `to` is not after `from`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Written")]
pub struct QuietHours {
    /// From this time of the recipient's day, as `21:00`.
    pub from: Time,
    /// Until this one.
    pub to: Time,
}

/// As people write them.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    from: String,
    to: String,
}

impl TryFrom<Written> for QuietHours {
    type Error = String;
    fn try_from(written: Written) -> Result<Self, String> {
        let time = |text: &str| {
            let wrong = |_| format!("{text:?} is no time of the day: write it as 21:00");
            text.trim().parse::<Time>().map_err(wrong)
        };
        Ok(Self { from: time(&written.from)?, to: time(&written.to)? })
    }
}

impl Default for QuietHours {
    /// From nine in the evening to eight in the morning.
    fn default() -> Self {
        Self { from: Time::constant(21, 0, 0, 0), to: Time::constant(8, 0, 0, 0) }
    }
}

impl QuietHours {
    /// When a text to `number` may leave that should not wake its reader; `None`: now. `home` is
    /// the zone of numbers whose country we do not know.
    pub fn over_at(&self, number: &Number, home: &TimeZone, now: UnixTime) -> Option<UnixTime> {
        let zones = zones_of(number);
        let zones = if zones.is_empty() { vec![home.clone()] } else { zones };
        let mut at = now;
        // It is day in one zone and night in the next: a few steps lead to an hour that suits all.
        for _ in 0..MOST_STEPS {
            match zones.iter().find_map(|zone| self.ends(zone, at)) {
                Some(end) if end > at => at = end,
                _ => break,
            }
        }
        (at > now).then_some(at)
    }

    /// The end of the quiet hours that `at` lies in.
    fn ends(&self, zone: &TimeZone, at: UnixTime) -> Option<UnixTime> {
        let local = Timestamp::from_millisecond(at.0).ok()?.to_zoned(zone.clone());
        let (time, over_midnight) = (local.time(), self.to <= self.from);
        let quiet = match over_midnight {
            true => time >= self.from || time < self.to,
            false => time >= self.from && time < self.to,
        };
        if !quiet || self.from == self.to {
            return None;
        }
        let tomorrow = over_midnight && time >= self.from;
        let day = if tomorrow { local.date().tomorrow().ok()? } else { local.date() };
        let end = day.to_datetime(self.to).to_zoned(zone.clone()).ok()?;
        Some(UnixTime(end.timestamp().as_millisecond()))
    }
}

/// The zones of a number's country, its outermost ones where it has several.
fn zones_of(number: &Number) -> Vec<TimeZone> {
    let Some(region) = region_of(number) else { return Vec::new() };
    let listed = ZONES.iter().filter(|(country, _)| *country == region.as_str());
    listed.filter_map(|(_, zone)| TimeZone::get(zone).ok()).collect()
}

const MOST_STEPS: usize = 10;

/// Country and zone. A country of several zones stands here with those at its edges.
const ZONES: &[(&str, &str)] = &[
    ("AE", "Asia/Dubai"),
    ("AR", "America/Argentina/Buenos_Aires"),
    ("AT", "Europe/Vienna"),
    ("AU", "Australia/Perth"),
    ("AU", "Australia/Sydney"),
    ("BE", "Europe/Brussels"),
    ("BG", "Europe/Sofia"),
    ("BR", "America/Rio_Branco"),
    ("BR", "America/Sao_Paulo"),
    ("CA", "America/St_Johns"),
    ("CA", "America/Vancouver"),
    ("CH", "Europe/Zurich"),
    ("CL", "America/Santiago"),
    ("CN", "Asia/Shanghai"),
    ("CO", "America/Bogota"),
    ("CY", "Asia/Nicosia"),
    ("CZ", "Europe/Prague"),
    ("DE", "Europe/Berlin"),
    ("DK", "Europe/Copenhagen"),
    ("EE", "Europe/Tallinn"),
    ("EG", "Africa/Cairo"),
    ("ES", "Atlantic/Canary"),
    ("ES", "Europe/Madrid"),
    ("FI", "Europe/Helsinki"),
    ("FR", "Europe/Paris"),
    ("GB", "Europe/London"),
    ("GH", "Africa/Accra"),
    ("GR", "Europe/Athens"),
    ("HK", "Asia/Hong_Kong"),
    ("HR", "Europe/Zagreb"),
    ("HU", "Europe/Budapest"),
    ("ID", "Asia/Jakarta"),
    ("ID", "Asia/Jayapura"),
    ("IE", "Europe/Dublin"),
    ("IL", "Asia/Jerusalem"),
    ("IN", "Asia/Kolkata"),
    ("IS", "Atlantic/Reykjavik"),
    ("IT", "Europe/Rome"),
    ("JP", "Asia/Tokyo"),
    ("KE", "Africa/Nairobi"),
    ("KR", "Asia/Seoul"),
    ("LT", "Europe/Vilnius"),
    ("LU", "Europe/Luxembourg"),
    ("LV", "Europe/Riga"),
    ("MA", "Africa/Casablanca"),
    ("MT", "Europe/Malta"),
    ("MX", "America/Cancun"),
    ("MX", "America/Tijuana"),
    ("MY", "Asia/Kuala_Lumpur"),
    ("NG", "Africa/Lagos"),
    ("NL", "Europe/Amsterdam"),
    ("NO", "Europe/Oslo"),
    ("NZ", "Pacific/Auckland"),
    ("PE", "America/Lima"),
    ("PH", "Asia/Manila"),
    ("PK", "Asia/Karachi"),
    ("PL", "Europe/Warsaw"),
    ("PT", "Atlantic/Azores"),
    ("PT", "Europe/Lisbon"),
    ("RO", "Europe/Bucharest"),
    ("RS", "Europe/Belgrade"),
    ("RU", "Asia/Kamchatka"),
    ("RU", "Europe/Kaliningrad"),
    ("SA", "Asia/Riyadh"),
    ("SE", "Europe/Stockholm"),
    ("SG", "Asia/Singapore"),
    ("SI", "Europe/Ljubljana"),
    ("SK", "Europe/Bratislava"),
    ("TH", "Asia/Bangkok"),
    ("TR", "Europe/Istanbul"),
    ("TW", "Asia/Taipei"),
    ("UA", "Europe/Kyiv"),
    ("US", "America/New_York"),
    ("US", "Pacific/Honolulu"),
    ("VN", "Asia/Ho_Chi_Minh"),
    ("ZA", "Africa/Johannesburg"),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn over(number: &str, now: &str) -> Option<String> {
        let number = Number::E164(number.to_owned());
        let now = UnixTime::parse_rfc3339(now).expect("a time");
        let over = QuietHours::default().over_at(&number, &TimeZone::UTC, now);
        over.map(|at| at.to_string())
    }

    /// E170: the night is the recipient's.
    #[test]
    fn a_campaign_waits_for_the_recipients_morning() {
        assert_eq!(over("+447700900123", "2026-11-21T20:59:00Z"), None);
        let morning = Some("2026-11-22T08:00:00.000Z".to_owned());
        assert_eq!(over("+447700900123", "2026-11-21T21:00:00Z"), morning);
        assert_eq!(over("+447700900123", "2026-11-22T07:59:00Z"), morning);
        // Summer time is the country's own.
        let earlier = Some("2026-07-22T07:00:00.000Z".to_owned());
        assert_eq!(over("+447700900123", "2026-07-21T22:00:00Z"), earlier);
        // It is nine in New York and four in Honolulu: nobody is sure where the phone is.
        let afternoon = Some("2026-11-21T18:00:00.000Z".to_owned());
        assert_eq!(over("+15550100123", "2026-11-21T14:00:00Z"), afternoon);
        // A country we know no zone of follows the organisation's.
        assert_eq!(over("+9997700900", "2026-11-21T12:00:00Z"), None);
        assert!(over("+9997700900", "2026-11-21T23:00:00Z").is_some());
    }

    #[test]
    fn quiet_hours_are_written_as_times_of_the_day() {
        let read: QuietHours =
            serde_json::from_str(r#"{ "from": "13:00", "to": "14:30" }"#).expect("readable");
        let number = Number::E164("+447700900123".to_owned());
        let at = |text: &str| UnixTime::parse_rfc3339(text).expect("a time");
        let over = |now| read.over_at(&number, &TimeZone::UTC, at(now));
        assert_eq!(over("2026-11-21T14:00:00Z"), Some(at("2026-11-21T14:30:00Z")));
        assert_eq!(over("2026-11-21T14:30:00Z"), None);
        assert!(serde_json::from_str::<QuietHours>(r#"{ "from": "25:00", "to": "1" }"#).is_err());
    }
}
