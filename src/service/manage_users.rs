//! What an administrator or an operator does with users: list, find, read, create, change, verify,
//! unlock.

use super::AuthService;
use super::change_user::Aftermath;
use super::invitation::{ReturnedLink, invitation};
use super::mail::typed_address;
use super::manager::Manager;
use super::new_user::{Identity, parse_name};
use crate::domain::account::{
    Edit, EmailPrefix, Name, PasswordHash, RoleEdits, Roles, RolesError, User, UserChange, UserId,
};
use crate::domain::error::{Error, FieldProblem, StoreError};
use crate::domain::event::{Act, Actor};
use crate::domain::mail::Locale;
use crate::domain::operator::Scope;
use crate::domain::policy::{ADMIN_ROLE, ROLE_EDIT_TRIES};
use crate::domain::settings::PasswordWork;
use crate::ports::{Insertion, PasswordGuard, Ports, UserDirectory};

/// The person for whom an administrator or an operator creates an account.
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
    /// The users, sorted by id. Users that were searched by a prefix of their address are sorted by
    /// address.
    pub users: Vec<User>,
    /// The last user of this page, if there is another page.
    pub next: Option<UserId>,
}

impl UserPage {
    /// A page of at most `limit` of the users that were read. The caller has asked the store for
    /// one user more than `limit`. If that user exists, there is another page.
    fn new(mut users: Vec<User>, limit: u32) -> Self {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = users.len() > limit;
        users.truncate(limit);
        let next = users.last().filter(|_| more).map(|user| user.id);
        Self { users, next }
    }
}

/// A change of a user by an administrator or an operator. `None` leaves a field unchanged.
#[derive(Clone, Debug, Default)]
pub struct Amendment {
    /// The given name.
    pub first_name: Edit<String>,
    /// The family name.
    pub last_name: Edit<String>,
    /// Replaces all roles.
    pub roles: Option<Vec<String>>,
    /// Adds these roles. Not together with `roles`.
    pub add_roles: Option<Vec<String>>,
    /// Removes these roles. Not together with `roles`.
    pub remove_roles: Option<Vec<String>>,
    pub disabled: Option<bool>,
    /// Allows the change even if no enabled administrator remains. Only an operator may set it.
    pub may_leave_no_administrator: bool,
}

impl Amendment {
    fn touches_roles(&self) -> bool {
        self.roles.is_some() || self.add_roles.is_some() || self.remove_roles.is_some()
    }

    /// The roles to add and to remove one by one, if the amendment names some.
    fn role_edits(&mut self) -> Result<Option<RoleEdits>, Error> {
        let (add, remove) = (self.add_roles.take(), self.remove_roles.take());
        if add.is_none() && remove.is_none() {
            return Ok(None);
        }
        if self.roles.is_some() {
            return Err(Error::Field("roles", FieldProblem::Invalid("exclusive")));
        }
        let add = single_roles("add_roles", add)?;
        let remove = single_roles("remove_roles", remove)?;
        let contradiction = || Error::Field("remove_roles", FieldProblem::Invalid("also_added"));
        RoleEdits::new(add, remove)
            .ok_or_else(contradiction)
            .map(Some)
    }
}

impl<P: Ports> AuthService<P> {
    /// # Errors
    /// - [`Error::Access`]; [`Error::UnknownUser`]; [`Error::Store`].
    /// - [`Error::Forbidden`]: the caller is neither an administrator nor an operator with the
    ///   required scope.
    pub async fn read_user(&self, credential: &str, id: UserId) -> Result<User, Error> {
        self.manager(credential, Scope::UsersRead).await?;
        self.ports
            .users()
            .find_by_id(id)
            .await?
            .ok_or(Error::UnknownUser)
    }

