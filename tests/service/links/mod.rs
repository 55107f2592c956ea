//! A link works only once. If a change of the account invalidates a link, no later change makes it
//! valid again. After a user has given up an address, a registration that was requested earlier
//! can't create an account with that address.

use std::sync::LazyLock;

use edgegate::adapters::memory::MemoryUsers;
use edgegate::domain::account::{Edit, EmailAddress, PasswordHash, User, UserChange};
use edgegate::domain::error::{Error, LinkRefusal};
use edgegate::domain::link::State;
use edgegate::domain::mail::{Job, Locale, NotDue};
use edgegate::domain::policy::{DAY, FREED_ADDRESS_TTL, HOUR, LINK_JOB_TTL};
use edgegate::ports::{DeadLetter, MailLedger, SessionStore, UserDirectory};
use edgegate::service::deliver_mail::Delivery;
use edgegate::service::manage_users::{Amendment, Invitee};
use edgegate::service::{NewAccount, Registered};
use proptest::prelude::*;

use crate::fixture::{
    ADA, NEW_PASSWORD, PASSWORD, ROOT, World, client, log_in, on_both, on_memory, ticket,
};

mod names;
mod states;
mod waiting;

const GRACE: &str = "grace@example.com";
const NEW: &str = "ada@example.org";
const SPENT: Result<(), Error> = Err(Error::Link(LinkRefusal::Spent));

async fn ask_to_move<S: SessionStore>(world: &World<S>, to: &str, password: &str) -> Vec<Job> {
    let from = [ADA, NEW]
        .into_iter()
        .find(|from| *from != to.to_lowercase());
    let login = edgegate::service::Login {
        email: from.unwrap(),
        password,
    };
    let own = edgegate::service::Login {
        email: to,
        password,
    };
    let token = match world.service.generate_token(login, &client()).await {
        Ok(signed_in) => signed_in.tokens.access_token,
        Err(_) => {
            let signed_in = world.service.generate_token(own, &client()).await;
            signed_in.unwrap().tokens.access_token
        }
    };
    world
        .service
        .change_email(token.expose(), to, password, &client(), Locale::English)
        .await
        .unwrap();
    world.service.ports().mail_queue.take()
}

async fn deliver<S: SessionStore>(world: &World<S>, job: &Job) -> Delivery {
    let text = job.encode();
    let handed_out = world.service.deliver_from_queue(&text, &job.id).await;
    handed_out.delivery
}

async fn link_of<S: SessionStore>(world: &World<S>, job: &Job) -> String {
    assert_eq!(deliver(world, job).await, Delivery::Sent);
    ticket(&world.service.ports().mailer.take().remove(0))
}

async fn link_to_move<S: SessionStore>(world: &World<S>, to: &str) -> String {
    let jobs = ask_to_move(world, to, PASSWORD).await;
    let job = jobs.iter().find(|job| job.task.name() == "new_address");
    link_of(world, job.unwrap()).await
}

async fn move_by<S: SessionStore>(world: &World<S>, link: &str) -> Result<(), Error> {
    let moved = world
        .service
        .confirm_email(link, &client(), Locale::English)
        .await;
    moved.map(drop)
}

async fn reset_by<S: SessionStore>(
    world: &World<S>,
    link: &str,
    password: &str,
) -> Result<(), Error> {
    let service = &world.service;
    let reset = service
        .confirm_reset(link, password, &client(), Locale::English)
        .await;
    reset.map(drop)
}

async fn verify_by<S: SessionStore>(
    world: &World<S>,
    link: &str,
    password: &str,
) -> Result<User, Error> {
    let service = &world.service;
    service
        .verify_email(link, password, &client(), Locale::English)
        .await
}

async fn registration_job<S: SessionStore>(world: &World<S>) -> Job {
    let account = NewAccount {
        email: GRACE,
        password: None,
        first_name: Some("Grace"),
        last_name: None,
    };
    let service = &world.service;
    let registered = service.register(account, &client(), Locale::English).await;
    assert!(matches!(registered.unwrap(), Registered::Asked));
    service.ports().mail_queue.take().remove(0)
}

