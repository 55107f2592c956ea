//! /auth/clients, /auth/clients/{id} and the paths below it for secrets. Administrators and
//! operators manage apps here.

use serde::Serialize;

use super::Outcome;
use super::users::id::note;
use crate::domain::authorization::{
    AppClient, ClientFields, ClientId, IdTokenAlg, RedirectUri, Resource, Scope, SecretId,
    StoredSecret,
};
use crate::domain::error::Error;
use crate::edge::answer::Answer;
use crate::edge::body;
use crate::edge::problem::Problem;
use crate::edge::request::Request;
use crate::ports::{Ports, RegisteredClient};
use crate::service::AuthService;
use edgegate_token::json::Json;

pub(crate) async fn list<P: Ports>(service: &AuthService<P>, request: &Request<'_>) -> Outcome {
    let token = request.bearer()?;
    let after = cursor(request.query)?;
    let page = service.list_clients(token, after.as_ref()).await?;
    let body = ClientsBody {
        clients: page.clients.iter().map(ClientBody::from).collect(),
        cursor: page.next.as_ref().map(ClientId::as_str),
    };
    Ok(Answer::json(200, &body))
}

pub(crate) async fn create<P: Ports>(service: &AuthService<P>, request: &Request<'_>) -> Outcome {
    let token = request.bearer()?;
    let fields = fields(body::json(request, FIELDS)?)?;
    let created = service.create_client(token, fields).await?;
    let id = &created.client.id;
    let body = CreatedBody {
        client: ClientBody::from(&created.client),
        client_secret: created.secret.as_ref().map(|secret| secret.expose()),
    };
    Ok(Answer::json(201, &body)
        .with("Location", format!("/auth/clients/{id}"))
        .noted(note(None, format!("made the client {id}"))))
}

pub(crate) async fn get<P: Ports>(service: &AuthService<P>, request: &Request<'_>) -> Outcome {
    let token = request.bearer()?;
    let id = client_id(service, request, token).await?;
    let found = service.read_client(token, &id).await?;
    Ok(Answer::json(200, &RegisteredBody::from(&found)))
}

pub(crate) async fn patch<P: Ports>(service: &AuthService<P>, request: &Request<'_>) -> Outcome {
    let token = request.bearer()?;
    let id = client_id(service, request, token).await?;
    let mut members = body::merge_patch(request, FIELDS)?;
    for (member, name) in members.iter_mut().zip(FIELDS) {
        if name != ID_TOKEN_ALG {
            *member = body::not_removed(name, member.take())?;
        }
    }
    let changed = service.change_client(token, &id, fields(members)?).await?;
    Ok(Answer::json(200, &RegisteredBody::from(&changed)))
}

pub(crate) async fn delete<P: Ports>(service: &AuthService<P>, request: &Request<'_>) -> Outcome {
    let token = request.bearer()?;
    let id = client_id(service, request, token).await?;
    let manager = service.delete_client(token, &id).await?;
    let reason = format!("deleted the client {id}");
    Ok(Answer::empty(204).noted(note(manager.bearer(), reason)))
}

pub(crate) async fn add_secret<P: Ports>(
    service: &AuthService<P>,
    request: &Request<'_>,
) -> Outcome {
    let token = request.bearer()?;
    let id = client_id(service, request, token).await?;
    let created = service.add_client_secret(token, &id).await?;
    let body = CreatedSecretBody {
        secret: SecretBody::from(&created.stored),
        client_secret: created.secret.expose(),
    };
    let secret = created.stored.id;
    Ok(Answer::json(201, &body)
        .with("Location", format!("/auth/clients/{id}/secrets/{secret}"))
        .noted(note(None, format!("made the secret {secret} of {id}"))))
}

pub(crate) async fn delete_secret<P: Ports>(
    service: &AuthService<P>,
    request: &Request<'_>,
) -> Outcome {
    let token = request.bearer()?;
    let id = client_id(service, request, token).await?;
    let Some(secret) = SecretId::parse(request.second_id_in_path()) else {
        // Callers who are not signed in get 401, so they don't learn whether the id in the path is
        // valid.
        service.require_signed_in(token).await?;
        return Err(Error::UnknownSecret.into());
    };
    let manager = service.delete_client_secret(token, &id, secret).await?;
    let reason = format!("deleted the secret {secret} of {id}");
    Ok(Answer::empty(204).noted(note(manager.bearer(), reason)))
}

/// The members of a body that creates or changes a client.
const FIELDS: [&str; 9] = [
    "name",
    "type",
    "first_party",
    "redirect_uris",
    "post_logout_redirect_uris",
    "resources",
    "scopes",
    ID_TOKEN_ALG,
    "disabled",
];

/// The only member that may be `null`. `null` means that the algorithm depends on the signing key.
const ID_TOKEN_ALG: &str = "id_token_signed_response_alg";

