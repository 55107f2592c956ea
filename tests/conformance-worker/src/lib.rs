//! edgegate's Worker, extended by the conformance suites of its adapters. It is used only in tests,
//! and is never deployed.
//!
//! `GET /conformance/<adapter>` runs a suite and returns a list of outcomes. `entry.mjs` calls
//! [`conformance_answer`] for it.
#![cfg(target_arch = "wasm32")]
#![allow(
    unreachable_pub,
    reason = "exported to JavaScript, or shared with native tests"
)]
#![allow(clippy::arithmetic_side_effects, reason = "suites with fixed numbers")]

#[path = "../../both_ways/mod.rs"]
mod both_ways;
#[path = "../../conformance/mod.rs"]
mod conformance;
mod sessions;
mod signatures;
mod tickets;

use edgegate::adapters::cloudflare::account::DurableAccounts;
use edgegate::adapters::cloudflare::d1::Database;
use edgegate::adapters::cloudflare::d1_clients::D1Clients;
use edgegate::adapters::cloudflare::d1_grants::D1Grants;
use edgegate::adapters::cloudflare::d1_mail_ledger::D1MailLedger;
use edgegate::adapters::cloudflare::d1_operator_tickets::D1OperatorTickets;
use edgegate::adapters::cloudflare::d1_users::D1Users;
use edgegate::adapters::cloudflare::mail_gate::DurableMailGate;
use edgegate::adapters::system_random::SystemRandom;
use edgegate::ports::Random;
use js_sys::Promise;
use js_sys::futures::future_to_promise;
use serde_json::json;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use worker::Env;

use crate::conformance::suite::Outcome;
use crate::conformance::{apps, mail_gate, mail_ledger, operator_tickets, password_guard, users};

/// Returns a promise of the JSON from `signatures::found`, or of `undefined` if that function
/// returns `None`.
#[wasm_bindgen]
pub fn conformance_signatures(what: String, promises: u32) -> Promise {
    future_to_promise(async move {
        let found = signatures::found(&what, promises).await;
        Ok(found.map_or(JsValue::UNDEFINED, |found| found.to_string().into()))
    })
}

/// Returns a promise of a JSON list of outcomes, or of `undefined` if the path is unknown. Each
/// suite has a path. Three more paths do other things: one panics, one overflows the stack, and one
/// waits for half a minute.
#[wasm_bindgen]
pub fn conformance_answer(path: String, env: Env) -> Promise {
    future_to_promise(async move {
        let outcomes = outcomes(&path, &env).await;
        let text = outcomes.map(|outcomes| {
            let outcomes: Vec<_> = outcomes.into_iter().map(written).collect();
            serde_json::Value::from(outcomes).to_string()
        });
        Ok(text.map_or(JsValue::UNDEFINED, JsValue::from))
    })
}

async fn outcomes(path: &str, env: &Env) -> Option<Vec<Outcome>> {
    let mut first = [0; 8];
    SystemRandom.fill(&mut first);
    let first = u64::from_be_bytes(first);
    Some(match path {
        "/conformance/kv" => sessions::on_kv(env, first).await?,
        "/conformance/durable" => sessions::on_the_durable_object(env, first).await?,
        "/conformance/users" => {
            let directory = D1Users::new(Database::bound(env, "DB")?);
            users::run_all(&users::World::new(directory, first)).await
        }
        "/conformance/mail-ledger" => {
            let ledger = D1MailLedger::new(Database::bound(env, "DB")?);
            mail_ledger::run_all(&mail_ledger::World::new(ledger, first)).await
        }
        "/conformance/mail-gate" => {
            let gate = DurableMailGate::bound(env, "MAIL_GATE_OBJECTS")?;
            mail_gate::run_all(&mail_gate::World::new(gate, first)?).await
        }
        "/conformance/password-guard" => {
            let guard = DurableAccounts::bound(env, "ACCOUNT_OBJECTS")?;
            password_guard::run_all(&password_guard::World::new(guard, first)?).await
        }
        "/conformance/apps" => {
            let database = Database::bound(env, "DB")?;
            let (clients, grants) = (D1Clients::new(database.clone()), D1Grants::new(database));
            apps::run_all(&apps::World::new(clients, grants, first)).await
        }
        "/conformance/operator-tickets" => {
            let tickets = D1OperatorTickets::new(Database::bound(env, "DB")?);
            let adding = tickets::adding(env)?;
            let world = operator_tickets::World::new(tickets, adding, first);
            operator_tickets::run_all(&world).await
        }
        "/conformance/panic" => {
            conformance_panic();
            Vec::new()
        }
        "/conformance/overflow" => {
            conformance_overflow();
            Vec::new()
        }
        "/conformance/wait" => {
            worker::Delay::from(std::time::Duration::from_secs(30)).await;
            Vec::new()
        }
        _ => return None,
    })
}

/// Panics. The tests in tests/e2e/traps make this function run in place of other exported
/// functions.
#[allow(clippy::panic, reason = "what a panic leaves behind is tested")]
#[wasm_bindgen]
pub fn conformance_panic() {
    panic!("asked for");
}

/// Overflows the stack.
#[allow(clippy::panic, reason = "what a panic leaves behind is tested")]
#[wasm_bindgen]
pub fn conformance_overflow() {
    panic!("{}", deeper(1));
}

#[allow(unconditional_recursion, reason = "it ends with the stack")]
fn deeper(depth: u64) -> u64 {
    let frame = std::hint::black_box([depth; 128]);
    deeper(depth.wrapping_add(1)).wrapping_add(frame.iter().sum())
}

fn written(outcome: Outcome) -> serde_json::Value {
    let (state, why) = match outcome.result {
        None => ("left out", None),
        Some(Ok(())) => ("passed", None),
        Some(Err(why)) => ("failed", Some(why)),
    };
    json!({ "name": outcome.name, "state": state, "why": why })
}
