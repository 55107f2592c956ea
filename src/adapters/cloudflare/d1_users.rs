//! The accounts in D1. Each SQL statement is a complete literal. Values are passed only as bound
//! parameters.

use super::d1::{Database, Row, malformed, number, optional, text};
use super::migrations::{self, MARKS};
use crate::domain::account::{
    Departure, EmailAddress, EmailPrefix, ExternalId, FreedAddress, LinkNonce, Name, NotFreedSince,
    PasswordHash, Roles, RowChange, User, UserChange, UserId,
};
use crate::domain::error::StoreError;
use crate::domain::policy::newest_row_changes;
use crate::ports::{Insertion, UserDirectory};
use edgegate_token::json::Json;

/// If there is no such user, a query returns a row with this id instead of no row.
const NOBODY: &str = "00000000-0000-7000-8000-000000000000";
/// The password hash in that row. No password matches it, and it is as long as a real hash.
const NO_HASH: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// The link nonce in that row. It is as long as a real nonce.
const NO_NONCE: &str = "00000000000000000000000000000000";

/// The accounts in a D1 database, read from its primary copy.
#[derive(Debug)]
pub struct D1Users(Database);

impl D1Users {
    /// The accounts in this database.
    #[must_use]
    pub fn new(database: Database) -> Self {
        Self(database)
    }

    /// Stores the time when an address becomes free. This record is written before the account
    /// gives up the address, so that every freed address has a record.
    async fn free(&self, freed: &FreedAddress) -> Result<(), StoreError> {
        let sql = "INSERT INTO freed_addresses (address, freed_at) VALUES (?1, ?2) \
                   ON CONFLICT (address) DO UPDATE SET freed_at = max(freed_at, excluded.freed_at) \
                   RETURNING freed_at";
        let values = vec![text(&freed.key), number(freed.at)];
        self.0.first(sql, values).await.map(drop)
    }
}

impl UserDirectory for D1Users {
    async fn find_by_id(&self, id: UserId) -> Result<Option<User>, StoreError> {
        self.0
            .first(
                "SELECT * FROM users WHERE id = ?1",
                vec![text(&id.to_string())],
            )
            .await?
            .map(User::try_from)
            .transpose()
    }

    async fn find_by_email(&self, email: &EmailAddress) -> Result<Option<User>, StoreError> {
        // The query always returns one row, even if there is no such user. Otherwise the time of
        // the answer would reveal whether the user exists.
        let sql = "SELECT coalesce(id, ?2) AS id, coalesce(email, ?1) AS email, \
                   coalesce(email_canonical, ?1) AS email_canonical, \
                   coalesce(password_hash, ?3) AS password_hash, first_name, last_name, \
                   coalesce(roles, '[\"user\"]') AS roles, email_verified_at, \
                   disabled_at, coalesce(session_epoch, 0) AS session_epoch, coalesce(version, 0) AS version, \
                   coalesce(link_generation, 0) AS link_generation, coalesce(link_nonce, ?4) AS link_nonce, external_id, \
                   coalesce(created_at, 1) AS created_at, coalesce(updated_at, 1) AS updated_at, users.id IS NOT NULL AS is_user \
                   FROM (SELECT 1) LEFT JOIN users ON email_canonical = ?1";
        let values = vec![
            text(email.canonical()),
            text(NOBODY),
            text(NO_HASH),
            text(NO_NONCE),
        ];
        let Some(row) = self.0.first(sql, values).await? else {
            return Ok(None);
        };
        let is_user = row.number("is_user")? == 1;
        let user = User::try_from(row)?;
        Ok(is_user.then_some(user))
    }

