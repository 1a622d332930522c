//! The plan of discovery: `oidcc-config-certification-test-plan`.

use crate::modules::discovery;

#[tokio::test]
async fn oidcc_discovery_endpoint_verification() {
    discovery::verification().await;
}
