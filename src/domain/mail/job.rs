//! A mail to be made: what is queued. It says for whom and why; the user is looked up and the link is made only when
//! it is sent, so that the one who asks learns nothing from the time it takes.

use std::fmt;

use sha2::{Digest, Sha256};

use super::Locale;
use crate::domain::account::{EmailAddress, Name, UserId};
use crate::domain::policy::MAIL_FACT_CHARS;
use crate::domain::unicode::breaks_line;

const FORMAT: &str = "1";

/// A mail to be made. `Debug` prints no address.
#[derive(Clone, PartialEq, Eq)]
pub struct Job {
    /// 32 hexadecimal digits, the same for every try.
    pub id: String,
    /// When it was asked for, in seconds since 1970.
    pub asked_at: u64,
    /// The language of the one who asked.
    pub locale: Locale,
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
    },
    /// An account is to get another address: to the new one.
    NewAddress {
        /// Whose account.
        user: UserId,
        /// The new address.
        email: EmailAddress,
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

    /// Whether a stranger can ask for this mail to any address, so that the address must be spared.
    #[must_use]
    pub const fn is_limited(&self) -> bool {
        matches!(
            self,
            Self::Reset { .. }
                | Self::Registration { .. }
                | Self::Verification { .. }
                | Self::NewAddress { .. }
        )
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
    /// The text that is queued: a line for each field. No field holds a line break.
    #[must_use]
    pub fn to_text(&self) -> String {
        let name = |name: &Option<Name>| name.as_ref().map_or("", Name::as_str).to_owned();
        let mut fields = vec![
            FORMAT.to_owned(),
            self.id.clone(),
            self.asked_at.to_string(),
            self.locale.tag().to_owned(),
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
            Task::Invitation { user } => vec![user.to_string()],
            Task::NewAddress { user, email } => {
                vec![user.to_string(), email.as_given().to_owned()]
            }
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

    /// Reads a queued text. What was stored is data and is checked again; `None` when it is no job.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut lines = text.split('\n');
        if lines.next()? != FORMAT {
            return None;
        }
        let id = lines.next()?.to_owned();
        if id.len() != 32 || !id.bytes().all(|b| b.is_ascii_hexdigit()) {
            return None;
        }
        let asked_at = lines.next()?.parse().ok()?;
        let locale = Locale::parse(lines.next()?)?;
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
            "invitation" => Task::Invitation {
                user: UserId::parse(lines.next()?)?,
            },
            "new_address" => Task::NewAddress {
                user: UserId::parse(lines.next()?)?,
                email: EmailAddress::parse(lines.next()?).ok()?,
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
            task,
        }
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
            Task::Invitation { user },
            Task::NewAddress {
                user,
                email: email(),
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
        fn no_text_panics(text in "(1\n)?[0-9a-f\n]{0,40}(en|de)?\n?(reset|session_ended)?.{0,100}") {
            let _ = Job::parse(&text);
        }
    }
}
