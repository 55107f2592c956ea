//! The sessions.

use std::future::Future;

use edgegate_token::Claims;

use crate::domain::account::{User, UserId};
use crate::domain::authorization::{ClientHash, CodeId, Exchanged};
use crate::domain::error::StoreError;
use crate::domain::session::{
    ActiveSession, Client, EndReason, Holder, Presented, Proved, RefreshTicket, Revocation, Rules,
    SessionId, UserCopy, Verdict,
};

/// The outcome of a renewal, with what the user's row in the database says.
#[derive(Clone, Debug)]
pub struct Renewal {
    /// The decision. The store has already written its effect.
    pub verdict: Verdict,
    /// What the client gets: a ticket with the newest proof. `None` when the renewal is refused.
    pub ticket: Option<RefreshTicket>,
    /// What the row says. `None` when there is no user, or the verdict did not need the row.
    pub user: Option<UserCopy>,
}

/// A session that begins.
#[derive(Clone, Copy, Debug)]
pub struct NewSession<'a> {
    /// The user.
    pub user: UserId,
    /// The session's id.
    pub session: SessionId,
    /// The user's `session_epoch`.
    pub epoch: u32,
    /// The user's `version`, as the login has read it.
    pub version: u64,
    /// What the login request shows about its sender: network, program and place.
    pub client: &'a Client,
    /// Who holds its refresh tokens.
    pub holder: Holder,
    /// When it ends at the latest, in seconds since 1970.
    pub expires_at: u64,
    /// After how many seconds without a renewal it ends.
    pub idle_ttl: u64,
    /// How many sessions of the same kind the user may have, including this one. All sessions of
    /// browsers are one kind. The sessions of each app are another. `None`: no limit.
    pub most: Option<usize>,
}

/// A session that is to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ending {
    /// The user.
    pub user: UserId,
    /// The session.
    pub session: SessionId,
    /// Who holds it, if the caller knows. `None`: the store looks it up.
    pub holder: Option<Holder>,
}

impl Ending {
    /// A session of which the caller knows only the id, so that the store looks up the holder. A
    /// stale store may not have the session's record yet. So don't use this if the reason [ends the
    /// sign-on](EndReason::ends_the_sign_on), but name the holder.
    #[must_use]
    pub fn by_id(user: UserId, session: SessionId) -> Self {
        Self {
            user,
            session,
            holder: None,
        }
    }

    /// A session from a list of sessions. The holder of a session never changes, so even a stale
    /// list names the right one.
    #[must_use]
    pub fn of_listed(user: UserId, listed: &ActiveSession) -> Self {
        Self {
            user,
            session: listed.id,
            holder: Some(listed.holder()),
        }
    }

    /// A browser's session, named by the claims of one of its access tokens.
    #[must_use]
    pub fn of_claims(user: UserId, session: SessionId, claims: &Claims) -> Self {
        let sign_on = claims.sign_on.as_deref().and_then(SessionId::parse);
        Self {
            user,
            session,
            holder: Some(Holder::Browser { sign_on }),
        }
    }

    /// A browser's session, named by its refresh ticket.
    #[must_use]
    pub fn of_ticket(ticket: &RefreshTicket) -> Self {
        let sign_on = ticket.sign_on;
        Self {
            user: ticket.user,
            session: ticket.session,
            holder: Some(Holder::Browser { sign_on }),
        }
    }
}

