//! A unified diff of two short texts, line by line, for `--dry-run` and `policy apply`.

/// Lines of context around a change.
const CONTEXT: usize = 3;

/// One line of the comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Line<'a> {
    Kept(&'a str),
    Removed(&'a str),
    Added(&'a str),
}

/// The difference in unified form; empty when the texts are equal.
pub fn unified(old: &str, new: &str, old_name: &str, new_name: &str) -> String {
    if old == new {
        return String::new();
    }
    let lines = compare(&old.lines().collect::<Vec<_>>(), &new.lines().collect::<Vec<_>>());
    let mut out = format!("--- {old_name}\n+++ {new_name}\n");
    for hunk in hunks(&lines) {
        out.push_str(&drawn(&lines, hunk));
    }
    out
}

/// Keeps the longest common subsequence. Quadratic: policies have hundreds of lines, not millions.
fn compare<'a>(old: &[&'a str], new: &[&'a str]) -> Vec<Line<'a>> {
    let columns = new.len() + 1;
    let mut common = vec![0_u32; (old.len() + 1) * columns];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            common[i * columns + j] = if old[i] == new[j] {
                common[(i + 1) * columns + j + 1] + 1
            } else {
                common[(i + 1) * columns + j].max(common[i * columns + j + 1])
            };
        }
    }
    let (mut i, mut j, mut lines) = (0, 0, Vec::with_capacity(old.len() + new.len()));
    while i < old.len() || j < new.len() {
        if i < old.len() && j < new.len() && old[i] == new[j] {
            lines.push(Line::Kept(old[i]));
            (i, j) = (i + 1, j + 1);
        } else if j == new.len() || (i < old.len() && common[(i + 1) * columns + j] >= common[i * columns + j + 1]) {
            lines.push(Line::Removed(old[i]));
            i += 1;
        } else {
            lines.push(Line::Added(new[j]));
            j += 1;
        }
    }
    lines
}

/// The stretches to show: changes with their context, merged where they touch.
fn hunks(lines: &[Line<'_>]) -> Vec<std::ops::Range<usize>> {
    let mut hunks: Vec<std::ops::Range<usize>> = Vec::new();
    let changed = lines
        .iter()
        .enumerate()
        .filter(|(_, line)| !matches!(line, Line::Kept(_)));
    for (at, _) in changed {
        let (from, to) = (at.saturating_sub(CONTEXT), (at + 1 + CONTEXT).min(lines.len()));
        match hunks.last_mut() {
            Some(last) if from <= last.end => last.end = to,
            _ => hunks.push(from..to),
        }
    }
    hunks
}

fn drawn(lines: &[Line<'_>], hunk: std::ops::Range<usize>) -> String {
    let count = |lines: &[Line<'_>], other: fn(&Line<'_>) -> bool| lines.iter().filter(|line| !other(line)).count();
    let added = |line: &Line<'_>| matches!(line, Line::Added(_));
    let removed = |line: &Line<'_>| matches!(line, Line::Removed(_));
    let (before, inside) = (&lines[..hunk.start], &lines[hunk]);
    let header = |other: fn(&Line<'_>) -> bool| {
        let length = count(inside, other);
        // An empty side is named by the line before it.
        format!("{},{length}", count(before, other) + usize::from(length > 0))
    };
    let mut out = format!("@@ -{} +{} @@\n", header(added), header(removed));
    for line in inside {
        let (sign, text) = match line {
            Line::Kept(text) => (' ', text),
            Line::Removed(text) => ('-', text),
            Line::Added(text) => ('+', text),
        };
        out.push(sign);
        out.push_str(text);
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_texts_have_no_difference() {
        assert_eq!(unified("a\nb\n", "a\nb\n", "old", "new"), "");
    }

    #[test]
    fn writes_what_diff_writes() {
        // Expected: `diff -U3 old new` of GNU diffutils, headers' times left out and lengths of 1 written.
        let old = "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n";
        let new = "1\n2\n3\n4\nfive\n6\n7\n8\n9\n10\n11\n12\n13\n";
        let expected = "--- old\n+++ new\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n\
            @@ -10,3 +10,4 @@\n 10\n 11\n 12\n+13\n";
        assert_eq!(unified(old, new, "old", "new"), expected);
        assert_eq!(
            unified("", "a\n", "old", "new"),
            "--- old\n+++ new\n@@ -0,0 +1,1 @@\n+a\n"
        );
    }

    #[test]
    fn far_changes_are_hunks_of_their_own() {
        let old = "same\n".repeat(20) + "5\n" + &"same\n".repeat(20) + "30\n";
        let new = old.replace("5\n", "five\n").replacen("30\n", "thirty\n", 1);
        assert!(unified(&old, &new, "old", "new").matches("@@ -").count() >= 2);
    }
}
