//! Randomness that repeats itself, for tests and examples.

use std::cell::Cell;
use std::rc::Rc;

use sha2::{Digest, Sha256};

use crate::ports::Random;

/// Gives the same bytes in every run. Must not be used for keys. Clones take their bytes from the
/// same sequence.
#[derive(Clone, Debug, Default)]
pub struct SeededRandom(Rc<Cell<u64>>);

impl Random for SeededRandom {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(32) {
            let block = self.0.get();
            self.0.set(block.wrapping_add(1));
            let digest = Sha256::digest(block.to_be_bytes());
            for (to, from) in chunk.iter_mut().zip(digest) {
                *to = from;
            }
        }
    }
}
