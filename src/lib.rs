//! edgegate: an auth service for the edge.
pub mod domain;
