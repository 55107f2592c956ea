//! Access tokens: JWTs after RFC 9068, signed by jwt-compact, read by a stricter reader than any library's.
//!
//! Raw text becomes an [`UntrustedToken`] by the one reader, and a [`VerifiedToken`] only by verification:
//!
//! ```text
//! Claims --issue--> text --UntrustedToken::parse--> UntrustedToken --verify--> VerifiedToken --> has_any_role, is_user, …
//! ```
//!
//! How the work is split: `jws` reads the compact form, `json` the JSON, `jwk` and `key_set` the keys; `algorithm` signs and
//! checks; `claims`, `issue` and `verify` hold the rules of RFC 9068; `authorize` answers.

#![cfg_attr(not(test), no_std)]
#![warn(missing_docs)]

extern crate alloc;

#[macro_use]
mod reasons;

mod algorithm;
mod authorize;
mod claims;
mod email_address;
mod error;
mod issue;
pub mod json;
#[cfg(test)]
mod json_tests;
mod jwk;
mod jws;
mod key_error;
mod key_set;
pub mod limits;
pub mod unicode;
mod verify;

#[cfg(test)]
mod key_set_tests;
#[cfg(test)]
mod vectors_tests;

pub use algorithm::Algorithm;
pub use authorize::{has_any_role, has_verified_email, is_user};
pub use claims::{Audience, Claims};
pub use email_address::{EmailAddress, EmailError};
pub use error::TokenError;
pub use issue::{IssueError, issue};
pub use key_error::{KeyError, KeyFault};
pub use key_set::KeySet;
pub use verify::{Expected, UntrustedToken, VerifiedToken, verify};
