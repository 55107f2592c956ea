//! The catalogue of tokens: tokens that must be accepted, and tokens that attackers could send.
//! For each token of an attacker, the catalogue says for which fault it must be rejected. The
//! tokens can be made for any key, so that each rule is tested with each algorithm.

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
    /// The token is verified with the key set that contains this key.
    pub key: Key,
    /// The section of a standard, or the name of a known attack.
    pub reference: &'static str,
    pub why: &'static str,
    pub token: String,
    /// Why the token must be rejected. `None` if it must be accepted.
    pub refused: Option<TokenError>,
    /// The checks that are made with the token.
    pub checks: Vec<Check>,
    /// Why the service rejects the token although a verifier without the service's database accepts
    /// it. `None` if both give the same result.
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

/// The vectors about the choice of a key from a set, and about the signature. They are different
/// for each key.
pub fn of_the_key(key: Key) -> Vec<Vector> {
    let mut catalogue = Catalogue::new(key);
    good::of_the_key(&mut catalogue);
    key_choice::of_the_key(&mut catalogue);
    form::of_the_key(&mut catalogue);
    signature::add(&mut catalogue);
    catalogue.vectors
}

/// The vectors for the key set with one key, which has no kid.
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

    /// Sets the `reference` and the `why` of all vectors that are added after this call.
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

    /// A validly signed token in whose header one member is changed. With `None` the member is
    /// removed.
    fn member(&self, name: &str, value: Option<Value>) -> String {
        self.header(with(self.key.header(), name, value).to_string())
    }

    /// A validly signed token with these claims.
    fn claims(&self, claims: impl AsRef<[u8]>) -> String {
        self.key.token(self.key.header().to_string(), claims)
    }

    /// A validly signed token in which one claim is changed. With `None` the claim is removed.
    fn claim(&self, name: &str, value: Option<Value>) -> String {
        self.claims(with(claims(), name, value).to_string())
    }

    /// A validly signed token with one claim as raw JSON. This is for numbers that `Value` can't
    /// represent.
    fn raw(&self, name: &str, text: &str) -> String {
        let others = with(claims(), name, None);
        self.claims(and(&others, &format!("\"{name}\":{text}")))
    }
}

/// The token with this signing input and signature.
fn signed(input: &str, signature: &[u8]) -> String {
    format!("{input}.{}", encode(signature))
}
