//! `renew_token`: exchanges a refresh token for a new pair.

use super::{AuthService, TokenPair};
use crate::domain::error::{Error, GrantRefusal};
use crate::domain::event::Act;
use crate::domain::mail::Task;
use crate::domain::session::{Client, Presented, UserCopy, Verdict};
use crate::ports::{Devices, Ports, SessionStore, UserDirectory};

/// A successful renewal.
#[derive(Clone, Debug)]
pub struct Renewed {
    /// The tokens. With the verdict *kept*, the refresh token is the presented one with the newest
    /// proof in it.
    pub tokens: TokenPair,
    /// The verdict, for the log.
    pub verdict: Verdict,
}

impl<P: Ports> AuthService<P> {
    /// Renews: reads the session and the user at the same time, or with `durable` the session and a
    /// copy of the user's row, and writes at most once.
    ///
    /// A renewal proves nothing about the user, so `auth_time` stays that of the session's newest
    /// proof.
    ///
    /// A retry with the same token is safe: within the grace period it gives the same refresh token
    /// again. The roles are the user's current ones. A used token that comes back later ends the
    /// session, and a mail tells its user.
    ///
    /// # Errors
    /// [`Error::Grant`] when the token is not a genuine ticket (storage is not touched) or its
    /// session is over; [`Error::RateLimited`] when this session or this client renews far too
    /// often; [`Error::Store`] when a store failed: the client may retry.
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
            app: None,
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
        if let (Verdict::Reused, Some(user)) = (verdict, &renewal.user)
            && user.email_verified
            && let Some(task) = self.session_ended(user, client)
        {
            let locale = self.settings().mail.locale;
            let event = [&ticket.user.as_bytes()[..], &ticket.session.as_bytes()[..]];
            self.notify_once(task, locale, &event).await;
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

    /// The mail to the owner. Browser and system are names of fixed lists, and the place is the
    /// platform's: the client chooses no word of it.
    fn session_ended(&self, user: &UserCopy, client: &Client) -> Option<Task> {
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
        Some(Task::SessionEnded {
            to: user.address()?,
            device: known(names.join(", ")),
            place: known(place.join(", ")),
        })
    }
}
