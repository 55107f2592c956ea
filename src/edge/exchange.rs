//! A request and its answer as they cross between JavaScript and the wasm: each once, as one text (`exchange.js`).

use std::cell::RefCell;

use wasm_bindgen::{JsValue, prelude::wasm_bindgen};
use worker::worker_sys::web_sys::{Request, Response};

use super::answer::Answer;

#[wasm_bindgen(module = "/src/edge/exchange.js")]
extern "C" {
    fn read(request: &Request, buffer: &mut [u8]) -> u32;
    #[wasm_bindgen(catch)]
    fn respond(
        status: u16,
        body: Option<&[u8]>,
        request_id: &str,
        more: &str,
    ) -> Result<Response, JsValue>;
}

/// Holds a request with a long access token.
const BUFFER_BYTES: usize = 8_192;

thread_local! {
    // JavaScript writes here: what wasm-bindgen does for a text that is returned costs three times as much.
    static BUFFER: RefCell<Vec<u8>> = RefCell::new(vec![0; BUFFER_BYTES]);
}

/// What `exchange.js` read of a request: of a check only what it needs.
#[derive(Clone, Copy)]
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
    BUFFER.with_borrow_mut(|buffer| {
        loop {
            let length = read(request, buffer) as usize;
            match buffer.get(..length) {
                // It is UTF-8, which an encoder wrote.
                Some(text) => return String::from_utf8_lossy(text).into_owned(),
                // The room that it needs, which the platform bounds.
                None => buffer.resize(length, 0),
            }
        }
    })
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
    let body = answer.body.as_deref().map(str::as_bytes);
    respond(answer.status, body, request_id, &more)
}
