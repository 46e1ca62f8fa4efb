//! Each attribute that can be set × create, update, drift, removal, import.
//!
//! The rows come from the declarations, so that an attribute is covered the day it is declared.
//! Each row has an object of its own, in which it alone is set, and all rows of a resource go
//! through the same few runs of Terraform:
//!
//! | step | what holds |
//! |---|---|
//! | create | the value is in the body of the one POST; the plan is empty |
//! | update | one PATCH with exactly its mask; or a replacement; or nothing, where nothing is sent |
//! | drift | the plan shows exactly it, and one PATCH with exactly its mask puts it back |
//! | removal | nothing is sent, and what the service keeps stays in the state |
//! | import | the plan is empty |

mod rows;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use lakebase::declarations::Create;
use lakebase::{AnyField, Default, IdRule, Place, Table};
use lakebase_emulator::{Behaviors, Options, Quotas, Recorded};
use serde_json::{Value as Json, json};

use crate::workbench::Workbench;
use rows::{Row, in_a_body, required, rows};

/// A test for each resource.
macro_rules! matrix {
    ($($test:ident $type:literal)*) => {
        $(#[test]
        fn $test() {
            Matrix::new(stringify!($test), $type).run();
        })*

        const TYPES: &[&str] = &[$($type),*];
    };
}

matrix! {
    every_attribute_of_a_project "lakebase_project"
    every_attribute_of_a_branch "lakebase_branch"
    every_attribute_of_a_snapshot "lakebase_snapshot"
    every_attribute_of_a_snapshot_schedule "lakebase_snapshot_schedule"
    every_attribute_of_an_endpoint "lakebase_endpoint"
    every_attribute_of_a_role "lakebase_role"
    every_attribute_of_a_database "lakebase_database"
    every_attribute_of_a_data_api "lakebase_data_api"
    every_attribute_of_a_cdf_config "lakebase_cdf_config"
    every_attribute_of_a_catalog "lakebase_catalog"
    every_attribute_of_a_synced_table "lakebase_synced_table"
}

#[test]
fn every_resource_has_a_test() {
    // A credential is no object of the API: nothing of it is updated, drifts or is imported. A
    // setting of its parent is none either: tests/terraform/settings.rs has its life, and
    // tests/terraform/permissions.rs that of permissions.
    let objects = lakebase::tables().filter(|table| table.address.is_object());
    assert_eq!(objects.map(|it| it.type_name).collect::<Vec<_>>(), TYPES);
}

/// What there is besides the rows' own objects, for them to be in and to refer to.
const SURROUNDINGS: &str = r#"
resource "lakebase_project" "home" {
  project_id = "home"
}

resource "lakebase_project" "away" {
  project_id = "away"
}

resource "lakebase_branch" "home" {
  project   = lakebase_project.home.name
  branch_id = "home"
}

resource "lakebase_branch" "away" {
  project   = lakebase_project.home.name
  branch_id = "away"
}

resource "lakebase_snapshot" "some" {
  for_each      = toset(["first", "second"])
  project       = lakebase_project.home.name
  snapshot_id   = each.value
  source_branch = "${lakebase_project.home.name}/branches/production"
}

resource "lakebase_role" "first" {
  for_each      = { home = lakebase_branch.home.name, away = lakebase_branch.away.name }
  branch        = each.value
  role_id       = "first"
  postgres_role = "first_role"
}

resource "lakebase_role" "second" {
  branch        = lakebase_branch.home.name
  role_id       = "second"
  postgres_role = "second_role"
}
"#;

/// What lets objects be replaced; an import cannot know it.
const UNPROTECTED: [&str; 2] = ["  deletion_protection = false\n", "  purge_on_delete = true\n"];

struct Matrix {
    bench: Workbench,
    table: &'static Table,
    rows: Vec<Row>,
}

/// What a configuration says of a row.
#[derive(Clone, Copy, PartialEq)]
enum Says {
    First,
    Second,
    Nothing,
}

