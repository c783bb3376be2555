//! How often somebody may try to sign in: token buckets per address and per account.
//!
//! An attempt comes in with the buckets it draws on; it goes through when each has a token left.
//! Nobody can lock somebody else out: an account is emptied for strangers only, and a browser's
//! address that has signed in to it before keeps a bucket of its own.
//!
//! In memory on purpose: a write for each wrong password would be an attack of its own. Deliberately
//! absent: what was wrong (`pages::signin` says the same for everything).

use std::collections::{HashMap, HashSet};
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use super::error::{Code, WebError};
use crate::store::UserId;
use crate::types::{Millis, UnixTime};

/// The buckets of one gateway.
#[derive(Debug, Default)]
pub struct Throttle(Mutex<Buckets>);

#[derive(Debug, Default)]
struct Buckets {
    levels: HashMap<Bucket, Level>,
    /// Who has signed in from where.
    known: HashSet<(String, IpAddr)>,
}

/// What attempts are counted by.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Bucket {
    /// Everything from one address.
    Address(IpAddr),
    /// One account from one address.
    AccountAt(String, IpAddr),
    /// One account from all addresses that never signed in to it.
    Strangers(String),
    /// Codes of one user's second factor.
    Codes(UserId),
    /// Passwords of somebody who is signed in.
    Own(UserId),
}

/// How much a bucket holds, and after which time one more is in it.
struct Allowance {
    most: u64,
    every: Millis,
}

#[derive(Clone, Copy, Debug)]
struct Level {
    /// Milliseconds of refilling spent; none: full.
    spent: u64,
    at: UnixTime,
}

impl Bucket {
    fn allowance(&self) -> Allowance {
        let (most, seconds) = match self {
            Bucket::Address(_) => (20, 15),
            Bucket::AccountAt(..) | Bucket::Codes(_) | Bucket::Own(_) => (5, 60),
            Bucket::Strangers(_) => (20, 60),
        };
        Allowance { most, every: Millis::from_secs(seconds) }
    }
}

impl Throttle {
    /// One try of a password for `account` from `address`.
    pub(super) fn password(
        &self,
        account: &str,
        address: IpAddr,
        now: UnixTime,
    ) -> Result<(), WebError> {
        let (account, address) = (account.to_lowercase(), network(address));
        let mut buckets = self.lock();
        let known = buckets.known.contains(&(account.clone(), address));
        let mut drawn = vec![Bucket::Address(address), Bucket::AccountAt(account.clone(), address)];
        if !known {
            drawn.push(Bucket::Strangers(account));
        }
        buckets.draw(&drawn, now)
    }

    /// One try of a one-time link from `address`.
    pub(super) fn link(&self, address: IpAddr, now: UnixTime) -> Result<(), WebError> {
        self.lock().draw(&[Bucket::Address(network(address))], now)
    }

    /// One try of a second factor's code.
    pub(super) fn code(
        &self,
        user: UserId,
        address: IpAddr,
        now: UnixTime,
    ) -> Result<(), WebError> {
        self.lock().draw(&[Bucket::Address(network(address)), Bucket::Codes(user)], now)
    }

    /// One try of the own password by somebody who is signed in.
    pub(super) fn own_password(&self, user: UserId, now: UnixTime) -> Result<(), WebError> {
        self.lock().draw(&[Bucket::Own(user)], now)
    }

