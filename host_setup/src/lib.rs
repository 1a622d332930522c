//! What samekey does to a machine, and what it looks at: [`setup`] guards a door with a way back, [`doctor`] says what is
//! wrong and what to do about it.

pub mod doctor;
pub mod setup;
