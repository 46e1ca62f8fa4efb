//! Says how an object expires: a time to live, a point in time, or never. Reads back which of them
//! was configured, and knows when two of them mean the same.
//!
//! A resource whose objects expire has these attributes in its table, with notes of its own. The
//! rest follows here, and no resource is known here. Start reading at [`plan`].

use jiff::{SignedDuration, Timestamp};
use serde_json::Value as Json;
use tfplugin::{Diagnostic, Diagnostics, Object};

use super::field::{AnyField, Bool, Check, Duration, Field, Timestamp as Time};
use super::meaning;
use super::table::{Change, Table};
use super::tf::Tf;

/// How long an object exists, from its creation.
pub const TTL: Field<Duration> = Field::spec("ttl")
    .doc("Time to live, counted from creation, for example `7d`.")
    .choice("expiration");

/// When an object expires.
pub const EXPIRE_TIME: Field<Time> = Field::spec("expire_time")
    .doc("Time at which the object expires, in RFC 3339 format.")
    .choice("expiration");

/// That an object never expires.
pub const NO_EXPIRY: Field<Bool> = Field::spec("no_expiry")
    .doc("Whether the object never expires.")
    .choice("expiration")
    .unless_chosen();

/// When an object expires, however that was configured.
pub const EXPIRES_AT: Field<Time> = Field::status("expires_at")
    .doc("Effective expiration time, whether set through `ttl` or `expire_time`. Null if the object never expires.")
    .changes_with(&["ttl", "expire_time", "no_expiry"]);

const CREATE_TIME: Field<Time> = Field::root("create_time");

/// Whether objects of a resource expire.
pub fn expires(table: &Table) -> bool {
    table.field(EXPIRES_AT.name()).is_some()
}

/// When an object expired, if it has.
pub fn expired_at(table: &Table, state: &Object, now: Timestamp) -> Option<String> {
    let at = EXPIRES_AT.of(state).known().filter(|_| expires(table))?;
    meaning::timestamp(&at).is_ok_and(|time| time <= now).then_some(at)
}

/// Completes a planned create or update, and warns about a time that Lakebase may refuse.
pub fn plan(table: &Table, change: &mut Change<'_>, sink: &mut Diagnostics) {
    if !expires(table) {
        return;
    }
    let Change { prior, planned, settings, now, .. } = change;
    let changes = prior.is_none_or(|it| EXPIRE_TIME.of(it) != EXPIRE_TIME.of(planned));
    if settings.review_warnings && changes {
        sink.extend(finding(table, planned, *now).map(|(_, diagnostic)| diagnostic));
    }
    if NO_EXPIRY.of(planned) == Tf::Known(true) {
        EXPIRES_AT.put(planned, Tf::Null);
    } else if let Some(prior) = prior.filter(|prior| is_respelled(table, prior, planned)) {
        EXPIRES_AT.put(planned, EXPIRES_AT.of(prior));
    }
}

/// What makes a create certain to be refused.
pub fn refuse_create(table: &Table, planned: &Object, now: Timestamp, sink: &mut Diagnostics) {
    let found = finding(table, planned, now).filter(|_| expires(table));
    sink.extend(found.filter(|(is_past, _)| *is_past).map(|(_, diagnostic)| diagnostic));
}

/// What is wrong with a time of expiration, and whether it is past. A warning, because the clock of
/// this machine and that of Lakebase may differ, and the limit may move.
fn finding(table: &Table, planned: &Object, now: Timestamp) -> Option<(bool, Diagnostic)> {
    let text = EXPIRE_TIME.of(planned).known()?;
    let ahead = meaning::timestamp(&text).ok()?.duration_since(now);
    let is_past = ahead <= SignedDuration::ZERO;
    let longest = longest_life(table).filter(|longest| *longest < ahead);
    let (summary, detail) = match longest {
        _ if is_past => (
            "`expire_time` is in the past",
            format!("`{text}` is in the past. The API will probably reject it."),
        ),
        Some(longest) => (
            "`expire_time` is outside the documented range",
            format!(
                "`{text}` is more than {} days ahead, the maximum documented by Databricks. The API \
                 may reject it.",
                longest.as_hours() / 24
            ),
        ),
        None => return None,
    };
    Some((is_past, Diagnostic::warning(summary, detail).at(EXPIRE_TIME.name())))
}

/// How far ahead an object may expire: what is documented of its `ttl`.
fn longest_life(table: &Table) -> Option<SignedDuration> {
    match table.field(TTL.name())?.check? {
        Check::Lasting(_, longest) => meaning::duration(longest).ok(),
        _ => None,
    }
}

/// How far the life of an object may be from its `ttl`: Lakebase may count from another moment than
/// the creation time that it reports.
const TTL_TOLERANCE: SignedDuration = SignedDuration::from_secs(5);

