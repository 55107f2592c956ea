//! GET /.well-known/jwks.json: the public keys (RFC 7517).

use crate::domain::policy::PUBLIC_CACHE_SECONDS;
use crate::edge::answer::Answer;
use crate::edge::request::Request;
use crate::edge::routes::Outcome;
use crate::ports::Ports;
use crate::service::AuthService;

pub(crate) async fn jwks<P: Ports>(service: &AuthService<P>, _: &Request<'_>) -> Outcome {
    Ok(Answer {
        status: 200,
        headers: vec![("Content-Type", "application/jwk-set+json".into())],
        body: Some(service.settings().keys.public_jwks().into()),
        ..Answer::default()
    }
    .public())
}

impl Answer {
    /// Caches may keep it for a few minutes, for everyone.
    pub(super) fn public(self) -> Self {
        self.with(
            "Cache-Control",
            format!("public, max-age={PUBLIC_CACHE_SECONDS}"),
        )
    }
}
