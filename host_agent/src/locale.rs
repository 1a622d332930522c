//! Which language a terminal is spoken to in.

use samekey_shared::texts::{Language, Texts};
use samekey_wire::Start;

/// Longest locale that is looked at; what the module passes on is shorter.
const LONGEST: usize = 64;

/// The sentences for this login. Anything but English needs a locale that says UTF-8: elsewhere a terminal would show escapes.
/// The locale is anybody's claim, and chooses nothing but words.
pub fn texts(start: &Start) -> Texts {
    let named = start.locale.as_deref().filter(|locale| locale.len() <= LONGEST);
    let spoken = named.filter(|locale| says_utf8(locale)).and_then(Language::of_tag);
    spoken.unwrap_or_default().into()
}

fn says_utf8(locale: &str) -> bool {
    let charset = locale
        .split_once('.')
        .and_then(|(_, charset)| charset.split('@').next());
    charset.is_some_and(|charset| {
        ["utf-8", "utf8"]
            .iter()
            .any(|known| charset.eq_ignore_ascii_case(known))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scripted::start;

    fn language(locale: Option<&str>) -> Language {
        let mut start = start("ann");
        start.locale = locale.map(str::to_owned);
        texts(&start).language()
    }

    #[test]
    fn chinese_is_spoken_where_the_locale_says_chinese_and_utf8() {
        for locale in ["zh_CN.UTF-8", "zh_CN.utf8", "zh_SG.UTF-8@x", "zh.UTF-8"] {
            assert_eq!(language(Some(locale)), Language::SimplifiedChinese, "{locale}");
        }
        let long = format!("zh_CN.UTF-8@{}", "x".repeat(64));
        for locale in [
            "zh_CN",
            "zh_CN.GB18030",
            "zh_TW.UTF-8",
            "C.UTF-8",
            "C",
            "",
            "en_US.UTF-8",
            &long,
        ] {
            assert_eq!(language(Some(locale)), Language::English, "{locale}");
        }
        assert_eq!(language(None), Language::English);
    }
}
