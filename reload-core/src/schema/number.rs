//! Which numbers are the same number in another type.

/// The integer that a float is, if it is one that an `i128` holds.
pub(crate) fn whole(number: f64) -> Option<i128> {
    // 2^127 is a float; the largest `i128` is one less.
    const LIMIT: f64 = 170_141_183_460_469_231_731_687_303_715_884_105_728.0;
    (number.trunc() == number && (-LIMIT..LIMIT).contains(&number)).then_some(number as i128)
}

#[cfg(test)]
mod tests {
    use super::whole;

    #[test]
    fn only_whole_numbers_are_integers() {
        assert_eq!(whole(-3.0), Some(-3));
        assert_eq!(whole(3.5), None);
        assert_eq!(whole(f64::NAN), None);
        assert_eq!(whole(f64::INFINITY), None);
        assert_eq!(whole(2_f64.powi(127)), None);
        assert_eq!(whole(-(2_f64.powi(127))), Some(i128::MIN));
    }
}
