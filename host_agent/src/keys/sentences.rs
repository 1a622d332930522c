//! What a person is told when a key did not do: what happened, and what helps. Plain ASCII, as everything at a terminal.

use samekey_shared::flows::KeyTrouble;
use samekey_wire::key::Trouble;

/// One or two sentences for this trouble, with the tries of the PIN that are left.
pub fn sentence(trouble: Trouble, tries: Option<u32>) -> String {
    let text = match trouble {
        Trouble::NoKey => "No security key is plugged in. Plug yours in and try again.",
        Trouble::NoAccess => {
            "A security key is plugged in, but this machine does not let Samekey use it. Tell your administrator: \
             the udev rule is missing."
        }
        Trouble::WrongKey => "The key that is plugged in is not bound to this account. Plug yours in and try again.",
        Trouble::SeveralKeys => {
            "Several security keys are plugged in, and it cannot be told which is meant. Leave one plugged in."
        }
        Trouble::TooOld => "This key knows U2F alone. It works in a browser, and not here.",
        Trouble::PinWrong => return format!("That PIN is not right.{}", tries_left(tries)),
        Trouble::PinBlocked => {
            "The key takes no PIN any more: there were too many wrong ones. It must be reset and bound anew."
        }
        Trouble::PinFewTries => {
            return format!(
                "The PIN is not asked for here: a mistake could block the key.{} Where you set the PIN, a right one \
                 gives all tries back.",
                tries_left(tries)
            );
        }
        Trouble::Locked => "The key takes no PIN until it is pulled out and plugged in again.",
        Trouble::CannotVerify => {
            "This login must know who touches the key, and this key has neither a PIN nor a fingerprint."
        }
        Trouble::NotRecognised => "The key did not recognise the finger.",
        Trouble::Mute => "The key does not answer. Pull it out, plug it in and try again.",
        Trouble::Unplugged => "The key was pulled out before it was done.",
        Trouble::NotTouched => "Nobody touched the key in time.",
        Trouble::Denied => "The key refused.",
        Trouble::Busy => "The key is busy with another login or program. Try again in a moment.",
        Trouble::AlreadyBound => "This key is bound to this account already.",
        Trouble::Full => "The key has no room for another credential.",
        Trouble::Cancelled => "The key was not used.",
        Trouble::Internal => "The key could not be used. Tell your administrator: the agent's log says more.",
    };
    text.to_owned()
}

fn tries_left(tries: Option<u32>) -> String {
    match tries {
        None => String::new(),
        Some(1) => " One try is left.".to_owned(),
        Some(tries) => format!(" {tries} tries are left."),
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
            let text = sentence(trouble, None);
            assert!(text.is_ascii() && text.ends_with('.'), "{text}");
            assert!(seen.insert(text), "{trouble:?} reads like another");
        }
    }

    #[test]
    fn tries_are_counted_in_words() {
        assert_eq!(
            sentence(Trouble::PinWrong, Some(7)),
            "That PIN is not right. 7 tries are left."
        );
        assert!(sentence(Trouble::PinFewTries, Some(1)).contains("One try is left."));
    }
}
