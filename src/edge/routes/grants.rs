//! /auth/grants and /auth/grants/{id}: the permissions that the signed-in user has given to apps.

use serde::Serialize;

use super::Outcome;
use super::users::id::note;
use crate::domain::authorization::{GrantId, Resource, Scope};
use crate::domain::error::Error;
use crate::edge::answer::Answer;
use crate::edge::request::Request;
use crate::ports::{GivenGrant, Ports};
use crate::service::AuthService;

pub(crate) async fn list<P: Ports>(service: &AuthService<P>, request: &Request<'_>) -> Outcome {
    let grants = service.list_grants(request.bearer()?).await?;
    let body = GrantsBody {
        grants: grants.iter().map(GrantBody::from).collect(),
    };
    Ok(Answer::json(200, &body))
}

pub(crate) async fn delete<P: Ports>(service: &AuthService<P>, request: &Request<'_>) -> Outcome {
    let token = request.bearer()?;
    let Some(id) = GrantId::parse(request.id_in_path()) else {
        // Callers who are not signed in get 401, so they don't learn whether the id in the path is
        // valid.
        service.bearer(token).await?;
        return Err(Error::UnknownGrant.into());
    };
    let bearer = service.withdraw_grant(token, id).await?;
    Ok(Answer::empty(204).noted(note(Some(&bearer), format!("withdrew {id}"))))
}

#[derive(Serialize)]
struct GrantsBody<'a> {
    grants: Vec<GrantBody<'a>>,
}

#[derive(Serialize)]
struct GrantBody<'a> {
    id: String,
    client_id: &'a str,
    name: &'a str,
    scopes: Vec<&'a str>,
    resource: Option<&'a str>,
    given_at: u64,
}

impl<'a> From<&'a GivenGrant> for GrantBody<'a> {
    fn from(given: &'a GivenGrant) -> Self {
        let grant = &given.grant;
        Self {
            id: grant.id.to_string(),
            client_id: grant.client.as_str(),
            name: given.name(),
            scopes: grant.scopes.iter().map(Scope::as_str).collect(),
            resource: grant.resource.as_ref().map(Resource::as_str),
            given_at: grant.given_at,
        }
    }
}
