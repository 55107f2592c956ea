//! The registered apps in D1. `migrations/0013_apps.sql` has the tables.

use serde::Deserialize;
use wasm_bindgen::JsValue;

use super::d1::{Database, Row, malformed, number, optional, text};
use crate::domain::authorization::{
    AppClient, ClientId, ClientSecretHash, ClientType, IdTokenAlg, RedirectUri, Resource, Scope,
    SecretId, StoredSecret,
};
use crate::domain::error::StoreError;
use crate::domain::json;
use crate::domain::policy::CLIENT_SECRETS_MAX;
use crate::ports::{AddedSecret, Clients, RegisteredClient};

/// The apps in a D1 database, read from its primary copy.
#[derive(Debug)]
pub struct D1Clients(Database);

impl D1Clients {
    /// The apps in this database.
    #[must_use]
    pub fn new(database: Database) -> Self {
        Self(database)
    }
}

const INSERT_SECRET: &str = "INSERT INTO client_secrets (id, client, hash, created_at) \
                             SELECT ?1, ?2, ?3, ?4 WHERE EXISTS (SELECT 1 FROM clients WHERE id = ?2) \
                             AND (SELECT count(*) FROM client_secrets WHERE client = ?2) < ?5 RETURNING id";

impl Clients for D1Clients {
    async fn find(&self, id: &ClientId) -> Result<Option<RegisteredClient>, StoreError> {
        let sql = "SELECT clients.*, (SELECT json_group_array(json_object(\
                   'id', id, 'hash', hash, 'created_at', created_at)) \
                   FROM (SELECT * FROM client_secrets WHERE client = ?1 ORDER BY id)) AS secrets \
                   FROM clients WHERE id = ?1";
        let row = self.0.first(sql, vec![text(id.as_str())]).await?;
        row.map(|row| {
            let secrets = secrets(&row)?;
            let client = AppClient::try_from(row)?;
            Ok(RegisteredClient { client, secrets })
        })
        .transpose()
    }

    async fn list(
        &self,
        after: Option<&ClientId>,
        limit: u32,
    ) -> Result<Vec<AppClient>, StoreError> {
        let sql = "SELECT * FROM clients WHERE id > ?1 ORDER BY id LIMIT ?2";
        // The empty text sorts before every id.
        let after = after.map_or("", ClientId::as_str);
        let rows = self
            .0
            .all(sql, vec![text(after), number(limit.into())])
            .await?;
        rows.into_iter().map(AppClient::try_from).collect()
    }

    async fn create(
        &self,
        client: &AppClient,
        secret: Option<&StoredSecret>,
    ) -> Result<bool, StoreError> {
        let sql = "INSERT INTO clients (id, name, type, first_party, redirect_uris, \
                   post_logout_redirect_uris, resources, scopes, id_token_alg, disabled_at, created_at, version) \
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12) \
                   ON CONFLICT (id) DO NOTHING RETURNING id";
        let mut statements = vec![(sql, values(client))];
        if let Some(secret) = secret {
            // `changes() = 1` means that the previous statement inserted the app. Without this
            // condition, if another app already had this id, that app would get a secret that the
            // caller knows.
            let sql = "INSERT INTO client_secrets (id, client, hash, created_at) \
                       SELECT ?1, ?2, ?3, ?4 WHERE changes() = 1";
            statements.push((sql, secret_values(&client.id, secret)));
        }
        let inserted = self.0.batch(statements).await?;
        Ok(inserted.first().is_some_and(|rows| !rows.is_empty()))
    }

    async fn change(&self, client: &AppClient, if_version: u64) -> Result<bool, StoreError> {
        let sql = "UPDATE clients SET name = ?2, type = ?3, first_party = ?4, redirect_uris = ?5, \
                   post_logout_redirect_uris = ?6, resources = ?7, scopes = ?8, id_token_alg = ?9, \
                   disabled_at = ?10, created_at = ?11, version = ?12 \
                   WHERE id = ?1 AND version = ?13 RETURNING id";
        let mut values = values(client);
        values.push(number(if_version));
        if client.first_party {
            return Ok(self.0.first(sql, values).await?.is_some());
        }
        // After the change the app is not a first-party app. If it was one until now, its grants
        // are deleted, because users were never asked for them.
        let forget = "DELETE FROM grants WHERE client = ?1 AND EXISTS (\
                      SELECT 1 FROM clients WHERE id = ?1 AND version = ?2 AND first_party = 1)";
        let of_first_party = vec![text(client.id.as_str()), number(if_version)];
        let answers = self
            .0
            .batch(vec![(forget, of_first_party), (sql, values)])
            .await?;
        Ok(answers.last().is_some_and(|rows| !rows.is_empty()))
    }

    async fn delete(&self, id: &ClientId) -> Result<bool, StoreError> {
        let id = || vec![text(id.as_str())];
        let deleted = self
            .0
            .batch(vec![
                ("DELETE FROM clients WHERE id = ?1 RETURNING id", id()),
                ("DELETE FROM client_secrets WHERE client = ?1", id()),
                ("DELETE FROM grants WHERE client = ?1", id()),
            ])
            .await?;
        Ok(deleted.first().is_some_and(|rows| !rows.is_empty()))
    }

