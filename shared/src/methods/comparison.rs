//! The methods side by side (R9, R102, R103): how strong each is, what it needs, and how each place to sign in carries it.
//! The page "Which one should I choose?", `samekey methods` and docs/reference/methods.md are all made of this.

use super::{Level, Method};

/// A place to sign in, by what it can carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Surface {
    /// A web page: the provider's own, for itself and for every web app.
    Web,
    /// A terminal far away: ssh, and sudo and su inside it.
    Remote,
    /// The machine at which the person sits: login, sudo, su, screen lockers.
    Console,
}

/// How a method is answered at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Carried {
    /// Unlocked or touched there.
    Touched,
    /// Its code is typed there.
    Typed,
    /// In any browser, which approves what the place shows.
    Approved,
    /// Touched where it can be plugged into this machine, otherwise approved in any browser.
    PluggedOrApproved,
}

/// One method as people compare it. Keys are of [`crate::texts`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Compared {
    /// Which.
    pub method: Method,
    /// The strongest level that it proves, without a check of who made the key.
    pub level: Level,
    /// Whether it signs in on the web without a password.
    pub alone: bool,
    /// Whether a page that imitates ours gets nothing from it.
    pub resists_phishing: bool,
    /// Whether the person's side works without any network.
    pub works_offline: bool,
    /// What it is called.
    pub name: &'static str,
    /// One line: when to choose it.
    pub advice: &'static str,
    /// One line: what one has to have.
    pub needs: &'static str,
}

impl Surface {
    /// Every place.
    pub const ALL: [Self; 3] = [Self::Web, Self::Remote, Self::Console];

    /// The stable word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Web => "web",
            Self::Remote => "remote",
            Self::Console => "console",
        }
    }
}

impl Carried {
    /// In a few words.
    pub const fn in_words(self) -> &'static str {
        match self {
            Self::Touched => "touched",
            Self::Typed => "typed",
            Self::Approved => "approved in a browser",
            Self::PluggedOrApproved => "touched if plugged in, else approved in a browser",
        }
    }
}

/// How this method is answered there. Every method is carried everywhere: what a place cannot ask for itself, a browser
/// approves.
pub const fn carried(method: Method, surface: Surface) -> Carried {
    match (method, surface) {
        (Method::Totp | Method::Email | Method::RecoveryCode, _) => Carried::Typed,
        (Method::Passkey | Method::SecurityKey, Surface::Web) => Carried::Touched,
        (Method::Passkey | Method::SecurityKey, Surface::Remote) => Carried::Approved,
        (Method::Passkey | Method::SecurityKey, Surface::Console) => Carried::PluggedOrApproved,
    }
}

/// Every method, in the order in which they are advised.
pub fn compared() -> [Compared; 5] {
    [
        (
            Method::Passkey,
            "policy-method-passkey",
            "policy-advice-passkey",
            "policy-needs-passkey",
        ),
        (
            Method::SecurityKey,
            "policy-method-security-key",
            "policy-advice-security-key",
            "policy-needs-security-key",
        ),
        (
            Method::Totp,
            "policy-method-totp",
            "policy-advice-totp",
            "policy-needs-totp",
        ),
        (
            Method::Email,
            "policy-method-email",
            "policy-advice-email",
            "policy-needs-email",
        ),
        (
            Method::RecoveryCode,
            "policy-method-recovery-code",
            "policy-advice-recovery-code",
            "policy-needs-recovery-code",
        ),
    ]
    .map(|(method, name, advice, needs)| Compared {
        method,
        level: method.level(),
        alone: method == Method::Passkey,
        resists_phishing: method.is_fido(),
        works_offline: method != Method::Email,
        name,
        advice,
        needs,
    })
}

/// The badge of a level: a key of [`crate::texts`].
pub const fn badge(level: Level) -> &'static str {
    match level {
        Level::None => "policy-level-none",
        Level::Single => "policy-level-single",
        Level::Medium => "policy-level-medium",
        Level::High => "policy-level-high",
        Level::Highest => "policy-level-highest",
        Level::Hardware => "policy-level-hardware",
    }
}

/// The table as a page of the documentation.
pub fn page() -> String {
    let texts = crate::texts::Texts::ENGLISH;
    let mut page = String::from(
        "# Methods and where each works\n\nWritten by a test from `shared/src/methods/comparison.rs`; `samekey methods` shows the same for a policy.\n\n\
         | method | level | web | remote (ssh, sudo in it) | console (login, sudo, su) | without password | resists phishing | works offline |\n\
         |---|---|---|---|---|---|---|---|\n",
    );
    let word = |is: bool| if is { "yes" } else { "-" };
    let row = |one: &Compared| {
        let cells = Surface::ALL.map(|surface| carried(one.method, surface).in_words());
        format!(
            "| {} | {} | {} | {} | {} | {} |\n",
            one.method,
            one.level,
            cells.join(" | "),
            word(one.alone),
            word(one.resists_phishing),
            word(one.works_offline)
        )
    };
    let advice = |one: &Compared| {
        format!(
            "- **{}** ({}): {} {}\n",
            texts.say(one.name),
            texts.say(badge(one.level)),
            texts.say(one.advice),
            texts.say(one.needs)
        )
    };
    page.extend(compared().iter().map(row));
    page.push('\n');
    page.extend(compared().iter().map(advice));
    page
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::texts::{Language, Texts};

    #[test]
    fn the_page_of_methods_is_the_reviewed_one() {
        let reviewed = include_str!("../../../docs/reference/methods.md");
        assert_eq!(
            page(),
            reviewed,
            "review the change, then put this into docs/reference/methods.md"
        );
    }

    #[test]
    fn every_method_stands_there_once_with_words_in_every_language() {
        let methods: Vec<Method> = compared().iter().map(|one| one.method).collect();
        assert_eq!(methods, Method::ALL);
        for language in Language::ALL {
            let texts = Texts::from(*language);
            let badges = Level::ALL.map(badge);
            let keys = compared().into_iter().flat_map(|one| [one.name, one.advice, one.needs]);
            for key in keys.chain(badges) {
                assert_ne!(texts.say(key), key);
            }
        }
    }
}
