//! The Worker's entry points for requests and calls: reads a request within its bounds, has it answered. `entry.mjs` calls them.
#![allow(unreachable_pub, reason = "exported to JavaScript")]

use std::rc::Rc;

use futures_util::StreamExt;
use js_sys::futures::JsFuture;
use js_sys::{Array, Promise, Uint8Array};
use wasm_bindgen::{JsCast, JsValue, prelude::wasm_bindgen};
use worker::Env;
use worker::worker_sys::Context;
use worker::worker_sys::web_sys::{self, Response};

use super::answer::Answer;
use super::cors;
use super::exchange::{Incoming, send, text_of};
use super::problem::Problem;
use super::request::Request;
use super::router::{loggable, refuse, route};
use super::rpc;
use super::turn::{Served, Turn, issuer_is_loopback, random_id};
use super::wiring::{Isolate, allowed_origins, at_once_or_promised, isolate, outbox, promise};
use crate::domain::error::{Code, Error};
use crate::domain::policy::MAX_BODY_BYTES;
use crate::domain::session::{Client, Place};
use crate::domain::settings::{host_of, is_loopback_host};

/// Answers a request: with a response, or with the promise of one when something must be waited for.
///
/// # Errors
/// When the platform takes no answer.
#[wasm_bindgen]
pub fn fetch(request: web_sys::Request, env: Env, context: Context) -> Result<JsValue, JsValue> {
    at_once_or_promised(async move { Ok(respond(&request, env, context).await?.into()) })
}

async fn respond(
    request: &web_sys::Request,
    env: Env,
    context: Context,
) -> Result<Response, JsValue> {
    let text = text_of(request);
    let incoming = Incoming::of(&text);
    let url = Url::split(incoming.url);
    let turn = Turn::begin(incoming.id.to_owned());

    let isolate = isolate(&env);
    let origin = reading_origin(&incoming, &url, &env, isolate.as_deref().ok());
    let asked = Asked {
        request,
        incoming,
        url,
        from_allowed_origin: origin.is_some(),
    };
    let mut answer = match isolate {
        _ if is_preflight(&asked) => cors::preflight(origin.is_some()),
        Err(error) => Problem::misconfigured(&error).into_answer(),
        Ok(isolate) => answer(&turn, &asked, env, context, isolate)
            .await
            .unwrap_or_else(|problem| refuse(url.path, problem)),
    };
    cors::add(&mut answer, url.path, origin);
    // A check that went well is most of what is asked; the platform counts it, and a line costs more than the check.
    if url.path != "/auth/authorized" || answer.status != 200 {
        let path = loggable(url.path);
        turn.log("request", incoming.method, Some(path), &answer);
    }
    send(&answer, &turn.id)
}

/// Answers a request that was under way when a panic ended the instance of the wasm: `internal`, with nothing said of the cause.
///
/// # Errors
/// When the platform takes no answer.
#[wasm_bindgen]
pub fn answer_for_lost(request: &web_sys::Request, env: &Env) -> Result<Response, JsValue> {
    let text = text_of(request);
    let incoming = Incoming::of(&text);
    let turn = Turn::begin(incoming.id.to_owned());
    let url = Url::split(incoming.url);
    let isolate = isolate(env);
    let origin = reading_origin(&incoming, &url, env, isolate.as_deref().ok());
    let lost = Error::Internal("a panic ended what was under way");
    let mut answer = refuse(url.path, lost.into());
    cors::add(&mut answer, url.path, origin);
    turn.log(
        "request",
        incoming.method,
        Some(loggable(url.path)),
        &answer,
    );
    send(&answer, &turn.id)
}

/// Answers a call of another Worker's: `[status, body, request id, Retry-After]`.
#[wasm_bindgen]
pub fn rpc(method: String, arguments: String, env: Env, context: Context) -> Promise {
    promise(async move {
        let turn = Turn::begin(random_id());
        let answer = called(&turn, &method, &arguments, env, context)
            .await
            .unwrap_or_else(Problem::into_answer);
        turn.log("rpc", &method, None, &answer);
        let retry_after = answer.header("Retry-After").map(JsValue::from_str);
        Ok(Array::of4(
            &answer.status.into(),
            &answer.body.map(String::from).into(),
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
            "is a loopback address, but DEV is not \"1\"",
        ));
    }
    let served = Served::new(env, context, isolate, turn).await?;
    let outcome = rpc::call(&served.service, method, arguments).await;
    served.deliver_mails();
    outcome
}

/// The parts of a request's URL, which the platform has parsed and written out again: `http://host:port/path?query`.
/// Splitting it spares the Worker a second parser, 20 KB of it.
#[derive(Clone, Copy)]
struct Url<'a> {
    origin: &'a str,
    host: &'a str,
    path: &'a str,
    query: &'a str,
}