    async fn insert(
        &self,
        user: &User,
        condition: Option<&NotFreedSince>,
    ) -> Result<Insertion, StoreError> {
        let asked_at = condition.map(|condition| condition.asked_at);
        let inserted = self
            .0
            .first(
                "INSERT INTO users (id, email, email_canonical, password_hash, first_name, last_name, roles, \
                 email_verified_at, disabled_at, session_epoch, version, created_at, updated_at, \
                 link_generation, link_nonce, external_id) \
                 SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?18 \
                 WHERE NOT EXISTS (SELECT 1 FROM freed_addresses \
                 WHERE address IN (SELECT value FROM json_each(?16)) AND freed_at >= ?17) \
                 ON CONFLICT DO NOTHING RETURNING *",
                vec![
                    text(&user.id.to_string()),
                    text(user.email.as_given()),
                    text(user.email.canonical()),
                    text(user.password_hash.as_str()),
                    optional(user.first_name.as_ref().map(|name| text(name.as_str()))),
                    optional(user.last_name.as_ref().map(|name| text(name.as_str()))),
                    text(&roles_to_json(&user.roles)),
                    optional(user.email_verified_at.map(number)),
                    optional(user.disabled_at.map(number)),
                    number(user.session_epoch.into()),
                    number(user.version),
                    number(user.created_at),
                    number(user.updated_at),
                    number(user.link_generation),
                    text(user.link_nonce.as_str()),
                    text(&keys_to_json(condition)),
                    optional(asked_at.map(number)),
                    optional(user.external_id.as_ref().map(|id| text(id.as_str()))),
                ],
            )
            .await?;
        if inserted.is_some() {
            return Ok(Insertion::Inserted);
        }
        match condition {
            Some(condition) if !self.is_not_freed(condition).await? => Ok(Insertion::Freed),
            _ => Ok(Insertion::EmailTaken),
        }
    }

    async fn import(&self, users: &[User]) -> Result<Vec<UserId>, StoreError> {
        let sql = "INSERT INTO users (id, email, email_canonical, password_hash, first_name, last_name, roles, \
                   email_verified_at, disabled_at, session_epoch, version, created_at, updated_at, \
                   link_generation, link_nonce, external_id) \
                   SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, \
                   value ->> 6, value ->> 7, value ->> 8, value ->> 9, value ->> 10, value ->> 11, \
                   value ->> 12, value ->> 13, value ->> 14, value ->> 15 \
                   FROM json_each(?1) WHERE true ON CONFLICT DO NOTHING RETURNING id";
        let rows: Json = users.iter().map(columns).collect();
        let added = self.0.all(sql, vec![text(&rows.to_text())]).await?;
        let id = |row: &Row| UserId::parse(&row.text("id")?).ok_or_else(|| malformed("id"));
        added.iter().map(id).collect()
    }

    async fn find_in_the_way_of(&self, users: &[User]) -> Result<Vec<User>, StoreError> {
        // Each part of the `UNION` uses its own index.
        let sql = "SELECT * FROM users WHERE id IN (SELECT value FROM json_each(?1)) \
                   UNION SELECT * FROM users WHERE email_canonical IN (SELECT value FROM json_each(?2)) \
                   UNION SELECT * FROM users WHERE external_id IN (SELECT value FROM json_each(?3)) \
                   AND external_id IS NOT NULL";
        let list = |texts: Vec<String>| text(&texts.into_iter().collect::<Json>().to_text());
        let ids = users.iter().map(|user| user.id.to_string()).collect();
        let addresses = users.iter().map(|user| user.email.canonical().to_owned());
        let external_ids = users.iter().filter_map(|user| user.external_id.as_ref());
        let external_ids = external_ids.map(|id| id.as_str().to_owned()).collect();
        let values = vec![list(ids), list(addresses.collect()), list(external_ids)];
        let rows = self.0.all(sql, values).await?;
        rows.into_iter().map(User::try_from).collect()
    }

    async fn departed_among(
        &self,
        ids: &[UserId],
        left_after: u64,
    ) -> Result<Vec<UserId>, StoreError> {
        let sql = "SELECT user FROM departures WHERE user IN (SELECT value FROM json_each(?1)) \
                   AND (due_at IS NOT NULL OR left_at > ?2)";
        let ids = ids.iter().map(UserId::to_string).collect::<Json>();
        let values = vec![text(&ids.to_text()), number(left_after)];
        let rows = self.0.all(sql, values).await?;
        let id = |row: &Row| UserId::parse(&row.text("user")?).ok_or_else(|| malformed("user"));
        rows.iter().map(id).collect()
    }

