//! Decides what happens to an authorization request: the app gets a code, the user sees a page, or
//! the request is refused.
//!
//! No other code decides whether the user must type a password, click or consent. The handlers of
//! `GET /auth/authorize`, of the pages and of the user's decision all call [`next_step()`].

use super::client::AppClient;
use super::grant::Grant;
use super::redirect_uri::RedirectKind;
use super::refusal::OAuthError;
use super::request::{AuthorizationRequest, SeenProof, ServerRules};
use crate::domain::account::{EmailAddress, UserId};
use crate::domain::session::{Proof, SessionId};

/// The user who is signed in in the browser. The caller has checked with the session store and the
/// user's database row that the user is still signed in.
#[derive(Clone, Debug)]
pub struct SignedOn {
    pub user: UserId,
    /// The user's email address. It is compared with `login_hint`.
    pub email: EmailAddress,
    /// The browser's session.
    pub session: SessionId,
    pub sign_on: SessionId,
    /// The user's `session_epoch`.
    pub epoch: u32,
    /// When and how the user last proved who they are.
    pub proof: Proof,
}

impl SignedOn {
    /// The user's last proof of identity, in the form in which a request that arrives now stores
    /// it.
    #[must_use]
    pub const fn seen(&self) -> SeenProof {
        SeenProof {
            session: self.session,
            auth_time: self.proof.auth_time,
        }
    }
}

/// What the user or the browser has just done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Visit {
    /// The browser has just come from the app with the request, or a page of the service asks what
    /// it must show.
    Arrived,
    /// A page showed this user's account and what the app asks for. The user has clicked to
    /// continue with this account and to allow what the page listed.
    Allowed,
}

/// What happens next with an authorization request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The app gets an authorization code.
    Code,
    /// The user must sign in. If they are signed in already, they must type the password again or
    /// sign in to another account.
    SignIn,
    /// The user is asked whether the app may have what it asks for.
    Consent,
    /// The user is asked whether to continue with this account.
    Continue,
    /// The app gets this error, for instance because the user would have to see a page, but
    /// `prompt=none` allows no page.
    Refuse(OAuthError),
}

/// Decides what happens to a request. `grant` is the record of what this user has granted to this
/// client for this resource. It is `None` if there is no such record, or if the user has withdrawn
/// it. This function is not called if the user clicks "no": in that case the app gets
/// `access_denied`.
///
/// `client` must be the request's client. A request can wait in a page of the service (in sealed
/// form) until the user has signed in. When the page sends it back, the caller must compare the
/// request's redirect URI with the registered URIs again before it calls this function.
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
    if request.expected.is_some_and(|user| user != signed_on.user) {
        return Step::Refuse(OAuthError::LoginRequired);
    }
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

/// Whether the user must prove their identity again. This is never needed if the user has already
/// given a proof for this request. With `max_age=0` the app asks for a proof that was given for
/// this request (OpenID Connect Core section 3.1.2.1, errata set 2). An earlier proof is not
/// enough, even if it was given in the same second.
fn needs_proof(request: &AuthorizationRequest, signed_on: &SignedOn, now: u64) -> bool {
    if is_given_for(request, signed_on) {
        return false;
    }
    let auth_time = signed_on.proof.auth_time;
    let is_too_old = request
        .max_age
        .is_some_and(|most| most == 0 || now.saturating_sub(auth_time) > most);
    request.prompts.login || is_too_old || is_somebody_else(request, signed_on)
}

/// Whether the user gave the last proof of identity for this request, which means after the request
/// arrived. The times are whole seconds. So if the proof and the request have the same time, the
/// times don't show which of them came first. If the user had already given the proof when the
/// request arrived, `request.seen` contains this proof. In that case the proof came first.
///
/// Each login begins a new session, and `request.seen` contains the session. So the proof of a new
/// login is never mistaken for the proof in `request.seen`. A user can also enter the password
/// again in the same session. If this happens in the same second as the earlier proof, the two
/// proofs look alike, and the user is asked for the password once more.
fn is_given_for(request: &AuthorizationRequest, signed_on: &SignedOn) -> bool {
    signed_on.proof.auth_time >= request.asked_at && request.seen != Some(signed_on.seen())
}

/// Whether the app expects another user: its `login_hint` is the email address of somebody else. A
/// `login_hint` that is not an email address is ignored.
fn is_somebody_else(request: &AuthorizationRequest, signed_on: &SignedOn) -> bool {
    let hint = request.login_hint.as_deref().map(EmailAddress::parse);
    hint.is_some_and(|hint| hint.is_ok_and(|hint| hint.canonical() != signed_on.email.canonical()))
}

