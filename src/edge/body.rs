//! Reads the bodies of requests: strict JSON, JSON Lines, and the forms that OAuth clients send.

use super::problem::Problem;
use super::request::Request;
use crate::domain::account::Edit;
use crate::domain::error::{Code, Error, FieldProblem};
use edgegate_token::json::{Fault, Json, Members};

/// Reads the JSON object in the body of a request. The media type must be JSON. Repeated members,
/// and members that are not in `known`, are rejected. In the result, an absent member is `None`,
/// and a member whose value is `null` is `Some`.
///
/// # Errors
/// - `unsupported_media_type`: if the media type is another one, or if the body is compressed.
/// - `invalid_request`: if the content of the body is wrong.
pub fn json<const N: usize>(
    request: &Request<'_>,
    known: [&str; N],
) -> Result<[Option<Json>; N], Problem> {
    require_json(request)?;
    take(parse_object(request)?, known)
}

fn take<const N: usize>(
    mut members: Members,
    known: [&str; N],
) -> Result<[Option<Json>; N], Problem> {
    let values = known.map(|name| members.remove(name));
    require_no_more(&members)?;
    Ok(values)
}

/// Like [`json`], but for a PATCH request. The media type may be JSON or that of a JSON merge patch
/// (RFC 7396 section 4). A member whose value is `null` is to be removed.
///
/// # Errors
/// - `unsupported_media_type`: if the media type is neither of the two, or if the body is
///   compressed. The answer names the accepted types (RFC 5789 section 2.2).
/// - `invalid_request`: if the content of the body is wrong.
pub fn merge_patch<const N: usize>(
    request: &Request<'_>,
    known: [&str; N],
) -> Result<[Option<Json>; N], Problem> {
    if request.media_type().as_deref() == Some(MERGE_PATCH) {
        require_no_coding(request)?;
        take(parse_object(request)?, known)
    } else {
        let accepted = ["application/json, ", MERGE_PATCH].concat();
        json(request, known).map_err(|problem| match problem.code {
            Code::UnsupportedMediaType => problem.with("Accept-Patch", accepted),
            _ => problem,
        })
    }
}

const MERGE_PATCH: &str = "application/merge-patch+json";

/// Reads the parameters of an OAuth endpoint. The body is a form
/// (`application/x-www-form-urlencoded`). Pages may send the same parameters as a JSON object. As
/// RFC 6749 section 3.2 requires, a parameter whose value is empty (`""`, in JSON also `null`) is
/// treated as absent, an unknown parameter is ignored, and a repeated parameter is rejected.
///
/// # Errors
/// - `unsupported_media_type`: if the media type is another one, or if the body is compressed.
/// - `invalid_request`: if the content of the body is wrong.
pub fn oauth_parameters<const N: usize>(
    request: &Request<'_>,
    known: [&str; N],
) -> Result<[Option<String>; N], Problem> {
    let parameters = oauth_parameters_as_sent(request, known)?;
    Ok(parameters.map(|value| value.filter(|text| !text.is_empty())))
}

/// Like [`oauth_parameters`], but a parameter whose value is empty is `Some("")` instead of `None`.
///
/// # Errors
/// The same errors as those of [`oauth_parameters`].
pub fn oauth_parameters_as_sent<const N: usize>(
    request: &Request<'_>,
    known: [&str; N],
) -> Result<[Option<String>; N], Problem> {
    require_no_coding(request)?;
    match request.media_type().as_deref() {
        Some("application/x-www-form-urlencoded") => parse_form(&request.body, known),
        Some("application/json") => {
            let mut members = parse_object(request)?;
            let mut texts = [const { None }; N];
            for (slot, name) in texts.iter_mut().zip(known) {
                *slot = match members.remove(name) {
                    Some(Json::Null) => Some(String::new()),
                    value => text(name, value)?,
                };
            }
            Ok(texts)
        }
        _ => Err(Problem::new(
            Code::UnsupportedMediaType,
            "send a body with Content-Type: application/x-www-form-urlencoded or application/json",
        )),
    }
}