impl Matrix {
    fn new(test: &str, type_name: &str) -> Matrix {
        let quotas = Quotas {
            unarchived_branches: 100,
            protected_branches: 100,
            active_computes: 100,
            snapshots: 100,
            ..Quotas::default()
        };
        let behaviors = Behaviors { snapshot_child_branches: true, ..Behaviors::default() };
        let options = Options { frozen_clock: true, quotas, behaviors, ..Options::default() };
        let bench = Workbench::with_options(test, options);
        let table = lakebase::tables().find(|it| it.type_name == type_name);
        let table = table.expect("it is declared");
        let matrix = Matrix { bench, table, rows: rows(table) };
        let databases = matrix.databases();
        let branches = rows::branches(&matrix.branches());
        matrix.bench.configure(&(SURROUNDINGS.to_owned() + &in_databases(&databases) + &branches));
        matrix.bench.terraform(&["apply", "-auto-approve"]).succeeded();
        for database in databases {
            let name = format!("projects/home/branches/home/databases/{database}");
            matrix.bench.emulator.change(&name, json!({"schemas": {"one": [], "two": []}}));
        }
        matrix.bench.remove("terraform.tfstate"); // somebody else's from now on
        matrix
    }

    fn run(&self) {
        self.creates();
        self.updates();
        self.drifts();
        self.is_removed();
        self.is_imported();
    }

    fn creates(&self) {
        self.says(Says::First);
        self.bench.forget_requests();
        self.bench.apply();
        for row in &self.rows {
            let sent = self.sent(row, Says::First);
            assert_eq!(sent.len(), 1, "{}: {sent:#?}", row.path());
            let is_post = self.table.life.create == Create::Post;
            assert_eq!(sent[0].method, if is_post { "POST" } else { "PATCH" });
            let (name, value) = &row.settings[0];
            let value = in_a_body(row, value);
            let found = match (row.field.place, row.api_path(name, self.table.fields)) {
                (Place::Initial(path) | Place::Body(path), _) => sent[0].body.get(path),
                (_, Some(path)) => sent[0].body["spec"].pointer(&pointer(&path)),
                _ => continue,
            };
            assert_eq!(found, Some(&value), "{}", row.path());
        }
    }

    fn updates(&self) {
        self.says(Says::Second);
        self.bench.forget_requests();
        let (told, plan) = self.plan();
        self.bench.terraform(&["apply", "saved"]).succeeded();
        for row in &self.rows {
            let change = self.change(&plan, "resource_changes", row);
            let change = &change.expect("a plan mentions every object")["change"];
            let sent = self.sent(row, Says::Second);
            if let Some(mask) = row.mask(self.table.fields) {
                assert_eq!(change["actions"], json!(["update"]), "{}", row.path());
                expect_mask(row, &sent, &mask);
            } else if row.field.replaces {
                assert_eq!(change["actions"], json!(["delete", "create"]), "{}", row.path());
            } else if matches!(row.field.place, Place::Initial(_) | Place::OnCreate)
                || row.field.is_never_reported
            {
                // How it was to be created is over.
                assert_eq!(change["actions"], json!(["no-op"]), "{}", row.path());
                assert!(sent.is_empty(), "{}: {sent:#?}", row.path());
                let warning = format!("Change to `{}` has no effect", row.path());
                let is_told = matches!(row.field.place, Place::Initial(_));
                assert_eq!(told.contains(&warning), is_told, "{told}");
            } else {
                assert_eq!(change["actions"], json!(["update"]), "{}", row.path());
                assert!(sent.is_empty(), "{}: {sent:#?}", row.path());
            }
        }
        self.bench.expect_empty_plan();
    }

