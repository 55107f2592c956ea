//! A queued mail. It says who gets which mail and why. The user is looked up and the link is made
//! only when the mail is sent, so that the time of the answer reveals nothing to the requester.
//!
//! A job that a user or an administrator requested also contains the account's state at that time.
//! Its mail is made only while the account is still in that state. `docs/storage.md` has the table
//! of all rights.

use std::fmt;

use sha2::{Digest, Sha256};

use super::{Locale, Pool, RouteClass};
use crate::domain::account::{EmailAddress, Name, UserId};
use crate::domain::link::State;
use crate::domain::policy::{DEAD_LETTER_TTL, LINK_JOB_TTL, MAIL_FACT_CHARS};
use edgegate_token::unicode::breaks_line;

const FORMAT: &str = "2";
/// Still read: jobs of this format may have been queued before a deploy.
const OLD_FORMAT: &str = "1";

/// A queued mail. `Debug` prints no address.
#[derive(Clone, PartialEq, Eq)]
pub struct Job {
    /// 32 hexadecimal digits, the same for every attempt.
    pub id: String,
    /// When it was requested, in seconds since 1970.
    pub asked_at: u64,
    /// The requester's language.
    pub locale: Locale,
    /// How many attempts were made to send it.
    pub tries: u32,
    /// The share of `MAIL_BUDGET` that pays for it.
    pub pool: Pool,
    /// Whether that share has paid for it.
    pub paid: bool,
    pub task: Task,
}

impl fmt::Debug for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "job {}: {}", self.id, self.task.name())
    }
}

/// Which mail to make.
#[derive(Clone, PartialEq, Eq)]
pub enum Task {
    /// Someone forgot the password of the account with this address, if there is one.
    Reset {
        /// The address that was typed.
        email: EmailAddress,
    },
    /// Someone registers.
    Registration {
        /// The address that was typed.
        email: EmailAddress,
        /// The given name.
        first_name: Option<Name>,
        /// The family name.
        last_name: Option<Name>,
    },
    /// The address of an account is to be verified.
    Verification {
        /// The address that was typed.
        email: EmailAddress,
    },
    /// An administrator created an account.
    Invitation {
        user: UserId,
        /// The account's state for a reset at the time of the request. The mail is made only while
        /// the account is still in it.
        state: State,
    },
    /// To the new address: somebody wants to change their account to it.
    NewAddress {
        user: UserId,
        email: EmailAddress,
        /// The account's state for a new address at the time of the request. The mail is made only
        /// while the account is still in it.
        state: State,
    },
    /// To the old address: a change was requested and has not been made yet.
    AddressChangeAsked {
        /// The old address.
        to: EmailAddress,
    },
    /// To the old address: the account has another one now.
    AddressChanged {
        /// The old address.
        to: EmailAddress,
    },
    /// A password was changed.
    PasswordChanged {
        /// The account's address.
        to: EmailAddress,
    },
    /// An account was deleted.
    AccountDeleted {
        /// The address that it had.
        to: EmailAddress,
    },
    /// A used refresh token came back, stolen or leaked, and its session was ended (OWASP ASVS
    /// 6.3.5).
    SessionEnded {
        /// Whose session it was.
        to: EmailAddress,
        /// The program that presented the token.
        device: Option<String>,
        /// The place that it came from.
        place: Option<String>,
    },
}

impl Task {
    /// The mail's name, `snake_case`, for the log and the queue.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Reset { .. } => "reset",
            Self::Registration { .. } => "registration",
            Self::Verification { .. } => "verification",
            Self::Invitation { .. } => "invitation",
            Self::NewAddress { .. } => "new_address",
            Self::AddressChangeAsked { .. } => "address_change_asked",
            Self::AddressChanged { .. } => "address_changed",
            Self::PasswordChanged { .. } => "password_changed",
            Self::AccountDeleted { .. } => "account_deleted",
            Self::SessionEnded { .. } => "session_ended",
        }
    }

    /// Whether concurrent requests may each queue this notice of one event. Their jobs have the
    /// same id, and only one is sent.
    #[must_use]
    pub const fn is_sent_once(&self) -> bool {
        matches!(
            self,
            Self::SessionEnded { .. } | Self::AddressChangeAsked { .. }
        )
    }

    /// The class of a mail that strangers can request, which decides who pays; `None` for the
    /// others.
    #[must_use]
    pub const fn class(&self) -> Option<RouteClass> {
        match self {
            Self::Reset { .. } => Some(RouteClass::Reset),
            Self::Registration { .. } | Self::Verification { .. } | Self::NewAddress { .. } => {
                Some(RouteClass::Other)
            }
            Self::Invitation { .. }
            | Self::AddressChangeAsked { .. }
            | Self::AddressChanged { .. }
            | Self::PasswordChanged { .. }
            | Self::AccountDeleted { .. }
            | Self::SessionEnded { .. } => None,
        }
    }

    /// Whether it tells an account's owner what happened to the account. Notices have their own
    /// queue and share nothing with the mails that strangers can request.
    #[must_use]
    pub const fn is_notice(&self) -> bool {
        match self {
            Self::AddressChangeAsked { .. }
            | Self::AddressChanged { .. }
            | Self::PasswordChanged { .. }
            | Self::AccountDeleted { .. }
            | Self::SessionEnded { .. } => true,
            Self::Reset { .. }
            | Self::Registration { .. }
            | Self::Verification { .. }
            | Self::NewAddress { .. }
            | Self::Invitation { .. } => false,
        }
    }

    /// The pool of a job if the requester's network was not ranked.
    #[must_use]
    pub const fn pool_before_ranks(&self) -> Pool {
        if self.class().is_some() {
            Pool::Medium
        } else {
            Pool::None
        }
    }
}

