//! Reads the end of a token as the Databricks CLI writes it.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// The end of a token, in one of the forms that the SDKs accept: without a zone it is in UTC.
pub(super) fn expiry(text: &str) -> Option<Timestamp> {
    text.parse().ok().or_else(|| {
        let local: DateTime = text.parse().ok()?;
        Some(local.to_zoned(TimeZone::UTC).ok()?.timestamp())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expiry_is_read_in_every_form_of_the_sdks() {
        let expected = "2024-03-20T10:30:00Z".parse::<Timestamp>().ok();
        for text in ["2024-03-20T10:30:00Z", "2024-03-20T11:30:00+01:00", "2024-03-20 10:30:00"] {
            assert_eq!(expiry(text), expected, "{text}");
        }
        assert!(expiry("2024-03-20T10:30:00.123456789Z").is_some());
        assert!(expiry("2024-03-20 10:30:00.123").is_some());
        assert_eq!(expiry("soon"), None);
    }
}
