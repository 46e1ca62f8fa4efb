//! The document around the resources: what of it is read, and what is no plan at all.

use std::collections::HashSet;
use std::error::Error;
use std::fmt;
use std::io::{self, BufRead, Read as _};

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::error::Category;

use super::resource::{Kept, RawResource};
use super::{Plan, ResourceChange, Stored};

/// Why something could not be read as a plan: one line, for whoever called the command.
#[derive(Debug)]
pub struct ReadError(String);

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for ReadError {}

impl From<io::Error> for ReadError {
    fn from(error: io::Error) -> Self {
        ReadError(format!("Could not read the plan: {error}."))
    }
}

/// What to do instead, for nearly every mistake.
const HOW: &str = "Save the plan with `terraform plan -out=tfplan`, and pass on what \
    `terraform show -json tfplan` prints.";

pub(super) fn read(mut input: impl BufRead) -> Result<Plan, ReadError> {
    let mut start = Vec::new();
    input.by_ref().take(3).read_to_end(&mut start)?;
    let refused = match &start[..] {
        _ if start.len() < 3 && start.trim_ascii().is_empty() => {
            "There is no plan: the input is empty."
        }
        // Windows PowerShell writes what it redirects in UTF-16.
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => "The plan is in UTF-16 instead of UTF-8.",
        [b'P', b'K', ..] => "This is a binary plan file, not the JSON of a plan.",
        _ => "",
    };
    if !refused.is_empty() {
        return Err(ReadError(format!("{refused} {HOW}")));
    }
    if start == b"\xef\xbb\xbf" {
        start.clear();
    }
    let mut json = serde_json::Deserializer::from_reader(start.chain(input));
    let document = json.deserialize_map(DocumentVisitor).map_err(explain)?;
    let plan = document.check()?;
    json.end().map_err(|error| {
        let (line, column) = (error.line(), error.column());
        ReadError(format!(
            "Unexpected input after the plan, at line {line}, column {column}. {HOW}"
        ))
    })?;
    Ok(plan)
}

fn explain(error: serde_json::Error) -> ReadError {
    let (line, column) = (error.line(), error.column());
    ReadError(match error.classify() {
        Category::Eof => {
            format!("The JSON of the plan is incomplete, at line {line}, column {column}. {HOW}")
        }
        Category::Io => format!("Could not read the plan: {}.", io::Error::from(error)),
        Category::Syntax => format!("This is not JSON (line {line}, column {column}). {HOW}"),
        Category::Data => format!("This is not the JSON of a plan: {error}. {HOW}"),
    })
}

/// What is at the top of the document.
#[derive(Default)]
struct Document {
    format_version: Option<String>,
    /// A part that only plans have.
    has_plan: bool,
    /// The part that only states have.
    has_state: bool,
    /// A line of the log that `terraform plan -json` prints.
    is_log: bool,
    /// A change that nobody can review.
    strange: Option<String>,
    plan: Plan,
}

impl Document {
    fn check(self) -> Result<Plan, ReadError> {
        let refused = match &self.format_version {
            _ if self.is_log => "This is the log of `terraform plan -json`, not a plan.",
            None => "This is not the JSON of a plan: it has no `format_version`.",
            // Terraform raises the first number where readers of the old format would be misled.
            Some(version) if version.split('.').next() != Some("1") => {
                return Err(ReadError(format!(
                    "The plan is in format {version}; this command reads format 1, which Terraform \
                     writes from 1.1 on. Use another Terraform, or another version of this program."
                )));
            }
            Some(_) if self.strange.is_some() => {
                return Err(ReadError(self.strange.unwrap_or_default()));
            }
            Some(_) if self.has_state => "This is the JSON of a state, not of a plan.",
            Some(_) if !self.has_plan => "There is no plan in this JSON.",
            Some(_) => return Ok(self.plan),
        };
        Err(ReadError(format!("{refused} {HOW}")))
    }
}

struct DocumentVisitor;

