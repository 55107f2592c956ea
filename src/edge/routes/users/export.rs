//! GET /auth/users/export.

use crate::domain::account::{ExportRow, UserId};
use crate::domain::policy::EXPORT_MAX_ROWS;
use crate::edge::answer::{Answer, Note};
use crate::edge::problem::Problem;
use crate::edge::query::Query;
use crate::edge::request::Request;
use crate::edge::routes::Outcome;
use crate::ports::Ports;
use crate::service::AuthService;

pub(crate) async fn get<P: Ports>(service: &AuthService<P>, request: &Request<'_>) -> Outcome {
    let credential = request.bearer()?;
    let (cursor, limit, password_hashes) = query(request.query)?;
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

const QUERY: Query<3> = Query::new(["cursor", "limit", "password_hashes"], || {
    format!(
        "there are cursor (the id of the last line of the page before), limit (1 to \
         {EXPORT_MAX_ROWS}) and password_hashes (true or false), each once"
    )
});

fn query(text: &str) -> Result<(Option<UserId>, u32, bool), Problem> {
    let [cursor, limit, password_hashes] = QUERY.read(text)?;
    Ok((
        QUERY.parsed(cursor, UserId::parse)?,
        QUERY.limit(limit, EXPORT_MAX_ROWS, EXPORT_MAX_ROWS)?,
        QUERY.flag(password_hashes)?,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries() {
        let id = UserId::new(1_764_000_000_000, &[1; 10]);
        let read = query(&format!("limit=2&cursor={id}&password_hashes=true")).unwrap();
        assert_eq!(read, (Some(id), 2, true));
        assert_eq!(query("").unwrap(), (None, EXPORT_MAX_ROWS, false));
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
