//! GET /auth/authorized: checks an access token. If the query names roles, the token must have one
//! of them. If it names a user id or an email address, the token must be for that user, or for that
//! address, verified. A forward-auth proxy only needs the status of the answer.

use super::Outcome;
use crate::domain::policy::{EMAIL_BYTES, ROLE_MAX_CHARS, ROLES_MAX};
use crate::edge::answer::{Answer, Note};
use crate::edge::problem::Problem;
use crate::edge::request::Request;
use crate::ports::Ports;
use crate::service::{AuthService, Criteria};

pub(crate) async fn get<P: Ports>(service: &AuthService<P>, request: &Request<'_>) -> Outcome {
    // The query is read before the token. So a typo in the query is reported for every request, not
    // only for requests with a valid token.
    let criteria = criteria(request.query)?;
    let authorized = service.is_authorized(request.bearer()?, &criteria).await?;
    Ok(if authorized {
        Answer::json_text(200, r#"{"authorized":true}"#)
    } else {
        Answer::json_text(403, r#"{"authorized":false}"#).noted(Note {
            reason: Some("a criterion does not hold".to_owned()),
            ..Note::default()
        })
    })
}

/// The part of the query that the operator of a proxy wrote. The rest might come from a client of
/// the proxy. For example, Envoy sends the path and the query of its client's request, and puts a
/// fixed prefix before them, which the operator wrote. The operator ends this prefix with
/// `&original=`, and everything after `&original=` is ignored. If it were not ignored, the client
/// could add a criterion that its token meets.
fn before_original(query: &str) -> &str {
    query
        .split_once("&original=")
        .map_or(query, |(criteria, _)| criteria)
}

fn criteria(query: &str) -> Result<Criteria, Problem> {
    let mut criteria = Criteria::default();
    for (name, value) in form_urlencoded::parse(before_original(query).as_bytes()) {
        if value.is_empty() {
            return Err(Problem::invalid_request("a criterion is empty"));
        }
        match &*name {
            "role" if value.chars().count() <= ROLE_MAX_CHARS => {
                let roles = criteria.roles.get_or_insert_with(Vec::new);
                roles.push(value.into_owned());
                if roles.len() > ROLES_MAX {
                    return Err(Problem::invalid_request("too many roles"));
                }
            }
            "user_id" if value.len() <= 64 && criteria.user_id.is_none() => {
                criteria.user_id = Some(value.into_owned());
            }
            "email" if value.trim().len() <= EMAIL_BYTES && criteria.email.is_none() => {
                criteria.email = Some(value.into_owned());
            }
            "role" | "user_id" | "email" => {
                return Err(Problem::invalid_request(
                    "a criterion is too long or given twice",
                ));
            }
            _ => {
                return Err(Problem::invalid_request(
                    "a criterion is unknown: there are role, user_id and email",
                ));
            }
        }
    }
    if criteria == Criteria::default() {
        return Err(Problem::invalid_request(
            "give role, user_id or email as a criterion",
        ));
    }
    Ok(criteria)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn criteria_are_read() {
        let read = criteria("role=admin&role=a%20b&user_id=7&email=ada%40example.com").unwrap();
        assert_eq!(
            read,
            Criteria {
                roles: Some(vec!["admin".to_owned(), "a b".to_owned()]),
                user_id: Some("7".to_owned()),
                email: Some("ada@example.com".to_owned()),
            }
        );
    }

    #[test]
    fn nothing_after_original_is_a_criterion() {
        let admin = criteria("role=admin").unwrap();
        for rest in [
            "",
            "/",
            "/admin?role=user&user_id=7",
            "/x&role=user",
            "&role=user",
            "/%26role=user",
            "/&original=/&role=user",
        ] {
            let query = format!("role=admin&original={rest}");
            assert_eq!(criteria(&query).as_ref(), Ok(&admin), "{rest}");
        }
        for query in [
            "original=/&role=user",
            "original=",
            "role=admin&original",
            "role=admin&%6Friginal=/&role=user",
            "role=admin&Original=/&role=user",
            "&original=/&role=user",
        ] {
            assert!(criteria(query).is_err(), "{query}");
        }
    }

    #[test]
    fn a_typo_is_rejected() {
        for query in [
            "",
            "&",
            "role",
            "role=",
            "roles=admin",
            "Role=admin",
            "role[]=admin",
            "role=admin&x=1",
            "role=admin&user_id=",
            "user_id=1&user_id=2",
            "email=a&email=b",
        ] {
            assert!(criteria(query).is_err(), "{query}");
        }
        assert!(criteria(&"role=a&".repeat(33)).is_err());
        assert!(criteria(&format!("role={}", "a".repeat(65))).is_err());
    }
}
