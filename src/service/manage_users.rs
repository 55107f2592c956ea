//! What an administrator does with users: list, read, create, grant and revoke roles, disable.

use super::AuthService;
use super::change_user::Aftermath;
use super::mail::typed_address;
use super::new_user::{Identity, parse_name};
use crate::domain::account::{
    Edit, EmailAddress, Name, PasswordHash, Roles, User, UserChange, UserId,
};
use crate::domain::error::{Error, FieldProblem};
use crate::domain::event::Act;
use crate::domain::link::State;
use crate::domain::mail::{Locale, Task};
use crate::domain::session::Client;
use crate::ports::{Insertion, Ports, UserDirectory};

/// The person that an administrator creates an account for.
#[derive(Clone, Copy, Debug)]
pub struct Invitee<'a> {
    pub email: &'a str,
    /// The given name.
    pub first_name: Option<&'a str>,
    /// The family name.
    pub last_name: Option<&'a str>,
}

/// A page of users.
#[derive(Clone, Debug)]
pub struct UserPage {
    /// The users, the oldest account first.
    pub users: Vec<User>,
    /// The last user of this page, if there is another page.
    pub next: Option<UserId>,
}

/// What an administrator may change. `None` leaves a field as it is.
#[derive(Clone, Debug, Default)]
pub struct Amendment {
    /// The given name.
    pub first_name: Edit<String>,
    /// The family name.
    pub last_name: Edit<String>,
    /// Replaces all roles.
    pub roles: Option<Vec<String>>,
    pub disabled: Option<bool>,
}

impl<P: Ports> AuthService<P> {
    /// # Errors
    /// [`Error::Access`]; [`Error::Forbidden`] if the bearer is not an administrator;
    /// [`Error::UnknownUser`]; [`Error::Store`].
    pub async fn read_user(&self, access_token: &str, id: UserId) -> Result<User, Error> {
        self.administrator(access_token).await?;
        self.ports
            .users()
            .find_by_id(id)
            .await?
            .ok_or(Error::UnknownUser)
    }

    /// Changes a user. Renewals see the change at once, checks within the session store's
    /// staleness. If the user is already as the amendment says, nothing is written or recorded, and
    /// the user's access tokens stay valid.
    ///
    /// # Errors
    /// Those of [`read_user`](Self::read_user); [`Error::Field`];
    /// [`Error::ReauthenticationRequired`] for roles and `disabled` without a recent proof;
    /// [`Error::LastAdministrator`]. After [`Error::Store`] a retry completes it.
    pub async fn amend_user(
        &self,
        access_token: &str,
        id: UserId,
        amendment: Amendment,
    ) -> Result<User, Error> {
        let bearer = self.administrator(access_token).await?;
        // A changed name can be changed back; a change of access may cause permanent harm.
        if amendment.roles.is_some() || amendment.disabled.is_some() {
            self.require_recent_proof(&bearer)?;
        }
        let by = bearer.user;
        let change = UserChange {
            first_name: edited_name("first_name", amendment.first_name)?,
            last_name: edited_name("last_name", amendment.last_name)?,
            roles: amendment.roles.map(roles).transpose()?,
            disabled: amendment.disabled,
            ..UserChange::default()
        };
        if change.is_empty() {
            return Err(Error::NothingToChange);
        }
        let user = self.ports.users().find_by_id(id).await?;
        let user = user.ok_or(Error::UnknownUser)?;
        let change = change.without_current_values(&user);
        if change.is_empty() {
            // An earlier request may have failed after its row was written.
            self.finish_change(id, Some(&user)).await?;
            return Ok(user);
        }
        let aftermath = Aftermath::of(acts(id, by, &change));
        self.amend(&user, &change, aftermath).await
    }