/// The body of a request as bytes. Its media type must be that of JSON Lines (one JSON value per
/// line).
///
/// # Errors
/// `unsupported_media_type` if the media type is another one, or if the body is compressed.
pub fn lines<'a>(request: &'a Request<'_>) -> Result<&'a [u8], Problem> {
    require_no_coding(request)?;
    match request.media_type().as_deref() {
        Some("application/jsonl" | "application/x-ndjson") => Ok(&request.body),
        _ => Err(Problem::new(
            Code::UnsupportedMediaType,
            "send lines of JSON with Content-Type: application/jsonl",
        )),
    }
}

/// The body of a request as bytes. Its media type must be that of a form.
///
/// # Errors
/// `unsupported_media_type` if the media type is another one, or if the body is compressed.
pub fn form<'a>(request: &'a Request<'_>) -> Result<&'a [u8], Problem> {
    require_no_coding(request)?;
    match request.media_type().as_deref() {
        Some("application/x-www-form-urlencoded") => Ok(&request.body),
        _ => Err(Problem::new(
            Code::UnsupportedMediaType,
            "send a form with Content-Type: application/x-www-form-urlencoded",
        )),
    }
}

/// Reads a JSON object that has only `known` members, all of them strings.
///
/// # Errors
/// - `unsupported_media_type`: if the media type is another one, or if the body is compressed.
/// - `invalid_request`: if the content of the body is wrong.
pub fn json_texts<const N: usize>(
    request: &Request<'_>,
    known: [&str; N],
) -> Result<[Option<String>; N], Problem> {
    require_json(request)?;
    take_texts(parse_object(request)?, known)
}

/// Like [`json_texts`], but every member is required.
///
/// # Errors
/// The same errors as those of [`json_texts`], and `invalid_field` for a missing member.
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

/// Like [`json_texts`], but also reads the boolean member `cookie`, which is false when it is
/// absent.
///
/// # Errors
/// The same errors as those of [`json`].
pub fn texts_and_cookie<const N: usize>(
    request: &Request<'_>,
    known: [&str; N],
) -> Result<([Option<String>; N], bool), Problem> {
    require_json(request)?;
    let mut members = parse_object(request)?;
    let cookie = flag("cookie", members.remove("cookie"))? == Some(true);
    Ok((take_texts(members, known)?, cookie))
}

/// The value of a required field.
///
/// # Errors
/// `invalid_field` if the field is missing.
pub fn required<T>(field: &'static str, value: Option<T>) -> Result<T, Problem> {
    value.ok_or_else(|| Error::Field(field, FieldProblem::Missing).into())
}

/// Reads a member that must be a string or absent.
///
/// # Errors
/// `invalid_request` if the value has another type.
pub fn text(field: &str, value: Option<Json>) -> Result<Option<String>, Problem> {
    match value {
        None => Ok(None),
        Some(Json::String(text)) => Ok(Some(text)),
        Some(other) => Err(wrong_type(field, type_of(&other), "a string")),
    }
}

/// Reads a member of a PATCH. It must be absent or a string, or `null`, which removes the stored
/// value (RFC 7396 section 1).
///
/// # Errors
/// `invalid_request` if the value has another type.
pub fn text_edit(field: &str, value: Option<Json>) -> Result<Edit<String>, Problem> {
    Ok(match value {
        Some(Json::Null) => Edit::Remove,
        value => text(field, value)?.map_or(Edit::Keep, Edit::Set),
    })
}

/// Checks a member of a PATCH whose stored value can be changed but not removed.
///
/// # Errors
/// `invalid_request` if the value is `null`.
pub fn not_removed(field: &str, value: Option<Json>) -> Result<Option<Json>, Problem> {
    match value {
        Some(Json::Null) => {
            let detail = format!("{field} can't be removed: give it a value, or leave it out");
            Err(Problem::invalid_request(detail))
        }
        value => Ok(value),
    }
}

/// Reads a member that must be a list of strings or absent.
///
/// # Errors
/// `invalid_request` if the value has another type.
pub fn text_list(field: &str, value: Option<Json>) -> Result<Option<Vec<String>>, Problem> {
    let Some(value) = value else { return Ok(None) };
    let found = match &value {
        Json::Array(_) => "a list of other values",
        other => type_of(other),
    };
    let wrong = wrong_type(field, found, "a list of strings");
    value.into_texts().map(Some).ok_or(wrong)
}

