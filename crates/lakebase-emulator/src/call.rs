//! A call of the service's own API: its path, its query parameters and the ids among them.

use jiff::Timestamp;
use serde_json::Value as Json;

use crate::error::{ApiError, Result};

/// [REC] §5.3 for databases; [INF] for the other kinds, of which §7.1 says the same in words.
const ID_PATTERN: &str = "^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$";

#[derive(Debug)]
pub(crate) struct Call<'a> {
    pub(crate) method: &'a str,
    /// Below `/api/2.0/postgres/`.
    pub(crate) path: &'a str,
    pub(crate) query: &'a [(String, String)],
    /// `null` where there is none.
    pub(crate) body: Json,
    pub(crate) now: Timestamp,
}

impl Call<'_> {
    /// [INF] Query parameters that the method does not have are refused, as unknown fields are.
    pub(crate) fn only(&self, known: &[&str]) -> Result<()> {
        match self.query.iter().find(|(name, _)| !known.contains(&name.as_str())) {
            Some((name, _)) => Err(ApiError::invalid(format!("Unknown query parameter '{name}'."))),
            None => Ok(()),
        }
    }

    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    /// [REC] §1.3: `true` or `false`.
    pub(crate) fn flag(&self, name: &str) -> Result<bool> {
        match self.parameter(name) {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(other) => Err(ApiError::invalid(format!(
                "Query parameter '{name}' must be true or false, got '{other}'."
            ))),
        }
    }

    /// The id of a new object, if one is given.
    pub(crate) fn id(&self, field: &str) -> Result<Option<String>> {
        match self.parameter(field) {
            None | Some("") => Ok(None),
            Some(id) if is_id(id) => Ok(Some(id.to_owned())),
            // [REC] §5.3.
            Some(id) => Err(ApiError::invalid(format!(
                "Field {field} must match pattern {ID_PATTERN}, got '{id}'."
            ))),
        }
    }
}

fn is_id(id: &str) -> bool {
    id.len() <= 63
        && id.starts_with(|first: char| first.is_ascii_lowercase())
        && !id.ends_with('-')
        && id.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::is_id;

    #[test]
    fn an_id_is_what_the_recorded_pattern_says() {
        let longest = "a".repeat(63);
        for id in ["a", "a1", "a-b", "postgres", "abc", longest.as_str()] {
            assert!(is_id(id), "{id}");
        }
        let too_long = "a".repeat(64);
        for id in ["", "1a", "-a", "a-", "A", "a_b", "a.b", "Invalid_DB_ID", too_long.as_str()] {
            assert!(!is_id(id), "{id}");
        }
    }
}