    fn drifts(&self) {
        let drifting =
            || self.rows.iter().filter_map(|row| Some((row, row.mask(self.table.fields)?)));
        for (row, _) in drifting() {
            let status = self.drift(row);
            self.bench.emulator.change(&self.name(row, Says::Second), status);
        }
        self.bench.forget_requests();
        let (_, plan) = self.plan();
        for (row, _) in drifting() {
            for part in ["resource_drift", "resource_changes"] {
                let change = self.change(&plan, part, row);
                let change = change.unwrap_or_else(|| panic!("{} is not in {part}", row.path()));
                assert_eq!(change["change"]["actions"], json!(["update"]), "{}", row.path());
                let mut differences = self.differences(&change["change"]);
                assert!(differences.remove(&row.path()), "{} is not shown: {change:#}", row.path());
                for along in row.along(self.table.fields) {
                    differences.remove(&along);
                }
                assert!(differences.is_empty(), "{}: {differences:?}", row.path());
            }
        }
        self.bench.terraform(&["apply", "saved"]).succeeded();
        for (row, mask) in drifting() {
            expect_mask(row, &self.sent(row, Says::Second), &mask);
        }
        assert_eq!(self.bench.emulator.mutations().len(), drifting().count());
        self.bench.expect_empty_plan();
    }

    fn is_removed(&self) {
        self.says(Says::Nothing);
        self.bench.forget_requests();
        let (_, plan) = self.plan();
        for row in &self.rows {
            let change = self.change(&plan, "resource_changes", row);
            let change = &change.expect("a plan mentions every object")["change"];
            // What only Terraform knows goes back to its default.
            let is_known = row.mask(self.table.fields).is_some() || row.field.replaces;
            if is_known && !is_local(row) {
                assert_eq!(change["actions"], json!(["no-op"]), "{}", row.path());
            }
        }
        self.bench.terraform(&["apply", "saved"]).succeeded();
        let sent = self.bench.emulator.mutations();
        assert!(sent.is_empty(), "{sent:#?}");
        self.bench.expect_empty_plan();
    }

    /// The objects as they are now, found by their names. What the service does not know is left
    /// out of the configuration, for an import cannot know it either.
    fn is_imported(&self) {
        self.bench.remove("terraform.tfstate");
        let mut hcl = String::new();
        for row in &self.rows {
            let says = if is_local(row) { Says::Nothing } else { Says::Second };
            let [protection, consent] = UNPROTECTED;
            let mut resource = self.resource(row, says);
            for (name, value) in rows::in_all(self.table, row) {
                resource = resource.replace(&format!("  {name} = {value}\n"), "");
            }
            let is_unknown = |line: &&str| {
                let name = line.split('=').next().unwrap_or_default().trim();
                self.table.field(name).is_some_and(|field| field.is_required_to_create)
            };
            let known = resource.lines().filter(|line| !is_unknown(line));
            let resource = known.fold(String::new(), |text, line| text + line + "\n");
            hcl += &resource.replace(protection, "").replace(consent, "");
            let _ = write!(
                hcl,
                "\nimport {{\n  to = {}\n  id = \"{}\"\n}}\n",
                self.address(row),
                self.name(row, Says::Second)
            );
        }
        self.bench.configure(&hcl);
        self.bench.forget_requests();
        let (_, plan) = self.plan();
        for row in &self.rows {
            let change = self.change(&plan, "resource_changes", row);
            let change = &change.expect("a plan mentions every object")["change"];
            let expected = if row.exception.import_leaves_null { "update" } else { "no-op" };
            assert_eq!(change["actions"], json!([expected]), "{}: {change:#}", row.path());
        }
        self.bench.terraform(&["apply", "saved"]).succeeded();
        let sent = self.bench.emulator.mutations();
        assert!(sent.is_empty(), "{sent:#?}");
        self.bench.expect_empty_plan();
    }

    /// The IDs of the databases that hold the rows' own objects, where a database does.
    fn databases(&self) -> Vec<String> {
        let is_held = self.table.parent().is_some_and(|it| it.name == "database");
        let rows = self.rows.iter().filter(|_| is_held);
        rows.flat_map(|row| ["home", "away"].map(|place| format!("{place}-{}", row.id()))).collect()
    }

    /// The IDs of the branches of the rows' own objects, where a branch has one only.
    fn branches(&self) -> Vec<String> {
        let is_held = self.table.parent().is_some_and(|it| it.name == "branch");
        let rows = self.rows.iter().filter(|_| is_held && self.table.id().is_none());
        rows.flat_map(|row| ["home", "away"].map(|place| format!("{place}-{}", row.id()))).collect()
    }

