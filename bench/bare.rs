//! The work that the Worker can't do without, with nothing around it: what `npm run bench` holds the whole against.

use std::cell::RefCell;

use futures_util::FutureExt as _;

use crate::adapters::argon2::Argon2Hasher;
use crate::adapters::cloudflare::clock::RequestClock;
use crate::domain::account::Password;
use crate::domain::token::{Expected, VerifiedToken, verify};
use crate::edge::answer::Answer;
use crate::ports::{Clock as _, PasswordHasher as _};
use crate::service::Shared;

/// How often one request verifies, so that HTTP does not show: `LOOPS` of bench/subjects/works.mjs.
const LOOPS: usize = 200;
const DONE: &str = r#"{"authorized":true}"#;

thread_local! {
    static HASHER: RefCell<Argon2Hasher> = RefCell::default();
}

/// Answers `/bare/…`; `None` for any other path, and for what fails, which is then no work.
pub(crate) fn answer(path: &str, authorization: Option<&str>, shared: &Shared) -> Option<Answer> {
    let token = authorization.and_then(|value| value.strip_prefix("Bearer "));
    match path {
        "/bare/nothing" => {}
        "/bare/argon2id" => hash()?,
        "/bare/verify" => (0..LOOPS).try_for_each(|_| verify_once(token?, shared).map(drop))?,
        "/bare/seen" => (0..LOOPS).try_for_each(|_| look_up(token?, shared))?,
        _ => return None,
    }
    Some(Answer::json_text(200, DONE))
}

fn hash() -> Option<()> {
    let password = Password::for_login("correct horse battery staple").ok()?;
    HASHER.with_borrow(|hasher| {
        hasher
            .hash(&password, &[7; 16])
            .now_or_never()
            .and_then(Result::ok)
            .map(drop)
    })
}

fn verify_once(token: &str, shared: &Shared) -> Option<VerifiedToken> {
    let settings = shared.settings();
    let expected = Expected::new(settings.issuer.as_str(), settings.audience.as_str());
    verify(token, &settings.keys, &expected, now()).ok()
}

fn look_up(token: &str, shared: &Shared) -> Option<()> {
    let mut verified = shared.verified.borrow_mut();
    if verified.get(token, now()).is_none() {
        verified.insert(token, verify_once(token, shared)?.into(), now());
    }
    Some(())
}

fn now() -> u64 {
    RequestClock::read().now_ms() / 1000
}
