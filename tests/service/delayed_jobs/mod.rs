//! A job (a queued request for a mail) can wait in the queue, and a ticket (a mailed link or
//! another signed token) can be used late. Even then, the job or ticket may do only what its
//! requester was allowed to do at the time of the request. A table in `docs/storage.md` says what
//! each job and ticket may do and what ends it. This test changes the account between the request
//! and the action, with the changes in every order, and compares the result with the table.

use std::collections::BTreeMap;
use std::rc::Rc;

use edgegate::adapters::memory::{
    ManualClock, MemoryPorts, MemorySessions, MemoryUsers, NoLimits, SeededRandom,
};
use edgegate::domain::account::{DeviceTicket, EmailAddress, User, UserId};
use edgegate::domain::mail::{Job, Locale, Message, Pool, Task};
use edgegate::domain::policy::{
    DEAD_LETTER_TTL, DEVICE_TTL, HOUR, LINK_JOB_TTL, RESET_LINK_TTL, SESSION_IDLE_TTL,
    VERIFICATION_LINK_TTL,
};
use edgegate::domain::ticket::Purpose;
use edgegate::ports::{Clock, DeadLetter, MailLedger, UserDirectory};
use edgegate::service::{AuthService, Login, NewAccount, Registered, Shared, SignedIn};

use crate::count;
use crate::faults::PlainHasher;
use crate::fixture::{ROOT, client, settings, ticket};

mod table;
mod world;

use table::*;
use world::*;

const HOME: &str = "grace@example.com";
const OTHER: &str = "grace@example.org";
const THIRD: &str = "grace@example.net";
const FIRST_PASSWORD: &str = "correct horse battery staple";

type Service = AuthService<
    MemoryPorts<MemorySessions, ManualClock, SeededRandom, MemoryUsers, PlainHasher, NoLimits>,
>;

/// What was requested before the events.
enum Asked {
    Job(Job),
    Link(Purpose, String),
    Device(DeviceTicket),
}

async fn ask(world: &World, subject: &Subject) -> Asked {
    let service = &world.service;
    let (client, locale) = (client(), Locale::English);
    let kind = match subject {
        Subject::Job(task) => task.name(),
        Subject::Ticket(Purpose::Refresh) => {
            let token = world.log_in().await.tokens.refresh_token;
            return Asked::Link(Purpose::Refresh, token.expose().to_owned());
        }
        Subject::Ticket(Purpose::Device) => {
            let user = world.row().await.unwrap();
            return Asked::Device(DeviceTicket::new(&user, [3; 16], world.now()));
        }
        Subject::Ticket(Purpose::Reset) => "reset",
        Subject::Ticket(Purpose::Registration) => "registration",
        Subject::Ticket(Purpose::Verification) => "verification",
        Subject::Ticket(Purpose::NewAddress) => "new_address",
        Subject::Ticket(of_apps) => panic!("{of_apps:?} is not in the table"),
    };
    match kind {
        "reset" => service.reset_password(HOME, &client, locale).await.unwrap(),
        "registration" => {
            let account = NewAccount {
                email: HOME,
                password: None,
                first_name: None,
                last_name: None,
            };
            service.register(account, &client, locale).await.unwrap();
        }
        "verification" => service
            .resend_verification(HOME, &client, locale)
            .await
            .unwrap(),
        "invitation" => {
            let invitee = edgegate::service::manage_users::Invitee {
                email: HOME,
                first_name: None,
                last_name: None,
            };
            // The account exists already. So this call returns an error and creates no account, but
            // it requests the mail with the invitation again.
            let admin = world.admin().await;
            let again = service.create_user(&admin, invitee, None, locale).await;
            assert!(again.is_err());
        }
        "new_address" => {
            let token = world.log_in().await.tokens.access_token;
            service
                .change_email(token.expose(), THIRD, &world.password, &client, locale)
                .await
                .unwrap();
        }
        _ => {
            let Subject::Job(task) = subject else {
                panic!("a job that is not a notice")
            };
            return Asked::Job(Job {
                id: "0123456789abcdef0123456789abcdef".to_owned(),
                asked_at: world.now(),
                locale,
                tries: 0,
                pool: Pool::None,
                paid: false,
                request: None,
                app_request: None,
                task: task.clone(),
            });
        }
    }
    let jobs = service.ports().mail_queue.take();
    let job = jobs.into_iter().find(|job| job.task.name() == kind);
    let job = job.unwrap_or_else(|| panic!("no job {kind}"));
    match subject {
        Subject::Job(_) => Asked::Job(job),
        Subject::Ticket(purpose) => {
            let mail = world.deliver(&job).await.unwrap();
            Asked::Link(*purpose, ticket(&mail))
        }
    }
}

