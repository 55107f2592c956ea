//! Claims as a plain object.

use super::refusal::Refusal;
use edgegate_token::Claims;
use js_sys::JSON;
use wasm_bindgen::JsValue;

/// The object that JavaScript gets: `Claims` of `npm/edgegate/types/index.d.ts`.
///
/// It crosses as one text. Setting the members one by one takes three times as long. `JSON.parse`
/// rounds an integer that JavaScript can't hold exactly. Only an unverified token can have one.
pub(super) fn to_object(claims: &Claims) -> Result<JsValue, Refusal> {
    JSON::parse(&to_json(claims)).map_err(|_| Refusal::argument("token", "can't be written"))
}

/// The JSON of the claims, as serde writes it, in a third of the time.
fn to_json(claims: &Claims) -> String {
    let mut json = String::with_capacity(512);
    let mut aud = claims.aud.iter();
    let one_aud = aud.next().filter(|_| aud.next().is_none());
    text(&mut json, "{\"iss\":", &claims.iss);
    text(&mut json, ",\"sub\":", &claims.sub);
    match one_aud {
        Some(aud) => text(&mut json, ",\"aud\":", aud),
        None => texts(&mut json, ",\"aud\":", claims.aud.iter()),
    }
    text(&mut json, ",\"client_id\":", &claims.client_id);
    number(&mut json, ",\"exp\":", Some(claims.exp));
    number(&mut json, ",\"iat\":", Some(claims.iat));
    number(&mut json, ",\"nbf\":", claims.nbf);
    number(&mut json, ",\"auth_time\":", claims.auth_time);
    text(&mut json, ",\"jti\":", &claims.jti);
    text(&mut json, ",\"sid\":", &claims.sid);
    number(&mut json, ",\"ver\":", Some(claims.ver));
    texts(
        &mut json,
        ",\"roles\":",
        claims.roles.iter().map(String::as_str),
    );
    if let Some(email) = &claims.email {
        text(&mut json, ",\"email\":", email);
    }
    json.push_str(if claims.email_verified {
        ",\"email_verified\":true}"
    } else {
        ",\"email_verified\":false}"
    });
    json
}

fn text(json: &mut String, name: &str, value: &str) {
    json.push_str(name);
    if value
        .bytes()
        .any(|byte| byte < b' ' || byte == b'"' || byte == b'\\')
    {
        json.push_str(&serde_json::to_string(value).unwrap_or_default());
    } else {
        json.push('"');
        json.push_str(value);
        json.push('"');
    }
}

fn texts<'t>(json: &mut String, name: &str, values: impl Iterator<Item = &'t str>) {
    json.push_str(name);
    let mut before = "[";
    for value in values {
        text(json, before, value);
        before = ",";
    }
    json.push_str(if before == "[" { "[]" } else { "]" });
}

fn number(json: &mut String, name: &str, value: Option<u64>) {
    if let Some(value) = value {
        json.push_str(name);
        json.push_str(&serde_json::to_string(&value).unwrap_or_default());
    }
}
