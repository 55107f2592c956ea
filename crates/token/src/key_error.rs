//! Why a key set was refused.

use alloc::borrow::ToOwned as _;
use alloc::string::String;
use core::fmt;

reasons! {
    /// Why a key or a key set was refused. There is one variant for each rule.
    pub enum KeyFault {
        SetTooLong, "set_too_long", "the key set is too long";
        NotUtf8, "not_utf8", "the key set is not utf-8";
        ByteOrderMark, "byte_order_mark", "the key set begins with a byte order mark";
        NotJson, "not_json", "the key set is not json";
        NotObject, "not_object", "the key set is not a json object";
        DuplicateMember, "duplicate_member", "the key set has a member twice";
        TooDeep, "too_deep", "the key set is nested too deeply";
        NoKeys, "no_keys", "the key set has no array of keys";
        Empty, "empty", "the key set is empty";
        TooManyKeys, "too_many_keys", "the key set has too many keys";
        KeyNotObject, "key_not_object", "the key is not a json object";
        MemberMissing, "member_missing", "a required member is missing";
        MemberNotString, "member_not_string", "a member is not a string";
        UnsupportedKty, "unsupported_kty", "this key type is not supported";
        UnsupportedCrv, "unsupported_crv", "this curve is not supported for the key type";
        KeyAgreementCrv, "key_agreement_crv", "this curve is for key agreement and cannot sign";
        UseNotSig, "use_not_sig", "use is not sig";
        KeyOps, "key_ops", "key_ops is malformed or does not allow what the key is for";
        AlgNotTheKeys, "alg_not_the_keys", "alg is not the algorithm of this key type";
        KidEmpty, "kid_empty", "kid is empty";
        KidTooLong, "kid_too_long", "kid is too long";
        Base64, "base64", "a member is not canonical base64url";
        WrongLength, "wrong_length", "a member has the wrong length";
        NotOnCurve, "not_on_curve", "the public key is not a point of the curve";
        WeakKey, "weak_key", "the public key has a small order: anyone could sign for it";
        SecretOutOfRange, "secret_out_of_range", "d is not a private key of the curve";
        SecretMismatch, "secret_mismatch", "d does not belong to the public key";
        HmacTooShort, "hmac_too_short", "the hmac key has fewer than 256 bits";
        PrivateMember, "private_member", "a public key set holds a private member";
        SymmetricInPublicSet, "symmetric_in_public_set", "a public key set holds a symmetric key";
        DuplicateKid, "duplicate_kid", "another key has the same kid";
        MixedSet, "mixed_set", "symmetric and asymmetric keys are in one set";
        FirstKeyCannotSign, "first_key_cannot_sign", "the first key has no private half to sign with";
    }
}

impl KeyFault {
    /// Whether the fault is that the set contains a secret that was published. In this case no key
    /// of the set can be trusted.
    pub(super) const fn is_leak(self) -> bool {
        matches!(self, Self::PrivateMember | Self::SymmetricInPublicSet)
    }
}

/// Why a key set was refused, and which of its keys has the fault. The error never contains key
/// material.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyError {
    fault: KeyFault,
    position: Option<usize>,
    kid: Option<String>,
    member: Option<&'static str>,
}

impl KeyError {
    /// The rule that was broken.
    #[must_use]
    pub const fn fault(&self) -> KeyFault {
        self.fault
    }

    /// The fault's stable code.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        self.fault.reason()
    }

    /// The position in the set, from 0, of the key that breaks the rule. `None` if the set itself
    /// breaks the rule.
    #[must_use]
    pub const fn position(&self) -> Option<usize> {
        self.position
    }

    /// The `kid` of the key that breaks the rule, if the key has one that can be shown.
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// The member that breaks the rule, if a single member does.
    #[must_use]
    pub const fn member(&self) -> Option<&'static str> {
        self.member
    }

    pub(super) const fn at_member(fault: KeyFault, member: &'static str) -> Self {
        Self {
            fault,
            position: None,
            kid: None,
            member: Some(member),
        }
    }

    pub(super) fn of_key(self, position: usize, kid: Option<&str>) -> Self {
        Self {
            position: Some(position),
            kid: kid.map(str::to_owned),
            ..self
        }
    }
}

impl From<KeyFault> for KeyError {
    fn from(fault: KeyFault) -> Self {
        Self {
            fault,
            position: None,
            kid: None,
            member: None,
        }
    }
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(position) = self.position {
            write!(f, "key {position}")?;
            if let Some(kid) = &self.kid {
                write!(f, " (kid {kid:?})")?;
            }
            f.write_str(": ")?;
        }
        if let Some(member) = self.member {
            write!(f, "{member}: ")?;
        }
        write!(f, "{}", self.fault)
    }
}

impl core::error::Error for KeyError {}
