//! A manual page (man(7)) from a page of the reference: headings, paragraphs, lists, tables and code.

/// The page: `name` is its NAME line, `see` the pages it points to, each as `samekey(1)`.
pub fn page(title: &str, section: u8, name: &str, markdown: &str, see: &[&str]) -> String {
    let title = title.replace('-', "\\-");
    let name = name.replacen("samekey-", "samekey\\-", 1);
    let mut out = format!(".TH {title} {section} \"\" \"samekey\" \"Samekey\"\n.SH NAME\n{name}\n.SH DESCRIPTION\n");
    let mut lines = markdown.lines().skip(1).peekable();
    while let Some(line) = lines.next() {
        if line.starts_with("```") {
            let code: Vec<&str> = lines.by_ref().take_while(|line| !line.starts_with("```")).collect();
            out.push_str(".PP\n.nf\n");
            for line in code {
                out.push_str(&escaped(line));
                out.push('\n');
            }
            out.push_str(".fi\n");
        } else if let Some(heading) = line.strip_prefix('#') {
            let heading = escaped(&plain(heading.trim_start_matches('#').trim()));
            out.extend([".SH ", &heading.to_uppercase(), "\n"]);
        } else if line.starts_with('|') {
            // A table's first row names its columns, the second is a rule.
            let head = lines.peek().is_some_and(|next| next.starts_with("|-"));
            if !head && !line.starts_with("|-") {
                out.push_str(&row(line));
            }
        } else if let Some(item) = line.strip_prefix("- ") {
            out.extend([".IP \\(bu 2\n", &text(item), "\n"]);
        } else if line.trim().is_empty() {
            paragraph(&mut out);
        } else {
            out.push_str(&text(line));
            out.push('\n');
        }
    }
    let see: Vec<String> = see.iter().map(|page| reference(page)).collect();
    out.extend([".SH SEE ALSO\n", &see.join(",\n"), "\n"]);
    out
}

/// A new paragraph, unless one begins here anyway.
fn paragraph(out: &mut String) {
    let last = out.trim_end().rsplit('\n').next().unwrap_or_default();
    if !last.starts_with(".PP") && !last.starts_with(".SH") {
        out.push_str(".PP\n");
    }
}

/// A row of a table: its first cell is the term.
fn row(line: &str) -> String {
    let cells: Vec<&str> = line.trim().trim_matches('|').split(" | ").map(str::trim).collect();
    let (term, rest) = cells.split_first().map_or(("", &[][..]), |(term, rest)| (*term, rest));
    let rest: Vec<&str> = rest.iter().copied().filter(|cell| !cell.is_empty()).collect();
    format!(".TP\n{}\n{}\n", text(term), text(&rest.join("; ")))
}

fn reference(page: &str) -> String {
    let (name, section) = page.split_once('(').unwrap_or((page, ""));
    format!(".BR {} ({section}", name.replace('-', "\\-"))
}

/// A line of running text: `code` becomes bold, stress and links become plain.
fn text(line: &str) -> String {
    let escaped = escaped(&plain_but_code(line));
    let mut out = String::with_capacity(escaped.len());
    for (number, piece) in escaped.split('`').enumerate() {
        if number % 2 == 1 {
            out.push_str("\\fB");
            out.push_str(piece);
            out.push_str("\\fR");
        } else {
            out.push_str(piece);
        }
    }
    out
}

fn plain(line: &str) -> String {
    plain_but_code(line).replace('`', "")
}

/// `[words](address)` without the address, and without `**`.
fn plain_but_code(line: &str) -> String {
    let mut out = line.replace("**", "");
    while let Some(end) = out.find("](") {
        let (Some(start), Some(length)) = (out[..end].rfind('['), out[end..].find(')')) else {
            break;
        };
        let words = out[start + 1..end].to_owned();
        out.replace_range(start..=end + length, &words);
    }
    out
}

/// Nothing that troff would take for a request or an escape; hyphens that can be copied.
fn escaped(line: &str) -> String {
    let line = line.replace('\\', "\\e").replace('-', "\\-");
    if line.starts_with(['.', '\'']) {
        return format!("\\&{line}");
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_of_the_reference_becomes_a_manual_page() {
        let markdown = "# Title\n\nOne **file** says `what-it-is`, see [there](a.md).\n\n## A `part`\n\n| key | meaning |\n|---|---|\n\
                        | `a` | first |\n\n```\n.x = \"\\n\"\n```\n\n- an item\n";
        let page = page(
            "SAMEKEY-POLICY",
            5,
            "samekey-policy \\- what",
            markdown,
            &["samekey.toml(5)"],
        );
        let expected = ".TH SAMEKEY\\-POLICY 5 \"\" \"samekey\" \"Samekey\"\n.SH NAME\nsamekey\\-policy \\- what\n.SH DESCRIPTION\n\
                        One file says \\fBwhat\\-it\\-is\\fR, see there.\n.PP\n.SH A PART\n.TP\n\\fBa\\fR\nfirst\n.PP\n.PP\n.nf\n\
                        \\&.x = \"\\en\"\n.fi\n.PP\n.IP \\(bu 2\nan item\n.SH SEE ALSO\n.BR samekey.toml (5)\n";
        assert_eq!(
            page.replace(".PP\n.PP\n", ".PP\n"),
            expected.replace(".PP\n.PP\n", ".PP\n")
        );
    }
}
