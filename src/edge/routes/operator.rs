//! /auth/operator/…: the actions that only an operator may do. An operator authenticates with an
//! operator ticket.

use serde::Serialize;

use super::Outcome;
use crate::domain::account::UserId;
use crate::domain::error::{Error, FieldProblem};
use crate::domain::event::Pseudonym;
use crate::domain::policy::{MAIL_ID_BYTES, MAILS_AT_ONCE, MAX_USERS_PER_PAGE, USERS_PER_PAGE};
use crate::edge::answer::Answer;
use crate::edge::body;
use crate::edge::problem::Problem;
use crate::edge::query::Query;
use crate::edge::request::Request;
use crate::ports::Ports;
use crate::service::AuthService;
use crate::service::manage_mail::FailedMail;
use crate::service::pseudonyms::PseudonymFor;

pub(crate) async fn mail<P: Ports>(service: &AuthService<P>, request: &Request<'_>) -> Outcome {
    let ticket = request.bearer()?;
    let (user, cursor, limit) = mail_query(request.query)?;
    let page = match user {
        Some(user) => {
            service
                .list_failed_mail_of(ticket, user, &cursor, limit)
                .await?
        }
        None => service.list_failed_mail(ticket, &cursor, limit).await?,
    };
    let body = MailsBody {
        mails: page.mails.iter().map(MailBody::from).collect(),
        cursor: page.next,
    };
    Ok(Answer::json(200, &body))
}

pub(crate) async fn retry_mail<P: Ports>(
    service: &AuthService<P>,
    request: &Request<'_>,
) -> Outcome {
    let ticket = request.bearer()?;
    let [given, all] = body::json(request, ["ids", "all"])?;
    let given = ids(body::text_list("ids", given)?)?;
    let chosen = match (given, body::flag("all", all)?) {
        (Some(ids), None) => Some(ids),
        (None, Some(true)) => None,
        _ => {
            let detail = "send either ids, or all with the value true";
            return Err(Problem::invalid_request(detail));
        }
    };
    let mails = service.retry_failed_mail(ticket, chosen.as_deref()).await?;
    Ok(Answer::json(200, &CountBody { mails }))
}

pub(crate) async fn drop_mail<P: Ports>(
    service: &AuthService<P>,
    request: &Request<'_>,
) -> Outcome {
    let ticket = request.bearer()?;
    let [given] = body::json(request, ["ids"])?;
    let given = ids(body::text_list("ids", given)?)?;
    let given = body::required("ids", given)?;
    let mails = service.drop_failed_mail(ticket, &given).await?;
    Ok(Answer::json(200, &CountBody { mails }))
}

pub(crate) async fn restored<P: Ports>(service: &AuthService<P>, request: &Request<'_>) -> Outcome {
    let ticket = request.bearer()?;
    let [cursor] = body::json_texts(request, ["cursor"])?;
    let not_an_id = || Error::Field("cursor", FieldProblem::Invalid("not_an_id"));
    let after = cursor
        .map(|text| UserId::parse(&text).ok_or_else(not_an_id))
        .transpose()?;
    let raised = service.raise_counters(ticket, after).await?;
    let body = RaisedBody {
        accounts: raised.accounts,
        cursor: raised.next.map(|id| id.to_string()),
    };
    Ok(Answer::json(200, &body))
}

pub(crate) async fn pseudonyms<P: Ports>(
    service: &AuthService<P>,
    request: &Request<'_>,
) -> Outcome {
    let ticket = request.bearer()?;
    let [email, ip] = body::json_texts(request, ["email", "ip"])?;
    let named = match (&email, &ip) {
        (Some(email), None) => PseudonymFor::Address(email),
        (None, Some(ip)) => PseudonymFor::Network(ip),
        _ => return Err(Problem::invalid_request("send either email or ip")),
    };
    let pseudonyms = service.pseudonyms(ticket, named).await?;
    let body = PseudonymsBody {
        pseudonyms: pseudonyms.iter().map(Pseudonym::as_str).collect(),
    };
    Ok(Answer::json(200, &body))
}

