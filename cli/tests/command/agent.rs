//! `status` and the agent's socket: an agent that answers or hangs up is alive, one that only listens is not.

use super::place::Place;
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::os::unix::net::UnixListener;

fn agent_state(place: &Place) -> (i32, Value) {
    let ended = place.run(&["status", "--json"], "");
    let told: Value = serde_json::from_str(&ended.out).unwrap_or_else(|_| panic!("{}", ended.err));
    (ended.exit, told["checks"]["agent"]["state"].clone())
}

fn listener(place: &Place) -> UnixListener {
    let folder = place.root().join("run/samekey");
    std::fs::create_dir_all(&folder).unwrap();
    UnixListener::bind(folder.join("agent.sock")).unwrap()
}

#[test]
fn an_agent_that_hangs_up_politely_is_alive() {
    let place = Place::made();
    let listener = listener(&place);
    let agent = std::thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let mut line = String::new();
        BufReader::new(stream).read_line(&mut line).unwrap();
        line
    });
    assert_eq!(agent_state(&place), (0, "OK".into()));
    // It was asked nothing that could be taken for a sign-in.
    assert_eq!(agent.join().unwrap(), "{\"v\":1,\"body\":\"cancel\"}\n");
}

#[test]
fn a_socket_without_anybody_behind_it_is_critical() {
    let place = Place::made();
    drop(listener(&place));
    assert_eq!(agent_state(&place), (2, "CRITICAL".into()));
}

#[test]
fn an_agent_that_listens_and_never_answers_is_critical() {
    let place = Place::made();
    let _listens = listener(&place);
    assert_eq!(agent_state(&place), (2, "CRITICAL".into()));
}
