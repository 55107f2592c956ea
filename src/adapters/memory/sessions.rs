//! Sessions in memory. All operations are linearizable.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::rc::Rc;

use crate::domain::account::{User, UserId};
use crate::domain::authorization::{ClientHash, CodeId, Exchanged};
use crate::domain::error::StoreError;
use crate::domain::policy::ENDED_ROW_TTL;
use crate::domain::session::{
    ActiveSession, Client, Consistency, Effect, EndReason, Fence, Generation, Holder, Need,
    Presented, Proved, Record, RefreshTicket, Revocation, Rules, SessionId, Standing, Stored,
    UserCopy, rotate, surplus,
};
use crate::ports::{Ending, NewSession, Renewal, SessionStore};

/// Sessions in memory, lost with the process. A read sees every write before it. Expired records
/// are removed when a session begins, when an authorization code is exchanged, and by
/// [`delete_expired`](Self::delete_expired), which does what the alarm of a user's Durable Object
/// does.
///
/// The store has copies of users' rows, as a user's Durable Object has. Unlike an object, which has
/// its own clock, the store uses the time that the caller passes.
///
/// Clones share their content.
#[derive(Clone, Debug, Default)]
pub struct MemorySessions {
    sessions: Rc<RefCell<BTreeMap<(UserId, SessionId), Session>>>,
    /// The smallest valid version, and when this record expires.
    versions: Rc<RefCell<BTreeMap<UserId, (u64, u64)>>>,
    /// The single sign-ons that have ended, and until when each record is stored.
    signed_off: Rc<RefCell<BTreeMap<(UserId, SessionId), u64>>>,
    /// The codes that were exchanged.
    exchanges: Rc<RefCell<BTreeMap<(UserId, CodeId), Exchange>>>,
    fences: Rc<RefCell<BTreeMap<UserId, Fence>>>,
    /// How many generations (the numbers that a [`Fence`] uses) were made.
    drawn: Rc<Cell<u64>>,
    /// The users for whom [`forget_copy`](SessionStore::forget_copy) fails.
    broken: Rc<RefCell<BTreeSet<UserId>>>,
    /// `COPIES_SINCE`.
    copies_since: u64,
}

impl MemorySessions {
    /// The number of records, including those of ended sessions.
    #[must_use]
    pub fn recorded(&self) -> usize {
        self.sessions.borrow().len()
    }

    /// Removes what has expired at `now`, in seconds since 1970.
    pub fn delete_expired(&self, now: u64) {
        let mut sessions = self.sessions.borrow_mut();
        sessions.retain(|_, session| now < session.until);
        let mut versions = self.versions.borrow_mut();
        versions.retain(|_, (_, until)| now < *until);
        let mut signed_off = self.signed_off.borrow_mut();
        signed_off.retain(|_, until| now < *until);
        let mut exchanges = self.exchanges.borrow_mut();
        exchanges.retain(|_, exchange| now < exchange.until);
    }

    /// Whether a new session of an app has ended already, because its single sign-on has ended or
    /// its authorization code was presented again.
    fn is_over(&self, new: &NewSession<'_>) -> bool {
        let Holder::App(app) = new.holder else {
            return false;
        };
        let signed_off = self.signed_off.borrow();
        let replayed = self.exchanges.borrow().iter().any(|((user, _), exchange)| {
            *user == new.user && exchange.session == new.session && exchange.replayed
        });
        replayed
            || app
                .sign_on
                .is_some_and(|sign_on| signed_off.contains_key(&(new.user, sign_on)))
    }

    /// Ends a session. If the reason [ends the sign-on](EndReason::ends_the_sign_on), the session's
    /// single sign-on and the apps' sessions that belong to it end too. `holder` is what the caller
    /// knows about the session's holder. It is needed if the session's record was removed already.
    fn end_with_sign_on(
        &self,
        user: UserId,
        session: SessionId,
        holder: Option<Holder>,
        reason: EndReason,
        now: u64,
    ) {
        let mut sessions = self.sessions.borrow_mut();
        let found = sessions.get_mut(&(user, session)).map(|found| {
            found.end(now);
            found.holder
        });
        let holder = found.or(holder);
        let Some(ended) = holder.and_then(|holder| holder.sign_on_ended_by(reason, session)) else {
            return;
        };
        for ((owner, _), session) in sessions.iter_mut() {
            if *owner == user && session.is_app_of(ended) {
                session.end(now);
            }
        }
        let until = now.saturating_add(ENDED_ROW_TTL);
        self.signed_off.borrow_mut().insert((user, ended), until);
    }

