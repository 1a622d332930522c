//! The files of each language, built into the programs.

use super::Language;

macro_rules! files {
    ($language:literal: $($file:literal),+ $(,)?) => {
        &[$(($file, include_str!(concat!("../../texts/", $language, "/", $file, ".ftl")))),+]
    };
}

/// Name and text of every file.
pub(super) fn of(language: Language) -> &'static [(&'static str, &'static str)] {
    match language {
        Language::English => {
            files!("en": "frame", "sign-in", "bind", "security", "devices", "approve", "connect", "clients", "mail", "admin", "policy", "terminal", "problem")
        }
        Language::SimplifiedChinese => {
            files!("zh-CN": "frame", "sign-in", "bind", "security", "devices", "approve", "connect", "clients", "mail", "admin", "policy", "terminal", "problem")
        }
    }
}
