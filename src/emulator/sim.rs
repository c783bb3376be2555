//! The SIM card: identity, PIN and PUK with their counters, stored messages, number, SMSC.

use super::reply::Refusal;
use super::storage::Storage;

/// A card. It keeps everything below when it is moved to another modem.
#[derive(Clone, Debug)]
pub struct Sim {
    pub iccid: String,
    pub imsi: String,
    /// The subscriber's own number, under which the network finds it.
    pub number: String,
    /// Whether the card itself tells its number (`+CNUM`); most do not.
    pub tells_number: bool,
    /// The service centre, with `+`; empty when none is stored.
    pub smsc: String,
    pub messages: Storage,
    /// TP-MR of the last submit (23.040 §9.2.3.6): it counts on the card.
    pub reference: u8,
    pub pin: Lock,
    pub phonebook: Vec<(String, String)>,
}

/// The PIN query and its two counters.
#[derive(Clone, Debug)]
pub struct Lock {
    pin: String,
    puk: String,
    /// Whether the card asks at power-on (`+CLCK="SC"`).
    pub asks: bool,
    pub tries: u8,
    pub puk_tries: u8,
    /// Verified since power-on.
    open: bool,
}

/// What the card wants before it works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gate {
    Open,
    Pin,
    Puk,
    /// The PUK was wrong ten times: the card is dead.
    Dead,
}

const PIN_TRIES: u8 = 3;
const PUK_TRIES: u8 = 10;

impl Lock {
    pub fn new(pin: &str, puk: &str, asks: bool) -> Self {
        let (tries, puk_tries) = (PIN_TRIES, PUK_TRIES);
        Self { pin: pin.into(), puk: puk.into(), asks, tries, puk_tries, open: !asks }
    }

    /// The same on a card that works already and asks from the next power-on.
    pub fn verified(pin: &str, puk: &str, asks: bool) -> Self {
        Self { open: true, ..Lock::new(pin, puk, asks) }
    }

    pub fn gate(&self) -> Gate {
        match (self.puk_tries, self.tries, self.open) {
            (0, _, _) => Gate::Dead,
            (_, 0, _) => Gate::Puk,
            (_, _, false) => Gate::Pin,
            _ => Gate::Open,
        }
    }

    /// The card loses power and asks again.
    pub fn power_off(&mut self) {
        self.open = !self.asks;
    }

    /// Checks the PIN; a wrong one costs a try.
    pub fn enter(&mut self, pin: &str) -> Result<(), Refusal> {
        match self.gate() {
            Gate::Dead => Err(Refusal::Cme(13)),
            Gate::Puk => Err(Refusal::Cme(12)),
            _ if pin == self.pin => {
                self.tries = PIN_TRIES;
                self.open = true;
                Ok(())
            }
            _ => {
                self.tries -= 1;
                self.open = false;
                Err(Refusal::Cme(if self.tries == 0 { 12 } else { 16 }))
            }
        }
    }

    /// The PUK and a new PIN.
    pub fn unblock(&mut self, puk: &str, new_pin: &str) -> Result<(), Refusal> {
        if self.puk_tries == 0 {
            return Err(Refusal::Cme(13));
        }
        if puk != self.puk || !is_pin(new_pin) {
            self.puk_tries -= 1;
            return Err(Refusal::Cme(if self.puk_tries == 0 { 13 } else { 16 }));
        }
        self.pin = new_pin.into();
        (self.tries, self.puk_tries, self.open) = (PIN_TRIES, PUK_TRIES, true);
        Ok(())
    }

    pub fn change(&mut self, old: &str, new: &str) -> Result<(), Refusal> {
        if !is_pin(new) {
            return Err(Refusal::Cme(16));
        }
        self.enter(old)?;
        self.pin = new.into();
        Ok(())
    }

    /// Puts the query on or off, with the PIN as proof.
    pub fn ask(&mut self, asks: bool, pin: &str) -> Result<(), Refusal> {
        self.enter(pin)?;
        self.asks = asks;
        Ok(())
    }
}

fn is_pin(text: &str) -> bool {
    (4..=8).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Faults 46 and 47: the counters are the card's and outlive everything but a right code.
    #[test]
    fn three_wrong_pins_want_the_puk_and_ten_wrong_puks_kill_the_card() {
        let mut lock = Lock::new("1234", "12345678", true);
        assert_eq!(lock.enter("0000"), Err(Refusal::Cme(16)));
        assert_eq!(lock.enter("0000"), Err(Refusal::Cme(16)));
        lock.power_off();
        assert_eq!((lock.gate(), lock.tries), (Gate::Pin, 1));
        assert_eq!(lock.enter("0000"), Err(Refusal::Cme(12)));
        assert_eq!(lock.gate(), Gate::Puk);
        assert_eq!(lock.enter("1234"), Err(Refusal::Cme(12)));
        assert_eq!(lock.unblock("12345678", "4321"), Ok(()));
        assert_eq!((lock.gate(), lock.tries), (Gate::Open, 3));
        for _ in 0..9 {
            assert_eq!(lock.unblock("00000000", "1111"), Err(Refusal::Cme(16)));
        }
        assert_eq!(lock.unblock("00000000", "1111"), Err(Refusal::Cme(13)));
        assert_eq!(lock.gate(), Gate::Dead);
    }
}
