//! The suite in workerd: `GET /conformance/kv` and `GET /conformance/durable` run it and answer a list of outcomes.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

use edgegate::adapters::cloudflare::clock::{RequestClock, Timer};
use edgegate::adapters::cloudflare::durable_sessions::DurableSessions;
use edgegate::adapters::cloudflare::kv_namespace::KvNamespace;
use edgegate::adapters::cloudflare::kv_sessions::KvSessions;
use edgegate::adapters::system_random::SystemRandom;
use edgegate::domain::error::StoreError;
use edgegate::edge::answer::Answer;
use edgegate::ports::{Background, Clock, Random, SessionStore};
use serde_json::json;
use worker::Env;

use super::world::Numbers;
use super::{World, run_all};

/// Answers the suite's two paths.
pub(crate) async fn answer(path: &str, env: &Env) -> Option<Answer> {
    let outcomes = match path {
        "/conformance/kv" => {
            let kv = KvNamespace::bound(env, "SESSIONS")?;
            let jobs = Jobs::default();
            let isolate =
                || KvSessions::new(kv.clone(), SystemRandom, Timer, jobs.clone(), Rc::default());
            let world = Workerd::<_, false>::new(isolate(), isolate(), jobs.clone());
            run_all(&world).await
        }
        "/conformance/durable" => {
            let store = || {
                Some(DurableSessions::new(
                    env.durable_object("SESSION_OBJECTS").ok()?,
                ))
            };
            let world = Workerd::<_, true>::new(store()?, store()?, Jobs::default());
            run_all(&world).await
        }
        _ => return None,
    };
    let outcomes: Vec<_> = outcomes
        .into_iter()
        .map(|outcome| {
            let (state, why) = match outcome.result {
                None => ("left out", None),
                Some(Ok(())) => ("passed", None),
                Some(Err(why)) => ("failed", Some(why)),
            };
            json!({ "name": outcome.name, "state": state, "why": why })
        })
        .collect();
    Some(Answer::json(200, &outcomes))
}

/// A store on the platform, and a time that only the callers share: the suite hands it in.
struct Workerd<S, const LINEARIZABLE: bool> {
    here: S,
    elsewhere: S,
    jobs: Jobs,
    now: Cell<u64>,
    numbers: Numbers,
}

impl<S, const LINEARIZABLE: bool> Workerd<S, LINEARIZABLE> {
    fn new(here: S, elsewhere: S, jobs: Jobs) -> Self {
        let mut first = [0; 8];
        SystemRandom.fill(&mut first);
        Self {
            here,
            elsewhere,
            jobs,
            now: Cell::new(RequestClock::read().now_ms() / 1000),
            numbers: Numbers::from(u64::from_be_bytes(first)),
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
    fn fresh(&self) -> u64 {
        self.numbers.next()
    }
}

type Job = Pin<Box<dyn Future<Output = Result<(), StoreError>>>>;

/// Work after the response, done when a case says so.
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
