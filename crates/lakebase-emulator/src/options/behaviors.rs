//! Lists the behaviors of Lakebase that are inferred or disputed, one row each.
//!
//! A row carries the name, the certainty and the meaning of a behavior, and gives access to its
//! value. The options of the program, its help, BEHAVIORS.md and `GET /_emulator/rules` are all made
//! from the rows. The certainty is that of the default: REC (recorded from the service), DOC
//! (documented), KIT (second-hand documentation), FAKE (the Databricks CLI's own fake), CODE (what
//! public client code shows) or INF (inferred).
//!
//! Start reading at [`Behaviors`].

use std::fmt::Write as _;

use serde_json::{Value as Json, json};

use crate::options::{NeverSuspended, Options};

/// One inferred or disputed behavior.
#[derive(Debug)]
pub struct Behavior {
    field: &'static str,
    /// `INF`, `DOC`, …: how sure the default is.
    pub certainty: &'static str,
    /// The sections of the project's API reference.
    pub source: &'static str,
    /// What the behavior is about, in sentences.
    pub meaning: &'static str,
    /// The values that it takes: `true | false`.
    pub values: &'static str,
    read: fn(&Options) -> String,
    write: fn(&mut Options, &str) -> bool,
}

/// A type of values of behaviors.
trait Setting: Sized {
    const VALUES: &'static str;
    fn text(&self) -> String;
    fn parse(text: &str) -> Option<Self>;
}

impl Setting for bool {
    const VALUES: &'static str = "true | false";

    fn text(&self) -> String {
        self.to_string()
    }

    fn parse(text: &str) -> Option<bool> {
        text.parse().ok()
    }
}

impl Setting for u32 {
    const VALUES: &'static str = "a number";

    fn text(&self) -> String {
        self.to_string()
    }

    fn parse(text: &str) -> Option<u32> {
        text.parse().ok()
    }
}

