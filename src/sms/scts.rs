//! TP-SCTS, TP-DT and the absolute TP-VP: a local time with its offset from UTC.
//!
//! The seven octets are kept as they came, because service centres send nonsense; the time they
//! mean is `None` then. Which zone is right is not decided here.
//!
//! 23.040 §9.2.3.11.

use std::fmt;

use jiff::civil::DateTime;

use crate::types::UnixTime;

/// A time stamp as sent: six swapped pairs of digits, then a signed zone in quarter hours.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Scts(pub [u8; 7]);

/// What a sound time stamp says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LocalTime {
    /// Date and time where the service centre is.
    pub civil: DateTime,
    /// Minutes east of UTC; `None` when the zone octet is unusable.
    pub offset_minutes: Option<i16>,
}

impl Scts {
    const MOST_QUARTERS: i16 = 56; // 14 hours

    /// The stamp of an instant, told in a zone `offset_minutes` east of UTC. Years 1990 to 2089.
    pub fn at(time: UnixTime, offset_minutes: i16) -> Option<Self> {
        let quarters = offset_minutes / 15;
        if quarters.abs() > Self::MOST_QUARTERS {
            return None;
        }
        let local = time.0.checked_add(i64::from(quarters) * 15 * 60_000)?;
        let civil =
            jiff::Timestamp::from_millisecond(local).ok()?.to_zoned(jiff::tz::TimeZone::UTC);
        if !(1990..=2089).contains(&civil.year()) {
            return None;
        }
        let two = |number: i16| swapped(u8::try_from(number.rem_euclid(100)).unwrap_or(0));
        let west = if quarters < 0 { 0x08 } else { 0 };
        Some(Self([
            two(civil.year()),
            two(civil.month().into()),
            two(civil.day().into()),
            two(civil.hour().into()),
            two(civil.minute().into()),
            two(civil.second().into()),
            two(quarters.abs()) | west,
        ]))
    }

    /// The time, or `None` when it cannot be one: a digit above 9, a month 13.
    pub fn local(self) -> Option<LocalTime> {
        let [yy, month, day, hour, minute, second, zone] = self.0;
        let year = match i16::from(digits(yy)?) {
            yy @ 90..=99 => 1900 + yy,
            yy => 2000 + yy,
        };
        let two = |octet| digits(octet).map(u8::cast_signed);
        let civil =
            DateTime::new(year, two(month)?, two(day)?, two(hour)?, two(minute)?, two(second)?, 0);
        Some(LocalTime { civil: civil.ok()?, offset_minutes: offset(zone) })
    }

    /// The instant, when the zone is known.
    pub fn unix(self) -> Option<UnixTime> {
        let local = self.local()?;
        let offset = i64::from(local.offset_minutes?) * 60_000;
        let utc = local.civil.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
        Some(UnixTime(utc.timestamp().as_millisecond() - offset))
    }
}

/// The zone octet in minutes: bit 3 is the sign, the rest two swapped digits.
fn offset(zone: u8) -> Option<i16> {
    let quarters = i16::from(digits(zone & !0x08)?);
    let sign = if zone & 0x08 == 0 { 15 } else { -15 };
    (quarters <= Scts::MOST_QUARTERS).then_some(sign * quarters)
}

/// Two swapped digits: the low nibble holds the tens.
fn digits(octet: u8) -> Option<u8> {
    let (tens, ones) = (octet & 0x0F, octet >> 4);
    (tens <= 9 && ones <= 9).then_some(tens * 10 + ones)
}

fn swapped(number: u8) -> u8 {
    ((number % 10) << 4) | (number / 10)
}

/// RFC 3339 with the service centre's offset, or without one when it is unknown.
impl fmt::Display for LocalTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.civil)?;
        match self.offset_minutes {
            None => Ok(()),
            Some(minutes) => {
                let sign = if minutes < 0 { '-' } else { '+' };
                let minutes = minutes.abs();
                write!(f, "{sign}{:02}:{:02}", minutes / 60, minutes % 60)
            }
        }
    }
}

impl fmt::Debug for Scts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.local() {
            Some(local) => write!(f, "Scts({local})"),
            None => write!(f, "Scts({:02X?})", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_are_local_times_with_an_offset_or_none_at_all() {
        let minus = "1999-12-31T23:59:59-00:15";
        for (octets, time) in [
            ([0x99, 0x21, 0x13, 0x32, 0x95, 0x95, 0x18], Some(minus)),
            ([0x71, 0x80, 0x13, 0x11, 0x12, 0x45, 0x23], Some("2017-08-31T11:21:54+08:00")),
            ([0x31, 0x30, 0x52, 0x32, 0x10, 0x65, 0x8A], Some("2013-03-25T23:01:56-07:00")),
            ([0x71, 0x80, 0x13, 0x11, 0x12, 0x45, 0xA0], Some("2017-08-31T11:21:54")),
            ([0x71, 0x80, 0x13, 0x11, 0x12, 0x45, 0x65], Some("2017-08-31T11:21:54+14:00")),
            ([0x71, 0x80, 0x13, 0x11, 0x12, 0x45, 0x75], Some("2017-08-31T11:21:54")),
            ([0xA1, 0x80, 0x13, 0x11, 0x12, 0x45, 0x00], None),
            ([0x71, 0x31, 0x13, 0x11, 0x12, 0x45, 0x00], None), // month 13
            ([0x71, 0x20, 0x03, 0x11, 0x12, 0x45, 0x00], None), // 30 February
            ([0x00; 7], None),
            ([0xFF; 7], None),
        ] {
            let local = Scts(octets).local().map(|local| local.to_string());
            assert_eq!(local.as_deref(), time, "{octets:02X?}");
        }
    }

    #[test]
    fn an_instant_comes_back_from_any_zone() {
        let time = UnixTime(1_795_252_200_000);
        for offset in [-840, -420, -15, 0, 15, 330, 840] {
            assert_eq!(Scts::at(time, offset).and_then(Scts::unix), Some(time), "{offset}");
        }
        assert_eq!(Scts::at(time, 855), None);
        assert_eq!(Scts::at(UnixTime(0), 0), None, "before 1990");
    }
}
