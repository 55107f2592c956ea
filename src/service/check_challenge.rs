//! A challenge that a browser has met before something is asked for: `TURNSTILE_SECRET`.

use super::AuthService;
use crate::domain::error::{Error, FieldProblem};
use crate::domain::event::Act;
use crate::domain::session::{Challenge, Credentials};
use crate::ports::{Ports, Vendors};

/// What happens when nobody can say whether the challenge was met.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Unanswered {
    /// The request goes on: a login, so that no vendor signs honest users out. Its password and its limits stand.
    GoesOn,
    /// The request is refused, and may be repeated: what would mail or make an account.
    IsRefused,
}

impl<P: Ports> AuthService<P> {
    /// Lets pass who has met the challenge, once the limits have let them pass. A Worker that calls by RPC has none to meet.
    ///
    /// # Errors
    /// [`Error::Field`] for `challenge` when its token is missing or not accepted; [`Error::Store`] when that could not be
    /// found out and so is refused.
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
