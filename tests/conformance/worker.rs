//! The suites in workerd: `GET /conformance/<adapter>` runs one and answers a list of outcomes.

use edgegate::adapters::cloudflare::account::DurableAccounts;
use edgegate::adapters::cloudflare::d1::Database;
use edgegate::adapters::cloudflare::d1_mail_ledger::D1MailLedger;
use edgegate::adapters::cloudflare::d1_users::D1Users;
use edgegate::adapters::cloudflare::mail_gate::DurableMailGate;
use edgegate::adapters::system_random::SystemRandom;
use edgegate::edge::answer::Answer;
use edgegate::ports::Random;
use serde_json::json;
use worker::Env;
use worker::wasm_bindgen::{self, prelude::wasm_bindgen};

use super::suite::Outcome;
use super::{mail_gate, mail_ledger, password_guard, sessions, users};

/// Answers the suites' paths, one that panics, one that overflows the stack, and one that waits for half a minute.
pub(crate) async fn answer(path: &str, env: &Env) -> Option<Answer> {
    let mut first = [0; 8];
    SystemRandom.fill(&mut first);
    let first = u64::from_be_bytes(first);
    let outcomes = match path {
        "/conformance/kv" => sessions::workerd::on_kv(env, first).await?,
        "/conformance/durable" => sessions::workerd::on_the_durable_object(env, first).await?,
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
    };
    let outcomes: Vec<_> = outcomes.into_iter().map(written).collect();
    Some(Answer::json(200, &outcomes))
}

/// Panics. tests/e2e/traps calls it in the place of other exports.
#[allow(clippy::panic, reason = "what a panic leaves behind is tested")]
#[allow(unreachable_pub, reason = "exported to JavaScript")]
#[wasm_bindgen]
pub fn conformance_panic() {
    panic!("asked for");
}

/// Overflows the stack.
#[allow(clippy::panic, reason = "what a panic leaves behind is tested")]
#[allow(unreachable_pub, reason = "exported to JavaScript")]
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
