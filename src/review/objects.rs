//! Lists what a plan does to data: what it destroys, and whether that can be restored; and which
//! protections and lifetimes it changes.

use jiff::Timestamp;

use super::message::Message;
use super::plan::Shift;
use crate::resources::project::HISTORY_RETENTION;

/// An object other than a compute that is destroyed, or whose protection or lifetime changes.
#[derive(Debug)]
pub struct ObjectRow {
    /// The address of the resource.
    pub address: String,
    /// The resource type, such as `lakebase_branch`.
    pub resource_type: String,
    /// What it is, e.g. `branch`.
    pub noun: String,
    /// Its resource name, as far as it is known.
    pub name: Option<String>,
    /// What happens to it, unless it stays.
    pub loss: Option<Loss>,
    /// The settings that change.
    pub shifts: Vec<Shift>,
}

/// How an object is lost.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Loss {
    /// Whether another object takes its place.
    pub replaced: bool,
    /// Whether it can be restored.
    pub restore: Restore,
}

/// Whether an object that is destroyed can be restored.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Restore {
    /// For a while; until then, if it is deleted when the plan is made.
    For7Days(Option<Timestamp>),
    /// Not by itself: its project can be restored, but only the root branch returns with it.
    WithoutItsProject,
    /// Nothing can restore the object. The sentences, if there are any, say what else is lost.
    Never(&'static str),
    /// It holds no data: creating it again restores it, but for what the sentences say.
    ByCreating(&'static str),
    /// It is not known.
    Unknown,
}

impl Restore {
    /// What it means, in a sentence, and the ID for programs.
    pub fn declared(self) -> (String, &'static str) {
        match self {
            Restore::For7Days(until) => {
                let until = until.map(|until| {
                    format!(" (until {} if applied now)", until.strftime("%Y-%m-%dT%H:%M:%SZ"))
                });
                let until = until.unwrap_or_default();
                (format!("It can be restored for 7 days{until}."), "for_7_days")
            }
            Restore::WithoutItsProject => (
                "Its project can be restored for 7 days, but only the root branch returns with it."
                    .to_owned(),
                "without_its_project",
            ),
            Restore::Never("") => ("It cannot be restored.".to_owned(), "never"),
            Restore::Never(lost) => (lost.to_owned(), "never"),
            Restore::ByCreating(lost) => (lost.to_owned(), "by_creating"),
            Restore::Unknown => {
                ("Whether it can be restored is not known yet.".to_owned(), "unknown")
            }
        }
    }
}

impl Restore {
    /// The same in a clause.
    pub fn clause(self) -> &'static str {
        match self {
            Restore::For7Days(_) => ", and can be restored for 7 days",
            Restore::WithoutItsProject => " with its project",
            Restore::Never(_) => " permanently",
            Restore::Unknown | Restore::ByCreating(_) => "",
        }
    }
}

impl ObjectRow {
    /// What happens, in a message for each thing.
    pub fn messages(&self) -> Vec<Message> {
        let (noun, address) = (&self.noun, self.address.as_str());
        let loss = self.loss.map(|loss| {
            let verb = if loss.replaced { "destroyed and created again" } else { "destroyed" };
            let restore = loss.restore.declared().0;
            Message::new(&format!("The {noun} {{}} is {verb}. {restore}"), &[address])
        });
        let shifts = self.shifts.iter().map(|shift| {
            let Shift { attribute, before, after, reduces_protection, is_lifetime } = shift;
            let effect = match (*is_lifetime, *reduces_protection) {
                (false, true) => "is less protected",
                (false, false) => "is better protected",
                (true, true) if *attribute == HISTORY_RETENTION.name() => "has a shorter history",
                (true, false) if *attribute == HISTORY_RETENTION.name() => "has a longer history",
                (true, true) => "expires earlier",
                (true, false) => "expires later, or never",
            };
            let text = format!("The {noun} {{}} {effect}: {{}} changes from {before} to {after}.");
            Message::new(&text, &[address, attribute])
        });
        loss.into_iter().chain(shifts).collect()
    }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use serde_json::{Value as Json, json};

    use super::super::plan;
    use super::super::summary::Summary;

    fn change(kind: &str, name: &str, actions: &Json, before: Json, after: Json) -> Json {
        let whole = |mut side: Json| {
            if side.is_object() {
                side["name"] = name.into();
                if kind == "lakebase_branch" && !name.ends_with("/production") {
                    side["source_branch"] = "projects/p/branches/production".into();
                }
            }
            side
        };
        json!({
            "address": format!("{kind}.x"), "mode": "managed", "type": kind,
            "change": {
                "actions": actions, "before": whole(before), "after": whole(after),
                "after_unknown": {},
            },
        })
    }

