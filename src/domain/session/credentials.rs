//! Tokens that a request can have in addition to its content. They show that the request comes from
//! a known device or session, or that the sender has solved a challenge.

use super::Client;
use crate::domain::secret::Secret;

/// The tokens that a request has in addition to its content. Nobody has checked yet whether they
/// are valid.
#[derive(Clone, Debug, Default)]
pub struct Credentials {
    device_token: Option<Secret>,
    session_token: Option<Secret>,
    challenge: Challenge,
}

/// Whether the request must contain the token of a solved challenge.
#[derive(Clone, Debug, Default)]
pub enum Challenge {
    /// The request needs no challenge token.
    #[default]
    NotNeeded,
    /// The request needs a challenge token but has none.
    Missing,
    /// The request needs a challenge token and has this one, which has not been checked yet.
    Token(Secret),
}

static NONE: Credentials = Credentials {
    device_token: None,
    session_token: None,
    challenge: Challenge::NotNeeded,
};

impl Credentials {
    /// Adds this device ticket (a token that shows that somebody has signed in on this device
    /// before).
    #[must_use]
    pub fn with_device(self, device_token: Option<&str>) -> Self {
        Self {
            device_token: device_token.map(secret),
            ..self
        }
    }

    /// Adds this refresh token. The token only shows which account the request belongs to. It is
    /// not replaced by a new token.
    #[must_use]
    pub fn with_session(self, refresh_token: Option<&str>) -> Self {
        Self {
            session_token: refresh_token.map(secret),
            ..self
        }
    }

    /// Requires that the sender has solved a challenge. `token` is the challenge token in the
    /// request, or `None` if the request has none.
    #[must_use]
    pub fn with_challenge(self, token: Option<&str>) -> Self {
        Self {
            challenge: token.map_or(Challenge::Missing, |token| Challenge::Token(secret(token))),
            ..self
        }
    }

    /// The device ticket.
    #[must_use]
    pub fn device_token(&self) -> Option<&str> {
        self.device_token.as_ref().map(Secret::expose)
    }

    /// The refresh token.
    #[must_use]
    pub fn session_token(&self) -> Option<&str> {
        self.session_token.as_ref().map(Secret::expose)
    }

    #[must_use]
    pub fn challenge(&self) -> &Challenge {
        &self.challenge
    }
}

/// The sender of a request: a client with its credentials. `Caller::from(&client)` gives a sender
/// without credentials.
#[derive(Clone, Copy, Debug)]
pub struct Caller<'a> {
    /// What the request reveals about its sender.
    pub client: &'a Client,
    /// The tokens that the request has in addition to its content.
    pub credentials: &'a Credentials,
}

impl<'a> From<&'a Client> for Caller<'a> {
    fn from(client: &'a Client) -> Self {
        Self {
            client,
            credentials: &NONE,
        }
    }
}

impl<'a> From<&'a (Client, Credentials)> for Caller<'a> {
    fn from((client, credentials): &'a (Client, Credentials)) -> Self {
        Self {
            client,
            credentials,
        }
    }
}

fn secret(token: &str) -> Secret {
    Secret::new(token.to_owned())
}