/// Reads a member that must be true, false or absent.
///
/// # Errors
/// `invalid_request` if the value has another type.
pub fn flag(field: &str, value: Option<Json>) -> Result<Option<bool>, Problem> {
    match value {
        None => Ok(None),
        Some(Json::Bool(flag)) => Ok(Some(flag)),
        Some(other) => Err(wrong_type(field, type_of(&other), "true or false")),
    }
}

fn require_json(request: &Request<'_>) -> Result<(), Problem> {
    require_no_coding(request)?;
    if request.media_type().as_deref() == Some("application/json") {
        return Ok(());
    }
    Err(Problem::new(
        Code::UnsupportedMediaType,
        "send a body with Content-Type: application/json",
    ))
}

/// Rejects a compressed body, because its real size is only known after decompression. Clients
/// don't need compression: most routes accept at most 16 KiB. The answer names the encoding that is
/// accepted (RFC 9110 section 12.5.3).
fn require_no_coding(request: &Request<'_>) -> Result<(), Problem> {
    let codings = request.content_encoding.unwrap_or_default().split(',');
    let unknown = codings
        .map(str::trim)
        .find(|coding| !coding.is_empty() && !coding.eq_ignore_ascii_case("identity"));
    let Some(coding) = unknown else {
        return Ok(());
    };
    let is_in_a_coding = |c: char| c == '-' || c.is_ascii_digit();
    let is_named = coding.len() <= 16 && is_plain(&coding.replace(is_in_a_coding, "_"));
    let which = if is_named {
        format!(" (Content-Encoding: {coding})")
    } else {
        String::new()
    };
    let detail = format!(
        "the body is compressed or encoded{which}: send it as it is, without Content-Encoding"
    );
    Err(Problem::new(Code::UnsupportedMediaType, detail).with("Accept-Encoding", "identity"))
}

/// The values of the `known` parameters of a form or of a URL's query. Other parameters are
/// ignored.
///
/// # Errors
/// `invalid_request` for a known parameter that comes twice.
pub fn parse_form<const N: usize>(
    body: &[u8],
    known: [&str; N],
) -> Result<[Option<String>; N], Problem> {
    let mut values = [const { None }; N];
    for (name, value) in form_urlencoded::parse(body) {
        let mut slots = values.iter_mut().zip(known);
        let Some((slot, _)) = slots.find(|(_, known)| *known == name) else {
            continue;
        };
        if slot.replace(value.into_owned()).is_some() {
            let detail = format!("{name} is given twice");
            return Err(Problem::invalid_request(detail));
        }
    }
    Ok(values)
}

fn take_texts<const N: usize>(
    mut members: Members,
    known: [&str; N],
) -> Result<[Option<String>; N], Problem> {
    let mut texts = [const { None }; N];
    for (slot, name) in texts.iter_mut().zip(known) {
        *slot = text(name, members.remove(name))?;
    }
    require_no_more(&members)?;
    Ok(texts)
}

/// Rejects the body if any members are left. The caller has already removed the known members, so
/// these are unknown.
fn require_no_more(members: &Members) -> Result<(), Problem> {
    match members.names().next() {
        None => Ok(()),
        Some(name) if is_plain(name) => {
            let detail = format!("the member {name} is unknown");
            Err(Problem::invalid_request(detail))
        }
        Some(_) => Err(Problem::invalid_request("a member is unknown")),
    }
}

fn parse_object(request: &Request<'_>) -> Result<Members, Problem> {
    match Json::read(&request.body) {
        Ok(Json::Object(members)) => Ok(members),
        Ok(_) => Err(Problem::invalid_request("the body is not a JSON object")),
        Err(unread) => {
            let what = match unread.fault {
                Fault::DuplicateMember => "the JSON body has a member twice",
                Fault::TooDeep => "the JSON body is nested too deep",
                _ => not_json(&request.body),
            };
            Err(Problem::invalid_request(match unread.at {
                _ if request.body.is_empty() => what.to_owned(),
                None => what.to_owned(),
                Some((line, column)) => format!("{what} (line {line}, column {column})"),
            }))
        }
    }
}

