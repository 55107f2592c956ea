//! `exchange_code`: an app exchanges a code for its tokens (RFC 6749 section 4.1.3, RFC 7636
//! section 4.5).

use super::AuthService;
use super::app_tokens::{AppTokens, Granted};
use super::client_authentication::ClientCredentials;
use crate::domain::account::User;
use crate::domain::authorization::{
    AppClient, AppTicket, Code, ExchangeRefusal, Exchanging, Scope, Scopes, conclude_exchange,
    judge_exchange, judge_standing, still_allowed,
};
use crate::domain::error::{Error, GrantRefusal};
use crate::domain::event::Act;
use crate::domain::policy::{FUTURE_SKEW_SECONDS, SESSIONS_PER_USER_AND_CLIENT};
use crate::domain::session::{
    AppBinding, Client, EndReason, Holder, RefreshTicket, SessionId, Standing,
};
use crate::ports::{Ending, Grants, NewSession, Ports, SessionStore, UserDirectory};

/// What an app sends to exchange a code.
#[derive(Clone, Copy)]
pub struct CodeExchange<'a> {
    /// `code`.
    pub code: &'a str,
    /// `redirect_uri`, as in the authorization request.
    pub redirect_uri: &'a str,
    /// `code_verifier`.
    pub verifier: &'a str,
    /// `resource`, as in the authorization request. Optional.
    pub resource: Option<&'a str>,
}

impl<P: Ports> AuthService<P> {
    /// Exchanges a code for an access token, a refresh token and, with the scope `openid`, an
    /// id_token. Begins the app's session.
    ///
    /// A code gives only one session, with any session store and with any number of concurrent
    /// requests, because the user's Durable Object decides about every exchange. A request with a
    /// mistake ends no session. If a code is exchanged a second time by a request without a
    /// mistake, the session that the code began ends.
    ///
    /// # Errors
    /// - [`Error::Grant`]: the code can't be exchanged.
    /// - [`Error::Target`]: the request names another resource.
    /// - [`Error::Client`].
    /// - [`Error::RateLimited`].
    /// - [`Error::Store`]: a store failed, and it is possible that the code is used up. If so, the
    ///   app has to send the browser to the authorization endpoint again for another code.
    pub async fn exchange_code(
        &self,
        exchange: CodeExchange<'_>,
        credentials: &ClientCredentials,
        client: &Client,
    ) -> Result<AppTokens, Error> {
        let now_ms = self.now_ms();
        let now = now_ms / 1000;
        let code = self
            .shared
            .codes
            .open(exchange.code)
            .ok_or(refused(ExchangeRefusal::Code))?;
        let app = self.authenticate_app(credentials, client).await?;
        let exchanging = Exchanging {
            client: &app.id,
            redirect_uri: Some(exchange.redirect_uri),
            verifier: Some(exchange.verifier),
            resource: exchange.resource,
        };
        judge_exchange(&code, &exchanging, now)
            .map_err(|why| self.refuse_code(&code, &app, why))?;
        let scopes = self.scopes_still_allowed(&code, &app, exchange.redirect_uri)?;
        let user = self.standing_of(&code, &app).await?;

        let session = SessionId::new(now_ms, &self.random());
        // The user's Durable Object remembers the exchange a little longer than the code is valid,
        // because the object runs on another computer, whose clock could be ahead of the clock
        // here.
        let remembered_until = code.expires_at.saturating_add(FUTURE_SKEW_SECONDS);
        // The user's single sign-on must be active when the session begins, even with
        // `offline_access`. With `offline_access` the session may continue after the sign-on has
        // ended.
        let exchanged = self
            .ports
            .sessions()
            .exchange(
                code.user,
                &code.id,
                session,
                Some(code.sign_on),
                remembered_until,
                now,
            )
            .await?;
        match conclude_exchange(exchanged) {
            Ok(()) => {}
            Err((why, None)) => return Err(self.refuse_code(&code, &app, why)),
            Err((why, Some(begun))) => {
                self.end_replayed(&code, &app, begun, now).await?;
                return Err(refused(why));
            }
        }
        self.begin_app_session(&app, &user, &code, &scopes, session, client)
            .await
    }

    /// The scopes of the code that the app may still have. An administrator might have changed the
    /// app since the code was issued. If nobody registered the app, its document is not read here,
    /// because the document is needed only for redirect URIs, and no browser is redirected here.
    fn scopes_still_allowed(
        &self,
        code: &Code,
        app: &AppClient,
        redirect_uri: &str,
    ) -> Result<Scopes, Error> {
        let refuse = |why| self.refuse_code(code, app, why);
        if !app.is_unregistered() && app.redirect_uri(redirect_uri).is_none() {
            return Err(refuse(ExchangeRefusal::RedirectUri));
        }
        let rules = self.settings().authorization_rules();
        still_allowed(app, code.resource.as_ref(), &code.scopes, &rules)
            .ok_or_else(|| refuse(ExchangeRefusal::Resource))
    }

