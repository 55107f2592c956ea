//! Sends a whole request through the router of a service that stores everything in memory. The
//! input is a request as in HTTP: a request line, headers, an empty line and a body. Placeholders
//! such as `{access}` are replaced by real values of an account.
//!
//! No answer may have the status 500. The body of an answer must be one of these: JSON or JSON
//! Lines that contain no password, or an HTML page that has only elements which the service writes
//! itself. Each header must be one line. The note for the log must not contain a token.

use edgegate::domain::error::Code;
use edgegate::domain::policy::MAX_BODY_BYTES;
use edgegate::domain::session::{Client, Place};
use edgegate::edge::answer::Answer;
use edgegate::edge::request::Request;
use edgegate::edge::router::route;
use edgegate_token::json::Json;

use super::world::{HASH_START, PASSWORD, Service, fill, service};

pub fn run(input: &[u8]) {
    let Some(text) = super::text(input) else {
        return;
    };
    let service = service();
    let (text, secrets) = fill(&service, text);
    let Some(request) = request(&text) else {
        return;
    };
    send(&service, &request, &secrets);
}

/// Sends a request and checks the answer.
pub fn send(service: &Service, request: &Request<'_>, secrets: &[String]) -> Answer {
    let answer = pollster::block_on(route(service, request));
    judge(&answer, secrets);
    answer
}

/// Asserts what must be true of every answer.
pub fn judge(answer: &Answer, secrets: &[String]) {
    assert!(
        (200..500).contains(&answer.status) || answer.status == 503,
        "{}: {:?}",
        answer.status,
        answer.note
    );
    for (name, value) in &answer.headers {
        assert!(!value.contains(|c: char| c.is_control()), "{name}");
    }
    let media_type = answer.header("Content-Type").unwrap_or_default();
    if let Some(body) = &answer.body {
        match media_type {
            "text/html; charset=utf-8" => judge_page(body),
            // An answer of this type is an export for administrators, which may contain password
            // hashes.
            "application/jsonl" => body.lines().for_each(judge_json),
            _ => {
                judge_json(body);
                assert!(!body.contains(HASH_START));
            }
        }
    }
    let note = format!("{:?}", answer.note);
    assert!(!note.contains(HASH_START));
    for secret in secrets {
        assert!(
            !note.contains(secret.as_str()),
            "a secret is in the note: {note}"
        );
    }
}

fn judge_json(body: &str) {
    let json = Json::read(body.as_bytes()).expect("an answer's body");
    assert!(!body.contains(PASSWORD));
    if let Some(code) = json.get("code").and_then(Json::as_str) {
        assert!(
            Code::ALL.iter().any(|known| known.as_str() == code),
            "{code}"
        );
    }
}

/// The HTML elements that the service uses in its own pages.
const ELEMENTS: [&str; 17] = [
    "!doctype", "html", "head", "meta", "title", "style", "body", "main", "h1", "h2", "p", "a",
    "br", "code", "form", "input", "button",
];

/// Asserts that a page has only the elements in `ELEMENTS`. If parts of the request appear in a
/// page, they must be text and not HTML.
fn judge_page(body: &str) {
    for tag in body.split('<').skip(1) {
        let tag = tag.strip_prefix('/').unwrap_or(tag);
        let name = tag.split(|c: char| c.is_whitespace() || c == '>').next();
        let name = name.unwrap_or_default();
        assert!(ELEMENTS.contains(&name), "<{name}");
    }
}

fn request(text: &str) -> Option<Request<'_>> {
    let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
    let mut lines = head.split('\n');
    let (method, target) = lines.next()?.split_once(' ')?;
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut request = Request {
        method,
        path,
        query,
        body: body
            .as_bytes()
            .get(..MAX_BODY_BYTES)
            .unwrap_or(body.as_bytes())
            .to_vec(),
        ..Request::default()
    };
    let (mut ip, mut agent, mut country, mut city) = (None, None, None, None);
    for line in lines {
        let Some((name, value)) = line.split_once(": ") else {
            continue;
        };
        match name {
            "content-type" => request.content_type = Some(value),
            "authorization" => request.authorization = Some(value),
            "cookie" => request.cookie = Some(value),
            "accept-language" => request.accept_language = Some(value),
            "origin" => request.from_allowed_origin = value == "http://127.0.0.1:8787",
            "cf-connecting-ip" => ip = Some(value),
            "user-agent" => agent = Some(value),
            "country" => country = Some(value),
            "city" => city = Some(value),
            _ => {}
        }
    }
    request.client = Client::new(ip, agent).at(Place::new(country, city));
    Some(request)
}
