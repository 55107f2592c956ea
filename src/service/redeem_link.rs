//! Redeems a mailed link: finds the link's user, and makes the change that the link is for, once.

use super::AuthService;
use super::change_user::Aftermath;
use crate::domain::account::{User, UserChange, UserId};
use crate::domain::error::{Error, LinkRefusal};
use crate::domain::event::Act;
use crate::domain::link::{State, UserLink};
use crate::domain::policy::VERSION_TRIES;
use crate::ports::{Ports, UserDirectory};

impl<P: Ports> AuthService<P> {
    /// The user of a link. A link contains a fingerprint of its account's state, and using the link
    /// changes that state. So if the account now has another state, the link is refused as used.
    pub(super) async fn user_of_link(
        &self,
        link: UserLink,
        state: fn(&User) -> State,
    ) -> Result<User, Error> {
        let user = self.ports.users().find_by_id(link.user).await?;
        let user = user
            .filter(|user| user.disabled_at.is_none())
            .ok_or_else(|| self.refuse_link(LinkRefusal::NoUser, Some(link.user)))?;
        if state(&user) == link.state {
            return Ok(user);
        }
        self.finish_change(user.id, Some(&user)).await?;
        Err(self.refuse_link(LinkRefusal::Spent, Some(link.user)))
    }

    /// Records that a link was refused, and returns the error. `user` is the link's account, if the
    /// link is genuine and for an account.
    pub(super) fn refuse_link(&self, refusal: LinkRefusal, user: Option<UserId>) -> Error {
        self.record(Act::LinkRefused { refusal, user });
        Error::Link(refusal)
    }

    /// Makes the change that a link is for, if the user's row was not changed since it was read.
    /// After a concurrent change, the row is read again and the change is repeated, unless the link
    /// is no longer valid. `None` if the change can't be made although the link is valid, because
    /// another account has the new address.
    pub(super) async fn redeem(
        &self,
        link: UserLink,
        state: fn(&User) -> State,
        mut user: User,
        change: &UserChange,
        mut aftermath: Aftermath,
    ) -> Result<Option<User>, Error> {
        for _ in 0..VERSION_TRIES {
            let changed = self.change_user_if(&user, change, &mut aftermath).await?;
            if changed.is_some() {
                return Ok(changed);
            }
            user = self.user_of_link(link, state).await?;
        }
        Ok(None)
    }
}
