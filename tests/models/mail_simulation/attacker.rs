//! An attacker requests mails for a week, from 1, 50 or 5,000 networks. In the same week, honest
//! users request twenty resets an hour.
//!
//! The attacker sends as many requests as the gate (the limit per network) allows. The simulation
//! makes three simplifications. They do not change what happens to honest users:
//!
//! - Each of the attacker's networks makes at most thirty requests an hour. The gate would answer
//!   429 to further requests without counting them.
//! - The mail budget is divided into shares (pools). The first request of a network is paid from
//!   the pool *first*, its second to thirtieth requests from the pools *medium* and *rest*. In each
//!   hour, the attacker makes at most 10 % more of these later requests than both pools can pay
//!   for, and at most 300. With a budget of 10,000, that does not empty the pools. This makes no
//!   difference, because an honest user's first request is paid only from the pool *first*. The
//!   test `pays_from_one_row` checks that.
//! - All networks make their first request of a day in the first minute of the day, because honest
//!   users have to wait longest in that case.

use std::collections::BTreeMap;

use edgegate::domain::account::User;
use edgegate::domain::mail::{Locale, Pool, RouteClass};
use edgegate::domain::session::Credentials;
use edgegate::service::Login;
use edgegate::service::deliver_mail::Delivery;

use crate::count::count;
use crate::world::{DAY, Dice, HOUR, Mailed, PASSWORD, Request, World, network};

const WEEK: u64 = 7 * DAY;
const HONEST_AN_HOUR: u64 = 20;
const PEOPLE: u32 = 400;
/// The maximum number of requests that the attacker makes in an hour from networks that have
/// already made their first request.
const MOST_OF_OTHER_POOLS: u64 = 300;
/// The networks of honest users have numbers from this number on. Each honest request comes from a
/// new network.
const HONEST: u32 = 1_000_000;

/// How long honest users waited for their mails.
#[derive(Debug, Default)]
struct Delays {
    known: Vec<u64>,
    new: Vec<u64>,
    never: usize,
    notices: Vec<u64>,
    notices_due: usize,
}

fn share(delays: &[u64], within: u64) -> f64 {
    let count = delays.iter().filter(|delay| **delay <= within).count();
    100.0 * count as f64 / delays.len().max(1) as f64
}

fn worst(delays: &[u64]) -> f64 {
    delays.iter().copied().max().unwrap_or_default() as f64 / HOUR as f64
}

fn email(person: u32) -> String {
    format!("person-{person}@example.com")
}

/// A request of an honest user. Each request comes from a different network. `known`: it comes from
/// a known device.
struct Asked {
    at: u64,
    known: bool,
}

/// The honest requests that have not been answered by a link yet. The key is the id of the
/// request's job.
type Waiting = BTreeMap<String, Asked>;

fn week(networks: u32, budget: u64) -> Delays {
    let mut world = World::new(&[("MAIL_BUDGET", &budget.to_string())]);
    let people: Vec<User> = (0..PEOPLE)
        .map(|person| world.add_user(person, &email(person), true, false))
        .collect();
    let mut dice = Dice(1);
    let mut delays = Delays::default();
    let mut asked = Waiting::new();
    let mut honest = 0;
    let class = RouteClass::Reset;
    // The attacker makes 10 % more requests than the pools can pay for, up to a maximum. The
    // requests that can't be paid for wait, and are paid from the pools in the next hour.
    let shares = [Pool::Medium, Pool::Rest].map(|pool| pool.share(class, budget).unwrap());
    let more = (shares.iter().sum::<u64>() * 11 / 10).min(MOST_OF_OTHER_POOLS);
    for hour in 0..WEEK / HOUR {
        let begins = hour * HOUR;
        // The requests of this hour, each with its time. `Some` is the number of the attacker's
        // network, and `None` is an honest request.
        let mut acts: Vec<(u64, Option<u32>)> = Vec::new();
        if hour % 24 == 0 {
            for number in 0..networks {
                acts.push((begins + u64::from(number % 60), Some(number)));
            }
        }
        let more = more.min(u64::from(networks) * 29);
        for number in 0..more {
            let number = u32::try_from(number).unwrap() % networks;
            acts.push((begins + 60 + dice.below(60), Some(number)));
        }
        for _ in 0..HONEST_AN_HOUR {
            acts.push((begins + dice.below(HOUR), None));
        }
        acts.sort_by_key(|(at, _)| *at);
        for (at, attacker) in acts {
            settle(&mut world, at, &mut asked, &mut delays);
            if let Some(number) = attacker {
                // The simulation gives the same result whether or not this address has an account.
                let _ = world.ask(
                    &Request::Reset("nobody@example.com".to_owned()),
                    &network(number),
                );
                continue;
            }
            honest += 1;
            let person = (honest % PEOPLE) as usize;
            let known = dice.below(2) == 0;
            let ticket = world.service.device_ticket(&people[person]);
            let device = known.then(|| ticket.expose());
            let caller = (
                network(HONEST + honest),
                Credentials::default().with_device(device),
            );
            world
                .ask(&Request::Reset(email(person as u32)), &caller)
                .unwrap();
            let job = world.newest().unwrap();
            asked.insert(job, Asked { at, known });
        }
        // A user changes a password. The notice of the change must be sent at once.
        if hour % 7 == 0 {
            let person = (hour / 7) as u32 % PEOPLE;
            notice(&mut world, person, &mut asked, &mut delays);
        }
    }
    settle(&mut world, WEEK + 2 * DAY, &mut asked, &mut delays);
    delays.never = asked.len();
    delays
}

