//! The Worker's entry point: reads the request within its bounds, has it answered, logs one line.

use std::rc::Rc;

use futures_util::StreamExt;
use js_sys::Uint8Array;
use serde::Serialize;
use worker::wasm_bindgen::{JsCast, JsValue};
use worker::worker_sys::web_sys;
use worker::{Context, Env, Headers, Response, event};

use super::answer::{Answer, Note};
use super::problem::Problem;
use super::request::Request;
use super::router::{refuse, route};
use super::wiring::{Isolate, isolate, service};
use crate::adapters::system_random::SystemRandom;
use crate::domain::error::Code;
use crate::domain::policy::MAX_BODY_BYTES;
use crate::domain::session::{Client, Place};
use crate::domain::settings::{SettingError, host_of, is_loopback_host};
use crate::ports::Random;

#[event(fetch)]
async fn fetch(request: web_sys::Request, env: Env, context: Context) -> worker::Result<Response> {
    let request_id = request_id();
    let method = request.method();
    let url = request.url();
    let url = Url::split(&url);
    let started = worker::Date::now().as_millis();

    #[cfg(feature = "conformance")]
    if let Some(answer) = crate::conformance::worker::answer(url.path, &env).await {
        return send(answer, &request_id);
    }
    let answer = match isolate(&env) {
        Err(error) => misconfigured(&error),
        Ok(isolate) => answer(&request, &url, &env, context, &isolate).await,
    };
    log(&LogLine {
        level: level(answer.status),
        event: "request",
        request_id: &request_id,
        method: &method,
        path: logged_path(url.path, answer.status),
        status: answer.status,
        // Only time spent waiting shows: a Worker's clock stands still while it computes.
        waited_ms: worker::Date::now().as_millis().saturating_sub(started),
        note: &answer.note,
    });
    send(answer, &request_id)
}

/// The parts of a request's URL, which the platform has parsed and written out again: `http://host:port/path?query`.
/// Splitting it spares the Worker a second parser, 20 KB of it.
struct Url<'a> {
    host: &'a str,
    path: &'a str,
    query: &'a str,
}

impl<'a> Url<'a> {
    fn split(url: &'a str) -> Self {
        let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
        let slash = rest.find('/').unwrap_or(rest.len());
        let (authority, rest) = rest.split_at(slash);
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        Self {
            host: host_of(authority),
            path,
            query,
        }
    }
}

async fn answer(
    request: &web_sys::Request,
    url: &Url<'_>,
    env: &Env,
    context: Context,
    isolate: &Rc<Isolate>,
) -> Answer {
    let settings = isolate.shared.settings();
    if settings.issuer_is_loopback() && !is_loopback_host(url.host) {
        return misconfigured(&SettingError {
            setting: "ISSUER",
            problem: "is a loopback address, and the request came to another host".to_owned(),
            remedy: "set it in wrangler.toml to the origin of this Worker",
        });
    }
    let service = match service(env, context, isolate) {
        Ok(service) => service,
        Err(error) => return misconfigured(&error),
    };
    // The third condition of local development, the host, was checked above: `dev` implies a loopback issuer.
    if settings.dev && !isolate.demo_accounts_added.get() {
        if let Err(error) = service.add_demo_accounts().await {
            return refuse(url.path, error.into());
        }
        isolate.demo_accounts_added.set(true);
    }
    match read(request, url).await {
        Ok(request) => route(&service, &request).await,
        Err(problem) => refuse(url.path, problem),
    }
}

