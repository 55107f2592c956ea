//! Reads bodies: strict JSON, and the forms of OAuth.

use super::problem::Problem;
use super::request::Request;
use crate::domain::error::{Code, Error, FieldProblem};
use edgegate_token::json::{Fault, Json, Members};

/// Reads a JSON object whose media type says so. Members that are repeated or not `known` are
/// rejected. An absent member is `None`; `null` is a value.
///
/// # Errors
/// `unsupported_media_type` or `invalid_request`.
pub fn json<const N: usize>(
    request: &Request<'_>,
    known: [&str; N],
) -> Result<[Option<Json>; N], Problem> {
    let mut values = [const { None }; N];
    require_json(request)?;
    keep_members(parse_object(request)?, &known, &mut values)?;
    Ok(values)
}

/// Reads a form (`application/x-www-form-urlencoded`) or, for pages, the same fields as a JSON
/// object of strings. A `known` parameter that comes twice is rejected. An unknown one is ignored
/// in a form (RFC 6749 section 3.2) and rejected in JSON.
///
/// # Errors
/// `unsupported_media_type` or `invalid_request`.
pub fn form_or_json<const N: usize>(
    request: &Request<'_>,
    known: [&str; N],
) -> Result<[Option<String>; N], Problem> {
    let mut values = [const { None }; N];
    read_texts(request, &known, &mut values)?;
    Ok(values)
}

