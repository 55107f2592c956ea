//! The errors that JavaScript gets: why something was refused.

use edgegate_token::{KeyError, TokenError};
use serde::Serialize;
use wasm_bindgen::JsValue;

/// Thrown as a plain object. `npm/edgegate/refusal.js` turns it into an `EdgegateError`.
///
/// It contains no text of a token or of a key. It also contains none of the longer error texts of
/// `edgegate_token`, because the reasons say the same.
#[derive(Serialize)]
#[serde(tag = "code")]
pub enum Refusal {
    /// The caller's mistake: which argument, and what is wrong with it.
    #[serde(rename = "invalid_argument")]
    Argument {
        /// The argument's name.
        argument: &'static str,
        /// What is wrong, as the end of a sentence that begins with the name.
        problem: &'static str,
    },
    /// The first rule that a token breaks.
    #[serde(rename = "invalid_token")]
    Token {
        /// The code that [`TokenError::reason`] gives.
        reason: &'static str,
    },
    /// The first rule that a key set breaks.
    #[serde(rename = "invalid_key_set")]
    KeySet {
        /// The code that [`KeyError::reason`] gives.
        reason: &'static str,
        /// The key's position in the set, from 0. None if the set itself breaks the rule.
        position: Option<u32>,
    },
}

impl Refusal {
    pub(super) const fn argument(argument: &'static str, problem: &'static str) -> Self {
        Self::Argument { argument, problem }
    }
}

impl From<TokenError> for Refusal {
    fn from(error: TokenError) -> Self {
        Self::Token {
            reason: error.reason(),
        }
    }
}

impl From<KeyError> for Refusal {
    fn from(error: KeyError) -> Self {
        Self::KeySet {
            reason: error.reason(),
            position: error.position().and_then(|place| u32::try_from(place).ok()),
        }
    }
}

impl From<Refusal> for JsValue {
    fn from(refusal: Refusal) -> Self {
        // Strings and a small number can always be converted.
        serde_wasm_bindgen::to_value(&refusal).unwrap_or(Self::UNDEFINED)
    }
}
