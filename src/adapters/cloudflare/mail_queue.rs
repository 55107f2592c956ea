//! Where mails wait: Cloudflare Queues, or without a binding the time after the response.

use std::cell::RefCell;
use std::rc::Rc;

use js_sys::{Object, Promise};
use worker::Env;
use worker::wasm_bindgen::{self, JsValue, prelude::wasm_bindgen};

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

/// The binding `MAIL_QUEUE`, if there is one. A clone is the same one.
#[derive(Clone, Debug)]
pub struct MailQueueBinding(Option<Rc<Binding>>);

impl MailQueueBinding {
    /// Looks for it.
    #[must_use]
    pub fn find(env: &Env) -> Self {
        Self(bound(env, "MAIL_QUEUE").map(Rc::new))
    }
}

/// The queue `MAIL_QUEUE`, or a list that whoever holds the request works off after its response.
#[derive(Debug)]
pub struct CloudflareMailQueue {
    binding: MailQueueBinding,
    after_response: RefCell<Vec<Job>>,
}

impl CloudflareMailQueue {
    /// For one request.
    #[must_use]
    pub fn new(binding: MailQueueBinding) -> Self {
        Self {
            binding,
            after_response: RefCell::default(),
        }
    }

    /// Whether there is a queue.
    #[must_use]
    pub fn is_bound(&self) -> bool {
        self.binding.0.is_some()
    }

    /// The jobs to be done after the response; none with a queue.
    #[must_use]
    pub fn take_after_response(&self) -> Vec<Job> {
        self.after_response.take()
    }
}

impl MailQueue for CloudflareMailQueue {
    async fn put(&self, job: &Job) -> Result<(), StoreError> {
        let Some(binding) = &self.binding.0 else {
            self.after_response.borrow_mut().push(job.clone());
            return Ok(());
        };
        let options = Object::new();
        set(&options, "contentType", &"text".into());
        settled("queue", binding.send(&job.to_text(), &options))
            .await
            .map(drop)
    }
}
