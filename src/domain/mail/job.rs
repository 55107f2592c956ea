//! A mail to be made: what is queued. It says for whom and why; the user is looked up and the link is made only when
//! it is sent, so that the one who asks learns nothing from the time it takes.
//!
//! What a user or an administrator asks for also carries the account's state at that moment: the mail
//! is made only while the account is still in it. `docs/storage.md` has the table of all rights.

use std::fmt;

use sha2::{Digest, Sha256};

use super::{Locale, Pool, RouteClass};
use crate::domain::account::{EmailAddress, Name, UserId};
use crate::domain::link::State;
use crate::domain::policy::{DEAD_LETTER_TTL, LINK_JOB_TTL, MAIL_FACT_CHARS};
use edgegate_token::unicode::breaks_line;

const FORMAT: &str = "2";
/// Jobs of this format are still read: they may have been queued before a deploy.
const OLD_FORMAT: &str = "1";

/// A mail to be made. `Debug` prints no address.
#[derive(Clone, PartialEq, Eq)]
pub struct Job {
    /// 32 hexadecimal digits, the same for every try.
    pub id: String,
    /// When it was asked for, in seconds since 1970.
    pub asked_at: u64,
    /// The language of the one who asked.
    pub locale: Locale,
    /// How often a provider was tried.
    pub tries: u32,
    /// The share of `MAIL_BUDGET` that pays for it.
    pub pool: Pool,
    /// Whether that share has paid for it.
    pub paid: bool,
    /// Which mail.
    pub task: Task,
}

impl fmt::Debug for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "job {}: {}", self.id, self.task.name())
    }
}

/// Which mail is to be made.
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
    /// An administrator made an account.
    Invitation {
        /// Whose.
        user: UserId,
        /// The account's state for a reset when the administrator asked. The mail is made only
        /// while the account is still in it.
        state: State,
    },
    /// An account is to get another address: to the new one.
    NewAddress {
        /// Whose account.
        user: UserId,
        /// The new address.
        email: EmailAddress,
        /// The account's state for a new address when its user asked. The mail is made only while
        /// the account is still in it.
        state: State,
    },
    /// The same: to the old one, before anything has changed.
    AddressChangeAsked {
        /// The old address.
        to: EmailAddress,
    },
    /// An account has got another address: to the old one.
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
    /// A spent refresh token came back, and its session was ended: it was stolen or leaked (OWASP ASVS 6.3.5).
    SessionEnded {
        /// Whose session it was.
        to: EmailAddress,
        /// What presented the token.
        device: Option<String>,
        /// From where.
        place: Option<String>,
    },
}

impl Task {
    /// The mail's name, `snake_case`, for the log and for the queue.
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

    /// Whether requests at once may each queue this notice of one event. Their jobs have the same id, and one of them is sent.
    #[must_use]
    pub const fn is_sent_once(&self) -> bool {
        matches!(
            self,
            Self::SessionEnded { .. } | Self::AddressChangeAsked { .. }
        )
    }

    /// The class of a mail that strangers can ask for, by which it is paid; `None` for the others.
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

    /// Whether it tells the owner of an account what has happened to it. Notices have a queue of
    /// their own and share nothing with the mails that strangers can ask for.
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

    /// The pool of a job for which nobody has ranked the asker's network.
    #[must_use]
    pub const fn pool_before_ranks(&self) -> Pool {
        if self.class().is_some() {
            Pool::Medium
        } else {
            Pool::None
        }
    }
}

/// The id of the jobs that tell of one event: a hash of the mail's name and of what tells the event from others.
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
    /// Whether it was asked for too long ago for its mail to be made. `now` is in seconds since
    /// 1970.
    #[must_use]
    pub const fn is_expired(&self, now: u64) -> bool {
        let ttl = if self.task.class().is_some() {
            LINK_JOB_TTL
        } else {
            DEAD_LETTER_TTL
        };
        now > self.asked_at.saturating_add(ttl)
    }

    /// The text that is queued: a line for each field. No field holds a line break.
    #[must_use]
    pub fn to_text(&self) -> String {
        let name = |name: &Option<Name>| name.as_ref().map_or("", Name::as_str).to_owned();
        let mut fields = vec![
            FORMAT.to_owned(),
            self.id.clone(),
            self.asked_at.to_string(),
            self.locale.tag().to_owned(),
            self.tries.to_string(),
            self.pool.to_text(),
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

    /// Reads a queued text. What was stored is data and is checked again; `None` when it is not a
    /// job.
    ///
    /// A job of format 1 has neither tries nor a pool: it gets 0 and [`Task::pool_before_ranks`].
    /// Its invitations and changes of address are not read, since they do not tell the state in
    /// which they were asked for.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
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
            let pool = Pool::parse(lines.next()?)?;
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
    fn every_job_is_read_as_it_was_written() {
        for task in tasks() {
            let job = job(task);
            assert_eq!(Job::parse(&job.to_text()), Some(job));
        }
    }

    #[test]
    fn every_pool_try_and_payment_is_read_as_it_was_written() {
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
                assert_eq!(Job::parse(&job.to_text()), Some(job));
            }
        }
    }

    /// The text of a job as version 0.1 queued it.
    fn old_text(task: &Task) -> String {
        let text = job(task.clone()).to_text();
        let mut lines: Vec<&str> = text.split('\n').collect();
        lines.drain(4..7);
        lines[0] = "1";
        lines.join("\n")
    }

    #[test]
    fn a_job_of_format_1_is_read_unless_it_lacks_its_authority() {
        for task in tasks() {
            let text = old_text(&task);
            match &task {
                Task::Invitation { .. } | Task::NewAddress { .. } => {
                    assert_eq!(Job::parse(&text), None);
                    let (without_state, _) = text.rsplit_once('\n').unwrap();
                    assert_eq!(Job::parse(without_state), None, "{without_state}");
                }
                _ => {
                    let read = Job::parse(&text).unwrap();
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
    fn what_is_cut_or_longer_is_no_job() {
        for task in tasks() {
            let text = job(task).to_text();
            assert_eq!(Job::parse(&format!("{text}\n")), None, "{text}");
            let (cut, _) = text.rsplit_once('\n').unwrap();
            assert_eq!(Job::parse(cut), None, "{cut}");
        }
    }

    #[test]
    fn no_device_or_place_adds_a_line() {
        let task = Task::SessionEnded {
            to: email(),
            device: Some("a\nb\r\u{0}c".to_owned()),
            place: Some("x".repeat(1000)),
        };
        let Some(Job {
            task: Task::SessionEnded { device, place, .. },
            ..
        }) = Job::parse(&job(task).to_text())
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
            let _ = Job::parse(&text);
        }
    }
}
