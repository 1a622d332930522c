//! What the operator announces (R106): a text, and the first web address in it as a link.

/// The text around its link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announcement {
    /// What stands before it: everything, where there is none.
    pub before: String,
    /// The address.
    pub link: Option<String>,
    /// What stands after it.
    pub after: String,
}

impl Announcement {
    /// Finds the address. Only whole `http` and `https` addresses become links: nothing that a browser would run.
    pub fn read(text: &str) -> Self {
        let start = ["https://", "http://"]
            .iter()
            .filter_map(|scheme| text.find(scheme))
            .min();
        let Some(start) = start else {
            return Self {
                before: text.to_owned(),
                link: None,
                after: String::new(),
            };
        };
        let (before, rest) = text.split_at(start);
        let ends = |c: char| c.is_whitespace() || c.is_control() || "<>\"'，。；）".contains(c);
        let (address, _) = rest.split_at(rest.find(ends).unwrap_or(rest.len()));
        let address = address.trim_end_matches(['.', ',', ';', ':', '!', '?', ')']);
        Self {
            before: before.to_owned(),
            link: Some(address.to_owned()),
            after: rest.strip_prefix(address).unwrap_or_default().to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Announcement;

    fn parts(text: &str) -> (String, Option<String>, String) {
        let Announcement { before, link, after } = Announcement::read(text);
        (before, link, after)
    }

    #[test]
    fn the_first_address_becomes_a_link_and_nothing_else_does() {
        let told = parts("MFA from March (see https://example.org/mfa?x=1). Bye.");
        let link = Some("https://example.org/mfa?x=1".to_owned());
        assert_eq!(told, ("MFA from March (see ".to_owned(), link, "). Bye.".to_owned()));
        for plain in ["", "no link", "javascript:alert(1)", "data:text/html,x", "example.org"] {
            assert_eq!(parts(plain), (plain.to_owned(), None, String::new()), "{plain}");
        }
        let quoted = parts("https://a.example\"onclick=x");
        assert_eq!(quoted.1.as_deref(), Some("https://a.example"));
    }
}
