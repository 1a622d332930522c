//! The policy that holds, parsed once per version.

use crate::flows::FlowError;
use crate::policy::{Policy, rows};
use crate::store::Tx;
use std::sync::{Arc, Mutex, PoisonError};

#[derive(Debug, Default)]
pub(super) struct Cache(Mutex<Option<(i64, Arc<Policy>)>>);

impl Cache {
    /// The policy of the version that is active in this unit of work.
    pub(super) fn current(&self, tx: &mut Tx<'_>) -> Result<Arc<Policy>, FlowError> {
        let version = rows::active_version(tx)?;
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, policy)) = kept.as_ref().filter(|(known, _)| *known == version) {
            return Ok(Arc::clone(policy));
        }
        let (version, policy) = rows::load(tx)?;
        let policy = Arc::new(policy);
        *kept = Some((version, Arc::clone(&policy)));
        Ok(policy)
    }
}
