//! What the app remembers of each browser, in memory: a sign-in under way, or who is signed in.

use crate::protocol::{Pending, SignedIn};
use axum::http::{HeaderMap, header};
use openidconnect::CsrfToken;
use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

/// Browsers remembered at most; the oldest is forgotten first, so that strangers cannot fill the memory.
const REMEMBERED: usize = 1_000;
const COOKIE: &str = "sample-app-visit";

/// One browser's state.
pub enum Visit {
    /// Sent to the provider; not back yet.
    Underway(Pending),
    /// Signed in.
    SignedIn(SignedIn),
}

/// All browsers.
#[derive(Default)]
pub struct Visits {
    inner: Mutex<Remembered>,
}

#[derive(Default)]
struct Remembered {
    by_id: HashMap<String, Visit>,
    oldest_first: VecDeque<String>,
}

impl Visits {
    /// Remembers `visit` under a new id, so that no id known before a sign-in is worth anything after it; gives the cookie to set.
    pub fn remember(&self, visit: Visit) -> String {
        let id = CsrfToken::new_random_len(32).into_secret();
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        if inner.oldest_first.len() >= REMEMBERED
            && let Some(oldest) = inner.oldest_first.pop_front()
        {
            inner.by_id.remove(&oldest);
        }
        inner.oldest_first.push_back(id.clone());
        inner.by_id.insert(id.clone(), visit);
        format!("{COOKIE}={id}; Path=/; HttpOnly; SameSite=Lax")
    }

    /// Takes away what is remembered of this browser.
    pub fn forget(&self, headers: &HeaderMap) -> Option<Visit> {
        let id = visit_id(headers)?;
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.oldest_first.retain(|known| known != id);
        inner.by_id.remove(id)
    }

    /// The claims of this browser's person, if signed in.
    pub fn claims(&self, headers: &HeaderMap) -> Option<serde_json::Value> {
        let id = visit_id(headers)?;
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        match inner.by_id.get(id)? {
            Visit::SignedIn(person) => Some(person.claims.clone()),
            Visit::Underway(_) => None,
        }
    }
}

fn visit_id(headers: &HeaderMap) -> Option<&str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .find_map(|pair| pair.trim().strip_prefix(COOKIE)?.strip_prefix('='))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signed_in(name: &str) -> Visit {
        Visit::SignedIn(SignedIn {
            claims: serde_json::json!({ "sub": name }),
            sign_out: None,
        })
    }

    fn browser(set_cookie: &str) -> HeaderMap {
        let pair = set_cookie.split(';').next().unwrap();
        HeaderMap::from_iter([(header::COOKIE, format!("other=1; {pair}").parse().unwrap())])
    }

    #[test]
    fn each_browser_sees_its_own_claims_until_forgotten() {
        let visits = Visits::default();
        let (ann, bob) = (
            browser(&visits.remember(signed_in("ann"))),
            browser(&visits.remember(signed_in("bob"))),
        );
        assert_eq!(visits.claims(&ann).unwrap()["sub"], "ann");
        assert_eq!(visits.claims(&bob).unwrap()["sub"], "bob");
        assert!(visits.forget(&ann).is_some());
        assert!(visits.claims(&ann).is_none());
        assert!(visits.claims(&HeaderMap::new()).is_none());
    }

    #[test]
    fn a_flood_of_strangers_is_forgotten_oldest_first() {
        let visits = Visits::default();
        let first = browser(&visits.remember(signed_in("first")));
        for _ in 0..REMEMBERED {
            visits.remember(signed_in("stranger"));
        }
        assert!(visits.claims(&first).is_none());
        assert_eq!(visits.inner.lock().unwrap().by_id.len(), REMEMBERED);
    }
}
