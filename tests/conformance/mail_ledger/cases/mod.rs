//! The cases: each holds one sentence of the port's documentation.

mod addresses;
mod budget;
mod letters;
mod notices;
mod tidying;

use super::{BEGUN, Case, DAY, HOUR, LATEST, MOST, PAUSE, World, check, check_eq, text};

pub(crate) use addresses::*;
pub(crate) use budget::*;
pub(crate) use letters::*;
pub(crate) use notices::*;
pub(crate) use tidying::*;
