//! The Worker's other entries: the queue of mails, its dead letters, and the cron that takes kept mails up again.
#![allow(unreachable_pub, reason = "exported to JavaScript")]

use std::rc::Rc;

use js_sys::{Array, Object, Promise, Reflect};
use wasm_bindgen::{JsCast, JsValue, prelude::wasm_bindgen};
use worker::Env;
use worker::worker_sys::Context;

use super::wiring::{
    Background, Bindings, Isolate, background, isolate, log, log_failure, promise, service,
};
use crate::domain::log_line::LogLine;
use crate::domain::mail::Job;
use crate::domain::policy::MAIL_BROKEN_PAUSE;
use crate::domain::settings::SettingError;
use crate::service::AuthService;
use crate::service::deliver_mail::Delivery;

/// The name of the dead letters' queue in wrangler.toml ends so.
const DEAD_LETTERS: &str = "-dead";

#[wasm_bindgen]
extern "C" {
    /// `MessageBatch`.
    pub type Batch;
    #[wasm_bindgen(method, getter)]
    fn queue(this: &Batch) -> String;
    #[wasm_bindgen(method, getter)]
    fn messages(this: &Batch) -> Array;

    /// `Message`.
    type Message;
    #[wasm_bindgen(method, getter)]
    fn id(this: &Message) -> String;
    #[wasm_bindgen(method, getter)]
    fn body(this: &Message) -> JsValue;
    #[wasm_bindgen(method)]
    fn ack(this: &Message);
    #[wasm_bindgen(method)]
    fn retry(this: &Message, options: &Object);
}

/// Works off a batch of a queue. Every message is answered for by itself: one that fails does not bring back the others.
#[wasm_bindgen]
pub fn queue(batch: Batch, env: Env, context: Context) -> Promise {
    promise(async move {
        work_off(&batch, &env, background(context)).await;
        Ok(JsValue::UNDEFINED)
    })
}

/// Takes up kept mails whose time has come, and clears up after deleted accounts.
#[wasm_bindgen]
pub fn scheduled(env: Env, context: Context) -> Promise {
    promise(async move {
        let context = background(context);
        match isolate(&env).and_then(|isolate| service(&env, context, &isolate, "")) {
            Ok(service) => {
                retry_kept(&service).await;
                clear_departures(&service).await;
                forget_freed_addresses(&service).await;
            }
            Err(error) => log_misconfigured(&error),
        }
        Ok(JsValue::UNDEFINED)
    })
}

async fn work_off(batch: &Batch, env: &Env, context: Background) {
    let dead = batch.queue().ends_with(DEAD_LETTERS);
    for message in batch.messages() {
        let message: Message = message.unchecked_into();
        // A service for each, since a Worker's clock is read once.
        let service = isolate(env).and_then(|isolate| service(env, context.clone(), &isolate, ""));
        let again = match &service {
            Ok(service) if dead => keep(service, &message).await,
            Ok(service) => deliver(service, &message).await,
            Err(error) => {
                log_misconfigured(error);
                Some(MAIL_BROKEN_PAUSE)
            }
        };
        match again {
            None => message.ack(),
            Some(seconds) => message.retry(&retry_options(seconds)),
        }
    }
}

/// Delivers what a request has left to be done after its response, where there is no queue.
pub(super) async fn deliver_after_response(
    env: Env,
    isolate: Rc<Isolate>,
    context: Background,
    jobs: Vec<Job>,
) {
    let service = match service(&env, context, &isolate, "") {
        Ok(service) => service,
        Err(error) => return log_misconfigured(&error),
    };
    for job in jobs {
        let (id, mail) = (job.id.clone(), job.task.name());
        match service.deliver_without_queue(job).await {
            Ok(delivery) => tell(&id, mail, &delivery),
            Err(error) => tell(
                &id,
                mail,
                &Delivery::Dead {
                    reason: error.to_string(),
                },
            ),
        }
    }
}

async fn deliver(service: &AuthService<Bindings>, message: &Message) -> Option<u64> {
    let (id, text) = (message.id(), message.body().as_string().unwrap_or_default());
    let handed_out = service.deliver_from_queue(&text, &id).await;
    match Job::decode(&text) {
        Some(job) => tell(&job.id, job.task.name(), &handed_out.delivery),
        None => tell(&id, "unknown", &handed_out.delivery),
    }
    handed_out.again
}

async fn keep(service: &AuthService<Bindings>, message: &Message) -> Option<u64> {
    let text = message.body().as_string().unwrap_or_default();
    let kept = service.keep_dead_letter(&text, &message.id()).await;
    kept.is_err().then_some(MAIL_BROKEN_PAUSE)
}

async fn forget_freed_addresses(service: &AuthService<Bindings>) {
    if let Err(error) = service.forget_freed_addresses().await {
        log_failure("cron", &error.to_string());
    }
}

async fn retry_kept(service: &AuthService<Bindings>) {
    let through_queue = service.ports().has_mail_queue();
    match service.retry_kept_mail(through_queue).await {
        Ok((deliveries, dead)) => {
            for (id, delivery) in &deliveries {
                tell(id, "kept", delivery);
            }
            // The operator's call: docs/operations.md says what to do.
            if dead > 0 {
                let mut line = LogLine::new("error", "dead_letters");
                line.number("count", dead);
                log("error", &line.end());
            }
        }
        Err(error) => log_failure("cron", &error.to_string()),
    }
}

async fn clear_departures(service: &AuthService<Bindings>) {
    if let Err(error) = service.clear_departures().await {
        log_failure("departures", &error.to_string());
    }
}

fn tell(id: &str, mail: &str, delivery: &Delivery) {
    let level = match delivery {
        Delivery::Dead { .. } => "error",
        Delivery::Later { .. }
        | Delivery::Waits { .. }
        | Delivery::GivenUp
        | Delivery::Undeliverable(_) => "warn",
        _ => "info",
    };
    let mut line = LogLine::new(level, "mail");
    line.text("job", id);
    line.text("mail", mail);
    line.text("outcome", delivery.name());
    line.text("reason", delivery.reason().unwrap_or_default());
    log(level, &line.end());
}

fn log_misconfigured(error: &SettingError) {
    log_failure("misconfigured", &error.to_string());
}

#[allow(clippy::cast_precision_loss, reason = "seconds, far below 2^53")]
fn retry_options(seconds: u64) -> Object {
    let options = Object::new();
    // Setting a member of a plain object does not fail.
    let _ = Reflect::set(
        &options,
        &"delaySeconds".into(),
        &JsValue::from_f64(seconds as f64),
    );
    options
}
