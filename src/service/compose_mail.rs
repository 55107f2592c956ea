//! Turns a queued job into a message: looks the user up, makes the link and writes the text.

use sha2::{Digest, Sha256};

use super::AuthService;
use crate::domain::account::{EmailAddress, Name, User, UserId};
use crate::domain::app_request_id::AppRequestId;
use crate::domain::error::StoreError;
use crate::domain::link::{NewAddressLink, RegistrationLink, State, UserLink};
use crate::domain::mail::{Job, LinkLife, Message, NotDue, Pool, Task, mailbox};
use crate::domain::policy::{RESET_LINK_TTL, VERIFICATION_LINK_TTL};
use crate::domain::secret::Secret;
use crate::domain::settings::Registration;
use crate::letters::{Letter, render};
use crate::ports::{Ports, UserDirectory};

/// The paths of the pages that mailed links open, relative to `APP_URL`.
const RESET_PAGE: &str = "reset-password";
const VERIFY_PAGE: &str = "verify-email";
const CONFIRM_PAGE: &str = "confirm-email";
const FORGOT_PAGE: &str = "forgot-password";

/// A mail that has to be sent, before its text is written.
#[derive(Debug)]
pub(super) enum Due {
    /// A notice, which has no one-time link.
    Notice,
    /// A mail with a link.
    Link(Box<DueLink>),
}

/// A mail with a link whose lifetime is not known yet.
#[derive(Debug)]
pub(super) struct DueLink {
    to: EmailAddress,
    /// The enabled account at that address, if there is one.
    pub(super) owner: Option<UserId>,
    /// The name of the link's lane (the list of recent links by which the links to one mailbox are
    /// limited).
    pub(super) lane: String,
    /// The lifetime of the first links in the lane, in seconds.
    pub(super) base: u64,
    kind: LinkKind,
}

#[derive(Debug)]
enum LinkKind {
    Reset(User, State, ResetReason),
    Registration {
        email: EmailAddress,
        names: [Option<Name>; 2],
    },
    Verification(User, State),
    NewAddress(User, State),
}

/// Why a mail contains a link for a new password.
#[derive(Clone, Copy, Debug)]
enum ResetReason {
    Forgotten,
    Invited,
    AddressTaken,
}

impl<P: Ports> AuthService<P> {
    /// Which mail to send for a job, or why no mail is sent.
    pub(super) async fn look_up(&self, job: &Job) -> Result<Result<Due, NotDue>, StoreError> {
        let link = match &job.task {
            Task::Reset { email } => match self.enabled(email).await? {
                Some(user) if user.created_at > job.asked_at => Err(NotDue::Superseded),
                Some(user) => Ok(reset(job, user, ResetReason::Forgotten)),
                None => Err(NotDue::NoRecipient),
            },
            Task::Invitation { user, state } => match self.ports.users().find_by_id(*user).await? {
                None => Err(NotDue::NoRecipient),
                Some(user) if user.disabled_at.is_some() || user.has_password() => {
                    Err(NotDue::NoRecipient)
                }
                Some(user) if State::for_reset(&user) != *state => Err(NotDue::Superseded),
                Some(user) => Ok(reset(job, user, ResetReason::Invited)),
            },
            Task::Registration {
                email,
                first_name,
                last_name,
            } => {
                let user = self.ports.users().find_by_email(email).await?;
                // The freed addresses are read even if the result is not needed, so that the work
                // is the same in all cases.
                let is_freed = self.is_freed_since(email, job.asked_at).await?;
                match user {
                    // Registration was closed after the request.
                    None if self.settings().registration == Registration::Closed => {
                        Err(NotDue::NoRecipient)
                    }
                    None if is_freed => Err(NotDue::Superseded),
                    None => Ok(registration(email, [first_name.clone(), last_name.clone()])),
                    Some(user) => address_taken(job, user),
                }
            }
            Task::Verification { email } => self.verification(job, email).await?,
            Task::NewAddress { user, email, state } => {
                self.new_address(job, *user, email, *state).await?
            }
            Task::AddressChangeAsked { .. }
            | Task::AddressChanged { .. }
            | Task::PasswordChanged { .. }
            | Task::AccountDeleted { .. }
            | Task::SessionEnded { .. } => return Ok(Ok(Due::Notice)),
        };
        Ok(link.map(|link| Due::Link(Box::new(link))))
    }

    async fn enabled(&self, email: &EmailAddress) -> Result<Option<User>, StoreError> {
        let user = self.ports.users().find_by_email(email).await?;
        Ok(user.filter(|user| user.disabled_at.is_none()))
    }

    /// Whether the address was freed since `asked_at`: its account was deleted, or moved to another
    /// address.
    async fn is_freed_since(
        &self,
        email: &EmailAddress,
        asked_at: u64,
    ) -> Result<bool, StoreError> {
        let condition = self.shared.freed_addresses.not_freed_since(email, asked_at);
        Ok(!self.ports.users().is_not_freed(&condition).await?)
    }