/// Delivers the queued jobs until this time, and records which honest requests were answered by a
/// link.
fn settle(world: &mut World, until: u64, asked: &mut Waiting, delays: &mut Delays) -> Vec<Mailed> {
    world.run_until(until, |job, delivery, now| {
        let is_answered = matches!(delivery, Delivery::Sent | Delivery::EarlierLink);
        if !is_answered {
            return;
        }
        let Some(Asked { at, known }) = asked.remove(&job.id) else {
            return;
        };
        let delays = if known {
            &mut delays.known
        } else {
            &mut delays.new
        };
        delays.push(now - at);
    })
}

fn notice(world: &mut World, person: u32, asked: &mut Waiting, delays: &mut Delays) {
    let begun = world.now();
    let client = network(HONEST * 2 + person);
    pollster::block_on(async {
        let login = Login {
            email: &email(person),
            password: PASSWORD,
        };
        let signed_in = world.service.generate_token(login, &client).await.unwrap();
        let token = signed_in.tokens.access_token.expose();
        let changed =
            world
                .service
                .change_password(token, PASSWORD, PASSWORD, &client, Locale::English);
        changed.await.unwrap();
    });
    delays.notices_due += 1;
    let mailed = settle(world, begun, asked, delays);
    let told = mailed
        .iter()
        .filter(|mail| mail.message.subject.contains("was changed"));
    delays.notices.extend(told.map(|mail| mail.at - begun));
}

#[test]
fn a_week_delays_nobody_but_strangers_devices_under_five_thousand_networks() {
    println!(
        "budget | networks | known device, at once | new device, at once | within 1 h | worst | never | notices late"
    );
    let mut lines = Vec::new();
    let bounds = [
        (1000, 1, 100.0, 100.0, 0.0),
        (1000, 50, 100.0, 100.0, 0.0),
        (1000, 5000, 45.0, 60.0, 13.0),
        (10_000, 5000, 90.0, 98.0, 1.3),
    ];
    let weeks: Vec<_> = bounds
        .map(|(budget, networks, ..)| std::thread::spawn(move || week(networks, budget)))
        .into();
    for ((budget, networks, at_once, within_an_hour, worst_hours), week) in
        bounds.into_iter().zip(weeks)
    {
        let delays = week.join().unwrap();
        let row = format!(
            "{budget} | {networks} | {:.0} % of {} | {:.0} % of {} | {:.0} % | {:.1} h | {} | {} of {}",
            share(&delays.known, 1),
            delays.known.len(),
            share(&delays.new, 1),
            delays.new.len(),
            share(&delays.new, HOUR),
            worst(&delays.new),
            delays.never,
            delays.notices_due - delays.notices.len(),
            delays.notices_due,
        );
        println!("{row}");
        assert!(
            delays.known.len() > 1000 && delays.new.len() > 1000,
            "{row}"
        );
        assert_eq!(delays.never, 0, "{row}");
        assert!(share(&delays.known, 1) >= 100.0, "{row}");
        assert_eq!(
            (delays.notices.len(), worst(&delays.notices)),
            (delays.notices_due, 0.0),
            "{row}"
        );
        assert!(share(&delays.new, 1) >= at_once, "{row}");
        assert!(share(&delays.new, HOUR) >= within_an_hour, "{row}");
        assert!(worst(&delays.new) <= worst_hours, "{row}");
        lines.push(format!(
            "{networks} networks, budget {budget}: {:.0} % at once, worst {:.1} h",
            share(&delays.new, 1),
            worst(&delays.new)
        ));
    }
    count(
        "mail_attacker",
        &format!(
            "a week's attacker beside {HONEST_AN_HOUR} resets an hour, new devices: {}",
            lines.join("; ")
        ),
    );
}

/// The first request of an honest network is paid from a single pool (a share of the mail budget).
/// So it is paid even if all other pools are used up.
#[test]
fn pays_from_one_row() {
    let mut world = World::new(&[("MAIL_BUDGET", "100")]);
    world.add_user(0, &email(0), true, false);
    // The mails of registrations use up all pools. The mails of resets use up all pools except the
    // first.
    for number in 0..30 {
        let _ = world.ask(
            &Request::Register("nobody@example.com".to_owned()),
            &network(number),
        );
        for _ in 0..20 {
            let _ = world.ask(
                &Request::Reset("nobody@example.com".to_owned()),
                &network(number % 10),
            );
        }
    }
    world.run_until(100, |_, _, _| {});
    world
        .ask(&Request::Reset(email(0)), &network(HONEST))
        .unwrap();
    let mut outcome = None;
    world.run_until(101, |job, delivery, _| {
        outcome = (job.pool == Pool::First).then(|| delivery.name());
    });
    assert_eq!(outcome, Some("sent"));
}

