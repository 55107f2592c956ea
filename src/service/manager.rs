//! Who manages accounts: an administrator with an access token, or an operator with an operator
//! ticket.

use super::AuthService;
use super::access::Bearer;
use crate::domain::error::{AccessRefusal, Error};
use crate::domain::event::{Act, Actor};
use crate::domain::operator::{
    OperatorId, OperatorRefusal, OperatorTicketHash, Scope, is_operator_ticket,
};
use crate::domain::policy::ADMIN_ROLE;
use crate::domain::session::SessionId;
use crate::ports::{OperatorTickets, Ports};

/// Somebody who manages other people's accounts.
#[derive(Clone, Debug)]
pub enum Manager {
    /// An administrator.
    Administrator(Bearer),
    /// An operator, named by the id of their operator ticket.
    Operator(OperatorId),
}

impl Manager {
    /// The name of this manager in the audit log.
    #[must_use]
    pub fn actor(&self) -> Actor {
        match self {
            Self::Administrator(bearer) => Actor::User(bearer.user),
            Self::Operator(ticket) => Actor::Operator(*ticket),
        }
    }

    /// The administrator's token, for the log line of the request. An operator has none.
    #[must_use]
    pub fn bearer(&self) -> Option<&Bearer> {
        match self {
            Self::Administrator(bearer) => Some(bearer),
            Self::Operator(_) => None,
        }
    }

    /// Whether `session` is the session of the administrator's token.
    pub(super) fn is_in(&self, session: SessionId) -> bool {
        self.bearer()
            .is_some_and(|bearer| bearer.session == session)
    }
}

impl<P: Ports> AuthService<P> {
    /// The manager with this credential, which is an administrator's access token or an operator
    /// ticket with the scope `scope`. The row of an administrator is read from the database, so
    /// their role is never stale.
    pub(super) async fn manager(&self, credential: &str, scope: Scope) -> Result<Manager, Error> {
        if is_operator_ticket(credential) {
            return self
                .operator(credential, scope)
                .await
                .map(Manager::Operator);
        }
        let (bearer, user) = self.bearer_with_user(credential).await?;
        if user.roles.contains(ADMIN_ROLE) {
            Ok(Manager::Administrator(bearer))
        } else {
            Err(self.deny(&bearer))
        }
    }

    /// The operator with this ticket, if the ticket's scope allows the action. Administrators may
    /// not do what requires an operator ticket, because a malicious script in a page could use an
    /// administrator's access token.
    pub(super) async fn operator(
        &self,
        credential: &str,
        scope: Scope,
    ) -> Result<OperatorId, Error> {
        if !is_operator_ticket(credential) {
            let (bearer, _) = self.bearer_with_user(credential).await?;
            return Err(self.deny(&bearer));
        }
        let (id, allowed) = self.operator_ticket(credential, scope).await?;
        if !allowed {
            return Err(self.deny_manager(&Manager::Operator(id), scope));
        }
        Ok(id)
    }

    /// Returns the refusal of an action that this manager may not do, and records it.
    pub(super) fn deny_manager(&self, manager: &Manager, scope: Scope) -> Error {
        match manager {
            Manager::Administrator(bearer) => self.deny(bearer),
            Manager::Operator(id) => {
                self.record(Act::OperatorDenied { by: *id, scope });
                Error::Forbidden
            }
        }
    }

    /// Requires an access token of any user, or an operator ticket with any scope.
    ///
    /// # Errors
    /// [`Error::Access`]; [`Error::RateLimited`] (only for an operator ticket); [`Error::Store`].
    pub async fn require_signed_in(&self, credential: &str) -> Result<(), Error> {
        if is_operator_ticket(credential) {
            let found = self.operator_ticket(credential, Scope::UsersRead).await;
            found.map(drop)
        } else {
            self.bearer(credential).await.map(drop)
        }
    }

    /// The id of a valid operator ticket, and whether the ticket has the scope `scope`. A text that
    /// does not look like a ticket is rejected without reading storage.
    async fn operator_ticket(
        &self,
        credential: &str,
        scope: Scope,
    ) -> Result<(OperatorId, bool), Error> {
        let refuse = |refusal| Error::Access(AccessRefusal::Operator(refusal));
        let hash = OperatorTicketHash::of(credential);
        let hash = hash.ok_or_else(|| refuse(OperatorRefusal::Malformed))?;
        self.admit_operator().await?;
        let ticket = self.ports.operator_tickets().find(&hash).await?;
        let ticket = ticket.ok_or_else(|| refuse(OperatorRefusal::Unknown))?;
        ticket.judge(self.now()).map_err(refuse)?;
        let id = hash.id();
        self.operator.set(Some(id));
        Ok((id, ticket.allows(scope)))
    }

    /// The operator whose ticket came with this request. `None` until the ticket has been found
    /// valid.
    #[must_use]
    pub fn operator_of_request(&self) -> Option<OperatorId> {
        self.operator.get()
    }
}
