//! Reads and writes the values that hold no others, for values and for what is known of unknown ones.

use std::fmt;

use rmp::Marker;
use rmp::decode::{read_f32, read_f64, read_int, read_str_len};
use rmp::encode::{write_f64, write_sint, write_str};

use super::super::{Number, normalized};
use crate::value_error::ValueError;

pub(super) const IN_MEMORY: &str = "writing to memory cannot fail";

/// Reads a number in any of its forms.
pub(super) fn read_number(bytes: &mut &[u8]) -> Result<Number, ValueError> {
    let marker = peek(bytes)?;
    let float = match marker {
        Marker::F32 => f64::from(read_f32(bytes).map_err(broken)?),
        Marker::F64 => read_f64(bytes).map_err(broken)?,
        Marker::U64 => return read_int::<u64, _>(bytes).map(Number::from).map_err(broken),
        Marker::FixStr(_) | Marker::Str8 | Marker::Str16 | Marker::Str32 => {
            return read_string(bytes)?.parse().map_err(ValueError::new);
        }
        _ => {
            let number = read_int::<i64, _>(bytes).map_err(|_| expected("a number", marker))?;
            return Ok(number.into());
        }
    };
    Number::from_f64(float).ok_or_else(|| {
        let what = if float.is_nan() { "not a number (NaN)" } else { "infinite" };
        ValueError::new(format!("the number is {what}; only finite numbers can be stored"))
    })
}

/// Writes a number as the smallest form that loses nothing.
pub(super) fn write_number(out: &mut Vec<u8>, number: &Number) {
    if let Some(number) = number.as_i64() {
        write_sint(out, number).expect(IN_MEMORY);
    } else if let Some(number) = number.as_exact_f64() {
        write_f64(out, number).expect(IN_MEMORY);
    } else {
        write_str(out, &number.to_string()).expect(IN_MEMORY);
    }
}

/// Reads text, and brings it to normalization form C as Terraform does.
pub(super) fn read_string(bytes: &mut &[u8]) -> Result<String, ValueError> {
    let marker = peek(bytes)?;
    let len = read_str_len(bytes).map_err(|_| expected("a string", marker))?;
    let text =
        str::from_utf8(take(bytes, len)?).map_err(|_| ValueError::new("the text is not UTF-8"))?;
    Ok(normalized(text))
}

/// The marker of what comes next.
pub(super) fn peek(bytes: &[u8]) -> Result<Marker, ValueError> {
    bytes.first().map(|it| Marker::from_u8(*it)).ok_or_else(|| broken("nothing follows"))
}

/// The next bytes, so many.
pub(super) fn take<'a>(bytes: &mut &'a [u8], len: u32) -> Result<&'a [u8], ValueError> {
    bytes.split_off(..len as usize).ok_or_else(|| broken("nothing follows"))
}

pub(super) fn expected(what: &str, found: Marker) -> ValueError {
    ValueError::new(format!("{what} is expected, not msgpack's {found:?}"))
}

pub(super) fn broken(reason: impl fmt::Display) -> ValueError {
    ValueError::new(format!("the msgpack breaks off: {reason}"))
}
