//! Records requests in their order. What it keeps is bounded, in number and in size.

use serde::Serialize;
use serde_json::{Value as Json, json};

use crate::name::ends_like;

/// The number of requests that are kept; a tenth of them is dropped at once.
const ENTRIES: usize = 10_000;

/// The longest body that is kept, and the length of all of them, in bytes.
const BODY: usize = 64 << 10;
const BODIES: usize = 32 << 20;

/// One request and the status it was answered with.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Recorded {
    /// Counted from 1 since the start of the emulator, so that a reader can go on where it stopped.
    pub number: u64,
    /// The time of the emulator's clock.
    pub time: String,
    /// `GET`, `POST`, `PATCH`, `DELETE`, …
    pub method: String,
    /// The whole path as it came, without the query: `/api/2.0/postgres/projects/p`.
    pub path: String,
    /// The query, decoded, in the order in which it came.
    pub query: Vec<(String, String)>,
    /// The body; `null` where there was none or it was no JSON, and `{"omitted_bytes": n}` for one
    /// of more than 64 KiB.
    pub body: Json,
    /// Whose token it came with; `null` where it had no valid one.
    pub identity: Option<String>,
    /// The status of the answer; 0 where a fault left the request without one.
    pub status: u16,
    /// The `error_code` of a refusal, or the `error` of a refused OAuth token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_code: Option<String>,
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
    /// The number of the last entry.
    last: u64,
    /// Called with each entry.
    pub(crate) listener: Option<fn(&Recorded)>,
}

/// What a reader wants of the record.
#[derive(Debug, Default)]
pub(crate) struct Selection<'a> {
    pub(crate) method: Option<&'a str>,
    /// As in a fault: the end of the path, in which `*` stands for any text.
    pub(crate) path: Option<&'a str>,
    /// Later entries than the one with this number.
    pub(crate) since: u64,
}

impl Selection<'_> {
    fn takes(&self, entry: &Recorded) -> bool {
        entry.number > self.since
            && self.method.is_none_or(|method| method == entry.method)
            && self.path.is_none_or(|pattern| ends_like(pattern, &entry.path))
    }
}

impl Journal {
    /// Adds an entry whose body had so many bytes, and numbers it.
    pub(crate) fn add(&mut self, mut entry: Recorded, length: usize) {
        self.last += 1;
        entry.number = self.last;
        if let Some(listener) = self.listener {
            listener(&entry);
        }
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

    /// The entries that a reader wants, in order.
    pub(crate) fn select<'a>(
        &'a self,
        wanted: &'a Selection<'_>,
    ) -> impl Iterator<Item = &'a Recorded> {
        self.entries.iter().filter(|entry| wanted.takes(entry))
    }

    /// The number of the last request, be it kept or not.
    pub(crate) fn last(&self) -> u64 {
        self.last
    }

    /// The number of requests that are not kept any more.
    pub(crate) fn dropped(&self) -> usize {
        self.dropped
    }

    /// Forgets the entries, but not their numbers.
    pub(crate) fn clear(&mut self) {
        *self = Journal { last: self.last, listener: self.listener, ..Journal::default() };
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
            number: 0,
            time: String::new(),
            method: if number.is_multiple_of(2) { "GET" } else { "POST" }.to_owned(),
            path: number.to_string(),
            query: Vec::new(),
            body: Json::Null,
            identity: None,
            status: 200,
            error_code: None,
            mutates: false,
        };
        let mut journal = Journal::default();
        (0..=ENTRIES).for_each(|number| journal.add(entry(number), 0));
        assert_eq!((journal.dropped(), journal.entries().len()), (1000, 9001));
        assert_eq!(journal.entries()[0].path, "1000");
        let chosen = |method, path, since| {
            let wanted = Selection { method, path, since };
            journal.select(&wanted).map(|entry| entry.number).collect::<Vec<_>>()
        };
        assert_eq!(chosen(None, None, 9_999), [10_000, 10_001]);
        assert_eq!(chosen(Some("POST"), None, 9_997), [9_998, 10_000]);
        assert_eq!(chosen(Some("GET"), Some("977*"), 9_700), [9_771, 9_773, 9_775, 9_777, 9_779]);
        journal.clear();
        assert_eq!((journal.entries().len(), journal.last()), (0, 10_001));
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