/// Whether the user must be asked for consent:
///
/// - With `prompt=consent`, the user is always asked.
/// - For an app that no administrator has registered, the user is asked each time.
/// - For an app of the operator (first party), the user is not asked.
/// - For any other registered app, the user is asked unless they have already granted what the app
///   asks for.
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

/// Whether the user must click to continue, although neither a password nor a consent is needed.
fn needs_click(
    request: &AuthorizationRequest,
    signed_on: &SignedOn,
    rules: &ServerRules<'_>,
) -> bool {
    let has_chosen = is_given_for(request, signed_on);
    !answers_silently(request, rules) || (request.prompts.select_account && !has_chosen)
}

/// Whether the app may get a code without a click of the user. A website may get such a code. An
/// app that gets its answer at a loopback port or at its own URI scheme may not get one. The reason
/// is that any other program on the machine could use the port or the scheme, send the browser to
/// this service and take the code (RFC 8252 section 8.6). If the service itself runs on a loopback
/// address, for local development, every app may get a code without a click.
fn answers_silently(request: &AuthorizationRequest, rules: &ServerRules<'_>) -> bool {
    request.redirect_uri.kind() == RedirectKind::Https || rules.issuer_is_loopback
}

#[cfg(test)]
mod tests {
    use super::super::grant::GrantId;
    use super::super::samples::{
        API, NOW, asked_by, client, listed, rules, scopes, signed_on, unregistered, user,
    };
    use super::super::{Resource, Scopes};
    use super::*;

    const LOOPBACK: &str = "http://127.0.0.1:4711/callback";
    const PRIVATE: &str = "com.example.app:/callback";

    fn first_party() -> AppClient {
        AppClient {
            first_party: true,
            ..client()
        }
    }

    fn grant(client: &AppClient, list: &str) -> Grant {
        Grant {
            id: GrantId::new(1, &[1; 10]),
            user: user().id,
            client: client.id.clone(),
            scopes: scopes(list),
            resource: None,
            given_at: NOW,
            withdrawn_at: None,
        }
    }

    fn proved_at(auth_time: u64) -> SignedOn {
        SignedOn {
            proof: Proof::by_password(auth_time),
            ..signed_on()
        }
    }

    /// Makes a request of this client, with the sample parameters and these changes, and returns
    /// its next step. The request arrives at `NOW`, and `next_step` is called ten seconds later.
    fn step(
        client: &AppClient,
        changes: &[(&str, Option<&str>)],
        signed_on: Option<&SignedOn>,
        grant: Option<&Grant>,
        visit: Visit,
    ) -> Step {
        let request = asked_by(client, changes).unwrap();
        let listed = listed();
        let rules = rules(&listed);
        next_step(&request, client, signed_on, grant, visit, &rules, NOW + 10)
    }

    fn arrived(
        client: &AppClient,
        changes: &[(&str, Option<&str>)],
        signed_on: Option<&SignedOn>,
    ) -> Step {
        step(client, changes, signed_on, None, Visit::Arrived)
    }

    #[test]
    fn without_a_prompt() {
        let here = signed_on();
        let (ours, theirs) = (first_party(), client());
        assert_eq!(arrived(&ours, &[], None), Step::SignIn);
        assert_eq!(arrived(&ours, &[], Some(&here)), Step::Code);
        assert_eq!(arrived(&theirs, &[], Some(&here)), Step::Consent);
        let all = grant(&theirs, "openid profile email");
        let given = step(&theirs, &[], Some(&here), Some(&all), Visit::Arrived);
        assert_eq!(given, Step::Code);
        let allowed = step(&theirs, &[], Some(&here), None, Visit::Allowed);
        assert_eq!(allowed, Step::Code);
        assert_eq!(step(&theirs, &[], None, None, Visit::Allowed), Step::SignIn);
    }

    #[test]
    fn a_grant_that_does_not_cover_the_request_is_asked_for_again() {
        let theirs = client();
        let good = grant(&theirs, "openid profile");
        for bad in [
            grant(&theirs, "openid"),
            grant(&unregistered(), "openid profile"),
            Grant {
                user: UserId::new(9, &[9; 10]),
                ..good.clone()
            },
            Grant {
                resource: Resource::parse(API).ok(),
                ..good.clone()
            },
            Grant {
                withdrawn_at: Some(NOW),
                ..good.clone()
            },
        ] {
            let step = step(&theirs, &[], Some(&signed_on()), Some(&bad), Visit::Arrived);
            assert_eq!(step, Step::Consent, "{bad:?}");
        }
        assert!(good.covers(user().id, &theirs.id, None, &Scopes::default()));
    }