    async fn update(
        &self,
        id: UserId,
        if_version: Option<u64>,
        within: Option<u64>,
        change: &UserChange,
        now: u64,
    ) -> Result<Option<User>, StoreError> {
        if let Some(freed) = &change.frees {
            self.free(freed).await?;
        }
        let roles = change.roles.as_ref().map(roles_to_json);
        self.0.first(
            // `OR IGNORE`: nothing is changed if another account has the new address.
            "UPDATE OR IGNORE users SET \
             first_name = iif(?14, NULL, coalesce(?2, first_name)), \
             last_name = iif(?16, NULL, coalesce(?3, last_name)), \
             roles = coalesce(?4, roles), \
             disabled_at = CASE ?5 WHEN 1 THEN coalesce(disabled_at, ?7) WHEN 0 THEN NULL ELSE disabled_at END, \
             email = coalesce(?9, email), \
             email_canonical = coalesce(?10, email_canonical), \
             email_verified_at = CASE ?11 WHEN 2 THEN ?7 WHEN 1 THEN coalesce(email_verified_at, ?7) \
             ELSE email_verified_at END, \
             password_hash = coalesce(?12, password_hash), \
             session_epoch = session_epoch + ?6, \
             link_generation = link_generation + ?13, \
             version = version + 1, \
             updated_at = ?7, \
             held_until = coalesce(?17, held_until) \
             WHERE id = ?1 AND version = coalesce(?8, version) \
             AND unixepoch() < coalesce(?17, unixepoch() + 1) \
             AND (?15 = 0 OR disabled_at IS NOT NULL OR instr(roles, '\"admin\"') = 0 OR EXISTS (\
             SELECT 1 FROM users AS other WHERE other.id <> ?1 AND other.disabled_at IS NULL \
             AND other.password_hash <> '!' AND instr(other.roles, '\"admin\"') > 0)) RETURNING *",
            vec![
                text(&id.to_string()),
                optional(change.first_name.value().map(|name| text(name.as_str()))),
                optional(change.last_name.value().map(|name| text(name.as_str()))),
                optional(roles.as_deref().map(text)),
                optional(change.disabled.map(|disabled| number(disabled.into()))),
                number(change.ends_sessions().into()),
                number(now),
                optional(if_version.map(number)),
                optional(change.email.as_ref().map(|email| text(email.as_given()))),
                optional(change.email.as_ref().map(|email| text(email.canonical()))),
                number(match change {
                    UserChange { email: Some(_), .. } => 2,
                    change => change.verify_email.into(),
                }),
                optional(change.password_hash.as_ref().map(|hash| text(hash.as_str()))),
                number(change.spoils_links().into()),
                number(change.first_name.removes().into()),
                number(change.takes_administrator().into()),
                number(change.last_name.removes().into()),
                optional(within.map(number)),
            ],
        )
        .await?
        .map(User::try_from)
        .transpose()
    }

    async fn delete(
        &self,
        id: UserId,
        email: &EmailAddress,
        if_version: Option<u64>,
        within: Option<u64>,
        freed: &FreedAddress,
    ) -> Result<bool, StoreError> {
        self.free(freed).await?;
        let (id, email) = (text(&id.to_string()), text(email.canonical()));
        let version = optional(if_version.map(number));
        let mut answers = self
            .0
            .batch(vec![
                (
                    "INSERT INTO departures (user, address, left_at, due_at) \
                     SELECT id, ?3, ?4, ?4 FROM users WHERE id = ?1 AND email_canonical = ?2 \
                     AND version = coalesce(?5, version) \
                     AND unixepoch() < coalesce(?6, unixepoch() + 1) \
                     AND (disabled_at IS NOT NULL OR instr(roles, '\"admin\"') = 0 OR EXISTS (\
                     SELECT 1 FROM users AS other WHERE other.id <> ?1 AND other.disabled_at IS NULL \
                     AND other.password_hash <> '!' AND instr(other.roles, '\"admin\"') > 0)) \
                     ON CONFLICT (user) DO UPDATE SET address = excluded.address, \
                     left_at = excluded.left_at, due_at = excluded.due_at",
                    vec![
                        id.clone(),
                        email.clone(),
                        text(&freed.key),
                        number(freed.at),
                        version.clone(),
                        optional(within.map(number)),
                    ],
                ),
                // Only the statement above checks the deadline. If this statement checked it too,
                // the deadline might pass between the two statements. The account would then remain
                // although its deletion (departure) is recorded, and the cron job would end its
                // sessions. `left_at = ?4` excludes the record of an earlier deletion, after which
                // somebody has put the account back by hand.
                (
                    "DELETE FROM users WHERE id = ?1 AND email_canonical = ?2 \
                     AND version = coalesce(?3, version) \
                     AND EXISTS (SELECT 1 FROM departures WHERE user = ?1 AND left_at = ?4) \
                     AND (disabled_at IS NOT NULL OR instr(roles, '\"admin\"') = 0 OR EXISTS (\
                     SELECT 1 FROM users AS other WHERE other.id <> ?1 AND other.disabled_at IS NULL \
                     AND other.password_hash <> '!' AND instr(other.roles, '\"admin\"') > 0)) RETURNING id",
                    vec![id, email, version, number(freed.at)],
                ),
            ])
            .await?;
        Ok(answers.pop().is_some_and(|deleted| !deleted.is_empty()))
    }

