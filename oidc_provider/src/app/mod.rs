//! The application assembled: state, router, background work. The program and the tests build it in the same way.

mod asking;
mod blocking;
mod front;
mod neighbours;
mod rounds;
pub mod routes;
pub mod serve;
mod state;
mod upkeep;

pub use blocking::blocking;
pub use front::Front;
pub use neighbours::{Neighbour, NotNeighbours, introduce};
pub use rounds::Rounds;
pub use state::{App, AppState, Published, StartError};
pub use upkeep::{tend_keys, upkeep};
