//! Who may request a mail, and which budget pays for it. Nobody can use up the budget that another
//! user needs.
//!
//! Two larger tests are in tests/models/mail_simulation: an attacker who sends requests for a week,
//! and the comparison of two directories.

use edgegate::adapters::memory::MemorySessions;
use edgegate::domain::account::EmailAddress;
use edgegate::domain::error::Error;
use edgegate::domain::mail::{Job, Locale, Pool, Task};
use edgegate::domain::secret::Secret;
use edgegate::domain::session::{Caller, Client, Credentials};
use edgegate::ports::{Clock, UserDirectory};
use edgegate::service::deliver_mail::Delivery;
use edgegate::service::manage_users::{Amendment, Invitee};
use edgegate::service::{NewAccount, Registered};

use crate::fixture::{
    ADA, NEW_PASSWORD, PASSWORD, ROOT, World, client, log_in, on_both, on_memory, ticket,
};

mod lanes;
mod notices;

const ENGLISH: Locale = Locale::English;
const NOBODY: &str = "nobody@example.com";

fn from(ip: &str) -> Client {
    Client::new(Some(ip), Some("test/1"))
}

/// A client that has its own network. No two of these networks belong to the same larger network.
fn network(number: u32) -> Client {
    let (first, second) = (0x2000 + (number & 0xfff), number >> 12);
    from(&format!("{first:x}:{second:x}::1"))
}

fn with_device(number: u32, ticket: &Secret) -> (Client, Credentials) {
    let ticket = Some(ticket.expose());
    (network(number), Credentials::default().with_device(ticket))
}

fn with_session(number: u32, token: &Secret) -> (Client, Credentials) {
    let token = Some(token.expose());
    (network(number), Credentials::default().with_session(token))
}

async fn reset(
    world: &World<MemorySessions>,
    email: &str,
    caller: impl Into<Caller<'_>>,
) -> Result<(), Error> {
    world.service.reset_password(email, caller, ENGLISH).await
}

async fn register(world: &World<MemorySessions>, email: &str, client: &Client) {
    let account = NewAccount {
        email,
        password: None,
        first_name: None,
        last_name: None,
    };
    let registered = world.service.register(account, client, ENGLISH).await;
    assert!(matches!(registered, Ok(Registered::Asked)));
}

async fn deliver(world: &World<MemorySessions>, job: &Job) -> Delivery {
    let text = job.encode();
    let handed_out = world.service.deliver_from_queue(&text, &job.id).await;
    handed_out.delivery
}

/// The only queued job.
fn job(world: &World<MemorySessions>) -> Job {
    let mut jobs = world.service.ports().mail_queue.take();
    assert_eq!(jobs.len(), 1, "{jobs:?}");
    jobs.remove(0)
}

async fn outcome(
    world: &World<MemorySessions>,
    email: &str,
    caller: impl Into<Caller<'_>>,
) -> Delivery {
    reset(world, email, caller).await.unwrap();
    let job = job(world);
    deliver(world, &job).await
}

/// Regression: during attacks by strangers, the owner requested a reset every hour for three days,
/// and none of the 66 mails arrived.
#[test]
fn registrations_of_strangers_never_stop_a_reset() {
    let world = on_memory(&[]);
    pollster::block_on(async {
        let (mut ends_at, mut life, mut refused) = (0, 1, 0);
        let mut number = 0;
        for minute in 0..3 * 24 * 60 {
            // Strangers request mails in every way that they can, each time from another network.
            if minute % 61 == 0 {
                for _ in 0..3 {
                    number += 1;
                    register(&world, ADA, &network(number)).await;
                    number += 1;
                    let resent = &world.service;
                    resent
                        .resend_verification(ADA, &network(number), ENGLISH)
                        .await
                        .unwrap();
                    number += 1;
                    reset(&world, ADA, &network(number)).await.unwrap();
                }
            }
            let owner = minute % 60 == 30;
            if owner {
                reset(&world, ADA, &client()).await.unwrap();
            }
            for job in world.service.ports().mail_queue.take() {
                let is_owners = owner && matches!(job.task, Task::Reset { .. });
                let delivery = deliver(&world, &job).await;
                let now = world.clock.now_ms() / 1000;
                for mail in world.service.ports().mailer.take() {
                    let (_, rest) = mail.text.split_once("expires in ").unwrap();
                    let rest = rest.replace('\u{a0}', " ");
                    let mut words = rest.split([' ', '.']);
                    let count: u64 = words.next().unwrap().parse().unwrap();
                    let unit = if words.next().unwrap().starts_with("hour") {
                        3600
                    } else {
                        60
                    };
                    (ends_at, life) = (now + count * unit, count * unit);
                }
                if is_owners && delivery == Delivery::EarlierLink {
                    refused += 1;
                    assert!(ends_at > now + life / 3, "no valid link at minute {minute}");
                } else if is_owners {
                    assert_eq!(delivery, Delivery::Sent, "at minute {minute}");
                }
            }
            world.clock.advance(60);
        }
        assert!(refused > 0);
    });
}