    #[track_caller]
    #[expect(clippy::needless_pass_by_value, reason = "`expect!` reads as what comes of the call")]
    fn check(changes: &[Json], expected: Expect) {
        let plan = json!({
            "format_version": "1.2", "timestamp": "2026-01-01T00:00:00Z",
            "resource_changes": changes,
        });
        let plan = plan::read(plan.to_string().as_bytes()).unwrap();
        let summary = Summary::of(plan, String::new());
        let messages = summary.objects.iter().flat_map(super::ObjectRow::messages);
        let text: String = messages.map(|it| it.plain() + "\n").collect();
        expected.assert_eq(&text);
    }

    const PROJECT: &str = "projects/p";
    const BRANCH: &str = "projects/p/branches/b";

    #[test]
    fn destroyed_data_states_whether_it_can_be_restored() {
        let (delete, null) = (json!(["delete"]), Json::Null);
        let purges = || json!({"purge_on_delete": true});
        let branch =
            |before: Json| change("lakebase_branch", BRANCH, &delete, before, null.clone());
        let project =
            |before: Json| change("lakebase_project", PROJECT, &delete, before, null.clone());
        check(
            &[branch(json!({}))],
            expect![[r#"
            The branch `lakebase_branch.x` is destroyed. It can be restored for 7 days (until 2026-01-08T00:00:00Z if applied now).
        "#]],
        );
        check(
            &[branch(purges())],
            expect![[r#"
            The branch `lakebase_branch.x` is destroyed. It cannot be restored.
        "#]],
        );
        check(
            &[branch(json!({})), project(json!({}))],
            expect![[r#"
            The branch `lakebase_branch.x` is destroyed. Its project can be restored for 7 days, but only the root branch returns with it.
            The project `lakebase_project.x` is destroyed. It can be restored for 7 days (until 2026-01-08T00:00:00Z if applied now).
        "#]],
        );
        check(
            &[branch(json!({})), project(purges())],
            expect![[r#"
            The branch `lakebase_branch.x` is destroyed. It cannot be restored.
            The project `lakebase_project.x` is destroyed. It cannot be restored.
        "#]],
        );
        // A root branch is deleted only with its project.
        let root = change(
            "lakebase_branch",
            "projects/p/branches/production",
            &delete,
            json!({}),
            null.clone(),
        );
        check(std::slice::from_ref(&root), expect![[""]]);
        check(
            &[root, project(json!({}))],
            expect![[r#"
                The branch `lakebase_branch.x` is destroyed. It can be restored for 7 days (until 2026-01-08T00:00:00Z if applied now).
                The project `lakebase_project.x` is destroyed. It can be restored for 7 days (until 2026-01-08T00:00:00Z if applied now).
            "#]],
        );
        let forgotten =
            change("lakebase_branch", BRANCH, &json!(["forget"]), json!({}), null.clone());
        check(&[forgotten], expect![[""]]);
        let database = "projects/p/branches/b/databases/app";
        let database = change(
            "lakebase_database",
            database,
            &delete,
            json!({"database_id": "app"}),
            null.clone(),
        );
        check(
            &[database],
            expect![[r#"
            The database `lakebase_database.x` is destroyed. It cannot be restored.
        "#]],
        );
        let role = "projects/p/branches/b/roles/app";
        check(&[change("lakebase_role", role, &delete, json!({}), null.clone())], expect![[""]]);
    }

    #[test]
    fn loss_besides_data_is_stated() {
        let (delete, null) = (json!(["delete"]), Json::Null);
        let catalog = change("lakebase_catalog", "catalogs/c", &delete, json!({}), null.clone());
        check(
            &[catalog],
            expect![[r#"
                The catalog `lakebase_catalog.x` is destroyed. The catalog is removed from Unity Catalog, with the permissions granted on it and on its contents. The database and its data remain.
            "#]],
        );
        let config = "projects/p/branches/b/databases/d/cdf-configs/c";
        let forces = |forces: bool| json!({"force_destroy": forces});
        for (actions, before, after, expected) in [
            (
                &delete,
                forces(false),
                null.clone(),
                expect![[r#"
                    The CDF config `lakebase_cdf_config.x` is destroyed. Changes are no longer replicated. The Delta tables remain, and so does the database.
                "#]],
            ),
            (
                &delete,
                forces(true),
                null.clone(),
                expect![[r#"
                    The CDF config `lakebase_cdf_config.x` is destroyed. `force_destroy` is `true`, so the Delta tables are dropped, with the changes that they record. The database and its data remain.
                "#]],
            ),
            (
                &json!(["delete", "create"]),
                forces(true),
                forces(false),
                expect![[r#"
                    The CDF config `lakebase_cdf_config.x` is destroyed and created again. Changes are no longer replicated. The Delta tables remain, and so does the database.
                "#]],
            ),
        ] {
            check(&[change("lakebase_cdf_config", config, actions, before, after)], expected);
        }
        let schedule = "projects/p/branches/b/snapshot-schedule";
        let schedule =
            change("lakebase_snapshot_schedule", schedule, &delete, json!({}), null.clone());
        check(
            &[schedule],
            expect![[r#"
            The snapshot schedule `lakebase_snapshot_schedule.x` is destroyed. Lakebase takes no more automatic snapshots of the branch. Snapshots that it has taken remain until they expire.
        "#]],
        );
        // The configuration decides about a replacement.
        let replaced = json!(["delete", "create"]);
        let snapshot = "projects/p/snapshots/s";
        let (week, never) = (json!({"ttl": "7d"}), json!({"no_expiry": true}));
        check(
            &[change("lakebase_snapshot", snapshot, &replaced, week, never)],
            expect![[r#"
                The snapshot `lakebase_snapshot.x` is destroyed and created again. A new snapshot contains the data of the time when it is taken. Branches that were restored from the snapshot remain.
            "#]],
        );
        let purges = json!({"purge_on_delete": true});
        let project = change("lakebase_project", PROJECT, &replaced, json!({}), purges);
        let kept = change("lakebase_branch", BRANCH, &json!(["no-op"]), json!({}), json!({}));
        check(
            &[project, kept],
            expect![[r#"
            The project `lakebase_project.x` is destroyed and created again. It cannot be restored.
            The branch `lakebase_branch.x` is destroyed. It cannot be restored.
        "#]],
        );
    }

    #[test]
    fn changed_protection_and_lifetime_are_reported() {
        let update = |kind: &str, name: &str, before: Json, after: Json| {
            change(kind, name, &json!(["update"]), before, after)
        };
        let on = json!({
            "deletion_protection": true, "purge_on_delete": false, "is_protected": true,
            "history_retention_duration": "604800s",
        });
        let off = json!({
            "deletion_protection": false, "purge_on_delete": true, "is_protected": false,
            "history_retention_duration": "2d",
        });
        check(
            &[update("lakebase_project", PROJECT, on.clone(), off.clone())],
            expect![[r#"
                The project `lakebase_project.x` is less protected: `deletion_protection` changes from true to false.
                The project `lakebase_project.x` is less protected: `is_protected` changes from true to false.
                The project `lakebase_project.x` is less protected: `purge_on_delete` changes from false to true.
                The project `lakebase_project.x` has a shorter history: `history_retention_duration` changes from 7d to 2d.
            "#]],
        );
        check(
            &[update("lakebase_project", PROJECT, off, on)],
            expect![[r#"
                The project `lakebase_project.x` is better protected: `deletion_protection` changes from false to true.
                The project `lakebase_project.x` is better protected: `is_protected` changes from false to true.
                The project `lakebase_project.x` is better protected: `purge_on_delete` changes from true to false.
                The project `lakebase_project.x` has a longer history: `history_retention_duration` changes from 2d to 7d.
            "#]],
        );
        let (never, day) = (json!({"no_expiry": true}), json!({"ttl": "1d"}));
        let time = json!({"expire_time": "2026-01-02T00:00:00Z", "no_expiry": false});
        check(
            &[update("lakebase_branch", BRANCH, never.clone(), day.clone())],
            expect![[r#"
                The branch `lakebase_branch.x` expires earlier: `ttl` changes from never to 1d after its creation.
            "#]],
        );
        check(
            &[update("lakebase_branch", BRANCH, day.clone(), json!({"ttl": "2d"}))],
            expect![[r#"
                The branch `lakebase_branch.x` expires later, or never: `ttl` changes from 1d after its creation to 2d after its creation.
            "#]],
        );
        check(
            &[update("lakebase_branch", BRANCH, day, time)],
            expect![[r#"
                The branch `lakebase_branch.x` expires earlier: `expire_time` changes from 1d after its creation to 2026-01-02T00:00:00Z.
            "#]],
        );
        check(&[update("lakebase_branch", BRANCH, never.clone(), never)], expect![[""]]);
    }
}
