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

/// The outcome of a renewal, with the data that was read from the user's row in the database.
#[derive(Clone, Debug)]
pub struct Renewal {
    /// The decision. The store has already written its effect.
    pub verdict: Verdict,
    /// The ticket that the client gets. It contains the newest proof of identity. `None` when the
    /// renewal is refused.
    pub ticket: Option<RefreshTicket>,
    /// The data from the user's row. `None` when there is no such user, or when the verdict did not
    /// need the row.
    pub user: Option<UserCopy>,
}

/// A session that is about to begin.
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
    /// What the login request shows about its sender: the network, the program and the place.
    pub client: &'a Client,
    /// Who holds the session's refresh tokens: a browser or an app.
    pub holder: Holder,
    /// When the session ends at the latest, in seconds since 1970.
    pub expires_at: u64,
    /// After how many seconds without a renewal the session ends.
    pub idle_ttl: u64,
    /// How many sessions of the same kind the user may have, including this session. All sessions
    /// of browsers are one kind, and the sessions of each app are a kind of their own. `None`: no
    /// limit.
    pub most: Option<usize>,
}

/// A session that is to be ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ending {
    /// The user.
    pub user: UserId,
    /// The session.
    pub session: SessionId,
    /// Who holds the session, if the caller knows. `None`: the store looks up the holder.
    pub holder: Option<Holder>,
}

impl Ending {
    /// A session of which the caller knows only the id. The store then looks up the holder in the
    /// session's record. If reads of the store can be stale, it is possible that the store does not
    /// find a new record yet. So don't use this function if the reason [ends the
    /// sign-on](EndReason::ends_the_sign_on): in that case the caller must set the holder.
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

    /// A browser's session. `claims` are the claims of one of the session's access tokens. If the
    /// session continues an earlier sign-on, the claims contain the id of that sign-on.
    #[must_use]
    pub fn of_claims(user: UserId, session: SessionId, claims: &Claims) -> Self {
        let sign_on = claims.sign_on.as_deref().and_then(SessionId::parse);
        Self {
            user,
            session,
            holder: Some(Holder::Browser { sign_on }),
        }
    }

