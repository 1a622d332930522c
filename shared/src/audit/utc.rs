//! Writes a moment as people and log readers expect it: `2026-11-21T23:40:00Z` (RFC 3339).

use crate::calendar::civil;
use crate::clock::UnixTime;

/// The moment in UTC. Years beyond four digits are written with as many as they need.
pub fn text(moment: UnixTime) -> String {
    let days = moment.div_euclid(86_400);
    let second = moment.rem_euclid(86_400);
    let (year, month, day) = civil(days);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    if !(0..10_000).contains(&year) {
        return format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z");
    }
    let mut out = String::with_capacity(20);
    two(&mut out, year / 100);
    for (number, after) in [
        (year % 100, '-'),
        (month, '-'),
        (day, 'T'),
        (hour, ':'),
        (minute, ':'),
        (second, 'Z'),
    ] {
        two(&mut out, number);
        out.push(after);
    }
    out
}

/// Two digits, by hand: every event has a time, and the formatter takes ten times as long.
fn two(out: &mut String, number: i64) {
    for digit in [number / 10, number % 10] {
        out.push(
            u32::try_from(digit)
                .ok()
                .and_then(|digit| char::from_digit(digit, 10))
                .unwrap_or('?'),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_moments() {
        for (moment, expected) in [
            (0, "1970-01-01T00:00:00Z"),
            (-1, "1969-12-31T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_709_251_199, "2024-02-29T23:59:59Z"),
            (1_795_304_400, "2026-11-21T23:40:00Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
            (253_402_300_799, "9999-12-31T23:59:59Z"),
            (253_402_300_800, "10000-01-01T00:00:00Z"),
            (-62_135_596_800, "0001-01-01T00:00:00Z"),
            (-62_198_755_200, "-001-01-01T00:00:00Z"),
        ] {
            assert_eq!(text(moment), expected);
        }
    }
}