/// Checks the ids of mails: how many there are, and how long each is.
fn ids(given: Option<Vec<String>>) -> Result<Option<Vec<String>>, Problem> {
    let why = match &given {
        Some(ids) if ids.is_empty() => FieldProblem::Empty,
        Some(ids) if ids.len() > MAILS_AT_ONCE => FieldProblem::Invalid("too_many"),
        Some(ids) if ids.iter().any(|id| id.len() > MAIL_ID_BYTES) => FieldProblem::TooLong,
        _ => return Ok(given),
    };
    Err(Error::Field("ids", why).into())
}

const MAIL_QUERY: Query<3> = Query::new(["user", "cursor", "limit"], || {
    format!(
        "there are cursor (from the page before), limit (1 to {MAX_USERS_PER_PAGE}) and user (an \
         id), each once"
    )
});

fn mail_query(text: &str) -> Result<(Option<UserId>, String, u32), Problem> {
    let [user, cursor, limit] = MAIL_QUERY.read(text)?;
    let cursor = cursor.unwrap_or_default();
    if cursor.len() > MAIL_ID_BYTES {
        return Err(MAIL_QUERY.wrong());
    }
    Ok((
        MAIL_QUERY.parsed(user, UserId::parse)?,
        cursor,
        MAIL_QUERY.limit(limit, MAX_USERS_PER_PAGE, USERS_PER_PAGE)?,
    ))
}

#[derive(Serialize)]
struct MailsBody<'a> {
    mails: Vec<MailBody<'a>>,
    cursor: Option<String>,
}

#[derive(Serialize)]
struct MailBody<'a> {
    id: &'a str,
    mail: Option<&'a str>,
    reason: &'a str,
    tries: u32,
    failed_at: u64,
    retry_at: Option<u64>,
    asked_at: Option<u64>,
    request_id: Option<String>,
    user_id: Option<String>,
    address: Option<&'a str>,
}

impl<'a> From<&'a FailedMail> for MailBody<'a> {
    fn from(mail: &'a FailedMail) -> Self {
        Self {
            id: &mail.id,
            mail: mail.mail,
            reason: &mail.reason,
            tries: mail.tries,
            failed_at: mail.failed_at,
            retry_at: mail.retry_at,
            asked_at: mail.asked_at,
            request_id: mail.request.map(|id| id.to_string()),
            user_id: mail.user.map(|id| id.to_string()),
            address: mail.address.as_ref().map(Pseudonym::as_str),
        }
    }
}

#[derive(Serialize)]
struct CountBody {
    mails: u64,
}

#[derive(Serialize)]
struct RaisedBody {
    accounts: u64,
    cursor: Option<String>,
}

#[derive(Serialize)]
struct PseudonymsBody<'a> {
    pseudonyms: Vec<&'a str>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries() {
        let id = UserId::new(1_764_000_000_000, &[1; 10]);
        let read = mail_query("").unwrap();
        assert_eq!(read, (None, String::new(), USERS_PER_PAGE));
        let read = mail_query(&format!("limit=2&cursor=a1&user={id}")).unwrap();
        assert_eq!(read, (Some(id), "a1".to_owned(), 2));
        let long = format!("cursor={}", "a".repeat(65));
        for text in [
            "limit=0",
            "limit=201",
            "user=1",
            "page=1",
            "cursor=a&cursor=b",
            &long,
        ] {
            assert!(mail_query(text).is_err(), "{text}");
        }
    }

    #[test]
    fn ids_of_mails_are_bounded() {
        let many = |count: usize| Some(vec!["a".repeat(32); count]);
        assert_eq!(ids(None).unwrap(), None);
        assert_eq!(ids(many(MAILS_AT_ONCE)).unwrap(), many(MAILS_AT_ONCE));
        assert!(ids(many(MAILS_AT_ONCE + 1)).is_err());
        assert!(ids(Some(Vec::new())).is_err());
        assert!(ids(Some(vec!["a".repeat(MAIL_ID_BYTES + 1)])).is_err());
    }
}
