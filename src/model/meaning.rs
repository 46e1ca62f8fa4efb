//! When two spellings mean the same: durations and timestamps.
//!
//! People write `7d`, the service writes `604800s`; people write `+02:00`, the service writes `Z`.

use jiff::{SignedDuration, Timestamp};
use tfplugin::Value;

use super::field::{AnyField, Kind};

/// The longest duration that is understood: what fits into a protobuf duration.
const LONGEST_SECONDS: i64 = 315_576_000_000;

/// A duration written as a number and a unit, or as several from the greatest unit to the least:
/// `300s`, `0.5s`, `5m`, `24h`, `7d`, `1h30m`. The official provider stores `5m0s`.
pub fn duration(text: &str) -> Result<SignedDuration, String> {
    let parsed = parts(text).filter(|it| it.as_secs() <= LONGEST_SECONDS);
    parsed.ok_or_else(|| {
        format!(
            "`{text}` is not a duration: write a number and a unit, such as `300s`, `5m`, `24h` or `7d`"
        )
    })
}

fn parts(text: &str) -> Option<SignedDuration> {
    let units = [('d', 86400), ('h', 3600), ('m', 60), ('s', 1)];
    let (mut total, mut rest, mut from) = (SignedDuration::ZERO, text, 0);
    while !rest.is_empty() || from == 0 {
        let (number, after) = rest.split_at(rest.find(|it: char| it.is_ascii_lowercase())?);
        let at = from + units[from..].iter().position(|(unit, _)| after.starts_with(*unit))?;
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        let digits = |it: &str| it.bytes().all(|it| it.is_ascii_digit());
        // Only seconds have fractions, as in protobuf: `1.5h` would be one more spelling of `90m`.
        let has_fraction = number.contains('.');
        let is_plain = !has_fraction || units[at].1 == 1 && (1..=9).contains(&fraction.len());
        if whole.is_empty() || !digits(whole) || !digits(fraction) || !is_plain {
            return None;
        }
        let seconds = whole.parse::<i64>().ok()?.checked_mul(units[at].1)?;
        let nanoseconds = format!("{fraction:0<9}").parse().ok()?;
        total = total.checked_add(SignedDuration::new(seconds, nanoseconds))?;
        (rest, from) = (&after[1..], at + 1);
    }
    Some(total)
}

/// A duration as the API writes it: `604800s`, `0.500s`.
pub fn duration_json(duration: SignedDuration) -> String {
    let (seconds, nanoseconds) = (duration.as_secs(), duration.subsec_nanos().unsigned_abs());
    match nanoseconds {
        0 => format!("{seconds}s"),
        it if it % 1_000_000 == 0 => format!("{seconds}.{:03}s", it / 1_000_000),
        it if it % 1_000 == 0 => format!("{seconds}.{:06}s", it / 1_000),
        it => format!("{seconds}.{it:09}s"),
    }
}

/// A point in time in RFC 3339, with any offset.
pub fn timestamp(text: &str) -> Result<Timestamp, String> {
    // `T` is demanded because RFC 3339, and so the service, does.
    let parsed = if text.contains('T') { text.parse().ok() } else { None };
    parsed.ok_or_else(|| {
        format!("`{text}` is not a time in RFC 3339: write for example `2026-01-31T09:00:00Z`")
    })
}

/// Whether two values of a field mean the same.
pub fn same(field: &AnyField, left: &Value, right: &Value) -> bool {
    match (field.kind, left, right) {
        (Kind::Duration, Value::String(left), Value::String(right)) => {
            left == right || matches!((duration(left), duration(right)), (Ok(l), Ok(r)) if l == r)
        }
        (Kind::Timestamp, Value::String(left), Value::String(right)) => {
            left == right || matches!((timestamp(left), timestamp(right)), (Ok(l), Ok(r)) if l == r)
        }
        (Kind::Object(members), Value::Map(left), Value::Map(right)) => members.iter().all(|it| {
            let null = &Value::Null;
            same(it, left.get(it.name).unwrap_or(null), right.get(it.name).unwrap_or(null))
        }),
        (Kind::Objects(members), Value::List(left), Value::List(right)) => {
            let element = AnyField { kind: Kind::Object(members), ..*field };
            left.len() == right.len()
                && left.iter().zip(right).all(|(left, right)| same(&element, left, right))
        }
        _ => left == right,
    }
}

/// `value`, in the spelling of `known` where the two mean the same.
pub fn respelled(field: &AnyField, value: Value, known: &Value) -> Value {
    match (field.kind, value, known) {
        (Kind::Object(members), Value::Map(mut object), Value::Map(known)) => {
            for member in members {
                if let (Some(value), Some(known)) =
                    (object.get_mut(member.name), known.get(member.name))
                {
                    *value = respelled(member, std::mem::take(value), known);
                }
            }
            Value::Map(object)
        }
        (_, value, known) if known.is_known() && same(field, &value, known) => known.clone(),
        (_, value, _) => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_a_number_and_a_unit() {
        for (text, json) in [
            ("300s", "300s"),
            ("0s", "0s"),
            ("5m", "300s"),
            ("24h", "86400s"),
            ("7d", "604800s"),
            ("0.5s", "0.500s"),
            ("1.000001s", "1.000001s"),
            ("1.000000001s", "1.000000001s"),
            ("1h30m", "5400s"),
            ("5m0s", "300s"),
            ("1d0.5s", "86400.500s"),
        ] {
            assert_eq!(duration(text).map(duration_json).as_deref(), Ok(json), "{text}");
        }
    }

    #[test]
    fn what_is_not_a_duration_is_refused_with_the_right_form() {
        for text in [
            "",
            "s",
            "7",
            "-5m",
            "+5m",
            "1.5h",
            "1.s",
            ".5s",
            "5 m",
            "7D",
            "30m1h",
            "1h1h",
            "1h30",
            "1h 30m",
            "1.5h30m",
            "１s",
            "99999999999999999999s",
            "999999999999d",
            "0.1234567891s",
        ] {
            let message = duration(text).expect_err(text);
            assert!(message.contains("such as `300s`"), "{text}: {message}");
        }
    }

    #[test]
    fn times_compare_as_instants() {
        let noon = timestamp("2026-01-31T12:00:00Z");
        assert_eq!(timestamp("2026-01-31T13:00:00.000+01:00"), noon);
        assert!(timestamp("2026-01-31").is_err());
        assert!(timestamp("2026-01-31 12:00:00Z").is_err());
        assert!(timestamp("tomorrow").is_err());
    }
}
