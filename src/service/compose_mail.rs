//! From a queued job to a message: the user looked up, the link made, the letter worded.

use sha2::{Digest, Sha256};

use super::AuthService;
use crate::domain::account::{EmailAddress, Name, User, UserId};
use crate::domain::error::StoreError;
use crate::domain::link::{NewAddressLink, RegistrationLink, State, UserLink};
use crate::domain::mail::{Job, Message, NotDue, Task};
use crate::domain::policy::{MAIL_SLOT, RESET_LINK_TTL, VERIFICATION_LINK_TTL};
use crate::domain::secret::Secret;
use crate::domain::settings::Registration;
use crate::letters::{Letter, render};
use crate::ports::{Ports, UserDirectory};

/// The pages that links open, under `APP_URL`.
const RESET_PAGE: &str = "reset-password";
const VERIFY_PAGE: &str = "verify-email";
const CONFIRM_PAGE: &str = "confirm-email";
const FORGOT_PAGE: &str = "forgot-password";

impl<P: Ports> AuthService<P> {
    /// The message of a job, or why none is due. A function of the job, the user's state and the
    /// ten minutes in which it is tried: a repeat is the same mail.
    pub(super) async fn compose(&self, job: &Job) -> Result<Result<Message, NotDue>, StoreError> {
        if job.is_expired(self.now()) {
            return Ok(Err(NotDue::Expired));
        }
        Ok(match &job.task {
            Task::Reset { email } => match self.enabled(email).await? {
                Some(user) if user.created_at > job.asked_at => Err(NotDue::Superseded),
                Some(user) => {
                    let link = self.user_link(job, &user, State::for_reset(&user), RESET_LINK_TTL);
                    Ok(self.reset_mail(job, &user, link))
                }
                None => Err(NotDue::NoRecipient),
            },
            Task::Invitation { user, state } => match self.ports.users().find_by_id(*user).await? {
                None => Err(NotDue::NoRecipient),
                Some(user) if user.disabled_at.is_some() || user.has_password() => {
                    Err(NotDue::NoRecipient)
                }
                Some(user) if State::for_reset(&user) != *state => Err(NotDue::Superseded),
                Some(user) => {
                    let link = self.user_link(job, &user, *state, VERIFICATION_LINK_TTL);
                    Ok(self.reset_mail(job, &user, link))
                }
            },
            Task::Registration {
                email,
                first_name,
                last_name,
            } => match self.ports.users().find_by_email(email).await? {
                // Since it was asked for.
                None if self.settings().registration == Registration::Closed => {
                    Err(NotDue::NoRecipient)
                }
                None => {
                    let names = (first_name.as_ref(), last_name.as_ref());
                    self.registration_mail(job, email, names).await?
                }
                Some(user) if user.disabled_at.is_none() => Ok(self.taken_mail(job, &user)),
                Some(_) => Err(NotDue::NoRecipient),
            },
            Task::Verification { email } => self.verification_mail(job, email).await?,
            Task::NewAddress { user, email, state } => {
                self.new_address_mail(job, *user, email, *state).await?
            }
            Task::AddressChangeAsked { to } => {
                let reset = &self.page(FORGOT_PAGE);
                Ok(self.message(job, to, &Letter::AddressChangeAsked { reset }))
            }
            Task::PasswordChanged { to } => {
                let reset = &self.page(FORGOT_PAGE);
                Ok(self.message(job, to, &Letter::PasswordChanged { reset }))
            }
            Task::SessionEnded { to, device, place } => {
                let letter = Letter::SessionEnded {
                    device: device.as_deref(),
                    place: place.as_deref(),
                    reset: &self.page(FORGOT_PAGE),
                };
                Ok(self.message(job, to, &letter))
            }
            Task::AddressChanged { to } => Ok(self.message(job, to, &Letter::AddressChanged)),
            Task::AccountDeleted { to } => Ok(self.message(job, to, &Letter::AccountDeleted)),
        })
    }

    async fn enabled(&self, email: &EmailAddress) -> Result<Option<User>, StoreError> {
        let user = self.ports.users().find_by_email(email).await?;
        Ok(user.filter(|user| user.disabled_at.is_none()))
    }

    /// A link to an account in this state. `ttl` is in seconds.
    fn user_link(&self, job: &Job, user: &User, state: State, ttl: u64) -> UserLink {
        UserLink {
            user: user.id,
            state,
            expires_at: self.link_ends_at(job, ttl),
        }
    }

    fn reset_mail(&self, job: &Job, user: &User, link: UserLink) -> Message {
        let minutes = self.minutes_left(job, link.expires_at);
        let ticket = self.shared.links.seal_reset(link);
        let link = &self.link(RESET_PAGE, &ticket);
        let letter = match job.task {
            Task::Invitation { .. } => Letter::Invitation { link, minutes },
            _ => Letter::ResetPassword { link, minutes },
        };
        self.message(job, &user.email, &letter)
    }

