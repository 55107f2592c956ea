//! The Worker's entry points for requests and calls: reads a request within its bounds, has it answered. `entry.mjs` calls them.
#![allow(unreachable_pub, reason = "exported to JavaScript")]

use std::rc::Rc;

use futures_util::StreamExt;
use js_sys::{Array, Promise, Uint8Array};
use worker::Env;
use worker::wasm_bindgen::{self, JsCast, JsValue, prelude::wasm_bindgen};
use worker::worker_sys::Context;
use worker::worker_sys::web_sys::{self, Headers, Response, ResponseInit};

use super::answer::Answer;
use super::cors;
use super::problem::Problem;
use super::request::Request;
use super::router::{loggable, refuse, route};
use super::rpc;
use super::turn::{Served, Turn, issuer_is_loopback};
use super::wiring::{Isolate, allowed_origins, isolate, outbox, promise};
use crate::domain::error::{Code, Error};
use crate::domain::policy::MAX_BODY_BYTES;
use crate::domain::session::{Client, Place};
use crate::domain::settings::{Settings, host_of, is_loopback_host};

/// Answers a request.
#[wasm_bindgen]
pub fn fetch(request: web_sys::Request, env: Env, context: Context) -> Promise {
    promise(async move { Ok(respond(&request, env, context).await?.into()) })
}

async fn respond(
    request: &web_sys::Request,
    env: Env,
    context: Context,
) -> Result<Response, JsValue> {
    let turn = Turn::begin();
    let method = request.method();
    let url = request.url();
    let url = Url::split(&url);

    #[cfg(feature = "conformance")]
    if let Some(answer) = crate::conformance::worker::answer(url.path, &env).await {
        return send(answer, &turn.id);
    }
    let isolate = isolate(&env);
    let origin = reading_origin(request, &method, &url, &env, isolate.as_deref().ok());
    let mut answer = match isolate {
        _ if is_preflight(request, &method, &url) => cors::preflight(origin.is_some()),
        Err(error) => Problem::misconfigured(&error).into_answer(),
        Ok(isolate) => answer(
            &turn,
            request,
            &url,
            env,
            context,
            isolate,
            origin.is_some(),
        )
        .await
        .unwrap_or_else(|problem| refuse(url.path, problem)),
    };
    cors::add(&mut answer, url.path, origin.as_deref());
    turn.log("request", &method, Some(loggable(url.path)), &answer);
    send(answer, &turn.id)
}

/// Answers a request that was under way when a panic ended the instance of the wasm: `internal`, with nothing said of the cause.
///
/// # Errors
/// When the platform takes no answer.
#[wasm_bindgen]
pub fn answer_for_lost(request: &web_sys::Request, env: &Env) -> Result<Response, JsValue> {
    let turn = Turn::begin();
    let method = request.method();
    let url = request.url();
    let url = Url::split(&url);
    let isolate = isolate(env);
    let origin = reading_origin(request, &method, &url, env, isolate.as_deref().ok());
    let lost = Error::Internal("a panic ended what was under way");
    let mut answer = refuse(url.path, lost.into());
    cors::add(&mut answer, url.path, origin.as_deref());
    turn.log("request", &method, Some(loggable(url.path)), &answer);
    send(answer, &turn.id)
}

/// Answers a call of another Worker's: `[status, body, request id, Retry-After]`.
#[wasm_bindgen]
pub fn rpc(method: String, arguments: String, env: Env, context: Context) -> Promise {
    promise(async move {
        let turn = Turn::begin();
        let answer = called(&turn, &method, &arguments, env, context)
            .await
            .unwrap_or_else(Problem::into_answer);
        turn.log("rpc", &method, None, &answer);
        let retry_after = answer.header("Retry-After").map(JsValue::from_str);
        Ok(Array::of4(
            &answer.status.into(),
            &answer.body.into(),
            &turn.id.into(),
            &retry_after.into(),
        )
        .into())
    })
}

async fn called(
    turn: &Turn,
    method: &str,
    arguments: &str,
    env: Env,
    context: Context,
) -> Result<Answer, Problem> {
    let isolate = isolate(&env).map_err(|error| Problem::misconfigured(&error))?;
    let settings = isolate.shared.settings();
    // A call has no host, which would tell local development from a Worker that was deployed so.
    if settings.issuer_is_loopback() && !settings.dev {
        return Err(issuer_is_loopback(
            "is a loopback address, and DEV is not set",
        ));
    }
    let served = Served::new(env, context, isolate, turn).await?;
    let outcome = rpc::call(&served.service, method, arguments).await;
    served.deliver_mails();
    outcome
}

/// The parts of a request's URL, which the platform has parsed and written out again: `http://host:port/path?query`.
/// Splitting it spares the Worker a second parser, 20 KB of it.
struct Url<'a> {
    origin: &'a str,
    host: &'a str,
    path: &'a str,
    query: &'a str,
}

