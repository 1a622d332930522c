//! The house rules that no compiler holds: first lines, sizes, names, and documents that speak of what is there.

mod conformance;
mod documents;
mod files;
mod packaging;
mod past_holes;
mod requirements;
mod sentences;
