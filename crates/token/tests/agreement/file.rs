//! Writes the catalogue as the text of the file `tests/vectors/agreement/tokens.json`, and reads a
//! token from the file.

use crate::catalogue::{Check, Criterion, Vector, catalogue, of_one_key, of_the_key};
use crate::token_support::{AUD, ISS, Key, NOW};
use base64ct::{Base64UrlUnpadded, Encoding as _};
use serde_json::{Value, json};

const ABOUT: &str = "Made by `UPDATE_VECTORS=1 cargo test --test agreement`. The keys are known to everybody: never use them. \
    A token is a text, or an array of texts and of {repeat, times}, to be joined. no_header says why a token can't travel in \
    an Authorization header, service why the service refuses what a verifier without its users takes.";

const CLAIMS: [&str; 16] = [
    "iss",
    "sub",
    "aud",
    "client_id",
    "exp",
    "iat",
    "nbf",
    "auth_time",
    "jti",
    "sid",
    "ver",
    "roles",
    "email",
    "email_verified",
    "scope",
    "sign_on",
];

/// In tokens that are longer than this, repeated text is written once with the number of
/// repetitions.
const LONG: usize = 1500;

/// All vectors of the file, each with its name in the file.
pub fn vectors() -> Vec<(String, Vector)> {
    let named = |prefix: &'static str, vectors: Vec<Vector>| {
        vectors
            .into_iter()
            .map(move |vector| (format!("{prefix}{}", vector.name), vector))
    };
    named("", catalogue(Key::Ed))
        .chain(named("es256-", of_the_key(Key::Es)))
        .chain(named("retired-", of_the_key(Key::Retired)))
        .chain(named("", of_one_key()))
        .collect()
}

/// The text of the file, with one line per vector.
pub fn write() -> String {
    let set = |key: Key| {
        let private = key.jwks();
        let mut public = private.clone();
        for jwk in public["keys"].as_array_mut().unwrap() {
            jwk.as_object_mut().unwrap().remove("d");
        }
        json!({ "public": public, "private": private })
    };
    let head = json!({
        "about": ABOUT,
        "now": NOW,
        "issuer": ISS,
        "audience": AUD,
        "key_sets": { set_name(Key::Ed): set(Key::Ed), set_name(Key::Lone): set(Key::Lone) },
    });
    let head = serde_json::to_string_pretty(&head).unwrap();
    let head = head.strip_suffix("\n}").unwrap();
    let lines: Vec<_> = vectors()
        .into_iter()
        .map(|(name, vector)| line(name, &vector).to_string())
        .collect();
    format!(
        "{head},\n  \"vectors\": [\n    {}\n  ]\n}}\n",
        lines.join(",\n    ")
    )
}

fn set_name(key: Key) -> &'static str {
    match key {
        Key::Lone => "one",
        _ => "several",
    }
}

fn line(name: String, vector: &Vector) -> Value {
    let mut line = json!({
        "name": name,
        "key_set": set_name(vector.key),
        "token": pieces(&vector.token),
        "ref": vector.reference,
        "why": vector.why,
    });
    match vector.refused {
        None => {
            line["verdict"] = "valid".into();
            line["claims"] = claims(&vector.token);
        }
        Some(error) => {
            line["verdict"] = "invalid".into();
            line["reason"] = error.reason().into();
        }
    }
    if !vector.checks.is_empty() {
        line["checks"] = vector.checks.iter().map(check).collect();
    }
    if let Some(reason) = vector.service {
        line["service"] = reason.into();
    }
    if let Some(why) = no_header(&vector.token) {
        line["no_header"] = why.into();
    }
    line
}

/// The claims of a valid token, read with serde_json instead of this crate's reader. A claim that
/// is absent gets its default value.
fn claims(token: &str) -> Value {
    let payload = token.split('.').nth(1).unwrap();
    let payload = Base64UrlUnpadded::decode_vec(payload).unwrap();
    let mut read: Value = serde_json::from_slice(&payload).unwrap();
    let members = read.as_object_mut().unwrap();
    members.retain(|name, _| CLAIMS.contains(&name.as_str()));
    members.entry("roles").or_insert_with(|| json!([]));
    members
        .entry("email_verified")
        .or_insert_with(|| json!(false));
    // A single audience is written as a string.
    if let Some([one]) = members["aud"].as_array().map(Vec::as_slice) {
        members["aud"] = one.clone();
    }
    read
}

fn check(
    Check {
        criterion,
        expected,
    }: &Check,
) -> Value {
    match criterion {
        Criterion::Roles(roles) => json!({ "role": roles, "expected": expected }),
        Criterion::UserId(id) => json!({ "user_id": id, "expected": expected }),
        Criterion::Email(address) => json!({ "email": address, "expected": expected }),
    }
}

/// Why the token can't be sent in a header. RFC 9110 section 5.5 says which characters are allowed.
/// An empty token is not allowed by RFC 6750 section 2.1.
fn no_header(token: &str) -> Option<&'static str> {
    if token.is_empty() {
        Some("a scheme without a token is no credentials")
    } else if token.contains(['\0', '\r', '\n']) {
        Some("a field value has no CR, LF or NUL")
    } else if token.chars().any(|character| character > '\u{ff}') {
        Some("a field value is bytes, and a Headers object takes no character above U+00FF")
    } else if token.ends_with([' ', '\t']) {
        Some("white space at the end is no part of a field value")
    } else {
        None
    }
}

/// Writes a token in the form that the file contains. A short token is a string. A long token is a
/// list, in which each item is a string, or a repeated string with the number of its repetitions.
fn pieces(token: &str) -> Value {
    if token.len() <= LONG {
        return token.into();
    }
    let (mut pieces, mut plain, mut rest) = (Vec::new(), 0, 0);
    while rest < token.len() {
        let (unit, times) = [1, 4]
            .map(|unit| (unit, repetitions(&token[rest..], unit)))
            .into_iter()
            .max_by_key(|(unit, times)| unit * times)
            .unwrap();
        if unit * times < 200 {
            rest += 1;
            continue;
        }
        if plain < rest {
            pieces.push(json!(token[plain..rest]));
        }
        pieces.push(json!({ "repeat": token[rest..rest + unit], "times": times }));
        rest += unit * times;
        plain = rest;
    }
    if plain < rest {
        pieces.push(json!(token[plain..]));
    }
    pieces.into()
}

/// How many times the first `unit` characters are repeated at the beginning of the text.
fn repetitions(text: &str, unit: usize) -> usize {
    let bytes = text.as_bytes();
    let first = bytes.get(..unit);
    bytes
        .chunks_exact(unit)
        .take_while(|chunk| Some(*chunk) == first)
        .count()
}

/// Reads a token from the form that [`pieces`] made.
pub fn token(written: &Value) -> String {
    match written {
        Value::Array(pieces) => pieces.iter().map(token).collect(),
        Value::String(text) => text.clone(),
        piece => {
            let times = usize::try_from(piece["times"].as_u64().unwrap()).unwrap();
            piece["repeat"].as_str().unwrap().repeat(times)
        }
    }
}

#[test]
fn a_long_token_is_read_back_as_it_was() {
    for (name, vector) in vectors() {
        assert!(token(&pieces(&vector.token)) == vector.token, "{name}");
    }
}
