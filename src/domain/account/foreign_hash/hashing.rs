//! What the settings say about foreign hashes.

use base64ct::{Base64Unpadded, Encoding as _};

use super::{ForeignHash, HashRefusal};
use crate::domain::secret::SecretBytes;

/// How many bytes a signer key of Firebase may have. Firebase's have 64.
const SIGNER_KEY_BYTES: std::ops::RangeInclusive<usize> = 32..=128;

/// A salt and a key that complete the parameters of any form but bcrypt.
const ANY_SALT_AND_KEY: &str =
    "$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
/// A salt and a key that complete the parameters of bcrypt.
const ANY_BCRYPT_SALT_AND_KEY: &str = "$.....................................................";

/// What verifying foreign hashes needs besides the hashes.
#[derive(Clone, Debug, Default)]
pub struct ForeignHashing {
    signer_key: Option<SecretBytes>,
    usual: Option<ForeignHash>,
}

impl ForeignHashing {
    /// These settings with Firebase's signer key. `None` if `text` is not such a key in base64.
    #[must_use]
    pub fn with_signer_key(self, text: &str) -> Option<Self> {
        let standard = text.trim_end_matches('=').replace('-', "+");
        let key = Base64Unpadded::decode_vec(&standard.replace('_', "/")).ok()?;
        SIGNER_KEY_BYTES.contains(&key.len()).then(|| Self {
            signer_key: Some(SecretBytes::new(key)),
            ..self
        })
    }

    /// These settings with the parameters of most imported hashes, such as `$2b$10` or
    /// `$pbkdf2-sha256$600000`. While they are set, every login that is refused does the work of
    /// these parameters too.
    ///
    /// # Errors
    /// As [`ForeignHash::read`], for parameters instead of a hash.
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

    /// A hash with the parameters of most imported ones. No password matches it.
    #[must_use]
    pub fn usual(&self) -> Option<&ForeignHash> {
        self.usual.as_ref()
    }

    /// Reads a hash that a login can verify with these settings.
    ///
    /// # Errors
    /// As [`ForeignHash::read`]. Also [`HashRefusal::NoSignerKey`], and [`HashRefusal::Malformed`]
    /// if a hash of Firebase has another length than the signer key.
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
