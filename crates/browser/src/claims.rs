//! Claims as a plain object.

use super::refusal::Refusal;
use edgegate_token::{Audience, Claims};
use serde::{Serialize, Serializer};
use wasm_bindgen::JsValue;

/// The object that JavaScript gets: `Claims` of `npm/edgegate/types/index.d.ts`.
///
/// [`Claims`] itself writes integers, and serde-wasm-bindgen refuses an integer that JavaScript
/// can't hold exactly. Only an unverified token can have one. Then it is rounded, as `JSON.parse`
/// does.
#[derive(Serialize)]
#[serde(remote = "Claims")]
struct ClaimsObject {
    iss: String,
    sub: String,
    aud: Audience,
    client_id: String,
    #[serde(serialize_with = "number")]
    exp: u64,
    #[serde(serialize_with = "number")]
    iat: u64,
    #[serde(
        serialize_with = "optional_number",
        skip_serializing_if = "Option::is_none"
    )]
    nbf: Option<u64>,
    #[serde(
        serialize_with = "optional_number",
        skip_serializing_if = "Option::is_none"
    )]
    auth_time: Option<u64>,
    jti: String,
    sid: String,
    #[serde(serialize_with = "number")]
    ver: u64,
    roles: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    email_verified: bool,
}

pub(super) fn to_object(claims: &Claims) -> Result<JsValue, Refusal> {
    ClaimsObject::serialize(claims, &serde_wasm_bindgen::Serializer::new())
        .map_err(|_| Refusal::argument("token", "can't be written"))
}

#[allow(
    clippy::cast_precision_loss,
    clippy::trivially_copy_pass_by_ref,
    reason = "only in a token that nobody verified; serde's signature"
)]
fn number<S: Serializer>(value: &u64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(*value as f64)
}

fn optional_number<S: Serializer>(value: &Option<u64>, serializer: S) -> Result<S::Ok, S::Error> {
    match value {
        Some(value) => number(value, serializer),
        None => serializer.serialize_none(),
    }
}
