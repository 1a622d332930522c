//! Pages over ten thousand accounts walk an index in the order in which they are shown: SQLite's own plans say so.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use samekey_shared::administration::STATEMENTS;
use samekey_shared::store::{StoreError, Value};
use samekey_shared::testing::TestRealm;

/// The steps of a statement's plan.
fn plan(test: &TestRealm, sql: &str) -> Vec<String> {
    let explain: &'static str = Box::leak(format!("EXPLAIN QUERY PLAN {sql}").into_boxed_str());
    let holes = (1..=9).filter(|number| sql.contains(&format!("${number}"))).count();
    let values = vec![Value::Int(0); holes];
    let rows = test.realm.store.read(|tx| tx.query(explain, &values)).unwrap();
    rows.iter()
        .map(|row| row.text(3).map(str::to_owned))
        .collect::<Result<_, StoreError>>()
        .unwrap()
}

#[test]
fn every_page_of_accounts_walks_an_index_and_sorts_nothing() {
    let test = TestRealm::new().unwrap();
    assert!(STATEMENTS.len() >= 6);
    for (name, sql) in STATEMENTS {
        let steps = plan(&test, sql);
        let told = format!("{name}: {steps:#?}");
        assert!(!steps.iter().any(|step| step.contains("TEMP B-TREE")), "{told}");
        assert!(!steps.iter().any(|step| step.starts_with("SCAN d")), "{told}");
        let index = match *name {
            "in-state" => "INDEX accounts_state (state=? AND name>?)",
            "of-role" => "INDEX accounts_role (role=? AND name>?)",
            "by-kinds" => "SEARCH d USING INDEX devices_",
            _ => "INDEX accounts_name (name>?)",
        };
        assert!(steps.iter().any(|step| step.contains(index)), "{told}");
    }
}

#[test]
fn the_control_a_page_without_an_index_is_noticed() {
    let test = TestRealm::new().unwrap();
    let steps = plan(&test, "SELECT name FROM accounts ORDER BY display_name LIMIT 50");
    assert!(steps.iter().any(|step| step.contains("TEMP B-TREE")), "{steps:#?}");
}
