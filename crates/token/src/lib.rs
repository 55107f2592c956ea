//! Access tokens: JWTs as RFC 9068 specifies them. The crate jwt-compact signs them. They are read
//! with this crate's own reader, which is stricter than that of jwt-compact.
//!
//! A text becomes a [`VerifiedToken`] in four steps. Each step returns the type that the next step
//! needs:
//!
//! ```text
//! text --UntrustedToken::parse--> UntrustedToken    the form is judged
//!      --signed_with(keys)------> SignedBy          what must be verified, with which key
//!      --verify-----------------> SignedToken       the signature is verified, here or elsewhere
//!      --judge(expected, now)---> VerifiedToken     the claims are judged
//! ```
//!
//! [`verify`] takes all four steps. [`issue`] makes access tokens. [`sign`] signs tokens of other
//! kinds, and [`read_signed`] reads them. [`has_any_role`], [`is_user`] and [`has_verified_email`]
//! answer what a verified token allows.
//!
//! The module `jws` reads the compact form of a token. `json` reads JSON. `jwk` and `key_set` read
//! keys. `algorithm` signs and verifies. `claims`, `issue` and `verify` contain the rules of RFC
//! 9068.

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
mod idna;
mod issue;
mod joining;
pub mod json;
#[cfg(test)]
mod json_tests;
mod jwk;
mod jws;
mod key_error;
mod key_set;
pub mod limits;
mod signed_by;
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
pub use issue::{IssueError, issue, sign};
pub use key_error::{KeyError, KeyFault};
pub use key_set::KeySet;
pub use signed_by::{SignedBy, SignedToken};
pub use verify::{Expected, UntrustedToken, VerifiedToken, read_signed, verify};
