//! Randomness from the system: from the kernel natively, from `crypto.getRandomValues` in a Worker
//! or a browser.

use crate::ports::Random;

/// The system's cryptographically secure generator.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    #[allow(
        clippy::panic,
        reason = "without randomness every key would be weak, so the service must stop"
    )]
    fn fill(&self, bytes: &mut [u8]) {
        if getrandom::fill(bytes).is_err() {
            panic!("the system has no randomness");
        }
    }
}
