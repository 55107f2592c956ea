//! The catalogue: tokens that must pass, and what attackers send, each right but for one thing and refused for that one
//! thing. Everything is made for a given key, so that each rule is held for each algorithm.

mod claims;
mod form;
mod good;
mod header;
mod key_choice;
mod signature;

use crate::token_support::{Key, and, claims, encode, with};
use edgegate_token::TokenError;
use serde_json::Value;

/// A token and what must become of it.
pub struct Vector {
    pub name: String,
    /// The key whose set verifies it.
    pub key: Key,
    /// The section of a standard, or what happened to others.
    pub reference: &'static str,
    pub why: &'static str,
    pub token: String,
    /// Why it is refused; it passes for `None`.
    pub refused: Option<TokenError>,
    /// What it allows.
    pub checks: Vec<Check>,
    /// Why the service refuses what a verifier without its database can't.
    pub service: Option<&'static str>,
}

/// One of the three checks, and its answer.
pub struct Check {
    pub criterion: Criterion,
    pub expected: bool,
}

pub enum Criterion {
    Roles(&'static [&'static str]),
    UserId(&'static str),
    Email(&'static str),
}

/// Everything that is made for `key`.
pub fn catalogue(key: Key) -> Vec<Vector> {
    let mut catalogue = Catalogue::new(key);
    good::add(&mut catalogue);
    header::add(&mut catalogue);
    key_choice::add(&mut catalogue);
    claims::add(&mut catalogue);
    form::add(&mut catalogue);
    signature::add(&mut catalogue);
    catalogue.vectors
}

/// What shows how a key is chosen from a set and how it signs, without what is the same for every key.
pub fn of_the_key(key: Key) -> Vec<Vector> {
    let mut catalogue = Catalogue::new(key);
    good::of_the_key(&mut catalogue);
    key_choice::of_the_key(&mut catalogue);
    form::of_the_key(&mut catalogue);
    signature::add(&mut catalogue);
    catalogue.vectors
}

/// For the set of one key, without a kid.
pub fn of_one_key() -> Vec<Vector> {
    let mut catalogue = Catalogue::new(Key::Lone);
    key_choice::one_key(&mut catalogue);
    catalogue.vectors
}

struct Catalogue {
    key: Key,
    reference: &'static str,
    why: &'static str,
    vectors: Vec<Vector>,
}

impl Catalogue {
    fn new(key: Key) -> Self {
        Self {
            key,
            reference: "",
            why: "",
            vectors: Vec::new(),
        }
    }

    /// What the next ones are about.
    fn about(&mut self, reference: &'static str, why: &'static str) {
        (self.reference, self.why) = (reference, why);
    }

    fn good(&mut self, name: impl Into<String>, token: String) -> &mut Vector {
        self.add(name.into(), token, None)
    }

    fn bad(&mut self, name: impl Into<String>, token: String, reason: TokenError) {
        self.add(name.into(), token, Some(reason));
    }

    fn add(&mut self, name: String, token: String, refused: Option<TokenError>) -> &mut Vector {
        self.vectors.push(Vector {
            name,
            key: self.key,
            reference: self.reference,
            why: self.why,
            token,
            refused,
            checks: Vec::new(),
            service: None,
        });
        self.vectors.last_mut().unwrap()
    }

    /// A token with this header, rightly signed.
    fn header(&self, header: impl AsRef<[u8]>) -> String {
        self.key.token(header, claims().to_string())
    }

    /// A token with one member of the header changed, or taken out for `None`.
    fn member(&self, name: &str, value: Option<Value>) -> String {
        self.header(with(self.key.header(), name, value).to_string())
    }

    /// A token with these claims, rightly signed.
    fn claims(&self, claims: impl AsRef<[u8]>) -> String {
        self.key.token(self.key.header().to_string(), claims)
    }

    /// A token with one claim changed, or taken out for `None`.
    fn claim(&self, name: &str, value: Option<Value>) -> String {
        self.claims(with(claims(), name, value).to_string())
    }

    /// A token with a claim written as raw text, for numbers that `Value` can't hold.
    fn raw(&self, name: &str, text: &str) -> String {
        let others = with(claims(), name, None);
        self.claims(and(&others, &format!("\"{name}\":{text}")))
    }
}

/// The token over this text with that signature.
fn signed(input: &str, signature: &[u8]) -> String {
    format!("{input}.{}", encode(signature))
}
