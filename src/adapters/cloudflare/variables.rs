//! The variables and secrets of the Worker.

use js_sys::{JSON, JsString, Object};
use wasm_bindgen::JsValue;
use worker::Env;

use super::binding::member;

/// A variable's text. In wrangler.toml a variable can also be a number, a boolean or a table. For
/// such a value the result is the text that JavaScript writes for it, so that the setting does not
/// seem to be missing.
#[must_use]
pub fn text(env: &Env, name: &str) -> Option<String> {
    let value = member(env.as_ref(), name);
    if let Some(text) = value.as_string() {
        return Some(text);
    }
    if value.is_undefined() || value.is_null() {
        return None;
    }
    JSON::stringify(&value).ok().map(String::from)
}

/// The names of all variables and secrets.
#[must_use]
pub fn names(env: &Env) -> Vec<String> {
    let env: &JsValue = env.as_ref();
    Object::keys(&Object::from(env.clone()))
        .iter()
        .filter(|name| {
            let name = name.as_string().unwrap_or_default();
            !member(env, &name).is_object()
        })
        .map(|name| JsString::from(name).into())
        .collect()
}
