//! What a person is told when a key did not do: what happened, and what helps. English is plain ASCII, as everything at a terminal.

use samekey_shared::flows::KeyTrouble;
use samekey_shared::texts::Texts;
use samekey_wire::key::Trouble;

/// One or two sentences for this trouble, with the tries of the PIN that are left.
pub fn sentence(t: Texts, trouble: Trouble, tries: Option<u32>) -> String {
    match trouble {
        Trouble::NoKey => t.say("terminal-key-none"),
        Trouble::NoAccess => t.say("terminal-key-no-access"),
        Trouble::WrongKey => t.say("terminal-key-wrong"),
        Trouble::SeveralKeys => t.say("terminal-key-several"),
        Trouble::TooOld => t.say("terminal-key-too-old"),
        Trouble::PinWrong => format!("{}{}", t.say("terminal-key-pin-wrong"), tries_left(t, tries)),
        Trouble::PinBlocked => t.say("terminal-key-pin-blocked"),
        Trouble::PinFewTries => {
            let (why, elsewhere) = (t.say("terminal-key-pin-few"), t.say("terminal-key-pin-elsewhere"));
            format!("{why}{} {elsewhere}", tries_left(t, tries))
        }
        Trouble::Locked => t.say("terminal-key-locked"),
        Trouble::CannotVerify => t.say("terminal-key-cannot-verify"),
        Trouble::NotRecognised => t.say("terminal-key-not-recognised"),
        Trouble::Mute => t.say("terminal-key-mute"),
        Trouble::Unplugged => t.say("terminal-key-unplugged"),
        Trouble::NotTouched => t.say("terminal-key-not-touched"),
        Trouble::Denied => t.say("terminal-key-refused"),
        Trouble::Busy => t.say("terminal-key-busy"),
        Trouble::AlreadyBound => t.say("terminal-key-already-bound"),
        Trouble::Full => t.say("terminal-key-full"),
        Trouble::Cancelled => t.say("terminal-key-cancelled"),
        Trouble::Internal => t.say("terminal-key-internal"),
    }
}

fn tries_left(t: Texts, tries: Option<u32>) -> String {
    match tries {
        None => String::new(),
        Some(1) => format!(" {}", t.say("terminal-one-try")),
        Some(tries) => format!(" {}", t.with("terminal-tries", "tries", tries)),
    }
}

/// The trouble in the words of the sign-in machine, for the trail.
pub fn told_to_the_machine(trouble: Trouble) -> KeyTrouble {
    match trouble {
        Trouble::NoKey | Trouble::NoAccess => KeyTrouble::Absent,
        Trouble::WrongKey | Trouble::SeveralKeys => KeyTrouble::Unknown,
        Trouble::PinBlocked | Trouble::PinFewTries | Trouble::Locked => KeyTrouble::Blocked,
        Trouble::PinWrong => KeyTrouble::WrongPin,
        Trouble::NotTouched | Trouble::NotRecognised => KeyTrouble::TimedOut,
        Trouble::Unplugged => KeyTrouble::PulledOut,
        Trouble::Denied | Trouble::Cancelled => KeyTrouble::Cancelled,
        Trouble::TooOld
        | Trouble::CannotVerify
        | Trouble::Mute
        | Trouble::Busy
        | Trouble::AlreadyBound
        | Trouble::Full
        | Trouble::Internal => KeyTrouble::Broken,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_trouble_has_a_sentence_of_its_own_in_ascii() {
        let mut seen = std::collections::HashSet::new();
        for trouble in Trouble::ALL {
            let text = sentence(Texts::ENGLISH, trouble, None);
            assert!(text.is_ascii() && text.ends_with('.'), "{text}");
            assert!(seen.insert(text), "{trouble:?} reads like another");
        }
    }

    #[test]
    fn tries_are_counted_in_words() {
        assert_eq!(
            sentence(Texts::ENGLISH, Trouble::PinWrong, Some(7)),
            "That PIN is not right. 7 tries are left."
        );
        assert!(sentence(Texts::ENGLISH, Trouble::PinFewTries, Some(1)).contains("One try is left."));
    }
}
