//! The operator's own look: a logo and two colours, checked when the provider starts.
//!
//! A colour is taken where people can read it: the links, the buttons and what stands on them keep the contrast of WCAG 2.2 AA
//! (1.4.3) on every ground of the style sheet.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Largest logo in bytes.
const LARGEST: u64 = 256 * 1024;
/// Contrast of text (WCAG 2.2, 1.4.3).
const READABLE: f64 = 4.5;
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

/// What links and buttons stand on in `assets/style.css`, and what stands on buttons: light, then dark.
const LIGHT: [Rgb; 4] = [hex(0x00ff_ffff), hex(0x00f4_f6f9), hex(0x00ea_f1fb), hex(0x00ff_ffff)];
const DARK: [Rgb; 4] = [hex(0x0019_212b), hex(0x0010_151c), hex(0x001c_2c42), hex(0x000d_1a2b)];

/// A colour of sRGB.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Rgb([u8; 3]);

const fn hex(value: u32) -> Rgb {
    let [_, red, green, blue] = value.to_be_bytes();
    Rgb([red, green, blue])
}

/// What a logo is, by its first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Picture {
    /// Portable Network Graphics.
    Png,
    /// Scalable Vector Graphics.
    Svg,
}

/// A picture that was read and recognised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logo {
    /// What it is.
    pub picture: Picture,
    /// The file.
    pub bytes: Vec<u8>,
}

/// The look, checked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Branding {
    /// In place of our own picture.
    pub logo: Option<Logo>,
    /// A style sheet that sets the colours; empty without any.
    pub style: String,
}

/// Why a look is not taken. Each says which key.
#[derive(Debug, thiserror::Error)]
pub enum BrandingError {
    /// The file.
    #[error("logo: {0}: {1}")]
    Unreadable(PathBuf, std::io::Error),
    /// Its size.
    #[error("logo: {0} is larger than 256 KiB")]
    TooLarge(PathBuf),
    /// Its kind.
    #[error("logo: {0} is neither a PNG nor an SVG picture")]
    NoPicture(PathBuf),
    /// Not a colour.
    #[error("{key}: {text:?} is no colour; write it as #rrggbb, such as #1d4f91")]
    NoColour {
        /// Which.
        key: &'static str,
        /// As written.
        text: String,
    },
    /// A colour that cannot be read.
    #[error(
        "{key}: {text} is hard to read: its contrast is {contrast:.1} where 4.5 is needed (WCAG 2.2 AA); take a {advice} one"
    )]
    Pale {
        /// Which.
        key: &'static str,
        /// As written.
        text: String,
        /// The least of its contrasts.
        contrast: f64,
        /// Which way to go.
        advice: &'static str,
    },
}

impl Branding {
    /// Holds the keys against the rules and reads the logo.
    pub fn check(logo: Option<&Path>, accent: Option<&str>, dark: Option<&str>) -> Result<Self, BrandingError> {
        let light = colour("accent", accent, LIGHT, "darker")?;
        let dark = colour("accent-dark", dark, DARK, "lighter")?;
        let mut style = String::new();
        if let Some(light) = light {
            style.extend([":root { --act: ", light, "; }\n"]);
        }
        // Where only the light colour is ours, the dark one stays what it was.
        let dark = dark.or(light.is_some().then_some("#9cc4ff"));
        if let Some(dark) = dark {
            style.extend(["@media (prefers-color-scheme: dark) { :root { --act: ", dark, "; } }\n"]);
        }
        Ok(Self {
            logo: logo.map(read).transpose()?,
            style,
        })
    }
}

fn colour<'a>(
    key: &'static str,
    text: Option<&'a str>,
    grounds: [Rgb; 4],
    advice: &'static str,
) -> Result<Option<&'a str>, BrandingError> {
    let Some(text) = text else { return Ok(None) };
    let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6);
    let plain = digits.filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
    let value = plain.and_then(|digits| u32::from_str_radix(digits, 16).ok());
    let value = value.ok_or_else(|| BrandingError::NoColour {
        key,
        text: text.to_owned(),
    })?;
    let least = grounds
        .map(|ground| contrast(hex(value), ground))
        .into_iter()
        .fold(f64::MAX, f64::min);
    if least < READABLE {
        return Err(BrandingError::Pale {
            key,
            text: text.to_owned(),
            contrast: least,
            advice,
        });
    }
    Ok(Some(text))
}

/// WCAG 2.2, "contrast ratio": from 1 to 21.
fn contrast(one: Rgb, other: Rgb) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

