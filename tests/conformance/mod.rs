//! The rules for the adapters of each port. Each port has a suite, which runs on each of its
//! adapters.
//!
//! | suite | natively | in workerd |
//! |---|---|---|
//! | `sessions` | `tests/session_store`: in memory, simulated Workers KV | KV, the Durable Object |
//! | `users` | `main`: in memory | D1 |
//! | `mail_ledger` | `main`: in memory | D1 |
//! | `mail_gate` | `main`: in memory | the Durable Object |
//! | `apps` | `main`: in memory | D1 |
//! | `operator_tickets` | `main`: in memory | D1 |
//! | `password_guard` | `main`: in memory | the Durable Object |
//!
//! `tests/conformance-worker` includes the suites through this file, and
//! `tests/e2e/conformance.test.mjs` runs them in workerd. The suites depend only on the ports and
//! the domain. A test case returns an error instead of panicking, because a panic would end the
//! isolate.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "suites with fixed numbers"
)]

pub(crate) mod apps;
pub(crate) mod mail_gate;
pub(crate) mod mail_ledger;
pub(crate) mod operator_tickets;
pub(crate) mod password_guard;
pub(crate) mod sessions;
pub(crate) mod suite;
pub(crate) mod users;
