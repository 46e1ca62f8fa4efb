//! `lakebase_role`: a role of PostgreSQL in a branch.
//!
//! A new branch has copies of the roles of the branch that it copies, and a role of its owner;
//! `replace_existing` adopts them.

use tfplugin::{Diagnostic, Diagnostics, Object};

use super::{BRANCH, CREATE_TIME, NAME, REPLACE_EXISTING, ROLE, TIMEOUTS, UPDATE_TIME};
use crate::model::field::{Bool, Field, IdRule, Nested, Text, Texts};
use crate::model::life::{Delete, HasCompute, Life};
use crate::model::table::{Change, Resource, Settings, Table, Timeouts};
use crate::model::tf::Tf;

const ROLE_ID: Field<Text> = Field::id("role_id")
    .doc("ID of the role: the last component of its resource name, for example `app`.")
    .note("The ID of a new role contains only lowercase letters, digits and hyphens. Put an e-mail address or an application ID into `postgres_role` instead. If omitted, Lakebase generates one.")
    .accepts(IdRule::LabelIfCreated)
    .or_generated();

const BRANCH_NAME: Field<Text> =
    Field::parent("branch", BRANCH).doc("Resource name of the branch that contains the role.");

/// Name of the role in PostgreSQL.
pub const POSTGRES_ROLE: Field<Text> = Field::spec("postgres_role")
    .doc("Name of the role in PostgreSQL.")
    .note("For a Databricks identity, set the e-mail address of the user, the application ID of the service principal, or the name of the group.")
    .required()
    .replaces()
    .at_most(255)
    .key();

const IDENTITY_TYPE: Field<Text> = Field::spec("identity_type")
    .doc("Type of the Databricks identity that logs in as the role. Null for a PostgreSQL role without a Databricks identity.")
    .one_of(&["USER", "SERVICE_PRINCIPAL", "GROUP"])
    .replaces();

const AUTH_METHOD: Field<Text> = Field::spec("auth_method")
    .doc("Authentication method of the role.")
    .note("Default: `LAKEBASE_OAUTH_V1` for a Databricks identity, otherwise `PG_PASSWORD_SCRAM_SHA_256`. Lakebase rejects `NO_LOGIN` when a role is created.")
    .one_of(&["LAKEBASE_OAUTH_V1", PASSWORD, NO_LOGIN])
    .replaces();

const ATTRIBUTES: Field<Nested> = Field::spec("attributes")
    .doc("PostgreSQL attributes of the role.")
    .members(&[
        Field::<Bool>::member("createdb").doc("Whether the role can create databases.").any(),
        Field::<Bool>::member("createrole").doc("Whether the role can create roles.").any(),
        Field::<Bool>::member("bypassrls")
            .doc("Whether the role bypasses row-level security.")
            .any(),
    ])
    .by_leaf();

const MEMBERSHIP_ROLES: Field<Texts> = Field::spec("membership_roles")
    .doc("Roles of which the role is a member.")
    .each_one_of(&["DATABRICKS_SUPERUSER"])
    .in_every_update();

const REASSIGN_OWNED_TO: Field<Text> =
    Field::on_delete("reassign_owned_to", "reassign_owned_to")
        .doc("Resource name of the role that receives the objects of this role when this role is deleted.")
        .note("Lakebase does not delete a role that owns objects unless this is set. Apply the setting before the delete. The reassignment needs a running endpoint.")
        .optional()
        .named(ROLE)
        .inside_of("branch");

/// The way of logging in with a password of PostgreSQL's own.
pub const PASSWORD: &str = "PG_PASSWORD_SCRAM_SHA_256";
const NO_LOGIN: &str = "NO_LOGIN";

/// The resource.
pub struct Role;

static TABLE: Table = Table {
    type_name: "lakebase_role",
    noun: "role",
    address: *ROLE,
    life: Life { delete: Delete::Plain, ..Life::OBJECT },
    compute: HasCompute::No,
    holds: &[],
    upgrades: &[],
    counterpart: "databricks_postgres_role",
    doc: "Manages a PostgreSQL role in a branch, for a Databricks user, service principal or group, or for login with a password. Grant privileges on schemas and tables in SQL.",
    timeouts: Timeouts { create: "20m", read: "5m", update: "20m", delete: "20m" },
    fields: &[
        ROLE_ID.any(),
        BRANCH_NAME.any(),
        POSTGRES_ROLE.any(),
        IDENTITY_TYPE.any(),
        AUTH_METHOD.any(),
        ATTRIBUTES.any(),
        MEMBERSHIP_ROLES.any(),
        REPLACE_EXISTING.any(),
        REASSIGN_OWNED_TO.any(),
        TIMEOUTS.any(),
        NAME.any(),
        CREATE_TIME.any(),
    ],
    readings: &[UPDATE_TIME.any()],
}
.checked();

impl Resource for Role {
    fn table(&self) -> &'static Table {
        &TABLE
    }

    fn validate(&self, config: &Object, _settings: &Settings, sink: &mut Diagnostics) {
        if IDENTITY_TYPE.of(config) == Tf::Null {
            sink.extend(POSTGRES_ROLE.of(config).known().and_then(|name| not_a_role(&name)));
        }
    }

    fn refuse_create(&self, planned: &Object, _now: jiff::Timestamp, sink: &mut Diagnostics) {
        sink.extend(no_login(planned));
    }

    fn plan(&self, change: &mut Change<'_>, sink: &mut Diagnostics) {
        if change.prior.is_none() && REPLACE_EXISTING.of(&change.planned) == Tf::Known(false) {
            sink.extend(no_login(&change.planned));
            if IDENTITY_TYPE.of(change.config) == Tf::Null {
                IDENTITY_TYPE.put(&mut change.planned, Tf::Null);
            }
        }
        let heir = REASSIGN_OWNED_TO.of(&change.planned).known();
        if heir.is_some() && heir == NAME.of(&change.planned).known() {
            let detail = "A role cannot receive its own objects. Set another role.";
            let summary = format!("Invalid {REASSIGN_OWNED_TO}");
            sink.push(Diagnostic::error(summary, detail).at(REASSIGN_OWNED_TO.name()));
        }
    }
}

/// PostgreSQL's own rules for the names of its roles. A Databricks identity is named elsewhere.
fn not_a_role(name: &str) -> Option<Diagnostic> {
    let is_reserved = name.starts_with("pg_") || ["public", "none"].contains(&name);
    let why = match name.len() {
        64.. => format!(
            "`{name}` has {} bytes. The maximum length of a PostgreSQL name is 63 bytes.",
            name.len()
        ),
        _ if is_reserved => format!("PostgreSQL reserves the name `{name}`."),
        _ => return None,
    };
    let summary = format!("Invalid {POSTGRES_ROLE}");
    Some(Diagnostic::error(summary, why).at(POSTGRES_ROLE.name()))
}

/// What Lakebase says to the create of a role that does not log in (API reference, 14).
fn no_login(planned: &Object) -> Option<Diagnostic> {
    (AUTH_METHOD.of(planned).known()? == NO_LOGIN).then(|| {
        let detail = "The API rejects it: `Creating roles with auth_method NO_LOGIN is not currently \
                      supported`. Omit `auth_method`, or create the role in SQL and import it.";
        let summary = format!("Invalid {AUTH_METHOD}");
        Diagnostic::error(summary, detail).at(AUTH_METHOD.name())
    })
}
