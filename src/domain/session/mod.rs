//! A session begins with a login. It has a sequence of refresh tokens with the numbers 0, 1, 2, …:
//! each is the successor of the previous one.
//!
//! - [`refresh_token`]: the content of a refresh token, and how it is sealed and opened;
//! - [`rotate()`]: decides what happens when a refresh token is presented;
//! - [`proof`]: when and how the user last proved who they are;
//! - [`holder`]: who holds a session (a browser or an app), and what a sign-on is;
//! - [`token_id`]: the id of an access token, which says which refresh token was issued with it;
//! - [`revocation`]: why a session ends, and what makes an access token invalid before it expires;
//! - [`fence`]: when a user's Durable Object may answer from its copy of the user's row;
//! - [`active`]: the active sessions of a user, and which of them must end if there are too many;
//! - [`client`]: what a request reveals about its sender (network, program and place);
//! - [`credentials`]: the tokens that a request has in addition to its content;
//! - [`device`]: the names of browsers and systems that are shown to users.

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