/// Which ticket the mail of a job contains, if any.
fn purpose_of(task: &Task) -> Option<Purpose> {
    match task {
        Task::Reset { .. } | Task::Invitation { .. } => Some(Purpose::Reset),
        Task::Registration { .. } => Some(Purpose::Registration),
        Task::Verification { .. } => Some(Purpose::Verification),
        Task::NewAddress { .. } => Some(Purpose::NewAddress),
        Task::AddressChangeAsked { .. }
        | Task::AddressChanged { .. }
        | Task::PasswordChanged { .. }
        | Task::AccountDeleted { .. }
        | Task::SessionEnded { .. } => None,
    }
}

/// Uses a ticket. Returns whether it worked.
async fn use_ticket(world: &mut World, purpose: Purpose, text: &str) -> bool {
    let password = world.new_password();
    let (service, client, locale) = (&world.service, client(), Locale::English);
    match purpose {
        Purpose::Refresh => service.renew_token(text, &client).await.is_ok(),
        Purpose::Reset => service
            .confirm_reset(text, &password, &client, locale)
            .await
            .is_ok(),
        Purpose::Registration | Purpose::Verification => service
            .verify_email(text, &password, &client, locale)
            .await
            .is_ok(),
        Purpose::NewAddress => service.confirm_email(text, &client, locale).await.is_ok(),
        Purpose::Device => panic!("not a text here"),
        Purpose::SignOn | Purpose::AuthorizationRequest | Purpose::Code | Purpose::AppRefresh => {
            panic!("not in the table")
        }
    }
}

/// The time between the request and the moment when the job is delivered or the ticket is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Delay {
    None,
    JustUnderAnHour,
    AnHour,
    /// A job can wait this long only as a dead letter, which is a failed job that an operator can
    /// retry.
    FourteenDays,
}

impl Delay {
    fn seconds(self) -> u64 {
        match self {
            Self::None => 0,
            Self::JustUnderAnHour => HOUR - 1,
            Self::AnHour => HOUR,
            Self::FourteenDays => DEAD_LETTER_TTL,
        }
    }
}

