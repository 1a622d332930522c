//! What administrators do, each once: may they, the change, and what the trail tells of it, in one unit of work. Pages,
//! API and command all come through here.

mod last;

pub use last::is_last;
