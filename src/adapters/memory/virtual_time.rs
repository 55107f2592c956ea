//! Simulated time. It passes only while all futures wait for it.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use crate::adapters::kv_sessions::Sleep;
use crate::ports::Clock;

/// A clock, a timer, and the executor that drives both. Futures run until all of them wait. When
/// all wait, the clock jumps to the time when the first of them is due. Nothing really sleeps, and
/// every run is the same. Clones share the time.
#[derive(Clone, Debug, Default)]
pub struct VirtualTime(Rc<State>);

#[derive(Debug, Default)]
struct State {
    now_ms: Cell<u64>,
    timers: RefCell<BTreeMap<Alarm, Waker>>,
    /// How many timers have been set.
    set: Cell<u64>,
}

/// When a timer is due, and its position among the timers that are due at the same time.
type Alarm = (u64, u64);

impl VirtualTime {
    /// Time that begins at `now_ms`, in milliseconds since 1970.
    #[must_use]
    pub fn at_ms(now_ms: u64) -> Self {
        let time = Self::default();
        time.0.now_ms.set(now_ms);
        time
    }

    /// Lets `seconds` pass at once. Futures that should have woken in between wake late.
    pub fn advance(&self, seconds: u64) {
        let passed = seconds.saturating_mul(1000);
        self.0
            .now_ms
            .set(self.0.now_ms.get().saturating_add(passed));
    }

    /// Runs a future to its end. Time passes whenever all parts of the future wait. Join several
    /// futures to run them at the same time.
    ///
    /// # Panics
    /// When the future waits for something other than time.
    #[allow(clippy::panic, reason = "a test that can't go on")]
    pub fn run<F: Future>(&self, future: F) -> F::Output {
        let mut future = pin!(future);
        let woken = Arc::new(Woken::default());
        let waker = Waker::from(Arc::clone(&woken));
        let mut context = Context::from_waker(&waker);
        loop {
            if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
                return output;
            }
            // A set of futures (such as `join_all`) can ask to be polled again before it waits.
            if woken.0.swap(false, Ordering::Relaxed) {
                continue;
            }
            let next = self.0.timers.borrow_mut().pop_first();
            let Some(((due, _), timer)) = next else {
                panic!("waits for something that is not time");
            };
            self.0.now_ms.set(due.max(self.0.now_ms.get()));
            timer.wake();
        }
    }
}

#[derive(Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Clock for VirtualTime {
    fn now_ms(&self) -> u64 {
        self.0.now_ms.get()
    }
}

impl Sleep for VirtualTime {
    async fn sleep(&self, ms: u64) {
        let set = self.0.set.get();
        self.0.set.set(set.wrapping_add(1));
        Timer {
            state: &self.0,
            alarm: (self.now_ms().saturating_add(ms), set),
        }
        .await;
    }
}

struct Timer<'a> {
    state: &'a State,
    alarm: Alarm,
}

impl Future for Timer<'_> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let (due, _) = self.alarm;
        if self.state.now_ms.get() >= due {
            return Poll::Ready(());
        }
        let mut timers = self.state.timers.borrow_mut();
        timers.insert(self.alarm, context.waker().clone());
        Poll::Pending
    }
}

impl Drop for Timer<'_> {
    fn drop(&mut self) {
        self.state.timers.borrow_mut().remove(&self.alarm);
    }
}

#[cfg(test)]
mod tests {
    use futures_util::future::{join_all, select};

    use super::*;

    /// The test uses two counts, because `join_all` polls a small number of futures in one way and
    /// a large number in another.
    #[test]
    fn what_is_due_first_comes_first() {
        for count in [10, 100_u64] {
            let time = VirtualTime::at_ms(1000);
            let order = RefCell::new(Vec::new());
            time.run(join_all((0..count).map(|i| {
                let (time, order) = (&time, &order);
                async move {
                    time.sleep((i * 37) % count).await;
                    order.borrow_mut().push((i * 37) % count);
                }
            })));
            assert!(order.borrow().is_sorted());
            assert_eq!(time.now_ms(), 1000 + count - 1);
        }
    }

    /// A sleeping future that is polled repeatedly has one timer. When the future is dropped, the
    /// timer is removed.
    #[test]
    fn a_sleep_is_one_timer() {
        let time = VirtualTime::default();
        time.run(join_all((0..10).map(|_| async {
            for ms in 0..1000 {
                time.sleep(ms % 7).await;
                assert!(time.0.timers.borrow().len() <= 10);
            }
        })));
        let (short, long) = (pin!(time.sleep(1)), pin!(time.sleep(1000)));
        let started = time.now_ms();
        time.run(async {
            select(short, long).await;
        });
        assert_eq!(time.now_ms(), started + 1);
    }

    #[test]
    #[should_panic(expected = "not time")]
    fn a_future_that_waits_for_anything_but_time_panics() {
        VirtualTime::default().run(std::future::pending::<()>());
    }
}
