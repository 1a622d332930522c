//! The provider over a real PostgreSQL server of Debian's package: its pages and endpoints, and what only parallel calls show.

use crate::refresh::refreshed_at_once;
use crate::scene::Scene;
use crate::token::redeemed_at_once;
use samekey_shared::store::contract::server::Server;

/// Rows 5 and 15, on the other engine.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_parallel_redemptions_and_refreshes_exactly_one_succeeds() {
    let server = Server::start().unwrap();
    // The server's own client, too, has an executor.
    let database = tokio::task::block_in_place(|| server.database().unwrap());
    let scene = Scene::on_postgres(&database);
    redeemed_at_once(&scene, 10).await;
    scene.test.clock.advance(30);
    refreshed_at_once(&scene, 10).await;
    drop(scene);
}
