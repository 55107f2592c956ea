//! Reads the compact form of a JWS (RFC 7515 section 3.1). The crate jwt-compact has a reader too,
//! but it is less strict. It does not return the decoded bytes, which are needed to find duplicate
//! members. It also reads the claims before the signature is verified.

use super::algorithm::Algorithm;
use super::error::TokenError;
use crate::json::{self, Json, Members, read_object};
use crate::limits::{ACCESS_TOKEN_MAX_BYTES, KID_MAX_BYTES};
use alloc::string::String;
use alloc::vec::Vec;
use data_encoding::BASE64URL_NOPAD;

/// The decoded parts of a JWS. Nothing in it is verified.
pub(super) struct Jws<'a> {
    pub(super) signing_input: &'a str,
    pub(super) header: Header,
    pub(super) payload: Vec<u8>,
    pub(super) signature: Vec<u8>,
}

pub(super) struct Header {
    pub(super) algorithm: Algorithm,
    pub(super) kid: Option<String>,
    /// The `typ` is not checked here, because each kind of token has a `typ` of its own.
    pub(super) typ: Option<Json>,
}

impl<'a> Jws<'a> {
    pub(super) fn parse(text: &'a str) -> Result<Self, TokenError> {
        Self::parse_up_to(text, ACCESS_TOKEN_MAX_BYTES)
    }

    pub(super) fn parse_up_to(text: &'a str, most: usize) -> Result<Self, TokenError> {
        if text.len() > most {
            return Err(TokenError::TooLong);
        }
        Self::read(text).map_err(|error| {
            // A bad character is the first fault that is reported, but `read` might find another
            // fault before it. If `read` succeeds, there is no bad character.
            if text.bytes().all(is_allowed) {
                error
            } else {
                TokenError::BadCharacter
            }
        })
    }

    fn read(text: &'a str) -> Result<Self, TokenError> {
        let (signing_input, header, payload, signature) = split(text)?;
        let header = Header::read(&decode(header, TokenError::HeaderBase64)?)?;
        Ok(Self {
            signing_input,
            header,
            payload: decode(payload, TokenError::ClaimsBase64)?,
            signature: decode(signature, TokenError::SignatureBase64)?,
        })
    }
}

/// Whether this is a character of base64url, or the dot between the parts.
fn is_allowed(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-_.".contains(&byte)
}

fn split(text: &str) -> Result<(&str, &str, &str, &str), TokenError> {
    let (signing_input, signature) = text.rsplit_once('.').ok_or(TokenError::NotThreeParts)?;
    let (header, payload) = signing_input
        .split_once('.')
        .ok_or(TokenError::NotThreeParts)?;
    if payload.contains('.') {
        return Err(TokenError::NotThreeParts);
    }
    Ok((signing_input, header, payload, signature))
}

/// Decodes base64url. Rejects padding, and unused bits at the end that are not zero, so that the
/// same bytes can't be written in two ways. The time that decoding takes depends on the text. This
/// reveals nothing, because the sender knows the text. Only the comparison of a MAC must take
/// constant time.
fn decode(part: &str, error: TokenError) -> Result<Vec<u8>, TokenError> {
    BASE64URL_NOPAD.decode(part.as_bytes()).map_err(|_| error)
}

impl Header {
    fn read(bytes: &[u8]) -> Result<Self, TokenError> {
        let mut members = read_object(bytes).map_err(fault)?;
        let algorithm = match members.get("alg") {
            None => return Err(TokenError::AlgMissing),
            Some(Json::String(name)) => Algorithm::named(name).ok_or(TokenError::AlgUnsupported)?,
            Some(_) => return Err(TokenError::AlgNotString),
        };
        refuse_dangerous(&members)?;
        let kid = match members.remove("kid") {
            None => None,
            Some(Json::String(kid)) if kid.len() > KID_MAX_BYTES => {
                return Err(TokenError::KidTooLong);
            }
            Some(Json::String(kid)) => Some(kid),
            Some(_) => return Err(TokenError::KidNotString),
        };
        Ok(Self {
            algorithm,
            kid,
            typ: members.remove("typ"),
        })
    }
}

/// Rejects members that would change how a token is read or which key is trusted. The service's own
/// tokens have none of these members, so a token with one of them is an attack or a mistake. Other
/// unknown members are ignored (RFC 7515 section 4).
fn refuse_dangerous(members: &Members) -> Result<(), TokenError> {
    for (name, error) in [
        ("crit", TokenError::Crit),
        ("b64", TokenError::B64),
        ("jku", TokenError::EmbeddedKey),
        ("jwk", TokenError::EmbeddedKey),
        ("x5u", TokenError::EmbeddedKey),
        ("x5c", TokenError::EmbeddedKey),
        ("cty", TokenError::Cty),
    ] {
        if members.contains(name) {
            return Err(error);
        }
    }
    Ok(())
}

fn fault(fault: json::Fault) -> TokenError {
    match fault {
        json::Fault::NotUtf8 => TokenError::HeaderNotUtf8,
        json::Fault::ByteOrderMark => TokenError::HeaderByteOrderMark,
        json::Fault::Syntax => TokenError::HeaderNotJson,
        json::Fault::NotAnObject => TokenError::HeaderNotObject,
        json::Fault::DuplicateMember => TokenError::HeaderDuplicateMember,
        json::Fault::TooDeep => TokenError::HeaderTooDeep,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_character_is_reported_before_every_other_fault() {
        for text in [
            "",
            "a",
            "a.b",
            "a.b.c.d",
            "a.e30.e30",
            "e30.e30.e30",
            "eyJhbGciOiJub25lIn0.e30.",
            "eyJhbGciOiJFZERTQSJ9.a.e30",
            "eyJhbGciOiJFZERTQSJ9.e30.a",
        ] {
            let error = Jws::parse(text).err();
            assert!(
                error.is_some_and(|error| error != TokenError::BadCharacter),
                "{text}"
            );
            for at in 0..=text.len() {
                for bad in ["!", "=", " ", "+", "/", "\n", "\0", "\u{e9}"] {
                    let (before, after) = text.split_at(at);
                    let text = [before, bad, after].concat();
                    let error = Jws::parse(&text).err();
                    assert_eq!(error, Some(TokenError::BadCharacter), "{text}");
                }
            }
        }
    }
}