/// Reads a JSON object that has only `known` members, all of them strings.
///
/// # Errors
/// `unsupported_media_type` or `invalid_request`.
pub fn json_texts<const N: usize>(
    request: &Request<'_>,
    known: [&'static str; N],
) -> Result<[Option<String>; N], Problem> {
    require_json(request)?;
    form_or_json(request, known)
}

/// Like [`json_texts`], but every member is required.
///
/// # Errors
/// As [`json_texts`], and `invalid_field` for a missing one.
pub fn texts<const N: usize>(
    request: &Request<'_>,
    known: [&'static str; N],
) -> Result<[String; N], Problem> {
    let values = json_texts(request, known)?;
    let mut texts = [const { String::new() }; N];
    for ((slot, value), name) in texts.iter_mut().zip(values).zip(known) {
        *slot = required(name, value)?;
    }
    Ok(texts)
}

/// Like [`json_texts`], with the flag `cookie`, which is false when it is absent.
///
/// # Errors
/// As [`json`].
pub fn texts_and_cookie<const N: usize>(
    request: &Request<'_>,
    known: [&str; N],
) -> Result<([Option<String>; N], bool), Problem> {
    let mut texts = [const { None }; N];
    let cookie = keep_texts_and_cookie(request, &known, &mut texts)?;
    Ok((texts, cookie))
}

/// The value of a required field.
///
/// # Errors
/// `invalid_field` when it is missing.
pub fn required<T>(field: &'static str, value: Option<T>) -> Result<T, Problem> {
    value.ok_or_else(|| Error::Field(field, FieldProblem::Missing).into())
}

/// A member that is a string or absent.
///
/// # Errors
/// `invalid_request` when it is anything else.
pub fn text(value: Option<Json>) -> Result<Option<String>, Problem> {
    match value {
        None => Ok(None),
        Some(Json::String(text)) => Ok(Some(text)),
        Some(_) => Err(wrong_members()),
    }
}

/// A member that is a list of strings or absent.
///
/// # Errors
/// `invalid_request` when it is anything else.
pub fn text_list(value: Option<Json>) -> Result<Option<Vec<String>>, Problem> {
    value
        .map(|value| value.into_texts().ok_or_else(wrong_members))
        .transpose()
}

/// A member that is true, false or absent.
///
/// # Errors
/// `invalid_request` when it is anything else.
pub fn flag(value: Option<Json>) -> Result<Option<bool>, Problem> {
    match value {
        None => Ok(None),
        Some(Json::Bool(flag)) => Ok(Some(flag)),
        Some(_) => Err(wrong_members()),
    }
}

fn require_json(request: &Request<'_>) -> Result<(), Problem> {
    if request.media_type().as_deref() == Some("application/json") {
        return Ok(());
    }
    Err(Problem::new(
        Code::UnsupportedMediaType,
        "send a body with Content-Type: application/json",
    ))
}

fn read_texts(
    request: &Request<'_>,
    known: &[&str],
    values: &mut [Option<String>],
) -> Result<(), Problem> {
    match request.media_type().as_deref() {
        Some("application/x-www-form-urlencoded") => {
            for (name, value) in form_urlencoded::parse(&request.body) {
                let place = known.iter().position(|known| *known == name);
                let Some(slot) = place.and_then(|at| values.get_mut(at)) else {
                    continue;
                };
                if slot.replace(value.into_owned()).is_some() {
                    return Err(Problem::invalid_request(
                        [&name, " is given twice"].concat(),
                    ));
                }
            }
            Ok(())
        }
        Some("application/json") => keep_texts(parse_object(request)?, known, values),
        _ => Err(Problem::new(
            Code::UnsupportedMediaType,
            "send a body with Content-Type: application/x-www-form-urlencoded or application/json",
        )),
    }
}

fn keep_members(
    members: Members,
    known: &[&str],
    values: &mut [Option<Json>],
) -> Result<(), Problem> {
    read_members(members, known, &mut |at, value| {
        if let Some(slot) = values.get_mut(at) {
            *slot = Some(value);
        }
        Ok(())
    })
}

fn keep_texts_and_cookie(
    request: &Request<'_>,
    known: &[&str],
    values: &mut [Option<String>],
) -> Result<bool, Problem> {
    require_json(request)?;
    let mut members = parse_object(request)?;
    let cookie = flag(members.remove("cookie"))? == Some(true);
    keep_texts(members, known, values)?;
    Ok(cookie)
}

fn keep_texts(
    members: Members,
    known: &[&str],
    values: &mut [Option<String>],
) -> Result<(), Problem> {
    read_members(members, known, &mut |at, value| {
        if let Some(slot) = values.get_mut(at) {
            *slot = text(Some(value))?;
        }
        Ok(())
    })
}

/// Calls `found` with each `known` member that came, and with its place in `known`.
fn read_members(
    mut members: Members,
    known: &[&str],
    found: &mut dyn FnMut(usize, Json) -> Result<(), Problem>,
) -> Result<(), Problem> {
    for (at, name) in known.iter().enumerate() {
        if let Some(value) = members.remove(name) {
            found(at, value)?;
        }
    }
    match members.names().next() {
        None => Ok(()),
        Some(name) if is_plain(name) => Err(Problem::invalid_request(
            ["the member ", name, " is unknown"].concat(),
        )),
        Some(_) => Err(Problem::invalid_request("a member is unknown")),
    }
}

fn parse_object(request: &Request<'_>) -> Result<Members, Problem> {
    match Json::read(&request.body) {
        Ok(Json::Object(members)) => Ok(members),
        Ok(_) => Err(Problem::invalid_request("the body is not a JSON object")),
        Err(unread) => {
            let what = match unread.fault {
                Fault::DuplicateMember | Fault::TooDeep => WRONG_MEMBERS,
                _ => "the body is not JSON",
            };
            Err(Problem::invalid_request(match unread.at {
                None => what.to_owned(),
                Some((line, column)) => format!("{what} (line {line}, column {column})"),
            }))
        }
    }
}

const WRONG_MEMBERS: &str = "the JSON body has an unknown, repeated or wrongly typed member";

/// Does not name the member's value, which may be a secret.
fn wrong_members() -> Problem {
    Problem::invalid_request(WRONG_MEMBERS)
}

/// Whether a member's name looks like a name, so that it may be answered and logged. A secret that
/// was written there by mistake rarely does.
fn is_plain(name: &str) -> bool {
    (1..=40).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphabetic() || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request<'a>(content_type: &'a str, body: &str) -> Request<'a> {
        Request {
            content_type: Some(content_type),
            body: body.as_bytes().to_vec(),
            ..Request::default()
        }
    }

    fn email(content_type: &str, body: &str) -> Result<Option<String>, Code> {
        json(&request(content_type, body), ["email"])
            .and_then(|[email]| text(email))
            .map_err(|problem| problem.code)
    }

    #[test]
    fn json_is_strict() {
        let json = "application/json; charset=utf-8";
        assert_eq!(email(json, r#"{"email":"a"}"#), Ok(Some("a".to_owned())));
        assert_eq!(email(json, "{}"), Ok(None));
        for body in [
            "",
            "{",
            "[]",
            "null",
            r#"{"email":null}"#,
            r#"{"email":1}"#,
            r#"{"email":["a","b"]}"#,
            r#"{"email":{"$ne":null}}"#,
            r#"{"email":"a","email":"b"}"#,
            r#"{"email":"a","redirect":"https://evil.example"}"#,
            r#"{"email":"a"} trailing"#,
            "\u{feff}{}",
        ] {
            assert_eq!(email(json, body), Err(Code::InvalidRequest), "{body}");
        }
        for content_type in ["text/plain", "application/x-www-form-urlencoded", ""] {
            assert_eq!(email(content_type, "{}"), Err(Code::UnsupportedMediaType));
        }
    }

    #[test]
    fn a_member_is_named_only_when_it_looks_like_a_name() {
        let detail = |name: &str| {
            let body = format!(r#"{{"{name}":1}}"#);
            let refused = json(&request("application/json", &body), ["email"]).unwrap_err();
            refused.into_answer().body.unwrap().into_owned()
        };
        for name in ["emial", "redirect_to", "firstName"] {
            let told = format!("the member {name} is unknown");
            assert!(detail(name).contains(&told), "{name}");
        }
        let long = "a".repeat(41);
        for name in [
            "correct horse battery staple",
            "hunter2",
            "egr_AAEC7",
            "a.b.c",
            "",
            &long,
        ] {
            assert!(detail(name).contains("a member is unknown"), "{name}");
        }
    }

    #[test]
    fn forms_and_json_are_read_alike() {
        let form = "application/x-www-form-urlencoded";
        for (content_type, body) in [
            (form, "token=a%20b&unknown=1"),
            ("application/json", r#"{"token":"a b"}"#),
        ] {
            let values = form_or_json(&request(content_type, body), ["token", "hint"]).unwrap();
            assert_eq!(values, [Some("a b".to_owned()), None]);
        }
        for (content_type, body) in [
            (form, "token=a&token=b"),
            ("application/json", r#"{"token":"a","token":"b"}"#),
            ("application/json", r#"{"token":"a","unknown":"b"}"#),
            ("application/json", r#"{"token":1}"#),
        ] {
            let problem = form_or_json(&request(content_type, body), ["token"]).unwrap_err();
            assert_eq!(problem.code, Code::InvalidRequest, "{body}");
        }
    }

    #[test]
    fn members_have_their_types() {
        let body = r#"{"flag":true,"list":["a","b"],"text":"c"}"#;
        let read = |names| json::<3>(&request("application/json", body), names).unwrap();
        let [on, list, c] = read(["flag", "list", "text"]);
        assert_eq!(flag(on), Ok(Some(true)));
        assert_eq!(
            text_list(list),
            Ok(Some(vec!["a".to_owned(), "b".to_owned()]))
        );
        assert_eq!(text(c), Ok(Some("c".to_owned())));
        let [list, c, on] = read(["list", "text", "flag"]);
        assert!(flag(list).is_err() && text_list(c).is_err() && text(on).is_err());
        assert!(flag(Some(Json::Null)).is_err());
        assert!(text_list(Some(Json::Array(vec![Json::Null]))).is_err());
        assert_eq!(
            (flag(None), text(None), text_list(None)),
            (Ok(None), Ok(None), Ok(None))
        );
    }
}
