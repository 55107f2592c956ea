//! Signatures for id_tokens, in memory.

use sha2::{Digest, Sha256};

use crate::domain::authorization::RsaSigningKey;
use crate::domain::error::StoreError;
use crate::ports::IdTokenSigner;

/// Instead of a signature, returns the SHA-256 of the key's id and the message, so that a test can
/// check what was signed with which key. No verifier accepts this value as a signature.
#[derive(Clone, Copy, Debug, Default)]
pub struct MemoryIdTokenSigner;

impl MemoryIdTokenSigner {
    /// The signature that this signer gives for a message.
    #[must_use]
    pub fn signature(kid: &str, message: &[u8]) -> Vec<u8> {
        let hash = Sha256::new().chain_update(kid).chain_update(message);
        hash.finalize().to_vec()
    }
}

impl IdTokenSigner for MemoryIdTokenSigner {
    async fn sign(&self, key: &RsaSigningKey, message: &[u8]) -> Result<Vec<u8>, StoreError> {
        Ok(Self::signature(key.kid(), message))
    }
}
