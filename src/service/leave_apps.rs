//! The endpoint to which an app sends its user to sign out (OpenID Connect RP-Initiated Logout
//! 1.0). Signing out ends the sign-on (single sign-on session), and with it the sessions of all
//! apps that the user entered in this browser.

use super::AuthService;
use crate::domain::account::UserId;
use crate::domain::authorization::{ClientId, SignOn};
use crate::domain::error::Error;
use crate::domain::event::Act;
use crate::domain::session::{Client, EndReason, Holder, SessionId};
use crate::ports::{Clients, Ending, Ports, SessionStore};

/// What an app says when it sends its user to sign out. The type has no `Debug`, because an
/// id_token contains personal data.
#[derive(Clone, Copy, Default)]
pub struct Leaving<'a> {
    /// An id_token that the app got.
    pub id_token_hint: Option<&'a str>,
    /// The app.
    pub client_id: Option<&'a str>,
    /// Where the user goes afterwards.
    pub post_logout_redirect_uri: Option<&'a str>,
    /// A value that the app gets back in the redirect.
    pub state: Option<&'a str>,
}

/// What happens to a browser whose user signs out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Left {
    /// Nobody is signed in in this browser any more.
    Gone {
        /// The user and the session of the single sign-on that ended, for the log.
        ended: Option<(UserId, SessionId)>,
        /// The app's URI, if the browser goes there at once.
        to: Option<String>,
    },
    /// Nobody was signed in in this browser, and it is not proved that the app sent the browser. If
    /// `back` is present, a page lets the person continue to the app with a click.
    NobodyThere {
        /// The app to which the person may continue.
        back: Option<BackToApp>,
    },
    /// The person must confirm the sign-out, because any page could have sent the browser here.
    Asked {
        /// The email address of the person's account.
        email: String,
        /// Where the browser goes after the person has confirmed.
        back: Option<BackToApp>,
    },
}

/// An app, and the URI that it has registered for people who have signed out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackToApp {
    /// The app's name.
    pub name: String,
    /// The registered URI, with the app's `state` added.
    pub to: String,
}

impl<P: Ports> AuthService<P> {
    /// Signs the user of a browser out of this service and of the apps. The user must have
    /// confirmed the sign-out on this service's own page (`is_confirmed`), or the app must have
    /// sent an id_token of the same user. If neither is the case, the result is [`Left::Asked`].
    ///
    /// The browser is sent only to a registered URI: of the app in the id_token or, if the user has
    /// confirmed, of the app in `client_id`.
    ///
    /// # Errors
    /// [`Error::RateLimited`]; [`Error::Store`]. After [`Error::Store`] a retry completes the
    /// sign-out.
    pub async fn leave_apps(
        &self,
        leaving: Leaving<'_>,
        sign_on: Option<&str>,
        is_confirmed: bool,
        client: &Client,
    ) -> Result<Left, Error> {
        self.admit_authorization(client).await?;
        let now = self.now();
        let named = leaving.client_id.and_then(ClientId::parse);
        // If both an id_token and a `client_id` are sent, they must name the same app (section 2 of
        // the standard).
        let hint = match leaving.id_token_hint {
            Some(text) => self.id_token_hint(text).await,
            None => None,
        };
        let hint =
            hint.filter(|hint| leaving.client_id.is_none() || named.as_ref() == Some(&hint.client));
        let app = hint.as_ref().map(|hint| hint.client.clone()).or(named);
        let back = self.back_to_app(app, &leaving).await?;
        let sign_on = sign_on.and_then(|ticket| self.shared.sign_ons.open_to_leave(ticket, now));
        let user = match &sign_on {
            Some(of) if now < of.expires_at => {
                self.user_signed_on(of.user, of.session, of.sign_on, of.epoch)
                    .await?
            }
            _ => None,
        };
        let to = back.as_ref().map(|back| back.to.clone());
        match (sign_on, user) {
            (Some(of), user)
                if is_confirmed || hint.as_ref().is_some_and(|hint| hint.user == of.user) =>
            {
                self.end_sign_on(&of, user.is_some()).await?;
                let ended = Some((of.user, of.session));
                Ok(Left::Gone { ended, to })
            }
            (_, Some(user)) => Ok(Left::Asked {
                email: user.email.as_given().to_owned(),
                back,
            }),
            (_, None) if hint.is_some() || is_confirmed => Ok(Left::Gone { ended: None, to }),
            (_, None) => Ok(Left::NobodyThere { back }),
        }
    }

    /// The app and the URI to which it wants the browser to return, if the app has registered that
    /// URI for people who have signed out.
    async fn back_to_app(
        &self,
        app: Option<ClientId>,
        leaving: &Leaving<'_>,
    ) -> Result<Option<BackToApp>, Error> {
        let (Some(app), Some(presented)) = (app, leaving.post_logout_redirect_uri) else {
            return Ok(None);
        };
        let registered = self.ports.clients().find(&app).await?;
        let client = registered
            .map(|registered| registered.client)
            .filter(|client| client.disabled_at.is_none());
        Ok(client.and_then(|client| {
            let uri = client.post_logout_redirect_uri(presented)?;
            let to = match leaving.state {
                Some(state) => uri.with_parameters(&[("state", state)]),
                None => uri.to_string(),
            };
            Some(BackToApp {
                name: client.name,
                to,
            })
        }))
    }

    /// Ends a single sign-on and its session. Ends both even if the session has ended already,
    /// because an earlier attempt might have ended only one of the two.
    async fn end_sign_on(&self, of: &SignOn, went_on: bool) -> Result<(), Error> {
        let (user, session) = (of.user, of.session);
        let ending = Ending {
            user,
            session,
            holder: Some(Holder::Browser {
                sign_on: Some(of.sign_on),
            }),
        };
        self.ports
            .sessions()
            .end(&ending, EndReason::LoggedOut, self.now())
            .await?;
        if went_on {
            self.record(Act::SignedOut { user, session });
        }
        Ok(())
    }
}
