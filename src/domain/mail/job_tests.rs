use proptest::prelude::*;

use super::job::*;
use super::{Locale, Pool};
use crate::domain::account::{EmailAddress, Name, UserId};
use crate::domain::app_request_id::AppRequestId;
use crate::domain::link::State;
use crate::domain::policy::MAIL_FACT_CHARS;
use crate::domain::request_id::RequestId;

fn job(task: Task) -> Job {
    Job {
        id: "0123456789abcdef0123456789abcdef".to_owned(),
        asked_at: 1_764_000_000,
        locale: Locale::German,
        tries: 3,
        pool: Pool::First,
        paid: true,
        request: RequestId::parse("6f1a7c52-3b0e-4d59-9a0c-5d2f1e8b7a34"),
        app_request: None,
        task,
    }
}

fn state() -> State {
    State::parse("00112233445566778899aabbccddeeff").unwrap()
}

fn email() -> EmailAddress {
    EmailAddress::parse("Zoë@bücher.example").unwrap()
}

fn tasks() -> Vec<Task> {
    let user = UserId::new(1_764_000_000_000, &[1; 10]);
    let name = |text: &str| Name::parse(text).ok();
    vec![
        Task::Reset { email: email() },
        Task::Registration {
            email: email(),
            first_name: name("Zoë"),
            last_name: None,
        },
        Task::Registration {
            email: email(),
            first_name: None,
            last_name: name("a \\ \" ,"),
        },
        Task::Verification { email: email() },
        Task::Invitation {
            user,
            state: state(),
        },
        Task::NewAddress {
            user,
            email: email(),
            state: state(),
        },
        Task::AddressChangeAsked { to: email() },
        Task::AddressChanged { to: email() },
        Task::PasswordChanged { to: email() },
        Task::AccountDeleted { to: email() },
        Task::SessionEnded {
            to: email(),
            device: Some("Firefox".to_owned()),
            place: None,
        },
    ]
}

#[test]
fn every_job_can_be_decoded_again() {
    for task in tasks() {
        let job = job(task);
        assert_eq!(Job::decode(&job.encode()), Some(job));
    }
}

/// Notices are mails that tell an owner what happened to the account. They have a queue of their
/// own, which a flood of mails that strangers request must not delay.
#[test]
fn a_mail_that_strangers_can_request_is_no_notice() {
    let mut notices = Vec::new();
    for task in tasks() {
        if task.is_notice() {
            assert!(task.class().is_none(), "{}", task.name());
            notices.push(task.name());
        }
    }
    let expected = [
        "address_change_asked",
        "address_changed",
        "password_changed",
        "account_deleted",
        "session_ended",
    ];
    assert_eq!(notices, expected);
}

#[test]
fn pools_attempts_and_payment_can_be_decoded_again() {
    let user = UserId::new(1_764_000_000_000, &[1; 10]);
    for pool in [Pool::Known(user), Pool::Medium, Pool::Rest, Pool::None] {
        for (tries, paid) in [(0, false), (u32::MAX, true)] {
            let task = Task::Reset { email: email() };
            let job = Job {
                tries,
                pool,
                paid,
                ..job(task)
            };
            assert_eq!(Job::decode(&job.encode()), Some(job));
        }
    }
}

/// A version of the service that doesn't know the ids of requests reads the fourth line of a job as
/// a language tag, and ignores the subtags that contain the ids (RFC 5646 section 2.2.7).
#[test]
fn a_version_that_knows_no_requests_reads_the_job() {
    for task in tasks() {
        let text = job(task).encode();
        let language = text.split('\n').nth(3).unwrap();
        assert_eq!(language, "de-x-6f1a7c52-3b0e4d59-9a0c5d2f-1e8b7a34");
        assert_eq!(Locale::parse(language), Some(Locale::German));
    }
}