    /// The mail with which an address that has no account gets one, unless an account has given up
    /// the address since the mail was asked for.
    async fn registration_mail(
        &self,
        job: &Job,
        email: &EmailAddress,
        (first_name, last_name): (Option<&Name>, Option<&Name>),
    ) -> Result<Result<Message, NotDue>, StoreError> {
        let freed = &self.shared.freed_addresses;
        let condition = freed.not_freed_since(email, job.asked_at);
        if !self.ports.users().is_not_freed(&condition).await? {
            return Ok(Err(NotDue::Superseded));
        }
        let expires_at = self.link_ends_at(job, VERIFICATION_LINK_TTL);
        let ticket = self.shared.links.seal_registration(&RegistrationLink {
            email: email.clone(),
            first_name: first_name.cloned(),
            last_name: last_name.cloned(),
            asked_at: job.asked_at,
            expires_at,
        });
        let letter = Letter::FinishRegistration {
            link: &self.link(VERIFY_PAGE, &ticket),
            minutes: self.minutes_left(job, expires_at),
        };
        Ok(Ok(self.message(job, email, &letter)))
    }

    fn taken_mail(&self, job: &Job, user: &User) -> Message {
        let reset = &self.page(FORGOT_PAGE);
        self.message(job, &user.email, &Letter::AddressTaken { reset })
    }

    async fn verification_mail(
        &self,
        job: &Job,
        email: &EmailAddress,
    ) -> Result<Result<Message, NotDue>, StoreError> {
        let Some(user) = self.ports.users().find_by_email(email).await? else {
            // Where registering writes nothing, asking again for the mail begins it again; the names were in the first link.
            return match self.settings().registration {
                Registration::Verified => self.registration_mail(job, email, (None, None)).await,
                Registration::Open | Registration::Closed => Ok(Err(NotDue::NoRecipient)),
            };
        };
        if user.created_at > job.asked_at {
            return Ok(Err(NotDue::Superseded));
        }
        if user.disabled_at.is_some() || user.email_verified_at.is_some() {
            return Ok(Err(NotDue::NoRecipient));
        }
        let state = State::for_verification(&user);
        let link = self.user_link(job, &user, state, VERIFICATION_LINK_TTL);
        let ticket = self.shared.links.seal_verification(link);
        let letter = Letter::VerifyAddress {
            link: &self.link(VERIFY_PAGE, &ticket),
            minutes: self.minutes_left(job, link.expires_at),
        };
        Ok(Ok(self.message(job, &user.email, &letter)))
    }

    async fn new_address_mail(
        &self,
        job: &Job,
        user: UserId,
        email: &EmailAddress,
        state: State,
    ) -> Result<Result<Message, NotDue>, StoreError> {
        let users = self.ports.users();
        let Some(user) = users.find_by_id(user).await? else {
            return Ok(Err(NotDue::NoRecipient));
        };
        if user.disabled_at.is_some() {
            return Ok(Err(NotDue::NoRecipient));
        }
        if State::for_new_address(&user) != state {
            return Ok(Err(NotDue::Superseded));
        }
        if let Some(other) = self.enabled(email).await?
            && other.id != user.id
        {
            return Ok(Ok(self.taken_mail(job, &other)));
        }
        let account = self.user_link(job, &user, state, VERIFICATION_LINK_TTL);
        let ticket = self.shared.links.seal_new_address(&NewAddressLink {
            account,
            email: email.clone(),
        });
        let letter = Letter::ConfirmAddress {
            link: &self.link(CONFIRM_PAGE, &ticket),
            minutes: self.minutes_left(job, account.expires_at),
        };
        Ok(Ok(self.message(job, email, &letter)))
    }

    fn message(&self, job: &Job, to: &EmailAddress, letter: &Letter<'_>) -> Message {
        let rendered = render(letter, &self.settings().mail.product, job.locale);
        let mut hash = Sha256::new();
        for part in [
            job.id.as_str(),
            to.as_given(),
            &rendered.subject,
            &rendered.text,
        ] {
            hash.update(part);
            hash.update("\0");
        }
        Message {
            to: to.clone(),
            subject: rendered.subject,
            text: rendered.text,
            html: rendered.html,
            idempotency_key: base16ct::lower::encode_string(&hash.finalize()),
        }
    }

    fn page(&self, page: &str) -> String {
        [&self.settings().app_url, "/", page].concat()
    }

    /// The ticket is in the fragment, which browsers send to no server and put into no `Referer`.
    fn link(&self, page: &str, ticket: &Secret) -> String {
        [&self.page(page), "#", ticket.expose()].concat()
    }

    /// When a link of this job ends, in seconds since 1970: `ttl` seconds after the beginning of the
    /// ten minutes in which its mail is made, so that a repeat within them holds the same link.
    fn link_ends_at(&self, job: &Job, ttl: u64) -> u64 {
        self.slot_began_at(job).saturating_add(ttl)
    }

    /// How many minutes a letter says that a link is still valid: those left at the end of the ten
    /// minutes in which its mail is made. That is never more than are left when it is sent, and a
    /// repeat within the ten minutes says the same.
    fn minutes_left(&self, job: &Job, expires_at: u64) -> u64 {
        let slot_ends_at = self.slot_began_at(job).saturating_add(MAIL_SLOT);
        expires_at.saturating_sub(slot_ends_at) / 60
    }

    /// When the current ten minutes began, counted from the time the job was asked for.
    fn slot_began_at(&self, job: &Job) -> u64 {
        let waited = self.now().saturating_sub(job.asked_at);
        let slot = waited.saturating_sub(waited % MAIL_SLOT);
        job.asked_at.saturating_add(slot)
    }
}
