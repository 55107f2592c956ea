//! Each test adds a deliberate bug and requires that the checker finds it. So the checker works.

use crate::check::is_caught;
use crate::model::Setting;
use crate::world::Bug;

fn caught(name: &'static str, bug: Bug, property: &str) {
    is_caught(Setting::new(name, Some(bug)), property);
}

#[test]
fn no_verifier() {
    caught(
        "bug: the verifier is not compared",
        Bug::NoVerifier,
        "a code without its verifier gives nothing",
    );
}

#[test]
fn replays_before_the_verifier() {
    caught(
        "bug: a replay ends the session before the verifier is compared",
        Bug::ReplayBeforeVerifier,
        "a code without its verifier ends nothing",
    );
}

#[test]
fn codes_remembered_by_a_location() {
    caught(
        "bug: a stale location remembers the codes",
        Bug::RememberedByLocation,
        "a code gives one session",
    );
}

#[test]
fn no_client() {
    caught(
        "bug: the code's client is not compared",
        Bug::NoClient,
        "no client gets another client's tokens",
    );
}

#[test]
fn no_client_at_renewal() {
    caught(
        "bug: the client of a refresh token is not compared",
        Bug::NoClientAtRenewal,
        "no client gets another client's tokens",
    );
}

#[test]
fn redirect_uris_by_prefix() {
    caught(
        "bug: a redirect URI matches by its beginning",
        Bug::MatchesPrefix,
        "no redirect leaves the registered URIs",
    );
}

#[test]
fn tokens_of_apps_on_the_account() {
    caught(
        "bug: AUDIENCE may be a resource, and the account looks at aud alone",
        Bug::AudienceAloneAndAccountIsAResource,
        "an app's token never acts on the account",
    );
}

#[test]
fn no_sign_on() {
    caught(
        "bug: the exchange does not ask for the sign-on",
        Bug::NoSignOn,
        "no code gives a session after a log-out",
    );
}
