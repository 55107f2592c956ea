//! Events in memory.

use std::cell::RefCell;
use std::rc::Rc;

use crate::domain::event::Event;
use crate::domain::mail::MailLine;
use crate::ports::Events;

/// Stores every event. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct MemoryEvents(Rc<State>);

#[derive(Debug, Default)]
struct State {
    events: RefCell<Vec<Event>>,
    mails: RefCell<Vec<MailLine>>,
}

impl MemoryEvents {
    /// The events since the last call of this method.
    #[must_use]
    pub fn take(&self) -> Vec<Event> {
        self.0.events.take()
    }

    /// The log lines about mails since the last call of this method.
    #[must_use]
    pub fn take_mails(&self) -> Vec<MailLine> {
        self.0.mails.take()
    }
}

impl Events for MemoryEvents {
    fn record(&self, event: &Event) {
        self.0.events.borrow_mut().push(event.clone());
    }

    fn mail(&self, line: &MailLine) {
        self.0.mails.borrow_mut().push(line.clone());
    }
}