    /// Makes [`forget_copy`](SessionStore::forget_copy) fail for these users and for no others.
    pub fn break_objects(&self, users: impl IntoIterator<Item = UserId>) {
        *self.broken.borrow_mut() = users.into_iter().collect();
    }

    /// The same store for a Worker with this setting `COPIES_SINCE`.
    #[must_use]
    pub fn with_copies_since(self, copies_since: u64) -> Self {
        Self {
            copies_since,
            ..self
        }
    }

    fn on_fence<T>(&self, user: UserId, act: impl FnOnce(&mut Fence, Generation) -> T) -> T {
        let drawn = self.drawn.get().saturating_add(1);
        self.drawn.set(drawn);
        let mut fences = self.fences.borrow_mut();
        act(
            fences.entry(user).or_default(),
            Generation::new(drawn.to_be_bytes()),
        )
    }

    /// The copy of the user's row. If no copy may be used, returns a [`Need`], and the caller has
    /// to read the row.
    fn copy(&self, user: UserId, now: u64) -> Result<UserCopy, Need> {
        self.on_fence(user, |fence, fresh| {
            match fence.usable(now, self.copies_since) {
                Some(copy) => Ok(copy.clone()),
                None => Err(fence.need(fresh, now)),
            }
        })
    }

    /// The user's row: the copy or, if no copy may be used, what the future `row` reads from the
    /// database. That row becomes the copy.
    async fn row<F>(&self, user: UserId, now: u64, row: F) -> Result<Option<UserCopy>, StoreError>
    where
        F: Future<Output = Result<Option<User>, StoreError>>,
    {
        let need = match self.copy(user, now) {
            Ok(copy) => return Ok(Some(copy)),
            Err(need) => need,
        };
        let row = row.await?.as_ref().map(UserCopy::from);
        if let Some(row) = &row {
            self.on_fence(user, |fence, _| {
                fence.install(row, &need, now, self.copies_since)
            });
        }
        Ok(row)
    }
}

/// A code that was exchanged.
#[derive(Debug)]
struct Exchange {
    /// The session that began with the code.
    session: SessionId,
    /// When the code expires.
    until: u64,
    /// Whether the code was presented for another session too.
    replayed: bool,
}

#[derive(Debug)]
struct Session {
    epoch: u32,
    holder: Holder,
    record: Record,
    ended: bool,
    /// When its record is removed: when the session expires or, if it has ended, when its access
    /// tokens expire. A renewal moves the time.
    until: u64,
    seen: ActiveSession,
}

impl SessionStore for MemorySessions {
    async fn begin(&self, new: &NewSession<'_>, now: u64) -> Result<(), StoreError> {
        self.delete_expired(now);
        self.on_fence(new.user, |fence, fresh| fence.begin(new.version, fresh));
        let is_over = self.is_over(new);
        let mut sessions = self.sessions.borrow_mut();
        let begun = sessions
            .entry((new.user, new.session))
            .or_insert_with(|| Session {
                epoch: new.epoch,
                holder: new.holder,
                record: Record::default(),
                ended: false,
                until: new.expires_at.min(now.saturating_add(new.idle_ttl)),
                seen: ActiveSession::now(new.session, &new.holder, new.client, now),
            });
        if is_over {
            begun.end(now);
        }
        if let Some(most) = new.most {
            let others: Vec<SessionId> = sessions
                .iter()
                .filter(|((user, id), session)| {
                    *user == new.user
                        && *id != new.session
                        && session.holder.client() == new.holder.client()
                        && session.goes_on(new.epoch, now)
                })
                .map(|((_, id), _)| *id)
                .collect();
            for id in surplus(&others, most) {
                if let Some(session) = sessions.get_mut(&(new.user, *id)) {
                    session.end(now);
                }
            }
            for ((user, _), session) in sessions.iter_mut() {
                if *user == new.user && session.epoch < new.epoch {
                    session.keep_as_ended(now);
                }
            }
        }
        Ok(())
    }

