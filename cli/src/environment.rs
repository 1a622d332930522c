//! The few environment variables that shape how we print. None of them decides anything about a login.

/// Whether colours are unwelcome (<https://no-color.org>).
pub fn no_color() -> bool {
    variable("NO_COLOR").is_some() || variable("TERM").is_none_or(|term| term == "dumb")
}

/// Whether the locale writes UTF-8, by the order that `setlocale` uses.
pub fn utf8() -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(variable);
    locale.is_some_and(|name| {
        let name = name.to_ascii_lowercase();
        name.contains("utf-8") || name.contains("utf8")
    })
}

/// Who called sudo. Only root may believe it: sudo sets it for root alone, anybody else could have written it.
pub fn sudo_user() -> Option<String> {
    variable("SUDO_USER")
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place that reads the environment, for looks and the audit's actor"
)]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
