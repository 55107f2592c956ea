//! The functions that `entry.mjs` and `rpc.mjs` call to answer HTTP requests and RPC calls.
#![allow(unreachable_pub, reason = "exported to JavaScript")]

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;

use futures_util::FutureExt;
use js_sys::futures::future_to_promise;
use js_sys::{Array, Date, Promise};
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};
use worker::Env;
use worker::worker_sys::Context;
use worker::worker_sys::web_sys::{self, Response};

use super::answer::{Answer, Note};
use super::cors::{Preflight, Readers};
use super::problem::Problem;
use super::request::Request;
use super::wiring::{self, Bindings, WaitUntil, console};
use super::{cors, incoming, mail_jobs, router, rpc};
use crate::adapters::system_random::SystemRandom;
use crate::domain::error::Error;
use crate::domain::log_line::{Level, LogLine};
use crate::domain::settings::{SettingError, is_loopback_host};
use crate::ports::{Ports, Random};
use crate::service::AuthService;

#[wasm_bindgen(module = "/src/edge/exchange.js")]
extern "C" {
    fn read(request: &web_sys::Request, buffer: &mut [u8]) -> u32;
    #[wasm_bindgen(catch)]
    fn respond(
        status: u16,
        body: Option<&str>,
        request_id: &str,
        more: &str,
    ) -> Result<Response, JsValue>;
}

/// Answers a request. If the answer does not have to wait for anything, the function returns the
/// response itself. If it has to wait, the function returns a promise of the response.
///
/// # Errors
/// When the platform can't make a `Response` from the answer.
#[wasm_bindgen]
pub fn fetch(incoming: web_sys::Request, env: Env, context: Context) -> Result<JsValue, JsValue> {
    at_once_or_promised(async move {
        let begun = Date::now();
        let text = text_of(&incoming);
        let mut request = request_of(&text, &env);
        let answer = match preflight(&incoming, &request) {
            Some(preflight) => answer_preflight(&preflight, &request, &env),
            None => answer(&incoming, &mut request, &env, context)
                .await
                .unwrap_or_else(|problem| router::refuse(request.path, problem)),
        };
        Ok(send(answer, &request, begun)?.into())
    })
}

/// Answers a request whose handling was lost, because it was waiting when a panic ended the
/// instance of the wasm. The error code is `internal`, and the answer does not name the cause.
///
/// # Errors
/// When the platform can't make a `Response` from the answer.
#[wasm_bindgen]
pub fn answer_for_lost(incoming: &web_sys::Request, env: &Env) -> Result<Response, JsValue> {
    let begun = Date::now();
    let text = text_of(incoming);
    let request = request_of(&text, env);
    let lost = Error::Internal("a panic ended what was under way");
    send(router::refuse(request.path, lost.into()), &request, begun)
}

/// Answers an RPC call of another Worker. The promise resolves to the list `[status, body, request
/// id, Retry-After]`.
#[wasm_bindgen]
pub fn rpc(method: String, arguments: String, env: Env, context: Context) -> Promise {
    future_to_promise(async move {
        let begun = Date::now();
        let id = random_id();
        let request = Request {
            id: &id,
            method: &method,
            ..Request::default()
        };
        let answer = answer_call(&request, &arguments, &env, context)
            .await
            .unwrap_or_else(Problem::into_answer);
        log("rpc", &request, &answer, begun);
        let retry_after = answer.header("Retry-After").map(JsValue::from_str);
        Ok(Array::of4(
            &answer.status.into(),
            &answer.body.map(String::from).into(),
            &id.into(),
            &retry_after.into(),
        )
        .into())
    })
}

async fn answer(
    incoming: &web_sys::Request,
    request: &mut Request<'_>,
    env: &Env,
    context: Context,
) -> Result<Answer, Problem> {
    let service = service(request, env, context)?;
    let settings = service.settings();
    if settings.issuer_is_loopback() && !is_loopback_host(request.host) {
        return Err(issuer_is_loopback(
            "is a loopback address, but the request came to another host",
        ));
    }
    // These futures are boxed, as in `router::handle`, so that the JavaScript engine compiles their
    // code only when it is first needed.
    //
    // `dev` is only set if the issuer is a loopback address, and for such an issuer the code above
    // has already checked the request's host.
    if settings.dev {
        if request.path == router::DEV_OUTBOX && request.method == "GET" {
            return dev_outbox(incoming, service.ports()).boxed_local().await;
        }
        wiring::add_demo_accounts(&service).boxed_local().await?;
    }
    if request.has_body && !router::takes_any_method(request.path) {
        let body = incoming::body(
            incoming,
            request.content_length,
            router::body_limit(request.path),
        );
        request.body = body.boxed_local().await?;
    }
    // Sessions record the country and the city of the client. The two are read only for POST
    // requests, because reading them takes time and only POST requests begin or renew sessions.
    if request.method == "POST" {
        let client = std::mem::take(&mut request.client);
        request.client = client.at(incoming::place(incoming));
    }
    let mut answer = router::route(&service, request).await;
    let operator = service.operator_of_request();
    answer.note.by = operator.map(|operator| operator.to_string());
    note_mails(&mut answer.note, &service);
    deliver_mails(service);
    Ok(answer)
}

