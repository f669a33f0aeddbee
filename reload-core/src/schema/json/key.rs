//! Keys of maps as texts.
#![expect(unsafe_code, reason = "reads scalars and asks proxies")]

use crate::schema::{Fault, Path, Place, Reason, Scalar, Shape, Step, Value};

/// A scalar, out of its bytes.
pub(crate) enum Plain {
    Unit,
    Bool(bool),
    Char(char),
    Signed(i128),
    Unsigned(u128),
    F32(f32),
    F64(f64),
    Object(crate::ObjectId),
}

impl core::fmt::Display for Plain {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Unit => f.write_str("()"),
            Self::Bool(value) => value.fmt(f),
            Self::Char(value) => value.fmt(f),
            Self::Signed(value) => value.fmt(f),
            Self::Unsigned(value) => value.fmt(f),
            Self::F32(value) => match not_finite((*value).into()) {
                Some(text) => f.write_str(text),
                None => value.fmt(f),
            },
            Self::F64(value) => match not_finite(*value) {
                Some(text) => f.write_str(text),
                None => value.fmt(f),
            },
            Self::Object(value) => value.fmt(f),
        }
    }
}

/// The scalar that `value` is.
pub(crate) fn plain(value: Value<'_>, scalar: Scalar) -> Plain {
    macro_rules! read {
        ($ty:ty) => {
            // SAFETY: the table says that the value is one of this type.
            unsafe { value.as_ptr().cast::<$ty>().read() }
        };
    }
    match scalar {
        Scalar::Unit => Plain::Unit,
        Scalar::Bool => Plain::Bool(read!(bool)),
        Scalar::Char => Plain::Char(read!(char)),
        Scalar::I8 => Plain::Signed(read!(i8).into()),
        Scalar::I16 => Plain::Signed(read!(i16).into()),
        Scalar::I32 => Plain::Signed(read!(i32).into()),
        Scalar::I64 => Plain::Signed(read!(i64).into()),
        Scalar::I128 => Plain::Signed(read!(i128)),
        Scalar::Isize => Plain::Signed(read!(isize) as i128),
        Scalar::U8 => Plain::Unsigned(read!(u8).into()),
        Scalar::U16 => Plain::Unsigned(read!(u16).into()),
        Scalar::U32 => Plain::Unsigned(read!(u32).into()),
        Scalar::U64 => Plain::Unsigned(read!(u64).into()),
        Scalar::U128 => Plain::Unsigned(read!(u128)),
        Scalar::Usize => Plain::Unsigned(read!(usize) as u128),
        Scalar::F32 => Plain::F32(read!(f32)),
        Scalar::F64 => Plain::F64(read!(f64)),
        Scalar::Object => Plain::Object(read!(crate::ObjectId)),
    }
}

/// Text that JSON has no number for.
pub(super) fn not_finite(number: f64) -> Option<&'static str> {
    if number.is_finite() {
        None
    } else if number.is_nan() {
        Some("NaN")
    } else {
        Some(if number > 0.0 { "inf" } else { "-inf" })
    }
}

/// The key as text; `None` where keys of the type are not texts.
pub(crate) fn key_text(key: Value<'_>, path: &Path<'_>) -> Result<Option<String>, Fault> {
    Ok(Some(match &key.descriptor().shape {
        Shape::Scalar(scalar) => match plain(key, *scalar) {
            Plain::Unit => return Ok(None),
            plain => plain.to_string(),
        },
        Shape::Text(_) => match key.text() {
            Some(text) => text.to_owned(),
            None => return Err(path.fault(Reason::NotText { ty: key.descriptor().type_name() })),
        },
        Shape::Enum(_) if super::is_text_key(key.descriptor()) => match key.variant() {
            Some(active) => active.variant.name().to_owned(),
            None => return Ok(None),
        },
        Shape::Struct(_) if super::is_text_key(key.descriptor()) => match key.fields().next() {
            Some((_, inner)) => return key_text(inner, path),
            None => return Ok(None),
        },
        Shape::Owner(_) => match key.owned() {
            Some(inner) => return key_text(inner, path),
            None => return Err(path.fault(Reason::Borrowed { ty: key.descriptor().type_name() })),
        },
        Shape::Proxy(_) if super::is_text_key(key.descriptor()) => {
            let proxy = proxy_of(key, path)?;
            return proxy.value().map_or(Ok(None), |proxy| key_text(proxy, &path.then(Step::Within)));
        }
        _ => return Ok(None),
    }))
}

/// The value that describes `value`.
pub(crate) fn proxy_of(value: Value<'_>, path: &Path<'_>) -> Result<Place, Fault> {
    let Shape::Proxy(ops) = &value.descriptor().shape else {
        return Err(path.fault(Reason::Opaque { ty: value.descriptor().type_name() }));
    };
    let mut proxy = Place::new((ops.proxy)());
    // SAFETY: the value that the function is for, and room for its proxy.
    let outcome = unsafe { (ops.read)(value.as_ptr(), proxy.as_ptr()) };
    outcome.into_result().map_err(|panicked| path.fault(Reason::Panicked(panicked)))?;
    // SAFETY: just written.
    unsafe { proxy.set_full() };
    Ok(proxy)
}