    fn says(&self, says: Says) {
        let rows = self.rows.iter().map(|row| self.resource(row, says));
        self.bench.configure(&rows.collect::<String>());
    }

    /// A plan as people see it, and as JSON; it is saved to be applied.
    fn plan(&self) -> (String, Json) {
        let run = self.bench.terraform(&["plan", "-out=saved"]).succeeded();
        let plan = self.bench.terraform(&["show", "-json", "saved"]).succeeded().json();
        (run.output(), plan)
    }

    /// The row's own object.
    fn resource(&self, row: &Row, says: Says) -> String {
        let mut attributes = self.placed(row, says);
        let setting = match says {
            Says::First => Some(&row.settings[0]),
            Says::Second => Some(&row.settings[1]),
            Says::Nothing => None,
        };
        if let Some((name, value)) = setting.filter(|_| !is_place(row.field)) {
            let value = match row.member {
                Some(_) => json!({ *name: value }),
                None => value.clone(),
            };
            let name = if row.member.is_some() { row.field.name } else { name };
            attributes.insert(name, value.to_string());
        }
        let mut hcl = self.address(row).replace('.', "\" \"");
        hcl = format!("\nresource \"{hcl}\" {{\n  {}\n", row.exception.beside);
        for (name, value) in attributes {
            let _ = writeln!(hcl, "  {name} = {value}");
        }
        hcl + "}\n"
    }

