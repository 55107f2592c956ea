//! How much memory and time it takes to hash a password.

use crate::domain::policy::{
    ARGON2_ITERATIONS, ARGON2_LEAST, ARGON2_MAX_ITERATIONS, ARGON2_MAX_MEMORY_KIB,
    ARGON2_MEMORY_KIB,
};

/// The parameters of Argon2id. The number of lanes (its parallelism) is always 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HashingCost {
    /// The memory in KiB.
    pub memory_kib: u32,
    /// The number of passes over the memory.
    pub iterations: u32,
}

impl Default for HashingCost {
    fn default() -> Self {
        Self {
            memory_kib: ARGON2_MEMORY_KIB,
            iterations: ARGON2_ITERATIONS,
        }
    }
}

impl HashingCost {
    /// Whether the parameters meet the minimum that OWASP recommends for Argon2id.
    ///
    /// ```
    /// use edgegate::domain::account::HashingCost;
    ///
    /// assert!(HashingCost::default().is_enough());
    /// assert!(!HashingCost { memory_kib: 19_455, iterations: 2 }.is_enough());
    /// ```
    #[must_use]
    pub fn is_enough(self) -> bool {
        ARGON2_LEAST.iter().any(|&(memory_kib, iterations)| {
            self.memory_kib >= memory_kib && self.iterations >= iterations
        })
    }

    /// Whether a Worker has enough memory and time for these parameters. A Worker has 128 MB of
    /// memory for everything that it does concurrently.
    #[must_use]
    pub fn is_affordable(self) -> bool {
        self.memory_kib <= ARGON2_MAX_MEMORY_KIB && self.iterations <= ARGON2_MAX_ITERATIONS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn owasps_minimum_is_enough_and_a_workers_memory_is_the_limit() {
        let cost = |memory_kib, iterations| HashingCost {
            memory_kib,
            iterations,
        };
        for (memory, iterations, enough) in [
            (47_104, 1, true),
            (47_103, 1, false),
            (19_456, 2, true),
            (19_455, 2, false),
            (19_455, 3, true),
            (12_287, 3, false),
            (9_216, 4, true),
            (7_168, 5, true),
            (7_167, 10, false),
            (65_536, 0, false),
        ] {
            assert_eq!(
                cost(memory, iterations).is_enough(),
                enough,
                "{memory} {iterations}"
            );
        }
        assert!(cost(65_536, 10).is_affordable());
        assert!(!cost(65_537, 1).is_affordable());
        assert!(!cost(19_456, 11).is_affordable());
    }
}
