//! Pretends to be the service, with the deviations that the real one may have.
//!
//! It holds what it is told, fills in what it is not, and reports the same in other words.

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value as Json, json};
use tfplugin::Object;

use super::CREATED;
use crate::model::field::{AnyField, Check, Kind, Place};
use crate::model::table::Table;
use crate::model::{encode, meaning};

/// In which ways the service reports something else than what it was told, all of which may mean
/// the same.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a way of its own")]
pub(super) struct Deviations {
    /// The life of a branch begins that much after the creation time that is reported.
    late: SignedDuration,
    /// What is `false` or empty is left out.
    omits: bool,
    /// A limit that is not given is as far from the other one as the service permits: 16 CU.
    wide: bool,
    /// Durations have a fraction, times another offset and fewer digits, numbers a decimal point.
    respells: bool,
    /// The first read after a change returns the object as it was.
    pub(super) lags: bool,
}

pub(super) fn deviations() -> impl Strategy<Value = Deviations> {
    let late = select(vec![0_i64, 4, 400_000]).prop_map(SignedDuration::from_micros);
    (late, any::<[bool; 4]>()).prop_map(|(late, [omits, wide, respells, lags])| Deviations {
        late,
        omits,
        wide,
        respells,
        lags,
    })
}

/// The service: holds what it is told, fills in what it is not, reports `status` and not `spec`.
pub(super) struct Service {
    object: Json,
    /// What the next read returns instead.
    stale: Option<Json>,
    table: &'static Table,
    deviations: Deviations,
}

impl Service {
    pub(super) fn create(table: &'static Table, planned: &Object, deviations: &Deviations) -> Self {
        let service = |object| Self { object, stale: None, table, deviations: deviations.clone() };
        if !table.address.is_named() {
            return service(Json::Null); // a credential, which is never read
        }
        let parent = table.parent().map(|field| planned[field.name].as_str().unwrap().to_owned());
        let mut body = encode::create_body(table, planned);
        let mut status = body["spec"].take();
        let from_snapshot = !status["source_snapshot"].is_null();
        fill(table.fields, &mut status, deviations.wide);
        // A branch is a copy of a branch of its project, or of a snapshot.
        if let Some(status) = status.as_object_mut().filter(|it| it.contains_key("source_branch")) {
            if from_snapshot {
                status.retain(|name, _| !name.starts_with("source_branch"));
            } else {
                status.remove("source_snapshot");
            }
            if status.get("source_branch").is_some_and(|it| *it == "filled") {
                let source = format!("{}/branches/production", parent.as_deref().unwrap());
                status.insert("source_branch".to_owned(), source.into());
            }
        }
        let parent_name = parent.as_deref();
        let name = table.planned_name(planned);
        let name = name.or_else(|| table.address.join(parent_name, Some("generated"))).unwrap();
        let mut object =
            json!({"name": name, "uid": "u-1", "create_time": CREATED, "status": status});
        // Settings at the top of the body.
        let at_the_top = body.as_object().unwrap().iter().filter(|(name, _)| *name != "spec");
        for (name, value) in at_the_top {
            object[name] = value.clone();
        }
        service(object)
    }

    pub(super) fn update(&mut self, mask: &[String], body: &Json) {
        self.stale = self.deviations.lags.then(|| self.object.clone());
        for path in mask {
            // A choice goes by its group's name: the arms that are in the body replace all others.
            let Some((parent, leaf)) = path.rsplit_once('.') else {
                self.object[path] = body[path].clone();
                continue;
            };
            let pointer = |path: &str| format!("/{}", path.replace('.', "/"));
            let into = pointer(&parent.replacen("spec", "status", 1));
            let from = body.pointer(&pointer(parent)).unwrap();
            let arms: &[&str] = match leaf {
                "suspension" => &["suspend_timeout_duration", "no_suspension"],
                "expiration" => &["ttl", "expire_time", "no_expiry"],
                leaf => &[leaf],
            };
            let given: Vec<_> = arms.iter().filter(|it| !from[**it].is_null()).collect();
            assert_eq!(given.len(), 1, "the body has exactly one of {arms:?} for the mask {path}");
            let into = self.object.pointer_mut(&into).unwrap();
            for arm in arms {
                into.as_object_mut().unwrap().remove(*arm);
            }
            into[*given[0]] = from[*given[0]].clone();
        }
    }