/// Strangers request resets, registrations and confirmation links for one person, 120 times an
/// hour. The owner requests resets at random times, from a new device. Whenever such a reset sends
/// no mail, the newest link that was sent before still has at least half of its lifetime left, give
/// or take an hour.
#[test]
fn one_person_always_has_a_link() {
    for networks in [1, 50, 5000] {
        let mut world = World::new(&[]);
        world.add_user(0, "victim@example.com", true, false);
        let mut dice = Dice(u64::from(networks));
        let (mut number, mut refused, mut sent) = (0, 0, 0);
        let (mut newest, mut ends) = (0, 0);
        let mut owners_next = 1800;
        let mut owners = Vec::new();
        for now in (0..WEEK).step_by(120) {
            for request in 0..4 {
                number = (number + 1) % networks;
                let variant = format!("victim+{now}@example.com");
                let victim = "victim@example.com".to_owned();
                let request = match request {
                    0 => Request::Reset(victim),
                    1 => Request::Register(victim),
                    2 => Request::Resend(victim),
                    _ => Request::Register(variant),
                };
                let _ = world.ask(&request, &network(number));
            }
            if now >= owners_next {
                owners_next = now + 600 + dice.below(4 * HOUR);
                let client = network(HONEST + u32::try_from(now / 120).unwrap());
                world
                    .ask(&Request::Reset("victim@example.com".to_owned()), &client)
                    .unwrap();
                owners.push(world.newest().unwrap());
            }
            let mut answers = Vec::new();
            let mailed = world.run_until(now + 119, |job, delivery, at| {
                if owners.contains(&job.id) {
                    answers.push((delivery.clone(), at));
                }
            });
            for mail in mailed
                .iter()
                .filter(|mail| mail.message.text.contains("/reset-password#"))
            {
                newest = mail.at;
                ends = mail.at + minutes(&mail.message.text) * 60 * 6 / 5;
            }
            for (delivery, at) in answers {
                match delivery {
                    Delivery::Sent => sent += 1,
                    Delivery::EarlierLink => {
                        refused += 1;
                        // The mail states the link's lifetime in whole hours, rounded down.
                        let half = (ends - newest) / 2;
                        assert!(
                            ends.saturating_sub(at) + HOUR >= half,
                            "{networks}: {at} {newest} {ends}"
                        );
                        assert!(ends > at, "no valid link: {networks}: {at} {newest} {ends}");
                    }
                    other => panic!("{networks} networks: {other:?}"),
                }
            }
        }
        println!(
            "{networks} networks against one person: {sent} of the owner's mails sent, {refused} times an earlier link, never none"
        );
        assert!(refused > 20, "{networks}: {refused}");
    }
}

/// For how many minutes the link is valid, as stated in the mail.
fn minutes(text: &str) -> u64 {
    let (_, rest) = text.split_once("expires in ").unwrap();
    let rest = rest.replace('\u{a0}', " ");
    let mut words = rest.split([' ', '.', '\n']);
    let count: u64 = words.next().unwrap().parse().unwrap();
    if words.next().unwrap().starts_with("hour") {
        count * 60
    } else {
        count
    }
}

/// Requests mails for one mailbox in every possible way, 200 times an hour, from up to 5,000
/// networks.
#[test]
fn a_mailbox_gets_twelve_mails_on_the_first_day_and_thirty_six_in_a_week() {
    for networks in [1, 50, 5000] {
        let mut world = World::new(&[("MAIL_BUDGET", "1000000")]);
        world.add_user(0, "victim@gmail.com", true, false);
        world.add_user(1, "attacker@example.com", true, false);
        let mut number = 0;
        let mut mails = Vec::new();
        for now in (0..WEEK).step_by(90) {
            for request in 0..5 {
                number = (number + 1) % networks;
                let victim = "victim@gmail.com".to_owned();
                let request = match request {
                    0 => Request::Reset(victim),
                    1 => Request::Register(victim),
                    2 => Request::Resend(victim),
                    3 => Request::Register(format!("vic.tim+{now}@googlemail.com")),
                    _ if now % HOUR == 0 => Request::ChangeAddress(
                        "attacker@example.com".to_owned(),
                        format!("v.ictim+{now}@gmail.com"),
                    ),
                    _ => Request::Resend(format!("v.i.ctim+{now}@gmail.com")),
                };
                let _ = world.ask(&request, &network(number));
            }
            mails.extend(world.run_until(now + 89, |_, _, _| {}));
        }
        mails.retain(|mail| !mail.message.to.as_given().starts_with("attacker"));
        let first_day = mails.iter().filter(|mail| mail.at < DAY).count();
        println!(
            "{networks} networks flood one mailbox: {first_day} mails on the first day, {} in a week",
            mails.len()
        );
        assert!((5..=12).contains(&first_day), "{networks}: {first_day}");
        assert!(mails.len() <= 36, "{networks}: {}", mails.len());
    }
}
