//! Spans of time and dates as policies write them.

use crate::calendar::{civil, days_since_1970};
use crate::clock::UnixTime;
use toml::value::{Datetime, Offset};

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
const WEEK: i64 = 7 * DAY;

/// Ten years: longer than any span a policy can mean.
const LONGEST: i64 = 3650 * DAY;

const UNITS: [(&str, i64); 5] = [("w", WEEK), ("d", DAY), ("h", HOUR), ("m", MINUTE), ("s", 1)];

/// Reads `"7d"`, `"12h"`, `"5m"`, `"0s"`: one number, one unit, in seconds.
pub fn parse_duration(text: &str) -> Result<i64, String> {
    let wrong = || format!("\"{text}\" is no span of time: a number and one of s, m, h, d, w, such as \"5m\"");
    let (unit, seconds) = UNITS.iter().find(|(unit, _)| text.ends_with(unit)).ok_or_else(wrong)?;
    let digits = text.strip_suffix(unit).ok_or_else(wrong)?;
    if digits.is_empty() || digits.len() > 10 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(wrong());
    }
    let number: i64 = digits.parse().map_err(|_| wrong())?;
    match number.checked_mul(*seconds) {
        Some(span) if span <= LONGEST => Ok(span),
        _ => Err(format!("\"{text}\" is longer than ten years")),
    }
}

/// Writes a span as `parse_duration` reads it, in the largest unit that divides it; never in weeks: "7d" says more.
pub fn show_duration(seconds: i64) -> String {
    let largest = UNITS[1..].iter().find(|(_, size)| seconds != 0 && seconds % size == 0);
    let (unit, size) = largest.copied().unwrap_or(("s", 1));
    format!("{}{unit}", seconds / size)
}

/// Reads `"2026-03-31"` or `"2026-03-31T18:00:00Z"`. A day alone means its first second in UTC: what expires on a
/// day is over when that day begins, as with `chage -E`.
pub fn parse_moment(text: &str) -> Result<UnixTime, String> {
    match text.parse() {
        Ok(when) => from_toml(&when),
        Err(_) => Err(format!("\"{text}\" is no date such as 2026-03-31")),
    }
}

/// As `parse_moment`, for a date written without quotes.
pub(super) fn from_toml(when: &Datetime) -> Result<UnixTime, String> {
    let Some(date) = when.date else {
        return Err(format!("{when} has no date; write one such as 2026-03-31"));
    };
    let midnight = days_since_1970(date.year.into(), date.month.into(), date.day.into()) * DAY;
    let Some(time) = when.time else {
        return Ok(midnight);
    };
    let offset = match when.offset {
        Some(Offset::Z) => 0,
        Some(Offset::Custom { minutes }) => i64::from(minutes) * MINUTE,
        None => return Err(format!("{when} names no time zone: add Z, or give the day alone")),
    };
    let seconds = i64::from(time.hour) * HOUR + i64::from(time.minute) * MINUTE + i64::from(time.second.unwrap_or(0));
    Ok(midnight + seconds - offset)
}

/// Writes a moment as `parse_moment` reads it: the day alone when it is a midnight.
pub fn show_moment(moment: UnixTime) -> String {
    let (year, month, day) = civil(moment.div_euclid(DAY));
    let rest = moment.rem_euclid(DAY);
    let date = format!("{year:04}-{month:02}-{day:02}");
    if rest == 0 {
        return date;
    }
    let (hour, minute, second) = (rest / HOUR, rest % HOUR / MINUTE, rest % MINUTE);
    format!("{date}T{hour:02}:{minute:02}:{second:02}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_read_back_what_they_write() {
        for (text, seconds) in [("0s", 0), ("90s", 90), ("5m", 300), ("6h", 21_600), ("10d", 864_000)] {
            assert_eq!(parse_duration(text), Ok(seconds), "{text}");
            assert_eq!(show_duration(seconds), text);
        }
        assert_eq!(parse_duration("2w").map(show_duration), Ok("14d".to_owned()));
        for wrong in [
            "",
            "d",
            "7",
            "-7d",
            "+7d",
            "7 d",
            "1h30m",
            "7D",
            "99999999999d",
            "3651d",
            "٣d",
        ] {
            assert!(parse_duration(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_day_begins_at_midnight_in_utc() {
        assert_eq!(parse_moment("1970-01-01"), Ok(0));
        assert_eq!(parse_moment("2026-03-31"), Ok(1_774_915_200));
        assert_eq!(parse_moment("2026-03-31T02:00:00+02:00"), Ok(1_774_915_200));
        for wrong in ["2026-02-30", "31.3.2026", "18:00:00", "2026-03-31T18:00:00", "soon"] {
            assert!(parse_moment(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn every_day_of_four_centuries_reads_back() {
        for day in (-20_000..130_000).step_by(7) {
            let (year, month, date) = civil(day);
            assert_eq!(days_since_1970(year, month, date), day);
        }
        assert_eq!(show_moment(951_782_400), "2000-02-29");
        assert_eq!(show_moment(951_782_401), "2000-02-29T00:00:01Z");
    }
}