/// Tries one sequence of events. Returns whether the job or ticket still worked, or `None` if one
/// of the events can't happen.
async fn try_one(
    subject: &Subject,
    start: Start,
    events: &[Event],
    delay: Delay,
    row: &Row,
    shared: &Rc<Shared>,
) -> Option<bool> {
    let mut world = World::new(start, shared).await;
    let first = world.user;
    let asked = ask(&world, subject).await;
    let mut ended = false;
    for event in events {
        world.clock.advance(2);
        for fact in world.happens(*event).await? {
            ended |= row.ended_by.iter().any(|word| word == fact);
        }
    }
    let at = world.begun + delay.seconds();
    let holder = world.holder().await;
    let of_first = match first {
        Some(first) => world.users().find_by_id(first).await.unwrap(),
        None => holder.clone(),
    };
    let enabled = of_first
        .as_ref()
        .is_some_and(|user| user.disabled_at.is_none());
    let holds = row.only_while.iter().all(|word| match word.as_str() {
        "enabled" => enabled,
        "at this address" => holder.is_some(),
        "no account" => holder.is_none(),
        other => panic!("{other}"),
    });
    let now = at.max(world.now());
    let age = now - world.begun;
    let what = format!("{}, {start:?}, {events:?}, {delay:?}", subject.name());
    // If the account's address is unverified, a reset link is valid for as long as a verification
    // link.
    let is_long = matches!(subject, Subject::Ticket(Purpose::Reset)) && start != Start::Verified;
    let valid_for = if is_long {
        VERIFICATION_LINK_TTL
    } else {
        row.valid_for
    };
    // If its age is exactly `valid_for`, a job is still delivered, but a ticket has expired.
    let in_time = match &asked {
        Asked::Job(_) => age <= valid_for,
        Asked::Link(..) | Asked::Device(_) => age < valid_for,
    };
    let expected = !ended && holds && in_time;
    let (purpose, text) = match asked {
        Asked::Device(ticket) => {
            let user = world.row().await;
            let known = user.is_some_and(|user| ticket.is_valid_for(&user, now));
            assert_eq!(known, expected, "{what}");
            return Some(expected);
        }
        Asked::Link(purpose, text) => {
            world.wait_until(at);
            (purpose, text)
        }
        Asked::Job(job) => {
            let mail = if delay == Delay::FourteenDays {
                world.deliver_dead_letter(&job, at).await
            } else {
                world.wait_until(at);
                world.deliver(&job).await
            };
            let Some(purpose) = purpose_of(&job.task) else {
                let mail = mail.filter(|mail| !mail.text.contains('#'));
                assert_eq!(mail.is_some(), expected, "{what}: the mail");
                return Some(expected);
            };
            let linked = mail.as_ref().filter(|mail| mail.text.contains('#'));
            assert_eq!(linked.is_some(), expected, "{what}: a mail with a link");
            // If the account was created after the request, it does not belong to the requester.
            // Then nobody gets a mail.
            assert_eq!(mail.is_some(), expected, "{what}: a mail");
            match linked {
                Some(mail) => (purpose, ticket(mail)),
                None => return Some(expected),
            }
        }
    };
    let worked = use_ticket(&mut world, purpose, &text).await;
    assert_eq!(worked, expected, "{what}: the ticket");
    if purpose != Purpose::Refresh && worked {
        world.clock.advance(1);
        assert!(
            !use_ticket(&mut world, purpose, &text).await,
            "{what}: again"
        );
    }
    Some(expected)
}

#[test]
fn a_delayed_job_has_exactly_the_rights_of_its_request() {
    let rows = table();
    let (short, long) = (sequences(2), sequences(3));
    let (mut tried, mut alive) = (0, 0);
    for subject in Subject::all() {
        let name = subject.name();
        let row = &rows[&name];
        let mut outcomes = [0, 0];
        for start in subject.starts() {
            let shared = shared(*start);
            for (delay, sequences) in [
                (Delay::None, &short),
                (Delay::JustUnderAnHour, &long),
                (Delay::AnHour, &short),
                (Delay::FourteenDays, &short),
            ] {
                for events in sequences {
                    let trial = try_one(&subject, *start, events, delay, row, &shared);
                    if let Some(works) = pollster::block_on(trial) {
                        outcomes[usize::from(works)] += 1;
                    }
                }
            }
        }
        let [dead, works] = outcomes;
        assert!(works > 0, "{name}: nothing works");
        // Every job and ticket can be ended by some event, except a notice, which no event ends.
        assert_eq!(dead > 0, !row.ended_by.is_empty(), "{name}: {dead} dead");
        tried += dead + works;
        alive += works;
    }
    let line = format!(
        "{tried} delayed jobs and kept tickets after changes to their account, in every order: \
         {alive} did their work, {} no more",
        tried - alive
    );
    println!("{line}");
    count::count("delayed-jobs", &line);
}
