//! Sends the request with the platform's `fetch`, and limits the time and the size of the answer.

use futures_util::StreamExt;
use js_sys::{Date, Promise, Uint8Array};
use wasm_bindgen::{JsCast, JsValue, prelude::wasm_bindgen};
use worker::wasm_bindgen_futures::JsFuture;
use worker::worker_sys::web_sys;

use super::answer::{ProviderAnswer, retry_after};
use super::request::HttpRequest;
use crate::adapters::cloudflare::binding::message_of;
use crate::domain::policy::{MAIL_ANSWER_MAX_BYTES, MAIL_TIMEOUT_MS};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = fetch, catch)]
    fn fetch(url: &str, init: &web_sys::RequestInit) -> Result<Promise, JsValue>;
}

/// Sends the request and reads the answer. Redirects are not followed, because following one would
/// send the API key to another server.
///
/// # Errors
/// What went wrong, if there is no complete answer in time. The text can contain parts of the
/// request.
pub(super) async fn send(request: &HttpRequest) -> Result<ProviderAnswer, String> {
    answer_to(request).await.map_err(|error| message_of(&error))
}

async fn answer_to(request: &HttpRequest) -> Result<ProviderAnswer, JsValue> {
    let headers = web_sys::Headers::new()?;
    for (name, value) in &request.headers {
        headers.set(name, value)?;
    }
    let init = web_sys::RequestInit::new();
    init.set_method("POST");
    init.set_headers(&headers);
    init.set_body(&JsValue::from_str(&request.body));
    init.set_redirect(web_sys::RequestRedirect::Manual);
    init.set_signal(Some(&web_sys::AbortSignal::timeout_with_u32(
        MAIL_TIMEOUT_MS,
    )));
    let response: web_sys::Response = JsFuture::from(fetch(&request.url, &init)?)
        .await?
        .unchecked_into();
    let retry_after = response
        .headers()
        .get("Retry-After")?
        .and_then(|header| retry_after(&header, Date::now() as u64, date));
    Ok(ProviderAnswer {
        status: response.status(),
        retry_after,
        message_id: response.headers().get("X-Message-Id")?,
        body: body(&response).await?,
    })
}

fn date(text: &str) -> Option<u64> {
    let ms = Date::parse(text);
    (ms >= 0.0).then_some(ms as u64)
}

/// The body, truncated. Invalid UTF-8 is replaced.
async fn body(response: &web_sys::Response) -> Result<String, JsValue> {
    let mut bytes = Vec::new();
    if let Some(stream) = response.body() {
        let mut stream = wasm_streams::ReadableStream::from_raw(stream).into_stream();
        while bytes.len() < MAIL_ANSWER_MAX_BYTES {
            let Some(chunk) = stream.next().await else {
                break;
            };
            bytes.extend(chunk?.dyn_into::<Uint8Array>()?.to_vec());
        }
    }
    bytes.truncate(MAIL_ANSWER_MAX_BYTES);
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
