//! Who looks at a conversation now, and who writes: known to open pages only, never stored.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::types::{ConversationId, Millis, UnixTime};

/// Everybody's open pages. Clones share it.
#[derive(Clone, Debug, Default)]
pub(super) struct Presence(Arc<Mutex<HashMap<ConversationId, Vec<Visitor>>>>);

#[derive(Clone, Debug)]
struct Visitor {
    /// Whose browser: a caller's key space.
    key: String,
    name: String,
    seen_at: UnixTime,
    typed_at: Option<UnixTime>,
}

impl Presence {
    /// Somebody's page says that it is looked at, or typed into. Whether others see a difference.
    pub(super) fn here(
        &self,
        of: ConversationId,
        key: &str,
        name: &str,
        typing: bool,
        now: UnixTime,
    ) -> bool {
        let mut all = self.all();
        all.retain(|_, visitors| {
            visitors.retain(|visitor| now.since(visitor.seen_at) < STAYS);
            !visitors.is_empty()
        });
        let visitors = all.entry(of).or_default();
        let typed_at = typing.then_some(now);
        match visitors.iter_mut().find(|visitor| visitor.key == key) {
            Some(visitor) => {
                let before = visitor.types(now);
                visitor.seen_at = now;
                visitor.typed_at = typed_at;
                before != typing
            }
            None => {
                let (key, name) = (key.to_owned(), name.to_owned());
                visitors.push(Visitor { key, name, seen_at: now, typed_at });
                true
            }
        }
    }

    /// Somebody left a page.
    pub(super) fn gone(&self, of: ConversationId, key: &str) -> bool {
        let mut all = self.all();
        let Some(visitors) = all.get_mut(&of) else { return false };
        let before = visitors.len();
        visitors.retain(|visitor| visitor.key != key);
        visitors.len() != before
    }

    /// What the others do, in words.
    pub(super) fn others(&self, of: ConversationId, key: &str, now: UnixTime) -> Vec<String> {
        let all = self.all();
        let visitors = all.get(&of).map(Vec::as_slice).unwrap_or_default();
        let others = visitors.iter().filter(|visitor| visitor.key != key);
        let here = others.filter(|visitor| now.since(visitor.seen_at) < STAYS);
        here.map(|visitor| match visitor.types(now) {
            true => format!("{} is writing", visitor.name),
            false => format!("{} is here", visitor.name),
        })
        .collect()
    }

    fn all(&self) -> MutexGuard<'_, HashMap<ConversationId, Vec<Visitor>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Visitor {
    fn types(&self, now: UnixTime) -> bool {
        self.typed_at.is_some_and(|at| now.since(at) < TYPES)
    }
}

/// A page says every 15 seconds that it is looked at.
const STAYS: Millis = Millis::from_secs(40);
/// So long after the last key somebody counts as writing.
const TYPES: Millis = Millis::from_secs(10);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn others_see_who_is_here_and_who_writes_until_they_leave() {
        let (presence, thread) = (Presence::default(), ConversationId(7));
        assert!(presence.here(thread, "user:1", "Anna", false, UnixTime(0)));
        assert!(!presence.here(thread, "user:1", "Anna", false, UnixTime(1_000)));
        assert!(presence.here(thread, "user:1", "Anna", true, UnixTime(2_000)));
        assert_eq!(presence.others(thread, "user:2", UnixTime(3_000)), ["Anna is writing"]);
        assert_eq!(presence.others(thread, "user:2", UnixTime(20_000)), ["Anna is here"]);
        assert!(presence.others(thread, "user:1", UnixTime(3_000)).is_empty());
        assert!(presence.others(thread, "user:2", UnixTime(60_000)).is_empty());
        assert!(presence.gone(thread, "user:1"));
    }
}
