//! The authorization endpoint: an app sends a browser here, and gets a code back (RFC 6749 section
//! 4.1, OpenID Connect Core section 3.1.2).
//!
//! [`next_step()`] decides what the browser does next. The browser arrives with the sign-on cookie,
//! which shows who is signed in ([`AuthService::authorize`]). If the person must do something
//! first, such as sign in, the browser is redirected to a page of this service. The page receives
//! the app's request in sealed form (with a MAC). It asks this service what to show
//! ([`AuthService::show_request`]) and then sends the person's decision
//! ([`AuthService::decide_authorization`]). The browser sends its refresh token with both calls.

use super::AuthService;
use super::sign_on::sign_on_of;
use crate::domain::account::{User, UserId};
use crate::domain::authorization::{
    AppClient, AuthorizationRequest, Code, CodeId, ErrorRedirect, Grant, GrantId, OAuthError,
    PageFault, RequestFault, SignedOn, Step, Visit, next_step, parse_request,
};
use crate::domain::error::{AuthorizationRefusal, Error};
use crate::domain::event::Act;
use crate::domain::policy::{CODE_TTL, SEALED_REQUEST_TTL};
use crate::domain::secret::Secret;
use crate::domain::session::{Client, Proved, RefreshTicket, SessionId};
use crate::ports::{Grants, Ports, SessionStore, UserDirectory};
use edgegate_token::Algorithm;

/// The answer to a browser that an app has redirected here.
#[derive(Clone, Debug)]
pub enum Authorized {
    /// The browser goes back to the app.
    ToApp(ToApp),
    /// The browser goes to a page of this service, where the person signs in or decides.
    ToPage {
        /// Which page.
        page: IssuerPage,
        /// The sealed request.
        request: Secret,
    },
    /// The request is invalid, or the app may not make it. The browser is not redirected to the
    /// app.
    Broken(PageFault),
}

/// A redirect to an app.
#[derive(Clone, Debug)]
pub struct ToApp {
    /// The app's redirect URI, with the code or the error added.
    pub url: Secret,
    /// The user for whom the code was issued, and the session of the browser. `None` if the app
    /// gets an error.
    pub code_of: Option<(UserId, SessionId)>,
    /// The error and its reason, for the log.
    pub error: Option<(OAuthError, String)>,
}

/// The pages of this service on which a person signs in or decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IssuerPage {
    /// Sign in, perhaps again.
    SignIn,
    /// Allow what the app asks for, or continue with this account.
    Consent,
}

/// What a page needs to know about an app's authorization request.
#[derive(Clone, Debug)]
pub struct ShownRequest {
    /// The app.
    pub client: AppClient,
    /// The request.
    pub request: AuthorizationRequest,
    /// The name of the API that the app wants to use, as the page shows it.
    pub resource_name: Option<String>,
    /// Who is signed in.
    pub user: Option<User>,
    /// What the person has to do.
    pub next: Next,
    /// Until when the page may send the decision, in seconds since 1970.
    pub expires_at: u64,
}

/// What a person has to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Sign in, perhaps again.
    SignIn,
    /// Allow or deny what the app asks for.
    Consent,
    /// Continue with this account, or choose another account.
    Continue,
    /// Nothing: the page sends the decision at once.
    Done,
}

impl Next {
    /// The name of this step in answers.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SignIn => "sign_in",
            Self::Consent => "consent",
            Self::Continue => "continue",
            Self::Done => "done",
        }
    }
}

/// What a person has decided. The type has no `Debug`, because the sealed request is a secret.
#[derive(Clone, Copy)]
pub struct Decision<'a> {
    /// The sealed request.
    pub request: &'a str,
    /// The user whose account the page showed.
    pub user: UserId,
    /// Whether the person allows what the app asks for.
    pub allow: bool,
}

/// A request whose seal (MAC) was checked, its app, and whether the app may still make the request.
struct OpenedRequest {
    request: AuthorizationRequest,
    app: AppClient,
    /// The error that the app gets instead of a code. `None` if the app may still make this
    /// request.
    refusal: Option<Box<ErrorRedirect>>,
}

impl<P: Ports> AuthService<P> {
    /// Whether apps can send their users to the authorization endpoint. They can't if the tokens
    /// are signed with a symmetric key, because then only this service can verify the tokens.
    #[must_use]
    pub fn has_authorization_endpoint(&self) -> bool {
        let algorithm = self.settings().keys.signing_algorithm();
        algorithm.is_some_and(|algorithm| algorithm != Algorithm::Hs256)
    }

