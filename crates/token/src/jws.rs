//! The one reader of compact JWS (RFC 7515 section 3.1), strict where jwt-compact is lax. jwt-compact's own reader is not
//! used: it hides the decoded bytes that the checks on duplicates need, and reads the claims before the signature.

use super::algorithm::Algorithm;
use super::error::TokenError;
use super::key_set::KeySet;
use crate::json::{self, Json, Members, read_object};
use crate::limits::{ACCESS_TOKEN_MAX_BYTES, KID_MAX_BYTES};
use alloc::string::String;
use alloc::vec::Vec;
use base64ct::{Base64UrlUnpadded, Encoding as _};

/// A JWS taken apart. Nothing in it is verified.
pub(super) struct Jws<'a> {
    signing_input: &'a str,
    pub(super) header: Header,
    payload: Vec<u8>,
    signature: Vec<u8>,
}

pub(super) struct Header {
    algorithm: Algorithm,
    pub(super) kid: Option<String>,
    /// Read here, judged by the kind of token.
    pub(super) typ: Option<Json>,
}

impl<'a> Jws<'a> {
    pub(super) fn parse(text: &'a str) -> Result<Self, TokenError> {
        let (signing_input, header, payload, signature) = split(text)?;
        let header = Header::read(&decode(header, TokenError::HeaderBase64)?)?;
        Ok(Self {
            signing_input,
            header,
            payload: decode(payload, TokenError::ClaimsBase64)?,
            signature: decode(signature, TokenError::SignatureBase64)?,
        })
    }

    pub(super) fn unverified_payload(&self) -> &[u8] {
        &self.payload
    }

    /// The payload, once the key that the header names has signed it by that key's algorithm.
    pub(super) fn verify(&self, keys: &KeySet) -> Result<&[u8], TokenError> {
        let key = keys.find(self.header.kid.as_deref(), self.header.algorithm)?;
        if key.algorithm() != self.header.algorithm {
            return Err(TokenError::AlgNotTheKeys);
        }
        key.verifying
            .verify(self.signing_input.as_bytes(), &self.signature)?;
        Ok(&self.payload)
    }
}

/// Length, then alphabet, then shape: nothing is copied before all three hold.
fn split(text: &str) -> Result<(&str, &str, &str, &str), TokenError> {
    if text.len() > ACCESS_TOKEN_MAX_BYTES {
        return Err(TokenError::TooLong);
    }
    if !text
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
    {
        return Err(TokenError::BadCharacter);
    }
    let (signing_input, signature) = text.rsplit_once('.').ok_or(TokenError::NotThreeParts)?;
    let (header, payload) = signing_input
        .split_once('.')
        .ok_or(TokenError::NotThreeParts)?;
    if payload.contains('.') {
        return Err(TokenError::NotThreeParts);
    }
    Ok((signing_input, header, payload, signature))
}

/// base64ct refuses padding and trailing bits that are not zero: each text has one spelling.
fn decode(part: &str, error: TokenError) -> Result<Vec<u8>, TokenError> {
    Base64UrlUnpadded::decode_vec(part).map_err(|_| error)
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

/// Members that change how a token is read or whom it trusts. No token of ours has one, so their presence alone is an
/// attack or a mistake; other unknown members are ignored (RFC 7515 section 4).
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
