//! Makes the emulator differ from what was recorded of the service, in ways that a client must
//! tolerate: the settings, and the form of an answer under them. Knows no kinds and no requests.
//!
//! [INF] All of it: no recording shows any of these deviations, and none contradicts the documentation.
//!
//! Start reading at [`Deviations`].

use super::{Behavior, Setting};
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use crate::schema::Map;
use crate::wire::{parse_duration, parse_timestamp};

/// The number of delayed reads if none is given.
const READS: u32 = 2;

/// The smallest compute. [DOC] §7.2.
const SMALLEST: f64 = 0.5;

behaviors! {
    /// Ways in which Lakebase may differ from what was recorded, and which a client must tolerate.
    /// All are off by default, and can be combined.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(default, deny_unknown_fields)]
    pub struct Deviations at deviations, rows ROWS;

    /// Whether a `ttl` counts from the time at which Lakebase received the create, which is some
    /// microseconds before or after `create_time`.
    inexact_expiry: bool = false, "INF", "3.2";
    /// Whether answers leave out members that are false or empty, as protobuf's JSON does by default.
    omit_defaults: bool = false, "INF", "1.2";
    /// Whether a create that names one limit of an autoscaling range gets the other one as far away
    /// as is accepted, instead of the project's default.
    wide_limits: bool = false, "INF", "7.2";
    /// The number of reads of an object, by GET or in a list, that still show the state before a
    /// create, an update or a delete. Mutations always act on the current state.
    delayed_effects: u32 = 0, "INF", "4.3";
    /// Whether answers spell values differently than the request: durations and times with nine
    /// decimals, sizes as `4.0`, log sequence numbers without leading zeros, display names without
    /// redundant blanks, tags sorted by key.
    normalized_values: bool = false, "INF", "13.1";
}

impl Deviations {
    /// All deviations at once.
    pub fn all() -> Deviations {
        Deviations {
            inexact_expiry: true,
            omit_defaults: true,
            wide_limits: true,
            delayed_effects: READS,
            normalized_values: true,
        }
    }

    /// Turns deviations on by their names on the command line: `omit-defaults,delayed-effects=3`, `all`.
    ///
    /// # Errors
    ///
    /// If a name is unknown, or the number of reads is not a number.
    pub fn add(&mut self, names: &str) -> Result<(), String> {
        for name in names.split(',') {
            match name.split_once('=').unwrap_or((name, "")) {
                ("all", "") => *self = Deviations::all(),
                ("inexact-expiry", "") => self.inexact_expiry = true,
                ("omit-defaults", "") => self.omit_defaults = true,
                ("wide-limits", "") => self.wide_limits = true,
                ("delayed-effects", "") => self.delayed_effects = READS,
                ("delayed-effects", reads) => {
                    self.delayed_effects =
                        reads.parse().map_err(|_| format!("`{reads}` is no number of reads"))?;
                }
                ("normalized-values", "") => self.normalized_values = true,
                _ => {
                    return Err(format!(
                        "`{name}` is none of inexact-expiry, omit-defaults, wide-limits, \
                         delayed-effects[=READS], normalized-values, all"
                    ));
                }
            }
        }
        Ok(())
    }

    /// How long after its `create_time` the request for a branch counts as received.
    pub(crate) fn receipt(self, name: &str) -> SignedDuration {
        if !self.inexact_expiry {
            return SignedDuration::ZERO;
        }
        // By the name, so that it repeats from run to run: from -9 to 9, never 0.
        let sum: i64 = name.bytes().map(i64::from).sum();
        let distance = 1 + sum / 2 % 9;
        SignedDuration::from_micros(if sum % 2 == 0 { distance } else { -distance })
    }

    /// Adds the limit that is missing wherever a body holds one limit of a compute.
    pub(crate) fn fill_limits(self, settings: &mut Map, range: u32, largest: u32) {
        const MIN: &str = "autoscaling_limit_min_cu";
        const MAX: &str = "autoscaling_limit_max_cu";
        if !self.wide_limits {
            return;
        }
        for value in settings.values_mut() {
            if let Json::Object(members) = value {
                self.fill_limits(members, range, largest);
            }
        }
        let limit = |name: &str| settings.get(name).and_then(Json::as_f64);
        let range = f64::from(range);
        let missing = match (limit(MIN), limit(MAX)) {
            (None, Some(max)) => (MIN, (max - range).max(SMALLEST)),
            (Some(min), None) => (MAX, (min + range).min(f64::from(largest).max(min))),
            _ => return,
        };
        settings.insert(missing.0.to_owned(), json!(missing.1));
    }