    /// At most `limit` users after `after`, the oldest account first.
    ///
    /// # Errors
    /// [`Error::Access`]; [`Error::Forbidden`]; [`Error::Store`].
    pub async fn list_users(
        &self,
        access_token: &str,
        after: Option<UserId>,
        limit: u32,
    ) -> Result<UserPage, Error> {
        self.administrator(access_token).await?;
        // One more than needed shows whether there is a next page.
        let mut users = self
            .ports
            .users()
            .list(after, limit.saturating_add(1))
            .await?;
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = users.len() > limit;
        users.truncate(limit);
        let next = users.last().filter(|_| more).map(|user| user.id);
        Ok(UserPage { users, next })
    }

    /// The user with this address, if there is one.
    ///
    /// # Errors
    /// Those of [`list_users`](Self::list_users), and [`Error::Field`] for an invalid address.
    pub async fn find_user(&self, access_token: &str, email: &str) -> Result<Option<User>, Error> {
        self.administrator(access_token).await?;
        let email = typed_address(email)?;
        Ok(self.ports.users().find_by_email(&email).await?)
    }

    /// Creates an account without a password. Its owner gets a mail with a link to choose one, and
    /// nobody else ever knows it (OWASP ASVS 6.4.6).
    ///
    /// # Errors
    /// [`Error::Access`]; [`Error::Forbidden`]; [`Error::ReauthenticationRequired`] for roles
    /// beyond those of every user, without a recent proof; [`Error::Field`]; [`Error::EmailTaken`];
    /// [`Error::NoMailProvider`]; [`Error::Store`].
    pub async fn create_user(
        &self,
        access_token: &str,
        invitee: Invitee<'_>,
        given_roles: Option<Vec<String>>,
        locale: Locale,
    ) -> Result<User, Error> {
        let bearer = self.administrator(access_token).await?;
        let grants = |roles: &Vec<String>| roles.iter().any(|role| !Roles::user().contains(role));
        if given_roles.as_ref().is_some_and(grants) {
            self.require_recent_proof(&bearer)?;
        }
        let by = bearer.user;
        self.mail_is_possible()?;
        let identity = Identity::parse(invitee.email, invitee.first_name, invitee.last_name)?;
        let roles = given_roles.map_or_else(|| Ok(Roles::user()), roles)?;
        let user = self.new_user(identity, PasswordHash::none(), roles, None);
        match self.ports.users().insert(&user, None).await? {
            Insertion::Inserted => {}
            Insertion::EmailTaken | Insertion::Freed => {
                self.invite_again(&user.email, locale).await?;
                return Err(Error::EmailTaken);
            }
        }
        self.record(Act::AccountCreated {
            user: user.id,
            by,
            address: self.pseudonym(&user.email),
        });
        self.notify(invitation(&user), locale).await;
        Ok(user)
    }
}

impl<P: Ports> AuthService<P> {
    /// Invites again to an account that never had a password: an earlier attempt may have been
    /// interrupted before the mail.
    async fn invite_again(&self, email: &EmailAddress, locale: Locale) -> Result<(), Error> {
        let user = self.ports.users().find_by_email(email).await?;
        let Some(user) = user.filter(|user| !user.has_password()) else {
            return Ok(());
        };
        self.ask_for_mail(invitation(&user), (&Client::uncounted()).into(), locale)
            .await
    }
}

fn invitation(user: &User) -> Task {
    Task::Invitation {
        user: user.id,
        state: State::for_reset(user),
    }
}

/// The events to record for a change. Changes of names are not recorded.
fn acts(user: UserId, by: UserId, change: &UserChange) -> Vec<Act> {
    let roles = change.roles.clone();
    let roles = roles.map(|roles| Act::RolesChanged { user, by, roles });
    let disabled = change.disabled;
    let disabled = disabled.map(|disabled| Act::DisabledChanged { user, by, disabled });
    roles.into_iter().chain(disabled).collect()
}

fn edited_name(field: &'static str, edit: Edit<String>) -> Result<Edit<Name>, Error> {
    edit.try_map(|text| parse_name(field, &text))
}

fn roles(given: Vec<String>) -> Result<Roles, Error> {
    Roles::new(given).map_err(|why| Error::Field("roles", FieldProblem::Invalid(why.reason())))
}