    async fn renew<F>(
        &self,
        presented: &Presented,
        client: &Client,
        rules: &Rules,
        user: F,
    ) -> Result<Renewal, StoreError>
    where
        F: Future<Output = Result<Option<User>, StoreError>>,
    {
        let key = (presented.ticket.user, presented.ticket.session);
        let has_ended = self
            .sessions
            .borrow()
            .get(&key)
            .map(|session| session.ended);
        // The verdict about a session that has ended does not depend on the user.
        let user = if has_ended == Some(true) {
            None
        } else {
            self.row(presented.ticket.user, presented.now, user).await?
        };
        let stored = self
            .sessions
            .borrow()
            .get(&key)
            .map_or_else(Stored::default, Session::stored);
        let decision = rotate::decide(
            &stored,
            user.as_ref().map(Standing::from),
            presented,
            rules,
            Consistency::Linearizable,
        );
        match decision.effect {
            Effect::Record {
                used,
                proof,
                lives_until,
            } => {
                if let Some(session) = self.sessions.borrow_mut().get_mut(&key) {
                    session.record = Record {
                        used: Some(used),
                        proof: Some(proof),
                    };
                    session.until = lives_until;
                    session.seen =
                        ActiveSession::now(key.1, &session.holder, client, presented.now);
                }
            }
            Effect::End(reason) => {
                self.end_with_sign_on(key.0, key.1, None, reason, presented.now);
            }
            Effect::Nothing => {}
        }
        Ok(Renewal {
            verdict: decision.verdict,
            ticket: decision.ticket,
            user,
        })
    }

    async fn prove(
        &self,
        ticket: &RefreshTicket,
        rules: &Rules,
        now: u64,
    ) -> Result<Proved, StoreError> {
        let mut sessions = self.sessions.borrow_mut();
        let mut session = sessions.get_mut(&(ticket.user, ticket.session));
        let stored = session
            .as_ref()
            .map_or_else(Stored::default, |session| session.stored());
        let proved = rotate::prove(&stored, ticket, rules, Consistency::Linearizable, now);
        if let (Proved::GoesOn, Some(session)) = (proved, &mut session) {
            session.record.proof = Some(ticket.proof.or_later(session.record.proof));
        }
        Ok(proved)
    }

    async fn end(&self, ending: &Ending, reason: EndReason, now: u64) -> Result<(), StoreError> {
        self.end_with_sign_on(ending.user, ending.session, ending.holder, reason, now);
        Ok(())
    }

    async fn end_client(
        &self,
        user: UserId,
        client: ClientHash,
        now: u64,
    ) -> Result<(), StoreError> {
        for ((owner, _), session) in self.sessions.borrow_mut().iter_mut() {
            if *owner == user && session.holder.client() == Some(client) {
                session.end(now);
            }
        }
        Ok(())
    }

    async fn exchange(
        &self,
        user: UserId,
        code: &CodeId,
        session: SessionId,
        sign_on: Option<SessionId>,
        until: u64,
        now: u64,
    ) -> Result<Exchanged, StoreError> {
        self.delete_expired(now);
        let signed_off = self.signed_off.borrow();
        if sign_on.is_some_and(|sign_on| signed_off.contains_key(&(user, sign_on))) {
            return Ok(Exchanged::SignedOff);
        }
        let mut exchanges = self.exchanges.borrow_mut();
        let exchange = exchanges.entry((user, *code)).or_insert(Exchange {
            session,
            until,
            replayed: false,
        });
        if exchange.session == session {
            return Ok(Exchanged::First);
        }
        exchange.replayed = true;
        Ok(Exchanged::Again(exchange.session))
    }

    async fn has_signed_off(&self, user: UserId, sign_on: SessionId) -> Result<bool, StoreError> {
        Ok(self.signed_off.borrow().contains_key(&(user, sign_on)))
    }

