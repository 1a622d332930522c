//! The convoy of writers, the readers beside it, and other processes' locks.

use super::*;

#[test]
fn a_panic_undoes_its_own_unit_and_harms_no_other() {
    let bench = bench();
    let start = Barrier::new(16);
    std::thread::scope(|scope| {
        for id in 0..16_i64 {
            let (store, start) = (bench.store.clone(), &start);
            scope.spawn(move || {
                start.wait();
                let done = catch_quietly(|| {
                    store.write(|tx| {
                        tx.execute("INSERT INTO notes (id) VALUES ($1)", params![id])?;
                        assert!(id % 4 != 0, "a panic of the test's own");
                        Ok::<_, StoreError>(())
                    })
                });
                assert_eq!(done.is_err(), id % 4 == 0);
            });
        }
    });
    assert_eq!(count(&bench.store), 12);
    put(&bench.store, 100).unwrap();
}

fn catch_quietly<T>(work: impl FnOnce() -> T) -> std::thread::Result<T> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(work))
}

#[test]
fn an_error_undoes_its_own_unit_only() {
    let bench = bench();
    let start = Barrier::new(32);
    std::thread::scope(|scope| {
        for id in 0..32_i64 {
            let (store, start) = (bench.store.clone(), &start);
            scope.spawn(move || {
                start.wait();
                let done = store.write(|tx| {
                    tx.execute("INSERT INTO notes (id) VALUES ($1)", params![id])?;
                    if id % 2 == 0 {
                        Err(StoreError::Refused("no".into()))
                    } else {
                        Ok(())
                    }
                });
                assert_eq!(done.is_err(), id % 2 == 0);
            });
        }
    });
    assert_eq!(count(&bench.store), 16);
}

#[test]
fn a_failed_statement_undoes_the_unit_even_if_the_error_is_swallowed() {
    let bench = bench();
    put(&bench.store, 1).unwrap();
    let swallowed = bench.store.write(|tx| {
        tx.execute("INSERT INTO notes (id) VALUES (2)", &[])?;
        let _ = tx.execute("INSERT INTO notes (id) VALUES (1)", &[]);
        Ok::<_, StoreError>(())
    });
    assert!(matches!(swallowed, Err(StoreError::Conflict(_))));
    assert_eq!(count(&bench.store), 1);
}

#[test]
fn a_failing_commit_fails_every_member() {
    let bench = bench();
    // A deferred reference is looked at only by COMMIT.
    for sql in [
        "CREATE TABLE parents (id BIGINT PRIMARY KEY)",
        "CREATE TABLE children (id BIGINT REFERENCES parents (id) DEFERRABLE INITIALLY DEFERRED)",
    ] {
        put_sql(&bench.store, sql).unwrap();
    }
    let (inside, failed) = (AtomicBool::new(false), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        let orphan = scope.spawn(|| {
            bench.store.write(|tx| {
                inside.store(true, Ordering::SeqCst);
                while waiting(&bench.store) < 4 {
                    std::thread::yield_now();
                }
                tx.execute("INSERT INTO children (id) VALUES (7)", &[])
            })
        });
        while !inside.load(Ordering::SeqCst) {
            std::thread::yield_now();
        }
        for id in 0..4 {
            let (store, failed) = (bench.store.clone(), &failed);
            scope.spawn(move || failed.fetch_add(usize::from(put(&store, id).is_err()), Ordering::SeqCst));
        }
        assert!(orphan.join().unwrap().is_err());
    });
    assert_eq!(failed.into_inner(), 4);
    assert_eq!(count(&bench.store), 0);
    put(&bench.store, 9).unwrap();
    assert_eq!(count(&bench.store), 1);
}

#[test]
fn whoever_leads_runs_the_units_of_all_who_wait() {
    let bench = bench();
    let inside = AtomicBool::new(false);
    let here = || std::thread::current().id();
    std::thread::scope(|scope| {
        let leader = scope.spawn(|| {
            let ran = bench.store.write(|_| {
                inside.store(true, Ordering::SeqCst);
                while waiting(&bench.store) < 4 {
                    std::thread::yield_now();
                }
                Ok::<_, StoreError>(here())
            });
            assert_eq!(ran, Ok(here()), "its own, too");
            here()
        });
        while !inside.load(Ordering::SeqCst) {
            std::thread::yield_now();
        }
        let others: Vec<_> = (0..4_i64)
            .map(|id| {
                let store = bench.store.clone();
                scope.spawn(move || {
                    store.write(|tx| {
                        tx.execute("INSERT INTO notes (id) VALUES ($1)", params![id])?;
                        Ok::<_, StoreError>(here())
                    })
                })
            })
            .collect();
        let leader = leader.join().unwrap();
        for other in others {
            assert_eq!(other.join().unwrap(), Ok(leader));
        }
    });
    assert_eq!(count(&bench.store), 4);
}

