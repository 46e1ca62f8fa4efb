//! The document around the resources: what of it is read, and what is no plan at all.

use std::error::Error;
use std::fmt;
use std::io::{self, BufRead, Read as _};

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::error::Category;

use super::Plan;
use super::resource::ResourceChange;

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
        ReadError(format!("The plan cannot be read: {error}."))
    }
}

/// What to do instead, for nearly every mistake.
const HOW: &str = "Save the plan with `terraform plan -out=tfplan`, and pass on what \
    `terraform show -json tfplan` prints.";

pub(super) fn read(mut input: impl BufRead) -> Result<Plan, ReadError> {
    let mut start = Vec::new();
    input.by_ref().take(3).read_to_end(&mut start)?;
    let refused = match &start[..] {
        it if it.len() < 3 && it.trim_ascii().is_empty() => "There is no plan: the input is empty.",
        // Windows PowerShell writes what it redirects in UTF-16.
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => "The plan is in UTF-16 instead of UTF-8.",
        [b'P', b'K', ..] => "This is a plan as Terraform stores it, not its JSON.",
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
        ReadError(format!("Something follows the plan, at line {line}, column {column}. {HOW}"))
    })?;
    Ok(plan)
}

fn explain(error: serde_json::Error) -> ReadError {
    let (line, column) = (error.line(), error.column());
    ReadError(match error.classify() {
        Category::Eof => format!(
            "The plan is cut off in the middle of its JSON, at line {line}, column {column}. {HOW}"
        ),
        Category::Io => format!("The plan cannot be read: {}.", io::Error::from(error)),
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
        document.plan.complete = true; // Terraform says so from 1.8 on
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "format_version" => document.format_version = Some(map.next_value()?),
                "terraform_version" => document.plan.terraform_version = map.next_value()?,
                "complete" => document.plan.complete = map.next_value()?,
                "errored" => document.plan.errored = map.next_value()?,
                "resource_changes" => {
                    map.next_value_seed(Changes(&mut document))?;
                    document.has_plan = true;
                }
                other => {
                    document.has_plan |= matches!(other, "planned_values" | "configuration");
                    document.has_state |= other == "values";
                    document.is_log |= other == "@level";
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(document)
    }
}

/// The list of changes, one in memory at a time.
struct Changes<'a>(&'a mut Document);

impl<'de> DeserializeSeed<'de> for Changes<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Changes<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of changes")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while let Some(change) = seq.next_element::<ResourceChange>()? {
            match change.read() {
                Ok(change) => self.0.plan.changes.extend(change),
                Err(strange) => _ = self.0.strange.get_or_insert(strange),
            }
        }
        Ok(())
    }
}
