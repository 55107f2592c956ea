//! Reads the parts of the platform's request that `exchange.js` does not read: the body, and the
//! country and city of the client.

use futures_util::StreamExt;
use js_sys::Uint8Array;
use js_sys::futures::JsFuture;
use wasm_bindgen::{JsCast, JsValue};
use worker::worker_sys::web_sys::Request;

use super::problem::Problem;
use crate::domain::error::Code;
use crate::domain::session::Place;

/// Reads the body, which may have at most `most` bytes.
///
/// # Errors
/// - `payload_too_large`: when the body is longer than `most` bytes.
/// - `invalid_request`: when the body ends too early.
pub(super) async fn body(
    request: &Request,
    content_length: Option<&str>,
    most: usize,
) -> Result<Vec<u8>, Problem> {
    let length: Option<usize> = content_length.and_then(|text| text.parse().ok());
    let body = match length {
        Some(length) if length > most => return Err(too_large(most)),
        // `array_buffer` is faster: it needs one promise, while a stream needs three. Over HTTP the
        // body is never longer than `Content-Length` says. But another Worker that sends the
        // request over a service binding can send a longer body, so the length is checked again
        // after reading.
        Some(_) => request.array_buffer().map(JsFuture::from),
        None => return stream(request, most).await,
    };
    let body = body
        .map_err(|_| broken_off())?
        .await
        .map_err(|_| broken_off())?;
    let body = Uint8Array::new(&body).to_vec();
    if body.len() > most {
        return Err(too_large(most));
    }
    Ok(body)
}

/// Reads a body whose length is not known in advance, which may have at most `most` bytes.
async fn stream(request: &Request, most: usize) -> Result<Vec<u8>, Problem> {
    let mut body = Vec::new();
    let Some(stream) = request.body() else {
        return Ok(body);
    };
    let mut stream = wasm_streams::ReadableStream::from_raw(stream).into_stream();
    while let Some(chunk) = stream.next().await {
        let chunk = chunk
            .ok()
            .and_then(|chunk| chunk.dyn_into::<Uint8Array>().ok())
            .ok_or_else(broken_off)?;
        let length = usize::try_from(chunk.length()).unwrap_or(usize::MAX);
        if body.len().saturating_add(length) > most {
            return Err(too_large(most));
        }
        body.extend(chunk.to_vec());
    }
    Ok(body)
}

/// The country and the city from which the request comes. The platform puts them into `request.cf`.
pub(super) fn place(request: &Request) -> Place {
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

fn too_large(most: usize) -> Problem {
    Problem::new(
        Code::PayloadTooLarge,
        format!("a body may have {most} bytes"),
    )
}
