//! The Worker's entry point: reads the request within its bounds, has it answered, logs one line.

use std::rc::Rc;

use futures_util::StreamExt;
use serde::Serialize;
use worker::{Context, Env, Headers, Response, event};

use super::answer::{Answer, Note};
use super::problem::Problem;
use super::request::Request;
use super::router::route;
use super::wiring::{Isolate, isolate, service};
use crate::adapters::system_random::SystemRandom;
use crate::domain::error::{Code, Error};
use crate::domain::policy::MAX_BODY_BYTES;
use crate::domain::session::Client;
use crate::domain::settings::{SettingError, is_loopback_host};
use crate::ports::Random;

#[event(fetch)]
async fn fetch(request: worker::Request, env: Env, _context: Context) -> worker::Result<Response> {
    let request_id = request_id();
    let method = request.method().to_string();
    let url = request.url()?;
    let path = url.path().to_owned();
    let started = worker::Date::now().as_millis();

    let answer = match isolate(&env) {
        Err(error) => misconfigured(&error),
        Ok(isolate) => answer(request, &url, &env, &isolate).await,
    };
    log(&LogLine {
        level: level(answer.status),
        event: "request",
        request_id: &request_id,
        method: &method,
        path: &path,
        status: answer.status,
        // Only time spent waiting shows: a Worker's clock stands still while it computes.
        waited_ms: worker::Date::now().as_millis().saturating_sub(started),
        note: &answer.note,
    });
    send(answer, &request_id)
}

async fn answer(
    request: worker::Request,
    url: &worker::Url,
    env: &Env,
    isolate: &Rc<Isolate>,
) -> Answer {
    let settings = isolate.shared.settings();
    let own_host = url.host_str().is_some_and(is_loopback_host);
    if settings.issuer_is_loopback() && !own_host {
        return misconfigured(&SettingError {
            setting: "ISSUER",
            problem: "is a loopback address, and the request came to another host".to_owned(),
            remedy: "set it in wrangler.toml to the origin of this Worker",
        });
    }
    let service = match service(env, isolate) {
        Ok(service) => service,
        Err(error) => return misconfigured(&error),
    };
    // The third condition of local development, the host, was checked above: `dev` implies a loopback issuer.
    if settings.dev && !isolate.demo_accounts_added.get() {
        if let Err(error) = service.add_demo_accounts().await {
            return Problem::from(error).into_answer();
        }
        isolate.demo_accounts_added.set(true);
    }
    match read(request, url).await {
        Ok(request) => route(&service, &request).await,
        Err(problem) => problem.into_answer(),
    }
}

/// Reads what the routes need; the body to its limit and no further.
async fn read(mut request: worker::Request, url: &worker::Url) -> Result<Request, Problem> {
    let headers = request.headers();
    let header = |name| headers.get(name).ok().flatten();
    let client = Client::new(
        header("CF-Connecting-IP").as_deref(),
        header("User-Agent").as_deref(),
    );
    let read = Request {
        method: request.method().to_string(),
        path: url.path().to_owned(),
        query: url.query().unwrap_or_default().to_owned(),
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
    if request.inner().body().is_none() {
        return Ok(read);
    }
    let mut body = Vec::new();
    let mut stream = request
        .stream()
        .map_err(|_| Error::Internal("a body could not be read"))?;
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|_| Problem::invalid_request("the body broke off"))?;
        if body.len().saturating_add(chunk.len()) > MAX_BODY_BYTES {
            return Err(too_large());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Request { body, ..read })
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
        (
            "Strict-Transport-Security",
            "max-age=31536000; includeSubDomains",
        ),
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
