//! Where mails wait: Cloudflare Queues, or without a binding the time after the response.

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
    /// `Queue`.
    #[derive(Debug)]
    type Binding;
    #[wasm_bindgen(method, catch)]
    fn send(this: &Binding, body: &str, options: &Object) -> Result<Promise, JsValue>;
}

/// The bindings `MAIL_QUEUE` and `NOTICE_QUEUE`, as far as they are there. A clone is the same.
#[derive(Clone, Debug)]
pub struct MailQueueBindings {
    mails: Option<Rc<Binding>>,
    notices: Option<Rc<Binding>>,
}

impl MailQueueBindings {
    /// Looks for them.
    #[must_use]
    pub fn find(env: &Env) -> Self {
        Self {
            mails: bound(env, "MAIL_QUEUE").map(Rc::new),
            notices: bound(env, "NOTICE_QUEUE").map(Rc::new),
        }
    }

    fn of(&self, job: &Job) -> Option<&Binding> {
        let notices = self.notices.as_ref().filter(|_| job.task.is_notice());
        notices.or(self.mails.as_ref()).map(AsRef::as_ref)
    }
}

/// `NOTICE_QUEUE` for notices, `MAIL_QUEUE` for all other mails, and for notices too when
/// `NOTICE_QUEUE` is not bound. Without a queue the jobs are kept in a list, and the Worker does them
/// after the response.
#[derive(Debug)]
pub struct CloudflareMailQueue {
    bindings: MailQueueBindings,
    after_response: RefCell<Vec<Job>>,
}

impl CloudflareMailQueue {
    /// For one request.
    #[must_use]
    pub fn new(bindings: MailQueueBindings) -> Self {
        Self {
            bindings,
            after_response: RefCell::default(),
        }
    }

    /// Whether `MAIL_QUEUE` is bound.
    #[must_use]
    pub fn is_bound(&self) -> bool {
        self.bindings.mails.is_some()
    }

    /// The jobs to be done after the response; none with a queue.
    #[must_use]
    pub fn take_after_response(&self) -> Vec<Job> {
        self.after_response.take()
    }
}

impl MailQueue for CloudflareMailQueue {
    async fn put(&self, job: &Job, delay: u64) -> Result<(), StoreError> {
        let Some(binding) = self.bindings.of(job) else {
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
