//! The test cases. Each tests one sentence of the port's documentation.

mod accounts;
mod administrators;
mod changes;
mod conditions;
mod counters;
mod departures;
mod extremes;
mod freed;
mod holds;
mod imports;
mod lists;

use super::{Case, LARGEST, World, address, check, check_eq, freed, hash, name, roles, text};

pub(crate) use accounts::*;
pub(crate) use administrators::*;
pub(crate) use changes::*;
pub(crate) use conditions::*;
pub(crate) use counters::*;
pub(crate) use departures::*;
pub(crate) use extremes::*;
pub(crate) use freed::*;
pub(crate) use holds::*;
pub(crate) use imports::*;
pub(crate) use lists::*;
