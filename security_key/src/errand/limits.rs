//! What a request may hold at most: checked before any key is asked.

use samekey_wire::key::{MOST_CREDENTIALS, Pin, Request};

/// Longest client data, in bytes.
const LONGEST_CLIENT_DATA: usize = 4096;

/// Longest credential id, in bytes (Web Authentication, section 4).
const LONGEST_ID: usize = 1023;

/// Longest user handle, in bytes (Web Authentication, section 5.4.3).
const LONGEST_HANDLE: usize = 64;

/// Longest relying party's id or user name, in bytes.
const LONGEST_NAME: usize = 512;

/// Whether a request keeps within what a key could make sense of.
pub fn makes_sense(request: &Request) -> bool {
    let is_id = |id: &[u8]| (1..=LONGEST_ID).contains(&id.len());
    let is_name = |name: &str| (1..=LONGEST_NAME).contains(&name.len());
    let is_pin = |pin: &Option<Pin>| pin.as_ref().is_none_or(Pin::is_possible);
    match request {
        Request::Look(_) => true,
        Request::Assert(asked) => {
            is_name(&asked.rp_id)
                && asked.client_data.0.len() <= LONGEST_CLIENT_DATA
                && (1..=MOST_CREDENTIALS).contains(&asked.credentials.len())
                && asked
                    .credentials
                    .iter()
                    .all(|credential| is_id(&credential.id.0) && credential.app_id.as_deref().is_none_or(is_name))
                && is_pin(&asked.pin)
        }
        Request::Register(asked) => {
            is_name(&asked.rp_id)
                && is_name(&asked.user_name)
                && asked.client_data.0.len() <= LONGEST_CLIENT_DATA
                && (1..=LONGEST_HANDLE).contains(&asked.user_handle.0.len())
                && asked.exclude.len() <= MOST_CREDENTIALS
                && asked.exclude.iter().all(|id| is_id(&id.0))
                && is_pin(&asked.pin)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use samekey_wire::key::{Assert, Octets, Verification, Wanted};

    fn asked() -> Assert {
        Assert {
            rp_id: "example.org".into(),
            client_data: Octets::from(b"{}".as_slice()),
            credentials: vec![Wanted {
                id: Octets(vec![1]),
                app_id: None,
            }],
            user_verification: Verification::Discouraged,
            pin: None,
            within_ms: 1000,
        }
    }

    #[test]
    fn what_no_key_could_make_sense_of_is_refused_before_any_is_asked() {
        let sense = |change: fn(&mut Assert)| {
            let mut asked = asked();
            change(&mut asked);
            makes_sense(&Request::Assert(Box::new(asked)))
        };
        assert!(sense(|_| {}));
        assert!(!sense(|asked| asked.credentials.clear()));
        assert!(!sense(|asked| asked.credentials[0].id.0.clear()));
        assert!(!sense(|asked| asked.credentials[0].id.0 = vec![0; LONGEST_ID + 1]));
        assert!(!sense(|asked| asked.credentials[0].app_id = Some(String::new())));
        assert!(!sense(|asked| asked.rp_id.clear()));
        assert!(!sense(|asked| asked.client_data.0 = vec![0; LONGEST_CLIENT_DATA + 1]));
        assert!(!sense(|asked| {
            let one = asked.credentials[0].clone();
            asked.credentials = vec![one; MOST_CREDENTIALS + 1];
        }));
    }
}
