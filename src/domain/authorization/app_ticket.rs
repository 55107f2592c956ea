//! The refresh token of an app: what [`RefreshTicket`] says, and what the user gave to the app.
//!
//! It has a purpose of its own, so it is no refresh token of a browser and never gets into the
//! cookie.

use super::client::ClientHash;
use super::grant::GrantId;
use super::resource::Resource;
use super::scope::Scopes;
use super::ticket_body::{Reader, Writer};
use crate::domain::policy::APP_TICKET_MAX_BYTES;
use crate::domain::secret::Secret;
use crate::domain::session::{RefreshTicket, SessionId};
use crate::domain::ticket::{Purpose, TicketKeys, TicketSecrets};

/// What an app's refresh token says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppTicket {
    /// User, session, epoch, number, expiry and proof.
    pub core: RefreshTicket,
    /// To whom it was issued.
    pub client: ClientHash,
    /// The sign-on whose log-out ends the session. `None` with `offline_access`: it outlives a
    /// log-out.
    pub sign_on: Option<SessionId>,
    /// What the user gave. A withdrawn grant ends the session.
    pub grant: GrantId,
    /// What the app has. A renewal that asks for less does not narrow them.
    pub scopes: Scopes,
    /// For which API.
    pub resource: Option<Resource>,
}

impl AppTicket {
    /// The next token of the chain. `None` after the last number.
    #[must_use]
    pub fn successor(&self) -> Option<Self> {
        Some(Self {
            core: self.core.successor()?,
            ..self.clone()
        })
    }

    /// The scopes of an access token that a renewal asks for: never more than the ticket's. Without
    /// the parameter: all of them (RFC 6749 section 6).
    #[must_use]
    pub fn narrowed(&self, asked: Option<&Scopes>) -> Scopes {
        asked.map_or_else(|| self.scopes.clone(), |asked| self.scopes.in_both(asked))
    }
}

/// Seals and opens the refresh tokens of apps for one deployment. `Debug` prints `_`.
#[derive(Clone, Debug)]
pub struct AppTickets(TicketKeys);

impl AppTickets {
    /// How each of these tokens begins.
    pub const PREFIX: &'static str = "ega_";

    /// The tokens of the deployment with these secrets and this issuer.
    #[must_use]
    pub fn new(secrets: &TicketSecrets, issuer: &str) -> Self {
        Self(secrets.keys(Purpose::AppRefresh, issuer))
    }

    /// The token as the app gets it: `ega_` and base64url.
    #[must_use]
    pub fn seal(&self, ticket: &AppTicket) -> Secret {
        let body = Writer::default()
            .bytes(&ticket.core.to_bytes())
            .bytes(ticket.client.as_bytes())
            .option(ticket.sign_on, |body, sign_on| {
                body.bytes(sign_on.as_bytes());
            })
            .bytes(ticket.grant.as_bytes())
            .text(&ticket.scopes.to_string())
            .optional_text(ticket.resource.as_ref().map(Resource::as_str))
            .finish();
        Secret::new(self.0.seal(&body))
    }

    /// What the token says. `None` unless this deployment sealed it. Reads no storage.
    #[must_use]
    pub fn open(&self, text: &str) -> Option<AppTicket> {
        let body = self.0.open_up_to(text, APP_TICKET_MAX_BYTES)?;
        let mut body = Reader::new(&body);
        let ticket = AppTicket {
            core: RefreshTicket::from_bytes(&body.array()?)?,
            client: ClientHash::from_bytes(body.array()?),
            sign_on: match body.option(Reader::array)? {
                Some(bytes) => Some(SessionId::from_bytes(bytes)?),
                None => None,
            },
            grant: GrantId::from_bytes(body.array()?)?,
            scopes: Scopes::parse(body.text()?).ok()?,
            resource: match body.optional_text()? {
                Some(text) => Some(Resource::parse(text).ok()?),
                None => None,
            },
        };
        body.end()?;
        Some(ticket)
    }
}