/// Reads what the routes need; the body to its limit and no further.
async fn read(request: &web_sys::Request, url: &Url<'_>) -> Result<Request, Problem> {
    let headers = request.headers();
    let header = |name| headers.get(name).ok().flatten();
    let client = Client::new(
        header("CF-Connecting-IP").as_deref(),
        header("User-Agent").as_deref(),
    );
    let method = request.method();
    // Only what may begin or renew a session asks where it comes from: each look costs.
    let client = if method == "POST" {
        client.at(place(request))
    } else {
        client
    };
    let read = Request {
        method,
        path: url.path.to_owned(),
        query: url.query.to_owned(),
        content_type: header("Content-Type"),
        authorization: header("Authorization"),
        client,
        body: Vec::new(),
    };
    if header("Content-Length")
        .and_then(|length| length.parse::<usize>().ok())
        .is_some_and(|length| length > MAX_BODY_BYTES)
    {
        return Err(too_large());
    }
    let Some(stream) = request.body() else {
        return Ok(read);
    };
    let mut stream = wasm_streams::ReadableStream::from_raw(stream).into_stream();
    let mut body = Vec::new();
    while let Some(chunk) = stream.next().await {
        let chunk = chunk
            .ok()
            .and_then(|chunk| chunk.dyn_into::<Uint8Array>().ok())
            .ok_or_else(|| Problem::invalid_request("the body broke off"))?;
        let length = usize::try_from(chunk.length()).unwrap_or(usize::MAX);
        if body.len().saturating_add(length) > MAX_BODY_BYTES {
            return Err(too_large());
        }
        body.extend(chunk.to_vec());
    }
    Ok(Request { body, ..read })
}

/// What the platform adds to a request: `request.cf`.
fn place(request: &web_sys::Request) -> Place {
    let member = |object: &JsValue, name: &str| js_sys::Reflect::get(object, &name.into()).ok();
    let Some(cf) = member(request.as_ref(), "cf").filter(JsValue::is_object) else {
        return Place::default();
    };
    let text = |name| member(&cf, name).and_then(|value| value.as_string());
    Place::new(text("country").as_deref(), text("city").as_deref())
}

fn too_large() -> Problem {
    Problem::new(
        Code::PayloadTooLarge,
        format!("a body may have {MAX_BODY_BYTES} bytes"),
    )
}

fn misconfigured(error: &SettingError) -> Answer {
    let mut answer = Problem::new(Code::Misconfigured, Code::Misconfigured.title()).into_answer();
    answer.note.reason = Some(error.to_string());
    answer
}

/// With the headers that every answer has.
fn send(answer: Answer, request_id: &str) -> worker::Result<Response> {
    let headers = Headers::new();
    for (name, value) in [
        ("Cache-Control", "no-store"),
        (
            "Content-Security-Policy",
            "default-src 'none'; frame-ancestors 'none'",
        ),
        ("Referrer-Policy", "no-referrer"),
        ("Strict-Transport-Security", "max-age=31536000"),
        ("X-Content-Type-Options", "nosniff"),
        ("X-Request-Id", request_id),
    ] {
        headers.set(name, value)?;
    }
    for (name, value) in &answer.headers {
        headers.set(name, value)?;
    }
    let response = match answer.body {
        Some(body) => Response::ok(body)?,
        None => Response::empty()?,
    };
    Ok(response.with_status(answer.status).with_headers(headers))
}

fn request_id() -> String {
    let mut bytes = [0; 16];
    SystemRandom.fill(&mut bytes);
    uuid::Builder::from_random_bytes(bytes)
        .into_uuid()
        .hyphenated()
        .to_string()
}

#[derive(Serialize)]
struct LogLine<'a> {
    level: &'static str,
    event: &'static str,
    request_id: &'a str,
    method: &'a str,
    path: &'a str,
    status: u16,
    waited_ms: u64,
    #[serde(flatten)]
    note: &'a Note,
}

/// A path that leads nowhere may hold anything, a secret pasted there by mistake among it.
fn logged_path(path: &str, status: u16) -> &str {
    if status == 404 { "?" } else { path }
}

fn level(status: u16) -> &'static str {
    match status {
        500.. => "error",
        400.. => "warn",
        _ => "info",
    }
}

fn log(line: &LogLine<'_>) {
    if let Ok(text) = serde_json::to_string(line) {
        match line.level {
            "error" => worker::console_error!("{text}"),
            "warn" => worker::console_warn!("{text}"),
            _ => worker::console_log!("{text}"),
        }
    }
}
