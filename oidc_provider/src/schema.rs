//! The provider's own tables, one text for both engines.

use samekey_shared::store::{Component, Migration};

/// Tables of sessions, clients, grants and signing keys: give it to `Realm::open_with`.
pub const SCHEMA: Component = Component {
    name: "provider",
    migrations: &[
        Migration {
            version: 1,
            sql: include_str!("../migrations/provider_0001.sql"),
        },
        Migration {
            version: 2,
            sql: include_str!("../migrations/provider_0002.sql"),
        },
        Migration {
            version: 3,
            sql: include_str!("../migrations/provider_0003.sql"),
        },
        Migration {
            version: 4,
            sql: include_str!("../migrations/provider_0004.sql"),
        },
        Migration {
            version: 5,
            sql: include_str!("../migrations/provider_0005.sql"),
        },
        Migration {
            version: 6,
            sql: include_str!("../migrations/provider_0006.sql"),
        },
        Migration {
            version: 7,
            sql: include_str!("../migrations/provider_0007.sql"),
        },
        Migration {
            version: 8,
            sql: include_str!("../migrations/provider_0008.sql"),
        },
        Migration {
            version: 9,
            sql: include_str!("../migrations/provider_0009.sql"),
        },
        Migration {
            version: 10,
            sql: include_str!("../migrations/provider_0010.sql"),
        },
        Migration {
            version: 11,
            sql: include_str!("../migrations/provider_0011.sql"),
        },
    ],
};
