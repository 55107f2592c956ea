//! Time that passes only while everything waits for it.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use crate::ports::{Clock, Sleep};

/// A clock, a timer and the executor that drives both: futures run until all of them wait, then the clock jumps to the
/// first that is due. Nothing is slept on, and every run is the same. Clones share the time.
#[derive(Clone, Debug, Default)]
pub struct VirtualTime(Rc<State>);

#[derive(Debug, Default)]
struct State {
    now_ms: Cell<u64>,
    /// By the time when they are due, then by the order in which they were set.
    timers: RefCell<BTreeMap<(u64, u64), Waker>>,
    set: Cell<u64>,
}

impl VirtualTime {
    /// Time that begins here, in milliseconds since 1970.
    #[must_use]
    pub fn at_ms(now_ms: u64) -> Self {
        let time = Self::default();
        time.0.now_ms.set(now_ms);
        time
    }

    /// Moves the clock on to a whole second, `seconds` after the one that it shows.
    pub fn advance(&self, seconds: u64) {
        let second = (self.0.now_ms.get() / 1000).saturating_add(seconds);
        self.0.now_ms.set(second.saturating_mul(1000));
    }

    /// Runs a future to its end, letting time pass whenever it waits.
    ///
    /// # Panics
    /// When the future waits for something else than time.
    #[allow(clippy::panic, reason = "a test that can't go on")]
    pub fn run<F: Future>(&self, future: F) -> F::Output {
        let mut future = pin!(future);
        let mut context = Context::from_waker(Waker::noop());
        loop {
            if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
                return output;
            }
            let Some(((due, _), waker)) = self.0.timers.borrow_mut().pop_first() else {
                panic!("waits for something that is not time");
            };
            self.0.now_ms.set(due.max(self.0.now_ms.get()));
            waker.wake();
        }
    }
}

impl Clock for VirtualTime {
    fn now_ms(&self) -> u64 {
        self.0.now_ms.get()
    }
}

impl Sleep for VirtualTime {
    async fn sleep(&self, ms: u64) {
        let due = self.now_ms().saturating_add(ms);
        let order = self.0.set.replace(self.0.set.get().wrapping_add(1));
        Timer {
            time: self,
            key: (due, order),
        }
        .await;
    }
}

struct Timer<'a> {
    time: &'a VirtualTime,
    key: (u64, u64),
}

impl Future for Timer<'_> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let state = &self.time.0;
        if state.now_ms.get() >= self.key.0 {
            return Poll::Ready(());
        }
        // Under the same key at every poll, so that it is there once.
        let waker = context.waker().clone();
        state.timers.borrow_mut().insert(self.key, waker);
        Poll::Pending
    }
}

impl Drop for Timer<'_> {
    fn drop(&mut self) {
        self.time.0.timers.borrow_mut().remove(&self.key);
    }
}

#[cfg(test)]
mod tests {
    use futures_util::future::join_all;

    use super::*;

    #[test]
    fn what_is_due_first_comes_first() {
        let time = VirtualTime::at_ms(1000);
        let order = RefCell::new(Vec::new());
        time.run(join_all((0..100u64).map(|i| {
            let (time, order) = (&time, &order);
            async move {
                time.sleep((i * 37) % 100).await;
                order.borrow_mut().push((i * 37) % 100);
            }
        })));
        assert!(order.borrow().is_sorted());
        assert_eq!(time.now_ms(), 1099);
    }
}
