//! Randomness from the system: the kernel natively, `crypto.getRandomValues` in a Worker or a browser.

use crate::ports::Random;

/// The system's cryptographically secure generator.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    #[allow(
        clippy::panic,
        reason = "a system without randomness can't go on: fail closed, never with a weak key"
    )]
    fn fill(&self, bytes: &mut [u8]) {
        if getrandom::fill(bytes).is_err() {
            panic!("the system has no randomness");
        }
    }
}
