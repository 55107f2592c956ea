//! The entry points of the Worker that don't answer requests. The platform calls them to deliver
//! the messages of the mail queue and of its dead-letter queue, and to run the cron jobs.
#![allow(unreachable_pub, reason = "exported to JavaScript")]

use js_sys::futures::future_to_promise;
use js_sys::{Array, Object, Promise, Reflect};
use wasm_bindgen::{JsCast, JsValue, prelude::wasm_bindgen};
use worker::Env;
use worker::worker_sys::Context;

use super::wiring::console::log_trouble;
use super::wiring::{self, Bindings, WaitUntil};
use crate::domain::log_line::Trouble;
use crate::domain::mail::Job;
use crate::domain::policy::MAIL_BROKEN_PAUSE;
use crate::domain::settings::SettingError;
use crate::service::AuthService;

/// The name of the dead-letter queue in wrangler.toml ends with this text.
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

/// Handles the messages of a queue. Each message is acknowledged or retried separately, so if one
/// message fails, the queue delivers only that message again.
#[wasm_bindgen]
pub fn queue(batch: Batch, env: Env, context: Context) -> Promise {
    future_to_promise(async move {
        handle_batch(&batch, &env, WaitUntil::new(context)).await;
        Ok(JsValue::UNDEFINED)
    })
}

/// The schedule of the cron job that runs each minute, as it is written in wrangler.toml.
const EACH_MINUTE: &str = "* * * * *";

/// Runs the cron jobs. A deployment needs two schedules: `EACH_MINUTE` and a second schedule that
/// runs less often.
///
/// With every schedule, this function looks for rows that somebody changed by hand in the database,
/// and tells the Durable Objects to discard their copies of these rows.
///
/// With a schedule other than `EACH_MINUTE`, it also does the rest of the work: it retries mails
/// that failed earlier and are due now, finishes the deletion of accounts, and deletes expired
/// operator tickets and old withdrawn grants (users' permissions for apps). So a deployment with
/// only the second schedule does all the work, but looks for changed rows less often.
#[wasm_bindgen]
pub fn scheduled(cron: String, env: Env, context: Context) -> Promise {
    future_to_promise(async move {
        match wiring::service(&env, WaitUntil::new(context), "") {
            Ok(service) => {
                follow_row_changes(&service).await;
                if cron != EACH_MINUTE {
                    retry_kept(&service).await;
                    clear_departures(&service).await;
                    forget_freed_addresses(&service).await;
                    forget_operator_tickets(&service).await;
                    forget_withdrawn_grants(&service).await;
                }
            }
            Err(error) => log_misconfigured(&error),
        }
        Ok(JsValue::UNDEFINED)
    })
}

async fn handle_batch(batch: &Batch, env: &Env, background: WaitUntil) {
    let messages: Vec<Message> = batch
        .messages()
        .iter()
        .map(JsCast::unchecked_into)
        .collect();
    let service = match wiring::service_of_batch(env, background) {
        Ok(service) => service,
        Err(error) => {
            // This writes one log line for the whole batch instead of one for each mail.
            log_misconfigured(&error);
            for message in messages {
                settle(&message, Some(MAIL_BROKEN_PAUSE));
            }
            return;
        }
    };
    if batch.queue().ends_with(DEAD_LETTERS) {
        for message in messages {
            settle(
                &message,
                keep(&wiring::service_after(&service), &message).await,
            );
        }
        return;
    }
    let texts = messages
        .iter()
        .map(|message| (text_of(message), message.id()));
    let prepared = service.prepare_from_queue(texts.collect()).await;
    for (message, prepared) in messages.iter().zip(prepared) {
        // Each message gets its own service, because a service reads the clock only once, when it
        // is made.
        let service = wiring::service_after(&service);
        settle(message, service.deliver_prepared(prepared).await.again);
    }
}

/// Acknowledges a message if `again` is `None`. If `again` is a number, tells the queue to deliver
/// the message again after this number of seconds.
fn settle(message: &Message, again: Option<u64>) {
    match again {
        None => message.ack(),
        Some(seconds) => message.retry(&retry_options(seconds)),
    }
}

fn text_of(message: &Message) -> String {
    message.body().as_string().unwrap_or_default()
}

/// Delivers the mails of a request after the response.
pub(super) fn deliver_after_response(service: AuthService<Bindings>, jobs: Vec<Job>) {
    let background = service.ports().background().clone();
    background.run(async move {
        // The mails need a new service, because a service reads the clock only once, when it is
        // made.
        let service = wiring::service_after(&service);
        for job in jobs {
            // If the delivery failed, `deliver_without_queue` has already logged the failure.
            let _ = service.deliver_without_queue(job).await;
        }
    });
}

async fn keep(service: &AuthService<Bindings>, message: &Message) -> Option<u64> {
    let kept = service
        .keep_dead_letter(&text_of(message), &message.id())
        .await;
    kept.is_err().then_some(MAIL_BROKEN_PAUSE)
}

async fn follow_row_changes(service: &AuthService<Bindings>) {
    if let Err(error) = service.follow_row_changes().await {
        log_trouble(Trouble::RowChanges, &error.to_string());
    }
}

async fn forget_freed_addresses(service: &AuthService<Bindings>) {
    if let Err(error) = service.forget_freed_addresses().await {
        log_trouble(Trouble::FreedAddresses, &error.to_string());
    }
}

async fn forget_operator_tickets(service: &AuthService<Bindings>) {
    if let Err(error) = service.forget_operator_tickets().await {
        log_trouble(Trouble::OperatorTickets, &error.to_string());
    }
}

async fn forget_withdrawn_grants(service: &AuthService<Bindings>) {
    if let Err(error) = service.forget_withdrawn_grants().await {
        log_trouble(Trouble::WithdrawnGrants, &error.to_string());
    }
}

async fn retry_kept(service: &AuthService<Bindings>) {
    let through_queue = service.ports().has_mail_queue();
    match service.retry_kept_mail(through_queue).await {
        Ok((_, 0)) => {}
        Ok((_, dead)) => log_trouble(Trouble::DeadLetters(dead), ""),
        Err(error) => log_trouble(Trouble::KeptMails, &error.to_string()),
    }
}

async fn clear_departures(service: &AuthService<Bindings>) {
    if let Err(error) = service.clear_departures().await {
        log_trouble(Trouble::Departures, &error.to_string());
    }
}

fn log_misconfigured(error: &SettingError) {
    log_trouble(Trouble::Misconfigured, &error.to_string());
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
