//! Arguments from JavaScript, where a caller can pass anything. Each value is checked before any
//! part of it is copied into wasm's memory.
//!
//! serde-wasm-bindgen reads the members of an object, but it must not convert any of them. It would
//! copy a string of any length, replace half of a surrogate pair with U+FFFD, and accept -0 and a
//! bigint as integers. So each member is a [`Judged`], which takes the value as it is and judges
//! it.
//!
//! Reading a value with serde-wasm-bindgen must never fail. The code that describes a value in an
//! error takes 15 KB of wasm gzipped. So the build replaces these errors with traps
//! (docs/decisions/0009).

use super::refusal::Refusal;
use edgegate_token::limits::INTEGER_MAX;
use js_sys::JsString;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_wasm_bindgen::{from_value, preserve};
use wasm_bindgen::{JsCast as _, JsValue};

/// The members of an object.
pub(super) fn members<T: DeserializeOwned>(
    object: JsValue,
    name: &'static str,
) -> Result<T, Refusal> {
    if !object.is_object() {
        return Err(Refusal::argument(name, "must be an object"));
    }
    from_value(object).map_err(|_| Refusal::argument(name, "can't be read"))
}

/// A value from the caller, or what is wrong with the value. Reading a `Judged` never fails.
pub(super) struct Judged<T>(Result<T, &'static str>);

impl<T: FromJs> Judged<T> {
    pub(super) fn of(value: &JsValue) -> Self {
        Self(T::from_js(value))
    }
}

impl<T> Judged<T> {
    /// The value. If it is refused, `name` says which argument it is.
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
    /// The value, or what is wrong with it, as the end of a sentence that begins with its name.
    fn from_js(value: &JsValue) -> Result<Self, &'static str>;
}

/// A string of at most `MAX` bytes that the caller chose: an option, or an address to compare with.
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

/// Whole seconds from 0 to `MAX`.
pub(super) struct Seconds<const MAX: u64>(pub(super) u64);

impl<const MAX: u64> FromJs for Seconds<MAX> {
    fn from_js(value: &JsValue) -> Result<Self, &'static str> {
        let number = value.as_f64().ok_or("must be a number of seconds")?;
        whole_seconds(number, MAX).map(Self)
    }
}

/// The time at which a token is judged, in Unix seconds. The package's options for it are `now` and
/// `currentDate`.
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
