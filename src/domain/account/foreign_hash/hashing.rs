//! The settings for foreign hashes: password hashes that other systems made.

use base64ct::{Base64Unpadded, Encoding as _};

use super::{ForeignHash, HashRefusal};
use crate::domain::secret::SecretBytes;

/// How many bytes Firebase's signer key may have. The keys that Firebase makes have 64.
const SIGNER_KEY_BYTES: std::ops::RangeInclusive<usize> = 32..=128;

/// A dummy salt and key. When they are appended to the parameters of a hash of any form except
/// bcrypt, the result is a complete hash.
const ANY_SALT_AND_KEY: &str =
    "$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
/// A dummy salt and key. When they are appended to the parameters of a bcrypt hash, the result is a
/// complete hash.
const ANY_BCRYPT_SALT_AND_KEY: &str = "$.....................................................";

/// The settings that are needed to verify foreign hashes.
#[derive(Clone, Debug, Default)]
pub struct ForeignHashing {
    signer_key: Option<SecretBytes>,
    usual: Option<ForeignHash>,
}

impl ForeignHashing {
    /// Adds Firebase's signer key to these settings. `None` if `text` is not base64, or if the key
    /// has a length that is not allowed.
    #[must_use]
    pub fn with_signer_key(self, text: &str) -> Option<Self> {
        let standard = text.trim_end_matches('=').replace('-', "+");
        let key = Base64Unpadded::decode_vec(&standard.replace('_', "/")).ok()?;
        SIGNER_KEY_BYTES.contains(&key.len()).then(|| Self {
            signer_key: Some(SecretBytes::new(key)),
            ..self
        })
    }

    /// Adds to these settings the parameters that most imported hashes have, such as `$2b$10` or
    /// `$pbkdf2-sha256$600000`. While these parameters are set, every failed login whose work did
    /// not include an imported hash also does the work of a hash with these parameters. So the
    /// duration of a failed login does not show whether an account has an imported hash with these
    /// parameters.
    ///
    /// # Errors
    /// The error that [`ForeignHash::read`] returns for a hash with these parameters.
    pub fn with_usual(self, parameters: &str) -> Result<Self, HashRefusal> {
        let is_bcrypt = parameters.starts_with("$2") || parameters.starts_with("bcrypt");
        let rest = if is_bcrypt {
            ANY_BCRYPT_SALT_AND_KEY
        } else {
            ANY_SALT_AND_KEY
        };
        let usual = ForeignHash::read(&[parameters, rest].concat())?;
        Ok(Self {
            usual: Some(usual),
            ..self
        })
    }

    /// Firebase's signer key.
    #[must_use]
    pub fn signer_key(&self) -> Option<&SecretBytes> {
        self.signer_key.as_ref()
    }

    /// A dummy hash with the parameters that most imported hashes have. No password matches it.
    #[must_use]
    pub fn usual(&self) -> Option<&ForeignHash> {
        self.usual.as_ref()
    }

    /// Reads a foreign hash, and makes sure that a login can verify it with these settings.
    ///
    /// # Errors
    /// - The errors of [`ForeignHash::read`].
    /// - [`HashRefusal::NoSignerKey`]: when the hash was made by Firebase and no signer key is set.
    /// - [`HashRefusal::Malformed`]: also when the hash was made by Firebase and is not as long as
    ///   the signer key.
    pub fn read(&self, text: &str) -> Result<ForeignHash, HashRefusal> {
        let hash = ForeignHash::read(text)?;
        if !hash.is_firebase() {
            return Ok(hash);
        }
        match &self.signer_key {
            None => Err(HashRefusal::NoSignerKey),
            // The hash is the encrypted signer key, so both have the same length.
            Some(key) if key.expose().len() != hash.key().len() => Err(HashRefusal::Malformed),
            Some(_) => Ok(hash),
        }
    }
}
