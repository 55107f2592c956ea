//! `renew_app_token`: exchanges an app's refresh token for new tokens (RFC 6749 section 6).

use super::AuthService;
use super::app_tokens::{AppTokens, Granted};
use super::client_authentication::ClientCredentials;
use crate::domain::authorization::{AppClient, AppTicket, ExchangeRefusal, Scopes, still_allowed};
use crate::domain::error::{Error, GrantRefusal};
use crate::domain::policy::APP_PAGE_IDLE_TTL;
use crate::domain::session::{AppBinding, Client, Rules, SessionId, Verdict};
use crate::ports::{Grants, Ports, UserDirectory};

/// What an app sends to renew.
#[derive(Clone, Copy)]
pub struct AppRenewal<'a> {
    /// `refresh_token`.
    pub refresh_token: &'a str,
    /// `scope`: asks for fewer scopes than were granted. Optional.
    pub scope: Option<&'a str>,
    /// `resource`: if present, it must be the granted resource.
    pub resource: Option<&'a str>,
}

/// A successful renewal of an app.
#[derive(Clone, Debug)]
pub struct AppRenewed {
    /// The tokens.
    pub tokens: AppTokens,
    /// The verdict, for the log.
    pub verdict: Verdict,
}

impl<P: Ports> AuthService<P> {
    /// Renews an app's tokens. A renewal fails if the app is disabled, if the user has withdrawn
    /// the grant, and after a log-out, which ends the single sign-on (except with
    /// `offline_access`: such a session does not depend on the sign-on). A retry is as safe as with
    /// [`renew_token`](Self::renew_token).
    ///
    /// If the app asks for fewer scopes, only the access token gets fewer scopes. The refresh token
    /// keeps all its scopes. Scopes that were not granted are dropped.
    ///
    /// # Errors
    /// - [`Error::Grant`].
    /// - [`Error::Client`].
    /// - [`Error::Scope`]: no scope is left.
    /// - [`Error::Target`]: the request names another resource.
    /// - [`Error::RateLimited`].
    /// - [`Error::Store`]: the app may retry.
    pub async fn renew_app_token(
        &self,
        renewal: AppRenewal<'_>,
        credentials: &ClientCredentials,
        client: &Client,
    ) -> Result<AppRenewed, Error> {
        let ticket = self.shared.app_tickets.open(renewal.refresh_token);
        // A request without a client_id comes from the service's own client, which is not an app.
        if ticket.is_some() && credentials.client_id == self.settings().client_id {
            return Err(Error::Grant(GrantRefusal::OtherClient));
        }
        let app = self.authenticate_app(credentials, client).await?;
        let ticket = ticket.ok_or(Error::Grant(GrantRefusal::Ticket))?;
        ticket
            .judge(&app.id, renewal.resource)
            .map_err(|why| match why {
                ExchangeRefusal::Resource => Error::Target,
                _ => Error::Grant(GrantRefusal::OtherClient),
            })?;
        if app.disabled_at.is_some() {
            return Err(Error::Grant(GrantRefusal::ClientDisabled));
        }
        self.admit_app_session(&app, ticket.core.session, client)
            .await?;
        let rules = self.settings().authorization_rules();
        let allowed = still_allowed(&app, ticket.resource.as_ref(), &ticket.scopes, &rules)
            .ok_or(Error::Target)?;
        let scopes = narrowed(&ticket, renewal.scope, &allowed)?;

        // The user's row is read because an id_token can contain the user's names, and the session
        // store's copy of the row has no names.
        let (grant, row) = futures_util::future::join(
            self.ports.grants().find(ticket.grant),
            self.ports.users().find_by_id(ticket.core.user),
        )
        .await;
        let (grant, row) = (grant?, row?);
        if !grant.is_some_and(|grant| grant.is_live(&app.id)) {
            return Err(Error::Grant(GrantRefusal::Withdrawn));
        }
        let binding = AppBinding {
            client: ticket.client,
            sign_on: ticket.sign_on,
        };
        let continued = self
            .continue_session(
                ticket.core,
                Some(binding),
                &self.rules_for(&app, ticket.sign_on),
                client,
            )
            .await?;
        // The session is active, so its user has a row, unless the row was deleted just now.
        let row = row.ok_or(Error::Grant(GrantRefusal::Ticket))?;
        let next = AppTicket {
            core: continued.ticket,
            ..ticket
        };
        let granted = Granted {
            app: &app,
            ticket: &next,
            scopes: &scopes,
            nonce: None,
        };
        Ok(AppRenewed {
            tokens: self.app_tokens(&granted, &row, &continued.user).await?,
            verdict: continued.verdict,
        })
    }

    /// The rules for the sessions of an app. If the app runs in a web page, its sessions expire
    /// sooner when they are not renewed.
    pub(super) fn rules_for(&self, app: &AppClient, sign_on: Option<SessionId>) -> Rules {
        let rules = self.settings().sessions;
        if app.is_page(sign_on.is_none()) {
            Rules {
                idle_ttl: rules.idle_ttl.min(APP_PAGE_IDLE_TTL),
                ..rules
            }
        } else {
            rules
        }
    }
}

/// The scopes of the new access token.
fn narrowed(ticket: &AppTicket, asked: Option<&str>, allowed: &Scopes) -> Result<Scopes, Error> {
    let asked = asked
        .map(Scopes::parse)
        .transpose()
        .map_err(|_| Error::Scope)?;
    let scopes = ticket.narrowed(asked.as_ref()).in_both(allowed);
    if scopes.is_empty() && !ticket.scopes.is_empty() {
        return Err(Error::Scope);
    }
    Ok(scopes)
}