/// The same for an imported object, which may or may not have been given a `ttl`: small, so
/// that an `expire_time` is seldom taken for one.
const IMPORTED_TTL_TOLERANCE: SignedDuration = SignedDuration::from_millis(500);

/// Whether a plan says in another attribute when the object expires already: nothing is to be sent,
/// and nothing replaced. Only where a change would replace: elsewhere an update says it exactly.
pub fn is_respelled(table: &Table, prior: &Object, planned: &Object) -> bool {
    let replaces = expires(table) && table.field(TTL.name()).is_some_and(|field| field.replaces);
    let time = |field: Field<Time>| meaning::timestamp(&field.of(prior).known()?).ok();
    let (Some(end), Some(created)) = (time(EXPIRES_AT), time(CREATE_TIME)) else {
        return false;
    };
    let wanted = match (TTL.of(prior), TTL.of(planned), EXPIRE_TIME.of(planned)) {
        (Tf::Null, Tf::Known(ttl), _) => {
            meaning::duration(&ttl).ok().and_then(|ttl| created.checked_add(ttl).ok())
        }
        (Tf::Known(_), Tf::Null, Tf::Known(time)) => meaning::timestamp(&time).ok(),
        _ => None,
    };
    let is_same = |time: Timestamp| time.duration_since(end).abs() <= TTL_TOLERANCE;
    replaces && wanted.is_some_and(is_same)
}

/// Whether an attribute says when an object expires.
pub fn is_arm(field: &AnyField) -> bool {
    field.choice == TTL.any().choice
}

