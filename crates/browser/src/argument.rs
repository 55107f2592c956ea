//! Arguments from JavaScript, where a caller can pass anything. Each value is judged before any of
//! it is copied into wasm's memory.
//!
//! serde-wasm-bindgen carries refusals out, but it does not read arguments. It would copy a string
//! of any length, replace half of a surrogate pair with U+FFFD, take -0 and a bigint as integers,
//! and iterate endless lists. Its error texts quote the value and link the printing of floats,
//! which is 18 KB of wasm gzipped (docs/decisions/0009).

use super::refusal::Refusal;
use edgegate_token::limits::INTEGER_MAX;
use js_sys::JsString;
use wasm_bindgen::{JsCast as _, JsValue};

/// Why a value is not an acceptable string.
pub(super) enum TextProblem {
    NotString,
    TooLong,
    /// Half of a surrogate pair. UTF-8 can't express it.
    NotUnicode,
}

/// The string, unless its length already shows that it has more than `max` bytes.
pub(super) fn text(value: &JsValue, max: usize) -> Result<String, TextProblem> {
    let string: &JsString = value.dyn_ref().ok_or(TextProblem::NotString)?;
    // A string has at least as many bytes of UTF-8 as it has code units of UTF-16.
    if usize::try_from(string.length()).is_ok_and(|length| length > max) {
        return Err(TextProblem::TooLong);
    }
    let text = String::from(string);
    if text.contains(char::REPLACEMENT_CHARACTER) && !string.is_valid_utf16() {
        return Err(TextProblem::NotUnicode);
    }
    Ok(text)
}

/// A string that the caller chose: an option, or an address to compare with.
pub(super) fn setting(value: &JsValue, name: &'static str, max: usize) -> Result<String, Refusal> {
    let problem = match text(value, max) {
        Ok(text) if !text.is_empty() => return Ok(text),
        Ok(_) => "must not be empty",
        Err(TextProblem::NotString) => "must be a string",
        Err(TextProblem::TooLong) => "is too long",
        Err(TextProblem::NotUnicode) => "must be well-formed Unicode",
    };
    Err(Refusal::argument(name, problem))
}

/// Whole seconds from 0 to `max`.
pub(super) fn seconds(value: &JsValue, name: &'static str, max: u64) -> Result<u64, Refusal> {
    let number = value
        .as_f64()
        .ok_or(Refusal::argument(name, "must be a number of seconds"))?;
    whole_seconds(number, name, max)
}

fn whole_seconds(number: f64, name: &'static str, max: u64) -> Result<u64, Refusal> {
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "`as` saturates, and a number that it changes gets other bits"
    )]
    let (whole, back) = (number as u64, number as u64 as f64);
    if back.to_bits() != number.to_bits() || whole > max {
        return Err(Refusal::argument(name, "must be whole seconds in range"));
    }
    Ok(whole)
}

/// The time at which a token is judged, in Unix seconds. The package's options for it are `now` and
/// `currentDate`.
pub(super) fn now(number: f64) -> Result<u64, Refusal> {
    whole_seconds(number, "now", INTEGER_MAX)
}
