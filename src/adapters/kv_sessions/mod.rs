//! Sessions in an eventually consistent key-value store: Workers KV accepts one write a second for
//! each key, and has no compare-and-set.
//!
//! There are four kinds of small record. Each kind has one rule for writing, so that no write can
//! undo another:
//!
//! | key | says | written |
//! |---|---|---|
//! | `session:<user>:<session>` | the last use | only by a login and by renewals |
//! | `ended:<user>:<session>` | the session has ended, and why | without reading, and never by a successful renewal |
//! | `signed_off:<user>:<sign_on>` | the sign-on has ended, and why | without reading, before the `ended` record of the session that was signed out |
//! | `stale:<user>` | the smallest valid `ver` | with the version in the user's row |
//!
//! After each write of a `stale` record the user's row is read again, unless the record says that
//! the user was deleted. If the row then has a larger version, the record is written again with
//! that version.
//!
//! The end of a sign-on has a record of its own. A sign-on has the id of the session that began it,
//! but the `ended` record of that session does not show the end of the sign-on: when a session is
//! replaced, the session ends and its sign-on continues.
//!
//! `docs/storage.md` shows each record in each state.

mod count;
mod platform;
mod records;
mod revocation_memory;

use std::cell::RefCell;
use std::future::Future;
use std::rc::Rc;

use futures_util::future::join;

use crate::domain::account::{User, UserId};
use crate::domain::authorization::{ClientHash, CodeId, Exchanged};
use crate::domain::error::StoreError;
use crate::domain::policy::{
    ENDED_TTL, KV_COUNT_EVERY, KV_MIN_TTL, KV_WRITE_RETRIES_MS, REVOCATION_CACHE_TTL,
};
use crate::domain::session::{
    ActiveSession, Client, Consistency, Effect, EndReason, Holder, Presented, Proved, Record,
    RefreshTicket, Revocation, Rules, SessionId, Standing, Stored, UserCopy, rotate,
};
use crate::ports::{Ending, NewSession, Random, Renewal, SessionStore};
use records::{
    decode_holder, decode_record, encode_end, encode_metadata, encode_record, ended_key,
    ended_prefix, ending_sign_on, malformed, session_key, session_prefix, signed_off_key,
    signed_off_prefix, stale_key,
};

pub use platform::{Background, KeyPage, KeyValue, Sleep, Values, WriteError};
pub use revocation_memory::RevocationMemory;

/// The session store on Workers KV.
///
/// **Staleness.** A login, a renewal or an ended session elsewhere is visible everywhere within
/// about 60 s. Cloudflare gives this number but does not guarantee it. A check (a request that asks
/// whether an access token is valid) might be answered from this isolate's memory for 15 s more, so
/// a check sees the change within about 75 s. An isolate remembers for at least five minutes each
/// session that it ended and each version that it wrote, so renewals and checks in the same isolate
/// see these at once. A password change, a revoke-all and a disabled account stop renewals at once
/// everywhere, because renewals read the user's row in the database. A list of sessions might miss
/// a session that began in the last minute, in this location or in another. The list might also
/// show a session that has just ended in another location. So
/// [`end_client`](SessionStore::end_client) might miss a session that began in the last minute.
///
/// **Codes.** Workers KV can't decide which of two requests was first. So authorization codes are
/// exchanged in another store that can decide it: the users' `Sessions` objects (Durable Objects).
///
/// **Limit.** The sessions of a user are not counted at each login, but only after one login in
/// eight, when the response has been sent. So a user can have a few sessions more than
/// [`NewSession::most`] for a while.
///
/// **One write a second.** KV refuses a write to a key that was written less than a second ago.
/// After a refusal the store reads the key. If the record has the new content already, a
/// simultaneous request has done the work. Otherwise the write is tried again, up to three times.
/// The pauses between the tries have jitter, and add up to about two seconds. After that the
/// caller gets an error, and may repeat the call.
#[derive(Clone, Debug)]
pub struct KvSessions<K, R, S, B, C> {
    kv: K,
    random: R,
    sleep: S,
    background: B,
    memory: Rc<RefCell<RevocationMemory>>,
    codes: Option<C>,
}

impl<K, R, S, B, C> KvSessions<K, R, S, B, C> {
    /// A store in a namespace. `memory` outlives the request, because all requests in an isolate
    /// share it. `codes` is the store in which authorization codes are exchanged (see **Codes**
    /// above). Without it no code can be exchanged.
    #[must_use]
    pub fn new(
        kv: K,
        random: R,
        sleep: S,
        background: B,
        memory: Rc<RefCell<RevocationMemory>>,
        codes: Option<C>,
    ) -> Self {
        Self {
            kv,
            random,
            sleep,
            background,
            memory,
            codes,
        }
    }

