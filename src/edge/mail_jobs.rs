//! The other entry points of the Worker: the queue of mails, its dead letters, and the cron.
#![allow(unreachable_pub, reason = "exported to JavaScript")]

use js_sys::futures::future_to_promise;
use js_sys::{Array, Object, Promise, Reflect};
use wasm_bindgen::{JsCast, JsValue, prelude::wasm_bindgen};
use worker::Env;
use worker::worker_sys::Context;

use super::wiring::console::{log, log_failure};
use super::wiring::{self, Bindings, WaitUntil};
use crate::domain::log_line::LogLine;
use crate::domain::mail::Job;
use crate::domain::policy::MAIL_BROKEN_PAUSE;
use crate::domain::settings::SettingError;
use crate::service::AuthService;
use crate::service::deliver_mail::Delivery;

/// The name of the queue of dead letters in wrangler.toml ends with this.
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

/// Handles the messages of a queue. Each is acknowledged or retried by itself, so one that fails
/// does not bring back the others.
#[wasm_bindgen]
pub fn queue(batch: Batch, env: Env, context: Context) -> Promise {
    future_to_promise(async move {
        handle_batch(&batch, &env, WaitUntil::new(context)).await;
        Ok(JsValue::UNDEFINED)
    })
}

/// Sends kept mails whose time has come, and clears up after deleted accounts.
#[wasm_bindgen]
pub fn scheduled(env: Env, context: Context) -> Promise {
    future_to_promise(async move {
        match wiring::service(&env, WaitUntil::new(context), "") {
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

async fn handle_batch(batch: &Batch, env: &Env, background: WaitUntil) {
    let dead = batch.queue().ends_with(DEAD_LETTERS);
    for message in batch.messages() {
        let message: Message = message.unchecked_into();
        // A service for each message, because a service reads the clock only once.
        let service = wiring::service(env, background.clone(), "");
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

/// Delivers mails of a request. Its response does not wait for them.
pub(super) fn deliver_after_response(service: AuthService<Bindings>, jobs: Vec<Job>) {
    let background = service.ports().background().clone();
    background.run(async move {
        // Reads the clock again.
        let service = wiring::service_after(&service);
        for job in jobs {
            let (id, mail) = (job.id.clone(), job.task.name());
            let delivery = service.deliver_without_queue(job).await;
            let delivery = delivery.unwrap_or_else(|error| Delivery::Dead {
                reason: error.to_string(),
            });
            log_delivery(&id, mail, &delivery);
        }
    });
}

async fn deliver(service: &AuthService<Bindings>, message: &Message) -> Option<u64> {
    let (id, text) = (message.id(), message.body().as_string().unwrap_or_default());
    let handed_out = service.deliver_from_queue(&text, &id).await;
    match Job::decode(&text) {
        Some(job) => log_delivery(&job.id, job.task.name(), &handed_out.delivery),
        None => log_delivery(&id, "unknown", &handed_out.delivery),
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
                log_delivery(id, "kept", delivery);
            }
            // The operator has to act: docs/operations.md says how.
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

fn log_delivery(id: &str, mail: &str, delivery: &Delivery) {
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
    // Setting a member of a plain object can't fail.
    let _ = Reflect::set(
        &options,
        &"delaySeconds".into(),
        &JsValue::from_f64(seconds as f64),
    );
    options
}