    /// An answer as a client gets it.
    pub(crate) fn present(self, mut answer: Json) -> Json {
        if self.normalized_values {
            normalize(&mut answer);
        }
        if self.omit_defaults {
            omit(&mut answer);
        }
        answer
    }
}

/// Removes members that are false or empty, and those that are empty after that.
fn omit(json: &mut Json) {
    match json {
        Json::Object(members) => {
            for (name, value) in members.iter_mut() {
                // The entries of a map are data: protobuf keeps the empty ones.
                if name != "pg_settings" {
                    omit(value);
                }
            }
            members.retain(|_, value| match value {
                Json::Null => false,
                Json::Bool(flag) => *flag,
                Json::Number(_) => true,
                Json::String(text) => !text.is_empty(),
                Json::Array(items) => !items.is_empty(),
                Json::Object(members) => !members.is_empty(),
            });
        }
        Json::Array(items) => items.iter_mut().for_each(omit),
        _ => {}
    }
}

/// Spells the values of members in another way, by the names of the members.
fn normalize(json: &mut Json) {
    match json {
        Json::Object(members) => {
            for (name, value) in members {
                normalize(value);
                if let Some(other) = spelled(name, value) {
                    *value = other;
                }
            }
        }
        Json::Array(items) => items.iter_mut().for_each(normalize),
        _ => {}
    }
}

/// The value in its other spelling, where it has one.
fn spelled(member: &str, value: &Json) -> Option<Json> {
    let text = value.as_str().unwrap_or_default();
    if member == "ttl" || member.ends_with("_duration") {
        let duration = parse_duration(text)?;
        return Some(json!(format!("{}.{:09}s", duration.as_secs(), duration.subsec_nanos())));
    }
    if member.ends_with("_time") {
        return Some(json!(format!("{:.9}", parse_timestamp(text)?)));
    }
    match member {
        "autoscaling_limit_min_cu" | "autoscaling_limit_max_cu" => Some(json!(value.as_f64()?)),
        "source_branch_lsn" => {
            let half = |half: &str| Some(format!("{:X}", u32::from_str_radix(half, 16).ok()?));
            let (high, low) = text.split_once('/')?;
            Some(json!(format!("{}/{}", half(high)?, half(low)?)))
        }
        "display_name" => Some(json!(text.split_whitespace().collect::<Vec<_>>().join(" "))),
        "custom_tags" => {
            let mut tags = value.as_array()?.clone();
            tags.sort_by_key(|tag| tag["key"].to_string());
            Some(Json::Array(tags))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deviations_are_named_on_the_command_line_one_or_several() {
        let cases = [
            ("inexact-expiry", Ok(Deviations { inexact_expiry: true, ..Deviations::default() })),
            ("delayed-effects", Ok(Deviations { delayed_effects: 2, ..Deviations::default() })),
            (
                "omit-defaults,wide-limits,delayed-effects=5",
                Ok(Deviations {
                    omit_defaults: true,
                    wide_limits: true,
                    delayed_effects: 5,
                    ..Deviations::default()
                }),
            ),
            (
                "normalized-values",
                Ok(Deviations { normalized_values: true, ..Deviations::default() }),
            ),
            ("all", Ok(Deviations::all())),
            ("", Err(())),
            ("kind", Err(())),
            ("all=1", Err(())),
            ("delayed-effects=many", Err(())),
        ];
        for (text, expected) in cases {
            let mut deviations = Deviations::default();
            let outcome = deviations.add(text).map(|()| deviations).map_err(|_| ());
            assert_eq!(outcome, expected, "{text}");
        }
    }

    #[test]
    fn the_receipt_of_a_request_is_some_microseconds_off_to_either_side() {
        let deviations = Deviations { inexact_expiry: true, ..Deviations::default() };
        let names = ["dev", "qa", "stage", "one", "two", "a", "b", "c"];
        let off = names.map(|name| deviations.receipt(name).as_micros());
        assert!(off.iter().all(|off| (1..=9).contains(&off.abs())), "{off:?}");
        assert!(off.iter().any(|off| *off > 0) && off.iter().any(|off| *off < 0), "{off:?}");
        assert_eq!(Deviations::default().receipt("dev"), SignedDuration::ZERO);
    }
}
