//! A session begins with a login, which gives the client a refresh token. A renewal can replace the
//! refresh token by its successor, so a session has a sequence of refresh tokens, which are
//! numbered 0, 1, 2, …
//!
//! - [`refresh_token`]: the content of a refresh token, and how a token is made from this content
//!   and read again;
//! - [`rotate()`]: decides what happens when a refresh token is presented;
//! - [`proof`]: when and how the user last proved who they are;
//! - [`holder`]: who holds a session (a browser or an app), and what a sign-on is;
//! - [`token_id`]: the id of an access token, which contains the number of the refresh token that
//!   was issued together with the access token;
//! - [`revocation`]: why a session ends, and what makes an access token invalid before it expires;
//! - [`fence`]: when a user's Durable Object may answer from its copy of the user's row;
//! - [`active`]: the active sessions of a user, and which of them must end if there are too many;
//! - [`client`]: what a request reveals about its sender (network, program and place);
//! - [`credentials`]: the tokens that a request can have in addition to its content: a device
//!   ticket, a refresh token, and the token of a solved challenge;
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
