//! Reads arguments from JavaScript. A JavaScript caller can pass anything, so the type and the
//! length of each value are checked before any part of it is copied into the wasm's memory.
//!
//! serde-wasm-bindgen is used only to read the members of an object. It must not convert the values
//! of the members, because its conversion is too lenient: it would copy a string of any length,
//! replace half of a surrogate pair with U+FFFD, and accept -0 and a bigint as integers. So each
//! member has the type [`Judged`], which takes the value as it is and checks it.
//!
//! Reading a value with serde-wasm-bindgen must never fail. Its code for error messages, which
//! describes the value, would make the wasm 15 KB larger (gzipped). So the build replaces these
//! errors with traps, which abort the wasm (docs/decisions/0009).

use super::refusal::Refusal;
use edgegate_token::limits::INTEGER_MAX;
use js_sys::JsString;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_wasm_bindgen::{from_value, preserve};
use wasm_bindgen::{JsCast as _, JsValue};

/// Reads the members of the object that was passed as the argument `name`.
pub(super) fn members<T: DeserializeOwned>(
    object: JsValue,
    name: &'static str,
) -> Result<T, Refusal> {
    if !object.is_object() {
        return Err(Refusal::argument(name, "must be an object"));
    }
    from_value(object).map_err(|_| Refusal::argument(name, "can't be read"))
}

/// A value from the caller, or a text that says what is wrong with the value. Reading a `Judged`
/// never fails.
pub(super) struct Judged<T>(Result<T, &'static str>);

impl<T: FromJs> Judged<T> {
    pub(super) fn of(value: &JsValue) -> Self {
        Self(T::from_js(value))
    }
}

impl<T> Judged<T> {
    /// Returns the value. If the value is bad, the error names the argument: `name`.
    pub(super) fn named(self, name: &'static str) -> Result<T, Refusal> {
        self.0.map_err(|problem| Refusal::argument(name, problem))
    }
}

/// A missing member is read as `undefined`.
impl<T: FromJs> Default for Judged<T> {
    fn default() -> Self {
        Self::of(&JsValue::UNDEFINED)
    }
}

impl<'de, T: FromJs> Deserialize<'de> for Judged<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value: JsValue = preserve::deserialize(deserializer)?;
        Ok(Self::of(&value))
    }
}

/// A type that can be read from a value of JavaScript.
pub(super) trait FromJs: Sized {
    /// Reads the value. The error says what is wrong with the value. It is the end of a sentence
    /// that begins with the argument's name.
    fn from_js(value: &JsValue) -> Result<Self, &'static str>;
}

/// A string that the caller wrote: an option, or an address to compare with. It is not empty and
/// has at most `MAX` UTF-16 code units, so it can have more than `MAX` bytes in UTF-8.
pub(super) struct Setting<const MAX: usize>(pub(super) String);

impl<const MAX: usize> FromJs for Setting<MAX> {
    fn from_js(value: &JsValue) -> Result<Self, &'static str> {
        match text(value, MAX) {
            Ok(text) if !text.is_empty() => Ok(Self(text)),
            Ok(_) => Err("must not be empty"),
            Err(TextProblem::NotString) => Err("must be a string"),
            Err(TextProblem::TooLong) => Err("is too long"),
            Err(TextProblem::NotUnicode) => Err("must be well-formed Unicode"),
        }
    }
}

/// A number of whole seconds from 0 to `MAX`.
pub(super) struct Seconds<const MAX: u64>(pub(super) u64);

impl<const MAX: u64> FromJs for Seconds<MAX> {
    fn from_js(value: &JsValue) -> Result<Self, &'static str> {
        let number = value.as_f64().ok_or("must be a number of seconds")?;
        whole_seconds(number, MAX).map(Self)
    }
}

/// The time for which a token is judged, in Unix seconds. A caller of the package sets it with the
/// option `now` or `currentDate`.
pub(super) fn now(number: f64) -> Result<u64, Refusal> {
    Judged(whole_seconds(number, INTEGER_MAX)).named("now")
}

fn whole_seconds(number: f64, max: u64) -> Result<u64, &'static str> {
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "`as` saturates, and a number that it changes gets other bits"
    )]
    let (whole, back) = (number as u64, number as u64 as f64);
    if back.to_bits() != number.to_bits() || whole > max {
        return Err("must be whole seconds in range");
    }
    Ok(whole)
}

/// Why a value is not accepted as a string.
pub(super) enum TextProblem {
    NotString,
    TooLong,
    /// The string contains half of a surrogate pair, which UTF-8 can't express.
    NotUnicode,
}

/// The string in this value. A string is too long if it has more UTF-16 code units than `max`,
/// because it then has more than `max` bytes. A shorter string can have more than `max` bytes too:
/// this is not checked here.
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