/// The id of all jobs that report the same event: a hash of the mail's name and of what
/// distinguishes the event.
#[must_use]
pub fn job_id_of(name: &str, event: &[&[u8]]) -> String {
    let mut hash = <Sha256 as Digest>::new()
        .chain_update("edgegate notice 1\0")
        .chain_update(name);
    for part in event {
        hash.update(b"\0");
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    let hash = hash.finalize();
    let (first, _) = hash.split_at(16);
    base16ct::lower::encode_string(first)
}

impl Job {
    /// Whether the request is too old for its mail to be made. `now` is in seconds since 1970.
    #[must_use]
    pub const fn is_expired(&self, now: u64) -> bool {
        let ttl = if self.task.class().is_some() {
            LINK_JOB_TTL
        } else {
            DEAD_LETTER_TTL
        };
        now > self.asked_at.saturating_add(ttl)
    }

    /// Encodes the job for the queue: one line per field. No field contains a line break.
    #[must_use]
    pub fn encode(&self) -> String {
        let name = |name: &Option<Name>| name.as_ref().map_or("", Name::as_str).to_owned();
        let mut fields = vec![
            FORMAT.to_owned(),
            self.id.clone(),
            self.asked_at.to_string(),
            self.locale.tag().to_owned(),
            self.tries.to_string(),
            self.pool.encode(),
            u8::from(self.paid).to_string(),
            self.task.name().to_owned(),
        ];
        fields.extend(match &self.task {
            Task::Reset { email } | Task::Verification { email } => {
                vec![email.as_given().to_owned()]
            }
            Task::Registration {
                email,
                first_name,
                last_name,
            } => vec![
                email.as_given().to_owned(),
                name(first_name),
                name(last_name),
            ],
            Task::Invitation { user, state } => vec![user.to_string(), state.to_text()],
            Task::NewAddress { user, email, state } => vec![
                user.to_string(),
                email.as_given().to_owned(),
                state.to_text(),
            ],
            Task::AddressChangeAsked { to }
            | Task::AddressChanged { to }
            | Task::PasswordChanged { to }
            | Task::AccountDeleted { to } => vec![to.as_given().to_owned()],
            Task::SessionEnded { to, device, place } => vec![
                to.as_given().to_owned(),
                line(device.as_deref()),
                line(place.as_deref()),
            ],
        });
        fields.join("\n")
    }

    /// Decodes a queued text, and checks it again; `None` if it is malformed.
    ///
    /// A job of format 1 has neither attempts nor a pool: it gets 0 and
    /// [`Task::pool_before_ranks`]. Its invitations and changes of address are rejected, since they
    /// do not contain the account's state at the time of the request.
    #[must_use]
    pub fn decode(text: &str) -> Option<Self> {
        let mut lines = text.split('\n');
        let is_old = match lines.next()? {
            FORMAT => false,
            OLD_FORMAT => true,
            _ => return None,
        };
        let id = lines.next()?.to_owned();
        if id.len() != 32 || !id.bytes().all(|b| b.is_ascii_hexdigit()) {
            return None;
        }
        let asked_at = lines.next()?.parse().ok()?;
        let locale = Locale::parse(lines.next()?)?;
        let (tries, pool, paid) = if is_old {
            (0, None, false)
        } else {
            let tries = lines.next()?.parse().ok()?;
            let pool = Pool::decode(lines.next()?)?;
            let paid = match lines.next()? {
                "0" => false,
                "1" => true,
                _ => return None,
            };
            (tries, Some(pool), paid)
        };
        let name = lines.next()?;
        let mut email = || EmailAddress::parse(lines.next()?).ok();
        let task = match name {
            "reset" => Task::Reset { email: email()? },
            "registration" => Task::Registration {
                email: email()?,
                first_name: Name::parse(lines.next()?).ok(),
                last_name: Name::parse(lines.next()?).ok(),
            },
            "verification" => Task::Verification { email: email()? },
            "invitation" if !is_old => Task::Invitation {
                user: UserId::parse(lines.next()?)?,
                state: State::parse(lines.next()?)?,
            },
            "new_address" if !is_old => Task::NewAddress {
                user: UserId::parse(lines.next()?)?,
                email: EmailAddress::parse(lines.next()?).ok()?,
                state: State::parse(lines.next()?)?,
            },
            "address_change_asked" => Task::AddressChangeAsked { to: email()? },
            "address_changed" => Task::AddressChanged { to: email()? },
            "password_changed" => Task::PasswordChanged { to: email()? },
            "account_deleted" => Task::AccountDeleted { to: email()? },
            "session_ended" => Task::SessionEnded {
                to: email()?,
                device: Some(lines.next()?.to_owned()).filter(|text| !text.is_empty()),
                place: Some(lines.next()?.to_owned()).filter(|text| !text.is_empty()),
            },
            _ => return None,
        };
        lines.next().is_none().then_some(Self {
            id,
            asked_at,
            locale,
            tries,
            pool: pool.unwrap_or_else(|| task.pool_before_ranks()),
            paid,
            task,
        })
    }
}

fn line(text: Option<&str>) -> String {
    text.unwrap_or_default()
        .chars()
        .filter(|c| !breaks_line(*c))
        .take(MAIL_FACT_CHARS)
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn job(task: Task) -> Job {
        Job {
            id: "0123456789abcdef0123456789abcdef".to_owned(),
            asked_at: 1_764_000_000,
            locale: Locale::German,
            tries: 3,
            pool: Pool::First,
            paid: true,
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

    /// The text of a job as version 0.1 queued it.
    fn old_text(task: &Task) -> String {
        let text = job(task.clone()).encode();
        let mut lines: Vec<&str> = text.split('\n').collect();
        lines.drain(4..7);
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
}