/// Tells the client why its body is not JSON. JSON must be UTF-8 without a byte order mark (RFC
/// 8259 section 8.1). If the body seems to have another encoding, the text says which one.
fn not_json(body: &[u8]) -> &'static str {
    match body {
        [] => "the body is empty",
        [0xef, 0xbb, 0xbf, ..] => "the body begins with a byte order mark: send JSON without one",
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] | [_, 0, ..] | [0, ..] => {
            "the body is not JSON in UTF-8, but looks like UTF-16 or UTF-32"
        }
        [0x1f, 0x8b, ..] => {
            "the body is not JSON, but looks like gzip: send it without compression"
        }
        _ if std::str::from_utf8(body).is_err() => "the body is not JSON in UTF-8",
        _ => "the body is not JSON",
    }
}

fn type_of(value: &Json) -> &'static str {
    match value {
        Json::Null => "null",
        Json::Bool(_) => "true or false",
        Json::Integer(_) | Json::OtherNumber => "a number",
        Json::String(_) => "a string",
        Json::Array(_) => "a list",
        Json::Object(_) => "an object",
    }
}

/// The problem for a member whose value has the wrong type. It names the member and the type, but
/// does not repeat the value, because the value could be a secret.
fn wrong_type(field: &str, found: &str, expected: &str) -> Problem {
    Problem::invalid_request(format!(
        "the member {field} is {found}, but must be {expected}"
    ))
}

