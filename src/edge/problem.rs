//! The bodies of errors that clients get: `application/problem+json` (RFC 9457), or the JSON that
//! RFC 6749 section 5.2 defines for OAuth.

use std::borrow::Cow;

use serde::Serialize;

use super::answer::{Answer, Cookie, Note};
use crate::domain::error::{AccessRefusal, AuthorizationRefusal, Code, Error, GrantRefusal};
use crate::domain::policy::{RECENT_PROOF, RETRY_AFTER};
use crate::domain::settings::SettingError;

/// A rejected request: the public error code, the explanation for the client, and the note for the
/// log. Most of the struct is boxed, because every function that can fail returns this struct, so
/// it should be small.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The public code.
    pub code: Code,
    rest: Box<Rest>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Rest {
    /// An explanation for the client: what is wrong, and what it can do about it.
    detail: String,
    more: Extension,
    headers: Vec<(&'static str, Cow<'static, str>)>,
    note: Note,
    cookie: Cookie,
}

/// The members that some problems have in addition to those of RFC 9457.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
struct Extension {
    /// Which field is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    errors: Option<[FieldError; 1]>,
    /// Why the password was rejected as too weak.
    #[serde(skip_serializing_if = "Option::is_none")]
    reasons: Option<Vec<&'static str>>,
    /// The request requires that the user entered the password at most this many seconds ago.
    #[serde(skip_serializing_if = "Option::is_none")]
    max_age: Option<u64>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct FieldError {
    field: &'static str,
    reason: &'static str,
}

/// The body of an error as `application/problem+json`.
#[derive(Serialize)]
struct ProblemBody<'a> {
    r#type: &'static str,
    title: &'static str,
    status: u16,
    code: &'static str,
    detail: &'a str,
    #[serde(flatten)]
    more: &'a Extension,
}

/// The body of an error as RFC 6749 section 5.2 defines it.
#[derive(Serialize)]
struct OAuthBody<'a> {
    error: &'static str,
    error_description: &'a str,
}

impl Problem {
    /// A problem with an explanation for the client.
    #[must_use]
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self {
            code,
            rest: Box::new(Rest {
                detail: detail.into(),
                ..Rest::default()
            }),
        }
    }

    /// The request is malformed.
    #[must_use]
    pub fn invalid_request(detail: impl Into<String>) -> Self {
        Self::new(Code::InvalidRequest, detail)
    }

    /// The configuration of the service is wrong. The client is not told which setting is wrong;
    /// only the log says it.
    #[must_use]
    pub fn misconfigured(error: &SettingError) -> Self {
        let mut problem = Self::new(Code::Misconfigured, Code::Misconfigured.title());
        problem.rest.note.reason = Some(error.to_string());
        problem
    }

    /// Adds a header.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<Cow<'static, str>>) -> Self {
        self.rest.headers.push((name, value.into()));
        self
    }

    /// Sets what happens to the browser's cookies.
    #[must_use]
    pub fn keeping(mut self, cookie: Cookie) -> Self {
        self.rest.cookie = cookie;
        self
    }

    /// The answer as problem+json.
    #[must_use]
    pub fn into_answer(self) -> Answer {
        let body = ProblemBody {
            r#type: "about:blank",
            title: self.code.title(),
            status: self.code.status(),
            code: self.code.as_str(),
            detail: &self.rest.detail,
            more: &self.rest.more,
        };
        let answer = Answer::json(self.code.status(), &body);
        self.answer(answer, "application/problem+json")
    }

    /// The answer in the form of the OAuth endpoints (RFC 6749 section 5.2). Errors about HTTP or
    /// the service's configuration, which RFC 6749 does not define, are still sent as problem+json.
    #[must_use]
    pub fn into_oauth_answer(self) -> Answer {
        let error = match self.code {
            Code::NotFound
            | Code::MethodNotAllowed
            | Code::Forbidden
            | Code::PayloadTooLarge
            | Code::UnsupportedMediaType
            | Code::Misconfigured => return self.into_answer(),
            // RFC 6749 has no error code that is about a single field.
            Code::InvalidField => Code::InvalidRequest.as_str(),
            Code::Unavailable => "temporarily_unavailable",
            Code::Internal => "server_error",
            code => code.as_str(),
        };
        let status = match self.code {
            Code::InvalidField => Code::InvalidRequest.status(),
            code => code.status(),
        };
        let body = OAuthBody {
            error,
            error_description: &self.rest.detail,
        };
        let answer = Answer::json(status, &body);
        self.answer(answer, "application/json")
    }

    /// Adds this problem's headers, note and cookie to the answer. An answer with status 401 must
    /// have a `WWW-Authenticate` header (RFC 9110 section 15.5.2), so one is added if the problem
    /// has none.
    fn answer(self, answer: Answer, content_type: &'static str) -> Answer {
        let rest = *self.rest;
        let mut headers = rest.headers;
        headers.push(("Content-Type", content_type.into()));
        if answer.status == 401 && !headers.iter().any(|(name, _)| *name == CHALLENGE) {
            headers.push((CHALLENGE, challenge_of(self.code)));
        }
        Answer {
            headers,
            note: Note {
                reason: rest.note.reason.or(Some(rest.detail)),
                code: Some(self.code.as_str()),
                ..rest.note
            },
            cookie: rest.cookie,
            ..answer
        }
    }
}

