//! A file as lines with their numbers: bounded, each on its own text or not.

use super::Unfit;

/// The longest line, in bytes. pam-u2f keeps all keys of a person on one: 24 of RSA have some 20,000.
const LONGEST: usize = 128 * 1024;

/// The lines, numbered from 1, without their ends and without blanks around them; empty ones are left out.
pub(super) fn lines(bytes: &[u8]) -> impl Iterator<Item = (usize, Result<&str, Unfit>)> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let numbered = bytes.split(|byte| *byte == b'\n').enumerate();
    numbered
        .map(|(index, line)| (index + 1, line.trim_ascii()))
        .filter(|(_, line)| !line.is_empty())
        .map(|(number, line)| {
            let text = match line.len() {
                0..=LONGEST => str::from_utf8(line).map_err(|_| Unfit::NotText),
                _ => Err(Unfit::TooLong(LONGEST)),
            };
            (number, text)
        })
}

/// Whether the line is a comment.
pub(super) fn is_comment(line: &str) -> bool {
    line.starts_with('#')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stay_and_no_line_hinders_the_next() {
        let text = [
            b"\xef\xbb\xbf one \r\n\n".as_slice(),
            b"\xff\n",
            &vec![b'a'; LONGEST + 1],
            b"\nfour",
        ]
        .concat();
        let read: Vec<_> = lines(&text).collect();
        assert_eq!(
            read,
            [
                (1, Ok("one")),
                (3, Err(Unfit::NotText)),
                (4, Err(Unfit::TooLong(LONGEST))),
                (5, Ok("four"))
            ]
        );
    }
}