async fn find<S: SessionStore>(world: &World<S>, email: &str) -> Option<User> {
    let email = EmailAddress::parse(email).unwrap();
    let users = &world.service.ports().users;
    users.find_by_email(&email).await.unwrap()
}

async fn delete_grace<S: SessionStore>(world: &World<S>) {
    let grace = find(world, GRACE).await.unwrap();
    let root = log_in(&world.service, ROOT).await.unwrap();
    let admin = root.tokens.access_token.expose();
    let service = &world.service;
    let deleted = service.delete_account(admin, grace.id, Locale::English);
    deleted.await.unwrap();
    drop(service.ports().mail_queue.take());
}

on_both!(a_link_to_move_works_once_even_when_the_address_comes_back, &[("LIMITS", "off")], world => {
    let there = link_to_move(&world, NEW).await;
    assert_eq!(move_by(&world, &there).await, Ok(()));
    let back = link_to_move(&world, ADA).await;
    assert_eq!(move_by(&world, &back).await, Ok(()));
    assert_eq!(move_by(&world, &there).await, SPENT);
    assert_eq!(move_by(&world, &back).await, SPENT);
    assert!(find(&world, ADA).await.is_some());
});

on_both!(a_link_that_changes_the_case_of_an_address_works_once, &[("LIMITS", "off")], world => {
    let link = link_to_move(&world, "Ada@Example.com").await;
    assert_eq!(move_by(&world, &link).await, Ok(()));
    for _ in 0..2 {
        assert_eq!(move_by(&world, &link).await, SPENT);
    }
});

on_both!(a_link_that_disabling_spoilt_stays_dead_when_the_account_is_enabled, &[("LIMITS", "off")], world => {
    let reset = world.reset_ticket(ADA).await;
    let to_move = link_to_move(&world, NEW).await;
    let ada = find(&world, ADA).await.unwrap();
    for disabled in [true, false] {
        let root = log_in(&world.service, ROOT).await.unwrap();
        let admin = root.tokens.access_token.expose();
        let change = Amendment { disabled: Some(disabled), ..Default::default() };
        world.service.amend_user(admin, ada.id, change).await.unwrap();
    }
    assert_eq!(reset_by(&world, &reset, NEW_PASSWORD).await, SPENT);
    assert_eq!(move_by(&world, &to_move).await, SPENT);
    let fresh = world.reset_ticket(ADA).await;
    assert_eq!(reset_by(&world, &fresh, NEW_PASSWORD).await, Ok(()));
});

#[test]
fn every_account_has_its_own_nonce_so_that_the_ticket_secret_alone_makes_no_link() {
    let world = on_memory(&[("REGISTRATION", "open"), ("LIMITS", "off")]);
    pollster::block_on(async {
        let root = world.log_in(ROOT);
        let mut nonces = std::collections::BTreeSet::new();
        for number in 0..10 {
            let email = format!("invited{number}@example.com");
            let invitee = Invitee {
                email: &email,
                first_name: None,
                last_name: None,
            };
            let admin = root.tokens.access_token.expose();
            let service = &world.service;
            let invited = service.create_user(admin, invitee, None, Locale::English);
            let invited = invited.await.unwrap();
            let email = format!("registered{number}@example.com");
            let account = NewAccount {
                email: &email,
                password: Some(PASSWORD),
                first_name: None,
                last_name: None,
            };
            let registered = service.register(account, &client(), Locale::English).await;
            let Registered::SignedIn(registered) = registered.unwrap() else {
                panic!("not signed in");
            };
            for user in [invited, registered.user] {
                assert_eq!(user.link_nonce.as_str().len(), 32);
                assert!(nonces.insert(user.link_nonce.as_str().to_owned()));
                // This user has the same values as the account, except the nonce. Others might know
                // or guess the values, but not the nonce.
                let guessed = User {
                    link_nonce: edgegate::domain::account::LinkNonce::new(&[0; 16]),
                    ..user.clone()
                };
                assert_ne!(State::for_reset(&guessed), State::for_reset(&user));
                let states = [&guessed, &user].map(State::for_verification);
                assert_ne!(states[0], states[1]);
                let states = [&guessed, &user].map(State::for_new_address);
                assert_ne!(states[0], states[1]);
            }
        }
    });
}

