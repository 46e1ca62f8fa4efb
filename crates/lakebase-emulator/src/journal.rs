//! Records requests in their order. What it keeps is bounded, in number and in size.

use serde::Serialize;
use serde_json::{Value as Json, json};

/// The number of requests that are kept; a tenth of them is dropped at once.
const ENTRIES: usize = 10_000;

/// The longest body that is kept, and the length of all of them, in bytes.
const BODY: usize = 64 << 10;
const BODIES: usize = 32 << 20;

/// One request and the status it was answered with.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Recorded {
    /// `GET`, `POST`, `PATCH`, `DELETE`, …
    pub method: String,
    /// The whole path as it came, without the query: `/api/2.0/postgres/projects/p`.
    pub path: String,
    /// The query, decoded, in the order in which it came.
    pub query: Vec<(String, String)>,
    /// The body; `null` where there was none or it was no JSON, and `{"omitted_bytes": n}` for one
    /// of more than 64 KiB.
    pub body: Json,
    /// The status of the answer; 0 where a fault left the request without one.
    pub status: u16,
    #[serde(skip)]
    pub(crate) mutates: bool,
}

impl Recorded {
    /// Whether the request meant to change an object of the service. A credential is no object.
    pub fn is_mutation(&self) -> bool {
        self.mutates
    }
}

#[derive(Debug, Default)]
pub(crate) struct Journal {
    entries: Vec<Recorded>,
    /// The lengths of the bodies of the entries, and their sum.
    lengths: Vec<usize>,
    total: usize,
    dropped: usize,
}

impl Journal {
    /// Adds an entry whose body had so many bytes.
    pub(crate) fn add(&mut self, entry: Recorded, length: usize) {
        let length = if length > BODY { 0 } else { length };
        if self.entries.len() >= ENTRIES || self.total + length > BODIES {
            let oldest = self.entries.len().div_ceil(10);
            self.entries.drain(..oldest);
            self.total -= self.lengths.drain(..oldest).sum::<usize>();
            self.dropped += oldest;
        }
        self.entries.push(entry);
        self.lengths.push(length);
        self.total += length;
    }

    pub(crate) fn entries(&self) -> &[Recorded] {
        &self.entries
    }

    /// The number of requests that are not kept any more.
    pub(crate) fn dropped(&self) -> usize {
        self.dropped
    }

    pub(crate) fn clear(&mut self) {
        *self = Journal::default();
    }
}

/// A body as it is recorded.
pub(crate) fn recorded_body(bytes: &[u8]) -> Json {
    if bytes.len() > BODY {
        return json!({"omitted_bytes": bytes.len()});
    }
    serde_json::from_slice(bytes).unwrap_or(Json::Null)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn journal_drops_its_oldest_entries_and_counts_them() {
        let entry = |number: usize| Recorded {
            method: "GET".to_owned(),
            path: number.to_string(),
            query: Vec::new(),
            body: Json::Null,
            status: 200,
            mutates: false,
        };
        let mut journal = Journal::default();
        (0..=ENTRIES).for_each(|number| journal.add(entry(number), 0));
        assert_eq!((journal.dropped(), journal.entries().len()), (1000, 9001));
        assert_eq!(journal.entries()[0].path, "1000");
        // By their length, too.
        let mut journal = Journal::default();
        (0..=BODIES / BODY).for_each(|number| journal.add(entry(number), BODY));
        assert_eq!((journal.dropped(), journal.entries().len()), (52, 461));
    }

    #[test]
    fn long_bodies_are_recorded_by_their_length() {
        let long = format!("\"{}\"", "x".repeat(BODY));
        assert_eq!(recorded_body(long.as_bytes()), json!({"omitted_bytes": BODY + 2}));
        assert_eq!(recorded_body(b"{\"a\": 1}"), json!({"a": 1}));
        assert_eq!(recorded_body(b"{"), Json::Null);
    }
}
