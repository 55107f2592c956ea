//! Access tokens: JWTs after RFC 9068, signed by jwt-compact, read by a stricter reader than any library's.
//!
//! Raw text becomes an [`UntrustedToken`] by the one reader, and a [`VerifiedToken`] only by verification:
//!
//! ```text
//! Claims --issue--> text --UntrustedToken::parse--> UntrustedToken --verify--> VerifiedToken --> has_any_role, is_user, …
//! ```
//!
//! How the work is split: `jws` reads the compact form, `json` the JSON, `jwk` and `key_set` the keys; `algorithm` signs and
//! checks; `claims`, `issue` and `verify` hold the rules of RFC 9068; `cache` remembers; `authorize` answers.

#[macro_use]
mod reasons;

mod algorithm;
mod authorize;
#[cfg(not(feature = "browser"))]
mod cache;
mod claims;
mod error;
#[cfg(not(feature = "browser"))]
mod issue;
mod jwk;
mod jws;
mod key_error;
mod key_set;
mod verify;

#[cfg(test)]
mod key_set_tests;
#[cfg(test)]
mod vectors_tests;

pub use algorithm::Algorithm;
pub use authorize::{has_any_role, has_verified_email, is_user};
#[cfg(not(feature = "browser"))]
pub use cache::VerifiedTokens;
pub use claims::{Audience, Claims};
pub use error::TokenError;
#[cfg(not(feature = "browser"))]
pub use issue::{IssueError, issue};
pub use key_error::{KeyError, KeyFault};
pub use key_set::KeySet;
pub use verify::{Expected, UntrustedToken, VerifiedToken, verify};