    pub(super) fn report(&mut self) -> Json {
        let mut report = self.stale.take().unwrap_or_else(|| self.object.clone());
        let created = meaning::timestamp(CREATED).unwrap() + self.deviations.late;
        let Some(status) = report["status"].as_object_mut() else {
            // Settings at the top of the body.
            if self.deviations.omits {
                omit(&mut report);
            }
            return report;
        };
        if let Some(ttl) = status.remove("ttl") {
            let ttl = meaning::duration(ttl.as_str().unwrap()).unwrap();
            status.insert("expire_time".to_owned(), json!((created + ttl).to_string()));
        }
        drop_flags(&mut report["status"]);
        if self.deviations.respells {
            respell(self.table.fields, &mut report["status"]);
            report["create_time"] = respelled_time(CREATED);
            if let Some(time) = report["status"]["expire_time"].as_str() {
                report["status"]["expire_time"] = respelled_time(time);
            }
        }
        if self.deviations.omits {
            omit(&mut report["status"]);
        }
        report
    }
}

/// What means the same, in another spelling.
fn respell(fields: &[AnyField], part: &mut Json) {
    for field in fields {
        let (Place::Spec(path) | Place::Member(path)) = field.place else { continue };
        let pointer = format!("/{}", path.replace('.', "/"));
        let Some(value) = part.pointer_mut(&pointer) else { continue };
        let text = value.as_str().map(str::to_owned);
        match (field.kind, text) {
            (Kind::Object(members), _) => respell(members, value),
            (Kind::Duration, Some(text)) if !text.contains('.') => {
                *value = json!(text.replace('s', ".000000s"));
            }
            (Kind::Timestamp, Some(text)) => *value = respelled_time(&text),
            (Kind::Int | Kind::Float, _) => *value = json!(value.as_f64().unwrap()),
            _ => {}
        }
    }
}

/// To the microsecond, an hour east of Greenwich.
fn respelled_time(text: &str) -> Json {
    let time = meaning::timestamp(text).unwrap().as_microsecond();
    let east = Timestamp::from_microsecond(time).unwrap() + SignedDuration::from_hours(1);
    json!(format!("{}", east.strftime("%Y-%m-%dT%H:%M:%S.%6f+01:00")))
}

/// Protobuf's JSON leaves out what is `false` or empty.
fn omit(json: &mut Json) {
    let Some(object) = json.as_object_mut() else { return };
    object.values_mut().for_each(omit);
    object.retain(|_, value| match value {
        Json::Bool(it) => *it,
        Json::Object(it) => !it.is_empty(),
        Json::Array(it) => !it.is_empty(),
        _ => true,
    });
}

/// "Never" is reported by leaving the time out.
fn drop_flags(json: &mut Json) {
    let Some(object) = json.as_object_mut() else { return };
    for flag in ["no_suspension", "no_expiry"] {
        object.remove(flag);
    }
    object.values_mut().for_each(drop_flags);
}

fn fill(fields: &'static [AnyField], object: &mut Json, wide: bool) {
    let [min, max] =
        ["autoscaling_limit_min_cu", "autoscaling_limit_max_cu"].map(|it| object[it].as_f64());
    let distance = if wide { 16.0 } else { 0.0 };
    let limit = |name: &str| match (min, max) {
        (Some(min), None) if name.contains("max") => min + distance,
        (None, Some(max)) if name.contains("min") => (max - distance).max(0.5),
        _ => 1.0,
    };
    for field in fields {
        let (Place::Spec(path) | Place::Member(path)) = field.place else { continue };
        let slot = path.split('.').fold(&mut *object, |slot, key| &mut slot[key]);
        if let (false, Kind::Object(members)) = (slot.is_null(), field.kind) {
            fill(members, slot, wide);
        }
        if !slot.is_null() {
            continue;
        }
        *slot = match field.kind {
            _ if field.choice.is_some() => Json::Null,
            Kind::Bool => json!(false),
            Kind::Int => json!(1),
            Kind::Float => json!(limit(field.name)),
            Kind::Text if matches!(field.check, Some(Check::Lsn)) => json!("0/1A"),
            // A value that was never chosen.
            Kind::Text if matches!(field.check, Some(Check::OneOf(_))) => {
                json!(format!("{}_UNSPECIFIED", path.to_uppercase()))
            }
            Kind::Text => json!("filled"),
            Kind::Duration => json!("86400s"),
            Kind::Timestamp => json!(CREATED),
            Kind::Object(members) => {
                let mut object = json!({});
                fill(members, &mut object, wide);
                object
            }
            Kind::Texts | Kind::TextMap | Kind::Tags | Kind::Objects(_) | Kind::ObjectSet(_) => {
                Json::Null
            }
        };
    }
    let chosen = |object: &Json, name: &str| !object[name].is_null();
    if fields.iter().any(|it| it.choice == Some("suspension"))
        && !chosen(object, "no_suspension")
        && !chosen(object, "suspend_timeout_duration")
    {
        object["suspend_timeout_duration"] = json!("86400s");
    }
    if let Some(object) = object.as_object_mut() {
        object.retain(|_, it| !it.is_null());
    }
}
