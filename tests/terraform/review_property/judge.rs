//! Compares a review with the computes that exist.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use crate::workbench::Workbench;

/// What exists: in the emulator, and in the state.
pub(super) struct World {
    endpoints: BTreeMap<String, Json>,
    managed: BTreeSet<String>,
}

/// What a review told.
#[derive(Default)]
pub(super) struct PlanOutput {
    pub(super) rows: u64,
    /// Statements that are true.
    pub(super) known: u64,
    /// Statements that something is unknown.
    pub(super) unknown: u64,
    pub(super) falsehoods: Vec<String>,
}

impl World {
    pub(super) fn of(bench: &Workbench) -> World {
        let names = bench.emulator.names().into_iter().filter(|name| name.contains("/endpoints/"));
        let endpoints = names.filter_map(|name| Some((name.clone(), bench.emulator.get(&name)?)));
        World {
            endpoints: endpoints.collect(),
            managed: super::managed(bench).into_iter().map(|(_, name)| name).collect(),
        }
    }
}

/// Compares. Without `after`, the apply ended with an error.
pub(super) fn judge(
    review: &Json,
    plan: &Json,
    before: &World,
    after: Option<&World>,
) -> PlanOutput {
    let mut told = PlanOutput::default();
    let reviewed = &review["plans"][0];
    for row in list(&reviewed["changes"]).filter(|row| row["subject"] != "defaults") {
        told.rows += 1;
        told.side("before", row, before);
        if let Some(after) = after {
            told.side("after", row, after);
        }
    }
    told.needlessly_unknown(reviewed, plan);
    let managed: BTreeSet<_> = match after {
        Some(after) => before.managed.union(&after.managed).cloned().collect(),
        None => return told,
    };
    let totals = &reviewed["totals"];
    told.totals("before", &totals["before"], &before.counted(&managed));
    told.totals("after", &totals["after"], &after.unwrap_or(before).counted(&managed));
    told.sums(reviewed);
    told
}

impl World {
    /// The endpoints that a review is about: those that are managed before or after, and the
    /// read-write endpoints of branches that are, or of the root branches of projects that are.
    fn counted(&self, managed: &BTreeSet<String>) -> Vec<&Json> {
        let counts = |name: &str, endpoint: &Json| {
            let branch = name.rsplit_once("/endpoints/").map_or(name, |(branch, _)| branch);
            let root = branch.strip_suffix("/branches/production");
            let is_writer = endpoint["status"]["endpoint_type"] == "ENDPOINT_TYPE_READ_WRITE";
            let holds = managed.contains(branch) || root.is_some_and(|it| managed.contains(it));
            managed.contains(name) || is_writer && holds
        };
        self.endpoints.iter().filter(|(name, it)| counts(name, it)).map(|(_, it)| it).collect()
    }
}

impl PlanOutput {
    fn state(&mut self, what: &str, said: &Json, is: &Json) {
        if said.is_null() {
            self.unknown += 1;
        } else if said == is || number(said).is_some() && number(said) == number(is) {
            self.known += 1;
        } else {
            self.falsehoods.push(format!("{what}: the review says {said}, and it is {is}"));
        }
    }

    fn side(&mut self, side: &str, row: &Json, world: &World) {
        let (address, said) = (row["address"].as_str().unwrap_or_default(), &row[side]);
        let Some(name) = row["name"].as_str() else {
            self.unknown += 1;
            return;
        };
        // A replacement under another name has the former name on the side before.
        if row["action"] == "replace" && side == "before" && !world.endpoints.contains_key(name) {
            return;
        }
        let what = format!("{address} ({name}) {side}");
        let found = world.endpoints.get(name);
        match said["exists"].as_str() {
            Some("unknown") => return self.unknown += 1,
            Some("yes") if found.is_some() => self.known += 1,
            Some("no") if found.is_none() => return self.known += 1,
            exists => {
                self.falsehoods.push(format!("{what}: exists {exists:?}, and it is {found:?}"));
                return;
            }
        }
        let (compute, is) = (&said["compute"], Size::of(found.unwrap_or(&Json::Null)));
        for (key, value) in is.facts() {
            self.state(&format!("{what} {key}"), &compute[key], &value);
        }
    }

