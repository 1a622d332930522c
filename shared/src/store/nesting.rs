//! Keeps a unit of work that writes from being begun inside another one of the same store: it would wait for itself.

use super::error::StoreError;
use std::cell::RefCell;

thread_local! {
    /// The stores in which this thread is writing.
    static WRITING: RefCell<Vec<usize>> = const { RefCell::new(Vec::new()) };
}

/// Stands for a unit that writes, or for a look, inside which none may be begun either; gone when it ends, also by a
/// panic.
pub(super) struct Writing(usize);

impl Writing {
    /// Enters a unit of the store that this address tells from others.
    pub(super) fn enter(store: usize) -> Result<Self, StoreError> {
        WRITING.with_borrow_mut(|stores| {
            if stores.contains(&store) {
                return Err(StoreError::Statement("a unit of work was begun inside another".into()));
            }
            stores.push(store);
            Ok(Self(store))
        })
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        WRITING.with_borrow_mut(|stores| stores.retain(|store| *store != self.0));
    }
}
