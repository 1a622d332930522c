//! What somebody at the far end can put into an approval, made fit for a page: bounded, and without what changes how the
//! text around it looks.

/// Most characters that are kept of any fact. A command is cut there, with a mark that says so.
const LONGEST: usize = 400;

/// The text without control characters and without the invisible ones that turn or hide the text beside them (S14;
/// CVE-2021-42574).
pub(super) fn shown(text: &str) -> String {
    let mut kept: String = text.chars().filter(|c| !is_hidden(*c)).take(LONGEST + 1).collect();
    if kept.chars().count() > LONGEST {
        kept = kept.chars().take(LONGEST).collect();
        kept.push('…');
    }
    kept
}

/// Control characters, line and paragraph separators, joiners and the marks that turn the direction of writing.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_invisible_is_kept() {
        assert_eq!(
            shown("sudo \u{1b}[2Jrm\r\n\0 -rf \u{202e}/\u{2066}x"),
            "sudo [2Jrm -rf /x"
        );
        assert_eq!(shown("apt install café"), "apt install café");
    }

    #[test]
    fn what_is_long_is_cut_and_says_so() {
        let cut = shown(&"x".repeat(5000));
        assert_eq!(cut.chars().count(), LONGEST + 1);
        assert!(cut.ends_with('…'));
        assert_eq!(shown(&"x".repeat(LONGEST)).chars().count(), LONGEST);
    }
}
