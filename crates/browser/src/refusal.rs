//! The errors that JavaScript gets. They say why something was refused.

use edgegate_token::{KeyError, TokenError};
use serde::Serialize;
use wasm_bindgen::JsValue;

/// An error. It is thrown as a plain object, and `npm/edgegate/refusal.js` turns the object into an
/// `EdgegateError`.
///
/// The error contains no text of a token or of a key. It also contains none of the longer error
/// texts of `edgegate_token`, because its reason says the same.
#[derive(Serialize)]
#[serde(tag = "code")]
pub enum Refusal {
    /// The caller made a mistake in an argument.
    #[serde(rename = "invalid_argument")]
    Argument {
        /// The argument's name.
        argument: &'static str,
        /// What is wrong with the argument. The text is the end of a sentence that begins with the
        /// argument's name.
        problem: &'static str,
    },
    /// A token was refused.
    #[serde(rename = "invalid_token")]
    Token {
        /// The code of the first rule that the token breaks, from [`TokenError::reason`].
        reason: &'static str,
    },
    /// A key set was refused.
    #[serde(rename = "invalid_key_set")]
    KeySet {
        /// The code of the first rule that the key set breaks, from [`KeyError::reason`].
        reason: &'static str,
        /// The position in the set, from 0, of the key that breaks the rule. `None` if the set
        /// itself breaks the rule.
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
