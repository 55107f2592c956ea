//! A session is one login. It owns a chain of refresh tokens numbered 0, 1, 2, …
//!
//! - [`refresh_token`]: the ticket that a client holds;
//! - [`rotate()`]: the one decision about a presented refresh token;
//! - [`proof`]: when and how its user last proved who they are;
//! - [`holder`]: who holds a session, a browser or an app, and what a sign-on is;
//! - [`token_id`]: which refresh token was issued with an access token;
//! - [`revocation`]: what ends a session or makes an access token out of date;
//! - [`fence`]: when a user's object may answer from its copy of the user's row;
//! - [`active`]: the sessions that a user has, and which of them are too many;
//! - [`client`]: what a request shows about its sender: network, program and place;
//! - [`credentials`]: the tokens that come along with a request;
//! - [`device`]: what is shown of the program.

pub mod active;
pub mod client;
pub mod credentials;
pub mod device;
pub mod fence;
pub mod holder;
pub mod proof;
pub mod refresh_token;
pub mod revocation;
pub mod rotate;
pub mod token_id;

pub use active::{ActiveSession, surplus};
pub use client::{Client, ClientFingerprint, ClientFingerprints, Fingerprints, Place};
pub use credentials::{Caller, Challenge, Credentials};
pub use device::Device;
pub use fence::{DatedCopy, Fence, Generation, Need, UserCopy};
pub use holder::{AppBinding, Holder};
pub use proof::{Methods, Proof, is_recent};
pub use refresh_token::{RefreshTicket, RefreshTokens, SessionId};
pub use revocation::{EndReason, Revocation};
pub use rotate::{
    Consistency, Decision, Effect, Presented, Proved, Record, Reuse, Rules, Standing, Stored, Use,
    Verdict, decide, prove, rotate,
};
pub use token_id::TokenId;
