//! Checks the challenge that a browser must solve before some requests: `TURNSTILE_SECRET`.

use super::AuthService;
use crate::domain::error::{Error, FieldProblem};
use crate::domain::event::Act;
use crate::domain::session::{Challenge, Credentials};
use crate::ports::{Ports, Vendors};

/// What happens if the challenge can't be verified.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Unanswered {
    /// The request continues. This is for a login, so that a vendor's failure does not lock honest
    /// users out. The password and the rate limits still protect the account.
    GoesOn,
    /// The request is refused and may be retried. This is for requests that send mail or create an
    /// account.
    IsRefused,
}

impl<P: Ports> AuthService<P> {
    /// Requires a solved challenge, except from a Worker that calls by RPC. Must be called after
    /// the rate limits are checked.
    ///
    /// # Errors
    /// - [`Error::Field`]: the field `challenge` is missing or its token is rejected.
    /// - [`Error::Store`]: the token could not be verified, and `unanswered` is
    ///   [`Unanswered::IsRefused`].
    pub(super) async fn check_challenge(
        &self,
        credentials: &Credentials,
        unanswered: Unanswered,
    ) -> Result<(), Error> {
        let problem = |problem| Err(Error::Field("challenge", problem));
        let token = match credentials.challenge() {
            Challenge::NotNeeded => return Ok(()),
            Challenge::Missing => return problem(FieldProblem::Missing),
            Challenge::Token(token) => token.expose(),
        };
        match self.ports.vendors().has_met_challenge(token).await {
            Ok(true) => Ok(()),
            Ok(false) => problem(FieldProblem::Invalid("not_met")),
            Err(error) => {
                self.record(Act::VendorUnreachable {
                    vendor: "turnstile",
                    reason: error.to_string(),
                });
                match unanswered {
                    Unanswered::GoesOn => Ok(()),
                    Unanswered::IsRefused => Err(error.into()),
                }
            }
        }
    }
}