    async fn is_past(&self, deadline: u64, _now: u64) -> Result<bool, StoreError> {
        let sql = "SELECT 1 AS past WHERE unixepoch() >= ?1";
        let row = self.0.first(sql, vec![number(deadline)]).await?;
        Ok(row.is_some())
    }

    async fn row_changes(&self, limit: u32) -> Result<Vec<RowChange>, StoreError> {
        let newest = newest_row_changes(limit);
        let sql = "SELECT user, mark FROM (SELECT * FROM row_changed ORDER BY changed_at DESC LIMIT ?1) \
                   UNION SELECT user, mark FROM (SELECT * FROM row_changed ORDER BY changed_at LIMIT ?2)";
        let oldest = limit.saturating_sub(newest);
        let values = vec![number(newest.into()), number(oldest.into())];
        let rows = self.0.all(sql, values).await?;
        rows.iter()
            .map(|row| {
                let (id, mark) = (row.text("user")?, row.text("mark")?);
                Ok(RowChange { id, mark })
            })
            .collect()
    }

    async fn postpone_row_changes(
        &self,
        changes: &[RowChange],
        now: u64,
    ) -> Result<(), StoreError> {
        let sql = "UPDATE row_changed SET changed_at = max(changed_at, ?1) \
                   WHERE user IN (SELECT value FROM json_each(?2))";
        let ids = changes.iter().map(|change| change.id.clone());
        let ids = ids.collect::<Json>().to_text();
        let values = vec![number(now), text(&ids)];
        self.0.first(sql, values).await.map(drop)
    }

    async fn forget_row_change(&self, change: &RowChange) -> Result<(), StoreError> {
        let sql = "DELETE FROM row_changed WHERE user = ?1 AND mark = ?2";
        let values = vec![text(&change.id), text(&change.mark)];
        self.0.first(sql, values).await.map(drop)
    }

    async fn forget_row_changes(&self, before: u64) -> Result<(), StoreError> {
        let sql = "DELETE FROM row_changed WHERE changed_at < ?1";
        self.0.first(sql, vec![number(before)]).await.map(drop)
    }

    async fn due_departures(&self, limit: u32, now: u64) -> Result<Vec<Departure>, StoreError> {
        let sql = "SELECT * FROM departures WHERE due_at <= ?1 ORDER BY due_at LIMIT ?2";
        let values = vec![number(now), number(limit.into())];
        let rows = self.0.all(sql, values).await?;
        rows.into_iter().map(Departure::try_from).collect()
    }

    async fn departures(
        &self,
        after: Option<UserId>,
        limit: u32,
    ) -> Result<Vec<Departure>, StoreError> {
        // The empty text sorts before every id.
        let after = after.map(|id| id.to_string()).unwrap_or_default();
        let sql = "SELECT * FROM departures WHERE user > ?1 ORDER BY user LIMIT ?2";
        let values = vec![text(&after), number(limit.into())];
        let rows = self.0.all(sql, values).await?;
        rows.into_iter().map(Departure::try_from).collect()
    }