impl<'a> Url<'a> {
    fn split(url: &'a str) -> Self {
        let rest = ["https://", "http://"]
            .iter()
            .find_map(|scheme| url.strip_prefix(scheme))
            .unwrap_or(url);
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

/// A request as it came.
struct Asked<'a> {
    request: &'a web_sys::Request,
    incoming: Incoming<'a>,
    url: Url<'a>,
    from_allowed_origin: bool,
}

async fn answer(
    turn: &Turn,
    asked: &Asked<'_>,
    env: Env,
    context: Context,
    isolate: Rc<Isolate>,
) -> Result<Answer, Problem> {
    let url = &asked.url;
    let settings = isolate.shared.settings();
    if settings.issuer_is_loopback() && !is_loopback_host(url.host) {
        return Err(issuer_is_loopback(
            "is a loopback address, but the request came to another host",
        ));
    }
    // The third condition of local development, the host, was checked above: `dev` implies a loopback issuer.
    if settings.dev && url.path == "/dev/outbox" && asked.incoming.method == "GET" {
        return dev_outbox(asked.request, &env).await;
    }
    let served = Served::new(env, context, Rc::clone(&isolate), turn).await?;
    let request = read(asked).await?;
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
    Ok(Answer::json_text(200, json))
}

/// Reads what the routes need; the body to its limit and no further.
async fn read<'a>(asked: &Asked<'a>) -> Result<Request<'a>, Problem> {
    let (incoming, url) = (&asked.incoming, &asked.url);
    let method = incoming.method;
    let client = Client::new(incoming.network_address, incoming.user_agent);
    // Only what may begin or renew a session asks where it comes from: each look costs.
    let client = if method == "POST" {
        client.at(place(asked.request))
    } else {
        client
    };
    let may_mail = method != "GET" && !matches!(url.path, "/auth/login" | "/auth/token");
    let read = Request {
        method,
        path: url.path,
        query: url.query,
        content_type: incoming.content_type,
        authorization: incoming.authorization,
        cookie: incoming.cookie.filter(|_| !is_safe(method)),
        from_allowed_origin: asked.from_allowed_origin,
        accept_language: incoming.accept_language.filter(|_| may_mail),
        client,
        body: Vec::new(),
    };
    if !incoming.has_body {
        return Ok(read);
    }
    let length: Option<usize> = incoming.content_length.and_then(|text| text.parse().ok());
    let body = match length {
        Some(length) if length > MAX_BODY_BYTES => return Err(too_large()),
        // HTTP hands over no more than that, and one promise costs less than a stream's three. A Worker that is bound to this one
        // and sends more than its header says is found out only after it is read.
        Some(_) => asked.request.array_buffer().map(JsFuture::from),
        None => return read_stream(asked.request, read).await,
    };
    let body = body
        .map_err(|_| broken_off())?
        .await
        .map_err(|_| broken_off())?;
    let body = Uint8Array::new(&body).to_vec();
    if body.len() > MAX_BODY_BYTES {
        return Err(too_large());
    }
    Ok(Request { body, ..read })
}

/// Reads a body of unknown length to its limit and no further.
async fn read_stream<'a>(
    request: &web_sys::Request,
    read: Request<'a>,
) -> Result<Request<'a>, Problem> {
    let Some(stream) = request.body() else {
        return Ok(read);
    };
    let mut stream = wasm_streams::ReadableStream::from_raw(stream).into_stream();
    let mut body = Vec::new();
    while let Some(chunk) = stream.next().await {
        let chunk = chunk
            .ok()
            .and_then(|chunk| chunk.dyn_into::<Uint8Array>().ok())
            .ok_or_else(broken_off)?;
        let length = usize::try_from(chunk.length()).unwrap_or(usize::MAX);
        if body.len().saturating_add(length) > MAX_BODY_BYTES {
            return Err(too_large());
        }
        body.extend(chunk.to_vec());
    }
    Ok(Request { body, ..read })
}

/// The origin whose page may read the answer, also when the configuration is wrong.
fn reading_origin<'a>(
    incoming: &Incoming<'a>,
    url: &Url<'_>,
    env: &Env,
    isolate: Option<&Isolate>,
) -> Option<&'a str> {
    incoming.origin.filter(|origin| match isolate {
        Some(isolate) => cors::is_allowed(isolate.shared.settings(), origin, url.origin, url.host),
        None => allowed_origins(env).iter().any(|allowed| allowed == origin),
    })
}

/// Safe methods (RFC 9110 section 9.2.1) that routes take. `OPTIONS` is none of them: a preflight asks for its origin.
fn is_safe(method: &str) -> bool {
    matches!(method, "GET" | "HEAD")
}

fn is_preflight(asked: &Asked<'_>) -> bool {
    let has = |name| asked.request.headers().has(name).unwrap_or(false);
    asked.incoming.method == "OPTIONS"
        && asked.url.path.starts_with("/auth/")
        && asked.incoming.origin.is_some()
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

fn broken_off() -> Problem {
    Problem::invalid_request("the body broke off")
}

fn too_large() -> Problem {
    Problem::new(
        Code::PayloadTooLarge,
        format!("a body may have {MAX_BODY_BYTES} bytes"),
    )
}