/// WCAG 2.2, "relative luminance".
fn luminance(Rgb(parts): Rgb) -> f64 {
    let [red, green, blue] = parts.map(|part| {
        let part = f64::from(part) / 255.0;
        if part <= 0.04045 {
            part / 12.92
        } else {
            ((part + 0.055) / 1.055).powf(2.4)
        }
    });
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

fn read(path: &Path) -> Result<Logo, BrandingError> {
    let unreadable = |why| BrandingError::Unreadable(path.to_owned(), why);
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(unreadable)?;
    file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > LARGEST {
        return Err(BrandingError::TooLarge(path.to_owned()));
    }
    match picture(&bytes) {
        Some(picture) => Ok(Logo { picture, bytes }),
        None => Err(BrandingError::NoPicture(path.to_owned())),
    }
}

/// What the first bytes say: PNG's signature, or an `svg` element after what XML allows before it.
fn picture(bytes: &[u8]) -> Option<Picture> {
    if bytes.starts_with(PNG) {
        return Some(Picture::Png);
    }
    let text = std::str::from_utf8(bytes).ok()?;
    let mut rest = text.strip_prefix('\u{feff}').unwrap_or(text).trim_start();
    loop {
        // A document type could bring entities; no logo needs one.
        let end = match rest.get(..4) {
            Some("<!--") => "-->",
            Some("<?xm") => "?>",
            Some("<svg") => break,
            _ => return None,
        };
        rest = rest.split_once(end)?.1.trim_start();
    }
    let after = rest.strip_prefix("<svg")?;
    (after.starts_with(|c: char| c.is_whitespace() || c == '>') && rest.contains("http://www.w3.org/2000/svg"))
        .then_some(Picture::Svg)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn colours(accent: Option<&str>, dark: Option<&str>) -> Result<String, String> {
        Branding::check(None, accent, dark)
            .map(|branding| branding.style)
            .map_err(|why| why.to_string())
    }

    #[test]
    fn the_grounds_are_those_of_the_style_sheet() {
        let sheet = include_str!("../../assets/style.css");
        let (light, dark) = sheet.split_once("@media (prefers-color-scheme: dark)").unwrap();
        let value = |sheet: &str, name: &str| {
            let after = sheet.split_once(&format!("--{name}: #")).unwrap().1;
            hex(u32::from_str_radix(after.split(';').next().unwrap(), 16).unwrap())
        };
        for (sheet, grounds) in [(light, LIGHT), (dark, DARK)] {
            let names = ["card", "paper", "note-paper", "on-act"];
            assert_eq!(names.map(|name| value(sheet, name)), grounds);
            for (ink, ground) in [
                ("act", "card"),
                ("act", "paper"),
                ("act", "note-paper"),
                ("act", "on-act"),
                ("ink", "card"),
                ("ink", "paper"),
                ("soft", "card"),
                ("soft", "paper"),
                ("bad", "bad-paper"),
                ("bad", "card"),
                ("good", "good-paper"),
                ("warn", "warn-paper"),
            ] {
                let found = contrast(value(sheet, ink), value(sheet, ground));
                assert!(found >= READABLE, "{ink} on {ground}: {found}");
            }
            // What shows where a field is (WCAG 2.2, 1.4.11).
            assert!(contrast(value(sheet, "line"), value(sheet, "card")) >= 3.0);
        }
    }

    #[test]
    fn a_colour_is_taken_where_it_can_be_read() {
        assert_eq!(colours(None, None), Ok(String::new()));
        let both = colours(Some("#7a1fa2"), Some("#E1BEE7")).unwrap();
        assert!(
            both.contains("--act: #7a1fa2") && both.contains("--act: #E1BEE7"),
            "{both}"
        );
        assert!(colours(Some("#7a1fa2"), None).unwrap().contains("#9cc4ff"));
        let pale = colours(Some("#ffcc00"), None).unwrap_err();
        assert!(
            pale.starts_with("accent: #ffcc00 is hard to read") && pale.contains("darker"),
            "{pale}"
        );
        assert!(colours(None, Some("#1d4f91")).unwrap_err().contains("lighter"));
    }

    #[test]
    fn what_is_no_colour_is_named() {
        for wrong in [
            "",
            "red",
            "#fff",
            "1d4f91",
            "#1d4f9",
            "#1d4f91;",
            "#+1d4f9",
            "#1d4f91}x{",
            "#ééé",
        ] {
            let error = colours(Some(wrong), None).unwrap_err();
            assert!(error.contains("is no colour"), "{wrong}: {error}");
        }
    }

    #[test]
    fn a_logo_is_what_its_bytes_say() {
        let svg = "<svg xmlns=\"http://www.w3.org/2000/svg\"/>";
        assert_eq!(picture(b"\x89PNG\r\n\x1a\nrest"), Some(Picture::Png));
        assert_eq!(
            picture(
                format!(
                    "\u{feff}<?xml version=\"1.0\"?>\n<!-- x -->{}",
                    svg.replace("/>", " ></svg>")
                )
                .as_bytes()
            ),
            Some(Picture::Svg)
        );
        for wrong in [
            "",
            "GIF89a",
            "<html><svg",
            "<svgx xmlns=\"http://www.w3.org/2000/svg\">",
            "<!DOCTYPE svg [<!ENTITY a \"b\">]><svg xmlns=\"http://www.w3.org/2000/svg\"/>",
            "<!-- <svg",
        ] {
            assert_eq!(picture(wrong.as_bytes()), None, "{wrong}");
        }
        assert_eq!(picture(b"<svg \xff"), None);
    }

    #[test]
    fn a_file_that_is_missing_or_too_large_stops_the_start() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("logo.svg");
        let checked = |path: &Path| Branding::check(Some(path), None, None);
        assert!(matches!(checked(&path), Err(BrandingError::Unreadable(..))));
        assert!(matches!(checked(folder.path()), Err(BrandingError::Unreadable(..))));
        std::fs::write(&path, vec![b' '; 256 * 1024 + 1]).unwrap();
        assert!(matches!(checked(&path), Err(BrandingError::TooLarge(_))));
        std::fs::write(&path, "<svg xmlns=\"http://www.w3.org/2000/svg\" ></svg>").unwrap();
        assert_eq!(checked(&path).unwrap().logo.unwrap().picture, Picture::Svg);
    }
}
