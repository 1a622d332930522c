//! A QR code drawn with characters, small enough for a terminal of 80x24, or as one path for a page's picture.
//!
//! On a terminal two modules share one character cell (upper and lower half block), the border is two modules wide and the error
//! correction is L: a short `otpauth` URI then takes 37 to 41 columns and 19 to 21 lines.

use qrcode::{Color, EcLevel, QrCode};
use std::fmt::Write;

/// The quiet zone of a picture on a page: what the standard asks for (ISO/IEC 18004, 9.1).
const MARGIN: usize = 4;
/// Modules of quiet zone on each side. The standard asks for four; two is what fits and what cameras accept.
const BORDER: usize = 2;

/// How modules become characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ink {
    /// Half blocks, black on white whatever the terminal's theme.
    Colour,
    /// Half blocks without colours: light modules are drawn, as terminals are mostly dark.
    Plain,
    /// Two `#` a module: for a locale without UTF-8, and larger.
    Ascii,
}

/// A drawn QR code.
#[derive(Debug, PartialEq, Eq)]
pub struct Picture {
    /// Its lines, without line ends.
    pub lines: Vec<String>,
    /// The columns that each line fills.
    pub columns: usize,
}

/// Draws `text`; `None` when it is longer than a QR code can hold (2,953 bytes).
pub fn draw(text: &str, ink: Ink) -> Option<Picture> {
    let code = QrCode::with_error_correction_level(text, EcLevel::L).ok()?;
    let width = code.width();
    let dark = |x: usize, y: usize| {
        let inside = (BORDER..BORDER + width).contains(&x) && (BORDER..BORDER + width).contains(&y);
        inside && code[(x - BORDER, y - BORDER)] == Color::Dark
    };
    let side = width + 2 * BORDER;
    let picture = match ink {
        Ink::Ascii => {
            let line = |y| (0..side).map(|x| if dark(x, y) { "  " } else { "##" }).collect();
            Picture {
                lines: (0..side).map(line).collect(),
                columns: side * 2,
            }
        }
        Ink::Colour | Ink::Plain => {
            let line = |y: usize| {
                let cells: String = (0..side).map(|x| half_block(dark(x, y), dark(x, y + 1))).collect();
                // 97 on 40: bright white drawn on black, so that the drawn (light) modules are light on any theme.
                if ink == Ink::Colour {
                    format!("\u{1b}[40;97m{cells}\u{1b}[0m")
                } else {
                    cells
                }
            };
            Picture {
                lines: (0..side).step_by(2).map(line).collect(),
                columns: side,
            }
        }
    };
    Some(picture)
}

/// A QR code as the path of an SVG, one unit a module, quiet zone included: no style, no script, nothing to fetch.
#[derive(Debug, PartialEq, Eq)]
pub struct Outline {
    /// Width and height.
    pub side: usize,
    /// The dark modules.
    pub path: String,
}

/// Draws `text` for a page; `None` when it is longer than a QR code can hold.
pub fn outline(text: &str) -> Option<Outline> {
    let code = QrCode::with_error_correction_level(text, EcLevel::M).ok()?;
    let width = code.width();
    let mut path = String::with_capacity(width * width * 6);
    for y in 0..width {
        let mut x = 0;
        while x < width {
            let run = (x..width).take_while(|x| code[(*x, y)] == Color::Dark).count();
            if run > 0 {
                // Writing to a String cannot fail.
                let _ = write!(path, "M{} {}h{run}v1h-{run}z", x + MARGIN, y + MARGIN);
            }
            x += run.max(1);
        }
    }
    Some(Outline {
        side: width + 2 * MARGIN,
        path,
    })
}

/// The cell whose upper and lower module are dark or not; light is what is drawn.
fn half_block(upper_dark: bool, lower_dark: bool) -> char {
    match (upper_dark, lower_dark) {
        (false, false) => '█',
        (false, true) => '▀',
        (true, false) => '▄',
        (true, true) => ' ',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The usual URIs: 32 base32 characters of key, issuer and account name of common lengths.
    const URIS: [&str; 3] = [
        "otpauth://totp/Samekey:bo?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Samekey",
        "otpauth://totp/Samekey:alice?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Samekey",
        "otpauth://totp/example.com:alice.smith?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=example.com",
    ];

    #[test]
    fn usual_uris_fit_a_terminal_with_lines_to_spare_for_key_and_prompt() {
        for uri in URIS {
            for ink in [Ink::Colour, Ink::Plain] {
                let picture = draw(uri, ink).unwrap();
                assert!(
                    picture.columns <= 41 && picture.lines.len() <= 21,
                    "{uri}: {}",
                    picture.lines.len()
                );
            }
        }
    }

    #[test]
    fn drawn_modules_are_those_of_the_code() {
        let code = QrCode::with_error_correction_level(URIS[1], EcLevel::L).unwrap();
        let picture = draw(URIS[1], Ink::Plain).unwrap();
        let cells: Vec<Vec<char>> = picture.lines.iter().map(|line| line.chars().collect()).collect();
        for y in 0..code.width() {
            for x in 0..code.width() {
                let (column, row) = (x + BORDER, y + BORDER);
                let cell = cells[row / 2][column];
                let light = if row % 2 == 0 {
                    matches!(cell, '█' | '▀')
                } else {
                    matches!(cell, '█' | '▄')
                };
                assert_eq!(light, code[(x, y)] == Color::Light, "module {x},{y}");
            }
        }
    }

    #[test]
    fn colour_changes_the_paint_only() {
        let (plain, colour) = (draw(URIS[0], Ink::Plain).unwrap(), draw(URIS[0], Ink::Colour).unwrap());
        for (plain, colour) in plain.lines.iter().zip(&colour.lines) {
            assert_eq!(format!("\u{1b}[40;97m{plain}\u{1b}[0m"), *colour);
        }
    }

    #[test]
    fn the_path_covers_the_dark_modules_and_no_others() {
        let code = QrCode::with_error_correction_level(URIS[0], EcLevel::M).unwrap();
        let outline = outline(URIS[0]).unwrap();
        assert_eq!(outline.side, code.width() + 8);
        let mut covered = 0;
        for run in outline.path.split('M').skip(1) {
            let numbers: Vec<usize> = run
                .split(|c: char| !c.is_ascii_digit())
                .filter_map(|number| number.parse().ok())
                .collect();
            for x in numbers[0]..numbers[0] + numbers[2] {
                assert_eq!(code[(x - 4, numbers[1] - 4)], Color::Dark);
                covered += 1;
            }
        }
        let all = code.to_colors();
        assert_eq!(covered, all.iter().filter(|color| **color == Color::Dark).count());
        assert_eq!(super::outline(&"x".repeat(3000)), None);
    }

    #[test]
    fn ascii_is_ascii_and_too_long_is_none() {
        let picture = draw(URIS[0], Ink::Ascii).unwrap();
        assert!(picture.lines.iter().all(|line| line.is_ascii()));
        assert_eq!(draw(&"x".repeat(3000), Ink::Plain), None);
    }
}
