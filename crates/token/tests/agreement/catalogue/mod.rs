//! The catalogue: tokens that must be accepted, and tokens that attackers send. Each token of an
//! attacker has one fault and must be rejected because of it. The tokens are made for a given key,
//! so that each rule is tested with each algorithm.

mod claims;
mod form;
mod good;
mod header;
mod key_choice;
mod signature;

use crate::token_support::{Key, and, claims, encode, with};
use edgegate_token::TokenError;
use serde_json::Value;

/// A token and the expected result.
pub struct Vector {
    pub name: String,
    /// The token is verified with the key set that has this key alone.
    pub key: Key,
    /// The section of a standard, or a known attack.
    pub reference: &'static str,
    pub why: &'static str,
    pub token: String,
    /// Why it is rejected. None if it is accepted.
    pub refused: Option<TokenError>,
    /// The checks that are made with the token.
    pub checks: Vec<Check>,
    /// Why the service rejects a token that a verifier without the service's database accepts.
    /// `None` if both agree.
    pub service: Option<&'static str>,
}

/// One of the three checks, and the expected answer.
pub struct Check {
    pub criterion: Criterion,
    pub expected: bool,
}

pub enum Criterion {
    Roles(&'static [&'static str]),
    UserId(&'static str),
    Email(&'static str),
}

/// All vectors for `key`.
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

/// The vectors about the choice of a key from a set and about its signature. They differ by key.
pub fn of_the_key(key: Key) -> Vec<Vector> {
    let mut catalogue = Catalogue::new(key);
    good::of_the_key(&mut catalogue);
    key_choice::of_the_key(&mut catalogue);
    form::of_the_key(&mut catalogue);
    signature::add(&mut catalogue);
    catalogue.vectors
}

/// The vectors for the set of one key without a kid.
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

    /// Sets the subject of the vectors that follow.
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

    /// A validly signed token with this header.
    fn header(&self, header: impl AsRef<[u8]>) -> String {
        self.key.token(header, claims().to_string())
    }

    /// A token with one member of the header changed, or removed for `None`.
    fn member(&self, name: &str, value: Option<Value>) -> String {
        self.header(with(self.key.header(), name, value).to_string())
    }

    /// A validly signed token with these claims.
    fn claims(&self, claims: impl AsRef<[u8]>) -> String {
        self.key.token(self.key.header().to_string(), claims)
    }

    /// A token with one claim changed, or removed for `None`.
    fn claim(&self, name: &str, value: Option<Value>) -> String {
        self.claims(with(claims(), name, value).to_string())
    }

    /// A token with a claim as raw JSON, for numbers that `Value` can't represent.
    fn raw(&self, name: &str, text: &str) -> String {
        let others = with(claims(), name, None);
        self.claims(and(&others, &format!("\"{name}\":{text}")))
    }
}

/// The token with this signing input and signature.
fn signed(input: &str, signature: &[u8]) -> String {
    format!("{input}.{}", encode(signature))
}
