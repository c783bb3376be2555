//! The notification that an MMS waits, as it comes in a WAP push to port 2948.
//!
//! The joined 8-bit data of the segments goes in, a summary for people comes out. Fetching the
//! message is absent on purpose: the address works only inside the operator's network, and a
//! forged push could point anywhere.
//!
//! OMA-TS-MMS-ENC §6.2 (headers) and WAP-230-WSP §8.4 (values).

/// What an MMS notification says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MmsNotification {
    /// The type of the push: `application/vnd.wap.mms-message`.
    pub content_type: String,
    /// X-Mms-Message-Type; 130 is a notification.
    pub message_type: Option<u8>,
    /// X-Mms-Transaction-Id.
    pub transaction_id: Option<String>,
    /// X-Mms-MMS-Version, such as `1.2`.
    pub version: Option<String>,
    /// From, as sent: `+447700900123/TYPE=PLMN`. See [`MmsNotification::sender`].
    pub from: Option<String>,
    /// Subject.
    pub subject: Option<String>,
    /// X-Mms-Message-Class: `personal`, `advertisement`, `informational`, `auto` or a text.
    pub class: Option<String>,
    /// X-Mms-Message-Size in octets.
    pub size: Option<u64>,
    /// X-Mms-Expiry.
    pub expiry: Option<Expiry>,
    /// X-Mms-Content-Location.
    pub content_location: Option<String>,
    /// X-Mms-Delivery-Report: 128 yes, 129 no.
    pub delivery_report: Option<u8>,
    /// X-Mms-Priority: 128 low, 129 normal, 130 high.
    pub priority: Option<u8>,
}

/// When the operator forgets the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expiry {
    /// So many seconds after the notification.
    Relative(u64),
    /// At that Unix time, in seconds.
    Absolute(u64),
}

/// Why data is no MMS notification.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MmsError {
    /// No push PDU at all.
    #[error("not a WAP push")]
    NotPush,
    /// A push of something else, such as a service indication.
    #[error("a WAP push of {0}")]
    OtherContent(String),
    /// Ends inside a header.
    #[error("ends inside header {header:02X}")]
    Truncated {
        /// The header's code.
        header: u8,
    },
}

impl MmsNotification {
    const CONTENT_TYPE: &'static str = "application/vnd.wap.mms-message";

    /// Reads the data of a push.
    pub fn decode(push: &[u8]) -> Result<Self, MmsError> {
        let mut wsp = Wsp { rest: push };
        let headers = wsp.push_headers().ok_or(MmsError::NotPush)?;
        let content_type = Wsp { rest: headers }.content_type().ok_or(MmsError::NotPush)?;
        if content_type != Self::CONTENT_TYPE {
            return Err(MmsError::OtherContent(content_type));
        }
        let mut notification = Self { content_type, ..Self::default() };
        while let Some(header) = wsp.octet() {
            notification.read(header, &mut wsp).ok_or(MmsError::Truncated { header })?;
        }
        Ok(notification)
    }

    /// The sender without the type of address that follows a number.
    pub fn sender(&self) -> Option<&str> {
        let from = self.from.as_deref()?;
        Some(from.split_once("/TYPE=").map_or(from, |(number, _)| number))
    }

    fn read(&mut self, header: u8, wsp: &mut Wsp<'_>) -> Option<()> {
        match header {
            0x8C => self.message_type = Some(wsp.octet()?),
            0x98 => self.transaction_id = Some(wsp.text()?),
            0x8D => {
                let version = wsp.octet()?;
                self.version = Some(format!("{}.{}", version >> 4 & 0x07, version & 0x0F));
            }
            0x89 => {
                let mut value = Wsp { rest: wsp.value()? };
                if value.octet() == Some(0x80) {
                    self.from = Some(value.encoded_string()?);
                }
            }
            0x96 => self.subject = Some(wsp.encoded_string()?),
            0x8A => {
                self.class = Some(match wsp.peek()? {
                    0x00..=0x7F => wsp.text()?,
                    class => {
                        wsp.octet()?;
                        let names = ["personal", "advertisement", "informational", "auto"];
                        names.get(usize::from(class & 0x7F)).unwrap_or(&"reserved").to_string()
                    }
                });
            }
            0x8E => self.size = Some(wsp.long_integer()?),
            0x88 => {
                let mut value = Wsp { rest: wsp.value()? };
                self.expiry = match value.octet()? {
                    0x80 => Some(Expiry::Absolute(value.long_integer()?)),
                    0x81 => Some(Expiry::Relative(value.long_integer()?)),
                    _ => None,
                };
            }
            0x83 => self.content_location = Some(wsp.text()?),
            0x86 => self.delivery_report = Some(wsp.octet()?),
            0x8F => self.priority = Some(wsp.octet()?),
            _ => wsp.skip()?,
        }
        Some(())
    }
}