    async fn list(
        &self,
        user: UserId,
        epoch: u32,
        now: u64,
    ) -> Result<Vec<ActiveSession>, StoreError> {
        Ok(self
            .sessions
            .borrow()
            .iter()
            .filter(|((owner, _), session)| *owner == user && session.goes_on(epoch, now))
            .map(|(_, session)| session.seen.clone())
            .collect())
    }

    async fn outdate(
        &self,
        user: UserId,
        version: u64,
        ttl: u64,
        now: u64,
    ) -> Result<(), StoreError> {
        let mut versions = self.versions.borrow_mut();
        let known = versions.entry(user).or_default();
        // If the version was reported before, the copy is not discarded, because an old token can
        // cause the same report again and again.
        if version > known.0 {
            self.on_fence(user, |fence, fresh| {
                fence.forget(fresh);
                fence.reported = version;
            });
        }
        *known = (version.max(known.0), now.saturating_add(ttl).max(known.1));
        Ok(())
    }

    async fn hold(&self, user: UserId, now: u64) -> Result<Option<u64>, StoreError> {
        Ok(Some(
            self.on_fence(user, |fence, fresh| fence.hold(fresh, now)),
        ))
    }

    async fn forget_copy(&self, user: UserId) -> Result<(), StoreError> {
        if self.broken.borrow().contains(&user) {
            return Err(StoreError::new("memory", "broken on purpose"));
        }
        self.on_fence(user, Fence::forget);
        Ok(())
    }

    fn keeps_copies(&self) -> bool {
        true
    }

    async fn check<F>(
        &self,
        user: UserId,
        session: SessionId,
        _sign_on: Option<SessionId>,
        now: u64,
        row: F,
    ) -> Result<Revocation, StoreError>
    where
        F: Future<Output = Result<Option<User>, StoreError>>,
    {
        let has_ended = || {
            let sessions = self.sessions.borrow();
            let session = sessions.get(&(user, session));
            session.is_none_or(|session| session.ended)
        };
        if has_ended() {
            return Ok(Revocation::by_end());
        }
        let row = self.row(user, now, row).await?;
        // It is possible that the session ended while the row was read.
        Ok(if has_ended() {
            Revocation::by_end()
        } else {
            Revocation::by_row(row.as_ref())
        })
    }

    fn versions_only_rise(&self) -> bool {
        true
    }

    async fn forget(&self, user: UserId, _most: usize) -> Result<usize, StoreError> {
        self.sessions
            .borrow_mut()
            .retain(|(owner, _), _| *owner != user);
        self.signed_off
            .borrow_mut()
            .retain(|(owner, _), _| *owner != user);
        self.exchanges
            .borrow_mut()
            .retain(|(owner, _), _| *owner != user);
        self.on_fence(user, Fence::forget);
        Ok(0)
    }

    async fn revocation(
        &self,
        user: UserId,
        session: SessionId,
        _sign_on: Option<SessionId>,
        now: u64,
    ) -> Result<Revocation, StoreError> {
        Ok(Revocation {
            ended: self
                .sessions
                .borrow()
                .get(&(user, session))
                .is_none_or(|session| session.ended),
            minimum_version: self
                .versions
                .borrow()
                .get(&user)
                .filter(|(_, until)| now < *until)
                .map(|(version, _)| *version),
        })
    }
}

impl Session {
    fn end(&mut self, now: u64) {
        if !self.ended {
            self.ended = true;
            self.keep_as_ended(now);
        }
    }

    fn keep_as_ended(&mut self, now: u64) {
        self.until = self.until.min(now.saturating_add(ENDED_ROW_TTL));
    }

    fn stored(&self) -> Stored {
        Stored {
            record: Some(self.record),
            ended: self.ended,
        }
    }

    fn is_app_of(&self, sign_on: SessionId) -> bool {
        matches!(self.holder, Holder::App(app) if app.sign_on == Some(sign_on))
    }

    fn goes_on(&self, epoch: u32, now: u64) -> bool {
        !self.ended && self.epoch == epoch && now < self.until
    }
}
