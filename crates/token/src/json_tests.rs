//! Tests of [`json`](super::json).

use super::json::*;
use super::limits::JSON_MAX_DEPTH;
use zeroize::Zeroize as _;

fn fault(text: &str) -> Fault {
    read_object(text.as_bytes()).err().unwrap()
}

#[test]
fn duplicates_are_refused_at_every_depth_and_through_escapes() {
    for text in [
        r#"{"a":1,"a":1}"#,
        r#"{"a":1,"\u0061":1}"#,
        r#"{"x":{"a":1,"a":1}}"#,
        r#"{"x":[{"y":[{"a":1,"\u0061":2}]}]}"#,
    ] {
        assert_eq!(fault(text), Fault::DuplicateMember, "{text}");
    }
}

#[test]
fn members_are_sorted_by_name() {
    let members = read_object(br#"{"b":1,"a":2}"#).unwrap();
    assert_eq!(members.names().collect::<Vec<_>>(), ["a", "b"]);
    let names: Vec<_> = members.into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["a", "b"]);
}

#[test]
fn only_one_plain_object_is_read() {
    for text in [
        "",
        "{",
        "{} x",
        "{}{}",
        "{\"a\":01}",
        "{\"a\":NaN}",
        "{a:1}",
        "{/**/}",
        "{\"a\":1,}",
        "{\"a\":1e999}",
    ] {
        assert_eq!(fault(text), Fault::Syntax, "{text}");
    }
    for text in ["[]", "null", "1", "\"{}\"", "true"] {
        assert_eq!(fault(text), Fault::NotAnObject, "{text}");
    }
    assert_eq!(fault("\u{feff}{}"), Fault::ByteOrderMark);
    assert_eq!(fault(r#"{"a":"\ud800"}"#), Fault::Syntax);
    assert_eq!(
        read_object(b"{\"a\":\"\xff\"}").err().unwrap(),
        Fault::NotUtf8
    );
    assert!(read_object(b" { } ").unwrap() == Members::default());
}

#[test]
fn depth_is_bounded_on_both_sides_of_the_limit() {
    let nested = |n: usize| format!("{{\"a\":{}{}}}", "[".repeat(n - 1), "]".repeat(n - 1));
    assert!(read_object(nested(JSON_MAX_DEPTH).as_bytes()).is_ok());
    assert_eq!(fault(&nested(JSON_MAX_DEPTH + 1)), Fault::TooDeep);
    assert_eq!(fault(&nested(2000)), Fault::TooDeep);
}

#[test]
fn only_plain_non_negative_integers_are_integers() {
    let members =
        read_object(br#"{"a":7,"b":-1,"c":1.0,"d":1e3,"e":18446744073709551616,"f":-0}"#).unwrap();
    assert!(members.get("a") == Some(&Json::Integer(7)));
    for name in ["b", "c", "d", "e", "f"] {
        assert!(members.get(name) == Some(&Json::OtherNumber), "{name}");
    }
}

#[test]
fn what_is_written_is_read_again() {
    let value = Json::object([
        ("text", "\"\\\n\u{2028}\u{e9}".into()),
        ("none", None::<&str>.into()),
        ("most", u64::MAX.into()),
        ("flag", true.into()),
        ("list", ["a", "b"].into_iter().collect()),
        ("flag", false.into()),
    ]);
    let text = value.to_text();
    assert_eq!(
        text,
        "{\"flag\":false,\"list\":[\"a\",\"b\"],\"most\":18446744073709551615,\"none\":null,\"text\":\"\\\"\\\\\\n\u{2028}\u{e9}\"}"
    );
    assert!(Json::read(text.as_bytes()).unwrap() == value);
}

#[test]
fn a_fault_has_its_place() {
    let unread = Json::read(b"{\n \"a\": x}").unwrap_err();
    assert_eq!((unread.fault, unread.at), (Fault::Syntax, Some((2, 7))));
}

#[test]
fn debug_prints_nothing() {
    let value = Json::object([("password", "secret".into())]);
    assert_eq!(format!("{value:?}"), "Json");
    assert_eq!(format!("{:?}", Members::default()), "Members");
}

#[test]
fn each_accessor_gives_its_own_type_only() {
    let value = Json::object([
        ("text", "a".into()),
        ("integer", 7.into()),
        ("true", true.into()),
        ("false", false.into()),
        ("list", ["a", "b"].into_iter().collect()),
        ("some", Some(String::from("b")).into()),
    ]);
    let get = |name: &str| value.get(name).unwrap();
    let each = |name: &str| {
        let value = get(name);
        (
            value.as_str(),
            value.as_u64(),
            value.as_bool(),
            value.as_array().map(<[Json]>::len),
        )
    };
    assert_eq!(each("text"), (Some("a"), None, None, None));
    assert_eq!(each("integer"), (None, Some(7), None, None));
    assert_eq!(each("true"), (None, None, Some(true), None));
    assert_eq!(each("false"), (None, None, Some(false), None));
    assert_eq!(each("list"), (None, None, None, Some(2)));
    assert_eq!(each("some"), (Some("b"), None, None, None));
    assert!(value.get("other").is_none() && get("text").get("text").is_none());
    let Json::Object(mut members) = value.clone() else {
        panic!()
    };
    let names = ["false", "integer", "list", "some", "text", "true"];
    assert_eq!(members.names().collect::<Vec<_>>(), names);
    assert!(members.contains("text") && !members.contains("other"));
    assert!(members.remove("integer") == Some(Json::Integer(7)));
    assert!(members.remove("integer").is_none() && !members.contains("integer"));
}

#[test]
fn zeroize_erases_every_string() {
    let mut value = Json::object([("a", ["secret"].into_iter().collect()), ("b", "s".into())]);
    value.zeroize();
    let array = value.get("a").and_then(Json::as_array).unwrap();
    assert_eq!(array.first().and_then(Json::as_str), Some(""));
    assert_eq!(value.get("b").and_then(Json::as_str), Some(""));
}
