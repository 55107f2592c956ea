//! Compares the service's strict JSON reader with serde_json. If both accept a text, they must read
//! the same value. If only serde_json accepts it, the text must have the fault that the error of
//! the strict reader names.

use edgegate::domain::json::{decode, encode};
use edgegate::domain::policy::JSON_MAX_DEPTH;
use edgegate_token::json::{Fault, Json, read_object};
use serde_json::Value;

pub fn run(input: &[u8]) {
    let ours = Json::read(input);
    let object = read_object(input);
    match (&ours, serde_json::from_slice::<Value>(input)) {
        (Ok(ours), Ok(theirs)) => {
            assert!(same(ours, &theirs), "read otherwise: {theirs}");
            assert_eq!(colons(input), members(&theirs), "a member is there twice");
            assert!(depth(&theirs) <= JSON_MAX_DEPTH);
            assert_eq!(object.is_ok(), theirs.is_object());
            if is_writable(&theirs) {
                let text = ours.to_text();
                let again = Json::read(text.as_bytes()).unwrap();
                assert!(again == *ours, "{text}");
                assert_eq!(again.to_text(), text);
            }
        }
        (Ok(_), Err(error)) => panic!("serde_json refuses it: {error}"),
        (Err(unread), Ok(theirs)) => match unread.fault {
            Fault::DuplicateMember => assert!(colons(input) > members(&theirs), "{theirs}"),
            Fault::TooDeep => assert!(depth(&theirs) > JSON_MAX_DEPTH),
            fault => panic!("{fault:?}: {theirs}"),
        },
        (Err(unread), Err(_)) => {
            assert_eq!(
                unread.fault == Fault::NotUtf8,
                std::str::from_utf8(input).is_err()
            );
        }
    }
    assert!(object.is_err() || ours.is_ok());
    if let Some(text) = super::text(input) {
        let written = encode(&text);
        assert_eq!(Json::read(written.as_bytes()).unwrap().as_str(), Some(text));
        assert_eq!(decode::<String>(&written).as_deref(), Some(text));
    }
}

fn same(ours: &Json, theirs: &Value) -> bool {
    match (ours, theirs) {
        (Json::Null, Value::Null) => true,
        (Json::Bool(a), Value::Bool(b)) => a == b,
        (Json::Integer(a), Value::Number(b)) => b.as_u64() == Some(*a),
        (Json::OtherNumber, Value::Number(b)) => b.as_u64().is_none(),
        (Json::String(a), Value::String(b)) => a == b,
        (Json::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        (Json::Object(a), Value::Object(b)) => {
            a.names().count() == b.len()
                && b.iter()
                    .all(|(name, b)| a.get(name).is_some_and(|a| same(a, b)))
        }
        _ => false,
    }
}

fn is_writable(value: &Value) -> bool {
    match value {
        Value::Number(number) => number.as_u64().is_some(),
        Value::Array(items) => items.iter().all(is_writable),
        Value::Object(members) => members.values().all(is_writable),
        _ => true,
    }
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

fn members(value: &Value) -> usize {
    match value {
        Value::Array(items) => items.iter().map(members).sum(),
        Value::Object(object) => object.len() + object.values().map(members).sum::<usize>(),
        _ => 0,
    }
}

/// The number of members in a JSON text, including duplicates. Each member has one colon outside
/// strings, so this function counts those colons.
fn colons(text: &[u8]) -> usize {
    let (mut count, mut in_string, mut escaped) = (0, false, false);
    for byte in text {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b':' if !in_string => count += 1,
            _ => {}
        }
    }
    count
}