#[test]
fn units_that_fail_without_end_keep_nobody_from_their_commit() {
    const ENOUGH: usize = 1000;
    let bench = bench();
    let (told, failed) = (AtomicBool::new(false), AtomicUsize::new(0));
    let goes_on = || !told.load(Ordering::SeqCst) && failed.load(Ordering::SeqCst) < ENOUGH;
    // Each ends only when the next waits, so that there is always one.
    let until_another_waits = || {
        while waiting(&bench.store) == 0 && goes_on() {
            std::thread::yield_now();
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                while goes_on() {
                    let done = bench.store.write(|_| {
                        until_another_waits();
                        Err::<(), _>(StoreError::Refused("no".into()))
                    });
                    assert!(done.is_err());
                    failed.fetch_add(1, Ordering::SeqCst);
                }
            });
        }
        let kept = bench.store.write(|tx| {
            until_another_waits();
            tx.execute("INSERT INTO notes (id) VALUES (1)", &[])
        });
        told.store(true, Ordering::SeqCst);
        assert_eq!(kept, Ok(1));
    });
    assert!(failed.into_inner() < ENOUGH);
    assert_eq!(count(&bench.store), 1);
}

fn waiting(store: &Store) -> usize {
    match &store.engine {
        crate::store::Engine::Sqlite(engine) => engine.convoy.waiting(),
        #[cfg(feature = "postgres")]
        crate::store::Engine::Postgres(_) => 0,
    }
}

#[test]
fn a_unit_inside_another_is_refused_instead_of_waiting_for_itself() {
    let bench = bench();
    let inner = bench
        .store
        .write(|_| Ok::<_, StoreError>(put(&bench.store, 1)))
        .unwrap();
    assert!(matches!(inner, Err(StoreError::Statement(_))));
    put(&bench.store, 2).unwrap();
}

#[test]
fn a_read_cannot_write() {
    let bench = bench();
    for sql in ["DELETE FROM notes", "INSERT INTO notes (id) VALUES (1) RETURNING id"] {
        assert!(bench.store.read(|tx| tx.query(sql, &[])).is_err(), "{sql}");
        assert!(bench.store.read(|tx| tx.execute(sql, &[])).is_err(), "{sql}");
    }
    assert_eq!(count(&bench.store), 0);
}

#[test]
fn a_read_sees_one_state_while_others_write() {
    let bench = bench();
    let counts = bench.store.read(|tx| {
        let mut seen = Vec::new();
        for id in 0..3 {
            seen.push(tx.query("SELECT COUNT(*) FROM notes", &[])?[0].int(0)?);
            put(&bench.store, id)?;
        }
        Ok::<_, StoreError>(seen)
    });
    assert_eq!(counts.unwrap(), [0, 0, 0]);
    assert_eq!(count(&bench.store), 3);
}

#[test]
fn a_locked_store_is_busy_for_everybody_within_one_wait() {
    let bench = bench();
    let other = other_writer(&bench.path);
    let tries = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for id in 0..8 {
            let (store, tries) = (bench.store.clone(), &tries);
            scope.spawn(move || {
                assert!(matches!(put(&store, id), Err(StoreError::Busy(_))));
                tries.fetch_add(1, Ordering::SeqCst);
            });
        }
    });
    assert_eq!(tries.into_inner(), 8);
    assert_eq!(count(&bench.store), 0, "readers do not wait");
    other.execute_batch("ROLLBACK").unwrap();
    put(&bench.store, 1).unwrap();
}

#[test]
fn a_short_lock_of_another_process_is_waited_for() {
    let bench = bench();
    let other = other_writer(&bench.path);
    std::thread::scope(|scope| {
        let write = scope.spawn(|| put(&bench.store, 1));
        while waiting(&bench.store) == 0 && !write.is_finished() && !engaged(&bench.store) {
            std::thread::yield_now();
        }
        other.execute_batch("COMMIT").unwrap();
        assert_eq!(write.join().unwrap(), Ok(1));
    });
}

fn engaged(store: &Store) -> bool {
    match &store.engine {
        crate::store::Engine::Sqlite(engine) => engine.convoy.engaged(),
        #[cfg(feature = "postgres")]
        crate::store::Engine::Postgres(_) => false,
    }
}
