//! Imports the accounts of another system, and exports all accounts in the same form. No mail is
//! sent.

use std::collections::BTreeSet;

use super::AuthService;
use super::new_user::Identity;
use crate::domain::account::{ImportRow, RowRefusal, User, UserId, raised_epoch};
use crate::domain::error::{Error, StoreError};
use crate::domain::event::Act;
use crate::domain::operator::Scope;
use crate::domain::policy::DEPARTED_ID_TTL;
use crate::ports::{PasswordHasher, Ports, UserDirectory};

/// Options of an import.
#[derive(Clone, Copy, Debug, Default)]
pub struct ImportOptions {
    /// Checks every line and writes nothing.
    pub dry_run: bool,
    /// Accepts lines that create administrators.
    pub allow_admin: bool,
}

/// The result for one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RowOutcome {
    /// The account was added with this id. In a dry run, the account would be added, and the id is
    /// `None` unless the line contains an id.
    Imported(Option<UserId>),
    /// The address has an account, which was not changed.
    AlreadyThere(UserId),
    /// The line is not imported.
    Refused(RowRefusal),
}

/// The results for the lines, in their order.
#[derive(Clone, Debug, Default)]
pub struct ImportReport {
    /// The number of each line, and the result for it.
    pub rows: Vec<(usize, RowOutcome)>,
}

impl ImportReport {
    fn has_imported(&self, id: UserId) -> bool {
        let imported = RowOutcome::Imported(Some(id));
        self.rows.iter().any(|(_, outcome)| *outcome == imported)
    }

    /// How many lines were imported, how many had an account already, and how many were refused.
    #[must_use]
    pub fn counts(&self) -> [usize; 3] {
        let count = |is: fn(&RowOutcome) -> bool| {
            let rows = self.rows.iter();
            rows.filter(|(_, outcome)| is(outcome)).count()
        };
        [
            count(|outcome| matches!(outcome, RowOutcome::Imported(_))),
            count(|outcome| matches!(outcome, RowOutcome::AlreadyThere(_))),
            count(|outcome| matches!(outcome, RowOutcome::Refused(_))),
        ]
    }
}

/// A user to import.
struct Candidate {
    line: usize,
    user: User,
    /// Whether the line contains the id.
    has_own_id: bool,
}

/// The addresses and ids in earlier lines of the request.
#[derive(Default)]
struct EarlierRows {
    addresses: BTreeSet<String>,
    ids: BTreeSet<UserId>,
    external_ids: BTreeSet<String>,
}

impl EarlierRows {
    /// Notes the address and the ids of a row, unless an earlier row has one of them.
    fn note(&mut self, row: &ImportRow) -> Result<(), RowRefusal> {
        let (email, external_id) = (row.email.canonical(), row.external_id.as_ref());
        if self.addresses.contains(email) {
            return Err(RowRefusal::DuplicateInRequest("email"));
        }
        if row.id.is_some_and(|id| self.ids.contains(&id)) {
            return Err(RowRefusal::DuplicateInRequest("id"));
        }
        if external_id.is_some_and(|id| self.external_ids.contains(id.as_str())) {
            return Err(RowRefusal::DuplicateInRequest("external_id"));
        }
        self.addresses.insert(email.to_owned());
        self.ids.extend(row.id);
        let external_id = external_id.map(|id| id.as_str().to_owned());
        self.external_ids.extend(external_id);
        Ok(())
    }
}

impl<P: Ports> AuthService<P> {
    /// Imports accounts from lines of JSON, each with its number. An account that exists is never
    /// changed, so a repeated import only adds the missing accounts.
    ///
    /// # Errors
    /// [`Error::Access`]; [`Error::Forbidden`]; [`Error::ReauthenticationRequired`];
    /// [`Error::Store`]. After [`Error::Store`] a repeated import adds the missing accounts.
    pub async fn import_users(
        &self,
        credential: &str,
        lines: &[(usize, &[u8])],
        options: ImportOptions,
    ) -> Result<ImportReport, Error> {
        let manager = self.manager(credential, Scope::Users).await?;
        self.require_fresh(&manager)?;
        let mut rows = Vec::new();
        let mut read = Vec::new();
        let mut seen = EarlierRows::default();
        for &(line, text) in lines {
            match self.judge_row(text, options, &mut seen) {
                Ok(row) => read.push((line, row)),
                Err(refusal) => rows.push((line, RowOutcome::Refused(refusal))),
            }
        }
        let departed = self.departed_of(&seen.ids).await?;
        let mut candidates = Vec::new();
        for (line, row) in read {
            if row.id.is_some_and(|id| departed.contains(&id)) {
                rows.push((line, RowOutcome::Refused(RowRefusal::IdDeleted)));
            } else {
                candidates.push(self.candidate(line, row));
            }
        }
        rows.extend(self.add(&candidates, options.dry_run).await?);
        rows.sort_unstable_by_key(|(line, _)| *line);
        let report = ImportReport { rows };
        if !options.dry_run {
            let counts = report.counts();
            let by = manager.actor();
            self.record(Act::AccountsImported { by, counts });
            for user in candidates.iter().map(|candidate| &candidate.user) {
                if report.has_imported(user.id) {
                    self.record_new_administrator(user, by);
                }
            }
        }
        Ok(report)
    }