async fn answer_call(
    request: &Request<'_>,
    arguments: &str,
    env: &Env,
    context: Context,
) -> Result<Answer, Problem> {
    let service = service(request, env, context)?;
    let settings = service.settings();
    // An HTTP request to a loopback host comes from local development. An RPC call has no host, so
    // here the setting `DEV` decides.
    if settings.issuer_is_loopback() && !settings.dev {
        return Err(issuer_is_loopback(
            "is a loopback address, but DEV is not \"1\"",
        ));
    }
    if settings.dev {
        wiring::add_demo_accounts(&service).await?;
    }
    let mut outcome = rpc::call(&service, request.method, arguments).await;
    if let Ok(answer) = &mut outcome {
        note_mails(&mut answer.note, &service);
    }
    deliver_mails(service);
    outcome
}

/// Writes into the note which mails the request queued, and pseudonyms of their recipients.
fn note_mails(note: &mut Note, service: &AuthService<Bindings>) {
    let jobs = service.ports().mail_queue().queued();
    let addresses = jobs.iter().filter_map(|job| job.task.address());
    let addresses = addresses.map(|email| service.pseudonym(email).as_str().to_owned());
    note.address = joined(addresses);
    note.job = joined(jobs.iter().map(|job| job.id.clone()));
}

/// The texts, joined with spaces. `None` if the iterator is empty.
fn joined(texts: impl Iterator<Item = String>) -> Option<String> {
    let texts: Vec<String> = texts.collect();
    (!texts.is_empty()).then(|| texts.join(" "))
}

fn service(
    request: &Request<'_>,
    env: &Env,
    context: Context,
) -> Result<AuthService<Bindings>, Problem> {
    wiring::service(env, WaitUntil::new(context), request.id)
        .map_err(|error| Problem::misconfigured(&error))
}

/// Delivers the mails of the request after the response, if the Worker has no mail queue.
fn deliver_mails(service: AuthService<Bindings>) {
    let jobs = service.ports().mail_queue().take_after_response();
    if !jobs.is_empty() {
        mail_jobs::deliver_after_response(service, jobs);
    }
}

/// Answers with the mails of local development as JSON. A request that accepts HTML is redirected
/// to the page that shows these mails.
async fn dev_outbox(incoming: &web_sys::Request, bindings: &Bindings) -> Result<Answer, Problem> {
    let accept = incoming.headers().get("Accept").ok().flatten();
    if accept.is_some_and(|accept| accept.contains("text/html")) {
        return Ok(Answer::empty(302).with("Location", "/outbox"));
    }
    let json = bindings.outbox().to_json().await.map_err(Error::Store)?;
    Ok(Answer::json_text(200, json))
}

fn request_of<'a>(text: &'a str, env: &Env) -> Request<'a> {
    let mut request = Request::parse(text);
    request.from_allowed_origin = request.origin.is_some_and(|_| is_allowed(&request, env));
    request
}

fn is_allowed(request: &Request<'_>, env: &Env) -> bool {
    match wiring::shared(env) {
        Ok(shared) => cors::is_allowed(shared.settings(), request),
        // The settings can't be read, and the answer will be an error that says that the
        // configuration is wrong. Pages of allowed origins may read this error too.
        Err(_) => {
            let allowed = wiring::allowed_origins(env);
            allowed
                .iter()
                .any(|allowed| Some(allowed.as_str()) == request.origin)
        }
    }
}

/// The headers of a CORS preflight. `None` if the request is not a preflight, or if no page of
/// another origin may read the answers for this path.
fn preflight(incoming: &web_sys::Request, request: &Request<'_>) -> Option<Preflight> {
    if request.method != "OPTIONS"
        || request.origin.is_none()
        || router::readers(request.path) == Readers::Nobody
    {
        return None;
    }
    let headers = incoming.headers();
    let header = |name| headers.get(name).ok().flatten();
    let method = header("Access-Control-Request-Method")?;
    Some(Preflight {
        method,
        headers: header("Access-Control-Request-Headers"),
    })
}

