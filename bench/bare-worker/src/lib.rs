//! The bare work: the part of a request's work that can't be left out, such as verifying a
//! signature. `npm run bench` compares the time of the whole Worker with the time of the bare work.
//!
//! `entry.mjs` calls [`bare`]. The rest of edgegate's Worker is included too, because the bindings
//! need the classes of its Durable Objects.
#![cfg(target_arch = "wasm32")]

use std::cell::RefCell;

use edgegate::adapters::argon2::Argon2Hasher;
use edgegate::adapters::cloudflare::clock::RequestClock;
use edgegate::domain::account::Password;
use edgegate::domain::settings::Settings;
use edgegate::domain::verified_tokens::{Reader, VerifiedTokens};
use edgegate::ports::{Clock as _, PasswordHasher as _};
use edgegate_token::{Expected, VerifiedToken, verify};
use futures_util::FutureExt as _;
use wasm_bindgen::prelude::wasm_bindgen;
use worker::Env;

/// How many times one request verifies its token. One request verifies so often that the cost of
/// HTTP is negligible. `LOOPS` in bench/subjects/works.mjs must be the same number.
const LOOPS: usize = 200;

thread_local! {
    static HASHER: RefCell<Argon2Hasher> = RefCell::default();
    static SETTINGS: RefCell<Option<Settings>> = const { RefCell::new(None) };
    static VERIFIED: RefCell<VerifiedTokens> = RefCell::default();
}

/// Does the work of a path below `/bare/`. Returns true if the work was done, and false if it
/// failed or if the path is unknown.
#[wasm_bindgen]
pub fn bare(path: &str, token: &str, env: &Env) -> bool {
    SETTINGS.with_borrow_mut(|settings| {
        if settings.is_none() {
            *settings = Settings::read(|name| env.var(name).ok().map(|var| var.to_string())).ok();
        }
        let Some(settings) = settings.as_ref() else {
            return false;
        };
        match path {
            "/bare/nothing" => Some(()),
            "/bare/argon2id" => hash(),
            "/bare/verify" => (0..LOOPS).try_for_each(|_| verify_once(token, settings).map(drop)),
            "/bare/seen" => (0..LOOPS).try_for_each(|_| look_up(token, settings)),
            _ => None,
        }
        .is_some()
    })
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

fn verify_once(token: &str, settings: &Settings) -> Option<VerifiedToken> {
    let expected = Expected::new(settings.issuer.as_str(), settings.audience.as_str());
    verify(token, &settings.keys, &expected, now()).ok()
}

fn look_up(token: &str, settings: &Settings) -> Option<()> {
    VERIFIED.with_borrow_mut(|verified| {
        if verified.get(token, Reader::Account, now()).is_none() {
            let verified_token = verify_once(token, settings)?.into();
            verified.insert(token, Reader::Account, verified_token, now());
        }
        Some(())
    })
}

fn now() -> u64 {
    RequestClock::read().now_ms() / 1000
}