    async fn add_secret(
        &self,
        id: &ClientId,
        secret: &StoredSecret,
    ) -> Result<AddedSecret, StoreError> {
        let mut values = secret_values(id, secret);
        values.push(number(CLIENT_SECRETS_MAX.try_into().unwrap_or(0)));
        let sql = "SELECT 1 AS found FROM clients WHERE id = ?1";
        let answers = self
            .0
            .batch(vec![
                (INSERT_SECRET, values),
                (sql, vec![text(id.as_str())]),
            ])
            .await?;
        let [added, found] = answers.as_slice() else {
            return Err(malformed("secret"));
        };
        Ok(match (added.is_empty(), found.is_empty()) {
            (false, _) => AddedSecret::Added,
            (true, false) => AddedSecret::TooMany,
            (true, true) => AddedSecret::UnknownClient,
        })
    }

    async fn delete_secret(&self, id: &ClientId, secret: SecretId) -> Result<bool, StoreError> {
        let sql = "DELETE FROM client_secrets WHERE id = ?1 AND client = ?2 RETURNING id";
        let values = vec![text(&secret.to_string()), text(id.as_str())];
        Ok(self.0.first(sql, values).await?.is_some())
    }
}

/// The values of an app's columns, in the order of the statements' parameters.
fn values(client: &AppClient) -> Vec<JsValue> {
    let uris = |uris: &[RedirectUri]| list(uris.iter().map(RedirectUri::as_str));
    vec![
        text(client.id.as_str()),
        text(&client.name),
        text(client.kind.as_str()),
        number(client.first_party.into()),
        text(&uris(&client.redirect_uris)),
        text(&uris(&client.post_logout_redirect_uris)),
        text(&list(client.resources.iter().map(Resource::as_str))),
        text(&list(client.scopes.iter().map(Scope::as_str))),
        optional(client.id_token_alg.map(|alg| text(alg.as_str()))),
        optional(client.disabled_at.map(number)),
        number(client.created_at),
        number(client.version),
    ]
}

fn secret_values(id: &ClientId, secret: &StoredSecret) -> Vec<JsValue> {
    vec![
        text(&secret.id.to_string()),
        text(id.as_str()),
        text(&hex(secret.hash.as_bytes())),
        number(secret.created_at),
    ]
}

/// A JSON list, as it is stored in a column.
pub(super) fn list<'a>(texts: impl Iterator<Item = &'a str>) -> String {
    json::encode(&texts.collect::<Vec<_>>())
}

/// Reads a JSON list from a column. `read` parses one item.
pub(super) fn read_list<T>(
    row: &Row,
    column: &str,
    read: impl Fn(&str) -> Option<T>,
) -> Result<Vec<T>, StoreError> {
    let texts: Option<Vec<String>> = json::decode(&row.text(column)?);
    texts
        .and_then(|texts| texts.iter().map(|text| read(text)).collect())
        .ok_or_else(|| malformed(column))
}

impl TryFrom<Row> for AppClient {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let uri = |text: &str| RedirectUri::register(text).ok();
        let alg = row.optional_text("id_token_alg")?;
        let alg = alg.map(|alg| IdTokenAlg::parse(&alg).ok_or_else(|| malformed("id_token_alg")));
        Ok(Self {
            id: ClientId::parse(&row.text("id")?).ok_or_else(|| malformed("id"))?,
            name: row.text("name")?,
            kind: ClientType::parse(&row.text("type")?).ok_or_else(|| malformed("type"))?,
            first_party: row.number("first_party")? == 1,
            redirect_uris: read_list(&row, "redirect_uris", uri)?,
            post_logout_redirect_uris: read_list(&row, "post_logout_redirect_uris", uri)?,
            resources: read_list(&row, "resources", |text| Resource::parse(text).ok())?,
            scopes: read_list(&row, "scopes", |text| Scope::parse(text).ok())?,
            id_token_alg: alg.transpose()?,
            disabled_at: row.optional_number("disabled_at")?,
            created_at: row.number("created_at")?,
            version: row.number("version")?,
        })
    }
}

/// A secret, as it is in the JSON of an app's row.
#[derive(Deserialize)]
struct SecretRow {
    id: SecretId,
    hash: String,
    created_at: u64,
}

fn secrets(row: &Row) -> Result<Vec<StoredSecret>, StoreError> {
    let rows: Option<Vec<SecretRow>> = json::decode(&row.text("secrets")?);
    let read = |row: &SecretRow| {
        Some(StoredSecret {
            id: row.id,
            hash: ClientSecretHash::from_bytes(unhex(&row.hash)?),
            created_at: row.created_at,
        })
    };
    rows.and_then(|rows| rows.iter().map(read).collect())
        .ok_or_else(|| malformed("secrets"))
}

fn hex(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from_digit(value.into(), 16).unwrap_or('0');
    bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 15)])
        .collect()
}

fn unhex(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    for (index, byte) in bytes.iter_mut().enumerate() {
        let at = index.checked_mul(2)?;
        *byte = u8::from_str_radix(text.get(at..at.checked_add(2)?)?, 16).ok()?;
    }
    Some(bytes)
}