    /// What says which object it is, and what every object of its type has.
    fn placed(&self, row: &Row, says: Says) -> BTreeMap<&'static str, String> {
        let mut attributes = BTreeMap::new();
        let second = |place| says != Says::First && row.field.place == place;
        if let Some(id) = self.table.id() {
            let end = if second(Place::Id) { "-2" } else { "" };
            let start = if id.id_rule == IdRule::UnityCatalog(3) { "main.public." } else { "" };
            let value = format!("\"{start}{}{end}\"", row.id());
            let has_words = matches!(id.id_rule, IdRule::Words);
            attributes.insert(id.name, if has_words { value.replace('-', "_") } else { value });
        }
        if let Some(parent) = self.table.parent() {
            let place = if second(Place::Parent) { "away" } else { "home" };
            let name = match parent.name {
                "project" => format!("projects/{place}"),
                "database" => {
                    format!("projects/home/branches/home/databases/{place}-{}", row.id())
                }
                _ if self.table.id().is_none() => {
                    format!("projects/home/branches/{place}-{}", row.id())
                }
                _ => format!("projects/home/branches/{place}"),
            };
            attributes.insert(parent.name, format!("\"{name}\""));
        }
        // A replacement under the same ID takes consent; it is not what these rows are about.
        let consents = row.field.replaces && row.field.place != Place::Id;
        if consents && self.table.field("purge_on_delete").is_some() {
            attributes.insert("purge_on_delete", "true".to_owned());
        }
        // The protection of a branch is a row, and off by default.
        let is_protected = self.table.field("deletion_protection").and_then(|it| it.default);
        if matches!(is_protected, Some(Default::Bool(true))) {
            attributes.insert("deletion_protection", "false".to_owned());
        }
        attributes.extend(rows::in_all(self.table, row).map(|(name, it)| (name, it.to_owned())));
        let is_required =
            |it: &&AnyField| (it.is_required() || it.is_required_to_create) && !is_place(it);
        for field in self.table.fields.iter().filter(is_required) {
            let holder =
                field.inside_of.map(|other| attributes[other].trim_matches('"').to_owned());
            attributes.insert(field.name, required(self.table, field, row, holder).to_string());
        }
        attributes
    }

    fn address(&self, row: &Row) -> String {
        format!("{}.{}", self.table.type_name, row.path().replace('.', "_"))
    }

    /// The full name of the row's own object.
    fn name(&self, row: &Row, says: Says) -> String {
        let placed = self.placed(row, says);
        let text = |field: &AnyField| placed[field.name].trim_matches('"').to_owned();
        let [id, parent] = [self.table.id(), self.table.parent()].map(|it| it.map(text));
        let name = self.table.address.join(parent.as_deref(), id.as_deref());
        name.expect("an object has a name")
    }

    /// What was sent that changes the row's own object.
    fn sent(&self, row: &Row, says: Says) -> Vec<Recorded> {
        let name = self.name(row, says);
        let (collection, id) = name.rsplit_once('/').expect("a name has an id");
        let sent = self.bench.emulator.mutations().into_iter();
        let is_about = |request: &Recorded| match request.method.as_str() {
            "POST" if self.table.address.has_id() => {
                request.path.ends_with(collection)
                    && request.query.iter().any(|(_, text)| text == id)
            }
            _ => request.path.ends_with(&name),
        };
        sent.filter(is_about).collect()
    }

    /// The part of a plan that is about the row's own object.
    fn change<'a>(&self, plan: &'a Json, part: &str, row: &Row) -> Option<&'a Json> {
        let address = self.address(row);
        plan[part].as_array()?.iter().find(|it| it["address"] == *address)
    }

    /// The attributes that a change changes, members one by one where masks name them.
    fn differences(&self, change: &Json) -> BTreeSet<String> {
        let (before, after) = (&change["before"], &change["after"]);
        let mut paths = Vec::new();
        for field in self.table.fields.iter().filter(|it| change["after_unknown"][it.name] != true)
        {
            match (field.members(), &before[field.name]) {
                (Some(members), Json::Object(_)) if !field.whole && !field.is_output() => {
                    let path = |it: &AnyField| format!("{}/{}", field.name, it.name);
                    paths.extend(members.iter().map(path));
                }
                _ => paths.push(field.name.to_owned()),
            }
        }
        let at = |object: &Json, path: &str| object.pointer(&format!("/{path}")).cloned();
        let differ = paths.into_iter().filter(|path| at(before, path) != at(after, path));
        differ.map(|it| it.replace('/', ".")).collect()
    }

    /// A change behind Terraform's back, away from the second value.
    fn drift(&self, row: &Row) -> Json {
        if !row.exception.drift.is_empty() {
            return serde_json::from_str(row.exception.drift).expect("an exception is JSON");
        }
        let (name, value) = match &row.settings {
            // The absence of a timeout reads as the flag.
            [(first, value), (second, _)] if first != second => (first, json!(value)),
            [(name, value), _] => (name, value.clone()),
        };
        let path = row.api_path(name, self.table.fields).expect("what is sent has a path");
        path.rsplit('.').fold(value, |value, key| json!({ key: value }))
    }
}

/// Databases with these IDs.
fn in_databases(ids: &[String]) -> String {
    format!(
        r#"
resource "lakebase_database" "rows" {{
  for_each            = toset({ids:?})
  branch              = lakebase_branch.home.name
  database_id         = each.value
  postgres_database   = each.value
  role                = lakebase_role.first["home"].name
  deletion_protection = false
}}
"#
    )
}

#[track_caller]
fn expect_mask(row: &Row, sent: &[Recorded], mask: &str) {
    let query = [("update_mask".to_owned(), mask.to_owned())];
    let is_right = |request: &Recorded| request.method == "PATCH" && request.query == query;
    assert!(sent.len() == 1 && is_right(&sent[0]), "{} {mask}: {sent:#?}", row.path());
}

/// Whether the attribute says which object it is.
fn is_place(field: &AnyField) -> bool {
    matches!(field.place, Place::Id | Place::Parent)
}

/// Whether the service knows nothing of it once the object is there.
fn is_local(row: &Row) -> bool {
    let sent = !row.exception.sent_at.is_empty();
    let is_told =
        matches!(row.field.place, Place::Spec(_) | Place::Body(_)) && !row.field.is_never_reported;
    !sent && !is_place(row.field) && !is_told
}

fn pointer(path: &str) -> String {
    format!("/{}", path.replace('.', "/"))
}
