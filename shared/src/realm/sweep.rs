//! Forgets what has ended in the tables that both doors use: failures, approvals, remembered browsers, tickets, links.

use super::Realm;
use crate::flows::FlowError;
use crate::store::Tx;
use crate::{approvals, attempts, objections, tickets, trust};

impl Realm {
    /// Forgets what no longer says anything. Agent and provider both do it from time to time, so that it waits for nobody's
    /// login; doing it twice does no harm.
    pub fn sweep(&self, tx: &mut Tx<'_>) -> Result<(), FlowError> {
        let now = self.clock.now();
        let policy = self.policy(tx)?;
        attempts::forget_old(tx, &policy.settings().lockout, now)?;
        approvals::sweep(tx, now)?;
        trust::sweep(tx, now)?;
        tickets::sweep(tx, now)?;
        objections::sweep(tx, now)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use crate::testing::TestRealm;

    #[test]
    fn a_link_that_is_over_is_forgotten_and_one_that_is_good_is_kept() {
        let test = TestRealm::new().unwrap();
        let realm = &test.realm;
        let ann = test.account("ann", "correct horse battery").unwrap();
        let began = test.clock.now();
        realm
            .store
            .write(|tx| objections::offer(tx, realm.entropy.as_ref(), ann, "device-bound", began))
            .unwrap();
        let known = || {
            realm
                .store
                .read(|tx| objections::offered_since(tx, ann, "device-bound", began - 1))
                .unwrap()
        };
        test.clock.advance(objections::LIVES - 1);
        realm.store.write(|tx| realm.sweep(tx)).unwrap();
        assert!(known(), "good for a second more");
        test.clock.advance(1);
        realm.store.write(|tx| realm.sweep(tx)).unwrap();
        assert!(!known());
    }
}