impl<'a> Url<'a> {
    fn split(url: &'a str) -> Self {
        let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
        let slash = rest.find('/').unwrap_or(rest.len());
        let (authority, rest) = rest.split_at(slash);
        let origin = url.len().saturating_sub(rest.len());
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        Self {
            origin: url.get(..origin).unwrap_or_default(),
            host: host_of(authority),
            path,
            query,
        }
    }
}

async fn answer(
    turn: &Turn,
    request: &web_sys::Request,
    url: &Url<'_>,
    env: Env,
    context: Context,
    isolate: Rc<Isolate>,
    from_allowed_origin: bool,
) -> Result<Answer, Problem> {
    let settings = isolate.shared.settings();
    if settings.issuer_is_loopback() && !is_loopback_host(url.host) {
        return Err(issuer_is_loopback(
            "is a loopback address, and the request came to another host",
        ));
    }
    // The third condition of local development, the host, was checked above: `dev` implies a loopback issuer.
    if settings.dev && url.path == "/dev/outbox" && request.method() == "GET" {
        return dev_outbox(request, &env).await;
    }
    let served = Served::new(env, context, Rc::clone(&isolate), turn).await?;
    let request = read(request, url, from_allowed_origin).await?;
    // A check records nothing, and each hash costs.
    if url.path != "/auth/authorized" {
        served.service.asked_by(&request.client);
    }
    let answer = route(&served.service, &request).await;
    served.deliver_mails();
    Ok(answer)
}

/// The mails of local development: JSON, or for a browser the page that shows them.
async fn dev_outbox(request: &web_sys::Request, env: &Env) -> Result<Answer, Problem> {
    let accept = request.headers().get("Accept").ok().flatten();
    if accept.is_some_and(|accept| accept.contains("text/html")) {
        return Ok(Answer::empty(302).with("Location", "/outbox"));
    }
    let outbox = outbox(env).map_err(|error| Problem::misconfigured(&error))?;
    let json = outbox.to_json().await.map_err(Error::Store)?;
    Ok(Answer {
        status: 200,
        body: Some(json),
        ..Answer::default()
    }
    .with("Content-Type", "application/json"))
}

/// Reads what the routes need; the body to its limit and no further.
async fn read(
    request: &web_sys::Request,
    url: &Url<'_>,
    from_allowed_origin: bool,
) -> Result<Request, Problem> {
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
    let is_safe = is_safe(&method);
    let may_mail = method != "GET" && !matches!(url.path, "/auth/login" | "/auth/token");
    let read = Request {
        method,
        path: url.path.to_owned(),
        query: url.query.to_owned(),
        content_type: header("Content-Type"),
        authorization: header("Authorization"),
        cookie: if is_safe { None } else { header("Cookie") },
        from_allowed_origin,
        // Only what may lead to a mail: each look costs.
        accept_language: if may_mail {
            header("Accept-Language")
        } else {
            None
        },
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

fn origin(request: &web_sys::Request) -> Option<String> {
    request.headers().get("Origin").ok().flatten()
}

/// The origin whose page may read the answer, also when the configuration is wrong.
fn reading_origin(
    request: &web_sys::Request,
    method: &str,
    url: &Url<'_>,
    env: &Env,
    isolate: Option<&Isolate>,
) -> Option<String> {
    match isolate {
        Some(isolate) => allowed_origin(request, method, url, isolate.shared.settings()),
        None => origin(request).filter(|origin| allowed_origins(env).contains(origin)),
    }
}

/// The origin whose page asks, if it may. A browser sends none with a safe request to the page's own origin, and each look
/// costs: so that of a check is looked at only when pages of other origins may ask.
fn allowed_origin(
    request: &web_sys::Request,
    method: &str,
    url: &Url<'_>,
    settings: &Settings,
) -> Option<String> {
    if is_safe(method) && settings.allowed_origins.is_empty() && url.origin == settings.issuer {
        return None;
    }
    origin(request).filter(|origin| cors::is_allowed(settings, origin, url.origin, url.host))
}

/// Safe methods (RFC 9110 section 9.2.1) that routes take. `OPTIONS` is none of them: a preflight asks for its origin.
fn is_safe(method: &str) -> bool {
    matches!(method, "GET" | "HEAD")
}

fn is_preflight(request: &web_sys::Request, method: &str, url: &Url<'_>) -> bool {
    let has = |name| request.headers().has(name).unwrap_or(false);
    method == "OPTIONS"
        && url.path.starts_with("/auth/")
        && has("Origin")
        && has("Access-Control-Request-Method")
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

/// With the headers that every answer has.
fn send(answer: Answer, request_id: &str) -> Result<Response, JsValue> {
    let headers = Headers::new()?;
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
        // One line each: commas stand in a cookie's own text.
        if *name == "Set-Cookie" {
            headers.append(name, value)?;
        } else {
            headers.set(name, value)?;
        }
    }
    let init = ResponseInit::new();
    init.set_status(answer.status);
    init.set_headers(&headers);
    Response::new_with_opt_str_and_init(answer.body.as_deref(), &init)
}
