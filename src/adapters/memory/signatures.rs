//! Signatures verified by a platform, in memory.

use std::cell::Cell;

use crate::ports::SignatureVerifier;
use edgegate_token::SignedBy;

/// What a platform answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PlatformAnswer {
    /// The answer is `None`: the platform can't verify the signature.
    #[default]
    Unknown,
    /// The answer that `edgegate-token` would give.
    True,
    /// The same answer for every signature.
    Always(bool),
}

/// Gives the answers that a test has set, and counts how often it was asked. By default it answers
/// `None` (undecided).
#[derive(Debug, Default)]
pub struct MemorySignatures {
    /// What the verifier answers.
    pub answer: Cell<PlatformAnswer>,
    /// How often the verifier was asked.
    pub asked: Cell<usize>,
}

impl SignatureVerifier for MemorySignatures {
    async fn verify(&self, signed_by: &SignedBy<'_>) -> Option<bool> {
        self.asked.set(self.asked.get().saturating_add(1));
        match self.answer.get() {
            PlatformAnswer::Unknown => None,
            PlatformAnswer::True => Some(signed_by.verify().is_ok()),
            PlatformAnswer::Always(answer) => Some(answer),
        }
    }
}
