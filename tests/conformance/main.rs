//! Runs the conformance suites of the ports on the in-memory adapters. `mod.rs` says which suite
//! runs where. `cargo test --test conformance -- --nocapture` prints how many tests of each suite
//! have passed.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::unwrap_used
)]

mod apps;
mod mail_gate;
mod mail_ledger;
mod operator_tickets;
mod password_guard;
mod suite;
mod users;

use edgegate::adapters::memory::{
    MemoryApps, MemoryMailGate, MemoryMailLedger, MemoryOperatorTickets, MemoryPasswordGuard,
    MemoryUsers,
};

use suite::Outcome;

#[test]
fn users_in_memory() {
    let world = users::World::new(MemoryUsers::default(), 0);
    all_pass("users", &pollster::block_on(users::run_all(&world)));
}

#[test]
fn the_mail_ledger_in_memory() {
    let world = mail_ledger::World::new(MemoryMailLedger::default(), 0);
    all_pass(
        "mail ledger",
        &pollster::block_on(mail_ledger::run_all(&world)),
    );
}

#[test]
fn the_mail_gate_in_memory() {
    let world = mail_gate::World::new(MemoryMailGate::default(), 0).unwrap();
    all_pass("mail gate", &pollster::block_on(mail_gate::run_all(&world)));
}

#[test]
fn the_password_guard_in_memory() {
    let world = password_guard::World::new(MemoryPasswordGuard::default(), 0).unwrap();
    all_pass(
        "password guard",
        &pollster::block_on(password_guard::run_all(&world)),
    );
}

#[test]
fn apps_in_memory() {
    let apps = MemoryApps::default();
    let world = apps::World::new(apps.clone(), apps, 0);
    all_pass("apps", &pollster::block_on(apps::run_all(&world)));
}

#[test]
fn operator_tickets_in_memory() {
    let tickets = MemoryOperatorTickets::default();
    let adding = tickets.clone();
    let add: operator_tickets::Add = Box::new(move |hash, ticket| {
        adding.add(hash, ticket);
        Box::pin(std::future::ready(Ok(())))
    });
    let world = operator_tickets::World::new(tickets, add, 0);
    let outcomes = pollster::block_on(operator_tickets::run_all(&world));
    // The suite of the operator tickets is short, because their port has only two methods.
    at_least("operator tickets", &outcomes, 5);
}

fn all_pass(port: &str, outcomes: &[Outcome]) {
    at_least(port, outcomes, 16);
}

fn at_least(port: &str, outcomes: &[Outcome], least: usize) {
    let failures: Vec<String> = outcomes
        .iter()
        .filter_map(|outcome| match &outcome.result {
            Some(Ok(())) => None,
            Some(Err(why)) => Some(format!("{}: {why}", outcome.name)),
            None => Some(format!("{}: left out", outcome.name)),
        })
        .collect();
    assert!(failures.is_empty(), "{port}:\n{}", failures.join("\n"));
    assert!(outcomes.len() >= least, "only {} cases ran", outcomes.len());
    println!("conformance, {port} in memory: {} passed", outcomes.len());
}
