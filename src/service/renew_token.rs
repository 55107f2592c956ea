//! `renew_token`: a refresh token in, a new pair out.

use super::{AuthService, TokenPair};
use crate::domain::account::User;
use crate::domain::error::{Error, GrantRefusal};
use crate::domain::event::Act;
use crate::domain::mail::Task;
use crate::domain::session::{Client, Presented, Verdict};
use crate::ports::{Devices, Ports, SessionStore, UserDirectory};

/// A renewal that went through.
#[derive(Clone, Debug)]
pub struct Renewed {
    /// The tokens. When the verdict is *kept*, the refresh token is the presented one, with the newest
    /// proof in it.
    pub tokens: TokenPair,
    /// What was decided, for the log.
    pub verdict: Verdict,
}

impl<P: Ports> AuthService<P> {
    /// Renews: one read of the session beside one read of the user, at most one write.
    ///
    /// A renewal proves nothing: `auth_time` stays that of the session's newest proof.
    ///
    /// A repeat with the same token is safe: within the grace it gives the same refresh token again. The roles are
    /// those of now. A spent token that comes back ends the session, and its user is told by mail.
    ///
    /// # Errors
    /// [`Error::Grant`] when the token is not a ticket of ours (no storage is touched) or its session does not go on,
    /// [`Error::RateLimited`] when this session or this client renews far too often, [`Error::Store`] when a store failed; the
    /// client may then repeat.
    pub async fn renew_token(
        &self,
        refresh_token: &str,
        client: &Client,
    ) -> Result<Renewed, Error> {
        let ticket = self
            .shared
            .refresh_tokens
            .open(refresh_token)
            .ok_or(Error::Grant(GrantRefusal::Ticket))?;
        self.admit_renewal(ticket.session, client).await?;
        let presented = Presented {
            ticket,
            by: self.shared.fingerprints.of(client),
            now: self.now(),
        };
        let renewal = self
            .ports
            .sessions()
            .renew(
                &presented,
                client,
                &self.settings().sessions,
                self.ports.users().find_by_id(ticket.user),
            )
            .await?;
        let verdict = renewal.verdict;
        self.record(Act::Renewal {
            user: ticket.user,
            session: ticket.session,
            verdict,
        });
        if let (Verdict::Reused, Some(user)) = (verdict, &renewal.user) {
            let task = self.session_ended(user, client);
            let locale = self.settings().mail.locale;
            let event = [&ticket.user.as_bytes()[..], &ticket.session.as_bytes()[..]];
            self.notify_user_once(user, task, locale, &event).await;
        }
        let (Some(next), Some(user)) = (renewal.ticket, renewal.user) else {
            return Err(Error::Grant(GrantRefusal::Session(
                verdict,
                ticket.user,
                ticket.session,
            )));
        };
        Ok(Renewed {
            tokens: self.pair(&user, next)?,
            verdict,
        })
    }

    /// What the owner is told. The names of the program come from fixed lists, and the place from the
    /// platform: nothing of it is text that the client chose.
    fn session_ended(&self, user: &User, client: &Client) -> Task {
        let device = self.ports.devices().describe(client.user_agent());
        let names: Vec<&str> = device.browser.into_iter().chain(device.os).collect();
        let place = client.place();
        let place: Vec<&str> = place
            .city
            .iter()
            .chain(&place.country)
            .map(String::as_str)
            .collect();
        let known = |text: String| Some(text).filter(|text| !text.is_empty());
        Task::SessionEnded {
            to: user.email.clone(),
            device: known(names.join(", ")),
            place: known(place.join(", ")),
        }
    }
}
