//! Reads the bodies of requests. The first line of the input is the media type, and the rest is the
//! body. The service must read the same values from JSON as serde_json, and the same values from a
//! form as the function `decoded`. It must never accept a form that repeats a known parameter.

use edgegate::domain::error::Code;
use edgegate::edge::body::{
    flag, json, json_texts, oauth_parameters, text_list, texts, texts_and_cookie,
};
use edgegate::edge::request::Request;
use edgegate_token::json::Json;
use serde_json::Value;

const KNOWN: [&str; 3] = ["email", "password", "refresh_token"];

pub fn run(input: &[u8]) {
    let at = input.iter().position(|byte| *byte == b'\n');
    let (content_type, body) = input.split_at(at.unwrap_or(0));
    let Some(content_type) = super::text(content_type) else {
        return;
    };
    let request = Request {
        content_type: Some(content_type),
        body: body.get(1..).unwrap_or_default().to_vec(),
        ..Request::default()
    };
    match request.media_type().as_deref() {
        Some("application/json") => json_body(&request),
        Some("application/x-www-form-urlencoded") => form(&request),
        _ => {
            for code in [
                oauth_parameters(&request, KNOWN).unwrap_err().code,
                json(&request, KNOWN).unwrap_err().code,
                texts(&request, KNOWN).unwrap_err().code,
                texts_and_cookie(&request, KNOWN).unwrap_err().code,
            ] {
                assert_eq!(code, Code::UnsupportedMediaType);
            }
        }
    }
}

fn json_body(request: &Request) {
    let read: Option<Value> = serde_json::from_slice(&request.body).ok();
    let member = |name: &str| read.as_ref().and_then(|read| read.get(name));
    if let Ok(members) = json(request, KNOWN) {
        let count = members.iter().flatten().count();
        assert_eq!(read.as_ref().unwrap().as_object().unwrap().len(), count);
        for (value, name) in members.into_iter().zip(KNOWN) {
            assert_eq!(value.is_some(), member(name).is_some());
            assert_eq!(
                value.as_ref().and_then(Json::as_str),
                member(name).and_then(Value::as_str)
            );
            let on = flag(name, value.clone());
            assert_eq!(on.is_ok(), member(name).is_none_or(Value::is_boolean));
            if let Ok(Some(list)) = text_list(name, value) {
                let theirs = member(name).unwrap().as_array().unwrap();
                assert!(
                    list.iter()
                        .map(String::as_str)
                        .eq(theirs.iter().map(|item| item.as_str().unwrap()))
                );
            }
        }
    }
    let strict = json_texts(request, KNOWN);
    let loose = oauth_parameters(request, KNOWN);
    for (values, is_oauth) in [(&strict, false), (&loose, true)] {
        let Ok(values) = values else { continue };
        for (value, name) in values.iter().zip(KNOWN) {
            // An OAuth parameter whose value is empty is treated as absent.
            let given = member(name).filter(|value| !is_oauth || !is_blank(value));
            assert_eq!(value.as_deref(), given.map(|value| value.as_str().unwrap()));
        }
    }
    if strict.is_ok() {
        assert!(loose.is_ok());
    }
    let all = texts(request, KNOWN);
    assert_eq!(
        all.is_ok(),
        strict
            .as_ref()
            .is_ok_and(|values| values.iter().all(Option::is_some))
    );
    if let Ok((values, cookie)) = texts_and_cookie(request, KNOWN) {
        assert_eq!(cookie, member("cookie") == Some(&Value::Bool(true)));
        for (value, name) in values.iter().zip(KNOWN) {
            assert_eq!(
                value.as_deref(),
                member(name).map(|value| value.as_str().unwrap())
            );
        }
    }
}

fn form(request: &Request) {
    let pairs = decoded(&request.body);
    let given = |name: &str| -> Vec<&str> {
        pairs
            .iter()
            .filter(|(of, _)| of == name)
            .map(|(_, value)| value.as_str())
            .collect()
    };
    match oauth_parameters(request, KNOWN) {
        Ok(values) => {
            for (value, name) in values.iter().zip(KNOWN) {
                let mut given = given(name);
                assert!(given.len() <= 1, "{name}");
                given.retain(|text| !text.is_empty());
                assert_eq!(
                    value.as_deref().into_iter().collect::<Vec<_>>(),
                    given,
                    "{name}"
                );
            }
        }
        Err(problem) => {
            assert_eq!(problem.code, Code::InvalidRequest);
            assert!(KNOWN.iter().any(|name| given(name).len() > 1));
        }
    }
    assert_eq!(
        json(request, KNOWN).unwrap_err().code,
        Code::UnsupportedMediaType
    );
    assert_eq!(
        texts(request, KNOWN).unwrap_err().code,
        Code::UnsupportedMediaType
    );
}

fn is_blank(value: &Value) -> bool {
    value.is_null() || value.as_str() == Some("")
}

/// Parses application/x-www-form-urlencoded as the URL standard says. The results of this second
/// implementation are compared with those of the service.
pub fn decoded(body: &[u8]) -> Vec<(String, String)> {
    body.split(|byte| *byte == b'&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let at = pair
                .iter()
                .position(|byte| *byte == b'=')
                .unwrap_or(pair.len());
            (
                percent(&pair[..at]),
                percent(pair.get(at + 1..).unwrap_or_default()),
            )
        })
        .collect()
}

fn percent(text: &[u8]) -> String {
    let hex = |byte: u8| char::from(byte).to_digit(16);
    let (mut bytes, mut at) = (Vec::new(), 0);
    while at < text.len() {
        let digits = text.get(at + 1).zip(text.get(at + 2));
        match (
            text[at],
            digits.and_then(|(high, low)| hex(*high).zip(hex(*low))),
        ) {
            (b'%', Some((high, low))) => {
                bytes.push(u8::try_from(high * 16 + low).unwrap());
                at += 3;
            }
            (b'+', _) => {
                bytes.push(b' ');
                at += 1;
            }
            (byte, _) => {
                bytes.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
