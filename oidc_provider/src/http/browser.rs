//! What a browser calls itself, in two words that a person recognises: `Firefox (Linux)`. It is only somebody's claim: shown
//! in lists and letters, never decided by.

use axum::http::HeaderMap;
use axum::http::header::USER_AGENT;

/// Of a header of any length, no more is read.
const MOST_READ: usize = 512;
/// Characters of a name that we do not know.
const MOST_SHOWN: usize = 40;

/// Browsers, most special first: each also claims to be those further down.
const BROWSERS: [(&str, &str); 10] = [
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("MicroMessenger/", "WeChat"),
    ("FxiOS/", "Firefox"),
    ("Firefox/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chromium/", "Chromium"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
];

/// Systems, most special first.
const SYSTEMS: [(&str, &str); 9] = [
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("OpenHarmony", "HarmonyOS"),
    ("Windows", "Windows"),
    ("CrOS", "ChromeOS"),
    ("Macintosh", "macOS"),
    ("FreeBSD", "FreeBSD"),
    ("Linux", "Linux"),
];

/// Name and system; the first plain word of what it says where both are unknown; empty where it says nothing.
pub fn words(headers: &HeaderMap) -> String {
    let told = headers.get(USER_AGENT).and_then(|value| value.to_str().ok());
    let told = told.unwrap_or_default();
    let told = told.get(..MOST_READ).unwrap_or(told);
    let known = |list: &[(&str, &'static str)]| {
        let found = list.iter().find(|(mark, _)| told.contains(mark));
        found.map(|(_, name)| *name)
    };
    match (known(&BROWSERS), known(&SYSTEMS)) {
        (Some(browser), Some(system)) => format!("{browser} ({system})"),
        (Some(name), None) | (None, Some(name)) => name.to_owned(),
        (None, None) => told
            .chars()
            .take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '/'))
            .take(MOST_SHOWN)
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(agent: &str) -> String {
        let mut headers = HeaderMap::new();
        headers.insert(USER_AGENT, agent.parse().unwrap());
        words(&headers)
    }

    #[test]
    fn browsers_are_told_from_those_they_claim_to_be() {
        for (agent, told) in [
            (
                "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
                "Firefox (Linux)",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0",
                "Edge (Windows)",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1",
                "Safari (iPhone)",
            ),
            (
                "Mozilla/5.0 (Linux; Android 15; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36",
                "Chrome (Android)",
            ),
            ("curl/8.14.1", "curl/8.14.1"),
            ("<script>alert(1)</script>", ""),
            ("", ""),
        ] {
            assert_eq!(of(agent), told, "{agent}");
        }
    }

    #[test]
    fn however_long_or_strange_it_stays_short_and_plain() {
        let long = of(&"x".repeat(10_000));
        assert_eq!(long.len(), MOST_SHOWN);
        let mut headers = HeaderMap::new();
        headers.insert(
            USER_AGENT,
            axum::http::HeaderValue::from_bytes(b"Firefox/\xff").unwrap(),
        );
        assert_eq!(words(&headers), "", "not text");
        assert_eq!(words(&HeaderMap::new()), "");
    }
}