    /// The same store for another request. Its background jobs run after the response to that
    /// request.
    #[must_use]
    pub fn with_background(&self, background: B) -> Self
    where
        K: Clone,
        R: Clone,
        S: Clone,
        C: Clone,
    {
        Self {
            kv: self.kv.clone(),
            random: self.random.clone(),
            sleep: self.sleep.clone(),
            background,
            memory: Rc::clone(&self.memory),
            codes: self.codes.clone(),
        }
    }
}

impl<K, R, S, B, C> SessionStore for KvSessions<K, R, S, B, C>
where
    K: KeyValue + Clone + 'static,
    R: Random + Clone + 'static,
    S: Sleep + Clone + 'static,
    B: Background + Clone + 'static,
    C: SessionStore + Clone + 'static,
{
    async fn begin(&self, new: &NewSession<'_>, now: u64) -> Result<(), StoreError> {
        let &NewSession {
            user,
            session,
            epoch,
            holder,
            ..
        } = new;
        self.write(
            &session_key(user, session),
            &encode_record(&Record::default(), &holder),
            Some(encode_metadata(epoch, &holder, new.client, now)),
            new.idle_ttl.min(new.expires_at.saturating_sub(now)),
            // The session's id is new. If a record with this id is stored already, it was written
            // for this login or by a later renewal.
            |_| true,
        )
        .await?;
        if let Some(most) = new.most
            && self.random_byte().is_multiple_of(KV_COUNT_EVERY)
        {
            let store = self.clone();
            self.background.after_response(async move {
                store
                    .keep_to(most, user, session, holder.client(), epoch, now)
                    .await
            });
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
        let ticket = presented.ticket;
        let session = &session_key(ticket.user, ticket.session);
        let holder = presented.holder();
        let (stored, user) = join(self.stored(&ticket, &holder), user).await;
        let (mut stored, user) = (stored?, user?);
        // It is possible that this isolate ended the session while the user's row was read.
        stored.ended |= self.has_ended_here(&ticket, &holder);
        let decision = rotate::decide(
            &stored,
            user.as_ref().map(Standing::from),
            presented,
            rules,
            Consistency::Eventual,
        );
        match decision.effect {
            Effect::Record {
                used,
                proof,
                lives_until,
            } => {
                let record = Record {
                    used: Some(used),
                    proof: Some(proof),
                };
                self.write(
                    session,
                    &encode_record(&record, &holder),
                    Some(encode_metadata(
                        ticket.epoch,
                        &holder,
                        client,
                        presented.now,
                    )),
                    lives_until.saturating_sub(presented.now),
                    // If the stored record has this use of the token or a later one, no write is
                    // needed.
                    |written| {
                        decode_record(written)
                            .ok()
                            .and_then(|other| other.used)
                            .is_some_and(|other| other.counter >= used.counter)
                    },
                )
                .await?;
            }
            Effect::End(reason) => {
                let ending = Ending {
                    user: ticket.user,
                    session: ticket.session,
                    holder: Some(holder),
                };
                self.end(&ending, reason, presented.now).await?;
            }
            Effect::Nothing => {}
        }
        Ok(Renewal {
            verdict: decision.verdict,
            ticket: decision.ticket,
            user: user.as_ref().map(UserCopy::from),
        })
    }

    /// Writes nothing, because the record that was read might be stale, and writing it back could
    /// undo a renewal.
    async fn prove(
        &self,
        ticket: &RefreshTicket,
        rules: &Rules,
        now: u64,
    ) -> Result<Proved, StoreError> {
        let sign_on = ticket.sign_on;
        let stored = self.stored(ticket, &Holder::Browser { sign_on }).await?;
        Ok(rotate::prove(
            &stored,
            ticket,
            rules,
            Consistency::Eventual,
            now,
        ))
    }

    /// The record of the single sign-on's end is written before the record of the session's end. If
    /// the second write fails, a repeated call finds that the session has not ended, and writes
    /// both.
    async fn end(&self, ending: &Ending, reason: EndReason, now: u64) -> Result<(), StoreError> {
        let &Ending { user, session, .. } = ending;
        if reason.ends_the_sign_on()
            && let holder = self.holder_of(ending).await?
            && let Some(sign_on) = holder.sign_on_ended_by(reason, session)
        {
            self.write_end(&signed_off_key(user, sign_on), reason, now)
                .await?;
            self.memory
                .borrow_mut()
                .remember_sign_off(user, sign_on, now);
        }
        self.write_end(&ended_key(user, session), reason, now)
            .await?;
        // The isolate remembers the end only after the write has succeeded. If it remembered the
        // end before and the write failed, a repeated call would find nothing to do.
        self.memory.borrow_mut().remember_end(user, session, now);
        Ok(())
    }

    async fn end_client(
        &self,
        user: UserId,
        client: ClientHash,
        now: u64,
    ) -> Result<(), StoreError> {
        for session in self.sessions_of_client(user, client).await? {
            let ending = Ending::by_id(user, session);
            self.end(&ending, EndReason::GrantWithdrawn, now).await?;
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
        let Some(codes) = &self.codes else {
            let why = "codes are exchanged in SESSION_OBJECTS, which is not bound";
            return Err(StoreError::new("sessions", why));
        };
        if let Some(sign_on) = sign_on {
            let keys = [signed_off_key(user, sign_on)];
            let values = self.kv.read(&keys, None).await?;
            if !values.is_empty() || self.memory.borrow().has_signed_off(user, sign_on) {
                return Ok(Exchanged::SignedOff);
            }
        }
        // The single sign-on is recorded in KV, which was asked above. The store of the codes knows
        // nothing about the sign-on, so no sign-on is passed to that store.
        codes.exchange(user, code, session, None, until, now).await
    }

    async fn has_signed_off(&self, user: UserId, sign_on: SessionId) -> Result<bool, StoreError> {
        if self.memory.borrow().has_signed_off(user, sign_on) {
            return Ok(true);
        }
        let keys = [signed_off_key(user, sign_on)];
        let values = self.kv.read(&keys, Some(REVOCATION_CACHE_TTL)).await?;
        Ok(!values.is_empty())
    }

    async fn list(
        &self,
        user: UserId,
        epoch: u32,
        _now: u64,
    ) -> Result<Vec<ActiveSession>, StoreError> {
        Ok(self.recorded(user, epoch).await?.active)
    }

    async fn outdate(
        &self,
        user: UserId,
        version: u64,
        ttl: u64,
        now: u64,
    ) -> Result<(), StoreError> {
        // An old token can cause the same call again and again, so a stored version is not written
        // again.
        if self.memory.borrow().has_stored_version(user, version, now) {
            return Ok(());
        }
        // A smaller number never replaces a larger one that this isolate wrote.
        let version = self
            .memory
            .borrow_mut()
            .remember_version(user, version, ttl, now);
        self.write(
            &stale_key(user),
            &version.to_string(),
            None,
            ttl,
            |written| written.parse::<u64>().is_ok_and(|other| other >= version),
        )
        .await?;
        self.memory
            .borrow_mut()
            .remember_stored_version(user, version);
        Ok(())
    }

    async fn forget(&self, user: UserId, most: usize) -> Result<usize, StoreError> {
        let mut deleted: usize = 0;
        for prefix in [
            session_prefix(user),
            ended_prefix(user),
            signed_off_prefix(user),
        ] {
            let mut cursor = None;
            loop {
                let page = self.kv.list(&prefix, cursor.as_deref()).await?;
                for (key, _) in page.keys {
                    if deleted >= most {
                        return Ok(deleted);
                    }
                    self.kv.delete(&key).await?;
                    deleted = deleted.saturating_add(1);
                }
                cursor = page.cursor;
                if cursor.is_none() {
                    break;
                }
            }
        }
        Ok(deleted)
    }

    async fn revocation(
        &self,
        user: UserId,
        session: SessionId,
        sign_on: Option<SessionId>,
        now: u64,
    ) -> Result<Revocation, StoreError> {
        let signed_off_here =
            sign_on.is_some_and(|sign_on| self.memory.borrow().has_signed_off(user, sign_on));
        if signed_off_here {
            return Ok(Revocation::by_end());
        }
        let recalled = self.memory.borrow().recall(user, session, now);
        let answer = match recalled {
            Some(answer) => answer,
            None => {
                let (ended, stale) = (ended_key(user, session), stale_key(user));
                let signed_off = sign_on.map(|sign_on| signed_off_key(user, sign_on));
                let keys: Vec<String> = [ended.clone(), stale.clone()]
                    .into_iter()
                    .chain(signed_off.clone())
                    .collect();
                let values = self.kv.read(&keys, Some(REVOCATION_CACHE_TTL)).await?;
                let answer = Revocation {
                    ended: values.contains_key(&ended)
                        || signed_off.is_some_and(|key| values.contains_key(&key)),
                    minimum_version: values
                        .get(&stale)
                        .map(|text| text.parse())
                        .transpose()
                        .map_err(|_| malformed("stale"))?,
                };
                // It is possible that this isolate ended the session while KV was asked.
                self.memory
                    .borrow_mut()
                    .remember(user, session, answer, now)
            }
        };
        Ok(self.memory.borrow().with_own_version(user, now, answer))
    }
}

impl<K: KeyValue, R: Random, S: Sleep, B, C> KvSessions<K, R, S, B, C> {
    /// Reads a ticket's session from KV, without KV's cache. For an app's session, also reads
    /// whether the single sign-on that it belongs to has ended.
    async fn stored(&self, ticket: &RefreshTicket, holder: &Holder) -> Result<Stored, StoreError> {
        let session = session_key(ticket.user, ticket.session);
        let mut keys = vec![session.clone(), ended_key(ticket.user, ticket.session)];
        if let Some(sign_on) = ending_sign_on(holder) {
            keys.push(signed_off_key(ticket.user, sign_on));
        }
        let mut values = self.kv.read(&keys, None).await?;
        let record = values.remove(&session);
        Ok(Stored {
            record: record.map(|text| decode_record(&text)).transpose()?,
            // Each of the remaining values is a record that the session or its sign-on has ended.
            // KV might not show yet what this isolate has ended, so the isolate's memory is asked
            // too.
            ended: !values.is_empty() || self.has_ended_here(ticket, holder),
        })
    }

    /// Whether this isolate has ended the session or, for an app's session, the single sign-on that
    /// it belongs to.
    fn has_ended_here(&self, ticket: &RefreshTicket, holder: &Holder) -> bool {
        let memory = self.memory.borrow();
        memory.has_ended(ticket.user, ticket.session)
            || ending_sign_on(holder)
                .is_some_and(|sign_on| memory.has_signed_off(ticket.user, sign_on))
    }

    /// Who holds a session: a browser or an app. The caller's ticket says it, or else the session's
    /// record is read. A session without a record is treated as a browser's session that began its
    /// own single sign-on. Treating an app's session in this way does no harm, because no sign-on
    /// has the id of an app's session.
    async fn holder_of(&self, ending: &Ending) -> Result<Holder, StoreError> {
        if let Some(holder) = ending.holder {
            return Ok(holder);
        }
        let keys = [session_key(ending.user, ending.session)];
        let values = self.kv.read(&keys, None).await?;
        let record = values.into_values().next();
        Ok(record
            .map(|text| decode_holder(&text))
            .transpose()?
            .unwrap_or_default())
    }

    async fn write_end(&self, key: &str, reason: EndReason, now: u64) -> Result<(), StoreError> {
        self.write(key, &encode_end(reason, now), None, ENDED_TTL, |_| true)
            .await
    }

    fn random_byte(&self) -> u8 {
        let mut byte = [0];
        self.random.fill(&mut byte);
        let [byte] = byte;
        byte
    }

    /// Writes a key. If KV refuses because the key was written a moment ago, reads the key, because
    /// a simultaneous request might have written the same value. `is_enough` decides whether the
    /// value that was read makes the write unnecessary. Otherwise tries again a few times, with
    /// jitter.
    async fn write(
        &self,
        key: &str,
        value: &str,
        metadata: Option<String>,
        ttl: u64,
        is_enough: impl Fn(&str) -> bool,
    ) -> Result<(), StoreError> {
        let ttl = ttl.max(KV_MIN_TTL);
        let mut pauses = KV_WRITE_RETRIES_MS.iter();
        loop {
            match self.kv.write(key, value, metadata.clone(), ttl).await {
                Ok(()) => return Ok(()),
                Err(WriteError::Failed(error)) => return Err(error),
                Err(WriteError::Refused) => {}
            }
            let keys = [key.to_owned()];
            let values = self.kv.read(&keys, None).await?;
            if values.get(key).is_some_and(|written| is_enough(written)) {
                return Ok(());
            }
            let Some(pause) = pauses.next() else {
                return Err(StoreError::new("sessions", "the key is written too often"));
            };
            self.sleep
                .sleep(pause.saturating_add(u64::from(self.random_byte())))
                .await;
        }
    }
}
