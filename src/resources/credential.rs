//! `lakebase_credential`: a short-lived password, kept in the state.
//!
//! It is no object of the API: it cannot be read back or deleted, only issued anew.

use jiff::Timestamp;
use tfplugin::{Diagnostic, Diagnostics, Object};

use super::{ENDPOINT, TIMEOUTS};
use crate::model::address::Address;
use crate::model::field::{AnyField, Duration, Field, NestedList, Text, Timestamp as Time};
use crate::model::life::{Delete, HasCompute, Life};
use crate::model::meaning;
use crate::model::table::{Change, Resource, Settings, Table, Timeouts};
use crate::model::tf::Tf;

const DEFAULT_TTL: &str = "1h";
const DEFAULT_RENEW_BEFORE: &str = "15m";

/// The endpoint the credential is for.
pub const ENDPOINT_NAME: Field<Text> = Field::local("endpoint")
    .doc("Resource name of the endpoint that the credential is valid for.")
    .required()
    .named(ENDPOINT);

/// How long a credential lives.
pub const TTL: Field<Duration> = Field::local("ttl")
    .doc("Duration for which the credential is valid, for example `30m`. Lakebase checks the expiration only at login: open connections stay open.")
    .lasting("5m", "1h")
    .unless_given(DEFAULT_TTL);

/// What a credential may read.
pub const CLAIMS: Field<NestedList> = Field::local("claims")
    .doc("Restricts the credential to the listed Unity Catalog tables. If omitted, the credential has all permissions of its owner.")
    .each(&[
        Field::<Text>::member("permission_set")
            .doc("Permission set that the credential grants.")
            .required()
            .one_of(&["READ_ONLY"])
            .any(),
        RESOURCES,
    ]);

const RESOURCES: AnyField = Field::<NestedList>::member("resources")
    .doc("Tables to which the permission set applies.")
    .required()
    .each(&[Field::<Text>::member("table_name")
        .doc("Full name of a Unity Catalog table, for example `main.sales.orders`.")
        .required()
        .any()])
    .any();

const RENEW_BEFORE: Field<Duration> = Field::local("renew_before")
    .doc("Duration before the expiration in which a plan renews the credential. Must be shorter than `ttl`. The credential is renewed only when Terraform runs.")
    .unless_given(DEFAULT_RENEW_BEFORE);

/// The credential itself.
pub const TOKEN: Field<Text> = Field::computed("token")
    .doc("Password to log in with, as the identity that the provider authenticates as.")
    .sensitive()
    .changes_with(&["endpoint", "ttl", "claims"]);

/// When a credential ends.
pub const EXPIRE_TIME: Field<Time> = Field::computed("expire_time")
    .doc("Time at which the credential expires.")
    .changes_with(&["endpoint", "ttl", "claims"]);

/// The resource.
pub struct Credential;

static TABLE: Table = Table {
    type_name: "lakebase_credential",
    noun: "credential",
    address: Address::Issued,
    life: Life { delete: Delete::Forget, listed: false, ..Life::OBJECT },
    compute: HasCompute::No,
    holds: &[],
    upgrades: &[],
    counterpart: "",
    doc: "~> **The token is stored in the state in plain text.** If the consumer accepts ephemeral values, use the ephemeral resource `lakebase_credential` instead.\n\nManages a short-lived database credential for an endpoint, stored in the state. A plan renews the credential shortly before its expiration, or later.",
    timeouts: Timeouts { create: "5m", read: "5m", update: "5m", delete: "5m" },
    fields: &[
        ENDPOINT_NAME.any(),
        TTL.any(),
        CLAIMS.any(),
        RENEW_BEFORE.any(),
        TIMEOUTS.any(),
        TOKEN.any(),
        EXPIRE_TIME.any(),
    ],
    readings: &[],
}
.checked();

impl Resource for Credential {
    fn table(&self) -> &'static Table {
        &TABLE
    }

    fn validate(&self, config: &Object, _settings: &Settings, sink: &mut Diagnostics) {
        check_renewal(config, sink);
    }

    fn plan(&self, change: &mut Change<'_>, sink: &mut Diagnostics) {
        check_renewal(&change.planned, sink);
        let Some(prior) = change.prior else { return };
        if ends_soon(prior, &change.planned, change.now) {
            TOKEN.put(&mut change.planned, Tf::Unknown);
            EXPIRE_TIME.put(&mut change.planned, Tf::Unknown);
        }
    }
}

/// Whether the time to renew has come. A credential without an end was never issued.
fn ends_soon(prior: &Object, planned: &Object, now: Timestamp) -> bool {
    let (Tf::Known(end), Tf::Known(margin)) = (EXPIRE_TIME.of(prior), RENEW_BEFORE.of(planned))
    else {
        return true;
    };
    match (meaning::timestamp(&end), meaning::duration(&margin)) {
        (Ok(end), Ok(margin)) => end.duration_since(now) <= margin,
        _ => true,
    }
}