    async fn verification(
        &self,
        job: &Job,
        email: &EmailAddress,
    ) -> Result<Result<DueLink, NotDue>, StoreError> {
        let user = self.ports.users().find_by_email(email).await?;
        // The freed addresses are read even if the result is not needed, so that the work is the
        // same in all cases.
        let is_freed = self.is_freed_since(email, job.asked_at).await?;
        let Some(user) = user else {
            // With `Registration::Verified`, nothing is stored before the link is used. So a
            // request for another mail starts a new registration. It has no names: only the first
            // link contains them.
            return Ok(match self.settings().registration {
                Registration::Verified if is_freed => Err(NotDue::Superseded),
                Registration::Verified => Ok(registration(email, [None, None])),
                Registration::Open | Registration::Closed => Err(NotDue::NoRecipient),
            });
        };
        if user.created_at > job.asked_at {
            return Ok(Err(NotDue::Superseded));
        }
        if user.disabled_at.is_some() || user.email_verified_at.is_some() {
            return Ok(Err(NotDue::NoRecipient));
        }
        let state = State::for_verification(&user);
        Ok(Ok(DueLink {
            to: user.email.clone(),
            owner: Some(user.id),
            lane: lane_of_address(&user.email),
            base: VERIFICATION_LINK_TTL,
            kind: LinkKind::Verification(user, state),
        }))
    }

    async fn new_address(
        &self,
        job: &Job,
        user: UserId,
        email: &EmailAddress,
        state: State,
    ) -> Result<Result<DueLink, NotDue>, StoreError> {
        let users = self.ports.users();
        let Some(user) = users.find_by_id(user).await? else {
            return Ok(Err(NotDue::NoRecipient));
        };
        // The other account is read even if the result is not needed, so that the work is the same
        // in all cases.
        let other = self.enabled(email).await?;
        if user.disabled_at.is_some() {
            return Ok(Err(NotDue::NoRecipient));
        }
        if State::for_new_address(&user) != state {
            return Ok(Err(NotDue::Superseded));
        }
        if let Some(other) = other
            && other.id != user.id
        {
            return Ok(address_taken(job, other));
        }
        Ok(Ok(DueLink {
            to: email.clone(),
            owner: None,
            lane: lane_of_address(email),
            base: VERIFICATION_LINK_TTL,
            kind: LinkKind::NewAddress(user, state),
        }))
    }

    /// The message of a notice. It depends on nothing but the job. `None` if the job is not for a
    /// notice.
    pub(super) fn word_notice(&self, job: &Job) -> Option<Message> {
        let reset = &self.page(FORGOT_PAGE);
        let (to, letter) = match &job.task {
            Task::AddressChangeAsked { to } => (to, Letter::AddressChangeAsked { reset }),
            Task::PasswordChanged { to } => (to, Letter::PasswordChanged { reset }),
            Task::SessionEnded { to, device, place } => (
                to,
                Letter::SessionEnded {
                    device: device.as_deref(),
                    place: place.as_deref(),
                    reset,
                },
            ),
            Task::AddressChanged { to } => (to, Letter::AddressChanged),
            Task::AccountDeleted { to } => (to, Letter::AccountDeleted),
            Task::Reset { .. }
            | Task::Registration { .. }
            | Task::Verification { .. }
            | Task::Invitation { .. }
            | Task::NewAddress { .. } => return None,
        };
        Some(self.message(job, to, &letter))
    }

    /// The message of a mail whose link has the lifetime `life`. The same job and the same lifetime
    /// give the same message.
    pub(super) fn word(&self, job: &Job, due: &DueLink, life: LinkLife) -> Message {
        let minutes = life.minutes();
        let expires_at = life.ends_at;
        let links = &self.shared.links;
        let of = |user: &User, state| UserLink {
            user: user.id,
            state,
            expires_at,
        };
        match &due.kind {
            LinkKind::Reset(user, state, reason) => {
                let ticket = links.seal_reset(of(user, *state));
                let link = &self.link(RESET_PAGE, job.app_request, &ticket);
                let letter = match reason {
                    ResetReason::Forgotten => Letter::ResetPassword { link, minutes },
                    ResetReason::Invited => Letter::Invitation { link, minutes },
                    ResetReason::AddressTaken => Letter::AddressTaken { link, minutes },
                };
                self.message(job, &due.to, &letter)
            }
            LinkKind::Registration { email, names } => {
                let [first_name, last_name] = names.clone();
                let ticket = links.seal_registration(&RegistrationLink {
                    email: email.clone(),
                    first_name,
                    last_name,
                    asked_at: job.asked_at,
                    expires_at,
                });
                let link = &self.link(VERIFY_PAGE, job.app_request, &ticket);
                self.message(job, &due.to, &Letter::FinishRegistration { link, minutes })
            }
            LinkKind::Verification(user, state) => {
                let ticket = links.seal_verification(of(user, *state));
                let link = &self.link(VERIFY_PAGE, job.app_request, &ticket);
                self.message(job, &due.to, &Letter::VerifyAddress { link, minutes })
            }
            LinkKind::NewAddress(user, state) => {
                let ticket = links.seal_new_address(&NewAddressLink {
                    account: of(user, *state),
                    email: due.to.clone(),
                });
                let link = &self.link(CONFIRM_PAGE, job.app_request, &ticket);
                self.message(job, &due.to, &Letter::ConfirmAddress { link, minutes })
            }
        }
    }

