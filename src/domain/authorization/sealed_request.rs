//! Requests that wait for a person: the pages hold them, sealed, for an hour.

use super::client::ClientId;
use super::redirect_uri::RedirectUri;
use super::request::{AuthorizationRequest, Prompts};
use super::resource::Resource;
use super::scope::Scopes;
use super::ticket_body::{Reader, Writer};
use crate::domain::policy::{FUTURE_SKEW_SECONDS, SEALED_REQUEST_MAX_BYTES, SEALED_REQUEST_TTL};
use crate::domain::secret::Secret;
use crate::domain::ticket::{Purpose, TicketKeys, TicketSecrets};

/// Seals and opens the requests of one deployment. `Debug` prints `_`.
#[derive(Clone, Debug)]
pub struct SealedRequests(TicketKeys);

impl SealedRequests {
    /// The requests of the deployment with these secrets and this issuer.
    #[must_use]
    pub fn new(secrets: &TicketSecrets, issuer: &str) -> Self {
        Self(secrets.keys(Purpose::AuthorizationRequest, issuer))
    }

    /// The request as the pages get it: `egq_` and base64url. Its hour begins at its `asked_at`.
    #[must_use]
    pub fn seal(&self, request: &AuthorizationRequest) -> Secret {
        let mut body = Writer::default();
        body.number(request.asked_at)
            .bytes(&request.code_challenge)
            .bytes(&[request.prompts.to_bits()])
            .option(request.max_age, |body, age| {
                body.number(age);
            })
            .text(request.client_id.as_str())
            .text(request.redirect_uri.as_str())
            .text(&request.scopes.to_string());
        for text in [
            request.state.as_deref(),
            request.nonce.as_deref(),
            request.resource.as_ref().map(Resource::as_str),
            request.login_hint.as_deref(),
            request.ui_locales.as_deref(),
        ] {
            body.optional_text(text);
        }
        Secret::new(self.0.seal(&body.finish()))
    }

    /// The request, unless this deployment did not seal it or it is older than an hour. Whether its
    /// client still exists must be looked up, and its redirect URI matched again.
    #[must_use]
    pub fn open(&self, text: &str, now: u64) -> Option<AuthorizationRequest> {
        let body = self.0.open_up_to(text, SEALED_REQUEST_MAX_BYTES)?;
        read(&body).filter(|request| {
            now < request.asked_at.saturating_add(SEALED_REQUEST_TTL)
                && request.asked_at <= now.saturating_add(FUTURE_SKEW_SECONDS)
        })
    }
}

fn read(body: &[u8]) -> Option<AuthorizationRequest> {
    let mut body = Reader::new(body);
    let asked_at = body.number()?;
    let code_challenge = body.array()?;
    let prompts = Prompts::from_bits(body.byte()?);
    let max_age = body.option(Reader::number)?;
    let client_id = ClientId::parse(body.text()?)?;
    let redirect_uri = RedirectUri::from_ticket(body.text()?);
    let scopes = Scopes::parse(body.text()?).ok()?;
    let mut optional = || body.optional_text().map(|text| text.map(str::to_owned));
    let (state, nonce) = (optional()?, optional()?);
    let resource = match optional()? {
        Some(text) => Some(Resource::parse(&text).ok()?),
        None => None,
    };
    let (login_hint, ui_locales) = (optional()?, optional()?);
    body.end()?;
    Some(AuthorizationRequest {
        client_id,
        redirect_uri,
        state,
        scopes,
        nonce,
        resource,
        code_challenge,
        prompts,
        max_age,
        login_hint,
        ui_locales,
        asked_at,
    })
}