/// Regression: a reset that waited for the budget was dropped after four later registrations.
#[test]
fn a_reset_that_waits_for_budget_is_not_dropped_by_later_requests() {
    let world = on_memory(&[("MAIL_BUDGET", "1")]);
    pollster::block_on(async {
        assert_eq!(
            outcome(&world, NOBODY, &network(1)).await,
            Delivery::NotDue(edgegate::domain::mail::NotDue::NoRecipient)
        );
        let waits = outcome(&world, ADA, &network(2)).await;
        let Delivery::Waits { seconds } = waits else {
            panic!("{waits:?}");
        };
        let waiting = job(&world);
        for number in 3..8 {
            world.clock.advance(61);
            register(&world, ADA, &network(number)).await;
            let registration = job(&world);
            deliver(&world, &registration).await;
            let _ = world.service.ports().mail_queue.take();
        }
        world.clock.advance(seconds);
        let delivered = deliver(&world, &waiting).await;
        // Either this mail is sent, or another request has already sent a link.
        assert!(
            matches!(delivered, Delivery::Sent | Delivery::EarlierLink),
            "{delivered:?}"
        );
        assert!(!world.service.ports().mailer.take().is_empty());
    });
}

/// Regression: a reset for an unknown address did not use up any budget. So an attacker could find
/// out whether an address had an account: they requested a reset for that address and then a mail
/// to themselves, and watched whether their own mail arrived.
#[test]
fn resets_of_unknown_and_known_addresses_cost_the_same_budget() {
    for other in [ROOT, NOBODY] {
        let world = on_memory(&[("MAIL_BUDGET", "5")]);
        pollster::block_on(async {
            // Only two of the five mails in the budget are for the first requests of networks.
            outcome(&world, other, &network(1)).await;
            assert_eq!(
                outcome(&world, ADA, &network(2)).await,
                Delivery::Sent,
                "{other}"
            );
            let third = outcome(&world, ROOT, &network(3)).await;
            assert!(
                matches!(third, Delivery::Waits { .. }),
                "{other}: {third:?}"
            );
        });
    }
}

#[test]
fn a_network_may_request_thirty_mails_an_hour_of_all_kinds_together() {
    for email in [ADA, NOBODY] {
        let world = on_memory(&[]);
        pollster::block_on(async {
            let mut pools = Vec::new();
            for _ in 0..15 {
                reset(&world, email, &client()).await.unwrap();
                pools.push(job(&world).pool);
                register(&world, email, &client()).await;
                pools.push(job(&world).pool);
            }
            assert_eq!(pools[..2], [Pool::First, Pool::First]);
            assert!(pools[2..10].iter().all(|pool| *pool == Pool::Medium));
            assert!(pools[10..].iter().all(|pool| *pool == Pool::Rest));
            let refused = reset(&world, email, &client()).await;
            assert_eq!(refused, Err(Error::RateLimited(3600)));
            assert_eq!(reset(&world, email, &network(1)).await, Ok(()));
            world.clock.advance(3600);
            assert_eq!(reset(&world, email, &client()).await, Ok(()));
        });
    }
}

#[test]
fn a_provider_s_networks_get_a_tenth_of_the_first_requests() {
    let world = on_memory(&[("MAIL_BUDGET", "100")]);
    pollster::block_on(async {
        let mut pools = Vec::new();
        for host in 1..=8 {
            reset(&world, NOBODY, &from(&format!("203.0.113.{host}")))
                .await
                .unwrap();
            pools.push(job(&world).pool);
        }
        assert!(
            pools[..4].iter().all(|pool| *pool == Pool::First),
            "{pools:?}"
        );
        assert!(
            pools[4..].iter().all(|pool| *pool == Pool::Medium),
            "{pools:?}"
        );
        reset(&world, NOBODY, &from("198.51.100.1")).await.unwrap();
        assert_eq!(job(&world).pool, Pool::First);
    });
}

