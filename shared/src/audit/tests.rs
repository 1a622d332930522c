//! The trail on a real store: that it grows, verifies, and tells every way of tampering.

use super::*;
use crate::params;
use crate::store::Store;

struct Trail {
    store: Store,
    _folder: tempfile::TempDir,
}

fn trail(events: u32) -> Trail {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::create_sqlite(&folder.path().join("store.db")).unwrap();
    store.migrate(&[SCHEMA]).unwrap();
    for n in 0..events {
        let event = Event::new(EventKind::CodeRefused, Actor::Stranger)
            .result("code_wrong")
            .about(if n % 2 == 0 { "ann" } else { "bob" });
        store.write(|tx| append(tx, &event, i64::from(n))).unwrap();
    }
    Trail { store, _folder: folder }
}

fn tamper(trail: &Trail, sql: &'static str) {
    let changed = trail.store.write(|tx| tx.execute(sql, &[])).unwrap();
    assert!(changed > 0, "{sql}");
}

#[test]
fn an_empty_trail_and_a_grown_one_verify() {
    assert_eq!(verify(&trail(0).store).unwrap().events, 0);
    let grown = trail(2100);
    let report = verify(&grown.store).unwrap();
    assert_eq!((report.events, report.broken_at), (2100, None));
    assert_eq!(report.head.seq, 2100);
}

#[test]
fn an_undone_unit_leaves_no_event() {
    let trail = trail(1);
    let event = Event::new(EventKind::DeviceBound, Actor::Samekey);
    let undone: Result<(), StoreError> = trail.store.write(|tx| {
        append(tx, &event, 5)?;
        Err(StoreError::Conflict("name_taken".into()))
    });
    assert!(undone.is_err());
    let head = trail.store.write(|tx| append(tx, &event, 6)).unwrap();
    assert_eq!(head.seq, 2);
    assert_eq!(verify(&trail.store).unwrap().broken_at, None);
}

#[test]
fn every_tampering_is_told_at_its_first_place() {
    let cases: &[(&str, i64, Fault)] = &[
        (
            "UPDATE audit_events SET event = REPLACE(event, 'code_wrong', 'ok') WHERE seq = 3",
            3,
            Fault::Altered,
        ),
        (
            "UPDATE audit_events SET hash = REPLACE(hash, SUBSTR(hash, 1, 1), 'z') WHERE seq = 4",
            4,
            Fault::Altered,
        ),
        (
            "UPDATE audit_events SET subject = 'eve' WHERE seq = 5",
            5,
            Fault::Relabelled,
        ),
        (
            "UPDATE audit_events SET subject = NULL WHERE seq = 5",
            5,
            Fault::Relabelled,
        ),
        ("UPDATE audit_events SET at = 0 WHERE seq = 6", 6, Fault::Relabelled),
        (
            "UPDATE audit_events SET request = 'x' WHERE seq = 6",
            6,
            Fault::Relabelled,
        ),
        ("DELETE FROM audit_events WHERE seq = 1", 1, Fault::Missing),
        ("DELETE FROM audit_events WHERE seq = 7", 7, Fault::Missing),
        ("DELETE FROM audit_events WHERE seq > 8", 9, Fault::Missing),
        ("DELETE FROM audit_events", 1, Fault::Missing),
        ("UPDATE audit_head SET seq = 9", 10, Fault::Headless),
        ("UPDATE audit_head SET seq = 11", 11, Fault::Missing),
        ("UPDATE audit_head SET hash = 'x'", 10, Fault::Headless),
        ("UPDATE audit_events SET seq = 11 WHERE seq = 2", 2, Fault::Missing),
    ];
    for (sql, seq, fault) in cases {
        let trail = trail(10);
        tamper(&trail, sql);
        let expected = Break {
            seq: *seq,
            fault: *fault,
        };
        assert_eq!(verify(&trail.store).unwrap().broken_at, Some(expected), "{sql}");
    }
}