    #[test]
    fn an_unregistered_client_asks_every_time() {
        let client = unregistered();
        let api = [("resource", Some(API)), ("scope", Some("orders:read"))];
        let given = Grant {
            resource: Resource::parse(API).ok(),
            ..grant(&client, "orders:read")
        };
        let here = signed_on();
        let arrived = step(&client, &api, Some(&here), Some(&given), Visit::Arrived);
        assert_eq!(arrived, Step::Consent);
        let allowed = step(&client, &api, Some(&here), Some(&given), Visit::Allowed);
        assert_eq!(allowed, Step::Code);
    }

    #[test]
    fn without_a_page_each_question_has_its_error() {
        let none = ("prompt", Some("none"));
        let here = signed_on();
        let (ours, theirs) = (first_party(), client());
        let login_required = Step::Refuse(OAuthError::LoginRequired);
        let interaction_required = Step::Refuse(OAuthError::InteractionRequired);
        assert_eq!(arrived(&ours, &[none], None), login_required);
        assert_eq!(arrived(&ours, &[none], Some(&here)), Step::Code);
        assert_eq!(
            arrived(&theirs, &[none], Some(&here)),
            Step::Refuse(OAuthError::ConsentRequired)
        );
        for uri in [LOOPBACK, PRIVATE] {
            let uri = ("redirect_uri", Some(uri));
            for client in [&ours, &theirs] {
                let step = arrived(client, &[none, uri], Some(&here));
                assert_eq!(step, interaction_required);
            }
        }
        for hint in ["eve@example.com", "EVE@example.com"] {
            let hint = ("login_hint", Some(hint));
            assert_eq!(arrived(&ours, &[none, hint], Some(&here)), login_required);
        }
        let age = ("max_age", Some("100"));
        assert_eq!(arrived(&ours, &[none, age], Some(&here)), login_required);
    }

    #[test]
    fn programs_and_apps_get_no_code_without_a_click() {
        let ours = first_party();
        let here = signed_on();
        let just_now = proved_at(NOW);
        for uri in [LOOPBACK, PRIVATE] {
            let uri = [("redirect_uri", Some(uri))];
            assert_eq!(arrived(&ours, &uri, Some(&here)), Step::Continue);
            assert_eq!(arrived(&ours, &uri, Some(&just_now)), Step::Continue);
            let allowed = step(&ours, &uri, Some(&here), None, Visit::Allowed);
            assert_eq!(allowed, Step::Code);
            let request = asked_by(&ours, &uri).unwrap();
            let local = ServerRules {
                issuer_is_loopback: true,
                ..rules(&[])
            };
            let step = next_step(
                &request,
                &ours,
                Some(&here),
                None,
                Visit::Arrived,
                &local,
                NOW,
            );
            assert_eq!(step, Step::Code, "in local development");
        }
    }

    #[test]
    fn a_proof_is_new_enough() {
        let ours = first_party();
        for (name, value, auth_time, expected) in [
            ("prompt", "login", NOW - 1, Step::SignIn),
            ("prompt", "login", NOW, Step::Code),
            ("prompt", "login", NOW + 9, Step::Code),
            // `next_step` is called at `NOW + 10`.
            ("max_age", "100", NOW - 91, Step::SignIn),
            ("max_age", "100", NOW - 90, Step::Code),
            ("max_age", "0", NOW - 1, Step::SignIn),
            ("max_age", "0", NOW, Step::Code),
            ("max_age", "0", NOW + 10, Step::Code),
            ("login_hint", "eve@example.com", NOW - 1, Step::SignIn),
            ("login_hint", "eve@example.com", NOW, Step::Code),
            ("login_hint", "Ada@Example.com", NOW - 1, Step::Code),
            ("login_hint", "no address", NOW - 1, Step::Code),
            ("prompt", "select_account", NOW - 1, Step::Continue),
            ("prompt", "select_account", NOW, Step::Code),
            ("prompt", "select_account login", NOW - 1, Step::SignIn),
            ("prompt", "consent", NOW - 1, Step::Consent),
            ("prompt", "consent", NOW, Step::Consent),
        ] {
            let changes = [(name, Some(value))];
            let step = arrived(&ours, &changes, Some(&proved_at(auth_time)));
            assert_eq!(step, expected, "{name}={value} {auth_time}");
        }
        // If the app requires the password (`prompt=login`), a click on "continue" is not enough.
        let changes = [("prompt", Some("login"))];
        let allowed = step(
            &ours,
            &changes,
            Some(&proved_at(NOW - 1)),
            None,
            Visit::Allowed,
        );
        assert_eq!(allowed, Step::SignIn);
    }