/// A credential that is renewed for its whole life would be new in every plan.
fn check_renewal(object: &Object, sink: &mut Diagnostics) {
    let length = |field: Field<Duration>, otherwise: &str| match field.of(object) {
        Tf::Known(text) => {
            let length = meaning::duration(&text).ok()?;
            let is_default = if text == otherwise { ", the default" } else { "" };
            Some((length, format!("`{text}`{is_default}")))
        }
        Tf::Null => {
            Some((meaning::duration(otherwise).ok()?, format!("`{otherwise}`, the default")))
        }
        Tf::Unknown => None,
    };
    let lengths = (length(TTL, DEFAULT_TTL), length(RENEW_BEFORE, DEFAULT_RENEW_BEFORE));
    if let (Some((ttl, ttl_text)), Some((margin, margin_text))) = lengths
        && ttl <= margin
    {
        let detail = format!(
            "`renew_before` ({margin_text}) must be shorter than `ttl` ({ttl_text}). Otherwise, every \
             plan would renew the credential."
        );
        let summary = "Invalid `renew_before`";
        sink.push(Diagnostic::error(summary, detail).at(RENEW_BEFORE.name()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::plan::{PlanContext, Planned, plan};

    const ISSUED: &str = "2026-01-01T12:00:00Z";

    fn credential(minutes: i64) -> (Object, Planned) {
        let mut config: Object = TABLE
            .fields
            .iter()
            .map(|field| (field.name.to_owned(), tfplugin::Value::Null))
            .collect();
        let endpoint = "projects/p/branches/b/endpoints/e".to_owned();
        ENDPOINT_NAME.put(&mut config, Tf::Known(endpoint));
        let settings = &Settings::default();
        let now: Timestamp = ISSUED.parse().unwrap();
        let occasion = |now| PlanContext { settings, now, replacing: None };
        let mut prior = plan(&Credential, None, &config, &occasion(now)).object;
        TOKEN.put(&mut prior, Tf::Known("secret".to_owned()));
        EXPIRE_TIME.put(&mut prior, Tf::Known("2026-01-01T13:00:00Z".to_owned()));
        let now = now + jiff::SignedDuration::from_mins(minutes);
        let planned = plan(&Credential, Some(&prior), &config, &occasion(now));
        (prior, planned)
    }

    #[test]
    fn a_credential_stays_until_its_end_is_near() {
        let (prior, planned) = credential(44);
        assert_eq!(planned.object, prior);
    }

    #[test]
    fn expiring_credential_is_renewed_in_place() {
        for minutes in [45, 59, 600] {
            let (_, planned) = credential(minutes);
            assert_eq!(TOKEN.of(&planned.object), Tf::Unknown, "after {minutes} minutes");
            assert_eq!(EXPIRE_TIME.of(&planned.object), Tf::Unknown);
            assert_eq!(planned.requires_replace, []);
        }
    }

    #[test]
    fn a_credential_that_lives_no_longer_than_the_default_margin_names_the_default() {
        let mut config = Object::new();
        TTL.put(&mut config, Tf::Known("10m".to_owned()));
        let mut sink = Diagnostics::new();
        Credential.validate(&config, &Settings::default(), &mut sink);
        let detail = sink.iter().next().map(|diagnostic| diagnostic.detail.as_str());
        let expected = "`renew_before` (`15m`, the default) must be shorter than `ttl` (`10m`). \
                        Otherwise, every plan would renew the credential.";
        assert_eq!(detail, Some(expected));
    }

    #[test]
    fn a_claim_is_named_by_its_place_in_the_list() {
        let claim = |permission: &str| {
            let members = [
                ("permission_set".to_owned(), permission.into()),
                ("resources".to_owned(), tfplugin::Value::List(Vec::new())),
            ];
            tfplugin::Value::Map(members.into())
        };
        let claims = tfplugin::Value::List(vec![claim("READ_ONLY"), claim("WRITE")]);
        let config: Object = [("claims".to_owned(), claims)].into();
        let mut sink = Diagnostics::new();
        crate::model::validate::validate(TABLE.fields, &config, &mut sink);
        let summaries: Vec<_> = sink.iter().map(|diagnostic| diagnostic.summary.as_str()).collect();
        assert_eq!(summaries, ["Invalid `claims[1].permission_set`"]);
    }

    #[test]
    fn renewal_period_must_be_shorter_than_the_credential_lifetime() {
        for (ttl, renew_before, refused) in
            [("1h", "59m", false), ("1h", "60m", true), ("10m", "15m", true)]
        {
            let mut config = Object::new();
            TTL.put(&mut config, Tf::Known(ttl.to_owned()));
            RENEW_BEFORE.put(&mut config, Tf::Known(renew_before.to_owned()));
            let mut sink = Diagnostics::new();
            Credential.validate(&config, &Settings::default(), &mut sink);
            assert_eq!(sink.has_errors(), refused, "{ttl} {renew_before}");
        }
    }
}
