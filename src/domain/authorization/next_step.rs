//! What happens to an authorization request: a code, a page, or a refusal.
//!
//! This is the only place that decides who must type a password, who must click and who must
//! consent. `GET /auth/authorize`, the pages and the decision ask it with the same facts.

use super::client::AppClient;
use super::grant::Grant;
use super::redirect_uri::RedirectKind;
use super::request::{AuthorizationRequest, OAuthError, ServerRules};
use crate::domain::account::{EmailAddress, UserId};
use crate::domain::session::{Proof, SessionId};

/// Who is signed in in the browser. The session store and the user's row were asked.
#[derive(Clone, Debug)]
pub struct SignedOn {
    /// The user.
    pub user: UserId,
    /// The user's address, for a hint.
    pub email: EmailAddress,
    /// The browser's session.
    pub session: SessionId,
    /// The sign-on.
    pub sign_on: SessionId,
    /// The user's `session_epoch`.
    pub epoch: u32,
    /// When and how the user last proved who they are.
    pub proof: Proof,
}

/// Why the question comes up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Visit {
    /// The browser arrived with the request, or a page asks what to show.
    Arrived,
    /// The user whom the page showed has clicked: they go on as this user, and allow what the page
    /// listed.
    Allowed,
}

/// What happens next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The app gets a code.
    Code,
    /// The user signs in, perhaps again.
    SignIn,
    /// The user is asked whether the app may have what it asks for.
    Consent,
    /// The user is asked whether to go on with this account.
    Continue,
    /// The app gets this error, because `prompt=none` allows no page.
    Refuse(OAuthError),
}

/// Decides what happens to a request. `grant` is the live grant of this user to this client for this
/// resource, if there is one. Whether the person said no is not asked here: that is `access_denied`.
///
/// The client must be the request's, and its redirect URI must have been matched again when the
/// request was sealed before.
#[must_use]
pub fn next_step(
    request: &AuthorizationRequest,
    client: &AppClient,
    signed_on: Option<&SignedOn>,
    grant: Option<&Grant>,
    visit: Visit,
    rules: &ServerRules<'_>,
    now: u64,
) -> Step {
    let step = ask(request, client, signed_on, grant, visit, rules, now);
    match step {
        Step::Code | Step::Refuse(_) => step,
        _ if !request.prompts.none => step,
        Step::SignIn => Step::Refuse(OAuthError::LoginRequired),
        Step::Consent if answers_silently(request, rules) => {
            Step::Refuse(OAuthError::ConsentRequired)
        }
        Step::Consent | Step::Continue => Step::Refuse(OAuthError::InteractionRequired),
    }
}

fn ask(
    request: &AuthorizationRequest,
    client: &AppClient,
    signed_on: Option<&SignedOn>,
    grant: Option<&Grant>,
    visit: Visit,
    rules: &ServerRules<'_>,
    now: u64,
) -> Step {
    let Some(signed_on) = signed_on else {
        return Step::SignIn;
    };
    if needs_proof(request, signed_on, now) {
        return Step::SignIn;
    }
    if visit == Visit::Allowed {
        return Step::Code;
    }
    if needs_consent(request, client, signed_on, grant) {
        return Step::Consent;
    }
    if needs_click(request, signed_on, rules) {
        return Step::Continue;
    }
    Step::Code
}

/// Whether the user's last proof is not enough. One at or after the request always is: the user gave
/// it for this request.
fn needs_proof(request: &AuthorizationRequest, signed_on: &SignedOn, now: u64) -> bool {
    let auth_time = signed_on.proof.auth_time;
    if auth_time >= request.asked_at {
        return false;
    }
    let is_too_old = request
        .max_age
        .is_some_and(|most| now.saturating_sub(auth_time) > most);
    request.prompts.login || is_too_old || is_somebody_else(request, signed_on)
}

/// Whether the app expects another user. A hint that is no address says nothing.
fn is_somebody_else(request: &AuthorizationRequest, signed_on: &SignedOn) -> bool {
    let hint = request.login_hint.as_deref().map(EmailAddress::parse);
    hint.is_some_and(|hint| hint.is_ok_and(|hint| hint.canonical() != signed_on.email.canonical()))
}

/// Whether the user must be asked what the app may have: not for apps of the first party, each time
/// for apps that nobody vouches for, once for the others.
fn needs_consent(
    request: &AuthorizationRequest,
    client: &AppClient,
    signed_on: &SignedOn,
    grant: Option<&Grant>,
) -> bool {
    if request.prompts.consent || client.is_unregistered() {
        return true;
    }
    let resource = request.resource.as_ref();
    let is_given = grant
        .is_some_and(|grant| grant.covers(signed_on.user, &client.id, resource, &request.scopes));
    !client.first_party && !is_given
}

/// Whether the user must click once more, though nothing else is asked.
fn needs_click(
    request: &AuthorizationRequest,
    signed_on: &SignedOn,
    rules: &ServerRules<'_>,
) -> bool {
    let has_chosen = signed_on.proof.auth_time >= request.asked_at;
    !answers_silently(request, rules) || (request.prompts.select_account && !has_chosen)
}

/// Whether the app may get an answer without a click. Otherwise any program on the machine could
/// send the browser here and take the code from the loopback port or the scheme that it claimed (RFC
/// 8252 section 8.6).
fn answers_silently(request: &AuthorizationRequest, rules: &ServerRules<'_>) -> bool {
    request.redirect_uri.kind() == RedirectKind::Https || rules.issuer_is_loopback
}
