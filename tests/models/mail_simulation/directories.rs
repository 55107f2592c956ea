//! Two user directories differ in the account of one address. With both directories, every stranger
//! gets the same answers, and the same mails at the same times.

use std::cell::Cell;

use edgegate::domain::mail::Pool;
use edgegate::domain::session::Credentials;
use edgegate::service::deliver_mail::Delivery;
use proptest::prelude::*;

use crate::count::count;
use crate::world::{HOUR, Mailed, Request, World, network};

/// The address whose account is different in the two directories.
const SECRET: &str = "secret@example.com";
const STRANGERS: u32 = 4;

/// The account that a directory has for the secret address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Secret {
    Absent,
    Verified,
    Unverified,
    Disabled,
}

/// A request. `pause` is the time since the previous request. The other fields say which stranger
/// makes the request, from which network, for whose address, and of which kind.
#[derive(Clone, Debug)]
struct Step {
    pause: u64,
    stranger: u32,
    network: u32,
    target: u32,
    kind: u8,
    with_ticket: bool,
}

prop_compose! {
    fn step()(
        pause in prop_oneof![Just(0), 1u64..5, 1u64..400, 1u64..4000],
        stranger in 0..STRANGERS,
        network in prop_oneof![0u32..3, 0u32..200],
        target in 0u32..STRANGERS + 5,
        kind in 0u8..4,
        with_ticket in any::<bool>(),
    ) -> Step {
        Step { pause, stranger, network, target, kind, with_ticket }
    }
}

fn own(stranger: u32) -> String {
    format!("stranger-{stranger}@example.com")
}

/// The address for which a mail is requested: a stranger's own address, the secret address, a
/// variant of the secret address, or an address without an account.
fn target(step: &Step) -> String {
    match step.target {
        target if target < STRANGERS => own(target),
        target if target < STRANGERS + 2 => SECRET.to_owned(),
        target if target < STRANGERS + 3 => format!("secret+{}@example.com", step.network),
        target => format!("nobody-{target}@example.com"),
    }
}

/// What the strangers can see: the answer to each request, and each mail to their own addresses or
/// to addresses without an account.
#[derive(Debug, PartialEq, Eq)]
struct Seen {
    answers: Vec<Result<(), String>>,
    mails: Vec<Mailed>,
}

thread_local! {
    static TRIED: Cell<[usize; 4]> = const { Cell::new([0; 4]) };
}

fn note(index: usize) {
    let mut tried = TRIED.get();
    tried[index] += 1;
    TRIED.set(tried);
}

fn run(secret: Secret, budget: u64, steps: &[Step], down: (u64, u64)) -> Seen {
    let mut world = World::new(&[("MAIL_BUDGET", &budget.to_string())]);
    let strangers: Vec<_> = (0..STRANGERS)
        .map(|number| world.add_user(number, &own(number), true, false))
        .collect();
    match secret {
        Secret::Absent => {}
        Secret::Verified => drop(world.add_user(99, SECRET, true, false)),
        Secret::Unverified => drop(world.add_user(99, SECRET, false, false)),
        Secret::Disabled => drop(world.add_user(99, SECRET, true, true)),
    }
    let mut answers = Vec::new();
    let mut mails = Vec::new();
    let mut seen = |_: &_, delivery: &Delivery, _| match delivery {
        Delivery::Waits { .. } => note(1),
        Delivery::GivenUp => note(2),
        Delivery::EarlierLink => note(3),
        _ => {}
    };
    for step in steps {
        let now = world.now();
        let mailer = world.service.ports().mailer.clone();
        mailer.set_down((down.0..down.0 + down.1).contains(&now));
        mails.extend(world.run_until(now + step.pause, &mut seen));
        let request = match step.kind {
            0 => Request::Reset(target(step)),
            1 => Request::Register(target(step)),
            2 => Request::Resend(target(step)),
            _ => Request::ChangeAddress(own(step.stranger), target(step)),
        };
        let ticket = world
            .service
            .device_ticket(&strangers[step.stranger as usize]);
        let device = step.with_ticket.then(|| ticket.expose());
        let caller = (
            network(step.network),
            Credentials::default().with_device(device),
        );
        let answer = world.ask(&request, &caller);
        answers.push(answer.map_err(|error| format!("{error:?}")));
    }
    world.service.ports().mailer.set_down(false);
    let end = world.now() + 30 * HOUR;
    mails.extend(world.run_until(end, &mut seen));
    mails.retain(|mail| !mail.message.to.as_given().starts_with("secret"));
    note(0);
    Seen { answers, mails }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn one_address_more_or_less_shows_in_nobody_else_s_answers_and_mails(
        steps in prop::collection::vec(step(), 1..70),
        budget in prop_oneof![1u64..4, 20u64..60, Just(1000)],
        other in prop::sample::select(vec![Secret::Verified, Secret::Unverified, Secret::Disabled]),
        down in (0u64..20_000, prop_oneof![Just(0), 1u64..20_000]),
    ) {
        let absent = run(Secret::Absent, budget, &steps, down);
        let there = run(other, budget, &steps, down);
        prop_assert_eq!(&absent.answers, &there.answers);
        prop_assert_eq!(absent.mails.len(), there.mails.len());
        for (one, two) in absent.mails.iter().zip(&there.mails) {
            prop_assert_eq!(one, two);
        }
        let [runs, waits, given_up, refused] = TRIED.get();
        count("mail_directories", &format!(
            "{runs} runs of two directories that differ in one address: {waits} mails waited for budget, {given_up} were given up, {refused} found an earlier link; the others saw no difference",
        ));
    }
}

/// Here the two directories lead to different outcomes, but the mail is paid from the same pool
/// (share of the mail budget). So the comparison above can fail: it would detect a service that
/// chooses the pool after it has looked up the account.
#[test]
fn a_stranger_with_a_ticket_of_another_account_pays_as_any_other() {
    for secret in [Secret::Absent, Secret::Verified] {
        let mut world = World::new(&[]);
        let user = world.add_user(0, &own(0), true, false);
        if secret == Secret::Verified {
            world.add_user(99, SECRET, true, false);
        }
        let ticket = world.service.device_ticket(&user);
        let device = Credentials::default().with_device(Some(ticket.expose()));
        let caller = (network(1), device);
        world
            .ask(&Request::Reset(SECRET.to_owned()), &caller)
            .unwrap();
        let mut pools = Vec::new();
        world.run_until(1, |job, delivery, _| {
            pools.push((job.pool, delivery.name()))
        });
        let outcome = if secret == Secret::Verified {
            "sent"
        } else {
            "not_due"
        };
        assert_eq!(pools, [(Pool::Known(user.id), outcome)]);
    }
}
