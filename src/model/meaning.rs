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
///
/// *Errors.* The message says what is wrong with the text, without a full stop.
pub fn duration(text: &str) -> Result<SignedDuration, String> {
    let too_long = || {
        let days = LONGEST_SECONDS / 86400;
        format!("`{text}` is too long: the longest duration is `{days}d`, about 10,000 years")
    };
    match parts(text) {
        Some(duration) if duration.as_secs() <= LONGEST_SECONDS => Ok(duration),
        Some(_) => Err(too_long()),
        None => Err(format!(
            "{} is not a duration: write a number and a unit, such as `300s`, `5m`, `24h` or `7d`",
            quoted(text)
        )),
    }
}

/// A text in backquotes, as messages write it; an empty one is visible, too.
pub fn quoted(text: &str) -> String {
    if text.is_empty() { "`\"\"`".to_owned() } else { format!("`{text}`") }
}

/// An object as the subject of a sentence: its noun, capitalized, and its name in backquotes.
pub fn subject(noun: &str, name: &str) -> String {
    format!("{} `{name}`", capitalized(noun))
}

/// A text with a capital letter at its beginning.
pub fn capitalized(text: &str) -> String {
    let mut characters = text.chars();
    let first = characters.next().map(|first| first.to_uppercase().collect::<String>());
    first.unwrap_or_default() + characters.as_str()
}

/// The duration that a text of that form means, or the longest one that there is.
fn parts(text: &str) -> Option<SignedDuration> {
    let units = [('d', 86400), ('h', 3600), ('m', 60), ('s', 1)];
    let (mut total, mut rest, mut from) = (SignedDuration::ZERO, text, 0);
    while !rest.is_empty() || from == 0 {
        let (number, after) = rest.split_at(rest.find(|it: char| it.is_ascii_lowercase())?);
        let at = from + units[from..].iter().position(|(unit, _)| after.starts_with(*unit))?;
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        let digits = |text: &str| text.bytes().all(|character| character.is_ascii_digit());
        // Only seconds have fractions, as in protobuf: `1.5h` would be one more spelling of `90m`.
        let has_fraction = number.contains('.');
        let is_plain = !has_fraction || units[at].1 == 1 && (1..=9).contains(&fraction.len());
        if whole.is_empty() || !digits(whole) || !digits(fraction) || !is_plain {
            return None;
        }
        let seconds = whole.parse().unwrap_or(i64::MAX).saturating_mul(units[at].1);
        let nanoseconds = format!("{fraction:0<9}").parse().ok()?;
        total = total.saturating_add(SignedDuration::new(seconds, nanoseconds));
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
            left == right
                || matches!((timestamp(left), timestamp(right)), (Ok(l), Ok(r)) if is_close(l, r))
        }
        (Kind::Object(members), Value::Map(left), Value::Map(right)) => {
            members.iter().all(|member| {
                let null = &Value::Null;
                same(
                    member,
                    left.get(member.name).unwrap_or(null),
                    right.get(member.name).unwrap_or(null),
                )
            })
        }
        (Kind::Objects(members), Value::List(left), Value::List(right)) => {
            let element = AnyField { kind: Kind::Object(members), ..*field };
            let are_same = |left: &Value, right: &Value| same(&element, left, right);
            if left.len() != right.len() {
                false
            } else if field.is_unordered {
                let mut rest: Vec<_> = right.iter().collect();
                left.iter().all(|left| {
                    let found = rest.iter().position(|right| are_same(left, right));
                    found.map(|at| rest.swap_remove(at)).is_some()
                })
            } else {
                left.iter().zip(right).all(|(left, right)| are_same(left, right))
            }
        }
        _ => left == right,
    }
}

/// Whether two times are the same to the millisecond: a service keeps fewer digits than people may
/// write.
fn is_close(left: Timestamp, right: Timestamp) -> bool {
    left.duration_since(right).abs() < SignedDuration::from_millis(1)
}

/// `value`, in the spelling of `known` where the two mean the same.
pub fn with_prior_spelling(field: &AnyField, value: Value, known: &Value) -> Value {
    match (field.kind, value, known) {
        (Kind::Object(members), Value::Map(mut object), Value::Map(known)) => {
            for member in members {
                if let (Some(value), Some(known)) =
                    (object.get_mut(member.name), known.get(member.name))
                {
                    *value = with_prior_spelling(member, std::mem::take(value), known);
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
    use crate::model::field::{Duration as Length, Field, Int, NestedList, Timestamp as Time};

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
    fn invalid_duration_is_refused_with_the_expected_format() {
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
            "0.1234567891s",
        ] {
            let message = duration(text).expect_err(text);
            assert!(message.contains("such as `300s`"), "{text}: {message}");
        }
    }

    #[test]
    fn a_duration_that_is_too_long_is_called_so() {
        for text in ["99999999999999999999s", "999999999999d", "9999999999999d", "3652501d"] {
            let message = duration(text).expect_err(text);
            assert!(message.ends_with("`3652500d`, about 10,000 years"), "{message}");
        }
        assert_eq!(duration("3652500d").map(duration_json).as_deref(), Ok("315576000000s"));
    }

    #[test]
    fn an_empty_text_is_visible_in_a_message() {
        assert!(duration("").is_err_and(|it| it.starts_with("`\"\"` is not a duration")));
    }

    #[test]
    fn times_that_differ_in_digits_that_a_service_drops_mean_the_same() {
        let field = Field::<Time>::spec("at").any();
        let agree = |left: &str, right: &str| same(&field, &left.into(), &right.into());
        assert!(agree("2026-01-31T12:00:00.123456789Z", "2026-01-31T12:00:00.123456Z"));
        assert!(agree("2026-01-31T12:00:00.123456789Z", "2026-01-31T13:00:00.123+01:00"));
        assert!(!agree("2026-01-31T12:00:00.123Z", "2026-01-31T12:00:00.124Z"));
    }

    #[test]
    fn elements_without_order_mean_the_same_in_any_order() {
        const MEMBERS: &[AnyField] =
            &[Field::<Length>::member("kept").any(), Field::<Int>::member("hour").any()];
        let list = Field::<NestedList>::spec("list").each(MEMBERS);
        let element = |kept: &str, hour: i64| {
            let members = [("kept", Value::from(kept)), ("hour", hour.into())];
            Value::Map(members.map(|(name, it)| (name.to_owned(), it)).into())
        };
        let (day, week) = (element("24h", 3), element("7d", 3));
        for (left, right, in_order, in_any) in [
            (vec![&day, &week], vec![&day, &element("168h", 3)], true, true),
            (vec![&day, &week], vec![&week, &element("1d", 3)], false, true),
            (vec![&day, &week], vec![&week, &element("1d", 4)], false, false),
            (vec![&day, &day], vec![&day, &week], false, false),
            (vec![&day], vec![&day, &day], false, false),
        ] {
            let [left, right] =
                [left, right].map(|elements| Value::List(elements.into_iter().cloned().collect()));
            assert_eq!(same(&list.any(), &left, &right), in_order, "{left:?} {right:?}");
            assert_eq!(same(&list.unordered().any(), &left, &right), in_any, "{left:?} {right:?}");
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
