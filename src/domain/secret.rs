//! Types for secrets. Values of these types can't be printed by accident, and are compared in
//! constant time.
//!
//! A type with a secret value gets its operator `==` from the macro `constant_time_eq!`. If the
//! type also derives `PartialEq`, the compiler rejects it. If the macro is not used for the type,
//! the test below does not compile.

use std::fmt;

use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

/// Implements `==` for types with secret values. Comparing two values of the same length always
/// takes the same time, wherever they differ. In `Type => |it| …`, the expression on the right is
/// the bytes of `it` that are compared.
macro_rules! constant_time_eq {
    ($($type:ty => |$it:ident| $bytes:expr),+ $(,)?) => {$(
        impl ::subtle::ConstantTimeEq for $type {
            fn ct_eq(&self, other: &Self) -> ::subtle::Choice {
                fn bytes($it: &$type) -> &[u8] {
                    $bytes
                }
                ::subtle::ConstantTimeEq::ct_eq(bytes(self), bytes(other))
            }
        }

        impl PartialEq for $type {
            fn eq(&self, other: &Self) -> bool {
                bool::from(::subtle::ConstantTimeEq::ct_eq(self, other))
            }
        }

        impl Eq for $type {}
    )+};
}
pub(crate) use constant_time_eq;

/// A secret text: a token, a ticket, a key. `Debug` prints `_`. There is no `Display`.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The text, for the code that sends it or checks it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("_")
    }
}

/// Secret bytes: a key, or the output of a hash. `Debug` prints `_`.
///
/// `==` does not compare them with bytes of another type:
///
/// ```compile_fail
/// use edgegate::domain::secret::SecretBytes;
///
/// assert!(SecretBytes::new(vec![1]) == [1][..]);
/// ```
#[derive(Clone)]
pub struct SecretBytes(Zeroizing<Vec<u8>>);

impl SecretBytes {
    #[must_use]
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The bytes, for code that computes with them.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// Whether the bytes are equal, compared in constant time.
    #[must_use]
    pub fn are(&self, bytes: &[u8]) -> bool {
        bool::from(self.0.as_slice().ct_eq(bytes))
    }
}

impl fmt::Debug for SecretBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("_")
    }
}

constant_time_eq! {
    Secret => |it| it.0.as_bytes(),
    SecretBytes => |it| &it.0,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::account::{Password, PasswordHash};
    use crate::domain::authorization::ClientSecretHash;
    use crate::domain::link::State;
    use crate::domain::session::ClientFingerprint;

    fn is_compared_in_constant_time<T: subtle::ConstantTimeEq>() {}

    /// This test needs only to compile. The compiler rejects a type in this list for which
    /// `constant_time_eq!` is not used. It also rejects a type that derives `PartialEq` as well,
    /// because such a type would have two implementations of `==`.
    #[test]
    fn secrets_are_compared_in_constant_time() {
        is_compared_in_constant_time::<Secret>();
        is_compared_in_constant_time::<SecretBytes>();
        is_compared_in_constant_time::<Password>();
        is_compared_in_constant_time::<PasswordHash>();
        is_compared_in_constant_time::<State>();
        is_compared_in_constant_time::<ClientFingerprint>();
        is_compared_in_constant_time::<ClientSecretHash>();
        is_compared_in_constant_time::<hmac::digest::CtOutput<hmac::Hmac<sha2::Sha256>>>();
    }

    #[test]
    fn secrets_are_equal_only_if_every_byte_and_the_length_are() {
        let secret = |text: &str| Secret::new(text.to_owned());
        assert_eq!(secret("abc"), secret("abc"));
        for other in ["", "ab", "abcd", "xbc", "axc", "abx"] {
            assert_ne!(secret("abc"), secret(other));
            let bytes = SecretBytes::new(b"abc".to_vec());
            assert_ne!(bytes, SecretBytes::new(other.into()));
            assert!(!bytes.are(other.as_bytes()) && bytes.are(b"abc"));
        }
    }
}
