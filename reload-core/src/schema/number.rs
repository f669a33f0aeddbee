//! Which numbers are the same number in another type.

/// The integer that a float is, if it is one that an `i128` holds.
pub(crate) fn whole(number: f64) -> Option<i128> {
    // 2^127 is a float; the largest `i128` is one less.
    const LIMIT: f64 = 170_141_183_460_469_231_731_687_303_715_884_105_728.0;
    (number.trunc() == number && (-LIMIT..LIMIT).contains(&number)).then_some(number as i128)
}

/// The `f32` whose text was read as an `f64`. To round that again is one step too many where it lies in the middle between
/// two `f32`s: the text did not.
pub(crate) fn f32_of_text(read: f64) -> f32 {
    let rounded = read as f32;
    let may_lie_in_the_middle = f64::from(rounded) != read && read.to_bits().trailing_zeros() >= 28;
    // The shortest text that is read as this `f64` is the one that an `f32` was written as.
    if may_lie_in_the_middle { format!("{read:?}").parse().unwrap_or(rounded) } else { rounded }
}

/// Whether a float that was made of another number is what that said: not infinite, and not zero, unless it said so.
pub(crate) fn is_in_range(float: f64, said: f64) -> bool {
    float.is_finite() == said.is_finite() && (float != 0.0) == (said != 0.0)
}

/// The float that a text says. `None` if it says none, or one that is too large or too small.
pub(crate) fn float_of_text<F: core::str::FromStr + Into<f64> + Copy>(text: &str) -> Option<F> {
    let float: F = text.trim().parse().ok()?;
    let digits = || text.chars().take_while(|character| !matches!(character, 'e' | 'E'));
    let is_said = match float.into() {
        0.0 => !digits().any(|character| matches!(character, '1'..='9')),
        value if value.is_infinite() => !digits().any(|character| character.is_ascii_digit()),
        _ => true,
    };
    is_said.then_some(float)
}

#[cfg(test)]
mod tests {
    use super::{f32_of_text, float_of_text, is_in_range, whole};

    #[test]
    fn every_f32_comes_back_from_its_text() {
        // Its text, read as an `f64`, lies in the middle between it and its neighbour.
        let middle = f32::from_bits(0x15ae_43fd);
        let all = (0..=u32::MAX).step_by(65_537).map(f32::from_bits).chain([middle, f32::MAX, f32::from_bits(1)]);
        for number in all.filter(|number| number.is_finite()) {
            let read: f64 = format!("{number:?}").parse().expect("a number");
            assert_eq!(f32_of_text(read).to_bits(), number.to_bits(), "{number:?}");
        }
    }

    #[test]
    fn what_a_float_cannot_say_is_not_said() {
        assert!(is_in_range(0.5, 0.5) && is_in_range(0.0, -0.0) && is_in_range(f64::INFINITY, f64::INFINITY));
        assert!(!is_in_range(f64::from(1e-300_f64 as f32), 1e-300) && !is_in_range(f64::from(1e300_f64 as f32), 1e300));
        for text in ["1e400", "1e-400", "0.00010e-400"] {
            assert_eq!(float_of_text::<f64>(text), None, "{text}");
        }
        assert_eq!((float_of_text::<f32>("1e-50"), float_of_text::<f64>(" 0.00e5 ")), (None, Some(0.0)));
        assert_eq!(float_of_text::<f64>(" -inf "), Some(f64::NEG_INFINITY));
        assert_eq!(float_of_text::<f32>("0.5"), Some(0.5));
    }

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