fn fields(members: [Option<Json>; FIELDS.len()]) -> Result<ClientFields, Problem> {
    let [
        name,
        kind,
        first_party,
        redirect_uris,
        post_logout_redirect_uris,
        resources,
        scopes,
        alg,
        disabled,
    ] = members;
    Ok(ClientFields {
        name: body::text("name", name)?,
        kind: body::text("type", kind)?,
        first_party: body::flag("first_party", first_party)?,
        redirect_uris: body::text_list("redirect_uris", redirect_uris)?,
        post_logout_redirect_uris: body::text_list(
            "post_logout_redirect_uris",
            post_logout_redirect_uris,
        )?,
        resources: body::text_list("resources", resources)?,
        scopes: body::text_list("scopes", scopes)?,
        id_token_signed_response_alg: body::text_edit(ID_TOKEN_ALG, alg)?,
        disabled: body::flag("disabled", disabled)?,
    })
}

/// The client id in the path. Callers who are not signed in get 401, so they don't learn whether
/// the id is valid.
async fn client_id<P: Ports>(
    service: &AuthService<P>,
    request: &Request<'_>,
    token: &str,
) -> Result<ClientId, Problem> {
    if let Some(id) = ClientId::parse(request.id_in_path()) {
        return Ok(id);
    }
    service.require_signed_in(token).await?;
    Err(Error::UnknownClient.into())
}

/// Reads the cursor from the query, which may have no other parameter.
fn cursor(query: &str) -> Result<Option<ClientId>, Problem> {
    let mut cursor = None;
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        let id = ClientId::parse(&value).filter(|_| name == "cursor" && cursor.is_none());
        cursor = Some(id.ok_or_else(|| {
            Problem::invalid_request("there is cursor (from the page before), once")
        })?);
    }
    Ok(cursor)
}

/// One page of the list of clients.
#[derive(Serialize)]
struct ClientsBody<'a> {
    clients: Vec<ClientBody<'a>>,
    cursor: Option<&'a str>,
}

/// A client, as an administrator or an operator sees it.
#[derive(Serialize)]
struct ClientBody<'a> {
    client_id: &'a str,
    name: &'a str,
    r#type: &'static str,
    first_party: bool,
    redirect_uris: Vec<&'a str>,
    post_logout_redirect_uris: Vec<&'a str>,
    resources: Vec<&'a str>,
    scopes: Vec<&'a str>,
    id_token_signed_response_alg: Option<&'static str>,
    disabled: bool,
    created_at: u64,
}

impl<'a> From<&'a AppClient> for ClientBody<'a> {
    fn from(client: &'a AppClient) -> Self {
        let uris = |uris: &'a [RedirectUri]| uris.iter().map(RedirectUri::as_str).collect();
        Self {
            client_id: client.id.as_str(),
            name: &client.name,
            r#type: client.kind.as_str(),
            first_party: client.first_party,
            redirect_uris: uris(&client.redirect_uris),
            post_logout_redirect_uris: uris(&client.post_logout_redirect_uris),
            resources: client.resources.iter().map(Resource::as_str).collect(),
            scopes: client.scopes.iter().map(Scope::as_str).collect(),
            id_token_signed_response_alg: client.id_token_alg.map(IdTokenAlg::as_str),
            disabled: client.disabled_at.is_some(),
            created_at: client.created_at,
        }
    }
}

/// A client that was just created.
#[derive(Serialize)]
struct CreatedBody<'a> {
    #[serde(flatten)]
    client: ClientBody<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret: Option<&'a str>,
}

/// A client with the ids and the dates of its secrets.
#[derive(Serialize)]
struct RegisteredBody<'a> {
    #[serde(flatten)]
    client: ClientBody<'a>,
    secrets: Vec<SecretBody>,
}

impl<'a> From<&'a RegisteredClient> for RegisteredBody<'a> {
    fn from(registered: &'a RegisteredClient) -> Self {
        Self {
            client: ClientBody::from(&registered.client),
            secrets: registered.secrets.iter().map(SecretBody::from).collect(),
        }
    }
}

/// The id and the date of a secret, without the secret itself.
#[derive(Serialize)]
struct SecretBody {
    id: String,
    created_at: u64,
}

impl From<&StoredSecret> for SecretBody {
    fn from(secret: &StoredSecret) -> Self {
        Self {
            id: secret.id.to_string(),
            created_at: secret.created_at,
        }
    }
}

/// A secret that was just made.
#[derive(Serialize)]
struct CreatedSecretBody<'a> {
    #[serde(flatten)]
    secret: SecretBody,
    client_secret: &'a str,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries() {
        assert_eq!(cursor("").ok(), Some(None));
        let id = ClientId::parse("abc");
        assert_eq!(cursor("cursor=abc").ok(), Some(id));
        for text in ["cursor=", "cursor=a&cursor=b", "limit=1", "cursor=%20"] {
            assert!(cursor(text).is_err(), "{text}");
        }
    }
}