/// The store of the sessions. It contains no token, not even the hash of a token.
///
/// Times are in seconds since 1970; `now` is the caller's.
pub trait SessionStore {
    /// Records a new session. MUST answer only after the write. If the user now has more than
    /// [`NewSession::most`] sessions of browsers, or of this app, the oldest others of that kind
    /// MUST end: at once, or as late and as often as the adapter states. Before the session's first
    /// renewal, a repeat of this call MUST change nothing. In a linearizable store, a repeat at any
    /// later time MUST change nothing either.
    ///
    /// If the sign-on of an app's session has ended, or the session's code was presented again, the
    /// session MUST have ended from the beginning.
    ///
    /// # Errors
    /// When it may not have been written.
    async fn begin(&self, new: &NewSession<'_>, now: u64) -> Result<(), StoreError>;

    /// Reads the session, waits for `user`, calls
    /// [`decide`](crate::domain::session::rotate::decide) once and writes its effect before it
    /// answers. An adapter that isn't linearizable SHOULD read the session while it waits for
    /// `user`, not afterwards. `user` reads the user's row from the primary database. A store that
    /// [keeps copies](Self::keeps_copies) MUST NOT wait for it while it has a copy that may decide.
    ///
    /// # Errors
    /// When a read failed, or the effect may not have been written. The client may repeat.
    async fn renew<F>(
        &self,
        presented: &Presented,
        client: &Client,
        rules: &Rules,
        user: F,
    ) -> Result<Renewal, StoreError>
    where
        F: Future<Output = Result<Option<User>, StoreError>>;

    /// Records that the session's user has proved who they are, for example by the password.
    /// `ticket` contains the new proof, and the same number as the ticket that the owner holds.
    /// Answers what [`prove`](crate::domain::session::rotate::prove) decides. No number is spent:
    /// the owner's ticket stays valid. A linearizable store MUST keep the later of the two proofs,
    /// the stored one and the new one, when the answer is [`Proved::GoesOn`]. Any other store MUST
    /// write nothing: it stores the proof when the ticket is renewed.
    ///
    /// # Errors
    /// When the store does not answer. The caller may repeat.
    async fn prove(
        &self,
        ticket: &RefreshTicket,
        rules: &Rules,
        now: u64,
    ) -> Result<Proved, StoreError>;

    /// Ends a session for ever. After it every renewal MUST fail, except within the adapter's
    /// stated staleness. If [the sign-on ends](Holder::sign_on_ended_by) with it, the sessions of
    /// apps that belong to the sign-on MUST end for ever too. A repeat MUST change nothing, and
    /// MUST complete what an earlier call began.
    ///
    /// # Errors
    /// When it may not have been written. The caller may repeat.
    async fn end(&self, ending: &Ending, reason: EndReason, now: u64) -> Result<(), StoreError>;

    /// Ends all sessions that an app has for this user, because the user has withdrawn the grant.
    /// The adapter states which sessions it may miss. A renewal of such a session reads the grant
    /// too, and finds it withdrawn.
    ///
    /// # Errors
    /// When some may not have ended. The caller may repeat.
    async fn end_client(
        &self,
        user: UserId,
        client: ClientHash,
        now: u64,
    ) -> Result<(), StoreError>;

    /// Records that a code is exchanged for a session that is about to begin. MUST be exact in
    /// every store, also for simultaneous calls from many places: of all sessions one gets
    /// [`Exchanged::First`], and a repeat of the call for that session gets it again. MUST remember
    /// that session until `until`. By then the code has expired, whatever clock is used.
    ///
    /// `sign_on` is the sign-on that the session will belong to. If the sign-on has ended, MUST
    /// answer [`Exchanged::SignedOff`] instead, except within the adapter's stated staleness.
    ///
    /// # Errors
    /// When the store does not answer, or has no exact part (`SESSION_OBJECTS` is not bound). The
    /// caller may repeat with the same session.
    async fn exchange(
        &self,
        user: UserId,
        code: &CodeId,
        session: SessionId,
        sign_on: Option<SessionId>,
        until: u64,
        now: u64,
    ) -> Result<Exchanged, StoreError>;

    /// Whether a sign-on has ended. The answer may be as stale as the adapter states. An adapter
    /// MAY forget the end of a sign-on once nothing that belonged to it is valid any more.
    ///
    /// # Errors
    /// When the store does not answer.
    async fn has_signed_off(&self, user: UserId, sign_on: SessionId) -> Result<bool, StoreError>;

    /// The user's active sessions of this epoch, oldest first, without those that have ended,
    /// expired or gone idle. MUST say who [holds](ActiveSession::holder) each session. The adapter
    /// states how stale the list may be.
    ///
    /// # Errors
    /// When the store does not answer.
    async fn list(
        &self,
        user: UserId,
        epoch: u32,
        now: u64,
    ) -> Result<Vec<ActiveSession>, StoreError>;

    /// Invalidates access tokens of `user` with a `ver` below `version`. MUST take effect at once
    /// where it is called, and for `ttl` seconds. Where reads are not stale, a smaller number MUST
    /// NOT replace a larger one. Unless [`versions_only_rise`](Self::versions_only_rise) is true,
    /// the caller MUST read the user's row after each call. While the row's version is larger than
    /// the one passed, the caller MUST call again with the row's version.
    ///
    /// # Errors
    /// When it may not have been written. The caller may repeat.
    async fn outdate(
        &self,
        user: UserId,
        version: u64,
        ttl: u64,
        now: u64,
    ) -> Result<(), StoreError>;

    /// Announces that the user's row is about to change. Returns the deadline for the change, in
    /// seconds since 1970. A store that [keeps copies](Self::keeps_copies) MUST drop its copy of
    /// the row and keep none until no change within the returned deadline can be committed any
    /// more. `None`: the store has no copies, and the change needs no deadline.
    ///
    /// # Errors
    /// When the announcement may not have reached the store. The caller MUST NOT make the change.
    async fn hold(&self, _user: UserId, _now: u64) -> Result<Option<u64>, StoreError> {
        Ok(None)
    }

    /// Discards the copy of the user's row, because the row was changed without
    /// [`hold`](Self::hold). A row that is being read meanwhile MUST NOT be kept.
    ///
    /// # Errors
    /// When the copy may still be there. The caller repeats the call.
    async fn forget_copy(&self, _user: UserId) -> Result<(), StoreError> {
        Ok(())
    }

    /// Whether renewals and checks may be answered from a copy of the user's row.
    fn keeps_copies(&self) -> bool {
        false
    }

    /// Whether [`outdate`](Self::outdate) never replaces a larger version by a smaller one, in
    /// whatever order the writes of two callers arrive.
    fn versions_only_rise(&self) -> bool {
        false
    }

    /// Deletes what is stored of the sessions of a user who was deleted: who signed in from where
    /// and when, and how each session ended. What [`outdate`](Self::outdate) wrote MUST stay for
    /// its time, since it invalidates the user's access tokens. If the deletion of each record is a
    /// request of its own, at most `most` records are deleted. Returns how many were deleted. Fewer
    /// than `most` means that no further record was found. A session written within the adapter's
    /// stated staleness may be missed, so the caller asks again later.
    ///
    /// # Errors
    /// When something may not have been deleted. The caller may repeat.
    async fn forget(&self, user: UserId, most: usize) -> Result<usize, StoreError>;

    /// What the store knows that makes access tokens of this session invalid. `sign_on` is the
    /// sign-on that the token names: only the token of an app names one, and the end of that
    /// sign-on revokes the token too. A caller who passes the sign-on of a browser's session learns
    /// whether somebody is still signed on. Never writes. The adapter states how stale the answer
    /// may be.
    ///
    /// # Errors
    /// When the store does not answer. The caller then rejects the token.
    async fn revocation(
        &self,
        user: UserId,
        session: SessionId,
        sign_on: Option<SessionId>,
        now: u64,
    ) -> Result<Revocation, StoreError>;

    /// Like [`revocation`](Self::revocation), for the check of an access token by a caller that has
    /// not read the user's row. A store that [keeps copies](Self::keeps_copies) also looks at the
    /// row: at its copy, or at the row that `_row` reads from the primary database. Any other store
    /// MUST NOT wait for `_row`.
    ///
    /// # Errors
    /// Those of [`revocation`](Self::revocation).
    async fn check<F>(
        &self,
        user: UserId,
        session: SessionId,
        sign_on: Option<SessionId>,
        now: u64,
        _row: F,
    ) -> Result<Revocation, StoreError>
    where
        F: Future<Output = Result<Option<User>, StoreError>>,
    {
        self.revocation(user, session, sign_on, now).await
    }
}
