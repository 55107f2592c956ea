//! What a revocation covers stays refused, whatever the settings were or become.

use edgegate::domain::error::{AccessRefusal, Error};
use edgegate::domain::policy::{MAX_ACCESS_TOKEN_TTL, STALE_MARGIN};
use edgegate::ports::{Clock, Ports};

use crate::kv::{Deployment, client, seal};

const LONGEST: &[(&str, &str)] = &[("ACCESS_TOKEN_TTL", "3600")];
const SHORTEST: &[(&str, &str)] = &[("ACCESS_TOKEN_TTL", "60")];

/// The operator lowers `ACCESS_TOKEN_TTL` from an hour to a minute, then a user is revoked. A token from before lives for
/// the hour that it was issued for, so the refusal must last as long.
#[test]
fn a_revocation_outlives_tokens_that_were_issued_for_longer() {
    let deployment = Deployment::new(false);
    let before = deployment.service(1, LONGEST);
    let user = deployment.user(1);
    let store = before.ports().sessions();
    let ticket = deployment.time.run(deployment.begin(store, &user));
    deployment.time.advance(120);
    let (token, client) = (seal(ticket, LONGEST), client());
    let renewed = deployment.time.run(before.renew_token(&token, &client));
    let renewed = renewed.unwrap();
    assert_eq!(renewed.tokens.expires_in, MAX_ACCESS_TOKEN_TTL);
    let access_token = renewed.tokens.access_token.expose();

    let after = deployment.service(1, SHORTEST);
    deployment.time.run(after.revoke_tokens(user.id)).unwrap();
    let issued_at = deployment.now();
    for seconds in [60, 340, 380, 900, 3500, MAX_ACCESS_TOKEN_TTL - 1] {
        let now_ms = (issued_at + seconds) * 1000;
        deployment
            .time
            .advance((now_ms - deployment.time.now_ms()).div_ceil(1000));
        // A new isolate at another location remembers nothing.
        let elsewhere = deployment.service(2, SHORTEST);
        let refused = deployment
            .time
            .run(elsewhere.bearer(access_token))
            .unwrap_err();
        assert_eq!(
            refused,
            Error::Access(AccessRefusal::Outdated),
            "after {seconds} s"
        );
    }
    let left = format!("stale:{}", user.id);
    deployment.time.advance(STALE_MARGIN + 2);
    assert_eq!(deployment.kv.value(&left), None, "no record stays for good");
}