/// Whether the name of an unknown member may be put into the answer and the log: it must consist of
/// at most 40 letters and underscores. If a client sends a secret in place of a name by mistake,
/// the secret rarely looks like that.
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
            .and_then(|[email]| text("email", email))
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

    const FORM: &str = "application/x-www-form-urlencoded";

    /// RFC 6749 section 3.2.
    #[test]
    fn an_oauth_parameter_without_a_value_is_left_out_and_an_unknown_one_ignored() {
        for (content_type, body) in [
            (FORM, "token=a%20b&unknown=1"),
            (
                FORM,
                "token=a+b&hint=&unknown=&unknown=2&resource=x&resource=y",
            ),
            (FORM, "hint&token=a%20b&"),
            ("application/json", r#"{"token":"a b"}"#),
            (
                "application/json",
                r#"{"token":"a b","hint":"","unknown":{"a":[1]}}"#,
            ),
            (
                "application/json",
                r#"{"token":"a b","hint":null,"unknown":null}"#,
            ),
        ] {
            let values = oauth_parameters(&request(content_type, body), ["token", "hint"]).unwrap();
            assert_eq!(values, [Some("a b".to_owned()), None], "{body}");
        }
        for (content_type, body) in [
            (FORM, "token=a&token=b"),
            (FORM, "token=a&token=a"),
            (FORM, "token=&token=a"),
            (FORM, "token=a&token="),
            (FORM, "token=&token="),
            (FORM, "token=a&%74oken=b"),
            ("application/json", r#"{"token":"a","token":"b"}"#),
            ("application/json", r#"{"token":"","token":"b"}"#),
            (
                "application/json",
                r#"{"token":"a","unknown":1,"unknown":2}"#,
            ),
            ("application/json", r#"{"token":1}"#),
            ("application/json", r#"{"token":false}"#),
            ("application/json", r#"{"token":[]}"#),
        ] {
            let problem = oauth_parameters(&request(content_type, body), ["token"]).unwrap_err();
            assert_eq!(problem.code, Code::InvalidRequest, "{body}");
        }
    }

    /// RFC 9110 section 8.4.1: codings are case-insensitive, and the header can name several.
    #[test]
    fn a_compressed_body_is_refused_by_its_name() {
        for (coding, named) in [
            ("gzip", "gzip"),
            ("GZIP", "GZIP"),
            ("br", "br"),
            ("identity, deflate", "deflate"),
            ("zstd,gzip", "zstd"),
            ("x-gzip", "x-gzip"),
            // This is a charset. Some programs put it into `Content-Encoding` by mistake.
            ("utf-8", "utf-8"),
        ] {
            let mut sent = request("application/json", "{}");
            sent.content_encoding = Some(coding);
            let form = Request {
                content_type: Some(FORM),
                ..sent.clone()
            };
            for refused in [
                json_texts(&sent, ["a"]).unwrap_err(),
                oauth_parameters(&sent, ["a"]).unwrap_err(),
                oauth_parameters(&form, ["a"]).unwrap_err(),
            ] {
                let answer = refused.into_answer();
                assert_eq!(answer.status, 415);
                assert_eq!(answer.header("Accept-Encoding"), Some("identity"));
                let told = format!("(Content-Encoding: {named})");
                assert!(answer.body.unwrap().contains(&told), "{coding}");
            }
        }
        // If a client sends a secret in the wrong header by mistake, this value is the secret. So
        // the answer must not repeat the value.
        for coding in ["a secret", "secret-f41c0b7a92e8d635"] {
            let mut strange = request("application/json", "{}");
            strange.content_encoding = Some(coding);
            let body = json_texts(&strange, ["a"]).unwrap_err().into_answer().body;
            assert!(!body.unwrap().contains("secret"), "{coding}");
        }
        for coding in ["", "identity", "Identity", " identity ,"] {
            let mut sent = request("application/json", "{}");
            sent.content_encoding = Some(coding);
            assert!(json_texts(&sent, ["a"]).is_ok(), "{coding}");
        }
    }

    /// RFC 8259 section 8.1: JSON is UTF-8, without a byte order mark.
    #[test]
    fn an_encoding_that_is_not_utf_8_is_named() {
        let utf_16: Vec<u8> = "{}".encode_utf16().flat_map(u16::to_le_bytes).collect();
        for (body, told) in [
            (b"".as_slice(), "the body is empty"),
            (b"\xef\xbb\xbf{}", "byte order mark"),
            (b"\xff\xfe{\0}\0", "UTF-16"),
            (&utf_16, "UTF-16"),
            (b"\x1f\x8b\x08\0", "gzip"),
            (b"{\"a\":\"\xe9\"}", "not JSON in UTF-8"),
            (b"{", "the body is not JSON"),
        ] {
            let mut sent = request("application/json", "");
            sent.body = body.to_vec();
            let answer = json_texts(&sent, ["a"]).unwrap_err().into_answer();
            assert_eq!(answer.status, 400);
            assert!(answer.body.unwrap().contains(told), "{told}");
        }
    }

    #[test]
    fn members_have_their_types() {
        let body = r#"{"flag":true,"list":["a","b"],"text":"c"}"#;
        let read = |names| json::<3>(&request("application/json", body), names).unwrap();
        let [on, list, c] = read(["flag", "list", "text"]);
        assert_eq!(flag("flag", on), Ok(Some(true)));
        assert_eq!(
            text_list("list", list),
            Ok(Some(vec!["a".to_owned(), "b".to_owned()]))
        );
        assert_eq!(text("text", c), Ok(Some("c".to_owned())));
        let [list, c, on] = read(["list", "text", "flag"]);
        assert!(flag("list", list).is_err());
        assert!(text_list("text", c).is_err() && text("flag", on).is_err());
        assert!(flag("flag", Some(Json::Null)).is_err());
        assert!(text_list("list", Some(Json::Array(vec![Json::Null]))).is_err());
        assert_eq!(
            (flag("a", None), text("b", None), text_list("c", None)),
            (Ok(None), Ok(None), Ok(None))
        );
    }

    #[test]
    fn a_wrong_type_names_the_member_and_what_was_expected() {
        let detail = |problem: Problem| problem.into_answer().body.unwrap().into_owned();
        for (body, found) in [
            (r#"{"email":1}"#, "a number"),
            (r#"{"email":1.5}"#, "a number"),
            (r#"{"email":null}"#, "null"),
            (r#"{"email":true}"#, "true or false"),
            (r#"{"email":["secret"]}"#, "a list"),
            (r#"{"email":{"a":"secret"}}"#, "an object"),
        ] {
            let told =
                detail(json_texts(&request("application/json", body), ["email"]).unwrap_err());
            let expected = format!("the member email is {found}, but must be a string");
            assert!(
                told.contains(&expected) && !told.contains("secret"),
                "{told}"
            );
        }
        let flag = detail(flag("cookie", Some(Json::Integer(1))).unwrap_err());
        assert!(flag.contains("the member cookie is a number, but must be true or false"));
        let list = Some(Json::Array(vec![Json::Integer(1)]));
        let list = detail(text_list("roles", list).unwrap_err());
        assert!(list.contains("the member roles is a list of other values, but must be a list of"));
        let twice = json_texts(&request("application/json", r#"{"a":"1","a":"2"}"#), ["a"]);
        assert!(detail(twice.unwrap_err()).contains("has a member twice"));
    }
}
