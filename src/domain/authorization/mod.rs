//! How users sign in to other apps through this service: the authorization code grant (RFC 6749)
//! with PKCE (RFC 7636) and OpenID Connect. This module contains only rules: it reads no storage
//! and sends nothing.
//!
//! - [`client`]: the apps that may request authorization, and their secrets;
//! - [`redirect_uri`]: the URIs to which the service may send its answers;
//! - [`scope`], [`resource`], [`allowed_scopes`]: which scopes an app may get, and for which APIs;
//! - [`request`]: the parameters of `/auth/authorize`;
//! - [`refusal`]: how a request is refused, either by a page or by a redirect to the app;
//! - [`sealed_request`]: a request that waits until the user has signed in, clicked or consented;
//! - [`sign_on`]: the ticket in the browser's cookie for single sign-on;
//! - [`next_step()`]: decides whether a request is answered with a code, a page or a refusal;
//! - [`code`], [`exchange`]: the authorization code, and the checks when it is exchanged for
//!   tokens;
//! - [`app_ticket`]: the refresh token of an app;
//! - [`grant`]: what a user granted to an app;
//! - [`id_token`], [`id_token_keys`]: what an app learns about the user, and the keys that sign
//!   id_tokens;
//! - [`metadata_document`]: clients that no administrator has registered. A document at a URL
//!   describes each of them.

pub mod allowed_scopes;
pub mod app_ticket;
pub mod client;
pub mod code;
pub mod exchange;
pub mod grant;
pub mod id_token;
pub mod id_token_keys;
pub mod metadata_document;
pub mod next_step;
pub mod redirect_uri;
pub mod refusal;
pub mod request;
pub mod resource;
#[cfg(test)]
mod samples;
pub mod scope;
pub mod sealed_request;
pub mod sign_on;
mod ticket_body;
mod web_uri;

pub use allowed_scopes::still_allowed;
pub use app_ticket::{AppTicket, AppTickets};
pub(in crate::domain) use client::is_client_name;
pub use client::{
    AppClient, ClientChange, ClientFault, ClientFields, ClientHash, ClientId, ClientRules,
    ClientSecret, ClientSecretHash, ClientType, IdTokenAlg, NewClient, SecretId, StoredSecret,
};
pub use code::{Code, CodeId, Codes};
pub use exchange::{
    ExchangeRefusal, Exchanged, Exchanging, Verifier, conclude_exchange, judge_exchange,
    judge_standing,
};
pub use grant::{Grant, GrantId};
pub use id_token::{
    IdTokenClaims, IdTokenFacts, IdTokenHint, RsaSigned, UserinfoClaims, id_token_claims,
    userinfo_claims,
};
pub use id_token_keys::{IdTokenKeys, IdTokenKeysFault, RsaSigningKey};
pub use metadata_document::{DocumentFault, MetadataDocument, MetadataUrl, MetadataUrlFault};
pub use next_step::{SignedOn, Step, Visit, next_step};
pub use redirect_uri::{RedirectKind, RedirectUri, RedirectUriFault};
pub use refusal::{ErrorRedirect, OAuthError, PageFault, RequestFault};
pub use request::{
    AuthorizationRequest, Prompts, SeenProof, ServerRules, Unresolved, parse_request,
};
pub use resource::{ProtectedResource, Resource, ResourceFault};
pub use scope::{Scope, ScopeFault, Scopes};
pub use sealed_request::SealedRequests;
pub use sign_on::{SignOn, SignOnTickets};
