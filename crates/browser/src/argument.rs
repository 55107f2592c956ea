//! Arguments from JavaScript. Whatever comes is looked at before any of it is copied into wasm's memory.

use super::refusal::Refusal;
use edgegate_token::limits::INTEGER_MAX;
use js_sys::JsString;
use wasm_bindgen::{JsCast as _, JsValue};

/// A string, unless it must have more than `max` bytes: one has at least as many bytes as UTF-16 code units.
pub(super) enum Text {
    Read(String),
    TooLong,
    NotString,
    /// Half of a surrogate pair stands alone: no text, and `String` would silently hold another one.
    NotUnicode,
}

pub(super) fn text(value: &JsValue, max: usize) -> Text {
    let Some(string) = value.dyn_ref::<JsString>() else {
        return Text::NotString;
    };
    if usize::try_from(string.length()).is_ok_and(|length| length > max) {
        return Text::TooLong;
    }
    let text = String::from(string);
    if text.contains(char::REPLACEMENT_CHARACTER) && !string.is_valid_utf16() {
        return Text::NotUnicode;
    }
    Text::Read(text)
}

/// A string that the caller chose: a setting or a criterion.
pub(super) fn setting(value: &JsValue, name: &'static str, max: usize) -> Result<String, Refusal> {
    match text(value, max) {
        Text::Read(text) if !text.is_empty() => Ok(text),
        Text::Read(_) => Err(Refusal::Argument(name, "must not be empty")),
        Text::TooLong => Err(Refusal::Argument(name, "is too long")),
        Text::NotString => Err(Refusal::Argument(name, "must be a string")),
        Text::NotUnicode => Err(Refusal::Argument(name, "must be well-formed Unicode")),
    }
}

/// Whole seconds from 0 to `max`.
pub(super) fn seconds(value: &JsValue, name: &'static str, max: u64) -> Result<u64, Refusal> {
    let number = value
        .as_f64()
        .ok_or(Refusal::Argument(name, "must be a number of seconds"))?;
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "`as` saturates, and what it changed does not compare equal"
    )]
    let (whole, back) = (number as u64, number as u64 as f64);
    if back.to_bits() != number.to_bits() || whole > max {
        return Err(Refusal::Argument(name, "must be whole seconds in range"));
    }
    Ok(whole)
}

/// The clock, in Unix seconds.
pub(super) fn now(value: &JsValue) -> Result<u64, Refusal> {
    seconds(value, "currentDate", INTEGER_MAX)
}
