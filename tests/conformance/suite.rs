//! Used by all suites: test cases, their outcomes, and numbers that no earlier case has used.

use std::cell::Cell;

/// The result of a test case. The error says what went wrong.
pub(crate) type Case = Result<(), String>;

/// The outcome of a test case.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
    /// The name of the case.
    pub(crate) name: &'static str,
    /// `None` if the case was skipped.
    pub(crate) result: Option<Case>,
}

/// Each number is given once, so that no test case finds the data of another one. Each run on the
/// same store must start at a different value.
#[derive(Debug)]
pub(crate) struct Numbers(Cell<u64>);

impl Numbers {
    pub(crate) fn from(first: u64) -> Self {
        Self(Cell::new(first))
    }

    pub(crate) fn next(&self) -> u64 {
        self.0.replace(self.0.get().wrapping_add(1))
    }

    /// Ten bytes for an id.
    pub(crate) fn random(&self) -> [u8; 10] {
        let mut random = [0; 10];
        random[..8].copy_from_slice(&self.next().to_be_bytes());
        random
    }
}

pub(crate) fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}

/// Makes the test case fail if the condition is false.
macro_rules! check {
    ($condition:expr, $($message:tt)+) => {
        if !$condition {
            return Err(format!($($message)+));
        }
    };
}
pub(crate) use check;

/// Makes the test case fail if the two values differ.
macro_rules! check_eq {
    ($left:expr, $right:expr, $what:expr) => {
        // Temporary values in the arguments live until the end of the `match`.
        match (&$left, &$right) {
            (left, right) => {
                if left != right {
                    return Err(format!("{}: {left:?} is not {right:?}", $what));
                }
            }
        }
    };
}
pub(crate) use check_eq;

/// Runs test cases one after the other, or skips all of them.
macro_rules! run {
    ($world:expr, $applies:expr, [$($case:ident),+ $(,)?]) => {
        vec![$(
            Outcome {
                name: stringify!($case),
                result: if $applies { Some(cases::$case($world).await) } else { None },
            }
        ),+]
    };
}
pub(crate) use run;
