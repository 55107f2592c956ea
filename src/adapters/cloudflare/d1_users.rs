//! The accounts in D1. Every statement has bound parameters only, and stands here whole.

use serde::Deserialize;
use worker::D1Database;
use worker::wasm_bindgen::JsValue;

use crate::domain::account::{EmailAddress, Name, PasswordHash, Roles, User, UserChange, UserId};
use crate::domain::error::StoreError;
use crate::ports::{Insertion, UserDirectory};

/// The accounts in a D1 database, read from its primary copy.
#[derive(Debug)]
pub struct D1Users(D1Database);

impl D1Users {
    /// The directory in this database.
    #[must_use]
    pub fn new(database: D1Database) -> Self {
        Self(database)
    }

    async fn row(&self, sql: &str, values: Vec<JsValue>) -> Result<Option<Row>, StoreError> {
        self.0
            .prepare(sql)
            .bind(&values)
            .map_err(failed)?
            .first::<Row>(None)
            .await
            .map_err(failed)
    }
}

impl UserDirectory for D1Users {
    async fn find_by_id(&self, id: UserId) -> Result<Option<User>, StoreError> {
        self.row(
            "SELECT * FROM users WHERE id = ?1",
            vec![text(&id.to_string())],
        )
        .await?
        .map(User::try_from)
        .transpose()
    }

    async fn find_by_email(&self, email: &EmailAddress) -> Result<Option<User>, StoreError> {
        self.row(
            "SELECT * FROM users WHERE email_canonical = ?1",
            vec![text(email.canonical())],
        )
        .await?
        .map(User::try_from)
        .transpose()
    }

    async fn insert(&self, user: &User) -> Result<Insertion, StoreError> {
        let inserted = self
            .row(
                "INSERT INTO users (id, email, email_canonical, password_hash, first_name, last_name, roles, \
                 email_verified_at, disabled_at, session_epoch, version, created_at, updated_at) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13) \
                 ON CONFLICT DO NOTHING RETURNING *",
                vec![
                    text(&user.id.to_string()),
                    text(user.email.as_given()),
                    text(user.email.canonical()),
                    text(user.password_hash.as_str()),
                    optional(user.first_name.as_ref().map(|name| text(name.as_str()))),
                    optional(user.last_name.as_ref().map(|name| text(name.as_str()))),
                    text(&roles_to_json(&user.roles)?),
                    optional(user.email_verified_at.map(number)),
                    optional(user.disabled_at.map(number)),
                    number(user.session_epoch.into()),
                    number(user.version),
                    number(user.created_at),
                    number(user.updated_at),
                ],
            )
            .await?;
        Ok(match inserted {
            Some(_) => Insertion::Inserted,
            None => Insertion::EmailTaken,
        })
    }

    async fn update(
        &self,
        id: UserId,
        change: &UserChange,
        now: u64,
    ) -> Result<Option<User>, StoreError> {
        let roles = change.roles.as_ref().map(roles_to_json).transpose()?;
        self.row(
            "UPDATE users SET \
             first_name = coalesce(?2, first_name), \
             last_name = coalesce(?3, last_name), \
             roles = coalesce(?4, roles), \
             disabled_at = CASE ?5 WHEN 1 THEN coalesce(disabled_at, ?7) WHEN 0 THEN NULL ELSE disabled_at END, \
             session_epoch = session_epoch + ?6, \
             version = version + 1, \
             updated_at = ?7 \
             WHERE id = ?1 RETURNING *",
            vec![
                text(&id.to_string()),
                optional(change.first_name.as_ref().map(|name| text(name.as_str()))),
                optional(change.last_name.as_ref().map(|name| text(name.as_str()))),
                optional(roles.as_deref().map(text)),
                optional(change.disabled.map(|disabled| number(disabled.into()))),
                number(change.ends_sessions().into()),
                number(now),
            ],
        )
        .await?
        .map(User::try_from)
        .transpose()
    }

    async fn rehash(
        &self,
        id: UserId,
        old: &PasswordHash,
        new: &PasswordHash,
    ) -> Result<(), StoreError> {
        self.row(
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
        self.0
            .prepare("SELECT id, version FROM users LIMIT 1")
            .run()
            .await
            .map(drop)
            .map_err(failed)
    }
}

/// A row of `users`; a stored value is data and is checked like any other.
#[derive(Deserialize)]
struct Row {
    id: String,
    email: String,
    password_hash: String,
    first_name: Option<String>,
    last_name: Option<String>,
    roles: String,
    email_verified_at: Option<u64>,
    disabled_at: Option<u64>,
    session_epoch: u32,
    version: u64,
    created_at: u64,
    updated_at: u64,
}

impl TryFrom<Row> for User {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let name = |text: Option<String>, column| {
            text.map(|text| Name::parse(&text).map_err(|_| malformed(column)))
                .transpose()
        };
        Ok(Self {
            id: UserId::parse(&row.id).ok_or_else(|| malformed("id"))?,
            email: EmailAddress::parse(&row.email).map_err(|_| malformed("email"))?,
            password_hash: PasswordHash::new(row.password_hash),
            first_name: name(row.first_name, "first_name")?,
            last_name: name(row.last_name, "last_name")?,
            roles: serde_json::from_str(&row.roles)
                .ok()
                .and_then(|roles: Vec<String>| Roles::new(roles).ok())
                .ok_or_else(|| malformed("roles"))?,
            email_verified_at: row.email_verified_at,
            disabled_at: row.disabled_at,
            session_epoch: row.session_epoch,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

fn roles_to_json(roles: &Roles) -> Result<String, StoreError> {
    serde_json::to_string(&roles.to_vec()).map_err(|_| malformed("roles"))
}

fn text(value: &str) -> JsValue {
    JsValue::from_str(value)
}

/// D1 takes JavaScript numbers; counters and times stay far below 2^53.
#[allow(clippy::cast_precision_loss, reason = "below 2^53")]
fn number(value: u64) -> JsValue {
    JsValue::from_f64(value as f64)
}

fn optional(value: Option<JsValue>) -> JsValue {
    value.unwrap_or(JsValue::NULL)
}

#[allow(clippy::needless_pass_by_value, reason = "for map_err")]
fn failed(error: worker::Error) -> StoreError {
    StoreError::new("d1", error.to_string())
}

fn malformed(column: &str) -> StoreError {
    StoreError::new("d1", format!("a user with a malformed {column}"))
}
