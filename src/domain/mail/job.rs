//! A job: a mail in the queue, which is still to be composed. The service looks up the user and
//! makes the link only when it sends the mail, and not while the requester waits for an answer. So
//! the time that the answer takes does not reveal whether there is an account.
//!
//! A job that a user or an administrator requested also contains the account's state at the time of
//! the request. If the account is in another state when the job is done, no mail is sent. The table
//! in `docs/storage.md` says for each job what its mail allows, who may request it, and what makes
//! it invalid.

use std::fmt;

use sha2::{Digest, Sha256};

use super::{Locale, Pool, RouteClass};
use crate::domain::account::{EmailAddress, Name, UserId};
use crate::domain::app_request_id::AppRequestId;
use crate::domain::link::State;
use crate::domain::policy::{DEAD_LETTER_TTL, LINK_JOB_TTL, MAIL_FACT_CHARS};
use crate::domain::request_id::RequestId;
use edgegate_token::unicode::breaks_line;

const FORMAT: &str = "2";
/// The format of version 0.1 of the service. Jobs in this format can still be read, because some
/// might have been queued before a newer version was deployed.
const OLD_FORMAT: &str = "1";
/// One line of an encoded job is a language tag, to which ids are added as subtags. This text comes
/// directly before the id of an app's request. The other ids are hexadecimal numbers. None of them
/// can contain this text, because `p` is not a hexadecimal digit.
const BEFORE_APP_REQUEST: &str = "-app-";

/// A job: a mail in the queue. `Debug` prints no address.
#[derive(Clone, PartialEq, Eq)]
pub struct Job {
    /// 32 hexadecimal digits. All attempts to send the mail have the same id.
    pub id: String,
    /// When the mail was requested, in seconds since 1970.
    pub asked_at: u64,
    /// The requester's language.
    pub locale: Locale,
    /// How many attempts were made to send the mail.
    pub tries: u32,
    /// The share of `MAIL_BUDGET` that pays for the mail.
    pub pool: Pool,
    /// Whether the pool has already paid for the mail.
    pub paid: bool,
    /// The HTTP request that asked for the mail. `None` if an older version queued the job.
    pub request: Option<RequestId>,
    /// If the mail was requested while a user was signing in to an app, the page has stored the
    /// app's request in the browser, under this id. The link in the mail contains the id.
    pub app_request: Option<AppRequestId>,
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
    /// Someone asked for a link to choose a new password. It is possible that no account has this
    /// address.
    Reset {
        /// The address that was typed.
        email: EmailAddress,
    },
    /// Someone wants to register.
    Registration {
        /// The address that was typed.
        email: EmailAddress,
        /// The given name.
        first_name: Option<Name>,
        /// The family name.
        last_name: Option<Name>,
    },
    /// Someone asked for a link to verify the address of an account.
    Verification {
        /// The address that was typed.
        email: EmailAddress,
    },
    /// An administrator created an account.
    Invitation {
        user: UserId,
        /// A fingerprint of the values that a password reset changes, as they were at the time of
        /// the request. If they have changed when the job is done, no mail is sent.
        state: State,
    },
    /// A user wants to change the address of the account, and must confirm the new address. The
    /// mail is sent to the new address.
    NewAddress {
        user: UserId,
        email: EmailAddress,
        /// A fingerprint of the values that a change of the address changes, as they were at the
        /// time of the request. If they have changed when the job is done, no mail is sent.
        state: State,
    },
    /// Somebody asked to change the address of the account. The change has not been made yet. The
    /// mail is sent to the old address.
    AddressChangeAsked {
        /// The old address.
        to: EmailAddress,
    },
    /// The address of the account was changed. The mail is sent to the old address.
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
        /// The address that the account had.
        to: EmailAddress,
    },
    /// A used refresh token was presented again, so it was stolen or leaked. Its session was ended
    /// (OWASP ASVS 6.3.5).
    SessionEnded {
        /// The address of the user whose session it was.
        to: EmailAddress,
        /// The program (browser and operating system) that presented the token.
        device: Option<String>,
        /// The place from which the token was presented.
        place: Option<String>,
    },
}

impl Task {
    /// The name of the kind of mail, in `snake_case`, for the log and the queue.
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

    /// Whether several concurrent requests can queue this notice about the same event. If they can,
    /// all their jobs have the same id, so only one of these mails is sent.
    #[must_use]
    pub const fn is_sent_once(&self) -> bool {
        matches!(
            self,
            Self::SessionEnded { .. } | Self::AddressChangeAsked { .. }
        )
    }

    /// The class of a mail that anybody can request without signing in, or that is limited like
    /// such a mail. The class decides which pools can pay for the mail. `None` for other mails.
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

