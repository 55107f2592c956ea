//! What the suites share: cases, their outcomes, and numbers that no earlier case used.

use std::cell::Cell;

/// The error says what went wrong.
pub(crate) type Case = Result<(), String>;

/// How a case ended.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
    /// The name of the case.
    pub(crate) name: &'static str,
    /// `None` when the case was left out.
    pub(crate) result: Option<Case>,
}

/// Numbers that start at a different value in each run.
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

/// Fails the case unless the condition holds.
macro_rules! check {
    ($condition:expr, $($message:tt)+) => {
        if !$condition {
            return Err(format!($($message)+));
        }
    };
}
pub(crate) use check;

/// Fails the case unless both are equal.
macro_rules! check_eq {
    ($left:expr, $right:expr, $what:expr) => {
        // `match` keeps the borrowed values alive.
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

/// Runs cases one after the other, or skips all of them.
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