on_both!(a_device_or_a_session_of_the_account_is_past_all_budgets, &[("MAIL_BUDGET", "1")], world => {
    let ada = log_in(&world.service, ADA).await.unwrap();
    let root = log_in(&world.service, ROOT).await.unwrap();
    let service = &world.service;
    let asks = async |caller: Caller<'_>| {
        service.reset_password(ADA, caller, ENGLISH).await.unwrap();
        let job = service.ports().mail_queue.take().remove(0);
        let delivery = service.deliver_from_queue(&job.encode(), &job.id).await.delivery;
        let _ = service.ports().mail_queue.take();
        (job.pool, delivery)
    };
    // The budget is used up.
    asks((&network(1)).into()).await;
    asks((&Client::uncounted()).into()).await;
    assert!(matches!(asks((&network(2)).into()).await.1, Delivery::Waits { .. }));

    let on_device = |number| with_device(number, &ada.device);
    let in_session = |number| with_session(number, &ada.tokens.refresh_token);
    assert_eq!(asks((&on_device(3)).into()).await, (Pool::Known(ada.user.id), Delivery::Sent));
    world.clock.advance(60);
    assert_eq!(asks((&in_session(4)).into()).await, (Pool::Known(ada.user.id), Delivery::Sent));
    world.clock.advance(300);
    // A token of another user does not help. Neither does a text that is not a token of the right
    // kind.
    for caller in [
        with_device(5, &root.device),
        with_session(6, &root.tokens.refresh_token),
        with_device(7, &ada.tokens.refresh_token),
        with_session(8, &ada.tokens.access_token),
        with_session(9, &ada.device),
    ] {
        assert!(matches!(asks((&caller).into()).await.1, Delivery::Waits { .. }));
    }
    // A thief who changes the password can't prevent the owner's device from requesting a reset.
    let token = ada.tokens.access_token.expose();
    service.change_password(token, PASSWORD, NEW_PASSWORD, &client(), ENGLISH).await.unwrap();
    let _ = service.ports().mail_queue.take();
    assert_eq!(asks((&on_device(10)).into()).await, (Pool::Known(ada.user.id), Delivery::Sent));
    // The device may make three requests a day. Its further requests are treated as if they came
    // from an unknown device.
    assert!(matches!(asks((&on_device(11)).into()).await.1, Delivery::Waits { .. }));
    world.clock.advance(400 * 86_400);
    let expired = asks((&on_device(12)).into()).await.0;
    assert_eq!(expired, Pool::First);
});

#[test]
fn a_call_without_an_address_is_paid_by_the_medium_pool_and_without_limits_nothing_is_counted() {
    pollster::block_on(async {
        let world = on_memory(&[]);
        for _ in 0..40 {
            reset(&world, ADA, &Client::uncounted()).await.unwrap();
            assert_eq!(job(&world).pool, Pool::Medium);
        }
        let world = on_memory(&[("LIMITS", "off")]);
        for _ in 0..40 {
            assert_eq!(outcome(&world, ADA, &client()).await, Delivery::Sent);
        }
    });
}

/// As the documents say, an attacker who has only a few networks can use up the budget for later
/// requests, but not the budget for a network's first request in 24 hours.
#[test]
fn four_networks_spend_the_pool_of_later_requests_and_no_other() {
    let world = on_memory(&[]);
    pollster::block_on(async {
        for number in 0..4 {
            for n in 0..30 {
                let email = format!("nobody-{n}@example.com");
                reset(&world, &email, &network(number)).await.unwrap();
            }
        }
        world.deliver_all().await;
        let _ = world.service.ports().mail_queue.take();
        // Five clients of an office share one address.
        for n in 0..5 {
            assert!(
                !matches!(
                    outcome(&world, &format!("office-{n}@example.com"), &network(9)).await,
                    Delivery::Waits { .. }
                ),
                "{n}"
            );
        }
        assert!(matches!(
            outcome(&world, ADA, &network(9)).await,
            Delivery::Waits { .. }
        ));
    });
}

/// As the documents say, the networks of a single provider can use up the share of the budget (the
/// pool) for the second to fifth requests of networks.
#[test]
fn an_ipv6_32_spends_the_pool_of_second_requests_and_leaves_first_ones() {
    let world = on_memory(&[]);
    pollster::block_on(async {
        // 40 of these mails are paid for as first requests, and 150 as second requests.
        for number in 0..191_u32 {
            let client = from(&format!("2001:db8:{number:x}::1"));
            reset(&world, NOBODY, &client).await.unwrap();
        }
        world.deliver_all().await;
        let _ = world.service.ports().mail_queue.take();
        let first = outcome(&world, ROOT, &network(1)).await;
        assert_eq!(first, Delivery::Sent);
        let second = outcome(&world, ADA, &network(1)).await;
        assert!(matches!(second, Delivery::Waits { .. }), "{second:?}");
    });
}
