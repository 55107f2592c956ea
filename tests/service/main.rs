//! Tests of the use cases. They run on the in-memory adapters, and on the KV session store with an
//! in-memory key-value namespace.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::arithmetic_side_effects,
    unreachable_pub
)]

mod app_requests;
mod app_tokens;
mod audit_log;
mod authorize;
mod change_email;
mod change_password;
mod clear_departures;
mod copies;
#[path = "../count/mod.rs"]
mod count;
mod counting_hasher;
mod delayed_jobs;
mod delete_account;
mod deliver_mail;
mod failures;
mod faults;
mod fixture;
mod generate_token;
mod grants;
mod guarantees;
mod guessing;
mod import_users;
mod is_authorized;
mod key_change;
mod last_administrator;
mod leave_apps;
mod limits;
mod links;
mod log_lines;
mod log_out;
mod mail_requests;
mod manage_clients;
mod manage_sessions;
mod manage_users;
mod operator;
mod operator_tickets;
mod password_work;
mod reauthenticate;
mod register;
mod renew_token;
mod reset_password;
mod revoke_tokens;
mod rpc;
mod signatures;
mod storage_calls;
mod use_cases;
mod vendors;
mod verify_email;
