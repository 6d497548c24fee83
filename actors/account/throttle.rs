//! Slows down whoever guesses passwords, by the address that the connection comes from.
//!
//! An attempt counts as a failure until it has succeeded, so attempts side by side cannot
//! pass together. Nobody who is signed in, and no token, ever meets this.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::timestamp::Timestamp;

/// Failures after which an address must wait.
const FREE_FAILURES: u32 = 5;

/// The first wait; each further failure doubles it.
const FIRST_WAIT: Duration = Duration::from_secs(30);

/// The longest wait.
const WAIT_MAX: Duration = Duration::from_secs(60 * 60);

/// How long after its last failure an address is forgotten.
const FORGET_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

/// Addresses that are remembered; of more, those that have failed longest ago are forgotten.
const ADDRESSES_MAX: usize = 10_000;

/// Addresses that are forgotten together when there are too many.
const FORGOTTEN_AT_ONCE: usize = ADDRESSES_MAX / 10;

#[derive(Clone, Copy, Debug)]
struct Failures {
    count: u32,
    last: Timestamp,
    blocked_until: Timestamp,
}

/// What is known of those that have failed: networks, or sessions that confirm a password.
#[derive(Debug)]
pub struct Throttle<K> {
    failed: Mutex<HashMap<K, Failures>>,
}

impl<K> Default for Throttle<K> {
    fn default() -> Throttle<K> {
        Throttle { failed: Mutex::default() }
    }
}

impl<K: Clone + Eq + Hash + Ord> Throttle<K> {
    /// Lets an attempt begin, and counts it as failed until [`Throttle::forgive`] or
    /// [`Throttle::take_back`] is called.
    ///
    /// # Errors
    /// How long it must still wait, in whole seconds.
    pub fn begin(&self, key: &K, now: Timestamp) -> Result<(), Duration> {
        let mut failed = self.lock();
        if failed.len() >= ADDRESSES_MAX && !failed.contains_key(key) {
            forget_oldest(&mut failed);
        }
        let none = Failures { count: 0, last: now, blocked_until: now };
        let failures = failed.entry(key.clone()).or_insert(none);
        if failures.last.after(FORGET_AFTER) < now {
            *failures = none;
        }
        if now < failures.blocked_until {
            let millis = u64::try_from(failures.blocked_until.0 - now.0).unwrap_or(0);
            return Err(Duration::from_secs(millis.div_ceil(1000)));
        }
        failures.count += 1;
        failures.last = now;
        failures.blocked_until = now.after(wait_after(failures.count));
        Ok(())
    }

    /// The attempt has succeeded: the address starts over.
    pub fn forgive(&self, key: &K) {
        self.lock().remove(key);
    }

    /// The attempt was never judged: it does not count. Whoever was let through had served
    /// their wait, so they may try again at once.
    pub fn take_back(&self, key: &K, now: Timestamp) {
        if let Some(failures) = self.lock().get_mut(key) {
            failures.count = failures.count.saturating_sub(1);
            failures.blocked_until = now;
        }
    }

    /// No code that can panic runs under this lock; a poisoned one is as good as any.
    fn lock(&self) -> MutexGuard<'_, HashMap<K, Failures>> {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn wait_after(failures: u32) -> Duration {
    match failures.checked_sub(FREE_FAILURES) {
        None => Duration::ZERO,
        Some(doublings) => FIRST_WAIT.saturating_mul(2_u32.saturating_pow(doublings)).min(WAIT_MAX),
    }
}

/// Who shares a counter: one IPv4 address, or one IPv6 network of 64 bits, of which every
/// customer of a provider has at least one to themselves.
pub fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64)))
        }
        v4 => v4,
    }
}

fn forget_oldest<K: Clone + Eq + Hash + Ord>(failed: &mut HashMap<K, Failures>) {
    let mut by_age: Vec<(Timestamp, K)> =
        failed.iter().map(|(key, failures)| (failures.last, key.clone())).collect();
    by_age.sort_unstable();
    for (_, key) in by_age.into_iter().take(FORGOTTEN_AT_ONCE) {
        failed.remove(&key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_800_000_000_000);

    fn ip(text: &str) -> IpAddr {
        network(text.parse().unwrap())
    }

    #[test]
    fn waits_grow_from_the_fifth_failure_on() {
        let throttle = Throttle::default();
        let mut now = NOW;
        for _ in 0..FREE_FAILURES {
            assert_eq!(throttle.begin(&ip("192.0.2.1"), now), Ok(()));
        }
        for wait in [30, 60, 120, 240, 480, 960, 1920, 3600, 3600] {
            let wait = Duration::from_secs(wait);
            assert_eq!(throttle.begin(&ip("192.0.2.1"), now), Err(wait));
            now = now.after(wait);
            assert_eq!(throttle.begin(&ip("192.0.2.1"), now), Ok(()), "{wait:?}");
        }
        assert_eq!(throttle.begin(&ip("192.0.2.2"), now), Ok(()), "another address");
        now = now.after(FORGET_AFTER + Duration::from_secs(1));
        for _ in 0..FREE_FAILURES {
            assert_eq!(throttle.begin(&ip("192.0.2.1"), now), Ok(()));
        }
        assert!(throttle.begin(&ip("192.0.2.1"), now).is_err());
    }

    #[test]
    fn a_success_starts_over_and_what_was_not_judged_does_not_count() {
        let throttle = Throttle::default();
        for _ in 0..20 {
            assert_eq!(throttle.begin(&ip("192.0.2.1"), NOW), Ok(()));
            throttle.take_back(&ip("192.0.2.1"), NOW);
        }
        for _ in 0..FREE_FAILURES {
            assert_eq!(throttle.begin(&ip("192.0.2.1"), NOW), Ok(()));
        }
        let later = NOW.after(FIRST_WAIT);
        for _ in 0..3 {
            assert_eq!(throttle.begin(&ip("192.0.2.1"), later), Ok(()), "the wait is over");
            throttle.take_back(&ip("192.0.2.1"), later);
        }
        throttle.forgive(&ip("192.0.2.1"));
        assert_eq!(throttle.begin(&ip("192.0.2.1"), NOW), Ok(()));
    }

    #[test]
    fn neighbours_in_one_network_share_a_counter() {
        let throttle = Throttle::default();
        for last in 1..=5 {
            assert_eq!(throttle.begin(&ip(&format!("2001:db8::{last}")), NOW), Ok(()));
        }
        assert!(throttle.begin(&ip("2001:db8::ffff:1"), NOW).is_err());
        assert_eq!(throttle.begin(&ip("2001:db8:0:1::1"), NOW), Ok(()));
        for _ in 0..5 {
            throttle.begin(&ip("::ffff:192.0.2.7"), NOW).unwrap();
        }
        assert!(throttle.begin(&ip("192.0.2.7"), NOW).is_err(), "the same address, mapped");
    }

    #[test]
    fn a_flood_of_addresses_stays_within_the_bound() {
        let throttle = Throttle::default();
        for number in 0..(ADDRESSES_MAX as u32 * 2) {
            let now = NOW.after(Duration::from_millis(u64::from(number)));
            throttle.begin(&IpAddr::V4(number.into()), now).unwrap();
        }
        assert!(throttle.lock().len() <= ADDRESSES_MAX);
    }
}