fn answer_preflight(preflight: &Preflight, request: &Request<'_>, env: &Env) -> Answer {
    match router::readers(request.path) {
        Readers::AllowedOrigins if !request.from_allowed_origin => {
            cors::refuse_preflight(request, wiring::shared(env).err().as_ref())
        }
        readers => preflight.allow(readers),
    }
}

/// The error that `ISSUER` is a loopback address although this is not local development.
fn issuer_is_loopback(problem: &str) -> Problem {
    Problem::misconfigured(&SettingError {
        setting: "ISSUER",
        problem: problem.to_owned(),
        remedy: "Set it to the origin of this Worker, such as \"https://auth.example.com\": only \
                 local development uses a loopback address.",
    })
}

/// The size that the buffer has at first. It is enough for a request with a long access token.
const BUFFER_BYTES: usize = 8_192;

thread_local! {
    // JavaScript writes the request into this buffer. If JavaScript returned a string instead,
    // wasm-bindgen would have to copy and encode the string, which takes three times as long.
    static BUFFER: RefCell<Vec<u8>> = RefCell::new(vec![0; BUFFER_BYTES]);
}

/// The request line and headers, as `exchange.js` writes them.
fn text_of(request: &web_sys::Request) -> String {
    BUFFER.with_borrow_mut(|buffer| {
        loop {
            let length = read(request, buffer) as usize;
            match buffer.get(..length) {
                // `TextEncoder` always writes UTF-8, so `from_utf8` never fails.
                Some(text) => return std::str::from_utf8(text).unwrap_or_default().to_owned(),
                // `length` is the size that the buffer needs. It can't grow without limit, because
                // the platform limits the size of a request.
                None => buffer.resize(length, 0),
            }
        }
    })
}

/// Runs the job. If the job ends without waiting, the function returns the outcome itself. If the
/// job has to wait, the function returns a promise of the outcome. The distinction saves time,
/// because a promise has to pass through the microtask queue, which takes more time than checking a
/// token.
fn at_once_or_promised(
    job: impl Future<Output = Result<JsValue, JsValue>> + 'static,
) -> Result<JsValue, JsValue> {
    let mut job: Pin<Box<dyn Future<Output = _>>> = Box::pin(job);
    // This polls the job once, without a waker. If the job is not finished, the promise polls it
    // again, with a waker.
    match job.as_mut().now_or_never() {
        Some(outcome) => outcome,
        None => Ok(future_to_promise(job).into()),
    }
}

/// Sends an answer and logs it. `exchange.js` adds the headers that every answer has.
fn send(mut answer: Answer, request: &Request<'_>, begun: f64) -> Result<Response, JsValue> {
    let allowed = request.origin.filter(|_| request.from_allowed_origin);
    cors::let_read(&mut answer, router::readers(request.path), allowed);
    if !(router::is_quiet(request.path) && answer.status == 200) {
        log("request", request, &answer, begun);
    }
    let mut more = String::new();
    for (name, value) in &answer.headers {
        if !more.is_empty() {
            more.push('\n');
        }
        more.push_str(name);
        more.push('\n');
        // The value must not contain a line break. JavaScript would read the text after it as
        // another header.
        more.extend(value.chars().filter(|c| *c != '\n'));
    }
    respond(answer.status, answer.body.as_deref(), request.id, &more)
}

/// Writes the log line of a request or call.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "milliseconds; a negative number becomes 0"
)]
fn log(event: &'static str, request: &Request<'_>, answer: &Answer, begun: f64) {
    let level = Level::of_status(answer.status);
    let mut line = LogLine::new(level, event);
    line.text("request_id", request.id);
    line.text("method", request.method);
    if !request.path.is_empty() {
        line.text("path", router::loggable(request.path));
    }
    line.number("status", answer.status.into());
    // This time contains only the time spent waiting, because a Worker's clock does not advance
    // while the Worker computes.
    line.number("waited_ms", (Date::now() - begun) as u64);
    let note = &answer.note;
    for (name, text) in [
        ("reason", note.reason.as_deref()),
        ("user_id", note.user_id.as_deref()),
        ("session_id", note.session_id.as_deref()),
        ("by", note.by.as_deref()),
        ("verdict", note.verdict),
        ("code", note.code),
        ("job", note.job.as_deref()),
        ("address", note.address.as_deref()),
    ] {
        line.text(name, text.unwrap_or_default());
    }
    console::log(level, &line.end());
}

/// A random id for an RPC call. (`exchange.js` makes the ids of HTTP requests.)
fn random_id() -> String {
    let mut bytes = [0; 16];
    SystemRandom.fill(&mut bytes);
    uuid::Builder::from_random_bytes(bytes)
        .into_uuid()
        .hyphenated()
        .to_string()
}
