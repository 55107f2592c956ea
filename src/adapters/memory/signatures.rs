//! Signatures verified by a platform, in memory.

use std::cell::Cell;

use crate::ports::SignatureVerifier;
use edgegate_token::SignedBy;

/// What a platform answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PlatformAnswer {
    /// It can't tell.
    #[default]
    Unknown,
    /// What edgegate-token would answer.
    True,
    /// It gives this answer for every signature.
    Always(bool),
}

/// Gives the answers that it was told to give, and counts the questions. By default it can't tell.
#[derive(Debug, Default)]
pub struct MemorySignatures {
    /// What it answers.
    pub answer: Cell<PlatformAnswer>,
    /// How often it was asked.
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