    #[test]
    fn only_the_user_whom_the_app_expects_goes_on() {
        let ours = first_party();
        let listed = listed();
        let mut request = asked_by(&ours, &[]).unwrap();
        let mut judge = |expected| {
            request.expected = Some(expected);
            let (here, rules) = (signed_on(), rules(&listed));
            next_step(
                &request,
                &ours,
                Some(&here),
                None,
                Visit::Arrived,
                &rules,
                NOW,
            )
        };
        assert_eq!(judge(user().id), Step::Code);
        let another = judge(UserId::new(9, &[9; 10]));
        assert_eq!(another, Step::Refuse(OAuthError::LoginRequired));
    }

    /// A proof that the user had already given when the request arrived was not given for this
    /// request, whatever the times of the proof and the request are.
    #[test]
    fn the_proof_that_the_browser_arrived_with_is_not_enough() {
        let ours = first_party();
        let listed = listed();
        let rules = rules(&listed);
        // The last of these times is in the future. This happens if the clock of the machine that
        // wrote it is ahead.
        for auth_time in [NOW - 1, NOW, NOW + 5] {
            for (name, value, expected) in [
                ("prompt", "login", Step::SignIn),
                ("max_age", "0", Step::SignIn),
                ("login_hint", "eve@example.com", Step::SignIn),
                ("prompt", "select_account", Step::Continue),
                ("max_age", "1", Step::Code),
                ("login_hint", "ada@example.com", Step::Code),
            ] {
                let seen = proved_at(auth_time);
                let mut request = asked_by(&ours, &[(name, Some(value))]).unwrap();
                request.seen = Some(seen.seen());
                let judge = |here: &SignedOn, visit| {
                    next_step(&request, &ours, Some(here), None, visit, &rules, NOW)
                };
                let name = format!("{name}={value} {auth_time}");
                assert_eq!(judge(&seen, Visit::Arrived), expected, "{name}");
                if expected == Step::SignIn {
                    assert_eq!(judge(&seen, Visit::Allowed), expected, "{name}");
                }
                // A login in the same second begins another session, so its proof is accepted.
                let again = SignedOn {
                    session: SessionId::new(NOW * 1000, &[9; 10]),
                    ..proved_at(NOW)
                };
                assert_eq!(judge(&again, Visit::Arrived), Step::Code, "{name}");
                // A later proof in the same session is accepted, too.
                let later = proved_at(NOW + 6);
                assert_eq!(judge(&later, Visit::Arrived), Step::Code, "{name}");
                // A proof whose time is before the request was not given for the request, even if
                // it is not the proof in `seen`.
                let older = SignedOn {
                    session: again.session,
                    ..proved_at(NOW - 2)
                };
                let is_asked = judge(&older, Visit::Arrived) != Step::Code;
                assert_eq!(is_asked, expected != Step::Code || value == "1", "{name}");
            }
        }
    }

    /// Tries all combinations of the inputs below. With `prompt=none`, no page is shown. A code is
    /// issued only if each condition for a code holds.
    #[test]
    fn no_combination_gives_a_code_without_its_conditions() {
        let mut codes = 0;
        for client in [first_party(), client()] {
            for prompt in [
                "",
                "none",
                "login",
                "consent",
                "select_account",
                "login consent",
            ] {
                for uri in [super::super::samples::CALLBACK, LOOPBACK, PRIVATE] {
                    for auth_time in [None, Some(NOW - 1), Some(NOW)] {
                        for has_grant in [false, true] {
                            for visit in [Visit::Arrived, Visit::Allowed] {
                                let changes =
                                    [("prompt", Some(prompt)), ("redirect_uri", Some(uri))];
                                let here = auth_time.map(proved_at);
                                let all = grant(&client, "openid profile");
                                let given = has_grant.then_some(&all);
                                let step = step(&client, &changes, here.as_ref(), given, visit);
                                let shows_page =
                                    matches!(step, Step::SignIn | Step::Consent | Step::Continue);
                                assert!(!(shows_page && prompt == "none"));
                                assert!(!matches!(step, Step::Refuse(_)) || prompt == "none");
                                if step == Step::Code {
                                    codes += 1;
                                    assert!(here.is_some());
                                    assert!(!prompt.contains("login") || auth_time == Some(NOW));
                                    let clicked = visit == Visit::Allowed;
                                    assert!(clicked || uri.starts_with("https://"));
                                    assert!(clicked || client.first_party || has_grant);
                                    assert!(clicked || !prompt.contains("consent"));
                                }
                            }
                        }
                    }
                }
            }
        }
        assert!(codes > 50, "{codes}");
    }
}
