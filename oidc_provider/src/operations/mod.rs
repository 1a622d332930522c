//! What the operator's machines ask: whether we live, whether we can sign anybody in, and the figures.

pub mod figures;
pub mod health;
pub mod own_tokens;

pub use figures::Figures;
