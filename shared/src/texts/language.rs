//! The languages we speak, and which of them somebody asks for.

use serde::{Deserialize, Serialize};
use unic_langid::{LanguageIdentifier, langid};

/// A language that every sentence stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub enum Language {
    /// English.
    #[default]
    #[serde(rename = "en")]
    English,
    /// Chinese in simplified characters.
    #[serde(rename = "zh-CN")]
    SimplifiedChinese,
}

impl Language {
    /// Every language there is.
    pub const ALL: &'static [Self] = &[Self::English, Self::SimplifiedChinese];

    /// Its tag (BCP 47), for `lang` attributes and settings.
    pub fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::SimplifiedChinese => "zh-CN",
        }
    }

    /// What it calls itself.
    pub fn own_name(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::SimplifiedChinese => "简体中文",
        }
    }

    /// The one that this tag means: `zh`, `zh-CN`, `zh_CN.UTF-8`, `zh-Hans-SG`, `en-GB`; none for any other.
    /// Traditional characters (`zh-TW`, `zh-Hant`) are another language.
    pub fn of_tag(tag: &str) -> Option<Self> {
        let tag = tag.trim().split(['.', '@']).next().unwrap_or_default();
        let identifier: LanguageIdentifier = tag.parse().ok()?;
        let region = identifier.region.map(|region| region.as_str().to_owned());
        let script = identifier.script.map(|script| script.as_str().to_owned());
        match (identifier.language.as_str(), script.as_deref(), region.as_deref()) {
            ("en", _, _) => Some(Self::English),
            ("zh", Some("Hans"), _) | ("zh", None, None | Some("CN" | "SG" | "MY")) => Some(Self::SimplifiedChinese),
            _ => None,
        }
    }

    /// The first of these tags (separated by blanks, most wanted first) that we speak: `ui_locales` of OpenID Connect.
    pub fn of_list(tags: &str) -> Option<Self> {
        tags.split_ascii_whitespace().find_map(Self::of_tag)
    }

    /// The one most wanted by an `Accept-Language` header (RFC 9110 section 12.5.4); what cannot be read is passed over.
    pub fn of_accept_language(header: &str) -> Option<Self> {
        let mut wanted: Vec<(u32, Self)> = header.split(',').take(32).filter_map(weighed).collect();
        wanted.sort_by_key(|(weight, _)| std::cmp::Reverse(*weight));
        wanted.first().map(|(_, language)| *language)
    }
}

/// As Fluent names it. No method: the macro's own unsafe code would stand in an impl of a type that is read from outside.
pub(super) fn identifier(language: Language) -> LanguageIdentifier {
    match language {
        Language::English => langid!("en"),
        Language::SimplifiedChinese => langid!("zh-CN"),
    }
}

/// One range of `Accept-Language` with its weight in thousandths; none for another language or a weight of nothing.
fn weighed(range: &str) -> Option<(u32, Language)> {
    let mut parts = range.split(';');
    let tag = parts.next()?.trim();
    let weight = match parts.next().map(|part| part.trim().trim_start_matches("q=")) {
        None => 1000,
        Some(weight) => thousandths(weight)?,
    };
    let language = if tag == "*" {
        Language::default()
    } else {
        Language::of_tag(tag)?
    };
    (weight > 0).then_some((weight, language))
}

/// `1`, `0.8`, `0.125` in thousandths.
fn thousandths(weight: &str) -> Option<u32> {
    let (whole, fraction) = weight.split_once('.').unwrap_or((weight, ""));
    let digits = fraction.len() <= 3 && fraction.bytes().all(|b| b.is_ascii_digit());
    let whole: u32 = whole.parse().ok().filter(|whole| *whole <= 1 && digits)?;
    let fraction: u32 = format!("{fraction:0<3}").parse().ok()?;
    Some((whole * 1000 + fraction).min(1000))
}

#[cfg(test)]
mod tests {
    use super::Language::{English, SimplifiedChinese};
    use super::*;

    #[test]
    fn tags_and_locales_name_a_language() {
        for tag in ["zh", "zh-CN", "zh_CN.UTF-8", "zh-Hans", "zh-Hans-SG", "ZH-cn"] {
            assert_eq!(Language::of_tag(tag), Some(SimplifiedChinese), "{tag}");
        }
        for tag in ["en", "en-GB", "en_US.UTF-8", "en_US@euro"] {
            assert_eq!(Language::of_tag(tag), Some(English), "{tag}");
        }
        for tag in ["zh-TW", "zh-Hant", "de", "C", "POSIX", "", "\u{1}", "../en"] {
            assert_eq!(Language::of_tag(tag), None, "{tag}");
        }
    }

    #[test]
    fn the_most_wanted_language_wins() {
        let wanted = Language::of_accept_language;
        assert_eq!(wanted("de, zh-CN;q=0.9, en;q=0.8"), Some(SimplifiedChinese));
        assert_eq!(wanted("zh;q=0.1, en;q=0.125"), Some(English));
        assert_eq!(wanted("zh-TW, fr;q=0.5, *;q=0.1"), Some(English));
        assert_eq!(wanted("zh;q=0"), None);
        assert_eq!(wanted("zh;q=2, ;;,=,"), None);
        assert_eq!(Language::of_list("fr zh-CN en"), Some(SimplifiedChinese));
    }
}
