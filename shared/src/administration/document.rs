//! A policy's text changed in one place only: lines of a table put in, exceptions added and taken out. Comments and
//! everything else stay as somebody wrote them; whoever calls parses the result and compares.

/// Puts these keys into a table such as `[settings]`, or takes those without a value out of it.
pub(super) fn with_keys(text: &str, table: &str, changes: &[(&str, Option<String>)]) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let Some(head) = lines.iter().position(|line| header(line) == Some(table)) else {
        let mut out = text.trim_end().to_owned();
        out.extend(["\n\n", table, "\n"]);
        let lines = changes
            .iter()
            .filter_map(|(key, value)| Some(format!("{key} = {}\n", value.as_ref()?)));
        out.extend(lines);
        return out;
    };
    let section_end = |lines: &[String]| {
        let after = lines.iter().skip(head + 1).position(|line| header(line).is_some());
        after.map_or(lines.len(), |offset| head + 1 + offset)
    };
    for (key, value) in changes {
        let end = section_end(&lines);
        let there = (head + 1..end).find(|index| lines.get(*index).is_some_and(|line| names(line, key)));
        match (there, value) {
            (Some(index), Some(value)) => {
                if let Some(line) = lines.get_mut(index) {
                    *line = format!("{key} = {value}");
                }
            }
            (Some(index), None) => drop(lines.remove(index)),
            (None, Some(value)) => {
                let last = (head..end)
                    .rev()
                    .find(|index| lines.get(*index).is_some_and(|line| !is_idle(line)));
                lines.insert(last.unwrap_or(head) + 1, format!("{key} = {value}"));
            }
            (None, None) => {}
        }
    }
    lines.join("\n") + "\n"
}

/// Takes the exceptions of these names out and puts a block at the end.
pub(super) fn with_exception(text: &str, gone: &[String], block: &str) -> String {
    let mut tables: Vec<Vec<&str>> = vec![Vec::new()];
    for line in text.lines() {
        if header(line).is_some() {
            tables.push(Vec::new());
        }
        if let Some(table) = tables.last_mut() {
            table.push(line);
        }
    }
    tables.retain(|table| {
        let is_exception = table.first().and_then(|line| header(line)) == Some("[[exception]]");
        let named = |name: &String| table.iter().any(|line| line.trim() == format!("name = \"{name}\""));
        !(is_exception && gone.iter().any(named))
    });
    let kept = tables.concat();
    format!("{}\n\n{block}", kept.join("\n").trim_end())
}

/// The table that a line opens.
fn header(line: &str) -> Option<&str> {
    let line = line.split('#').next().unwrap_or_default().trim();
    line.starts_with('[').then_some(line)
}

fn names(line: &str, key: &str) -> bool {
    let rest = line.trim_start().strip_prefix(key).map(str::trim_start);
    rest.is_some_and(|rest| rest.starts_with('='))
}

fn is_idle(line: &str) -> bool {
    let line = line.trim();
    line.is_empty() || line.starts_with('#')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_changes_in_its_line_and_comments_stay() {
        let text = "version = 1\n[settings] # all of us\n# six hours\nsession = \"6h\"\n\n[[rule]]\nname = \"a\"\n";
        let changed = with_keys(
            text,
            "[settings]",
            &[("session", Some("\"8h\"".into())), ("idle", Some("\"2h\"".into()))],
        );
        assert_eq!(
            changed,
            "version = 1\n[settings] # all of us\n# six hours\nsession = \"8h\"\nidle = \"2h\"\n\n[[rule]]\nname = \"a\"\n"
        );
        assert_eq!(
            with_keys(
                &changed,
                "[settings]",
                &[("idle", None), ("session", Some("\"6h\"".into()))]
            ),
            text
        );
        assert_eq!(
            with_keys("version = 1\n", "[settings]", &[("idle", Some("\"2h\"".into()))]),
            "version = 1\n\n[settings]\nidle = \"2h\"\n"
        );
    }

    #[test]
    fn an_exception_goes_whole_and_others_stay() {
        let text = "version = 1\n[[exception]]\nname = \"rescue-ann\"\nreason = \"x\"\n\n[[exception]]\nname = \"b\"\n";
        let changed = with_exception(text, &["rescue-ann".to_owned()], "[[exception]]\nname = \"new\"\n");
        assert_eq!(
            changed,
            "version = 1\n[[exception]]\nname = \"b\"\n\n[[exception]]\nname = \"new\"\n"
        );
    }
}
