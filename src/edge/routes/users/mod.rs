//! /auth/users: all accounts, for administrators and operators.

pub mod export;
pub mod id;
pub mod import;
pub mod sessions;

use serde::Serialize;

use super::{Outcome, UserBody, locale};
use crate::domain::account::{User, UserId};
use crate::domain::error::{Error, FieldProblem};
use crate::domain::policy::{EMAIL_BYTES, MAX_USERS_PER_PAGE, USERS_PER_PAGE};
use crate::edge::answer::{Answer, Note};
use crate::edge::body;
use crate::edge::problem::Problem;
use crate::edge::query::Query;
use crate::edge::request::Request;
use crate::ports::Ports;
use crate::service::AuthService;
use crate::service::invitation::ReturnedLink;
use crate::service::manage_users::{Invitee, UserPage};

pub(crate) async fn list<P: Ports>(service: &AuthService<P>, request: &Request<'_>) -> Outcome {
    let token = request.bearer()?;
    let (page, limit) = query(request.query)?;
    let (found, by_address) = match &page {
        Page::Address(email) => {
            let user = service.find_user(token, email).await?;
            let users = user.into_iter().collect();
            (UserPage { users, next: None }, false)
        }
        Page::Prefix(prefix, after) => {
            let found = service.find_users(token, prefix, after.as_deref(), limit);
            (found.await?, true)
        }
        Page::All(after) => (service.list_users(token, *after, limit).await?, false),
    };
    let last = found.users.last().filter(|_| by_address);
    let address = last.map(|user| user.email.canonical().to_owned());
    let cursor = found
        .next
        .map(|id| address.unwrap_or_else(|| id.to_string()));
    let body = UsersBody {
        users: found.users.iter().map(ManagedUserBody::from).collect(),
        cursor,
    };
    Ok(Answer::json(200, &body))
}

pub(crate) async fn create<P: Ports>(service: &AuthService<P>, request: &Request<'_>) -> Outcome {
    let token = request.bearer()?;
    let known = ["email", "first_name", "last_name", "roles", "link"];
    let [email, first_name, last_name, roles, link] = body::json(request, known)?;
    let email = body::text("email", email)?;
    let roles = body::text_list("roles", roles)?;
    let first_name = body::text("first_name", first_name)?;
    let last_name = body::text("last_name", last_name)?;
    let returns_link = returns_link(body::text("link", link)?)?;
    let email = body::required("email", email)?;
    let invitee = Invitee {
        email: &email,
        first_name: first_name.as_deref(),
        last_name: last_name.as_deref(),
    };
    let (user, link) = if returns_link {
        let created = service.create_user_with_link(token, invitee, roles).await?;
        (created.0, Some(created.1))
    } else {
        let locale = locale(service, request);
        let created = service.create_user(token, invitee, roles, locale).await?;
        (created, None)
    };
    let body = CreatedBody {
        user: ManagedUserBody::from(&user),
        invitation: link.as_ref().map(InvitationBody::from),
    };
    Ok(Answer::json(201, &body)
        .with("Location", format!("/auth/users/{}", user.id))
        .noted(Note {
            reason: Some(format!("made the account {}", user.id)),
            ..Note::default()
        }))
}

/// Reads the member `link`: whether the link of an invitation is returned to the operator instead
/// of being mailed to the user.
fn returns_link(text: Option<String>) -> Result<bool, Problem> {
    match text.as_deref() {
        None | Some("mail") => Ok(false),
        Some("return") => Ok(true),
        Some(_) => Err(Error::Field("link", FieldProblem::Invalid("unknown")).into()),
    }
}

/// An account that was just created.
#[derive(Serialize)]
struct CreatedBody<'a> {
    #[serde(flatten)]
    user: ManagedUserBody<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    invitation: Option<InvitationBody<'a>>,
}

/// The link of an invitation, which is returned to an operator.
#[derive(Serialize)]
struct InvitationBody<'a> {
    link: &'a str,
    expires_at: u64,
}

impl<'a> From<&'a ReturnedLink> for InvitationBody<'a> {
    fn from(returned: &'a ReturnedLink) -> Self {
        Self {
            link: returned.link.expose(),
            expires_at: returned.expires_at,
        }
    }
}

/// One page of the list of users.
#[derive(Serialize)]
struct UsersBody<'a> {
    users: Vec<ManagedUserBody<'a>>,
    cursor: Option<String>,
}

/// The members of an account that an administrator or an operator sees.
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

/// Which users are on this page of the list.
#[derive(Debug, PartialEq, Eq)]
enum Page {
    /// All users or, if there is an id, only the users whose id comes after it.
    All(Option<UserId>),
    /// The user with this email address.
    Address(String),
    /// The users whose address begins with the first text. If there is a second text, it is the
    /// last address of the previous page, and only users with a later address are listed.
    Prefix(String, Option<String>),
}

const QUERY: Query<4> = Query::new(["cursor", "limit", "email", "prefix"], || {
    format!(
        "there are cursor (from the page before), limit (1 to {MAX_USERS_PER_PAGE}), and email or \
         prefix, each once"
    )
});

fn query(text: &str) -> Result<(Page, u32), Problem> {
    let [cursor, limit, email, prefix] = QUERY.read(text)?;
    let limit = QUERY.limit(limit, MAX_USERS_PER_PAGE, USERS_PER_PAGE)?;
    let length = |text: Option<&str>| text.map_or(0, str::len);
    if length(cursor.as_deref()) > EMAIL_BYTES
        || length(email.as_deref().map(str::trim)) > EMAIL_BYTES
    {
        return Err(QUERY.wrong());
    }
    let page = match (email, prefix) {
        (Some(email), None) => Page::Address(email),
        (None, Some(prefix)) => Page::Prefix(prefix, cursor),
        (None, None) => Page::All(QUERY.parsed(cursor, UserId::parse)?),
        (Some(_), Some(_)) => return Err(QUERY.wrong()),
    };
    Ok((page, limit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries() {
        let id = UserId::new(1_764_000_000_000, &[1; 10]);
        let read = query(&format!("limit=2&cursor={id}")).unwrap();
        assert_eq!(read, (Page::All(Some(id)), 2));
        assert_eq!(query("").unwrap(), (Page::All(None), USERS_PER_PAGE));
        let (by_email, _) = query("email=ada%2Bx%40example.com").unwrap();
        assert_eq!(by_email, Page::Address("ada+x@example.com".to_owned()));
        let (by_prefix, _) = query("prefix=ada%2B&cursor=ada%2Bx%40example.com").unwrap();
        let after = Some("ada+x@example.com".to_owned());
        assert_eq!(by_prefix, Page::Prefix("ada+".to_owned(), after));
        let long = format!("email={}", "a".repeat(EMAIL_BYTES + 1));
        for text in [
            &*long,
            "limit=0",
            "limit=201",
            "limit=x",
            "cursor=1",
            "cursor=",
            "cursor=ada@example.com",
            "email=a@b.c&prefix=a",
            "prefix=a&prefix=b",
            "page=2",
            "limit=1&limit=2",
        ] {
            assert!(query(text).is_err(), "{text}");
        }
    }
}