    /// The browser's session to which this refresh ticket belongs.
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

/// The store of the sessions. The store contains no token, not even the hash of a token.
///
/// Times are in seconds since 1970. `now` is the time on the caller's clock.
pub trait SessionStore {
    /// Records a new session. MUST answer only after the write. If the user now has more sessions
    /// of this kind (sessions of browsers, or sessions of this app) than [`NewSession::most`]
    /// allows, the oldest other sessions of the kind MUST end. An adapter may end them at once, or
    /// later, if its documentation says how late and how often it ends them. Before the session's
    /// first renewal, a repeat of this call MUST change nothing. In a linearizable store, a repeat
    /// at any later time MUST change nothing either.
    ///
    /// If the sign-on of an app's session has already ended, or the authorization code of the
    /// session was presented again, the session MUST be stored as ended from the beginning.
    ///
    /// # Errors
    /// When the session might not have been written.
    async fn begin(&self, new: &NewSession<'_>, now: u64) -> Result<(), StoreError>;

    /// Renews the session of the presented ticket. `user` is a future that reads the user's row
    /// from the primary database. The store reads the session, waits for `user`, calls
    /// [`decide`](crate::domain::session::rotate::decide) once, and writes the effect of the
    /// decision before it answers. An adapter that isn't linearizable SHOULD read the session while
    /// it waits for `user`, not afterwards. A store that [keeps copies](Self::keeps_copies) MUST
    /// NOT wait for `user` while it has a copy on which the decision may rely.
    ///
    /// # Errors
    /// When a read failed, or the effect might not have been written. The client may repeat the
    /// request.
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
    /// `ticket` contains the new proof. Its number is the same as that of the ticket that the owner
    /// holds. Returns the decision of [`prove`](crate::domain::session::rotate::prove). The number
    /// is not used up, so the owner's ticket stays valid. When the answer is [`Proved::GoesOn`], a
    /// linearizable store MUST keep the later of the two proofs, the stored one and the new one.
    /// Any other store MUST write nothing, because it stores the proof when the ticket is renewed.
    ///
    /// # Errors
    /// When the store does not answer. The caller may repeat the call.
    async fn prove(
        &self,
        ticket: &RefreshTicket,
        rules: &Rules,
        now: u64,
    ) -> Result<Proved, StoreError>;

    /// Ends a session for ever. After this call every renewal of the session MUST fail, except
    /// within the staleness that the adapter states. If [the sign-on
    /// ends](Holder::sign_on_ended_by) with the session, the sessions of apps that belong to the
    /// sign-on MUST end for ever too. A repeat of the call MUST NOT change what an earlier call has
    /// done, and MUST complete what an earlier call has begun.
    ///
    /// # Errors
    /// When the end might not have been written. The caller may repeat the call.
    async fn end(&self, ending: &Ending, reason: EndReason, now: u64) -> Result<(), StoreError>;

    /// Ends all sessions that an app has for this user, because the user has withdrawn the grant.
    /// The adapter states which sessions it might miss. A session that is missed can't be renewed
    /// either, because its renewal reads the grant and finds that it is withdrawn.
    ///
    /// # Errors
    /// When some sessions might not have ended. The caller may repeat the call.
    async fn end_client(
        &self,
        user: UserId,
        client: ClientHash,
        now: u64,
    ) -> Result<(), StoreError>;

    /// Records that a code is exchanged for a session that is about to begin. MUST be exact in
    /// every store, also for simultaneous calls from many places: of all sessions that try to use
    /// the code, one gets [`Exchanged::First`]. If the call is repeated for that session, the
    /// answer is [`Exchanged::First`] again. MUST remember that session until `until`, when the
    /// code has expired by any clock.
    ///
    /// `sign_on` is the sign-on that the session will belong to. If the sign-on has ended, MUST
    /// answer [`Exchanged::SignedOff`] instead, except within the staleness that the adapter
    /// states.
    ///
    /// # Errors
    /// When the store does not answer, or has no part that can answer exactly (`SESSION_OBJECTS` is
    /// not bound). The caller may repeat the call with the same session.
    async fn exchange(
        &self,
        user: UserId,
        code: &CodeId,
        session: SessionId,
        sign_on: Option<SessionId>,
        until: u64,
        now: u64,
    ) -> Result<Exchanged, StoreError>;

    /// Whether a sign-on has ended. The answer can be as stale as the adapter states. An adapter
    /// MAY forget the end of a sign-on once no session or token that belonged to the sign-on is
    /// valid any more.
    ///
    /// # Errors
    /// When the store does not answer.
    async fn has_signed_off(&self, user: UserId, sign_on: SessionId) -> Result<bool, StoreError>;

    /// The user's active sessions of this epoch, oldest first, without those that have ended, have
    /// expired or have been idle for too long. MUST say who [holds](ActiveSession::holder) each
    /// session. The adapter states how stale the list can be.
    ///
    /// # Errors
    /// When the store does not answer.
    async fn list(
        &self,
        user: UserId,
        epoch: u32,
        now: u64,
    ) -> Result<Vec<ActiveSession>, StoreError>;

    /// Invalidates the access tokens of `user` whose claim `ver` is below `version`. MUST take
    /// effect at once at the location where it is called, and MUST last for `ttl` seconds. Where
    /// reads are not stale, a smaller version MUST NOT replace a larger one. Unless
    /// [`versions_only_rise`](Self::versions_only_rise) is true, the caller MUST read the user's
    /// row after each call. As long as the row's version is larger than the one that was passed,
    /// the caller MUST call again with the row's version.
    ///
    /// # Errors
    /// When the version might not have been written. The caller may repeat the call.
    async fn outdate(
        &self,
        user: UserId,
        version: u64,
        ttl: u64,
        now: u64,
    ) -> Result<(), StoreError>;

    /// Announces that the user's row is about to change. Returns the deadline for the change, in
    /// seconds since 1970. A store that [keeps copies](Self::keeps_copies) MUST discard its copy of
    /// the row. It MUST keep no new copy until a change with this deadline can't be committed any
    /// more. `None`: the store has no copies, and the change needs no deadline.
    ///
    /// # Errors
    /// When the announcement might not have reached the store. The caller MUST NOT make the change.
    async fn hold(&self, _user: UserId, _now: u64) -> Result<Option<u64>, StoreError> {
        Ok(None)
    }

    /// Discards the copy of the user's row, because the row was changed without
    /// [`hold`](Self::hold). If the row is being read during this call, the result of that read
    /// MUST NOT be kept as a copy.
    ///
    /// # Errors
    /// When the copy might still be stored. The caller repeats the call.
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

    /// Deletes the stored data about the sessions of a user who was deleted: who signed in from
    /// where and when, and how each session ended. What [`outdate`](Self::outdate) wrote MUST be
    /// kept for its `ttl`, because it invalidates the user's access tokens. If the deletion of each
    /// record is a request of its own, at most `most` records are deleted. Returns how many records
    /// were deleted. If it is fewer than `most`, no further record was found. A session that was
    /// written very recently (within the staleness that the adapter states) might be missed, so the
    /// caller calls again later.
    ///
    /// # Errors
    /// When something might not have been deleted. The caller may repeat the call.
    async fn forget(&self, user: UserId, most: usize) -> Result<usize, StoreError>;

    /// What the store knows that makes access tokens of this session invalid. To check the token of
    /// an app, the caller passes the sign-on that the token names, because the end of that sign-on
    /// revokes the token too. For the token of a browser's session, the caller passes `None`. A
    /// caller that passes the sign-on of a browser's session learns whether that sign-on still
    /// continues. Never writes. The adapter states how stale the answer can be.
    ///
    /// # Errors
    /// When the store does not answer. In this case the caller rejects the token.
    async fn revocation(
        &self,
        user: UserId,
        session: SessionId,
        sign_on: Option<SessionId>,
        now: u64,
    ) -> Result<Revocation, StoreError>;

    /// Like [`revocation`](Self::revocation), for the check of an access token by a caller that has
    /// not read the user's row. A store that [keeps copies](Self::keeps_copies) also checks the
    /// user's row: either its copy, or the row that the future `_row` reads from the primary
    /// database. Any other store MUST NOT wait for `_row`.
    ///
    /// # Errors
    /// The same as for [`revocation`](Self::revocation).
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
