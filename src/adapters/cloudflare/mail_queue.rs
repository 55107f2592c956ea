//! Queues mails: in Cloudflare Queues or, if no queue is bound, in a list until the response has
//! been sent.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::{Object, Promise};
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};
use worker::Env;

use super::binding::{bound, set, settled};
use crate::domain::error::StoreError;
use crate::domain::mail::Job;
use crate::ports::MailQueue;

#[wasm_bindgen]
extern "C" {
    /// The platform's `Queue`.
    #[derive(Debug)]
    type Binding;
    #[wasm_bindgen(method, catch)]
    fn send(this: &Binding, body: &str, options: &Object) -> Result<Promise, JsValue>;
}

/// `MAIL_QUEUE` and `NOTICE_QUEUE`. Notices go to `NOTICE_QUEUE` if it is bound. All other mails go
/// to `MAIL_QUEUE`, and so do notices if `NOTICE_QUEUE` is not bound. Without any queue the jobs
/// wait in a list, and the Worker does them after the response.
#[derive(Clone, Debug)]
pub struct CloudflareMailQueue {
    mails: Option<Rc<Binding>>,
    notices: Option<Rc<Binding>>,
    after_response: RefCell<Vec<Job>>,
    queued: RefCell<Vec<Job>>,
}

impl CloudflareMailQueue {
    /// Looks up both bindings.
    #[must_use]
    pub fn find(env: &Env) -> Self {
        Self {
            mails: bound(env, "MAIL_QUEUE").map(Rc::new),
            notices: bound(env, "NOTICE_QUEUE").map(Rc::new),
            after_response: RefCell::default(),
            queued: RefCell::default(),
        }
    }

    /// The same queues for another request, with empty lists of jobs.
    #[must_use]
    pub fn for_request(&self) -> Self {
        Self {
            after_response: RefCell::default(),
            queued: RefCell::default(),
            ..self.clone()
        }
    }

    fn queue_of(&self, job: &Job) -> Option<&Binding> {
        let notices = self.notices.as_ref().filter(|_| job.task.is_notice());
        notices.or(self.mails.as_ref()).map(AsRef::as_ref)
    }

    /// Whether the binding `MAIL_QUEUE` exists.
    #[must_use]
    pub fn is_bound(&self) -> bool {
        self.mails.is_some()
    }

    /// The jobs to be done after the response. With a queue there are none.
    #[must_use]
    pub fn take_after_response(&self) -> Vec<Job> {
        self.after_response.take()
    }

    /// The jobs that this request queued, and those that it tried to queue. A queue that answers
    /// with an error might have accepted the job all the same.
    #[must_use]
    pub fn queued(&self) -> Vec<Job> {
        self.queued.borrow().clone()
    }
}

impl MailQueue for CloudflareMailQueue {
    async fn put(&self, job: &Job, delay: u64) -> Result<(), StoreError> {
        self.queued.borrow_mut().push(job.clone());
        let Some(binding) = self.queue_of(job) else {
            self.after_response.borrow_mut().push(job.clone());
            return Ok(());
        };
        let options = Object::new();
        set(&options, "contentType", &"text".into());
        if delay > 0 {
            #[allow(clippy::cast_precision_loss, reason = "seconds, far below 2^53")]
            set(&options, "delaySeconds", &JsValue::from_f64(delay as f64));
        }
        settled("queue", binding.send(&job.encode(), &options))
            .await
            .map(drop)
    }
}
