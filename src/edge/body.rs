//! Bodies: strict JSON, and the forms of OAuth.

use serde::de::{Deserialize, DeserializeOwned, Deserializer};

use super::problem::Problem;
use super::request::Request;
use crate::domain::error::{Code, Error, FieldProblem};

/// Reads a JSON body: the media type must say so; unknown, repeated and wrongly typed members are refused.
///
/// # Errors
/// `unsupported_media_type` or `invalid_request`.
pub fn json<T: DeserializeOwned>(request: &Request) -> Result<T, Problem> {
    if request.media_type().as_deref() != Some("application/json") {
        return Err(Problem::new(
            Code::UnsupportedMediaType,
            "send a body with Content-Type: application/json",
        ));
    }
    parse_json(request)
}

/// Reads a form (`application/x-www-form-urlencoded`) or, for our own pages, the same fields as a JSON object of
/// texts. A parameter of `known` given twice is refused, an unknown one is ignored in a form (RFC 6749 section 3.2)
/// and refused in JSON.
///
/// # Errors
/// `unsupported_media_type` or `invalid_request`.
pub fn form_or_json<const N: usize>(
    request: &Request,
    known: [&str; N],
) -> Result<[Option<String>; N], Problem> {
    let mut values = [const { None }; N];
    let pairs: Vec<(String, String)> = match request.media_type().as_deref() {
        Some("application/x-www-form-urlencoded") => {
            form_urlencoded::parse(&request.body).into_owned().collect()
        }
        Some("application/json") => {
            let members: Members = parse_json(request)?;
            if let Some((name, _)) = members
                .0
                .iter()
                .find(|(name, _)| !known.contains(&name.as_str()))
            {
                return Err(Problem::invalid_request(format!(
                    "the member {} is unknown",
                    printable(name)
                )));
            }
            members.0
        }
        _ => {
            return Err(Problem::new(
                Code::UnsupportedMediaType,
                "send a body with Content-Type: application/x-www-form-urlencoded or application/json",
            ));
        }
    };
    for (name, value) in pairs {
        let Some((name, slot)) = known
            .iter()
            .zip(&mut values)
            .find(|(known, _)| **known == name)
        else {
            continue;
        };
        if slot.replace(value).is_some() {
            return Err(Problem::invalid_request(format!("{name} is given twice")));
        }
    }
    Ok(values)
}

/// A field that must be there.
///
/// # Errors
/// `invalid_field` when it is not.
pub fn required<T>(field: &'static str, value: Option<T>) -> Result<T, Problem> {
    value.ok_or_else(|| Error::Field(field, FieldProblem::Missing).into())
}

/// For optional fields: absent is `None`, but `null` is a wrong type, not absence.
///
/// # Errors
/// When the value is not a `T`.
pub fn present<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    T::deserialize(deserializer).map(Some)
}

fn parse_json<T: DeserializeOwned>(request: &Request) -> Result<T, Problem> {
    // serde would also fill a struct from an array.
    if request.body.trim_ascii_start().first() != Some(&b'{') {
        return Err(Problem::invalid_request("the body is not a JSON object"));
    }
    serde_json::from_slice(&request.body).map_err(|error| {
        let what = match error.classify() {
            serde_json::error::Category::Data => {
                // serde names the member and the type, and may quote a value: cut what could be secret.
                "the JSON body has an unknown, repeated or wrongly typed member"
            }
            _ => "the body is not JSON",
        };
        Problem::invalid_request(format!(
            "{what} (line {}, column {})",
            error.line(),
            error.column()
        ))
    })
}

/// A JSON object of texts, in order, repeats kept so that they can be refused.
struct Members(Vec<(String, String)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Members;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object of texts")
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(
                self,
                mut map: A,
            ) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Visitor)
    }
}

fn printable(name: &str) -> String {
    name.chars()
        .filter(|c| c.is_ascii_graphic())
        .take(40)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(content_type: &str, body: &str) -> Request {
        Request {
            content_type: Some(content_type.to_owned()),
            body: body.as_bytes().to_vec(),
            ..Request::default()
        }
    }

    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Body {
        #[serde(default, deserialize_with = "present")]
        email: Option<String>,
    }

    fn email(content_type: &str, body: &str) -> Result<Option<String>, Code> {
        json::<Body>(&request(content_type, body))
            .map(|body| body.email)
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
    fn forms_and_json_say_the_same() {
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
}