    /// Handles the request of a browser that an app has redirected here. `sign_on` is the signed
    /// token (ticket) in the browser's sign-on cookie.
    ///
    /// The sign-on cookie alone is not enough to get a token. The code is sent to a redirect URI of
    /// the app, and can be exchanged only with the PKCE verifier, which only the app has.
    ///
    /// # Errors
    /// - [`Error::RateLimited`].
    /// - [`Error::Store`]: a store failed, and the browser may try again. If the request has
    ///   `prompt=none`, no person would see an error page, so the app gets the error
    ///   `temporarily_unavailable` instead.
    pub async fn authorize(
        &self,
        query: &str,
        sign_on: Option<&str>,
        client: &Client,
    ) -> Result<Authorized, Error> {
        self.admit_authorization(client).await?;
        let unresolved = match parse_request(query) {
            Ok(unresolved) => unresolved,
            Err(fault) => return Ok(Authorized::Broken(fault)),
        };
        let Some(app) = self
            .app_with_document(&unresolved.client_id, client)
            .await?
        else {
            return Ok(Authorized::Broken(PageFault::ClientUnknown));
        };
        let mut request =
            match unresolved.for_client(&app, &self.settings().authorization_rules(), self.now()) {
                Ok(request) => request,
                Err(RequestFault::Page(fault)) => return Ok(Authorized::Broken(fault)),
                Err(RequestFault::Redirect(refusal)) => {
                    return Ok(Authorized::ToApp(self.refusal(&refusal)));
                }
            };
        request.expected = self.hinted_user(query).await;
        match self.arrive(&mut request, &app, sign_on).await {
            Err(Error::Store(error)) if request.prompts.none => {
                let unavailable = OAuthError::TemporarilyUnavailable;
                let refusal = request.refuse(unavailable, "Try again in a moment");
                Ok(Authorized::ToApp(ToApp {
                    error: Some((unavailable, error.to_string())),
                    ..self.refusal(&refusal)
                }))
            }
            answer => answer,
        }
    }

    async fn arrive(
        &self,
        request: &mut AuthorizationRequest,
        app: &AppClient,
        sign_on: Option<&str>,
    ) -> Result<Authorized, Error> {
        let signed_on = match sign_on {
            Some(ticket) => self.signed_on(ticket).await?,
            None => None,
        };
        let signed_on = signed_on.map(|(of, user)| SignedOn {
            user: of.user,
            email: user.email,
            session: of.session,
            sign_on: of.sign_on,
            epoch: of.epoch,
            proof: of.proof,
        });
        // `seen` records the proof (such as an entered password) that the browser had when the
        // app's request arrived. The user did not give that proof for this request. `seen` is set
        // before the next step is decided, because the decision depends on it.
        request.seen = signed_on.as_ref().map(SignedOn::seen);
        let grant = self.live_grant(request, signed_on.as_ref()).await?;
        let step = self.step(
            request,
            app,
            signed_on.as_ref(),
            grant.as_ref(),
            Visit::Arrived,
        );
        let page = |page| Authorized::ToPage {
            page,
            request: self.shared.sealed_requests.seal(request),
        };
        Ok(match (step, &signed_on) {
            (Step::Code, Some(signed_on)) => {
                Authorized::ToApp(self.issue_code(request, app, signed_on, grant).await?)
            }
            (Step::SignIn | Step::Code, _) => page(IssuerPage::SignIn),
            (Step::Consent | Step::Continue, _) => page(IssuerPage::Consent),
            (Step::Refuse(error), _) => {
                let refusal = request.refuse(error, why(request, signed_on.as_ref()));
                Authorized::ToApp(self.refusal(&refusal))
            }
        })
    }

    /// What a page shows for a sealed request. `held` is the refresh token in the browser's cookie.
    ///
    /// # Errors
    /// - [`Error::Authorization`]: this service did not seal the request, the request is too old,
    ///   or its app may no longer make it.
    /// - [`Error::RateLimited`].
    /// - [`Error::Store`].
    pub async fn show_request(
        &self,
        sealed: &str,
        held: Option<&str>,
        client: &Client,
    ) -> Result<ShownRequest, Error> {
        self.admit_authorization(client).await?;
        let opened = self.open_request(sealed, client).await?;
        let OpenedRequest { request, app, .. } = opened;
        let person = self.person(held).await?;
        let signed_on = person.as_ref().map(signed_on_by);
        let grant = self.live_grant(&request, signed_on.as_ref()).await?;
        let step = self.step(
            &request,
            &app,
            signed_on.as_ref(),
            grant.as_ref(),
            Visit::Arrived,
        );
        let next = match step {
            Step::SignIn => Next::SignIn,
            // The app will get an error, so the person need not be asked anything.
            _ if opened.refusal.is_some() => Next::Done,
            Step::Consent => Next::Consent,
            Step::Continue => Next::Continue,
            Step::Code | Step::Refuse(_) => Next::Done,
        };
        let named = request.resource.as_ref().and_then(|resource| {
            let mut known = self.settings().resources.iter();
            known.find(|known| known.uri == *resource)
        });
        Ok(ShownRequest {
            resource_name: named.map(|known| known.name.clone()),
            expires_at: request.asked_at.saturating_add(SEALED_REQUEST_TTL),
            user: person.map(|(_, user)| user),
            client: app,
            request,
            next,
        })
    }

