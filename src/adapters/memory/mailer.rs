//! A mail provider in memory.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use crate::domain::mail::{Accepted, MailFailure, Message};
use crate::ports::Mailer;

/// Accepts every mail, or fails as a test has told it to. Clones share everything.
#[derive(Clone, Debug, Default)]
pub struct MemoryMailer(Rc<RefCell<State>>);

#[derive(Debug, Default)]
struct State {
    taken: Vec<Message>,
    failures: VecDeque<MailFailure>,
    down: bool,
}

impl MemoryMailer {
    /// The mails that were accepted since the last call of this method.
    #[must_use]
    pub fn take(&self) -> Vec<Message> {
        std::mem::take(&mut self.0.borrow_mut().taken)
    }

    /// Makes one mail fail with this failure. After several calls, the failures come in the order
    /// of the calls.
    pub fn fail_once(&self, failure: MailFailure) {
        self.0.borrow_mut().failures.push_back(failure);
    }

    /// With `true`, every mail fails with a temporary failure from now on.
    pub fn set_down(&self, down: bool) {
        self.0.borrow_mut().down = down;
    }
}

impl Mailer for MemoryMailer {
    async fn send(&self, message: &Message) -> Result<Accepted, MailFailure> {
        let mut state = self.0.borrow_mut();
        if let Some(failure) = state.failures.pop_front() {
            return Err(failure);
        }
        if state.down {
            return Err(MailFailure::Temporary {
                reason: "down".to_owned(),
                retry_after: None,
            });
        }
        state.taken.push(message.clone());
        Ok(Accepted {
            id: Some(["mail-", &state.taken.len().to_string()].concat()),
        })
    }
}
