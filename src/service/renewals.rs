//! Presents the ticket in a refresh token to the session store. The renewals of this service's own
//! client and the renewals of apps share this code.

use super::AuthService;
use crate::domain::error::{Error, GrantRefusal};
use crate::domain::event::Act;
use crate::domain::mail::Task;
use crate::domain::session::{
    AppBinding, Client, Presented, RefreshTicket, Rules, UserCopy, Verdict,
};
use crate::ports::{Devices, Ports, SessionStore, UserDirectory};

/// The result of a renewal.
pub(super) struct Continued {
    /// The ticket that the client holds from now on.
    pub(super) ticket: RefreshTicket,
    /// The user.
    pub(super) user: UserCopy,
    /// The verdict.
    pub(super) verdict: Verdict,
}

impl<P: Ports> AuthService<P> {
    /// Reads the session and the user, decides, and writes at most once. When a used token ends the
    /// session, a mail tells the user.
    ///
    /// # Errors
    /// - [`Error::Grant`]: the session is over.
    /// - [`Error::Store`]: a store failed. The client may retry.
    pub(super) async fn continue_session(
        &self,
        ticket: RefreshTicket,
        app: Option<AppBinding>,
        rules: &Rules,
        client: &Client,
    ) -> Result<Continued, Error> {
        let presented = Presented {
            ticket,
            by: self.shared.fingerprints.of(client),
            now: self.now(),
            app,
        };
        let renewal = self
            .ports
            .sessions()
            .renew(
                &presented,
                client,
                rules,
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
        Ok(Continued {
            ticket: next,
            user,
            verdict,
        })
    }

    /// The mail that tells the owner that a session was ended. The names of browser and system come
    /// from fixed lists, and the place (city and country) comes from the platform, so the client
    /// can't put text of its own into the mail.
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
