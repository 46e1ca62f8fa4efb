//! Durations and timestamps as protobuf-JSON spells them (reference §1.3): `"300s"`, `"0.500s"`,
//! `"2026-08-31T10:00:00Z"`. Knows nothing of resources.

use jiff::{SignedDuration, Timestamp};

/// Reads `"<seconds>s"` with at most nine decimals; `7d`, `300` and `+1s` are none.
pub(crate) fn parse_duration(text: &str) -> Option<SignedDuration> {
    let number = text.strip_suffix('s')?;
    let (negative, number) = match number.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, number),
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(fraction) || fraction.len() > 9 {
        return None;
    }
    let seconds: i64 = whole.parse().ok()?;
    let nanoseconds: i32 = format!("{fraction:0<9}").parse().ok()?;
    let duration = SignedDuration::new(seconds, nanoseconds);
    Some(if negative { -duration } else { duration })
}

/// Writes with 0, 3, 6 or 9 decimals, as protobuf does.
pub(crate) fn format_duration(duration: SignedDuration) -> String {
    let sign = if duration.is_negative() { "-" } else { "" };
    let nanoseconds = duration.subsec_nanos().unsigned_abs();
    let fraction = format!("{nanoseconds:09}");
    let seconds = duration.as_secs().unsigned_abs();
    match decimals(nanoseconds) {
        0 => format!("{sign}{seconds}s"),
        decimals => format!("{sign}{seconds}.{}s", &fraction[..decimals]),
    }
}

/// Reads RFC 3339 in its strict form: `T`, seconds, and `Z` or an offset.
pub(crate) fn parse_timestamp(text: &str) -> Option<Timestamp> {
    let bytes = text.as_bytes();
    let offset = bytes.len() > 6 && matches!(bytes[bytes.len() - 6], b'+' | b'-');
    let strict = bytes.len() >= 20
        && bytes[10] == b'T'
        && bytes[16] == b':'
        && (bytes.ends_with(b"Z") || offset);
    strict.then(|| text.parse().ok()).flatten()
}

/// Writes UTC with `Z` and 0, 3, 6 or 9 decimals.
pub(crate) fn format_timestamp(time: Timestamp) -> String {
    let decimals = decimals(time.subsec_nanosecond().unsigned_abs());
    format!("{time:.decimals$}")
}

/// The fewest decimals, in steps of three, that lose nothing.
fn decimals(nanoseconds: u32) -> usize {
    match nanoseconds {
        0 => 0,
        n if n % 1_000_000 == 0 => 3,
        n if n % 1_000 == 0 => 6,
        _ => 9,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_protobuf_durations_are_durations() {
        let cases = [
            ("300s", Some("300s")),
            ("0300s", Some("300s")),
            ("0.5s", Some("0.500s")),
            ("1.000001s", Some("1.000001s")),
            ("-1s", Some("-1s")),
            ("7d", None),
            ("5m", None),
            ("300", None),
            ("s", None),
            (".5s", None),
            ("1.s", None),
            ("+1s", None),
            (" 1s", None),
            ("1.0000000001s", None),
        ];
        for (text, canonical) in cases {
            let read = parse_duration(text).map(format_duration);
            assert_eq!(read.as_deref(), canonical, "{text}");
        }
    }

    #[test]
    fn only_strict_rfc_3339_is_a_timestamp() {
        let cases = [
            ("2026-08-31T10:00:00Z", Some("2026-08-31T10:00:00Z")),
            ("2026-08-31T12:00:00+02:00", Some("2026-08-31T10:00:00Z")),
            ("2026-08-31T10:00:00.5Z", Some("2026-08-31T10:00:00.500Z")),
            ("2026-08-31T10:00:00.000001Z", Some("2026-08-31T10:00:00.000001Z")),
            ("2026-08-31", None),
            ("2026-08-31 10:00:00Z", None),
            ("2026-08-31T10:00:00", None),
            ("2026-08-31T10:00Z", None),
            ("tomorrow", None),
        ];
        for (text, canonical) in cases {
            let read = parse_timestamp(text).map(format_timestamp);
            assert_eq!(read.as_deref(), canonical, "{text}");
        }
    }
}
