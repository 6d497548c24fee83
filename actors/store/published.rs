//! Snapshots of the database that requests read, shown in the order of its changes.
//!
//! A change reads what it has made inside its own transaction and answers that; its caller
//! shows it afterwards. Two callers may come back from the writer in either order, so each
//! reading knows its place.

use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arc_swap::{ArcSwap, Guard};

/// Counts the readings of this process.
static READINGS: AtomicU64 = AtomicU64::new(0);

/// What somebody read, and when in the order of all readings.
#[derive(Debug)]
pub struct Ordered<T> {
    order: u64,
    value: T,
}

impl<T> Ordered<T> {
    /// Marks something that was read just now: inside a change, where the writer applies one
    /// after the other, or before the first change.
    pub fn read(value: T) -> Ordered<T> {
        Ordered { order: READINGS.fetch_add(1, Ordering::Relaxed), value }
    }

    /// Whether this was read before `other`.
    pub fn is_before(&self, other: &Ordered<T>) -> bool {
        self.order < other.order
    }
}

impl<T> Deref for Ordered<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

/// The latest reading, for many threads: to look at it takes no lock.
#[derive(Debug)]
pub struct Published<T>(ArcSwap<Ordered<T>>);

impl<T> Published<T> {
    /// Shows a first reading.
    pub fn new(first: Ordered<T>) -> Published<T> {
        Published(ArcSwap::from_pointee(first))
    }

    /// What is shown now.
    pub fn load(&self) -> Guard<Arc<Ordered<T>>> {
        self.0.load()
    }

    /// Shows a reading, unless a later one is shown already.
    pub fn publish(&self, next: Ordered<T>) {
        let next = Arc::new(next);
        self.0.rcu(|shown| Arc::clone(if next.is_before(shown) { shown } else { &next }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_earlier_reading_never_replaces_a_later_one() {
        let published = Published::new(Ordered::read("first"));
        let (earlier, later) = (Ordered::read("earlier"), Ordered::read("later"));
        published.publish(later);
        published.publish(earlier);
        assert_eq!(**published.load().as_ref(), "later");
    }
}
