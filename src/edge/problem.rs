//! Errors as clients see them: `application/problem+json` (RFC 9457), and the OAuth form of RFC 6749 section 5.2.

use serde_json::{Map, Value, json};

use super::answer::{Answer, Note};
use crate::domain::error::{AccessRefusal, Code, Error, GrantRefusal};
use crate::domain::policy::RETRY_AFTER;

/// A refused request: the public code, what the client is told, and what goes to the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The public code.
    pub code: Code,
    /// What the client can do about it.
    detail: String,
    /// More members of the body.
    members: Vec<(&'static str, Value)>,
    headers: Vec<(&'static str, String)>,
    note: Box<Note>,
}

impl Problem {
    /// A problem with an explanation for the client.
    #[must_use]
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self {
            code,
            detail: detail.into(),
            members: Vec::new(),
            headers: Vec::new(),
            note: Box::default(),
        }
    }

    /// The request is malformed.
    #[must_use]
    pub fn invalid_request(detail: impl Into<String>) -> Self {
        Self::new(Code::InvalidRequest, detail)
    }

    /// With one more header.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// As problem+json.
    #[must_use]
    pub fn into_answer(self) -> Answer {
        let mut body = Map::new();
        body.insert("type".to_owned(), json!("about:blank"));
        body.insert("title".to_owned(), json!(self.code.title()));
        body.insert("status".to_owned(), json!(self.code.status()));
        body.insert("code".to_owned(), json!(self.code.as_str()));
        body.insert("detail".to_owned(), json!(self.detail));
        for (name, value) in &self.members {
            body.insert((*name).to_owned(), value.clone());
        }
        self.answer("application/problem+json", &Value::Object(body))
    }

    /// As the OAuth endpoints answer; what is wrong with the HTTP request itself stays problem+json.
    #[must_use]
    pub fn into_oauth_answer(self) -> Answer {
        let error = match self.code {
            Code::NotFound
            | Code::MethodNotAllowed
            | Code::PayloadTooLarge
            | Code::UnsupportedMediaType
            | Code::Misconfigured => return self.into_answer(),
            // RFC 6749 knows no code for one field.
            Code::InvalidField => Code::InvalidRequest.as_str(),
            Code::Unavailable => "temporarily_unavailable",
            Code::Internal => "server_error",
            code => code.as_str(),
        };
        let status = match self.code {
            Code::InvalidField => Code::InvalidRequest.status(),
            code => code.status(),
        };
        let body = json!({ "error": error, "error_description": self.detail });
        let mut answer = self.answer("application/json", &body);
        answer.status = status;
        answer
    }

    fn answer(self, content_type: &str, body: &Value) -> Answer {
        Answer {
            status: self.code.status(),
            headers: std::iter::once(("Content-Type", content_type.to_owned()))
                .chain(self.headers)
                .collect(),
            body: Some(body.to_string()),
            note: Note {
                reason: self.note.reason.or(Some(self.detail)),
                ..*self.note
            },
        }
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let code = error.code();
        let mut problem = Self::new(code, code.title());
        problem.note.reason = Some(error.to_string());
        match error {
            Error::Field(field, why) => {
                problem.detail = format!("{field}: {}", why.reason());
                problem.members.push((
                    "errors",
                    json!([{ "field": field, "reason": why.reason() }]),
                ));
                problem
            }
            Error::WeakPassword(weaknesses) => {
                let reasons: Vec<_> = weaknesses.iter().map(|why| why.reason()).collect();
                problem.detail = reasons.join(", ");
                problem.members.push(("reasons", json!(reasons)));
                problem
            }
            Error::Access(AccessRefusal::Missing) => {
                problem.with("WWW-Authenticate", "Bearer realm=\"edgegate\"")
            }
            Error::Access(_) => problem.with(
                "WWW-Authenticate",
                "Bearer realm=\"edgegate\", error=\"invalid_token\"",
            ),
            Error::Forbidden => problem.with(
                "WWW-Authenticate",
                "Bearer realm=\"edgegate\", error=\"insufficient_scope\"",
            ),
            Error::RateLimited(seconds) => problem.with("Retry-After", seconds.to_string()),
            Error::Store(_) => problem.with("Retry-After", RETRY_AFTER.to_string()),
            Error::NothingToChange => {
                problem.detail = "name at least one member to change".to_owned();
                problem
            }
            Error::Grant(GrantRefusal::Session(verdict, user, session)) => {
                problem.note.verdict = Some(verdict.reason());
                problem.note.user_id = Some(user.to_string());
                problem.note.session_id = Some(session.to_string());
                problem
            }
            Error::Login(_)
            | Error::Grant(GrantRefusal::Ticket)
            | Error::RegistrationClosed
            | Error::EmailTaken
            | Error::UnknownUser
            | Error::UnknownSession
            | Error::Internal(_) => problem,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::error::{LoginRefusal, StoreError};

    #[test]
    fn every_login_refusal_reads_the_same() {
        let answers: Vec<_> = [
            LoginRefusal::UnknownAddress,
            LoginRefusal::WrongPassword,
            LoginRefusal::Disabled,
            LoginRefusal::BrokenHash,
        ]
        .map(|refusal| Problem::from(Error::Login(refusal)).into_answer())
        .into_iter()
        .collect();
        for answer in &answers {
            assert_eq!(answer.status, 401);
            assert_eq!(answer.body, answers[0].body);
            assert_eq!(answer.headers, answers[0].headers);
        }
    }

    #[test]
    fn the_oauth_form() {
        let answer = Problem::from(Error::Grant(GrantRefusal::Ticket)).into_oauth_answer();
        assert_eq!(answer.status, 400);
        assert_eq!(
            answer.body.unwrap(),
            r#"{"error":"invalid_grant","error_description":"The refresh token is not valid"}"#
        );
    }

    #[test]
    fn what_the_platform_said_is_for_the_log_only() {
        let answer =
            Problem::from(Error::Store(StoreError::new("d1", "secret detail"))).into_answer();
        assert_eq!(answer.status, 503);
        assert!(!answer.body.unwrap().contains("secret detail"));
        assert!(answer.note.reason.unwrap().contains("secret detail"));
        assert!(answer.headers.contains(&("Retry-After", "2".to_owned())));
    }
}