impl<'de> Visitor<'de> for DocumentVisitor {
    type Value = Document;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Document, A::Error> {
        let mut document = Document::default();
        while let Some(key) = map.next_key::<String>()? {
            let plan = &mut document.plan;
            match key.as_str() {
                "format_version" => document.format_version = Some(map.next_value()?),
                "terraform_version" => plan.terraform_version = map.next_value()?,
                "complete" => plan.complete = map.next_value()?,
                "errored" => plan.errored = map.next_value()?,
                "timestamp" => {
                    let time: Option<String> = map.next_value()?;
                    plan.timestamp = time.and_then(|time| time.parse().ok());
                }
                "resource_changes" => {
                    document.changes(map.next_value_seed(Each(RawResource::change))?);
                    document.has_plan = true;
                }
                "resource_drift" => {
                    let drift = map.next_value_seed(Each(RawResource::change))?;
                    document.plan.drift = drift.into_iter().filter_map(changed).collect();
                }
                "deferred_changes" => {
                    let deferred: Option<Vec<Deferred>> = map.next_value()?;
                    let deferred = deferred.into_iter().flatten();
                    plan.deferred = deferred
                        .map(|change| (change.resource_change.address, change.reason))
                        .collect();
                }
                "prior_state" => {
                    let known = plan.changes.iter().filter(|change| change.deposed.is_none());
                    let known = known.map(|change| change.address.as_str()).collect();
                    let mut stored = Vec::new();
                    map.next_value_seed(State { known: &known, stored: &mut stored })?;
                    plan.stored = stored;
                }
                "configuration" => {
                    plan.configuration = map.next_value::<Option<_>>()?.unwrap_or_default();
                    document.has_plan = true;
                }
                other => {
                    document.has_plan |= other == "planned_values";
                    document.has_state |= other == "values";
                    document.is_log |= other == "@level";
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(document)
    }
}

impl Document {
    fn changes(&mut self, changes: Vec<Result<Kept, String>>) {
        for change in changes {
            match change {
                Ok(Kept::Change(change)) => self.plan.changes.push(*change),
                Ok(Kept::Skipped(kind)) => *self.plan.skipped.entry(kind).or_default() += 1,
                Ok(Kept::Nothing) => {}
                Err(strange) => _ = self.strange.get_or_insert(strange),
            }
        }
    }
}

fn changed(kept: Result<Kept, String>) -> Option<ResourceChange> {
    match kept {
        Ok(Kept::Change(change)) => Some(*change),
        _ => None,
    }
}

#[derive(Deserialize)]
struct Deferred {
    #[serde(default)]
    reason: String,
    resource_change: RawResource,
}

/// A list of resources, one in memory at a time. What the function gives is kept.
struct Each<F>(F);

impl<'de, T, F: Fn(RawResource) -> T> DeserializeSeed<'de> for Each<F> {
    type Value = Vec<T>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Vec<T>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, T, F: Fn(RawResource) -> T> Visitor<'de> for Each<F> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of resources")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Vec<T>, A::Error> {
        let mut kept = Vec::new();
        while let Some(resource) = seq.next_element::<RawResource>()? {
            kept.push((self.0)(resource));
        }
        Ok(kept)
    }

    fn visit_unit<E>(self) -> Result<Vec<T>, E> {
        Ok(Vec::new())
    }
}

/// The state before the apply, or a part of it: modules inside modules.
struct State<'a> {
    /// The addresses that need not be kept.
    known: &'a HashSet<&'a str>,
    stored: &'a mut Vec<Stored>,
}

impl<'de> DeserializeSeed<'de> for State<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for State<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a state")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let State { known, stored } = self;
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "values" | "root_module" | "child_modules" => {
                    map.next_value_seed(State { known, stored: &mut *stored })?;
                }
                "resources" => {
                    let keep = |resource: RawResource| {
                        let is_known = known.contains(resource.address.as_str());
                        resource.stored().filter(|_| !is_known)
                    };
                    stored.extend(map.next_value_seed(Each(keep))?.into_iter().flatten());
                }
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let State { known, stored } = self;
        while seq.next_element_seed(State { known, stored: &mut *stored })?.is_some() {}
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}