    /// Somebody has signed in: from there, to that account, all is forgiven.
    pub(super) fn signed_in(&self, account: &str, user: UserId, address: IpAddr) {
        let (account, address) = (account.to_lowercase(), network(address));
        let mut buckets = self.lock();
        for bucket in [
            Bucket::Address(address),
            Bucket::AccountAt(account.clone(), address),
            Bucket::Codes(user),
        ] {
            buckets.levels.remove(&bucket);
        }
        if buckets.known.len() < MOST {
            buckets.known.insert((account, address));
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Buckets> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Buckets {
    /// Takes one from each, or says how long until each has one again.
    fn draw(&mut self, drawn: &[Bucket], now: UnixTime) -> Result<(), WebError> {
        if self.levels.len() >= MOST {
            // Those that are full again by now say nothing any more; the rest must not fill memory.
            self.levels.retain(|bucket, level| level.now(bucket, now) > 0);
            if self.levels.len() >= MOST {
                return Err(too_many(Millis::from_secs(60)));
            }
        }
        let mut wait = Millis(0);
        for bucket in drawn {
            let Allowance { most, every } = bucket.allowance();
            let spent = self.levels.get(bucket).map_or(0, |level| level.now(bucket, now));
            wait = wait.max(Millis((spent + every.0).saturating_sub(most * every.0)));
        }
        if wait > Millis(0) {
            return Err(too_many(wait));
        }
        for bucket in drawn {
            let spent = self.levels.get(bucket).map_or(0, |level| level.now(bucket, now));
            let spent = spent + bucket.allowance().every.0;
            self.levels.insert(bucket.clone(), Level { spent, at: now });
        }
        Ok(())
    }
}

impl Level {
    /// What is still spent by now. A clock that was put back refills nothing and takes nothing.
    fn now(&self, bucket: &Bucket, now: UnixTime) -> u64 {
        let full = bucket.allowance().most * bucket.allowance().every.0;
        self.spent.saturating_sub(now.since(self.at).0).min(full)
    }
}

fn too_many(wait: Millis) -> WebError {
    let minutes = wait.0.div_ceil(60_000).max(1);
    let unit = if minutes == 1 { "minute" } else { "minutes" };
    let detail = format!("Too many tries. Wait {minutes} {unit}, then try again.");
    WebError::new(Code::TooManyTries, detail)
}

/// Whoever has an IPv6 address has all of its network's 2^64.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(six) => {
            let [a, b, c, d, ..] = six.segments();
            IpAddr::from([a, b, c, d, 0, 0, 0, 0])
        }
        four => four,
    }
}

/// Addresses and accounts remembered at a time.
const MOST: usize = 20_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> UnixTime {
        UnixTime(1_795_252_200_000 + seconds * 1_000)
    }

    fn from(last: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, last])
    }

    /// 3.1: guessing is slow, waiting helps, and who is known at an address is not locked out by
    /// others.
    #[test]
    fn guesses_run_dry_and_nobody_else_pays_for_them() {
        let throttle = Throttle::default();
        throttle.signed_in("ada@example.org", UserId(1), from(1));
        for _ in 0..5 {
            throttle.password("Ada@example.org", from(66), at(0)).expect("five tries");
        }
        assert!(throttle.password("ada@example.org", from(66), at(0)).is_err());
        throttle.password("bob@example.org", from(66), at(0)).expect("another account");
        for n in 0..100 {
            let _ = throttle.password("ada@example.org", from(100 + n), at(0));
        }
        assert!(throttle.password("ada@example.org", from(2), at(0)).is_err(), "a stranger waits");
        throttle.password("ada@example.org", from(1), at(0)).expect("Ada does not");
        throttle.password("bob@example.org", from(2), at(0)).expect("Bob does not");
        throttle.password("ada@example.org", from(66), at(61)).expect("a minute later");
    }

    /// One network of IPv6 is one address; a clock put back locks nobody out for longer.
    #[test]
    fn a_network_counts_once_and_a_clock_put_back_does_no_harm() {
        let throttle = Throttle::default();
        for last in 0..20_u16 {
            let address = IpAddr::from([0x2001, 0xdb8, 0, 1, 0, 0, 0, last]);
            throttle.link(address, at(0)).expect("twenty");
        }
        let next = IpAddr::from([0x2001, 0xdb8, 0, 1, 9, 9, 9, 9]);
        assert!(throttle.link(next, at(-3_600)).is_err());
        assert!(throttle.link(IpAddr::from([0x2001, 0xdb8, 0, 2, 0, 0, 0, 1]), at(0)).is_ok());
        assert!(throttle.link(next, at(15)).is_ok());
    }
}
