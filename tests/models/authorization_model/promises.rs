//! What the authorization code flow promises, and which attack it can't prevent.

use crate::check::{holds, is_caught};
use crate::model::{Setting, Thief};
use crate::world::Bug;

/// The events that a search must have seen.
const EVENTS: [&str; 13] = [
    "page",
    "error",
    "code",
    "session",
    "arrived twice",
    "code_expired",
    "code_of_another_client",
    "code_redirect_uri",
    "code_verifier",
    "code_replayed",
    "signed_off",
    "not authenticated",
    "renewal refused",
];

#[test]
fn a_thief_who_sees_every_code_gets_nothing() {
    holds(Setting::new("thief, bad network", None), &EVENTS);
}

#[test]
fn a_thief_who_begins_requests_and_sees_no_code_gets_nothing() {
    let setting = Setting {
        thief: Thief {
            sees_codes: false,
            begins_for_the_public_app: true,
            sees_refresh_tokens: true,
        },
        ..Setting::new("thief who begins requests, sees no code", None)
    };
    holds(setting, &EVENTS[..6]);
}

/// Two rules prevent an app's token from being used on the user's account. The first rule: an app
/// can't request a token for the resource `AUDIENCE`. The second rule: the account's routes check
/// the token's client and scope. Each rule alone is enough.
#[test]
fn either_of_two_rules_keeps_tokens_of_apps_from_the_account() {
    for (name, bug) in [
        ("the account looks at aud alone", Bug::AudienceAlone),
        ("AUDIENCE may be a resource", Bug::AccountIsAResource),
    ] {
        let setting = Setting {
            bad_network: false,
            ..Setting::new(name, Some(bug))
        };
        holds(setting, &["acts"]);
    }
}

/// The service can't distinguish an app without a secret from anybody else who has the code and the
/// verifier. A thief can get both: he makes the user's browser send an authorization request in the
/// name of the app, with a verifier of his own, and then he sees the redirect, which contains the
/// code. Only an app's secret prevents this attack.
#[test]
fn bound_a_thief_at_both_ends_is_a_public_app() {
    let setting = Setting {
        thief: Thief {
            sees_codes: true,
            begins_for_the_public_app: true,
            sees_refresh_tokens: false,
        },
        ..Setting::new("thief at both ends of a public app", None)
    };
    is_caught(setting, "no client gets another client's tokens");
}