    /// The address that the task contains, if it contains one.
    #[must_use]
    pub const fn address(&self) -> Option<&EmailAddress> {
        match self {
            Self::Invitation { .. } => None,
            Self::Reset { email }
            | Self::Registration { email, .. }
            | Self::Verification { email }
            | Self::NewAddress { email, .. }
            | Self::AddressChangeAsked { to: email }
            | Self::AddressChanged { to: email }
            | Self::PasswordChanged { to: email }
            | Self::AccountDeleted { to: email }
            | Self::SessionEnded { to: email, .. } => Some(email),
        }
    }

    /// The account that the task contains, if it contains one.
    #[must_use]
    pub const fn user(&self) -> Option<UserId> {
        match self {
            Self::Invitation { user, .. } | Self::NewAddress { user, .. } => Some(*user),
            Self::Reset { .. }
            | Self::Registration { .. }
            | Self::Verification { .. }
            | Self::AddressChangeAsked { .. }
            | Self::AddressChanged { .. }
            | Self::PasswordChanged { .. }
            | Self::AccountDeleted { .. }
            | Self::SessionEnded { .. } => None,
        }
    }

    /// Whether this mail tells an account's owner what happened to the account. Notices have a
    /// queue of their own, so mails that strangers can request don't delay them.
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

    /// The share of the mail budget (the pool) that pays for a job that an older version queued.
    /// The older version did not rank the requester's network.
    #[must_use]
    pub const fn pool_before_ranks(&self) -> Pool {
        if self.class().is_some() {
            Pool::Medium
        } else {
            Pool::None
        }
    }
}

/// The id of all jobs that report the same event. It is a hash of `name`, the kind of mail, and of
/// the values in `event`, which distinguish this event from others.
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
    /// Whether the mail was requested too long ago to be sent. `now` is in seconds since 1970.
    #[must_use]
    pub const fn is_expired(&self, now: u64) -> bool {
        let ttl = if self.task.class().is_some() {
            LINK_JOB_TTL
        } else {
            DEAD_LETTER_TTL
        };
        now > self.asked_at.saturating_add(ttl)
    }

    /// Encodes the job for the queue. Each field is one line, because no field contains a line
    /// break.
    #[must_use]
    pub fn encode(&self) -> String {
        let name = |name: &Option<Name>| name.as_ref().map_or("", Name::as_str).to_owned();
        let mut fields = vec![
            FORMAT.to_owned(),
            self.id.clone(),
            self.asked_at.to_string(),
            self.encode_locale(),
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

    /// The line with the language tag. The ids of both requests are added to the tag as private use
    /// subtags (RFC 5646 section 2.2.7). A version of the service that doesn't know the ids ignores
    /// the subtags. So during a deploy, a queue consumer of an older version can still send the
    /// mails that a newer version has queued. Such a consumer would reject a job with an additional
    /// line.
    fn encode_locale(&self) -> String {
        let mut text = self.locale.tag().to_owned();
        if let Some(request) = self.request {
            text.push('-');
            text.push_str(&request.to_subtags());
        } else if self.app_request.is_some() {
            text.push_str("-x");
        }
        if let Some(id) = self.app_request {
            text.push_str(BEFORE_APP_REQUEST);
            text.push_str(&id.to_subtags());
        }
        text
    }

    /// Decodes a job from the queue, and validates its fields again. `None` if the text is
    /// malformed.
    ///
    /// A job of format 1 contains neither the number of attempts nor a pool. Such a job is decoded
    /// with 0 attempts and the pool of [`Task::pool_before_ranks`]. Invitations and changes of
    /// address in format 1 are rejected, because they do not contain the account's state at the
    /// time of the request.
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
        let language = lines.next()?;
        let locale = Locale::parse(language)?;
        let (request, app_request) = language
            .split_once('-')
            .map_or((None, None), |(_, subtags)| decode_ids(subtags));
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
            request,
            app_request,
            task,
        })
    }
}

/// Reads the ids from the subtags of a job's language tag.
fn decode_ids(subtags: &str) -> (Option<RequestId>, Option<AppRequestId>) {
    match subtags.split_once(BEFORE_APP_REQUEST) {
        None => (RequestId::from_subtags(subtags), None),
        Some((request, id)) => (
            RequestId::from_subtags(request),
            AppRequestId::from_subtags(id),
        ),
    }
}

fn line(text: Option<&str>) -> String {
    text.unwrap_or_default()
        .chars()
        .filter(|c| !breaks_line(*c))
        .take(MAIL_FACT_CHARS)
        .collect()
}
