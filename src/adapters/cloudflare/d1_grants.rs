//! What users have granted to apps, in D1. `migrations/0013_apps.sql` has the table.

use super::d1::{Database, Row, malformed, number, text};
use super::d1_clients::{list, read_list};
use crate::domain::account::UserId;
use crate::domain::authorization::{ClientId, Grant, GrantId, Resource, Scope, Scopes};
use crate::domain::error::StoreError;
use crate::domain::policy::SCOPES_MAX_BYTES;
use crate::ports::{GivenGrant, Grants};

/// The grants in a D1 database, read from its primary copy.
#[derive(Debug)]
pub struct D1Grants(Database);

impl D1Grants {
    /// The grants in this database.
    #[must_use]
    pub fn new(database: Database) -> Self {
        Self(database)
    }
}

impl Grants for D1Grants {
    async fn give(&self, grant: &Grant) -> Result<Grant, StoreError> {
        // The first conflict (index `grants_live`) occurs if the user has a grant that is not
        // withdrawn. In this case the scopes are merged. The second conflict occurs if a call is
        // repeated after its grant was withdrawn. In this case the grant stays withdrawn.
        let sql = "INSERT INTO grants (id, user, client, resource, scopes, given_at) \
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6) \
                   ON CONFLICT (user, client, resource) WHERE withdrawn_at IS NULL DO UPDATE SET scopes = (\
                   SELECT CASE WHEN sum(length(value) + 1) <= ?7 THEN json_group_array(value) \
                   ELSE excluded.scopes END FROM (\
                   SELECT value FROM json_each(grants.scopes) \
                   UNION SELECT value FROM json_each(excluded.scopes) ORDER BY value)) \
                   ON CONFLICT (id) DO UPDATE SET given_at = given_at RETURNING *";
        let scopes = list(grant.scopes.iter().map(Scope::as_str));
        let most = SCOPES_MAX_BYTES.saturating_add(1).try_into();
        let values = vec![
            text(&grant.id.to_string()),
            text(&grant.user.to_string()),
            text(grant.client.as_str()),
            text(resource_key(grant.resource.as_ref())),
            text(&scopes),
            number(grant.given_at),
            number(most.unwrap_or(0)),
        ];
        let row = self.0.first(sql, values).await?;
        row.ok_or_else(|| malformed("id")).and_then(Grant::try_from)
    }

    async fn find_live(
        &self,
        user: UserId,
        client: &ClientId,
        resource: Option<&Resource>,
    ) -> Result<Option<Grant>, StoreError> {
        let sql = "SELECT * FROM grants WHERE user = ?1 AND client = ?2 AND resource = ?3 \
                   AND withdrawn_at IS NULL";
        let values = vec![
            text(&user.to_string()),
            text(client.as_str()),
            text(resource_key(resource)),
        ];
        let row = self.0.first(sql, values).await?;
        row.map(Grant::try_from).transpose()
    }

    async fn find(&self, id: GrantId) -> Result<Option<Grant>, StoreError> {
        let sql = "SELECT * FROM grants WHERE id = ?1";
        let row = self.0.first(sql, vec![text(&id.to_string())]).await?;
        row.map(Grant::try_from).transpose()
    }

    async fn list(&self, user: UserId) -> Result<Vec<GivenGrant>, StoreError> {
        let sql = "SELECT grants.*, clients.name AS client_name FROM grants \
                   LEFT JOIN clients ON clients.id = grants.client \
                   WHERE user = ?1 AND withdrawn_at IS NULL ORDER BY grants.id DESC";
        let rows = self.0.all(sql, vec![text(&user.to_string())]).await?;
        rows.into_iter()
            .map(|row| {
                Ok(GivenGrant {
                    client_name: row.optional_text("client_name")?,
                    grant: Grant::try_from(row)?,
                })
            })
            .collect()
    }

    async fn withdraw(
        &self,
        id: GrantId,
        user: UserId,
        now: u64,
    ) -> Result<Option<Grant>, StoreError> {
        let sql = "UPDATE grants SET withdrawn_at = coalesce(withdrawn_at, ?3) \
                   WHERE id = ?1 AND user = ?2 RETURNING *";
        let values = vec![text(&id.to_string()), text(&user.to_string()), number(now)];
        let row = self.0.first(sql, values).await?;
        row.map(Grant::try_from).transpose()
    }

    async fn forget(&self, user: UserId) -> Result<(), StoreError> {
        let sql = "DELETE FROM grants WHERE user = ?1";
        self.0
            .first(sql, vec![text(&user.to_string())])
            .await
            .map(drop)
    }

    async fn forget_withdrawn(&self, before: u64) -> Result<(), StoreError> {
        let sql = "DELETE FROM grants WHERE withdrawn_at < ?1";
        self.0.first(sql, vec![number(before)]).await.map(drop)
    }
}

/// The value of the column `resource`: the canonical spelling, so two spellings of one resource
/// have the same value.
fn resource_key(resource: Option<&Resource>) -> &str {
    resource.map_or("", Resource::canonical)
}

impl TryFrom<Row> for Grant {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let resource = row.text("resource")?;
        let resource = Some(resource).filter(|text| !text.is_empty());
        let resource =
            resource.map(|text| Resource::parse(&text).map_err(|_| malformed("resource")));
        let scopes = read_list(&row, "scopes", |text| Scope::parse(text).ok())?;
        Ok(Self {
            id: GrantId::parse(&row.text("id")?).ok_or_else(|| malformed("id"))?,
            user: UserId::parse(&row.text("user")?).ok_or_else(|| malformed("user"))?,
            client: ClientId::parse(&row.text("client")?).ok_or_else(|| malformed("client"))?,
            scopes: Scopes::new(scopes).map_err(|_| malformed("scopes"))?,
            resource: resource.transpose()?,
            given_at: row.number("given_at")?,
            withdrawn_at: row.optional_number("withdrawn_at")?,
        })
    }
}
