//! The parameters of a query or form, each at most once, decoded strictly.
//!
//! RFC 6749 section 3.1: parameters "MUST NOT be included more than once", and one without a value counts as omitted. Two
//! names may be repeated: what a token is for (RFC 8707 section 2, RFC 8693 section 2.1).

/// More parameters than this in one request are refused.
const MOST: usize = 64;
/// The names that may be repeated.
const REPEATABLE: [&str; 2] = ["resource", "audience"];

/// Why parameters were refused. Every endpoint answers `invalid_request`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadParams {
    /// The same name twice.
    #[error("a parameter is repeated")]
    Repeated,
    /// Not form-encoded UTF-8, or with control characters.
    #[error("a parameter is not properly encoded")]
    Malformed,
    /// Too many of them.
    #[error("too many parameters")]
    TooMany,
}

/// Parameters in the order sent.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct Params(Vec<(String, String)>);

impl Params {
    /// Reads an `application/x-www-form-urlencoded` text.
    pub fn parse(text: &[u8]) -> Result<Self, BadParams> {
        let mut found: Vec<(String, String)> = Vec::new();
        for piece in text.split(|b| *b == b'&').filter(|piece| !piece.is_empty()) {
            let mut halves = piece.splitn(2, |b| *b == b'=');
            let name = decode(halves.next().unwrap_or_default())?;
            let value = decode(halves.next().unwrap_or_default())?;
            add(&mut found, name, value)?;
        }
        Ok(Self(found))
    }

    /// The same of pairs that came in another form, such as the claims of a request object (RFC 9101).
    pub fn of_pairs(pairs: impl IntoIterator<Item = (String, String)>) -> Result<Self, BadParams> {
        let mut found = Vec::new();
        for (name, value) in pairs {
            plain(&name)?;
            plain(&value)?;
            add(&mut found, name, value)?;
        }
        Ok(Self(found))
    }

    /// The value of a parameter; `None` when absent or empty. Of a repeated one the first.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.values(name).next()
    }

    /// Every value of a parameter that may be repeated; empty ones are absent.
    pub fn values<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        let found = self.0.iter().filter(move |(known, _)| known == name);
        found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }

    /// Every value of these parameters, each once however often it is sent: what a token is for.
    pub fn each(&self, names: &[&str]) -> Vec<String> {
        let mut found: Vec<String> = Vec::new();
        for value in names.iter().flat_map(|name| self.values(name)) {
            if !found.iter().any(|known| known == value) {
                found.push(value.to_owned());
            }
        }
        found
    }

    /// Each name and value, in the order sent.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The same without these names.
    #[must_use]
    pub fn without(&self, names: &[&str]) -> Self {
        let kept = self.0.iter().filter(|(name, _)| !names.contains(&name.as_str()));
        Self(kept.cloned().collect())
    }

    /// The same with this parameter, and no other of its name.
    #[must_use]
    pub fn with(&self, name: &str, value: &str) -> Self {
        let mut changed = self.without(&[name]);
        changed.0.push((name.to_owned(), value.to_owned()));
        changed
    }

    /// These over others: what is in both counts as it is here.
    #[must_use]
    pub fn over(&self, others: &Self) -> Self {
        let further = others.0.iter().filter(|(name, _)| self.values(name).next().is_none());
        Self(self.0.iter().chain(further).cloned().collect())
    }

    /// The same parameters as a query string.
    pub fn encoded(&self) -> String {
        encode(self.0.iter().map(|(name, value)| (name.as_str(), value.as_str())))
    }
}

fn add(found: &mut Vec<(String, String)>, name: String, value: String) -> Result<(), BadParams> {
    let again = found.iter().any(|(known, _)| *known == name);
    if again && !REPEATABLE.contains(&name.as_str()) {
        return Err(BadParams::Repeated);
    }
    if found.len() == MOST {
        return Err(BadParams::TooMany);
    }
    found.push((name, value));
    Ok(())
}

/// CR and LF end the lines of a pasted text area; nothing we read has a use for the other control characters.
fn plain(text: &str) -> Result<(), BadParams> {
    if text.chars().any(char::is_control) {
        return Err(BadParams::Malformed);
    }
    Ok(())
}

