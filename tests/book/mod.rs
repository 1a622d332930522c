//! The book: every command in it is run, every link leads somewhere, and its reference is made of the code.
//!
//! A page is a session on a machine of its own (a box with its own network). What a block of it is says its first line:
//!
//! ```text
//! console                  typed: `# ` by root, `$ ` by alice; other lines are shown, in this order, `…` standing for any text
//! …,file=PATH              written to that file before going on; `append=PATH` is added to it
//! toml,config              must be a right configuration (what is left out is as `init` writes it); toml,policy: a right policy
//! text, json               read only
//! ```
//!
//! A shown `‹code›`, `‹password›`, `‹web password›` or `‹YES›` is typed when what stands before it shows; `(exit 1)` tells how a
//! command ends that does not end with 0. `CLIENT_SECRET` is the secret that was shown last. Any other block, and a `console,elsewhere`,
//! is run by nobody here: `elsewhere.toml` lists each with its reason, and no other.
//!
//! `<!-- machine: … -->` names what the page takes for granted (see `machine.rs`), `<!-- given: … -->` is a command of root's that makes more of it,
//! such as a file of another program's; `<!-- then: … -->` is what somebody does in a browser.

mod blocks;
mod configuration;
mod links;
mod machine;
mod page;
mod runs;
mod session;
