//! A world that several hands reach: the shell that drives it, the control API, a page.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use super::world::{Input, World};
use crate::types::Millis;

/// One world behind a lock, with the clock of whoever drives it.
#[derive(Clone)]
pub struct Shared {
    world: Arc<Mutex<World>>,
    clock: Arc<dyn Fn() -> Millis + Send + Sync>,
    wake: Arc<dyn Fn() + Send + Sync>,
}

impl Shared {
    /// `clock` tells the tick; `wake` makes the driver drain the world's outputs.
    pub fn new(
        world: World,
        clock: impl Fn() -> Millis + Send + Sync + 'static,
        wake: impl Fn() + Send + Sync + 'static,
    ) -> Self {
        Self { world: Arc::new(Mutex::new(world)), clock: Arc::new(clock), wake: Arc::new(wake) }
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
        world.handle((self.clock)(), Input::Time);
        act(&mut world)
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