/// The id of an app's request is in the line of the language tag, so that older versions can still
/// read the job.
#[test]
fn the_id_of_an_apps_request_can_be_decoded_again() {
    let app_request = AppRequestId::parse("3q2-7wABAgMEBQYHCAkKCw").ok();
    assert!(app_request.is_some());
    let ids = "app-deadbeef-00010203-04050607-08090a0b";
    let request = RequestId::parse("6f1a7c52-3b0e-4d59-9a0c-5d2f1e8b7a34");
    for (request, line) in [
        (None, ["de-x-", ids].concat()),
        (
            request,
            ["de-x-6f1a7c52-3b0e4d59-9a0c5d2f-1e8b7a34-", ids].concat(),
        ),
    ] {
        let job = Job {
            request,
            app_request,
            ..job(Task::Reset { email: email() })
        };
        let text = job.encode();
        assert_eq!(text.split('\n').nth(3), Some(line.as_str()));
        assert_eq!(Locale::parse(&line), Some(Locale::German));
        assert_eq!(Job::decode(&text), Some(job));
    }
}

#[test]
fn a_language_with_other_subtags_has_no_request() {
    let text = job(Task::Reset { email: email() }).encode();
    let ours = "de-x-6f1a7c52-3b0e4d59-9a0c5d2f-1e8b7a34";
    for language in [
        "de",
        "de-AT",
        "de-x",
        "de-x-6f1a7c52",
        "de-x-6F1A7C52-3b0e4d59-9a0c5d2f-1e8b7a34",
        "de-x-6f1a7c52-3b0e-4d599a0c-5d2f1e8b-7a34",
        "de-x-6f1a7c52-3b0e4d59-9a0c5d2f-1e8b7a34-x",
        "de-AT-x-6f1a7c52-3b0e4d59-9a0c5d2f-1e8b7a34",
        "de-x-app-deadbeef",
        "de-x-app-DEADBEEF-00010203-04050607-08090a0b",
        "de-x-6f1a7c52-app-deadbeef-00010203-04050607-08090a0b-00",
    ] {
        let read = Job::decode(&text.replace(ours, language)).unwrap();
        assert_eq!((read.request, read.app_request), (None, None), "{language}");
    }
}

/// The text of a job in the form in which version 0.1 queued it.
fn old_text(task: &Task) -> String {
    let text = job(task.clone()).encode();
    let mut lines: Vec<&str> = text.split('\n').collect();
    lines.drain(4..7);
    lines[3] = "de";
    lines[0] = "1";
    lines.join("\n")
}

#[test]
fn a_job_of_format_1_is_read_unless_it_needs_a_state() {
    for task in tasks() {
        let text = old_text(&task);
        match &task {
            Task::Invitation { .. } | Task::NewAddress { .. } => {
                assert_eq!(Job::decode(&text), None);
                let (without_state, _) = text.rsplit_once('\n').unwrap();
                assert_eq!(Job::decode(without_state), None, "{without_state}");
            }
            _ => {
                let read = Job::decode(&text).unwrap();
                assert!(read.task == task, "{text}");
                assert_eq!((read.tries, read.paid), (0, false));
                let pool = if task.class().is_some() {
                    Pool::Medium
                } else {
                    Pool::None
                };
                assert_eq!(read.pool, pool, "{text}");
            }
        }
    }
}

#[test]
fn a_job_with_a_line_missing_or_added_is_rejected() {
    for task in tasks() {
        let text = job(task).encode();
        assert_eq!(Job::decode(&format!("{text}\n")), None, "{text}");
        let (cut, _) = text.rsplit_once('\n').unwrap();
        assert_eq!(Job::decode(cut), None, "{cut}");
    }
}

#[test]
fn a_device_or_place_cannot_add_a_line() {
    let task = Task::SessionEnded {
        to: email(),
        device: Some("a\nb\r\u{0}c".to_owned()),
        place: Some("x".repeat(1000)),
    };
    let Some(Job {
        task: Task::SessionEnded { device, place, .. },
        ..
    }) = Job::decode(&job(task).encode())
    else {
        panic!("no job");
    };
    assert_eq!(device.as_deref(), Some("abc"));
    assert_eq!(place.unwrap().len(), MAIL_FACT_CHARS);
}

#[test]
fn debug_prints_no_address() {
    for task in tasks() {
        let printed = format!("{:?}", job(task));
        assert!(
            !printed.contains('@') && !printed.contains("Zoë"),
            "{printed}"
        );
    }
}

proptest! {
    #[test]
    fn no_text_panics(
        text in "([12]\n)?[0-9a-f\n]{0,40}(en|de)?\n?([0-9]\nfirst\n[01]\n)?(reset|session_ended)?.{0,100}"
    ) {
        let _ = Job::decode(&text);
    }
}