    /// Changes a user. The change takes effect at once for renewals. It takes effect for checks of
    /// access tokens as soon as the session store's answers are no longer stale. If the user
    /// already has the new values, nothing is written or recorded, and the user's access tokens
    /// stay valid. Requests that add or remove single roles at the same time don't undo each
    /// other's changes.
    ///
    /// # Errors
    /// Those of [`read_user`](Self::read_user), and:
    /// - [`Error::Field`].
    /// - [`Error::ReauthenticationRequired`]: roles or `disabled` are to be changed, and the
    ///   administrator has not entered the password recently.
    /// - [`Error::LastAdministrator`].
    ///
    /// After [`Error::Store`] a retry completes the change.
    pub async fn amend_user(
        &self,
        credential: &str,
        id: UserId,
        mut amendment: Amendment,
    ) -> Result<User, Error> {
        let by = if amendment.may_leave_no_administrator {
            Actor::Operator(self.operator(credential, Scope::Users).await?)
        } else {
            let manager = self.manager(credential, Scope::Users).await?;
            // The password must have been entered recently only for a change of roles or of the
            // state, because such a change can cause permanent harm. A changed name can be changed
            // back.
            if amendment.touches_roles() || amendment.disabled.is_some() {
                self.require_fresh(&manager)?;
            }
            manager.actor()
        };
        let edits = amendment.role_edits()?;
        let change = UserChange {
            first_name: edited_name("first_name", amendment.first_name)?,
            last_name: edited_name("last_name", amendment.last_name)?,
            roles: amendment
                .roles
                .map(|given| roles("roles", given))
                .transpose()?,
            disabled: amendment.disabled,
            may_leave_no_administrator: amendment.may_leave_no_administrator,
            ..UserChange::default()
        };
        if let Some(edits) = edits {
            return self.edit_roles(id, by, &edits, &change).await;
        }
        if change.is_empty() {
            return Err(Error::NothingToChange);
        }
        let user = self.ports.users().find_by_id(id).await?;
        let user = user.ok_or(Error::UnknownUser)?;
        let change = change.without_current_values(&user);
        if change.is_empty() {
            // An earlier request may have written the row and then failed, so its later steps are
            // repeated.
            self.finish_change(id, Some(&user)).await?;
            return Ok(user);
        }
        let aftermath = Aftermath::of(acts(id, by, &change));
        self.amend(&user, &change, aftermath).await
    }

    /// Adds and removes individual roles, and makes the other changes in the same write. The
    /// database makes the changes only if the row still has the version that was read. If another
    /// change came first, the user is read again and the change is repeated.
    async fn edit_roles(
        &self,
        id: UserId,
        by: Actor,
        edits: &RoleEdits,
        rest: &UserChange,
    ) -> Result<User, Error> {
        let change_of = |user: &User| {
            let roles = Some(edits.apply(&user.roles)?);
            let change = UserChange {
                roles,
                ..rest.clone()
            };
            Ok::<_, RolesError>(change.without_current_values(user))
        };
        let is_made = |user: &User| change_of(user).is_ok_and(|change| change.is_empty());
        for _ in 0..ROLE_EDIT_TRIES {
            let user = self.ports.users().find_by_id(id).await?;
            let user = user.ok_or(Error::UnknownUser)?;
            let change = change_of(&user).map_err(|why| wrong_roles("add_roles", why))?;
            if change.is_empty() {
                // An earlier request may have written the row and then failed, so its later steps
                // are repeated.
                self.finish_change(id, Some(&user)).await?;
                return Ok(user);
            }
            let aftermath = Aftermath::of(acts(id, by, &change));
            let amended = self.amend_if_unchanged(&user, &change, aftermath, is_made);
            if let Some(user) = amended.await? {
                return Ok(user);
            }
        }
        let why = "the user changed each time before its roles did, so nothing was changed";
        Err(StoreError::new("d1", why).into())
    }

    /// At most `limit` users after `after`, sorted by id. The oldest account comes first, except
    /// that imported accounts can have ids that sort anywhere.
    ///
    /// # Errors
    /// [`Error::Access`]; [`Error::Forbidden`]; [`Error::Store`].
    pub async fn list_users(
        &self,
        credential: &str,
        after: Option<UserId>,
        limit: u32,
    ) -> Result<UserPage, Error> {
        self.manager(credential, Scope::UsersRead).await?;
        let users = self.ports.users();
        let found = users.list(after, limit.saturating_add(1)).await?;
        Ok(UserPage::new(found, limit))
    }

