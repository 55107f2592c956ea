//! Events in memory.

use std::cell::RefCell;
use std::rc::Rc;

use crate::domain::event::Event;
use crate::ports::Events;

/// Stores every event. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct MemoryEvents(Rc<RefCell<Vec<Event>>>);

impl MemoryEvents {
    /// The events since the last call.
    #[must_use]
    pub fn take(&self) -> Vec<Event> {
        self.0.take()
    }
}

impl Events for MemoryEvents {
    fn record(&self, event: &Event) {
        self.0.borrow_mut().push(event.clone());
    }
}
