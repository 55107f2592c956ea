//! A request and its answer as they cross between JavaScript and the wasm: each once, as one text (`exchange.js`).

use worker::wasm_bindgen::{self, JsValue, prelude::wasm_bindgen};
use worker::worker_sys::web_sys::{Request, Response};

use super::answer::Answer;

#[wasm_bindgen(module = "/src/edge/exchange.js")]
extern "C" {
    fn read(request: &Request) -> String;
    #[wasm_bindgen(catch)]
    fn respond(
        status: u16,
        body: Option<&str>,
        request_id: &str,
        more: &str,
    ) -> Result<Response, JsValue>;
}

/// What `exchange.js` read of a request: of a check only what it needs.
pub(super) struct Incoming<'a> {
    /// A random UUID.
    pub(super) id: &'a str,
    pub(super) method: &'a str,
    pub(super) url: &'a str,
    pub(super) has_body: bool,
    pub(super) authorization: Option<&'a str>,
    pub(super) origin: Option<&'a str>,
    pub(super) content_type: Option<&'a str>,
    pub(super) content_length: Option<&'a str>,
    pub(super) cookie: Option<&'a str>,
    pub(super) accept_language: Option<&'a str>,
    pub(super) network_address: Option<&'a str>,
    pub(super) user_agent: Option<&'a str>,
}

/// Reads a request.
pub(super) fn text_of(request: &Request) -> String {
    read(request)
}

impl<'a> Incoming<'a> {
    /// Takes apart what [`text_of`] has read.
    pub(super) fn of(text: &'a str) -> Self {
        let mut lines = text.split('\n');
        let mut line = || lines.next().unwrap_or_default();
        let (id, method, url, has_body) = (line(), line(), line(), line() == "1");
        let mut header = || lines.next().filter(|value| *value != "\0");
        Self {
            id,
            method,
            url,
            has_body,
            authorization: header(),
            origin: header(),
            content_type: header(),
            content_length: header(),
            cookie: header(),
            accept_language: header(),
            network_address: header(),
            user_agent: header(),
        }
    }
}

/// With the headers that every answer has.
pub(super) fn send(answer: &Answer, request_id: &str) -> Result<Response, JsValue> {
    let mut more = String::new();
    for (name, value) in &answer.headers {
        if !more.is_empty() {
            more.push('\n');
        }
        more.push_str(name);
        more.push('\n');
        // A line that ends early would make a header of the rest.
        more.extend(value.chars().filter(|c| *c != '\n'));
    }
    respond(answer.status, answer.body.as_deref(), request_id, &more)
}
