//! Tests the cache of verified access tokens.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::string_slice)]

#[path = "../crates/token/tests/token_support/mod.rs"]
mod token_support;

use std::rc::Rc;

use edgegate::domain::verified_tokens::{Reader, VerifiedTokens};
use token_support::{Key, NOW};

#[test]
fn the_cache_answers_for_the_whole_text_only_and_not_beyond_exp() {
    let text = Key::Ed.good();
    let token = Rc::new(Key::Ed.check(&text).unwrap());
    let mut cache = VerifiedTokens::new(2);
    cache.insert(&text, Reader::Account, Rc::clone(&token), NOW);
    assert_eq!(
        cache.get(&text, Reader::Account, NOW),
        Some(Rc::clone(&token))
    );
    assert_eq!(
        cache.get(&text[..text.len() - 1], Reader::Account, NOW),
        None
    );
    assert_eq!(
        cache.get(&text, Reader::Account, NOW + 599),
        Some(Rc::clone(&token))
    );
    assert_eq!(cache.get(&text, Reader::Account, NOW + 600), None);
    assert_eq!(
        cache.get(&text, Reader::Account, NOW + 599),
        None,
        "dropped, not hidden"
    );
    cache.insert(&text, Reader::Account, Rc::clone(&token), NOW);
    assert_eq!(
        cache.get(&text, Reader::Account, NOW - 1),
        None,
        "a clock that went back"
    );
    for name in ["a", "b"] {
        cache.insert(name, Reader::Account, Rc::clone(&token), NOW);
    }
    assert!(cache.get("a", Reader::Account, NOW).is_some());
    cache.insert("c", Reader::Account, Rc::clone(&token), NOW);
    assert_eq!(cache.len(), 2);
    assert!(
        cache.get("b", Reader::Account, NOW).is_none()
            && cache.get("a", Reader::Account, NOW).is_some(),
        "the one unused for longest went"
    );
    assert!(!cache.is_empty());
    for name in ["d", "e", "d", "f"] {
        cache.insert(name, Reader::Account, Rc::clone(&token), NOW);
    }
    assert_eq!(cache.len(), 2);
    assert!(
        cache.get("e", Reader::Account, NOW).is_none()
            && cache.get("d", Reader::Account, NOW).is_some(),
        "a token that is verified again is the newest"
    );
    cache.clear();
    assert!(cache.is_empty() && cache.get("a", Reader::Account, NOW).is_none());
    let mut none = VerifiedTokens::new(0);
    none.insert("a", Reader::Account, token, NOW);
    assert!(none.is_empty());
}

#[test]
fn tokens_that_end_alike_are_different_tokens() {
    let token = Rc::new(Key::Ed.check(&Key::Ed.good()).unwrap());
    let other = Rc::new(Key::Es.check(&Key::Es.good()).unwrap());
    let end = "s".repeat(86);
    let (one, two) = (format!("a.b.{end}"), format!("c.d.{end}"));
    let mut cache = VerifiedTokens::new(2);
    cache.insert(&one, Reader::Account, Rc::clone(&token), NOW);
    assert_eq!(cache.get(&two, Reader::Account, NOW), None);
    assert_eq!(cache.get(&end, Reader::Account, NOW), None);
    cache.insert(&two, Reader::Account, Rc::clone(&other), NOW);
    assert_eq!(cache.get(&one, Reader::Account, NOW), Some(token));
    assert_eq!(cache.get(&two, Reader::Account, NOW), Some(other));
    assert_eq!(cache.len(), 2);
}

#[test]
fn a_token_is_found_only_by_the_reader_that_verified_it() {
    let text = Key::Ed.good();
    let token = Rc::new(Key::Ed.check(&text).unwrap());
    let mut cache = VerifiedTokens::new(2);
    cache.insert(&text, Reader::Userinfo, Rc::clone(&token), NOW);
    assert_eq!(cache.get(&text, Reader::Account, NOW), None);
    assert_eq!(
        cache.get(&text, Reader::Userinfo, NOW),
        Some(Rc::clone(&token)),
        "the other reader's question does not drop it"
    );
    cache.insert(&text, Reader::Account, token, NOW);
    assert_eq!(cache.get(&text, Reader::Userinfo, NOW), None);
    assert_eq!(cache.len(), 1);
}