    /// Carries out what a person has decided. `held` is the refresh token in the browser's cookie.
    /// It must belong to the user whose account the page showed.
    ///
    /// # Errors
    /// - [`Error::Authorization`].
    /// - [`Error::RateLimited`].
    /// - [`Error::Store`]: a store failed. A retry makes another code. If a code was made before
    ///   the failure, it expires unused.
    pub async fn decide_authorization(
        &self,
        decision: Decision<'_>,
        held: Option<&str>,
        client: &Client,
    ) -> Result<ToApp, Error> {
        self.admit_authorization(client).await?;
        let opened = self.open_request(decision.request, client).await?;
        let OpenedRequest { request, app, .. } = opened;
        let person = self.person(held).await?;
        let signed_on = person.as_ref().map(signed_on_by);
        let signed_on = signed_on.ok_or(Error::Authorization(AuthorizationRefusal::SignIn))?;
        if signed_on.user != decision.user {
            return Err(Error::Authorization(AuthorizationRefusal::OtherUser));
        }
        if !decision.allow {
            self.record(Act::AuthorizationDenied {
                user: signed_on.user,
                session: signed_on.session,
                client: app.id.to_string(),
            });
            let refusal = request.refuse(OAuthError::AccessDenied, "The user said no");
            return Ok(self.refusal(&refusal));
        }
        if let Some(refusal) = &opened.refusal {
            return Ok(self.refusal(refusal));
        }
        let grant = self.live_grant(&request, Some(&signed_on)).await?;
        let step = self.step(
            &request,
            &app,
            Some(&signed_on),
            grant.as_ref(),
            Visit::Allowed,
        );
        match step {
            Step::Code => self.issue_code(&request, &app, &signed_on, grant).await,
            Step::Refuse(error) => {
                let refusal = request.refuse(error, why(&request, Some(&signed_on)));
                Ok(self.refusal(&refusal))
            }
            Step::SignIn | Step::Consent | Step::Continue => {
                Err(Error::Authorization(AuthorizationRefusal::SignIn))
            }
        }
    }

    /// Checks the seal (MAC) of a request, reads the request, and checks whether its app may still
    /// make it.
    async fn open_request(&self, sealed: &str, client: &Client) -> Result<OpenedRequest, Error> {
        let request = self
            .shared
            .sealed_requests
            .open(sealed, self.now())
            .ok_or(Error::Authorization(AuthorizationRefusal::Request))?;
        let app = self.app_with_document(&request.client_id, client).await?;
        let app = app.ok_or(Error::Authorization(AuthorizationRefusal::Client))?;
        let rules = self.settings().authorization_rules();
        let (request, refusal) = match request.clone().judged_again(&app, &rules) {
            Ok(request) => (request, None),
            Err(RequestFault::Redirect(refusal)) => (request, Some(refusal)),
            Err(RequestFault::Page(_)) => {
                return Err(Error::Authorization(AuthorizationRefusal::Client));
            }
        };
        Ok(OpenedRequest {
            request,
            app,
            refusal,
        })
    }

    /// The ticket and the user of the browser's refresh token. `None` if the token's session is not
    /// active or the token was used already, because somebody might have stolen a used token.
    async fn person(&self, held: Option<&str>) -> Result<Option<(RefreshTicket, User)>, Error> {
        let Some(ticket) = held.and_then(|token| self.shared.refresh_tokens.open(token)) else {
            return Ok(None);
        };
        let rules = &self.settings().sessions;
        // `prove` is called with the proof (when and how the user entered the password) that the
        // ticket already contains, so it changes nothing. Its result only shows whether the session
        // is active.
        let (proved, user) = futures_util::future::join(
            self.ports.sessions().prove(&ticket, rules, self.now()),
            self.ports.users().find_by_id(ticket.user),
        )
        .await;
        let goes_on = matches!(proved?, Proved::GoesOn);
        let user = user?.filter(|user| {
            goes_on && user.disabled_at.is_none() && user.session_epoch == ticket.epoch
        });
        Ok(user.map(|user| (ticket, user)))
    }