    /// Reads the user's row and the grant. The user must still be enabled, must have the session
    /// epoch of the code, and must not have withdrawn the grant.
    async fn standing_of(&self, code: &Code, app: &AppClient) -> Result<User, Error> {
        if app.disabled_at.is_some() {
            return Err(Error::Grant(GrantRefusal::ClientDisabled));
        }
        let (user, grant) = futures_util::future::join(
            self.ports.users().find_by_id(code.user),
            self.ports.grants().find(code.grant),
        )
        .await;
        let (user, grant) = (user?, grant?);
        judge_standing(code, user.as_ref().map(Standing::from))
            .map_err(|why| self.refuse_code(code, app, why))?;
        match user {
            Some(user) if grant.is_some_and(|grant| grant.is_live(&app.id)) => Ok(user),
            _ => Err(Error::Grant(GrantRefusal::Withdrawn)),
        }
    }

    /// Ends the session that has just begun if the user has withdrawn the grant meanwhile.
    ///
    /// A withdrawal writes the grant and then ends the sessions of the app. An exchange writes the
    /// session and then reads the grant. So if both happen at the same time, at least one of the
    /// two sees what the other wrote.
    async fn end_if_withdrawn(
        &self,
        code: &Code,
        app: &AppClient,
        session: SessionId,
    ) -> Result<(), Error> {
        let grant = self.ports.grants().find(code.grant).await?;
        if grant.is_some_and(|grant| grant.is_live(&app.id)) {
            return Ok(());
        }
        let ending = ending(app, code, session);
        self.ports
            .sessions()
            .end(&ending, EndReason::GrantWithdrawn, self.now())
            .await?;
        Err(Error::Grant(GrantRefusal::Withdrawn))
    }

    /// Ends the session that the code began, because the code was presented a second time, which
    /// shows that somebody else has the code and its verifier too.
    async fn end_replayed(
        &self,
        code: &Code,
        app: &AppClient,
        session: SessionId,
        now: u64,
    ) -> Result<(), Error> {
        let ending = ending(app, code, session);
        self.ports
            .sessions()
            .end(&ending, EndReason::CodeReplayed, now)
            .await?;
        self.record(Act::CodeReplayed {
            user: code.user,
            session,
            client: app.id.to_string(),
        });
        Ok(())
    }

    async fn begin_app_session(
        &self,
        app: &AppClient,
        user: &User,
        code: &Code,
        scopes: &Scopes,
        session: SessionId,
        client: &Client,
    ) -> Result<AppTokens, Error> {
        let now = self.now();
        let rules = self.rules_for(app, sign_on(code));
        let ticket = AppTicket {
            core: RefreshTicket {
                user: user.id,
                session,
                epoch: user.session_epoch,
                counter: 0,
                expires_at: now.saturating_add(rules.session_ttl),
                proof: code.proof,
                sign_on: None,
            },
            client: code.client,
            sign_on: sign_on(code),
            grant: code.grant,
            scopes: code.scopes.clone(),
            resource: code.resource.clone(),
        };
        let granted = Granted {
            app,
            ticket: &ticket,
            scopes,
            nonce: code.nonce.as_deref(),
        };
        // The tokens are issued before the session is stored. If issuing them fails, no session is
        // stored.
        let tokens = self.app_tokens(&granted, user, &user.into()).await?;
        let new = NewSession {
            user: user.id,
            session,
            epoch: user.session_epoch,
            version: user.version,
            client,
            holder: holder(app, code),
            expires_at: ticket.core.expires_at,
            idle_ttl: rules.idle_ttl,
            most: self
                .settings()
                .limits
                .then_some(SESSIONS_PER_USER_AND_CLIENT),
        };
        self.ports.sessions().begin(&new, now).await?;
        self.end_if_withdrawn(code, app, session).await?;
        self.record(Act::AppSignedIn {
            user: user.id,
            session,
            client: app.id.to_string(),
        });
        Ok(tokens)
    }

    fn refuse_code(&self, code: &Code, app: &AppClient, why: ExchangeRefusal) -> Error {
        self.record(Act::CodeRefused {
            user: code.user,
            client: app.id.to_string(),
            refusal: why,
        });
        refused(why)
    }
}

fn refused(why: ExchangeRefusal) -> Error {
    match why {
        ExchangeRefusal::Resource => Error::Target,
        why => Error::Grant(GrantRefusal::Code(why)),
    }
}

/// The sign-on (single sign-on session) whose log-out ends the app's session. `None` with
/// `offline_access`: such a session outlives the sign-on.
fn sign_on(code: &Code) -> Option<SessionId> {
    (!code.scopes.contains(Scope::OFFLINE_ACCESS)).then_some(code.sign_on)
}

fn ending(app: &AppClient, code: &Code, session: SessionId) -> Ending {
    Ending {
        user: code.user,
        session,
        holder: Some(holder(app, code)),
    }
}

fn holder(app: &AppClient, code: &Code) -> Holder {
    Holder::App(AppBinding {
        client: app.id.hash(),
        sign_on: sign_on(code),
    })
}
