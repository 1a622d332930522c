//! The policy that holds, parsed once per version.

use crate::flows::FlowError;
use crate::policy::{Policy, rows};
use crate::store::Tx;
use std::sync::{Mutex, PoisonError};

#[derive(Debug, Default)]
pub(super) struct Cache(Mutex<Option<(i64, Policy)>>);

impl Cache {
    /// The policy of the version that is active in this unit of work.
    pub(super) fn current(&self, tx: &mut Tx<'_>) -> Result<Policy, FlowError> {
        let version = rows::active_version(tx)?;
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((known, policy)) = kept.as_ref().filter(|(known, _)| *known == version) {
            debug_assert_eq!(*known, version);
            return Ok(policy.clone());
        }
        let (version, policy) = rows::load(tx)?;
        *kept = Some((version, policy.clone()));
        Ok(policy)
    }
}
