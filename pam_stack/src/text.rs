//! From bytes to lines and words, as libpam cuts them (`_pam_assemble_line`, `_pam_StrTok`).

/// Longest physical line that every version of libpam takes whole (a buffer of 1,024 up to 1.5). What is longer is cut
/// there, and the rest of a comment would become a line of its own.
const LONGEST: usize = 1000;

/// A line put together from those that end with a backslash.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Assembled {
    /// The number of its first physical line, from 1.
    pub number: usize,
    pub text: Vec<u8>,
}

/// Why a file cannot be cut into lines that every libpam would see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Uncut {
    /// This line is too long.
    TooLong(usize),
    /// The file ends after a backslash; this line began it.
    Unfinished(usize),
}

/// The lines of a file, without comments and blank ones.
pub(crate) fn lines(bytes: &[u8]) -> Result<Vec<Assembled>, Uncut> {
    let mut all = Vec::new();
    let mut begun: Option<Assembled> = None;
    for (index, raw) in bytes.split_inclusive(|byte| *byte == b'\n').enumerate() {
        let number = index + 1;
        if raw.len() > LONGEST {
            return Err(Uncut::TooLong(number));
        }
        // To C the line ends at a zero.
        let raw = raw.split(|byte| *byte == 0).next().unwrap_or_default();
        let blanks = raw.iter().take_while(|byte| is_blank(**byte)).count();
        let told = &raw[blanks..];
        // Also between the parts of a continued line.
        if told.is_empty() || told[0] == b'#' {
            continue;
        }
        let mut line = begun.take().unwrap_or(Assembled {
            number,
            text: Vec::new(),
        });
        let comment = told.iter().position(|byte| *byte == b'#');
        let end = told.iter().rposition(|byte| !is_blank(*byte)).map_or(0, |at| at + 1);
        match comment {
            Some(at) => {
                line.text.extend(&told[..at]);
                all.push(line);
            }
            None if told[..end].ends_with(b"\\") => {
                line.text.extend(&told[..end - 1]);
                line.text.push(b' ');
                begun = Some(line);
            }
            None => {
                line.text.extend(&told[..end]);
                all.push(line);
            }
        }
        let length = all.last().or(begun.as_ref()).map_or(0, |line| line.text.len());
        if length.max(begun.as_ref().map_or(0, |line| line.text.len())) > LONGEST {
            return Err(Uncut::TooLong(number));
        }
    }
    match begun {
        Some(line) => Err(Uncut::Unfinished(line.number)),
        None => Ok(all),
    }
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n')
}

/// The words of a line; `[…]` at a word's place is one word, without its brackets.
#[derive(Debug)]
pub(crate) struct Words<'a>(pub Option<&'a [u8]>);

impl Iterator for Words<'_> {
    type Item = Vec<u8>;

    fn next(&mut self) -> Option<Vec<u8>> {
        let from = self.0.take()?;
        let from = &from[from.iter().take_while(|byte| is_blank(**byte)).count()..];
        let (word, end) = if *from.first()? == b'[' {
            bracketed(from)
        } else {
            let end = from.iter().position(|byte| is_blank(*byte)).unwrap_or(from.len());
            (from[..end].to_vec(), end)
        };
        // The byte that ends the word is gone, be it a blank or a bracket.
        self.0 = from.get(end + 1..).filter(|rest| !rest.is_empty());
        Some(word)
    }
}

/// What stands between the bracket at the beginning and the first one that closes; `\]` is a bracket inside.
fn bracketed(from: &[u8]) -> (Vec<u8>, usize) {
    let (mut word, mut at) = (Vec::new(), 1);
    while let Some(&byte) = from.get(at).filter(|byte| **byte != b']') {
        let escaped = byte == b'\\' && from.get(at + 1) == Some(&b']');
        at += usize::from(escaped);
        word.push(if escaped { b']' } else { byte });
        at += 1;
    }
    (word, at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(text: &str) -> Vec<(usize, String)> {
        let lines = lines(text.as_bytes()).unwrap().into_iter();
        lines
            .map(|line| (line.number, String::from_utf8(line.text).unwrap()))
            .collect()
    }

    fn words(text: &str) -> Vec<String> {
        Words(Some(text.as_bytes()))
            .map(|word| String::from_utf8(word).unwrap())
            .collect()
    }

    #[test]
    fn comments_blanks_and_continuations() {
        assert_eq!(
            cut("# x\n\n  a b # c \\\nd\\ \n# between\n  e\n"),
            [(3, "a b ".to_owned()), (4, "d e".to_owned())]
        );
        assert_eq!(cut("a"), [(1, "a".to_owned())]);
        assert_eq!(lines(b"a \\\n"), Err(Uncut::Unfinished(1)));
        let long = "#".repeat(LONGEST + 1);
        assert_eq!(lines(format!("a\n{long}\n").as_bytes()), Err(Uncut::TooLong(2)));
        let folded = "a".repeat(600) + "\\\n" + &"b".repeat(600);
        assert_eq!(lines(folded.as_bytes()), Err(Uncut::TooLong(2)));
        assert_eq!(cut("a\0b\nc"), [(1, "a".to_owned()), (2, "c".to_owned())]);
    }

    #[test]
    fn words_and_brackets() {
        assert_eq!(
            words(" auth\t[success=1  default=ignore]pam_a.so  x"),
            ["auth", "success=1  default=ignore", "pam_a.so", "x"]
        );
        assert_eq!(words("[a\\]b] [] [open"), ["a]b", "", "open"]);
        assert_eq!(words("   "), Vec::<String>::new());
    }
}
