//! The test cases. Each tests one sentence of the port's documentation.

mod lanes;
mod letters;
mod notices;
mod pools;
mod provider;
mod tidying;

use super::{BEGUN, Case, DAY, HOUR, LATEST, OTHER_POOL, POOL, World, check, check_eq, text};

pub(crate) use lanes::*;
pub(crate) use letters::*;
pub(crate) use notices::*;
pub(crate) use pools::*;
pub(crate) use provider::*;
pub(crate) use tidying::*;