/// One name or value, decoded.
pub fn decode(text: &[u8]) -> Result<String, BadParams> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.iter();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => hex(rest.next())? << 4 | hex(rest.next())?,
            other => *other,
        });
    }
    let text = String::from_utf8(bytes).map_err(|_| BadParams::Malformed)?;
    plain(&text)?;
    Ok(text)
}

fn hex(digit: Option<&u8>) -> Result<u8, BadParams> {
    let digit = digit.ok_or(BadParams::Malformed)?;
    let value = (*digit as char).to_digit(16).ok_or(BadParams::Malformed)?;
    u8::try_from(value).map_err(|_| BadParams::Malformed)
}

/// Writes pairs as `application/x-www-form-urlencoded`.
pub fn encode<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let mut out = String::new();
    for (name, value) in pairs {
        if !out.is_empty() {
            out.push('&');
        }
        escape(&mut out, name);
        out.push('=');
        escape(&mut out, value);
    }
    out
}

fn escape(out: &mut String, text: &str) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(byte as char);
        } else {
            out.push('%');
            out.push(DIGITS[usize::from(byte >> 4)] as char);
            out.push(DIGITS[usize::from(byte & 15)] as char);
        }
    }
}

/// Adds pairs to a URI's query: `uri?a=b` or `uri&a=b`.
pub fn append<'a>(uri: &str, pairs: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let joint = if uri.contains('?') { '&' } else { '?' };
    format!("{uri}{joint}{}", encode(pairs))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_writes() {
        let params = Params::parse(b"scope=openid+profile&state=a%26b%3D%C3%A9").unwrap();
        assert_eq!(params.value("scope"), Some("openid profile"));
        assert_eq!(params.value("state"), Some("a&b=é"));
        assert_eq!(Params::parse(params.encoded().as_bytes()).unwrap(), params);
    }

    #[test]
    fn an_empty_value_is_an_absent_one_and_still_counts_as_a_repetition() {
        assert_eq!(Params::parse(b"state=&a").unwrap().value("state"), None);
        assert_eq!(Params::parse(b"state=&state=x"), Err(BadParams::Repeated));
        assert_eq!(Params::parse(b"st%61te=y&state=x"), Err(BadParams::Repeated));
    }

    #[test]
    fn only_what_a_token_is_for_may_be_named_more_than_once() {
        let params = Params::parse(b"resource=a&resource=b&resource=").unwrap();
        assert_eq!(params.values("resource").collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(params.value("resource"), Some("a"));
        assert_eq!(Params::parse(b"scope=a&scope=b"), Err(BadParams::Repeated));
        let pairs = |text: &str| Params::of_pairs([("state".to_owned(), text.to_owned())]);
        assert_eq!(pairs("a\nb"), Err(BadParams::Malformed));
        let (inner, outer) = (
            pairs("inside").unwrap(),
            Params::parse(b"state=x&scope=openid").unwrap(),
        );
        let both = inner.over(&outer);
        assert_eq!(
            (both.value("state"), both.value("scope")),
            (Some("inside"), Some("openid"))
        );
        assert_eq!(both.with("state", "y").without(&["scope"]).encoded(), "state=y");
    }

    #[test]
    fn refuses_what_is_not_form_encoded_text() {
        for wrong in [
            &b"a=%"[..],
            b"a=%4",
            b"a=%zz",
            b"a=%ff",
            b"a=%00",
            b"a=%0d%0ab",
            b"a=\xff",
        ] {
            assert_eq!(Params::parse(wrong), Err(BadParams::Malformed), "{wrong:?}");
        }
        let many = (0..65).map(|n| format!("p{n}=1")).collect::<Vec<_>>().join("&");
        assert_eq!(Params::parse(many.as_bytes()), Err(BadParams::TooMany));
    }

    #[test]
    fn appends_to_a_query_that_is_there_or_not() {
        assert_eq!(
            append("https://a/cb", [("code", "x y")].into_iter()),
            "https://a/cb?code=x%20y"
        );
        assert_eq!(
            append("https://a/cb?k=1", [("code", "x")].into_iter()),
            "https://a/cb?k=1&code=x"
        );
    }
}
