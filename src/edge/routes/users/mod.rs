//! /auth/users: all accounts, for administrators.

pub mod export;
pub mod id;
pub mod import;

use serde::Serialize;

use super::{Outcome, UserBody, locale};
use crate::domain::account::{User, UserId};
use crate::domain::policy::{EMAIL_BYTES, MAX_USERS_PER_PAGE, USERS_PER_PAGE};
use crate::edge::answer::{Answer, Note};
use crate::edge::body;
use crate::edge::problem::Problem;
use crate::edge::request::Request;
use crate::ports::Ports;
use crate::service::AuthService;
use crate::service::manage_users::{Invitee, UserPage};

pub(crate) async fn list<P: Ports>(service: &AuthService<P>, request: &Request<'_>) -> Outcome {
    let token = request.bearer()?;
    let Query {
        cursor,
        limit,
        email,
    } = query(request.query)?;
    let page = match email {
        Some(email) => UserPage {
            users: service
                .find_user(token, &email)
                .await?
                .into_iter()
                .collect(),
            next: None,
        },
        None => service.list_users(token, cursor, limit).await?,
    };
    let body = UsersBody {
        users: page.users.iter().map(ManagedUserBody::from).collect(),
        cursor: page.next.map(|id| id.to_string()),
    };
    Ok(Answer::json(200, &body))
}

pub(crate) async fn create<P: Ports>(service: &AuthService<P>, request: &Request<'_>) -> Outcome {
    let token = request.bearer()?;
    let known = ["email", "first_name", "last_name", "roles"];
    let [email, first_name, last_name, roles] = body::json(request, known)?;
    let email = body::text("email", email)?;
    let roles = body::text_list("roles", roles)?;
    let first_name = body::text("first_name", first_name)?;
    let last_name = body::text("last_name", last_name)?;
    let email = body::required("email", email)?;
    let invitee = Invitee {
        email: &email,
        first_name: first_name.as_deref(),
        last_name: last_name.as_deref(),
    };
    let locale = locale(service, request);
    let user = service.create_user(token, invitee, roles, locale).await?;
    Ok(Answer::json(201, &ManagedUserBody::from(&user))
        .with("Location", format!("/auth/users/{}", user.id))
        .noted(Note {
            reason: Some(format!("made the account {}", user.id)),
            ..Note::default()
        }))
}

/// A page of the list.
#[derive(Serialize)]
struct UsersBody<'a> {
    users: Vec<ManagedUserBody<'a>>,
    cursor: Option<String>,
}

/// What an administrator sees of a user.
#[derive(Serialize)]
struct ManagedUserBody<'a> {
    #[serde(flatten)]
    user: UserBody<'a>,
    disabled: bool,
    created_at: u64,
    updated_at: u64,
}

impl<'a> From<&'a User> for ManagedUserBody<'a> {
    fn from(user: &'a User) -> Self {
        Self {
            user: UserBody::from(user),
            disabled: user.disabled_at.is_some(),
            created_at: user.created_at,
            updated_at: user.updated_at,
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
struct Query {
    cursor: Option<UserId>,
    limit: u32,
    email: Option<String>,
}

/// The flags of a query: `true` or `false`, each at most once. Absent ones are false.
pub(super) fn flags<const N: usize>(text: &str, names: [&str; N]) -> Result<[bool; N], Problem> {
    let mut flags = [None; N];
    for (name, value) in form_urlencoded::parse(text.as_bytes()) {
        let known = names.iter().position(|known| *known == name);
        let slot = known.and_then(|at| flags.get_mut(at));
        match (slot, value.parse::<bool>()) {
            (Some(slot @ None), Ok(value)) => *slot = Some(value),
            _ => {
                let names = names.join(" and ");
                return Err(Problem::invalid_request(format!(
                    "there are {names} (true or false), each once"
                )));
            }
        }
    }
    Ok(flags.map(|flag| flag == Some(true)))
}

fn query(text: &str) -> Result<Query, Problem> {
    let (mut cursor, mut limit, mut email) = (None, None, None);
    for (name, value) in form_urlencoded::parse(text.as_bytes()) {
        let fresh = match &*name {
            "cursor" => UserId::parse(&value).map(|id| cursor.replace(id).is_none()),
            "limit" => value
                .parse::<u32>()
                .ok()
                .filter(|limit| (1..=MAX_USERS_PER_PAGE).contains(limit))
                .map(|number| limit.replace(number).is_none()),
            "email" if value.trim().len() <= EMAIL_BYTES => Some(email.replace(value).is_none()),
            _ => None,
        };
        if fresh != Some(true) {
            return Err(Problem::invalid_request(format!(
                "there are cursor (from the page before), limit (1 to {MAX_USERS_PER_PAGE}) and email, each once"
            )));
        }
    }
    Ok(Query {
        cursor,
        limit: limit.unwrap_or(USERS_PER_PAGE),
        email: email.map(std::borrow::Cow::into_owned),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries() {
        let id = UserId::new(1_764_000_000_000, &[1; 10]);
        let read = query(&format!("limit=2&cursor={id}")).unwrap();
        assert_eq!((read.cursor, read.limit, read.email), (Some(id), 2, None));
        assert_eq!(query("").unwrap().limit, USERS_PER_PAGE);
        let by_email = query("email=ada%2Bx%40example.com").unwrap();
        assert_eq!(by_email.email.unwrap(), "ada+x@example.com");
        for text in [
            "limit=0",
            "limit=201",
            "limit=x",
            "cursor=1",
            "cursor=",
            "page=2",
            "limit=1&limit=2",
        ] {
            assert!(query(text).is_err(), "{text}");
        }
    }
}
