//! Fresh codes of the person's app: each used once, waiting with a visible countdown where the next is not acceptable yet.

use crate::transcript::countdown;
use samekey_demo::App;

/// The app, and the last time step whose code was offered.
pub struct Codes {
    app: App,
    offered: u64,
}

impl Codes {
    /// An app whose code of the step `offered` was the last to be offered.
    pub fn after(app: App, offered: u64) -> Self {
        Self { app, offered }
    }

    /// A code never offered before. The doors accept one step ahead of their clock, so at most one step is waited for.
    pub fn fresh(&mut self) -> String {
        let next = self.app.step().max(self.offered + 1);
        while next > self.app.step() + 1 {
            countdown(self.app.left());
        }
        self.offered = next;
        self.app.code(next)
    }

    /// A code that no clock near ours makes.
    pub fn wrong(&self) -> String {
        self.app.wrong_code()
    }
}