    async fn postpone_departure(&self, id: UserId, due_at: Option<u64>) -> Result<(), StoreError> {
        let values = vec![text(&id.to_string()), optional(due_at.map(number))];
        self.0
            .first("UPDATE departures SET due_at = ?2 WHERE user = ?1", values)
            .await
            .map(drop)
    }

    async fn forget_departures(&self, left_before: u64) -> Result<(), StoreError> {
        let sql = "DELETE FROM departures WHERE due_at IS NULL AND left_at < ?1";
        self.0.first(sql, vec![number(left_before)]).await.map(drop)
    }

    async fn is_not_freed(&self, condition: &NotFreedSince) -> Result<bool, StoreError> {
        let sql = "SELECT 1 AS freed FROM freed_addresses \
                   WHERE address IN (SELECT value FROM json_each(?1)) AND freed_at >= ?2 LIMIT 1";
        let values = vec![
            text(&keys_to_json(Some(condition))),
            number(condition.asked_at),
        ];
        self.0.first(sql, values).await.map(|row| row.is_none())
    }

    async fn forget_freed(&self, before: u64) -> Result<(), StoreError> {
        let sql = "DELETE FROM freed_addresses WHERE freed_at < ?1";
        self.0.all(sql, vec![number(before)]).await.map(drop)
    }

    async fn list(&self, after: Option<UserId>, limit: u32) -> Result<Vec<User>, StoreError> {
        // The empty text sorts before every id.
        let after = after.map(|id| id.to_string()).unwrap_or_default();
        let sql = "SELECT * FROM users WHERE id > ?1 ORDER BY id LIMIT ?2";
        let rows = self
            .0
            .all(sql, vec![text(&after), number(limit.into())])
            .await?;
        let mut users = Vec::new();
        for row in rows {
            users.push(User::try_from(row)?);
        }
        Ok(users)
    }