    /// Sums that are known are those of what exists, and the others are lower bounds.
    fn totals(&mut self, side: &str, said: &Json, endpoints: &[&Json]) {
        let sizes: Vec<_> = endpoints.iter().map(|endpoint| Size::of(endpoint)).collect();
        let sum = |of: &dyn Fn(&Size) -> f64| sizes.iter().map(of).sum::<f64>();
        let flag = |is: bool| if is { 1.0 } else { 0.0 };
        for (key, is) in [
            ("endpoints", sum(&|_| 1.0)),
            ("computes", sum(&|it| it.computes)),
            ("always_on", sum(&|it| flag(it.always_on()))),
            ("high_availability", sum(&|it| flag(1.0 < it.computes))),
            ("floor_cu", sum(&Size::floor)),
            ("ceiling_cu", sum(&Size::ceiling)),
        ] {
            let sum = &said[key];
            let (known, unknown) = (sum["known"].as_f64().unwrap_or(-1.0), &sum["unknown"]);
            let is_right = if *unknown == 0 { near(known, is) } else { known <= is + 1e-6 };
            if is_right {
                self.known += 1;
            } else {
                self.falsehoods.push(format!(
                    "totals {side} {key}: the review says {known} and {unknown} unknown, it is {is}"
                ));
            }
        }
    }

    /// The totals differ by what the rows differ by, as far as all is known.
    fn sums(&mut self, reviewed: &Json) {
        let rows = || list(&reviewed["changes"]).filter(|row| row["subject"] != "defaults");
        let of = |side: &Json| match side["exists"].as_str() {
            Some("no") => Some(0.0),
            Some("yes") => side["compute"]["ceiling_cu"].as_f64(),
            _ => None,
        };
        let differences = rows().map(|row| Some(of(&row["after"])? - of(&row["before"])?));
        let Some(sum) = differences.sum::<Option<f64>>() else { return };
        let known = |side: &str| reviewed["totals"][side]["ceiling_cu"]["known"].as_f64();
        let total = known("after").unwrap_or_default() - known("before").unwrap_or_default();
        if !near(sum, total) {
            self.falsehoods.push(format!("the rows differ by {sum} CU, the totals by {total}"));
        }
    }

    /// What the plan knows, the review knows.
    fn needlessly_unknown(&mut self, reviewed: &Json, plan: &Json) {
        for change in list(&plan["resource_changes"]) {
            let (after, address) = (&change["change"]["after"], &change["address"]);
            if change["type"] != "lakebase_endpoint" || !after.is_object() {
                continue;
            }
            let name = &after["name"];
            let mut rows = list(&reviewed["changes"])
                .filter(|row| row["address"] == *address && row["subject"] == "compute");
            let Some(row) = rows.find(|row| name.is_null() || row["name"] == *name) else {
                continue;
            };
            let compute = &row["after"]["compute"];
            for (attribute, key) in [
                ("autoscaling_limit_min_cu", "min_cu"),
                ("autoscaling_limit_max_cu", "max_cu"),
                ("disabled", "disabled"),
            ] {
                let is_known = !after[attribute].is_null() && row["after"]["exists"] == "yes";
                if is_known && compute[key].is_null() {
                    self.falsehoods
                        .push(format!("{address}: {key} is not unknown, the plan has it"));
                }
            }
        }
    }
}

/// The size of an endpoint of the emulator.
struct Size {
    min: f64,
    max: f64,
    computes: f64,
    disabled: bool,
    suspends_after: Option<u64>,
}

impl Size {
    fn of(endpoint: &Json) -> Size {
        let status = &endpoint["status"];
        let timeout = status["suspend_timeout_duration"].as_str();
        let seconds = timeout.and_then(|text| text.strip_suffix('s')?.parse().ok());
        Size {
            min: status["autoscaling_limit_min_cu"].as_f64().unwrap_or_default(),
            max: status["autoscaling_limit_max_cu"].as_f64().unwrap_or_default(),
            computes: status["group"]["max"].as_f64().unwrap_or(1.0),
            disabled: status["disabled"] == true,
            suspends_after: seconds,
        }
    }

    fn always_on(&self) -> bool {
        !self.disabled && self.suspends_after.is_none()
    }

    fn ceiling(&self) -> f64 {
        if self.disabled { 0.0 } else { self.max * self.computes }
    }

    fn floor(&self) -> f64 {
        if self.always_on() { self.min * self.computes } else { 0.0 }
    }

    fn facts(&self) -> [(&'static str, Json); 7] {
        [
            ("min_cu", self.min.into()),
            ("max_cu", self.max.into()),
            ("computes", self.computes.into()),
            ("disabled", self.disabled.into()),
            ("always_on", self.always_on().into()),
            ("ceiling_cu", self.ceiling().into()),
            ("floor_cu", self.floor().into()),
        ]
    }
}

fn number(json: &Json) -> Option<f64> {
    json.as_f64()
}

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() < 1e-6
}

fn list(json: &Json) -> impl Iterator<Item = &Json> {
    json.as_array().into_iter().flatten()
}

/// Calls for each resource of a state's module, and of those in it.
pub(super) fn each_resource(module: &Json, call: &mut dyn FnMut(&Json)) {
    list(&module["resources"]).for_each(&mut *call);
    list(&module["child_modules"]).for_each(|module| each_resource(module, call));
}