    async fn live_grant(
        &self,
        request: &AuthorizationRequest,
        signed_on: Option<&SignedOn>,
    ) -> Result<Option<Grant>, Error> {
        let Some(signed_on) = signed_on else {
            return Ok(None);
        };
        let grants = self.ports.grants();
        let grant = grants
            .find_live(
                signed_on.user,
                &request.client_id,
                request.resource.as_ref(),
            )
            .await?;
        Ok(grant)
    }

    fn step(
        &self,
        request: &AuthorizationRequest,
        app: &AppClient,
        signed_on: Option<&SignedOn>,
        grant: Option<&Grant>,
        visit: Visit,
    ) -> Step {
        let rules = self.settings().authorization_rules();
        next_step(request, app, signed_on, grant, visit, &rules, self.now())
    }

    /// Stores a grant (the user's consent to what the app asks for), unless the same grant is
    /// stored already. After that, makes a code.
    async fn issue_code(
        &self,
        request: &AuthorizationRequest,
        app: &AppClient,
        signed_on: &SignedOn,
        grant: Option<Grant>,
    ) -> Result<ToApp, Error> {
        let (now_ms, now) = (self.now_ms(), self.now());
        let resource = request.resource.as_ref();
        let covered =
            grant.filter(|grant| grant.covers(signed_on.user, &app.id, resource, &request.scopes));
        let grant = match covered {
            Some(grant) => grant,
            None => {
                let grant = Grant {
                    id: GrantId::new(now_ms, &self.random()),
                    user: signed_on.user,
                    client: app.id.clone(),
                    scopes: request.scopes.clone(),
                    resource: request.resource.clone(),
                    given_at: now,
                    withdrawn_at: None,
                };
                self.ports.grants().give(&grant).await?
            }
        };
        let (client, redirect_uri) = Code::bound_to(&app.id, &request.redirect_uri);
        let code = Code {
            client,
            redirect_uri,
            challenge: request.code_challenge,
            user: signed_on.user,
            epoch: signed_on.epoch,
            sign_on: signed_on.sign_on,
            session: signed_on.session,
            proof: signed_on.proof,
            nonce: request.nonce.clone(),
            scopes: request.scopes.clone(),
            resource: request.resource.clone(),
            grant: grant.id,
            id: CodeId::new(self.random()),
            expires_at: now.saturating_add(CODE_TTL),
        };
        let (user, session) = (code.user, code.session);
        let sealed = self.shared.codes.seal(&code);
        self.record(Act::CodeIssued {
            user,
            session,
            client: app.id.to_string(),
        });
        Ok(ToApp {
            url: Secret::new(request.answer(sealed.expose(), &self.settings().issuer)),
            code_of: Some((user, session)),
            error: None,
        })
    }

    fn refusal(&self, refusal: &ErrorRedirect) -> ToApp {
        ToApp {
            url: Secret::new(refusal.url(&self.settings().issuer)),
            code_of: None,
            error: Some((refusal.error, refusal.description.to_owned())),
        }
    }

    /// The user of `id_token_hint`, if this service issued that id_token.
    async fn hinted_user(&self, query: &str) -> Option<UserId> {
        let mut parameters = form_urlencoded::parse(query.as_bytes());
        let (_, hint) =
            parameters.find(|(name, hint)| name == "id_token_hint" && !hint.is_empty())?;
        self.id_token_hint(&hint).await.map(|hint| hint.user)
    }
}

const NOBODY_MAY_BE_ASKED: &str = "The user has to be asked, and prompt=none does not allow it";

const SOMEBODY_ELSE: &str = "Somebody else is signed in";

/// A text that tells the developers of the app why the request is refused.
fn why(request: &AuthorizationRequest, signed_on: Option<&SignedOn>) -> &'static str {
    let expected = request.expected.zip(signed_on);
    if expected.is_some_and(|(user, signed_on)| user != signed_on.user) {
        SOMEBODY_ELSE
    } else {
        NOBODY_MAY_BE_ASKED
    }
}

fn signed_on_by((ticket, user): &(RefreshTicket, User)) -> SignedOn {
    SignedOn {
        user: ticket.user,
        email: user.email.clone(),
        session: ticket.session,
        sign_on: sign_on_of(ticket),
        epoch: ticket.epoch,
        proof: ticket.proof,
    }
}