/// Declares an enumeration whose values have names on the command line.
macro_rules! choice {
    ($(#[$outer:meta])* $name:ident = $values:literal {
        $($(#[$inner:meta])* $variant:ident = $text:literal,)+
    }) => {
        impl Setting for $name {
            const VALUES: &'static str = $values;

            fn text(&self) -> String {
                match self { $($name::$variant => $text.to_owned(),)+ }
            }

            fn parse(text: &str) -> Option<$name> {
                match text { $($text => Some($name::$variant),)+ _ => None }
            }
        }
    };
}

/// Which running operations exclude a change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Conflicts {
    /// Those on roles, databases and endpoints of the same branch; those on the same object; those
    /// that create, delete or restore what contains the object; those inside what is deleted.
    #[default]
    Documented,
    /// All in the same project.
    Project,
    /// None.
    None,
}

choice! { Conflicts = "documented | project | none" {
    Documented = "documented",
    Project = "project",
    None = "none",
} }

choice! { NeverSuspended = "absent | flag" {
    TimeoutAbsent = "absent",
    Flag = "flag",
} }

/// A row for the option at a path.
macro_rules! row {
    ($field:expr, $path:ident $(. $rest:ident)*, $type:ty, $certainty:literal, $source:literal, $meaning:expr) => {
        Behavior {
            field: $field,
            certainty: $certainty,
            source: $source,
            meaning: $meaning,
            values: <$type as Setting>::VALUES,
            read: |options| options.$path$(.$rest)*.text(),
            write: |options, text| match <$type as Setting>::parse(text) {
                Some(value) => {
                    options.$path$(.$rest)* = value;
                    true
                }
                None => false,
            },
        }
    };
}

/// Declares a struct of behaviors and its rows at once.
macro_rules! behaviors {
    (
        $(#[$outer:meta])*
        pub struct $name:ident at $path:ident, rows $rows:ident;
        $(#[doc = $doc:literal] $(#[doc = $more:literal])*
        $field:ident: $type:ty = $default:expr, $certainty:literal, $source:literal;)+
    ) => {
        $(#[$outer])*
        pub struct $name {
            $(#[doc = $doc] $(#[doc = $more])* pub $field: $type,)+
        }

        impl Default for $name {
            fn default() -> $name {
                $name { $($field: $default,)+ }
            }
        }

        pub(super) static $rows: &[Behavior] = &[$(
            row!(
                stringify!($field), $path.$field, $type, $certainty, $source,
                concat!($doc $(, $more)*)
            ),
        )+];
    };
}
mod deviations;

pub use deviations::Deviations;

behaviors! {
    /// How the emulator behaves where the service's behavior is inferred or disputed. Each field is
    /// one behavior; the program has an option of the same name.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Behaviors at behaviors, rows ROWS;

    /// Which running operations exclude a change. `documented`: those on roles, databases and
    /// endpoints of the same branch (DOC); those on the same object, those that create, delete or
    /// restore what contains it, and those inside what is deleted (INF). `project`: all in the same
    /// project. `none`: none.
    conflicts: Conflicts = Conflicts::Documented, "DOC", "6.6, 14.20";
    /// Whether catalogs, synced tables, data APIs, CDF configs and snapshot schedules exclude other
    /// changes on their branch, as roles, databases and endpoints do.
    exclude_all_in_branch: bool = true, "INF", "6.6";
    /// Whether an update of an endpoint is refused while the endpoint is being reconciled. For
    /// deletes this is recorded.
    refuse_updates_while_reconciling: bool = true, "INF", "3.3, 5.3";
    /// Whether an endpoint that is created while the one of the same name before it is being
    /// reconciled is accepted, and then unreadable by name while lists show it (recorded). Otherwise
    /// the create is refused (recorded, too).
    accept_unreadable_endpoints: bool = false, "REC", "5.3, 14.19";
    /// Whether fields that the API does not have are ignored in bodies. Otherwise they are refused.
    ignore_unknown_fields: bool = false, "INF", "1.1";
    /// Whether integers may be sent as text, as protobuf's JSON allows.
    accept_numbers_as_text: bool = false, "INF", "1.3";
    /// Whether `undelete` and `password` need the body `{}`, which all known clients send.
    require_verb_bodies: bool = true, "INF", "1.2";
    /// Whether a `page_size` above 100 counts as 100. Otherwise it is refused.
    accept_large_pages: bool = false, "INF", "1.5";
    /// Whether a database without `database_id` gets a generated one, as documented. Otherwise the
    /// create is refused, as by the fake.
    generate_database_ids: bool = true, "DOC", "7.1, 11.21";
    /// Whether an adoption of a database may leave out its owner, which then remains.
    adopt_databases_without_owner: bool = false, "INF", "6.3";
    /// Whether an adoption of a role resets the attributes that the request leaves out.
    reset_adopted_roles: bool = false, "DOC", "6.3, 11.9";
    /// Whether every update of a role replaces its memberships, which is the stricter reading of the
    /// documentation. Otherwise only an update by `spec` or `*` does.
    replace_memberships_always: bool = true, "INF", "3.4, 13.1";
    /// Whether a password is revealed although the project's `enable_pg_native_login` is false.
    reveal_unusable_passwords: bool = false, "INF", "3.4";
    /// Whether the ID of a soft-deleted branch is free at once. Otherwise it remains reserved for 7
    /// days, as recorded for projects.
    free_deleted_branch_ids: bool = false, "INF", "1.6c, 6.4";
    /// Whether an expired branch is soft-deleted, and its ID reserved. Otherwise it is removed.
    soft_delete_expired_branches: bool = false, "INF", "6.5";
    /// Whether a branch that expires can be the source of other branches.
    branch_from_expiring: bool = false, "INF", "6.5";
    /// Whether any branch can be the source of a snapshot, and have a snapshot schedule. Otherwise only
    /// a root branch can, as the user documentation says.
    snapshot_child_branches: bool = false, "DOC", "3.11";
    /// Whether a snapshot schedule leaves an hour out that is 0, as protobuf's JSON may.
    omit_midnight: bool = false, "INF", "1.2, 3.11";
    /// Whether the create of a branch that exists is answered `400 BAD_REQUEST`, as public code has
    /// seen. Otherwise it is answered `409 ALREADY_EXISTS`, as recorded.
    duplicate_branch_is_bad_request: bool = false, "REC", "5.3, 14.15";
    /// Whether a new compute takes its sizes from the project's defaults, as it takes the recorded
    /// suspension. Otherwise they are 1 CU.
    inherit_sizes: bool = true, "INF", "3.3";
    /// The largest maximum of a compute that scales. The API's own documentation names 64.
    largest_scaling_cu: u32 = 32, "KIT", "7.2";
    /// The smallest size above `largest-scaling-cu` that a compute of fixed size may have. Newer
    /// documentation names 40.
    smallest_large_cu: u32 = 36, "KIT", "7.2";
    /// The widest distance of an autoscaling range. Older documentation names 8.
    max_range_cu: u32 = 16, "DOC", "7.2";
    /// The major version of PostgreSQL of a project that names none.
    default_pg_version: u32 = 17, "KIT", "7.3";
    /// Whether a compute becomes idle after its suspend timeout. Without PostgreSQL, connections do not reach the
    /// emulator, so that the time counts from the last change.
    scale_to_zero: bool = true, "INF", "6.8";
    /// Whether operations are done in the first answer already, if they take no time.
    done_at_once: bool = false, "FAKE", "6.8";
    /// Whether a project on which the caller has no permission is answered `404 NOT_FOUND`. Otherwise
    /// it is answered `403 PERMISSION_DENIED`.
    hide_projects: bool = false, "INF", "10, 12";
    /// Whether answers carry the submitted `spec` beside `status`. Lakebase did so for some weeks.
    echo_spec: bool = false, "REC", "6.9";
}

/// How a status shows "never suspends": its place among the options is older than this list.
static NEVER_SUSPENDED: Behavior = row!(
    "never_suspended",
    report_never_suspended_as,
    NeverSuspended,
    "INF",
    "12",
    " How a status shows that a compute never suspends: by the absence of a timeout, or also by\
     \x20`no_suspension: true`."
);

impl Behavior {
    /// All rows.
    pub fn all() -> impl Iterator<Item = &'static Behavior> {
        ROWS.iter().chain([&NEVER_SUSPENDED]).chain(deviations::ROWS)
    }

    /// The row of that name.
    pub fn named(name: &str) -> Option<&'static Behavior> {
        Behavior::all().find(|behavior| behavior.name() == name)
    }

    /// As on the command line: `echo-spec`.
    pub fn name(&self) -> String {
        self.field.replace('_', "-")
    }

    /// The value in these options.
    pub fn value(&self, options: &Options) -> String {
        (self.read)(options)
    }

    /// Sets the value.
    ///
    /// # Errors
    ///
    /// If the behavior has no such value.
    pub fn set(&self, options: &mut Options, value: &str) -> Result<(), String> {
        if (self.write)(options, value) {
            return Ok(());
        }
        Err(format!("`{}` must be {}, not `{value}`", self.name(), self.values))
    }

    /// The meaning without the blanks of its source.
    fn sentences(&self) -> String {
        self.meaning.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    fn default(&self) -> String {
        self.value(&Options::default())
    }
}

/// The options of the program that set behaviors, for its help.
pub fn help() -> String {
    let mut text = String::new();
    for behavior in Behavior::all() {
        let values = behavior.values.replace(" | ", "|");
        let (name, default) = (behavior.name(), behavior.default());
        let _ = writeln!(text, "  --{name} {values}  (default {default}, {})", behavior.certainty);
        let mut line = String::from("     ");
        for word in behavior.sentences().replace('`', "").split(' ') {
            if line.len() + word.len() > 96 {
                let _ = writeln!(text, "{line}");
                line = String::from("     ");
            }
            let _ = write!(line, " {word}");
        }
        let _ = writeln!(text, "{line}");
    }
    text
}

/// BEHAVIORS.md.
#[cfg(test)]
fn documentation() -> String {
    let mut text = String::from(
        "# Inferred and disputed behaviors\n\n\
         Made from the rows in `src/options/behaviors.rs` by `UPDATE_EXPECT=1 cargo test -p \
         lakebase-emulator behaviors`. Each row is an option of the program (`--NAME VALUE`), a field \
         of the library's options, and a member of `GET` and `POST /_emulator/rules`. The certainty is \
         that of the default.\n\n\
         | name | values | default | certainty | reference | meaning |\n|---|---|---|---|---|---|\n",
    );
    for behavior in Behavior::all() {
        let _ = writeln!(
            text,
            "| `{}` | {} | `{}` | {} | {} | {} |",
            behavior.name(),
            behavior.values.replace(" | ", ", "),
            behavior.default(),
            behavior.certainty,
            behavior.source,
            behavior.sentences()
        );
    }
    text
}

/// The answer of `GET /_emulator/rules`.
pub(crate) fn rules(options: &Options) -> Json {
    let rule = |behavior: &Behavior| {
        json!({
            "name": behavior.name(),
            "value": behavior.value(options),
            "default": behavior.default(),
            "values": behavior.values,
            "certainty": behavior.certainty,
            "source": behavior.source,
            "meaning": behavior.sentences(),
        })
    };
    json!({"rules": Behavior::all().map(rule).collect::<Vec<_>>()})
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn behaviors_are_documented_as_they_are_declared() {
        expect_test::expect_file!["../../BEHAVIORS.md"].assert_eq(&documentation());
    }

    #[test]
    fn each_behavior_has_a_name_of_its_own_and_takes_its_default() {
        let names: BTreeSet<String> = Behavior::all().map(Behavior::name).collect();
        assert_eq!(names.len(), Behavior::all().count());
        for behavior in Behavior::all() {
            let mut options = Options::default();
            assert_eq!(behavior.set(&mut options, &behavior.default()), Ok(()), "{behavior:?}");
            assert!(behavior.set(&mut options, "maybe").is_err(), "{behavior:?}");
            assert!(["REC", "DOC", "KIT", "FAKE", "CODE", "INF"].contains(&behavior.certainty));
        }
    }

    #[test]
    fn a_set_value_is_read_back() {
        let mut options = Options::default();
        let behavior = Behavior::named("conflicts").expect("it is declared");
        assert_eq!(behavior.set(&mut options, "project"), Ok(()));
        assert_eq!(options.behaviors.conflicts, Conflicts::Project);
        assert_eq!(behavior.value(&options), "project");
    }
}
