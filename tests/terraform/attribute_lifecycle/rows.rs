//! The rows of the matrix: each attribute of a table that can be set, with two values.
//!
//! A value follows from the kind of the attribute. Where it must fit something else, the attribute
//! stands in [`EXCEPTIONS`], with the reason.

use lakebase::{AnyField, Check, Kind, Place, Table};
use serde_json::{Map, Value as Json, json};

/// One attribute, or one member of an attribute whose members are masked one by one.
pub(super) struct Row {
    pub(super) field: &'static AnyField,
    pub(super) member: Option<&'static AnyField>,
    /// What is configured first, and what then.
    pub(super) settings: [(&'static str, Json); 2],
    pub(super) exception: Exception,
}

/// What does not follow from a declaration.
#[derive(Clone, Copy)]
pub(super) struct Exception {
    /// `type.attribute` or `type.attribute.member`; of any attribute with these members.
    attribute: &'static str,
    /// Both values, as JSON; empty: as for all.
    values: [&'static str; 2],
    /// What else is configured, in HCL.
    pub(super) beside: &'static str,
    /// How the service reports a change behind Terraform's back; empty: under the attribute's path.
    pub(super) drift: &'static str,
    /// Under which path of `spec` it is sent, if not its own.
    pub(super) sent_at: &'static str,
    /// Whether an import leaves it null, so that the plan of the import stores what is configured,
    /// and sends nothing.
    pub(super) import_leaves_null: bool,
    /// What drifts along with it.
    pub(super) along: &'static [&'static str],
    #[expect(dead_code, reason = "for who reads the table")]
    because: &'static str,
}

const NONE: Exception = Exception {
    attribute: "",
    values: [""; 2],
    beside: "",
    drift: "",
    sent_at: "",
    import_leaves_null: false,
    along: &[],
    because: "",
};

const EXCEPTIONS: &[Exception] = &[
    Exception {
        attribute: "lakebase_endpoint.autoscaling_limit_min_cu",
        along: &["capacity"],
        because: "it is computed from the limits",
        ..NONE
    },
    Exception {
        attribute: "lakebase_endpoint.autoscaling_limit_max_cu",
        along: &["capacity"],
        because: "it is computed from the limits",
        ..NONE
    },
    Exception {
        attribute: "lakebase_project.default_endpoint_settings",
        along: &["default_endpoint_capacity"],
        because: "it is computed from the limits",
        ..NONE
    },
    Exception {
        attribute: "lakebase_project.custom_tags",
        drift: r#"{"custom_tags": [{"key": "b", "value": "3"}]}"#,
        sent_at: "custom_tags",
        along: &["effective_custom_tags"],
        because: "what is sent are all tags, those of the provider block included",
        ..NONE
    },
    Exception {
        attribute: "lakebase_project.initial_endpoint",
        values: [r#"{"autoscaling_limit_max_cu": 2}"#, r#"{"autoscaling_limit_max_cu": 4}"#],
        because: "only one arm of `suspension` can be set, and `group` demands one of them",
        ..NONE
    },
    Exception {
        attribute: "lakebase_branch.source_branch",
        values: [r#""projects/home/branches/production""#, r#""projects/home/branches/home""#],
        because: "it must be there",
        ..NONE
    },
    Exception {
        attribute: "lakebase_branch.source_branch_lsn",
        values: [r#""0/1A""#, r#""0/1B""#],
        import_leaves_null: true,
        because: "it has a form; an import stores the time, beside which it cannot be configured",
        ..NONE
    },
    Exception {
        attribute: "lakebase_branch.ttl",
        values: [r#""86400s""#, r#""172800s""#],
        drift: r#"{"expire_time": "2026-01-05T00:00:00Z"}"#,
        because: "the service reports when the branch expires, which must not be now",
        ..NONE
    },
    Exception {
        attribute: "lakebase_branch.expire_time",
        values: [r#""2026-01-10T00:00:01Z""#, r#""2026-01-11T00:00:01Z""#],
        drift: r#"{"expire_time": "2026-01-12T00:00:01Z"}"#,
        because: "a branch expires in the future; a whole number of minutes reads as a `ttl`",
        ..NONE
    },
    Exception {
        attribute: "lakebase_branch.no_expiry",
        values: [r#""86400s""#, "true"],
        drift: r#"{"expire_time": "2026-01-05T00:00:00Z"}"#,
        because: "the service reports when the branch expires",
        ..NONE
    },
    Exception {
        attribute: "lakebase_branch.source_snapshot",
        values: [r#""projects/home/snapshots/first""#, r#""projects/home/snapshots/second""#],
        because: "it must be there",
        ..NONE
    },
    Exception {
        attribute: "lakebase_snapshot.source_branch",
        values: [r#""projects/home/branches/production""#, r#""projects/home/branches/home""#],
        because: "it must be there",
        ..NONE
    },
    Exception {
        attribute: "lakebase_snapshot.source_branch_time",
        import_leaves_null: true,
        because: "Lakebase does not report it",
        ..NONE
    },
    Exception {
        attribute: "lakebase_snapshot.source_branch_lsn",
        values: [r#""0/1A""#, r#""0/1B""#],
        import_leaves_null: true,
        because: "it has a form, and Lakebase does not report it",
        ..NONE
    },
    Exception {
        attribute: "lakebase_snapshot.expire_time",
        values: [r#""2126-01-10T00:00:01Z""#, r#""2126-01-11T00:00:01Z""#],
        because: "a snapshot expires in the future of this machine, too; a whole number of minutes reads as a `ttl`",
        ..NONE
    },
    Exception {
        attribute: "lakebase_snapshot_schedule.schedule",
        values: [
            r#"[{"retention": "604800s", "daily": {"hour": 0}}]"#,
            r#"[{"retention": "3600s", "weekly": {"day_of_week": "FRIDAY", "hour": 3}},
                {"retention": "86400s", "monthly": {"day": 31, "hour": 0}}]"#,
        ],
        drift: r#"{"schedule": [{"retention": "3600s", "monthly_schedule": {"day": 1}}]}"#,
        because: "one arm of a cadence is set, which has another name in the API",
        ..NONE
    },
    Exception {
        attribute: "lakebase_catalog.branch",
        values: [r#""projects/home/branches/home""#, r#""projects/home/branches/away""#],
        because: "it must be there",
        ..NONE
    },
    Exception {
        attribute: "lakebase_catalog.create_database_if_missing",
        values: ["true", "false"],
        because: "the database of the row does not exist",
        ..NONE
    },
    Exception {
        attribute: "lakebase_synced_table.source_table_full_name",
        values: [r#""main.sales.one""#, r#""main.sales.two""#],
        because: "it is a name in three parts",
        ..NONE
    },
    Exception {
        attribute: "lakebase_synced_table.branch",
        values: [r#""projects/home/branches/home""#, r#""projects/home/branches/away""#],
        because: "it must be there",
        ..NONE
    },
    Exception {
        attribute: "lakebase_synced_table.extra_columns",
        values: [
            r#"[{"column_name": "a", "column_type": "text", "maintenance": "STORED_GENERATED"}]"#,
            r#"[{"column_name": "b", "column_type": "text"}]"#,
        ],
        because: "there is one way to keep a column up to date",
        ..NONE
    },
    Exception {
        attribute: "lakebase_role.identity_type",
        values: [r#""GROUP""#, r#""USER""#],
        because: "an e-mail address may name both, but no service principal",
        ..NONE
    },
    Exception {
        attribute: "lakebase_endpoint.group",
        values: [r#"{"min": 2, "max": 2}"#, r#"{"min": 3, "max": 3}"#],
        beside: "no_suspension = true",
        drift: r#"{"group": {"min": 1, "max": 1}}"#,
        because: "`min` and `max` are equal, and more than one compute cannot suspend",
        ..NONE
    },
];

/// What a required attribute is where it is not what a row is about: its first value, if any object
/// may have it; otherwise one that names the row's own object.
pub(super) fn required(table: &Table, field: &AnyField, row: &Row, holder: Option<String>) -> Json {
    let path = format!("{}.{}", table.type_name, field.name);
    if field.name == row.field.name {
        return row.settings[1].1.clone(); // it stays what it was last
    }
    if let Some(exception) = REQUIRED.iter().find(|(name, _)| *name == path) {
        return json!(exception.1.replace("{}", &holder.unwrap_or_default()));
    }
    let given = EXCEPTIONS
        .iter()
        .find(|exception| exception.attribute == path)
        .map(|exception| exception.values[0]);
    if let Some(value) = given.and_then(|it| serde_json::from_str(it).ok()) {
        return value;
    }
    match (field.check, holder) {
        (Some(Check::Named(address)), Some(holder)) => {
            json!(address.join(Some(&holder), Some("first")))
        }
        // One that no other object has, and that may be that of a user.
        (check, _) if field.is_key || matches!(check, Some(Check::PostgresName)) => {
            json!(format!("{}@example.com", row.id()))
        }
        _ => value(field, 0),
    }
}

/// The values of required attributes that do not follow from their declarations; `{}` is the name of
/// what they are inside of.
const REQUIRED: &[(&str, &str)] = &[
    ("lakebase_endpoint.endpoint_type", "ENDPOINT_TYPE_READ_ONLY"),
    ("lakebase_catalog.branch", "projects/home/branches/home"),
    ("lakebase_cdf_config.postgres_schema", "one"),
    ("lakebase_snapshot.source_branch", "{}/branches/production"),
    ("lakebase_synced_table.branch", "projects/home/branches/home"),
    ("lakebase_synced_table.source_table_full_name", "main.sales.orders"),
];

/// What all objects of a type have that are to be created, but for the row of that attribute.
const IN_ALL: &[(&str, &str)] = &[
    ("lakebase_catalog.create_database_if_missing", "true"),
    ("lakebase_synced_table.postgres_database", "\"databricks_postgres\""),
];

/// The attributes of [`IN_ALL`] for a row.
pub(super) fn in_all(
    table: &Table,
    row: &Row,
) -> impl Iterator<Item = (&'static str, &'static str)> {
    IN_ALL.iter().filter_map(|(path, value)| {
        let (type_name, name) = path.split_once('.')?;
        (type_name == table.type_name && name != row.field.name).then_some((name, *value))
    })
}

/// What has no row.
const LEFT_OUT: &[(&str, &str)] = &[(
    "lakebase_endpoint.endpoint_type",
    "a branch has one read-write endpoint, which is never made",
)];

/// The rows of a table.
pub(super) fn rows(table: &'static Table) -> Vec<Row> {
    let settable = table.fields.iter().filter(|it| !it.is_output());
    let path = |field: &AnyField| format!("{}.{}", table.type_name, field.name);
    let settable = settable.filter(|field| LEFT_OUT.iter().all(|(name, _)| *name != path(field)));
    let mut rows = Vec::new();
    for field in settable {
        let exception = EXCEPTIONS.iter().find(|it| it.attribute == path(field));
        let exception = exception.copied().unwrap_or(NONE);
        match (field.kind, field.place) {
            (Kind::Object(members), Place::Spec(_)) if !field.whole => {
                rows.extend(members.iter().map(|member| Row {
                    field,
                    member: Some(member),
                    settings: settings(*member, members, &exception),
                    exception,
                }));
            }
            _ => {
                let settings = settings(*field, table.fields, &exception);
                rows.push(Row { field, member: None, settings, exception });
            }
        }
    }
    rows
}

/// The two settings of a field. A flag that is an arm of a choice is set after another arm, for it
/// cannot just be turned off.
fn settings(
    field: AnyField,
    fields: &'static [AnyField],
    exception: &Exception,
) -> [(&'static str, Json); 2] {
    let given = exception.values.map(|it| serde_json::from_str::<Json>(it).ok());
    let [first, second] = [0, 1].map(|at| given[at].clone().unwrap_or_else(|| value(&field, at)));
    match (field.kind, field.siblings(fields).next()) {
        (Kind::Bool, Some(other)) => {
            let first = given[0].clone().unwrap_or_else(|| value(other, 0));
            [(other.name, first), (field.name, json!(true))]
        }
        _ => [(field.name, first), (field.name, second)],
    }
}

/// A value as the API writes it, one of two.
fn value(field: &AnyField, at: usize) -> Json {
    match (field.kind, field.check) {
        (Kind::Bool, _) => json!(at == 1),
        (Kind::Float, Some(Check::Size(low, _))) if field.name.contains("_max_") => {
            number(low * [4.0, 8.0][at])
        }
        (Kind::Float, Some(Check::Size(low, _))) => number(low * [1.0, 2.0][at]),
        (Kind::Int, Some(Check::Between(low, _))) => number(low + [0.0, 1.0][at]),
        (Kind::Float | Kind::Int, _) => json!(at + 1),
        (Kind::Duration, Some(Check::Lasting(low, high))) => json!(seconds([low, high][at])),
        (Kind::Duration, _) => json!(["60s", "120s"][at]),
        (Kind::Timestamp, _) => json!(["2025-12-31T00:00:00Z", "2025-12-30T00:00:00Z"][at]),
        (Kind::Text, Some(Check::OneOf(texts))) => json!(texts[at]),
        // One of the two that there are besides the rows' own objects.
        (Kind::Text, Some(Check::Named(address))) if field.inside_of.is_some() => {
            json!(address.join(Some("projects/home/branches/home"), Some(["first", "second"][at])))
        }
        (Kind::Text, _) => json!(["one", "two"][at]),
        (Kind::Texts, Some(Check::OneOf(texts))) => [json!([texts[0]]), json!([])][at].clone(),
        (Kind::Texts, _) => json!([(["one", "two"][at])]),
        (Kind::TextMap | Kind::Tags, _) => json!({ "a": (at + 1).to_string() }),
        (Kind::Object(members), _) => {
            let members = members.iter().map(|member| (member.name.to_owned(), value(member, at)));
            Json::Object(members.collect::<Map<_, _>>())
        }
        (Kind::Objects(members) | Kind::ObjectSet(members), _) => {
            let members = members.iter().map(|member| (member.name.to_owned(), value(member, at)));
            json!([members.collect::<Map<_, _>>()])
        }
    }
}

/// As the service writes numbers: whole ones without a fraction.
fn number(number: f64) -> Json {
    serde_json::from_str(&number.to_string()).expect("a number is JSON")
}

/// `7d` in seconds, as the API writes it.
fn seconds(text: &str) -> String {
    let (number, unit) = text.split_at(text.len() - 1);
    let number: u64 = number.parse().expect("a duration has a number");
    let unit = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        _ => 86400,
    };
    format!("{}s", number * unit)
}

impl Row {
    /// `pg_settings`, or `default_endpoint_settings.pg_settings`.
    pub(super) fn path(&self) -> String {
        let member = self.member.map(|it| format!(".{}", it.name));
        format!("{}{}", self.field.name, member.unwrap_or_default())
    }

    /// The id of the row's own object.
    pub(super) fn id(&self) -> String {
        let path = self.path().replace(['.', '_'], "-");
        format!("x-{path}")
    }

    /// A path in the API, below `spec`: of the field itself, or of another one beside it.
    pub(super) fn api_path(&self, name: &str, fields: &'static [AnyField]) -> Option<String> {
        if !self.exception.sent_at.is_empty() {
            return Some(self.exception.sent_at.to_owned());
        }
        let outer = match self.field.place {
            Place::Spec(outer) => outer,
            Place::Body(path) => return Some(path.to_owned()),
            _ => return None,
        };
        let beside = self.member.map_or(Some(fields), |_| self.field.members())?;
        match beside.iter().find(|it| it.name == name)?.place {
            Place::Member(inner) => Some(format!("{outer}.{inner}")),
            Place::Spec(path) => Some(path.to_owned()),
            _ => None,
        }
    }

    /// The mask of an update, if a change is sent.
    pub(super) fn mask(&self, fields: &'static [AnyField]) -> Option<String> {
        if self.field.replaces || self.field.create_only {
            return None;
        }
        let leaf = self.member.unwrap_or(self.field);
        let path = self.api_path(leaf.name, fields)?;
        if matches!(self.field.place, Place::Body(_)) {
            return Some(path);
        }
        let Some(choice) = leaf.choice else { return Some(format!("spec.{path}")) };
        let outer = path.rsplit_once('.').map_or("spec".to_owned(), |(it, _)| format!("spec.{it}"));
        Some(format!("{outer}.{choice}"))
    }

    /// The attributes that a plan may show when this one drifts: it, the other arms of its choice,
    /// and results of them.
    pub(super) fn along(&self, fields: &'static [AnyField]) -> Vec<String> {
        let (leaf, beside) = match (self.member, self.field.members()) {
            (Some(member), Some(members)) => (member, members),
            _ => (self.field, fields),
        };
        let arms: Vec<_> = leaf.siblings(beside).map(|it| it.name).collect();
        let outer = self.member.map_or_else(String::new, |_| format!("{}.", self.field.name));
        let results = fields
            .iter()
            .filter(|field| field.is_output() && field.changes_with.contains(&leaf.name));
        let results = results.map(|field| field.name.to_owned());
        let arms = arms.iter().map(|it| format!("{outer}{it}"));
        let others = self.exception.along.iter().map(|it| (*it).to_owned());
        arms.chain(results).chain(others).collect()
    }
}

/// A value of a field as a body has it.
pub(super) fn in_a_body(row: &Row, value: &Json) -> Json {
    match (row.field.kind, value) {
        (Kind::Tags, Json::Object(tags)) => {
            tags.iter().map(|(key, value)| json!({ "key": key, "value": value })).collect()
        }
        (Kind::Objects(members), Json::Array(elements)) => {
            elements.iter().map(|it| in_the_api(members, it)).collect()
        }
        _ => value.clone(),
    }
}

/// An object with the names that its members have in the API.
fn in_the_api(members: &[AnyField], value: &Json) -> Json {
    let Json::Object(object) = value else { return value.clone() };
    let named = object.iter().map(|(name, value)| {
        let member = members.iter().find(|it| it.name == *name).expect("it is declared");
        let Place::Member(path) = member.place else { panic!("{name} is a member") };
        (path.to_owned(), in_the_api(member.members().unwrap_or_default(), value))
    });
    Json::Object(named.collect())
}

/// Branches with these IDs.
pub(super) fn branches(ids: &[String]) -> String {
    format!(
        r#"
resource "lakebase_branch" "rows" {{
  for_each  = toset({ids:?})
  project   = lakebase_project.home.name
  branch_id = each.value
}}
"#
    )
}
