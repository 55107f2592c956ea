//! The environment in which the suite `sessions` runs in workerd.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

use edgegate::adapters::cloudflare::clock::{RequestClock, Timer};
use edgegate::adapters::cloudflare::durable_sessions::DurableSessions;
use edgegate::adapters::cloudflare::kv_namespace::KvNamespace;
use edgegate::adapters::kv_sessions::Background;
use edgegate::adapters::kv_sessions::KvSessions;
use edgegate::adapters::system_random::SystemRandom;
use edgegate::domain::error::StoreError;
use edgegate::ports::{Clock, SessionStore};
use worker::Env;

use crate::conformance::sessions::world::Numbers;
use crate::conformance::sessions::{Outcome, World, run_all};

/// Runs the suite on Workers KV. Returns `None` if KV is not bound.
pub(crate) async fn on_kv(env: &Env, first: u64) -> Option<Vec<Outcome>> {
    let kv = KvNamespace::bound(env, "SESSIONS")?;
    let jobs = Jobs::default();
    let isolate = || {
        let codes = DurableSessions::bound(env, "SESSION_OBJECTS");
        let (kv, jobs) = (kv.clone(), jobs.clone());
        KvSessions::new(kv, SystemRandom, Timer, jobs, Rc::default(), codes)
    };
    let world = Workerd::<_, false>::new(isolate(), isolate(), jobs.clone(), first);
    Some(run_all(&world).await)
}

/// Runs the suite on the Durable Object. Returns `None` if the object is not bound.
pub(crate) async fn on_the_durable_object(env: &Env, first: u64) -> Option<Vec<Outcome>> {
    let store = || DurableSessions::bound(env, "SESSION_OBJECTS");
    let world = Workerd::<_, true>::new(store()?, store()?, Jobs::default(), first);
    Some(run_all(&world).await)
}

/// A store in workerd. The suite's clock changes only the time that callers pass to the store. It
/// can't change the time of the platform itself.
struct Workerd<S, const LINEARIZABLE: bool> {
    here: S,
    elsewhere: S,
    jobs: Jobs,
    now: Cell<u64>,
    numbers: Numbers,
}

impl<S, const LINEARIZABLE: bool> Workerd<S, LINEARIZABLE> {
    fn new(here: S, elsewhere: S, jobs: Jobs, first: u64) -> Self {
        Self {
            here,
            elsewhere,
            jobs,
            now: Cell::new(RequestClock::read().now_ms() / 1000),
            numbers: Numbers::from(first),
        }
    }
}

impl<S: SessionStore, const L: bool> World for Workerd<S, L> {
    type Store = S;
    const LINEARIZABLE: bool = L;

    fn here(&self) -> &S {
        &self.here
    }
    fn elsewhere(&self) -> &S {
        &self.elsewhere
    }
    fn now(&self) -> u64 {
        self.now.get()
    }
    fn pass(&self, seconds: u64) {
        self.now.set(self.now.get() + seconds);
    }
    fn after_response(&self) -> Pin<Box<dyn Future<Output = Result<(), String>> + '_>> {
        Box::pin(self.jobs.run())
    }
    fn numbers(&self) -> &Numbers {
        &self.numbers
    }
}

type Job = Pin<Box<dyn Future<Output = Result<(), StoreError>>>>;

/// Work that waits until a response was sent. Here it runs when a test case asks for it.
#[derive(Clone, Default)]
struct Jobs(Rc<RefCell<Vec<Job>>>);

impl fmt::Debug for Jobs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Jobs")
    }
}

impl Jobs {
    async fn run(&self) -> Result<(), String> {
        let jobs = self.0.take();
        for job in jobs {
            job.await.map_err(|error| error.to_string())?;
        }
        Ok(())
    }
}

impl Background for Jobs {
    fn after_response<F>(&self, job: F)
    where
        F: Future<Output = Result<(), StoreError>> + 'static,
    {
        self.0.borrow_mut().push(Box::pin(job));
    }
}
