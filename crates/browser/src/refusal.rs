//! Why something was refused, on its way to JavaScript.

use edgegate_token::{KeyError, TokenError};
use js_sys::Array;
use wasm_bindgen::JsValue;

/// Thrown as `[code, reason, position]`: `npm/edgegate/refusal.js` makes an `EdgegateError` of it. No part holds text of a token or a key. The
/// texts of the domain's errors are left behind: they say what the reasons say, and weigh 2 KB.
pub enum Refusal {
    /// The caller's mistake: which argument, and what it must be.
    Argument(&'static str, &'static str),
    /// The first rule that a token breaks.
    Token(TokenError),
    /// The first rule that a key set breaks, and which key.
    KeySet(KeyError),
}

impl From<TokenError> for Refusal {
    fn from(error: TokenError) -> Self {
        Self::Token(error)
    }
}

impl From<KeyError> for Refusal {
    fn from(error: KeyError) -> Self {
        Self::KeySet(error)
    }
}

impl From<Refusal> for JsValue {
    fn from(refusal: Refusal) -> Self {
        let (code, reason, more) = match &refusal {
            Refusal::Argument(name, text) => ("invalid_argument", *name, (*text).into()),
            Refusal::Token(error) => ("invalid_token", error.reason(), Self::UNDEFINED),
            Refusal::KeySet(error) => ("invalid_key_set", error.reason(), position(error)),
        };
        Array::of3(&code.into(), &reason.into(), &more).into()
    }
}

fn position(error: &KeyError) -> JsValue {
    let position = error.position().and_then(|place| u32::try_from(place).ok());
    position.map_or(JsValue::UNDEFINED, JsValue::from)
}
