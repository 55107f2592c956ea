//! GET /auth/users/export.

use crate::domain::account::{ExportRow, UserId};
use crate::domain::policy::EXPORT_MAX_ROWS;
use crate::edge::answer::{Answer, Note};
use crate::edge::problem::Problem;
use crate::edge::request::Request;
use crate::edge::routes::Outcome;
use crate::ports::Ports;
use crate::service::AuthService;

pub(crate) async fn get<P: Ports>(service: &AuthService<P>, request: &Request<'_>) -> Outcome {
    let credential = request.bearer()?;
    let Query {
        cursor,
        limit,
        password_hashes,
    } = query(request.query)?;
    let users = service
        .export_users(credential, cursor, limit, password_hashes)
        .await?;
    let mut lines = String::new();
    for user in &users {
        lines.push_str(&crate::domain::json::encode(&ExportRow::new(
            user,
            password_hashes,
        )));
        lines.push('\n');
    }
    Ok(Answer::text(200, "application/jsonl", lines).noted(Note {
        reason: Some(format!("exported {}", users.len())),
        ..Note::default()
    }))
}

#[derive(Debug, PartialEq, Eq)]
struct Query {
    cursor: Option<UserId>,
    limit: u32,
    password_hashes: bool,
}

fn query(text: &str) -> Result<Query, Problem> {
    let (mut cursor, mut limit, mut password_hashes) = (None, None, None);
    for (name, value) in form_urlencoded::parse(text.as_bytes()) {
        let fresh = match &*name {
            "cursor" => UserId::parse(&value).map(|id| cursor.replace(id).is_none()),
            "limit" => value
                .parse::<u32>()
                .ok()
                .filter(|limit| (1..=EXPORT_MAX_ROWS).contains(limit))
                .map(|number| limit.replace(number).is_none()),
            "password_hashes" => value
                .parse::<bool>()
                .ok()
                .map(|flag| password_hashes.replace(flag).is_none()),
            _ => None,
        };
        if fresh != Some(true) {
            return Err(Problem::invalid_request(format!(
                "there are cursor (the id of the last line of the page before), limit (1 to {EXPORT_MAX_ROWS}) \
                 and password_hashes (true or false), each once"
            )));
        }
    }
    Ok(Query {
        cursor,
        limit: limit.unwrap_or(EXPORT_MAX_ROWS),
        password_hashes: password_hashes == Some(true),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries() {
        let id = UserId::new(1_764_000_000_000, &[1; 10]);
        let read = query(&format!("limit=2&cursor={id}&password_hashes=true")).unwrap();
        assert_eq!(
            (read.cursor, read.limit, read.password_hashes),
            (Some(id), 2, true)
        );
        let usual = query("").unwrap();
        assert_eq!(
            (usual.cursor, usual.limit, usual.password_hashes),
            (None, EXPORT_MAX_ROWS, false)
        );
        for text in [
            "limit=0",
            "limit=501",
            "cursor=1",
            "password_hashes=1",
            "password_hashes=true&password_hashes=true",
            "email=a@example.com",
        ] {
            assert!(query(text).is_err(), "{text}");
        }
    }
}
