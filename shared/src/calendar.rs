//! The Gregorian calendar in UTC: days since 1970 to dates and back, for the audit trail and the policy alike.

/// Days from 1970-01-01 to a day of the Gregorian calendar. Years are counted from March, so that the leap day is the
/// last of its year; 400 years have 146097 days.
pub(crate) fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// The inverse of [`days_since_1970`]: year, month, day.
pub(crate) fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 {
        from_march + 3
    } else {
        from_march - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_day_of_eight_centuries_reads_back_as_itself() {
        let mut before = civil(-146_098);
        for days in -146_097..=146_097 {
            let date = civil(days);
            assert_eq!(days_since_1970(date.0, date.1, date.2), days);
            assert!(date > before, "{before:?} then {date:?}");
            before = date;
        }
        assert_eq!(civil(0), (1970, 1, 1));
        assert_eq!(civil(days_since_1970(2000, 2, 28) + 1), (2000, 2, 29));
        assert_eq!(civil(days_since_1970(2100, 2, 28) + 1), (2100, 3, 1));
    }
}