    async fn find_by_prefix(
        &self,
        prefix: &EmailPrefix,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<User>, StoreError> {
        // The column is compared byte by byte, and no address contains the last code point of
        // Unicode. So every address with the prefix sorts before the prefix followed by that code
        // point.
        let sql = "SELECT * FROM users WHERE email_canonical >= ?1 \
                   AND email_canonical < ?1 || char(1114111) AND email_canonical > ?2 \
                   ORDER BY email_canonical LIMIT ?3";
        let values = vec![
            text(prefix.as_str()),
            text(after.unwrap_or_default()),
            number(limit.into()),
        ];
        let rows = self.0.all(sql, values).await?;
        rows.into_iter().map(User::try_from).collect()
    }

    async fn raise_counters(
        &self,
        after: Option<UserId>,
        limit: u32,
        now: u64,
    ) -> Result<Vec<UserId>, StoreError> {
        // Computes what `raised_version` and `raised_epoch` compute. The triggers of the table
        // `users` record that these users' rows have changed.
        let sql = "UPDATE users SET version = max(version + 1, ?3 * 1000), \
                   session_epoch = max(session_epoch + 1, ?3), \
                   link_nonce = lower(hex(randomblob(16))), updated_at = ?3 \
                   WHERE id IN (SELECT id FROM users WHERE id > ?1 ORDER BY id LIMIT ?2) \
                   RETURNING id";
        let after = after.map(|id| id.to_string()).unwrap_or_default();
        let values = vec![text(&after), number(limit.into()), number(now)];
        let rows = self.0.all(sql, values).await?;
        let mut raised = Vec::new();
        for row in rows {
            raised.push(UserId::parse(&row.text("id")?).ok_or_else(|| malformed("id"))?);
        }
        raised.sort_unstable();
        Ok(raised)
    }

    async fn rehash(
        &self,
        id: UserId,
        old: &PasswordHash,
        new: &PasswordHash,
    ) -> Result<(), StoreError> {
        self.0.first(
            "UPDATE users SET password_hash = ?3 WHERE id = ?1 AND password_hash = ?2 RETURNING *",
            vec![
                text(&id.to_string()),
                text(old.as_str()),
                text(new.as_str()),
            ],
        )
        .await
        .map(drop)
    }

    async fn ping(&self) -> Result<(), StoreError> {
        let rows = self.0.all("SELECT name FROM sqlite_master", vec![]).await?;
        let objects = rows.iter().map(|row| row.text("name"));
        let objects: Vec<String> = objects.collect::<Result<_, _>>()?;
        let marks = if objects.iter().any(|object| object == MARKS) {
            let sql = "SELECT migration FROM migration_marks";
            let rows = self.0.all(sql, vec![]).await?;
            let marks = rows.iter().map(|row| row.number("migration"));
            marks.collect::<Result<_, _>>()?
        } else {
            Vec::new()
        };
        match migrations::complaint(&objects, &marks) {
            None => Ok(()),
            Some(complaint) => Err(StoreError::new("d1", complaint)),
        }
    }
}

impl TryFrom<Row> for User {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            id: UserId::parse(&row.text("id")?).ok_or_else(|| malformed("id"))?,
            email: EmailAddress::stored(&row.text("email")?, &row.text("email_canonical")?)
                .ok_or_else(|| malformed("email"))?,
            password_hash: PasswordHash::new(row.text("password_hash")?),
            first_name: name(&row, "first_name")?,
            last_name: name(&row, "last_name")?,
            roles: Json::read(row.text("roles")?.as_bytes())
                .ok()
                .and_then(Json::into_texts)
                .and_then(|roles| Roles::new(roles).ok())
                .ok_or_else(|| malformed("roles"))?,
            email_verified_at: row.optional_number("email_verified_at")?,
            disabled_at: row.optional_number("disabled_at")?,
            session_epoch: row
                .number("session_epoch")?
                .try_into()
                .map_err(|_| malformed("session_epoch"))?,
            version: row.number("version")?,
            link_generation: row.number("link_generation")?,
            link_nonce: LinkNonce::from_stored(row.text("link_nonce")?),
            external_id: row
                .optional_text("external_id")?
                .map(|id| ExternalId::parse(&id).ok_or_else(|| malformed("external_id")))
                .transpose()?,
            created_at: row.number("created_at")?,
            updated_at: row.number("updated_at")?,
        })
    }
}

impl TryFrom<Row> for Departure {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        Ok(Self {
            user: UserId::parse(&row.text("user")?).ok_or_else(|| malformed("user"))?,
            address: row.text("address")?,
            left_at: row.number("left_at")?,
        })
    }
}

/// The values of a new row, in the order of the statement that adds the row.
fn columns(user: &User) -> Json {
    let text = |text: &str| Json::String(text.to_owned());
    let optional = |value: Option<&str>| value.map_or(Json::Null, text);
    let time = |time: Option<u64>| time.map_or(Json::Null, Json::Integer);
    Json::Array(vec![
        text(&user.id.to_string()),
        text(user.email.as_given()),
        text(user.email.canonical()),
        text(user.password_hash.as_str()),
        optional(user.first_name.as_ref().map(Name::as_str)),
        optional(user.last_name.as_ref().map(Name::as_str)),
        text(&roles_to_json(&user.roles)),
        time(user.email_verified_at),
        time(user.disabled_at),
        Json::Integer(user.session_epoch.into()),
        Json::Integer(user.version),
        Json::Integer(user.created_at),
        Json::Integer(user.updated_at),
        Json::Integer(user.link_generation),
        text(user.link_nonce.as_str()),
        optional(user.external_id.as_ref().map(ExternalId::as_str)),
    ])
}

fn roles_to_json(roles: &Roles) -> String {
    roles.to_vec().into_iter().collect::<Json>().to_text()
}

fn keys_to_json(condition: Option<&NotFreedSince>) -> String {
    let keys = condition.map(|condition| condition.keys.iter().cloned());
    keys.into_iter().flatten().collect::<Json>().to_text()
}

fn name(row: &Row, column: &str) -> Result<Option<Name>, StoreError> {
    row.optional_text(column)?
        .map(|text| Name::parse(&text).map_err(|_| malformed(column)))
        .transpose()
}