    fn message(&self, job: &Job, to: &EmailAddress, letter: &Letter<'_>) -> Message {
        let rendered = render(letter, &self.settings().mail.product, job.locale);
        // The idempotency key is a hash that does not include the text. A later attempt can have a
        // new link in its text, and the provider must still recognise it as the same mail.
        let mut hash = Sha256::new();
        for part in [job.id.as_str(), letter.name(), to.as_given()] {
            hash.update(part);
            hash.update("\0");
        }
        Message {
            to: to.clone(),
            subject: rendered.subject,
            text: rendered.text,
            html: rendered.html,
            idempotency_key: base16ct::lower::encode_string(&hash.finalize()),
            request: job.request,
        }
    }

    fn page(&self, page: &str) -> String {
        [&self.settings().app_url, "/", page].concat()
    }

    /// The link to choose a new password.
    pub(super) fn reset_link(&self, ticket: &Secret) -> String {
        self.link(RESET_PAGE, None, ticket)
    }

    /// A link to `page`. The ticket is in the fragment, which browsers neither send to a server nor
    /// put into `Referer`.
    ///
    /// The id of an app's authorization request is not secret, so it is a query parameter. As a
    /// result the fragment contains only the ticket, and is easy to read for pages that operators
    /// write themselves.
    fn link(&self, page: &str, app_request: Option<AppRequestId>, ticket: &Secret) -> String {
        let parameter = app_request.map_or_else(String::new, |id| format!("?request_id={id}"));
        [&self.page(page), &parameter, "#", ticket.expose()].concat()
    }
}

/// A mail with a link to choose a new password.
fn reset(job: &Job, user: User, reason: ResetReason) -> DueLink {
    let known = job.pool == Pool::Known(user.id);
    let state = State::for_reset(&user);
    // A lane limits how many links one mailbox gets. Its name contains `state`, the state of the
    // account that using the link changes. After a change of that state, earlier links no longer
    // work, so they must not count against new links.
    let lane_of_links = |kind, name: &str| [kind, name, " ", &state.to_text()].concat();
    let (lane, base) = match reason {
        ResetReason::Invited => (["i:", &user.id.to_string()].concat(), VERIFICATION_LINK_TTL),
        // Nobody has verified that the address belongs to its user, so the address could be
        // anybody's.
        _ if user.email_verified_at.is_none() => {
            (lane_of_address(&user.email), VERIFICATION_LINK_TTL)
        }
        // If the request had a ticket (a signed token of a device or a session) of the user, the
        // link has a separate lane, which requests of strangers can't fill.
        _ if known => (lane_of_links("k:", &user.id.to_string()), RESET_LINK_TTL),
        _ => (lane_of_links("r:", user.email.canonical()), RESET_LINK_TTL),
    };
    DueLink {
        to: user.email.clone(),
        owner: Some(user.id),
        lane,
        base,
        kind: LinkKind::Reset(user, state, reason),
    }
}

/// The mail for an address that already has an account. If the account is newer than the request,
/// its owner did not make the request, and no mail is sent.
fn address_taken(job: &Job, user: User) -> Result<DueLink, NotDue> {
    if user.disabled_at.is_some() {
        return Err(NotDue::NoRecipient);
    }
    if user.created_at > job.asked_at {
        return Err(NotDue::Superseded);
    }
    Ok(reset(job, user, ResetReason::AddressTaken))
}

/// A mail with a link to finish a registration.
fn registration(email: &EmailAddress, names: [Option<Name>; 2]) -> DueLink {
    DueLink {
        to: email.clone(),
        owner: None,
        lane: lane_of_address(email),
        base: VERIFICATION_LINK_TTL,
        kind: LinkKind::Registration {
            email: email.clone(),
            names,
        },
    }
}

/// The name of the lane for an address that no verified account has. A lane limits how many links
/// one mailbox gets. All variants of an address (sub-addresses, or Gmail's dots) share one lane,
/// because they reach the same mailbox. The plain address, without such variations, has a lane of
/// its own.
fn lane_of_address(email: &EmailAddress) -> String {
    let mailbox = mailbox(email);
    let kind = if mailbox == email.canonical() {
        "l:"
    } else {
        "t:"
    };
    [kind, &mailbox].concat()
}

/// The name of the lane for a job that leads to no mail. A lane limits how many links one mailbox
/// gets. Such a job gets a lane too, so that the store does the same work as for a job that leads
/// to a mail.
pub(super) fn lane_of_nobody(task: &Task) -> Option<String> {
    match task {
        Task::Reset { email }
        | Task::Registration { email, .. }
        | Task::Verification { email }
        | Task::NewAddress { email, .. } => Some(["n:", email.canonical()].concat()),
        _ => None,
    }
}