/// Lakebase reports when an object expires, not how that was configured: one that was given a `ttl`
/// reads as one, and so does an imported one whose life is a whole number of minutes.
pub fn report(table: &Table, reported: &mut Json, prior: &Object) {
    if !expires(table) {
        return;
    }
    let expires = reported["status"]["expire_time"].take();
    let Some(status) = reported["status"].as_object_mut() else { return };
    status.remove("expire_time");
    let Some(expires) = expires.as_str().map(str::to_owned) else { return };
    status.insert("expires_at".to_owned(), expires.clone().into());
    let created = reported["create_time"].as_str().unwrap_or_default();
    let ttl = match (meaning::timestamp(&expires), meaning::timestamp(created)) {
        (Ok(expires), Ok(created)) => Some(expires.duration_since(created)),
        _ => None,
    };
    let known_ttl = TTL.of(prior).known().and_then(|it| meaning::duration(&it).ok());
    let is_known_time = matches!(EXPIRE_TIME.of(prior), Tf::Known(_));
    let ttl = ttl.and_then(|life| match known_ttl {
        Some(known) if (life - known).abs() <= TTL_TOLERANCE => Some(known),
        Some(_) => Some(life),
        None if is_known_time => None,
        None => {
            let minutes = SignedDuration::from_mins((life.as_secs() + 30) / 60);
            ((life - minutes).abs() <= IMPORTED_TTL_TOLERANCE).then_some(minutes)
        }
    });
    reported["status"][if ttl.is_some() { "ttl" } else { "expire_time" }] =
        ttl.map_or(expires, meaning::duration_json).into();
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use tfplugin::Value;

    use super::*;
    use crate::declarations::{ID, PURGE, sample};
    use crate::model::decode;
    use crate::model::life::{Life, Update};
    use crate::model::plan::{PlanContext, Planned};
    use crate::model::table::{Resource, Settings};

    const FIELDS: &[AnyField] = &[
        ID,
        PURGE,
        TTL.replaces().any(),
        EXPIRE_TIME.replaces().any(),
        NO_EXPIRY.replaces().any(),
        Field::<crate::model::field::Text>::root("name").doc("The name.").any(),
        EXPIRES_AT.any(),
        CREATE_TIME.doc("When it was created.").any(),
    ];
    static TABLE: Table = sample(FIELDS, Life { update: Update::Never, ..Life::OBJECT }).checked();

    /// It expires, and is never updated.
    struct Thing;

    impl Resource for Thing {
        fn table(&self) -> &'static Table {
            &TABLE
        }
    }

    const CREATED: &str = "2026-01-01T00:00:00Z";

    fn object(values: &[(&str, Value)]) -> Object {
        let all = FIELDS.iter().map(|field| (field.name.to_owned(), Value::Null));
        let id = [("thing_id".to_owned(), "t".into())];
        all.chain(id)
            .chain(values.iter().map(|(name, it)| ((*name).to_owned(), it.clone())))
            .collect()
    }

    fn read(status: &Json, known: &[(&str, Value)]) -> Object {
        let report = json!({"name": "things/t", "create_time": CREATED, "status": status});
        decode::state(&Thing, &report, &object(known), &Settings::default())
    }

    fn planned(prior: &Object, config: &[(&str, Value)], now: &str) -> Planned {
        let now = now.parse().expect("a time");
        let context = PlanContext { settings: &Settings::default(), now, replacing: None };
        crate::model::plan::plan(&Thing, Some(prior), &object(config), &context)
    }

    #[test]
    fn ttl_that_is_counted_from_another_moment_stays_the_same() {
        for (expires, known, ttl) in [
            ("2026-01-08T00:00:00.000004Z", "7d", Some("7d")),
            ("2026-01-07T23:59:58Z", "168h", Some("168h")),
            ("2026-01-08T00:01:00Z", "7d", Some("604860s")),
            ("2026-01-08T00:00:00.000004Z", "", Some("604800s")),
            ("2026-01-07T23:59:59.9Z", "", Some("604800s")),
            ("2026-01-08T00:00:01Z", "", None),
        ] {
            let known = [("ttl", known.into())];
            let known = if known[0].1 == "".into() { &[][..] } else { &known[..] };
            // An attribute that replaces keeps what is known of it, so that only results tell.
            let state = read(&json!({ "expire_time": expires }), known);
            let wanted = known.first().map(|(_, value)| value.as_str().expect("text")).or(ttl);
            assert_eq!(TTL.of(&state).known().as_deref(), wanted, "{expires}");
            assert_eq!(EXPIRE_TIME.of(&state) == Tf::Null, ttl.is_some(), "{expires}");
            assert_eq!(EXPIRES_AT.of(&state), Tf::Known(expires.to_owned()));
        }
    }

    #[test]
    fn switch_between_arms_that_replace_replaces_unless_the_end_is_the_same() {
        let week = ("ttl", Value::from("7d"));
        let (end, later) = ("2026-01-08T00:00:00Z", "2026-01-09T00:00:01Z");
        let until = |time: &str| ("expire_time", Value::from(time));
        let never = || ("no_expiry", Value::from(true));
        let of_week = read(&json!({ "expire_time": end }), std::slice::from_ref(&week));
        let of_time = read(&json!({ "expire_time": later }), &[until(later)]);
        let of_never = read(&json!({}), &[]);
        assert_eq!(NO_EXPIRY.of(&of_never), Tf::Known(true));
        for (prior, config, replaced) in [
            (&of_week, vec![week.clone()], vec![]),
            (&of_week, vec![("ttl", "168h".into())], vec![]),
            (&of_week, vec![], vec![]),
            (&of_week, vec![("ttl", "8d".into())], vec!["ttl"]),
            (&of_week, vec![until(later)], vec!["expire_time"]),
            (&of_week, vec![until(end)], vec![]),
            (&of_week, vec![until("2026-01-08T01:00:03+01:00")], vec![]),
            (&of_week, vec![never()], vec!["no_expiry"]),
            (&of_week, vec![until(later), ("no_expiry", false.into())], vec!["expire_time"]),
            (&of_week, vec![("expire_time", Value::unknown())], vec!["ttl"]),
            (&of_time, vec![until("2026-01-09T01:00:01+01:00")], vec![]),
            (&of_time, vec![("ttl", "691201s".into())], vec![]),
            (&of_time, vec![("ttl", "8d".into())], vec![]),
            (&of_time, vec![("ttl", "9d".into())], vec!["ttl"]),
            (&of_time, vec![never()], vec!["no_expiry"]),
            (&of_never, vec![week.clone()], vec!["ttl"]),
            (&of_never, vec![until(later)], vec!["expire_time"]),
            (&of_never, vec![], vec![]),
        ] {
            let plan = planned(prior, &config, CREATED);
            let paths: Vec<_> = plan.requires_replace.iter().map(ToString::to_string).collect();
            assert_eq!(paths, replaced, "{config:?}");
            let same = EXPIRES_AT.of(&plan.object) == EXPIRES_AT.of(prior);
            let is_never = NO_EXPIRY.of(&plan.object) == Tf::Known(true);
            assert!(same || is_never || !replaced.is_empty(), "{config:?}: {:?}", plan.object);
        }
    }

    #[test]
    fn object_is_expired_from_its_end_on() {
        let state = read(&json!({"expire_time": "2026-01-08T00:00:00Z"}), &[]);
        let at = |now: &str| expired_at(&TABLE, &state, now.parse().expect("a time"));
        assert_eq!(at("2026-01-07T23:59:59Z"), None);
        assert_eq!(at("2026-01-08T00:00:00Z").as_deref(), Some("2026-01-08T00:00:00Z"));
        assert_eq!(expired_at(&TABLE, &read(&json!({}), &[]), Timestamp::MAX), None);
    }
}
