//! Every table of `shared`, in the order in which they refer to each other.

use crate::store::Component;
use crate::{
    accounts, approvals, attempts, audit, challenges, devices, flows, objections, outbox, policy, tickets, trust,
};

pub(super) const SHARED: &[Component] = &[
    audit::SCHEMA,
    accounts::rows::SCHEMA,
    devices::rows::SCHEMA,
    challenges::SCHEMA,
    attempts::SCHEMA,
    policy::rows::SCHEMA,
    flows::SCHEMA,
    approvals::SCHEMA,
    trust::SCHEMA,
    outbox::SCHEMA,
    objections::SCHEMA,
    tickets::SCHEMA,
];