    /// The user with this address, if there is one.
    ///
    /// # Errors
    /// Those of [`list_users`](Self::list_users), and [`Error::Field`] for an invalid address.
    pub async fn find_user(&self, credential: &str, email: &str) -> Result<Option<User>, Error> {
        self.manager(credential, Scope::UsersRead).await?;
        let email = typed_address(email)?;
        Ok(self.ports.users().find_by_email(&email).await?)
    }

    /// At most `limit` users whose address begins with `prefix` and sorts after the address
    /// `after`. They are sorted by the canonical form of their addresses.
    ///
    /// # Errors
    /// Those of [`list_users`](Self::list_users), and [`Error::Field`] if no address can begin with
    /// `prefix`.
    pub async fn find_users(
        &self,
        credential: &str,
        prefix: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<UserPage, Error> {
        self.manager(credential, Scope::UsersRead).await?;
        let prefix = EmailPrefix::parse(prefix).map_err(|why| Error::Field("prefix", why))?;
        let users = self.ports.users();
        let found = users.find_by_prefix(&prefix, after, limit.saturating_add(1));
        Ok(UserPage::new(found.await?, limit))
    }

    /// Creates an account without a password, whatever `REGISTRATION` says. Its owner gets a mail
    /// with a link to choose the password, so that nobody else ever knows the password (OWASP ASVS
    /// 6.4.6).
    ///
    /// # Errors
    /// - [`Error::Access`].
    /// - [`Error::Forbidden`].
    /// - [`Error::ReauthenticationRequired`]: the new account gets roles that not every user has,
    ///   and the administrator has not entered the password recently.
    /// - [`Error::Field`].
    /// - [`Error::EmailTaken`].
    /// - [`Error::NoMailProvider`].
    /// - [`Error::Store`].
    pub async fn create_user(
        &self,
        credential: &str,
        invitee: Invitee<'_>,
        given_roles: Option<Vec<String>>,
        locale: Locale,
    ) -> Result<User, Error> {
        let manager = self.manager(credential, Scope::Users).await?;
        let grants = |roles: &Vec<String>| roles.iter().any(|role| !Roles::user().contains(role));
        if given_roles.as_ref().is_some_and(grants) {
            self.require_fresh(&manager)?;
        }
        self.mail_is_possible()?;
        let user = self.invited_user(invitee, given_roles)?;
        if !self.add_user(&user, manager.actor()).await? {
            self.invite_again(&user.email, locale).await?;
            return Err(Error::EmailTaken);
        }
        self.notify(invitation(&user), locale).await;
        Ok(user)
    }

    /// Like [`create_user`](Self::create_user), but sends no mail and returns the link to the
    /// operator. The account of the first administrator is created this way. For an account that
    /// already exists, the operator uses [`return_invitation`](Self::return_invitation).
    ///
    /// # Errors
    /// [`Error::Access`]; [`Error::Forbidden`]; [`Error::Field`]; [`Error::EmailTaken`];
    /// [`Error::Store`]. After [`Error::Store`] it is possible that the account exists. If so, a
    /// retry returns [`Error::EmailTaken`].
    pub async fn create_user_with_link(
        &self,
        ticket: &str,
        invitee: Invitee<'_>,
        given_roles: Option<Vec<String>>,
    ) -> Result<(User, ReturnedLink), Error> {
        let by = Actor::Operator(self.operator(ticket, Scope::Users).await?);
        let user = self.invited_user(invitee, given_roles)?;
        if !self.add_user(&user, by).await? {
            return Err(Error::EmailTaken);
        }
        let link = self.returned_link(&user, by);
        Ok((user, link))
    }

    fn invited_user(
        &self,
        invitee: Invitee<'_>,
        given_roles: Option<Vec<String>>,
    ) -> Result<User, Error> {
        let identity = Identity::parse(invitee.email, invitee.first_name, invitee.last_name)?;
        let roles = given_roles.map_or_else(|| Ok(Roles::user()), |given| roles("roles", given))?;
        Ok(self.new_user(identity, PasswordHash::none(), roles, None))
    }

    /// Stores a new user. Returns false if the address has an account already.
    async fn add_user(&self, user: &User, by: Actor) -> Result<bool, Error> {
        match self.ports.users().insert(user, None).await? {
            Insertion::Inserted => {}
            Insertion::EmailTaken | Insertion::Freed => return Ok(false),
        }
        self.record(Act::AccountCreated {
            user: user.id,
            by,
            address: self.pseudonym(&user.email),
        });
        self.record_new_administrator(user, by);
        Ok(true)
    }

    /// Records the roles of a new account if it is an administrator. Operators who watch the log
    /// for new administrators look for this event.
    pub(super) fn record_new_administrator(&self, user: &User, by: Actor) {
        if user.roles.contains(ADMIN_ROLE) {
            let (user, roles) = (user.id, user.roles.clone());
            self.record(Act::RolesChanged { user, by, roles });
        }
    }

    /// Marks the address of an account as verified. The password stays the same, so the operator
    /// must be sure that the person who knows the password owns the address.
    ///
    /// # Errors
    /// [`Error::Access`]; [`Error::Forbidden`]; [`Error::UnknownUser`]; [`Error::Store`]. After
    /// [`Error::Store`] a retry completes the change.
    pub async fn verify_address(&self, ticket: &str, id: UserId) -> Result<User, Error> {
        let by = Actor::Operator(self.operator(ticket, Scope::Users).await?);
        let user = self.ports.users().find_by_id(id).await?;
        let user = user.ok_or(Error::UnknownUser)?;
        if user.email_verified_at.is_some() {
            // An earlier request may have written the row and then failed, so its later steps are
            // repeated.
            self.finish_change(id, Some(&user)).await?;
            return Ok(user);
        }
        let change = UserChange {
            verify_email: true,
            ..UserChange::default()
        };
        let act = Act::EmailVerified {
            user: id,
            by: Some(by),
        };
        self.amend(&user, &change, Aftermath::of(vec![act])).await
    }

    /// Resets the count of failed attempts at an account's password, so that its owner need not
    /// wait. With `PASSWORD_WORK = "inline"` no attempts are counted, and this method changes
    /// nothing.
    ///
    /// # Errors
    /// - [`Error::Access`].
    /// - [`Error::Forbidden`].
    /// - [`Error::ReauthenticationRequired`]: the administrator has not entered the password
    ///   recently. It is required because the reset also gives new attempts to somebody who is
    ///   guessing the account's password.
    /// - [`Error::UnknownUser`].
    /// - [`Error::Store`]: a retry completes the work.
    pub async fn unlock(&self, credential: &str, id: UserId) -> Result<Manager, Error> {
        let manager = self.manager(credential, Scope::Users).await?;
        self.require_fresh(&manager)?;
        let user = self.ports.users().find_by_id(id).await?;
        let user = user.ok_or(Error::UnknownUser)?;
        if self.settings().password_work == PasswordWork::Durable {
            let account = self.shared.account_names.of(&user.email);
            self.ports.password_guard().forget(&account).await?;
        }
        let by = manager.actor();
        self.record(Act::Unlocked { user: id, by });
        Ok(manager)
    }
}

/// The events to record for a change. Changes of names are not recorded.
fn acts(user: UserId, by: Actor, change: &UserChange) -> Vec<Act> {
    let roles = change.roles.clone();
    let roles = roles.map(|roles| Act::RolesChanged { user, by, roles });
    let disabled = change.disabled;
    let disabled = disabled.map(|disabled| Act::DisabledChanged { user, by, disabled });
    roles.into_iter().chain(disabled).collect()
}

fn edited_name(field: &'static str, edit: Edit<String>) -> Result<Edit<Name>, Error> {
    edit.try_map(|text| parse_name(field, &text))
}

fn roles(field: &'static str, given: Vec<String>) -> Result<Roles, Error> {
    Roles::new(given).map_err(|why| wrong_roles(field, why))
}

/// The roles to add or to remove. Empty if the field was not given.
fn single_roles(field: &'static str, given: Option<Vec<String>>) -> Result<Roles, Error> {
    let Some(given) = given else {
        return Ok(Roles::default());
    };
    if given.is_empty() {
        return Err(Error::Field(field, FieldProblem::Empty));
    }
    roles(field, given)
}

fn wrong_roles(field: &'static str, why: RolesError) -> Error {
    Error::Field(field, FieldProblem::Invalid(why.reason()))
}
