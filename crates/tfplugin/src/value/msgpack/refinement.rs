//! What is known of unknown values: a small map inside a msgpack extension.

use rmp::Marker;
use rmp::decode::{read_array_len, read_bool, read_int, read_map_len, read_marker};
use rmp::encode::{
    write_array_len, write_bool, write_ext_meta, write_map_len, write_str, write_uint,
};

use super::super::{Number, Refinement};
use super::REFINED;
use super::scalars::{IN_MEMORY, read_number, read_string, take, write_number};
use crate::Type;

/// The longest prefix that is written, in bytes; Terraform's own limit.
const MAX_PREFIX: usize = 256;

/// The longest payload that Terraform reads, in bytes.
const MAX_PAYLOAD: usize = 1024;

/// The keys of the map.
mod key {
    pub(super) const IS_NULL: u64 = 1;
    pub(super) const PREFIX: u64 = 2;
    pub(super) const LOWER: u64 = 3;
    pub(super) const UPPER: u64 = 4;
    pub(super) const MIN_LENGTH: u64 = 5;
    pub(super) const MAX_LENGTH: u64 = 6;
}

/// Reads what is known; `None` where the bytes make no sense, which is no error: nothing is known
/// then. Keys of the future are passed over.
pub(super) fn decode(payload: &[u8]) -> Option<Refinement> {
    let bytes = &mut &*payload;
    let mut known = Refinement::default();
    for _ in 0..read_map_len(bytes).ok()? {
        match read_int(bytes).ok()? {
            key::IS_NULL => known.not_null = !read_bool(bytes).ok()?,
            key::PREFIX => known.prefix = Some(read_string(bytes).ok()?),
            key::LOWER => known.lower = Some(bound(bytes)?),
            key::UPPER => known.upper = Some(bound(bytes)?),
            key::MIN_LENGTH => known.min_length = Some(read_int(bytes).ok()?),
            key::MAX_LENGTH => known.max_length = Some(read_int(bytes).ok()?),
            _ => skip(bytes)?,
        }
    }
    Some(known)
}

fn bound(bytes: &mut &[u8]) -> Option<(Number, bool)> {
    if read_array_len(bytes).ok()? != 2 {
        return None;
    }
    Some((read_number(bytes).ok()?, read_bool(bytes).ok()?))
}

/// Passes over one value, however deep it nests.
fn skip(bytes: &mut &[u8]) -> Option<()> {
    let mut values = 1_u64;
    while values > 0 {
        values -= 1;
        let len = match read_marker(bytes).ok()? {
            Marker::FixArray(len) => {
                values += u64::from(len);
                0
            }
            Marker::FixMap(len) => {
                values += 2 * u64::from(len);
                0
            }
            Marker::FixStr(len) => len.into(),
            Marker::U8 | Marker::I8 => 1,
            Marker::U16 | Marker::I16 | Marker::FixExt1 => 2,
            Marker::FixExt2 => 3,
            Marker::U32 | Marker::I32 | Marker::F32 => 4,
            Marker::FixExt4 => 5,
            Marker::U64 | Marker::I64 | Marker::F64 => 8,
            Marker::FixExt8 => 9,
            Marker::FixExt16 => 17,
            Marker::FixPos(_) | Marker::FixNeg(_) | Marker::Null | Marker::True | Marker::False => {
                0
            }
            // Longer forms do not fit the 1024 bytes that a refinement has, or nobody writes them.
            _ => return None,
        };
        take(bytes, len).ok()?;
    }
    Some(())
}

/// Writes an unknown value with what is known of it and can be said of its type.
pub(super) fn unknown(out: &mut Vec<u8>, r#type: &Type, known: &Refinement) {
    let payload = payload(r#type, known);
    if (1..=MAX_PAYLOAD).contains(&payload.len()) {
        let len = u32::try_from(payload.len()).expect("a payload is at most 1024 bytes");
        write_ext_meta(out, len, REFINED).expect(IN_MEMORY);
        out.extend(payload);
    } else {
        out.extend([0xd4, 0, 0]);
    }
}

/// The map's bytes, empty where nothing is to be said: Terraform refuses an empty map, a key that
/// does not suit the type, and panics at bounds that contradict each other.
fn payload(r#type: &Type, known: &Refinement) -> Vec<u8> {
    let mut entries = 0;
    let mut out = Vec::new();
    let mut entry = |key: u64, write: &dyn Fn(&mut Vec<u8>)| {
        entries += 1;
        write_uint(&mut out, key).expect(IN_MEMORY);
        write(&mut out);
    };
    if known.not_null && *r#type != Type::Dynamic {
        entry(key::IS_NULL, &|out| write_bool(out, false).expect(IN_MEMORY));
    }
    match r#type {
        Type::String => {
            if let Some(prefix) = known.prefix.as_deref().filter(|it| !it.is_empty()) {
                let prefix = &prefix[..prefix.floor_char_boundary(MAX_PREFIX)];
                entry(key::PREFIX, &|out| write_str(out, prefix).expect(IN_MEMORY));
            }
        }
        Type::Number if !contradicts(known.lower.as_ref(), known.upper.as_ref()) => {
            for (key, bound) in [(key::LOWER, &known.lower), (key::UPPER, &known.upper)] {
                let Some((number, inclusive)) = bound else { continue };
                entry(key, &|out| {
                    write_array_len(out, 2).expect(IN_MEMORY);
                    write_number(out, number);
                    write_bool(out, *inclusive).expect(IN_MEMORY);
                });
            }
        }
        Type::List(_) | Type::Set(_) | Type::Map(_)
            if known.min_length.unwrap_or(0) <= known.max_length.unwrap_or(u64::MAX) =>
        {
            for (key, length) in
                [(key::MIN_LENGTH, known.min_length), (key::MAX_LENGTH, known.max_length)]
            {
                let Some(length) = length else { continue };
                entry(key, &|out| {
                    write_uint(out, length).expect(IN_MEMORY);
                });
            }
        }
        _ => {}
    }
    if entries == 0 {
        return out;
    }
    let mut map = Vec::with_capacity(out.len() + 1);
    write_map_len(&mut map, entries).expect(IN_MEMORY);
    map.extend(out);
    map
}

/// Whether no number lies within both bounds.
fn contradicts(lower: Option<&(Number, bool)>, upper: Option<&(Number, bool)>) -> bool {
    match (lower, upper) {
        (Some((lower, lower_in)), Some((upper, upper_in))) => {
            lower > upper || lower == upper && !(*lower_in && *upper_in)
        }
        _ => false,
    }
}