on_both!(a_registration_link_makes_no_account_again_after_its_deletion, &[("LIMITS", "off")], world => {
    let before = registration_job(&world).await;
    let waiting = registration_job(&world).await;
    let link = link_of(&world, &before).await;
    world.clock.advance(10);
    let first = verify_by(&world, &link, PASSWORD).await.unwrap();
    assert_eq!(verify_by(&world, &link, PASSWORD).await.map(drop), SPENT);
    delete_grace(&world).await;
    for later in [0, HOUR] {
        world.clock.advance(later);
        assert_eq!(verify_by(&world, &link, PASSWORD).await.map(drop), SPENT);
        assert_eq!(deliver(&world, &waiting).await, Delivery::NotDue(NotDue::Superseded));
        assert!(find(&world, GRACE).await.is_none());
    }
    // A new registration with this address succeeds. As long as the old link has not expired, the
    // cron job must not delete the record of the freed address. Otherwise the old link would work
    // again.
    world.service.forget_freed_addresses().await.unwrap();
    assert_eq!(verify_by(&world, &link, PASSWORD).await.map(drop), SPENT);
    let anew = registration_job(&world).await;
    let link = link_of(&world, &anew).await;
    let second = verify_by(&world, &link, PASSWORD).await.unwrap();
    assert_ne!(first.id, second.id);
});

on_both!(a_registration_link_makes_no_account_where_one_has_moved_away, &[("LIMITS", "off")], world => {
    let job = registration_job(&world).await;
    let link = link_of(&world, &job).await;
    let grace = verify_by(&world, &link, PASSWORD).await.unwrap();
    world.clock.advance(10);
    let signed_in = log_in(&world.service, GRACE).await.unwrap();
    let token = signed_in.tokens.access_token.expose();
    let (to, locale) = ("hopper@example.com", Locale::English);
    world.service.change_email(token, to, PASSWORD, &client(), locale).await.unwrap();
    let jobs = world.service.ports().mail_queue.take();
    let to_move = link_of(&world, &jobs[0]).await;
    assert_eq!(move_by(&world, &to_move).await, Ok(()));
    assert_eq!(verify_by(&world, &link, PASSWORD).await.map(drop), SPENT);
    assert!(find(&world, GRACE).await.is_none());
    assert_eq!(find(&world, to).await.map(|user| user.id), Some(grace.id));
});

#[test]
fn freed_addresses_are_forgotten_when_nothing_from_before_can_come_back() {
    let world = on_memory(&[("LIMITS", "off")]);
    pollster::block_on(async {
        let job = registration_job(&world).await;
        let link = link_of(&world, &job).await;
        verify_by(&world, &link, PASSWORD).await.unwrap();
        world.clock.advance(1);
        delete_grace(&world).await;
        let freed = &world.shared;
        let email = EmailAddress::parse(GRACE).unwrap();
        let addresses = edgegate::domain::account::FreedAddresses::new(
            &freed.settings().ticket_secrets,
            &freed.settings().issuer,
        );
        let condition = addresses.not_freed_since(&email, job.asked_at);
        let users = &world.service.ports().users;
        for (later, is_forgotten) in [(FREED_ADDRESS_TTL, false), (1, true)] {
            world.clock.advance(later);
            world.service.forget_freed_addresses().await.unwrap();
            let is_not_freed = users.is_not_freed(&condition).await.unwrap();
            assert_eq!(is_not_freed, is_forgotten);
        }
    });
}