/// A cursor over WSP values. `None` means that the octets ended.
struct Wsp<'a> {
    rest: &'a [u8],
}

impl<'a> Wsp<'a> {
    fn peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    fn octet(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(taken)
    }

    /// Transaction id, PDU type push or confirmed push, then the headers by their length.
    fn push_headers(&mut self) -> Option<&'a [u8]> {
        self.octet()?;
        if !matches!(self.octet()?, 0x06 | 0x07) {
            return None;
        }
        let length = self.uintvar()?;
        self.take(length)
    }

    fn content_type(&mut self) -> Option<String> {
        match self.peek()? {
            0x00..=0x1F => {
                let mut value = Wsp { rest: self.value()? };
                value.content_type()
            }
            0x20..=0x7F => self.text(),
            0xAE => Some("application/vnd.wap.sic".to_owned()),
            0xB0 => Some("application/vnd.wap.slc".to_owned()),
            0xBE => Some(MmsNotification::CONTENT_TYPE.to_owned()),
            other => Some(format!("content type {:02X}", other & 0x7F)),
        }
    }

    /// Seven bits an octet, bit 7 says that another follows.
    fn uintvar(&mut self) -> Option<usize> {
        let mut number = 0_u32;
        for _ in 0..5 {
            let octet = self.octet()?;
            number = number.checked_mul(128)? | u32::from(octet & 0x7F);
            if octet & 0x80 == 0 {
                return usize::try_from(number).ok();
            }
        }
        None
    }

    /// The octets that a value length announces.
    fn value(&mut self) -> Option<&'a [u8]> {
        let length = match self.octet()? {
            short @ 0x00..=0x1E => usize::from(short),
            0x1F => self.uintvar()?,
            _ => return None,
        };
        self.take(length)
    }

    /// Octets up to NUL, or to the end; a leading quote is dropped.
    fn text(&mut self) -> Option<String> {
        let end = self.rest.iter().position(|octet| *octet == 0).unwrap_or(self.rest.len());
        let text = self.take(end)?;
        let _nul = self.octet();
        let text = text.strip_prefix(&[0x7F]).unwrap_or(text);
        Some(String::from_utf8_lossy(text).into_owned())
    }

    fn long_integer(&mut self) -> Option<u64> {
        let length = usize::from(self.octet()?);
        let octets = self.take(length).filter(|octets| octets.len() <= 8)?;
        Some(octets.iter().fold(0, |number, octet| number << 8 | u64::from(*octet)))
    }

    /// A text, or a value length with a character set and a text.
    fn encoded_string(&mut self) -> Option<String> {
        if !matches!(self.peek()?, 0x01..=0x1F) {
            return self.text();
        }
        let mut value = Wsp { rest: self.value()? };
        let latin1 = match value.peek()? {
            0x00..=0x1E => value.long_integer()? == 4,
            set => {
                value.octet()?;
                set == 0x84
            }
        };
        if latin1 {
            let text = value.rest.split(|octet| *octet == 0).next().unwrap_or_default();
            return Some(text.iter().map(|octet| char::from(*octet)).collect());
        }
        value.text()
    }

    /// Passes over the value of a header we do not know (WSP §8.4.1.2).
    fn skip(&mut self) -> Option<()> {
        match self.peek()? {
            0x80..=0xFF => self.octet().map(drop),
            0x00..=0x1F => self.value().map(drop),
            0x20..=0x7F => self.text().map(drop),
        }
    }
}