/// The header that says how a client can authenticate.
const CHALLENGE: &str = "WWW-Authenticate";

/// The value of `WWW-Authenticate` for a 401 whose problem did not set this header.
///
/// If the code is not `invalid_token`, the request had a wrong password or a wrong `client_id` in
/// its body. No registered authentication scheme describes credentials in the body, so the header
/// names the private scheme `Edgegate`. `Basic` would make browsers show a password dialog, and
/// `Bearer` would make clients replace an access token that is still valid.
fn challenge_of(code: Code) -> Cow<'static, str> {
    match code {
        Code::InvalidToken => "Bearer realm=\"edgegate\", error=\"invalid_token\"".into(),
        code => format!("Edgegate realm=\"edgegate\", error=\"{code}\"").into(),
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let code = error.code();
        let mut problem = Self::new(code, code.title());
        problem.rest.note.reason = Some(error.to_string());
        match error {
            Error::Field(field, why) => {
                problem.rest.detail = format!("{field}: {}", why.reason());
                let reason = why.reason();
                problem.rest.more.errors = Some([FieldError { field, reason }]);
                problem
            }
            Error::WeakPassword(weaknesses) => {
                let reasons: Vec<_> = weaknesses.iter().map(|why| why.reason()).collect();
                problem.rest.detail = reasons.join(", ");
                problem.rest.more.reasons = Some(reasons);
                problem
            }
            Error::Access(AccessRefusal::Missing) => {
                problem.with(CHALLENGE, "Bearer realm=\"edgegate\"")
            }
            Error::Access(_) => problem,
            // RFC 9470 section 3.
            Error::ReauthenticationRequired => {
                problem.rest.more.max_age = Some(RECENT_PROOF);
                problem.with(
                    CHALLENGE,
                    format!(
                        "Bearer realm=\"edgegate\", error=\"insufficient_user_authentication\", \
                         error_description=\"{}\", max_age=\"{RECENT_PROOF}\"",
                        code.title()
                    ),
                )
            }
            Error::Forbidden => problem.with(
                CHALLENGE,
                "Bearer realm=\"edgegate\", error=\"insufficient_scope\"",
            ),
            Error::RateLimited(seconds) => problem.with("Retry-After", seconds.to_string()),
            Error::Store(_) => problem.with("Retry-After", RETRY_AFTER.to_string()),
            Error::NothingToChange => {
                problem.rest.detail = "name at least one member to change".to_owned();
                problem
            }
            Error::Authorization(refusal) => {
                problem.rest.detail = match refusal {
                    AuthorizationRefusal::Request => {
                        "the request is not from this service, or it is older than an hour: go \
                         back to the app and start again"
                    }
                    AuthorizationRefusal::Client => {
                        "the app may not sign people in any more, or its address has changed: go \
                         back to the app and start again"
                    }
                    AuthorizationRefusal::SignIn | AuthorizationRefusal::OtherUser => code.title(),
                }
                .to_owned();
                problem
            }
            Error::Grant(GrantRefusal::Code(_)) => {
                problem.rest.detail = "The code is not valid".to_owned();
                problem
            }
            Error::PublicClient => {
                problem.rest.detail = "a public client has no secrets".to_owned();
                problem
            }
            Error::Grant(GrantRefusal::Session(verdict, user, session)) => {
                problem.rest.note.verdict = Some(verdict.reason());
                problem.rest.note.user_id = Some(user.to_string());
                problem.rest.note.session_id = Some(session.to_string());
                problem
            }
            Error::Login(_)
            | Error::CurrentPassword
            | Error::NoMailProvider
            | Error::Link(_)
            | Error::UnknownClient
            | Error::UnknownSecret
            | Error::UnknownGrant
            | Error::NoIdTokenKey
            | Error::Client(_)
            | Error::Scope
            | Error::Target
            | Error::Grant(
                GrantRefusal::Ticket
                | GrantRefusal::OtherClient
                | GrantRefusal::ClientDisabled
                | GrantRefusal::Withdrawn,
            )
            | Error::RegistrationClosed
            | Error::EmailTaken
            | Error::LastAdministrator
            | Error::NotInvitable
            | Error::TooManySecrets
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
    use edgegate_token::json::Json;

    #[test]
    fn every_login_refusal_reads_the_same() {
        let answers: Vec<_> = [
            LoginRefusal::UnknownAddress,
            LoginRefusal::WrongPassword,
            LoginRefusal::Disabled,
            LoginRefusal::NoPassword,
            LoginRefusal::BrokenHash,
            LoginRefusal::UnknownPepper,
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

    /// RFC 9110 section 15.5.2.
    #[test]
    fn every_401_has_one_challenge_that_names_no_other_reason() {
        let mut seen = 0;
        for code in Code::ALL.into_iter().filter(|code| code.status() == 401) {
            for answer in [
                Problem::new(code, "").into_answer(),
                Problem::new(code, "").into_oauth_answer(),
            ] {
                let challenges: Vec<_> = answer
                    .headers
                    .iter()
                    .filter(|(name, _)| name.eq_ignore_ascii_case("WWW-Authenticate"))
                    .collect();
                let [(_, challenge)] = challenges[..] else {
                    panic!("{code} has {} challenges", challenges.len());
                };
                assert!(!challenge.to_lowercase().contains("basic"), "{code}");
                let refuses_token =
                    *challenge == "Bearer realm=\"edgegate\", error=\"invalid_token\"";
                assert_eq!(refuses_token, code == Code::InvalidToken, "{code}");
                seen += 1;
            }
        }
        assert!(seen >= 8);
        for error in [
            Error::Access(AccessRefusal::Missing),
            Error::ReauthenticationRequired,
            Error::CurrentPassword,
        ] {
            let answer = Problem::from(error).into_answer();
            let name = |header: &&(&str, Cow<'_, str>)| header.0 == CHALLENGE;
            assert_eq!(answer.headers.iter().filter(name).count(), 1);
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

    /// docs/errors.md has a table of all codes that the OAuth endpoints can answer. For each code,
    /// the table says how these endpoints write it.
    #[test]
    fn the_oauth_table_is_the_code() {
        let documentation = include_str!("../../docs/errors.md");
        let (_, table) = documentation.split_once("| code | there | as |").unwrap();
        let (table, _) = table.split_once("\n\n").unwrap();
        let elsewhere_only = [
            Code::InvalidField,
            Code::WeakPassword,
            Code::InvalidCredentials,
            Code::InvalidLink,
            Code::InvalidToken,
            Code::ReauthenticationRequired,
            Code::SignInRequired,
            Code::LastAdministrator,
            Code::NotInvitable,
            Code::OtherUser,
            Code::TooManySecrets,
            Code::RegistrationClosed,
            Code::EmailTaken,
        ];
        for code in Code::ALL {
            let named = format!("`{}`", code.as_str());
            let is_in_first_cell = |row: &&str| {
                let cell = row.split('|').nth(1);
                cell.is_some_and(|cell| cell.contains(&named))
            };
            let rows: Vec<&str> = table.lines().filter(is_in_first_cell).collect();
            if elsewhere_only.contains(&code) {
                assert!(rows.is_empty(), "{code}");
                continue;
            }
            let [row] = rows[..] else {
                panic!("{code} has {} rows", rows.len());
            };
            let answer = Problem::new(code, "").into_oauth_answer();
            assert_eq!(answer.status, code.status(), "{code}");
            let body = answer.body.unwrap();
            if row.contains("problem+json") {
                assert!(
                    body.contains(&format!(r#""code":"{}""#, code.as_str())),
                    "{body}"
                );
                continue;
            }
            let error = Json::read(body.as_bytes()).unwrap();
            let error = error.get("error").and_then(Json::as_str).unwrap();
            if row.contains("the same text") {
                assert_eq!(error, code.as_str());
                assert!(
                    row.contains("the same status") || row.contains(&code.status().to_string())
                );
            } else {
                assert!(row.contains(&format!("`{error}`")), "{code}: {error}");
                assert!(row.contains(&code.status().to_string()), "{code}: {row}");
            }
        }
    }

    #[test]
    fn reauthentication_required_names_the_oldest_valid_proof() {
        let answer = Problem::from(Error::ReauthenticationRequired).into_answer();
        assert_eq!(answer.status, 401);
        let body = answer.body.as_deref().unwrap();
        assert!(body.contains(r#""code":"reauthentication_required""#));
        assert!(body.contains(r#""max_age":600"#));
        assert_eq!(
            answer.header("WWW-Authenticate"),
            Some(
                "Bearer realm=\"edgegate\", error=\"insufficient_user_authentication\", \
                 error_description=\"Enter your password again\", max_age=\"600\""
            )
        );
    }

    #[test]
    fn platform_errors_are_only_in_the_log() {
        let answer =
            Problem::from(Error::Store(StoreError::new("d1", "secret detail"))).into_answer();
        assert_eq!(answer.status, 503);
        assert!(!answer.body.unwrap().contains("secret detail"));
        assert!(answer.note.reason.unwrap().contains("secret detail"));
        assert!(answer.headers.contains(&("Retry-After", "2".into())));
    }
}
