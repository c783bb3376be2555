//! A world that several hands reach: the shell that drives it, the control API, a page.

use std::fmt;
use std::future::{Future, poll_fn};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Poll, Waker};

use super::world::{Input, World};
use crate::types::Millis;

/// One world behind a lock, with the clock of whoever drives it.
#[derive(Clone)]
pub struct Shared {
    world: Arc<Mutex<World>>,
    clock: Arc<dyn Fn() -> Millis + Send + Sync>,
    wake: Arc<dyn Fn() + Send + Sync>,
    onlookers: Arc<Mutex<Vec<Waker>>>,
}

impl Shared {
    /// `clock` tells the tick; `wake` makes the driver drain the world's outputs.
    pub fn new(
        world: World,
        clock: impl Fn() -> Millis + Send + Sync + 'static,
        wake: impl Fn() + Send + Sync + 'static,
    ) -> Self {
        Self {
            world: Arc::new(Mutex::new(world)),
            clock: Arc::new(clock),
            wake: Arc::new(wake),
            onlookers: Arc::default(),
        }
    }

    /// Does something to the world as it is at this moment, then wakes its driver.
    pub fn with<T>(&self, act: impl FnOnce(&mut World) -> T) -> T {
        let result = self.quietly(act);
        (self.wake)();
        result
    }

    /// The same for the driver itself, who drains anyway.
    pub fn quietly<T>(&self, act: impl FnOnce(&mut World) -> T) -> T {
        let mut world = self.world.lock().unwrap_or_else(PoisonError::into_inner);
        let before = world.changes();
        world.handle((self.clock)(), Input::Time);
        let result = act(&mut world);
        if world.changes() != before {
            let mut onlookers = self.onlookers.lock().unwrap_or_else(PoisonError::into_inner);
            onlookers.drain(..).for_each(Waker::wake);
        }
        result
    }

    /// Resolves as soon as [`World::changes`] is another number than `seen`, with that number.
    pub fn changed_after(&self, seen: u64) -> impl Future<Output = u64> + use<> {
        let shared = self.clone();
        poll_fn(move |context| {
            // Looked at and put on the list under one lock: no change falls between the two.
            let world = shared.world.lock().unwrap_or_else(PoisonError::into_inner);
            if world.changes() != seen {
                return Poll::Ready(world.changes());
            }
            let mut onlookers = shared.onlookers.lock().unwrap_or_else(PoisonError::into_inner);
            onlookers.retain(|known| !known.will_wake(context.waker()));
            onlookers.push(context.waker().clone());
            Poll::Pending
        })
    }

    /// The tick now.
    pub fn now(&self) -> Millis {
        (self.clock)()
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Shared")
    }
}