    /// At most `limit` users after `after`, in the order of their ids.
    ///
    /// # Errors
    /// - [`Error::Access`]; [`Error::ReauthenticationRequired`]; [`Error::Store`].
    /// - [`Error::Forbidden`]: the caller may not export users, or asks for password hashes
    ///   although `EXPORT_HASHES` is not set.
    pub async fn export_users(
        &self,
        credential: &str,
        after: Option<UserId>,
        limit: u32,
        with_password_hashes: bool,
    ) -> Result<Vec<User>, Error> {
        let manager = self.manager(credential, Scope::Users).await?;
        self.require_fresh(&manager)?;
        if with_password_hashes && !self.settings().export_hashes {
            return Err(self.deny_manager(&manager, Scope::Users));
        }
        let users = self.ports.users().list(after, limit).await?;
        self.record(Act::AccountsExported {
            by: manager.actor(),
            count: users.len(),
            with_password_hashes,
        });
        Ok(users)
    }
}

impl<P: Ports> AuthService<P> {
    fn judge_row(
        &self,
        text: &[u8],
        options: ImportOptions,
        seen: &mut EarlierRows,
    ) -> Result<ImportRow, RowRefusal> {
        let row = ImportRow::read(text)?;
        if row.has_password() {
            let judged = self.ports.hasher().judge(&row.password_hash);
            judged.map_err(RowRefusal::Hash)?;
        }
        if row.is_administrator() && !options.allow_admin {
            return Err(RowRefusal::Administrator);
        }
        seen.note(&row)?;
        Ok(row)
    }

    /// Returns those of `ids` whose account was deleted recently. These ids can't be used again
    /// yet, because the session store might still reject tokens with such an id, and the cron job
    /// might still delete the sessions of a user with such an id.
    async fn departed_of(&self, ids: &BTreeSet<UserId>) -> Result<Vec<UserId>, StoreError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let ids: Vec<UserId> = ids.iter().copied().collect();
        let left_after = self.now().saturating_sub(DEPARTED_ID_TTL);
        self.ports.users().departed_among(&ids, left_after).await
    }

    fn candidate(&self, line: usize, row: ImportRow) -> Candidate {
        let now = self.now();
        let identity = Identity {
            email: row.email,
            first_name: row.first_name,
            last_name: row.last_name,
        };
        let verified_at = row.email_verified.then_some(now);
        let user = self.new_user(identity, row.password_hash, row.roles, verified_at);
        // It is possible that an account with this id was in an earlier database that was lost. The
        // sessions of that account must not continue, so the session epoch is raised.
        let raised = row.id.map(|_| raised_epoch(user.session_epoch, now));
        Candidate {
            line,
            has_own_id: row.id.is_some(),
            user: User {
                id: row.id.unwrap_or(user.id),
                session_epoch: raised.unwrap_or(user.session_epoch),
                external_id: row.external_id,
                disabled_at: row.disabled.then_some(now),
                ..user
            },
        }
    }

    async fn add(
        &self,
        candidates: &[Candidate],
        dry_run: bool,
    ) -> Result<Vec<(usize, RowOutcome)>, Error> {
        let directory = self.ports.users();
        let users: Vec<User> = candidates.iter().map(|it| it.user.clone()).collect();
        let added: BTreeSet<UserId> = if dry_run || users.is_empty() {
            BTreeSet::new()
        } else {
            directory.import(&users).await?.into_iter().collect()
        };
        let is_added = |user: &User| added.contains(&user.id);
        let others: Vec<User> = users.into_iter().filter(|user| !is_added(user)).collect();
        let in_the_way = if others.is_empty() {
            Vec::new()
        } else {
            directory.find_in_the_way_of(&others).await?
        };
        let outcome = |candidate: &Candidate| {
            let user = &candidate.user;
            if is_added(user) {
                return Ok(RowOutcome::Imported(Some(user.id)));
            }
            let with = |is: &dyn Fn(&&User) -> bool| in_the_way.iter().find(is);
            let same_address = |it: &&User| it.email.canonical() == user.email.canonical();
            let same_external_id =
                |it: &&User| it.external_id.is_some() && it.external_id == user.external_id;
            if let Some(existing) = with(&same_address) {
                // The account has the random id that this import made, so this import added the
                // account. The answer to the first attempt to add it was lost.
                return Ok(if existing.id == user.id && !candidate.has_own_id {
                    RowOutcome::Imported(Some(user.id))
                } else {
                    RowOutcome::AlreadyThere(existing.id)
                });
            }
            if with(&|it| it.id == user.id).is_some() {
                return Ok(RowOutcome::Refused(RowRefusal::IdTaken));
            }
            if with(&same_external_id).is_some() {
                return Ok(RowOutcome::Refused(RowRefusal::ExternalIdTaken));
            }
            if dry_run {
                return Ok(RowOutcome::Imported(
                    candidate.has_own_id.then_some(user.id),
                ));
            }
            // The account that already had the address or the id was deleted meanwhile.
            Err(StoreError::new(
                "d1",
                "an account was deleted during an import: repeat it",
            ))
        };
        let outcomes = candidates
            .iter()
            .map(|candidate| Ok((candidate.line, outcome(candidate)?)));
        outcomes.collect()
    }
}