#[test]
fn a_chain_written_anew_differs_from_the_head_noted_before() {
    let (one, two) = (trail(4), trail(6));
    let noted = verify(&one.store).unwrap().head;
    assert_eq!(
        verify_against(&two.store, Some(&noted)).unwrap().broken_at,
        None,
        "the same first four"
    );
    let other = Event::new(EventKind::Unlocked, Actor::Samekey);
    let three = trail(3);
    three.store.write(|tx| append(tx, &other, 3)).unwrap();
    let report = verify_against(&three.store, Some(&noted)).unwrap();
    assert_eq!(report.broken_at.map(|broken| broken.fault), Some(Fault::Rewritten));
    let cut = verify_against(&trail(2).store, Some(&noted)).unwrap();
    assert_eq!(cut.broken_at.map(|broken| broken.fault), Some(Fault::Missing));
}

#[test]
fn a_lost_head_row_is_an_error_and_never_a_fresh_chain() {
    let trail = trail(2);
    tamper(&trail, "DELETE FROM audit_head");
    assert!(matches!(verify(&trail.store), Err(StoreError::Inconsistent(_))));
    let event = Event::new(EventKind::Unlocked, Actor::Samekey);
    let appended = trail.store.write(|tx| append(tx, &event, 9));
    assert!(matches!(appended, Err(StoreError::Inconsistent(_))));
}

#[test]
fn an_export_can_be_checked_without_us() {
    let trail = trail(1200);
    let mut out = Vec::new();
    assert_eq!(json_lines(&trail.store, 0, &mut out).unwrap(), 1200);
    let mut previous = "0".repeat(64);
    for line in String::from_utf8(out).unwrap().lines() {
        let told: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(told["previous"], previous);
        let event = line.split_once("\"event\":").unwrap().1.strip_suffix('}').unwrap();
        let digest = ring::digest::digest(&ring::digest::SHA256, format!("{previous}{event}").as_bytes());
        previous = data_encoding::HEXLOWER.encode(digest.as_ref());
        assert_eq!(told["hash"], previous);
    }
    let mut rest = Vec::new();
    assert_eq!(json_lines(&trail.store, 1190, &mut rest).unwrap(), 10);
    assert_eq!(json_lines(&trail.store, 5000, &mut Vec::new()).unwrap(), 0);
}

#[test]
fn pages_tails_and_filters() {
    let trail = trail(9);
    let seqs = |records: Vec<Record>| records.iter().map(|record| record.seq).collect::<Vec<_>>();
    let read = |work: &dyn Fn(&mut Tx<'_>) -> Result<Vec<Record>, StoreError>| seqs(trail.store.read(work).unwrap());
    assert_eq!(read(&|tx| tail(tx, 3)), [7, 8, 9]);
    assert_eq!(read(&|tx| page(tx, 4, 2)), [5, 6]);
    assert_eq!(read(&|tx| about(tx, "bob", None, 2)), [8, 6]);
    assert_eq!(read(&|tx| about(tx, "bob", Some(6), 9)), [4, 2]);
    assert_eq!(read(&|tx| about(tx, "nobody", None, 9)), [0; 0]);
}

#[test]
fn the_events_of_one_sign_in_are_found_together() {
    let trail = trail(2);
    let request: crate::ids::RequestId = "0123456789abcdef0123456789abcdef".parse().unwrap();
    let event = Event::new(EventKind::SignInGranted, Actor::Account("ann".into())).request(request);
    trail.store.write(|tx| append(tx, &event, 1)).unwrap();
    let found = trail.store.read(|tx| of_request(tx, request)).unwrap();
    assert_eq!(found.len(), 1);
    assert!(found[0].event.contains("\"sign-in-granted\""));
}

#[test]
fn appends_of_many_threads_make_one_chain() {
    let trail = trail(0);
    std::thread::scope(|scope| {
        for n in 0..8 {
            let store = trail.store.clone();
            scope.spawn(move || {
                let event = Event::new(EventKind::TokenIssued, Actor::Client(format!("app{n}")));
                for at in 0..25 {
                    store.write(|tx| append(tx, &event, at)).unwrap();
                }
            });
        }
    });
    let report = verify(&trail.store).unwrap();
    assert_eq!((report.events, report.broken_at), (200, None));
    let counted = trail
        .store
        .read(|tx| {
            tx.query(
                "SELECT COUNT(*) FROM audit_events WHERE kind = $1",
                params!["token-issued"],
            )
        })
        .unwrap();
    assert_eq!(counted[0].int(0).unwrap(), 200);
}
