//! Judges an apply. This is the only place that says what must hold, whatever goes wrong:
//!
//! 1. **Plans change nothing.** A plan sends no mutation. (After a kill of Terraform, its provider
//!    ends the calls that are under way; until convergence, mutations may be that one's.)
//! 2. **Announced.** An object that a plan does not announce as destroyed or replaced exists after
//!    its apply. A managed object is announced by its own line of the plan. An object that the state
//!    does not manage goes with the object that contains it, and is announced by that line; so is
//!    a managed one in a plan with `-target`, where Terraform itself leaves lines out.
//! 3. **Replaced.** An object announced as created or replaced exists after an apply that
//!    succeeds. After an apply that is refused or fails, it exists after convergence (5).
//! 4. **Consent.** A project or branch is deleted permanently (`DELETE …?purge=true`) only if the
//!    plan announces it, and `purge_on_delete = true` is in its configuration or state, or in that
//!    of an object that contains it and that the plan announces as destroyed or replaced, too.
//! 5. **Convergence.** Every state reaches an empty plan. It then manages exactly what is
//!    configured, and Lakebase holds that and what comes along with it.
//!
//! The evidence is the plan as JSON, the requests that the emulator recorded, and the objects that
//! the emulator holds before and after. Objects are told apart by their `uid`: one that is deleted
//! and created again under its name is another object. Roles and databases have no `uid` and go
//! with their branch.

use std::collections::{BTreeMap, BTreeSet};

use lakebase_emulator::{Emulator, Recorded};
use serde_json::Value as Json;

use super::generator::{GeneratedConfig, Part};

/// The names of objects and their `uid`, or addresses and names.
pub(super) type Names = BTreeMap<String, String>;

/// The objects that Lakebase holds.
pub(super) fn held(emulator: &Emulator) -> Names {
    let with_uid = |name: String| {
        let uid = emulator.get(&name)?["uid"].as_str()?.to_owned();
        Some((name, uid))
    };
    emulator.names().into_iter().filter_map(with_uid).collect()
}

/// What a plan announces.
#[derive(Clone, Debug, Default)]
pub(super) struct Announced {
    /// The names of objects that are destroyed or replaced, and whether they have consent.
    destroyed: BTreeMap<String, bool>,
    /// The addresses of what is created or replaced.
    created: BTreeSet<String>,
    /// The names of all objects that the state manages.
    managed: BTreeSet<String>,
    targeted: bool,
    /// `create,delete lakebase_branch.dev (tainted)`: for people.
    pub(super) lines: Vec<String>,
    pub(super) replacements: u64,
}

impl Announced {
    /// By a plan as `terraform show -json` tells it.
    pub(super) fn by(plan: &Json, targeted: bool) -> Announced {
        let mut announced = Announced { targeted, ..Announced::default() };
        let list = |json: &Json| json.as_array().cloned().unwrap_or_default();
        for resource in list(&plan["prior_state"]["values"]["root_module"]["resources"]) {
            announced.managed.extend(resource["values"]["name"].as_str().map(str::to_owned));
        }
        for resource in list(&plan["resource_changes"]) {
            let change = &resource["change"];
            let actions: Vec<_> = list(&change["actions"]);
            let does = |action: &str| actions.iter().any(|it| it == action);
            let address = resource["address"].as_str().unwrap_or_default();
            let is_ours = resource["type"].as_str().is_some_and(|it| it.starts_with("lakebase_"));
            if !is_ours {
                continue;
            }
            if !does("no-op") && !does("read") {
                let actions: Vec<_> = actions.iter().filter_map(Json::as_str).collect();
                let reason = resource["action_reason"].as_str().unwrap_or_default();
                announced.lines.push(format!("{} {address} ({reason})", actions.join(",")));
            }
            if let (true, Some(name)) = (does("delete"), change["before"]["name"].as_str()) {
                let consent = |part: &Json| part["purge_on_delete"] == true;
                let consents = consent(&change["before"]) || consent(&change["after"]);
                announced.destroyed.insert(name.to_owned(), consents);
                announced.managed.insert(name.to_owned());
                announced.replacements += u64::from(does("create"));
            }
            if does("create") {
                announced.created.insert(address.to_owned());
            }
        }
        announced
    }

    /// Adds what an earlier plan announced whose apply was killed: its last request may still take
    /// effect.
    pub(super) fn or(mut self, earlier: &Announced) -> Announced {
        for (name, consents) in &earlier.destroyed {
            *self.destroyed.entry(name.clone()).or_default() |= consents;
        }
        self.targeted |= earlier.targeted;
        self
    }

    /// Whether the object itself, or one that contains it, is destroyed and meets the condition.
    fn any(&self, name: &str, condition: impl Fn(&str, bool) -> bool) -> bool {
        let contains = |holder: &str| name == holder || name.starts_with(&format!("{holder}/"));
        self.destroyed
            .iter()
            .any(|(holder, consents)| contains(holder) && condition(holder, *consents))
    }
}

/// Rule 1.
pub(super) fn of_a_plan(requests: &[Recorded]) -> Vec<String> {
    let mutations = requests.iter().filter(|it| it.is_mutation());
    mutations.map(|request| format!("A plan sent {} {}.", request.method, request.path)).collect()
}

/// Rules 2 to 4. `stored` are the addresses and names in the state, after an apply that succeeded.
pub(super) fn of_an_apply(
    announced: &Announced,
    before: &Names,
    after: &Names,
    requests: &[Recorded],
    stored: Option<&Names>,
) -> Vec<String> {
    let mut violations = Vec::new();
    for (name, _) in before.iter().filter(|(name, uid)| after.get(*name) != Some(uid)) {
        let by_container = announced.targeted || !announced.managed.contains(name);
        if !announced.any(name, |destroyed, _| destroyed == name || by_container) {
            violations.push(format!("`{name}` is lost, and the plan did not announce it."));
        }
    }
    for address in announced.created.iter().filter(|_| stored.is_some()) {
        let name = stored.and_then(|it| it.get(address));
        if name.is_none_or(|it| !after.contains_key(it)) {
            violations.push(format!("`{address}` does not exist after its creation."));
        }
    }
    let purge = ("purge".to_owned(), "true".to_owned());
    for request in requests
        .iter()
        .filter(|request| request.method == "DELETE" && request.query.contains(&purge))
    {
        let name = request.path.trim_start_matches("/api/2.0/postgres/");
        let is_announced = announced.destroyed.contains_key(name);
        if !is_announced || !announced.any(name, |_, consents| consents) {
            violations.push(format!("`{name}` was deleted permanently without consent."));
        }
    }
    violations
}

/// Rule 5, except for the empty plan. `exactly`: Lakebase holds nothing else.
pub(super) fn of_an_end(
    shop: &GeneratedConfig,
    states: &[(Part, Names)],
    held: &Names,
    exactly: bool,
) -> Vec<String> {
    let mut violations = Vec::new();
    for (part, stored) in states {
        let managed = shop.managed(*part);
        // What is gone stays in the file of a state until its next apply.
        let mut stored = stored.clone();
        stored.retain(|_, name| held.contains_key(name));
        if stored != managed {
            violations.push(format!("{part:?} manages {stored:?} instead of {managed:?}."));
        }
    }
    let held: BTreeSet<_> = held.keys().cloned().collect();
    let expected = shop.held();
    if exactly && held != expected || !held.is_superset(&expected) {
        violations.push(format!("Lakebase holds {held:?} instead of {expected:?}."));
    }
    violations
}
