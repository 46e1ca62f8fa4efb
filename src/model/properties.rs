//! What must hold for every table: Terraform core's own rules, for random states and
//! configurations, against a service that fills in what it is not told, and deviates in each way
//! that the real one may ([`Deviations`]).
//!
//! The rules are those of core's `AssertPlanValid` and `AssertObjectCompatible`
//! (hashicorp/terraform, `internal/plans/objchange`), written anew.

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{TestError, TestRunner};
use tfplugin::{Attribute, AttributeKind, Diagnostic, Diagnostics, Object, Value};

use super::field::{AnyField, Check, Given, IdRule, Kind, Place};
use super::plan::{PlanContext, Planned, plan};
use super::table::{Resource, Settings, Table};
use super::{decode, encode, meaning, schema, validate};
use crate::resources;
use service::{Deviations, Service, deviations};

mod service;

const CREATED: &str = "2026-01-01T00:00:00Z";

/// The attributes of a configuration, and which of them shall be unknown at plan.
#[derive(Clone, Debug)]
struct Configuration {
    known: Object,
    unknown: Vec<String>,
}

fn value(field: &AnyField) -> BoxedStrategy<Value> {
    let texts = |texts: &'static [&'static str]| select(texts).prop_map(Value::from).boxed();
    match (field.check, field.kind) {
        _ if field.id_rule == IdRule::UnityCatalog(3) => texts(&["a.b.c", "a.b.d"]),
        (Some(Check::OneOf(values)), Kind::Texts) => {
            proptest::collection::vec(select(values), 0..3)
                .prop_map(|texts| Value::List(texts.into_iter().map(Value::from).collect()))
                .boxed()
        }
        (Some(Check::OneOf(values)), _) => texts(values),
        (Some(Check::Named(form)), _) => {
            let names = ["a", "b"].map(|id| filled(&form.to_string(), id));
            select(names.to_vec()).prop_map(Value::from).boxed()
        }
        (_, Kind::Bool) => any::<bool>().prop_map(Value::Bool).boxed(),
        (_, Kind::Int) => (1_i64..3).prop_map(Value::from).boxed(),
        // Beyond the range rule, so that it has something to refuse.
        (_, Kind::Float) => select(vec!["0.5", "1", "4", "8", "16", "32"])
            .prop_map(|text| Value::Number(text.parse().unwrap()))
            .boxed(),
        (Some(Check::Lsn), _) => texts(&["0/1A", "16/B374D848"]),
        (_, Kind::Text) => texts(&["a", "b", "c"]),
        (_, Kind::Duration) => texts(&["60s", "1m", "5m", "300s", "7d", "168h", "604800s", "90s"]),
        (_, Kind::Timestamp) => texts(&[
            "2026-01-02T00:00:00Z",
            "2026-01-02T01:00:00+01:00",
            "2026-01-02T00:00:00.000Z",
            "2026-01-03T00:00:01Z",
            "2026-01-03T00:00:01.123456789Z",
        ]),
        (_, Kind::Texts) => proptest::collection::vec(select(vec!["a", "b"]), 0..3)
            .prop_map(|texts| Value::List(texts.into_iter().map(Value::from).collect()))
            .boxed(),
        (_, Kind::TextMap | Kind::Tags) => {
            proptest::collection::btree_map(select(vec!["k", "l"]), select(vec!["v", "w"]), 0..3)
                .prop_map(|entries| {
                    let entry = |(key, value): (&str, &str)| (key.to_owned(), Value::from(value));
                    Value::Map(entries.into_iter().map(entry).collect())
                })
                .boxed()
        }
        (_, Kind::Object(members)) => object(members).prop_map(Value::Map).boxed(),
        (_, Kind::Objects(members)) => proptest::collection::vec(object(members), 0..3)
            .prop_map(|objects| Value::List(objects.into_iter().map(Value::Map).collect()))
            .boxed(),
        (_, Kind::ObjectSet(members)) => proptest::collection::vec(object(members), 0..3)
            .prop_map(|objects| Value::set(objects.into_iter().map(Value::Map).collect()))
            .boxed(),
    }
}

fn object(fields: &'static [AnyField]) -> BoxedStrategy<Object> {
    let members = fields.iter().map(|field| {
        let value = match field.given {
            Given::Server => Just(Value::Null).boxed(),
            Given::Required => value(field),
            _ if field.is_required_to_create => value(field),
            Given::Optional | Given::OrServer => {
                prop_oneof![Just(Value::Null), value(field)].boxed()
            }
        };
        value.prop_map(|it| (field.name.to_owned(), it)).boxed()
    });
    let members: Vec<_> = members.collect();
    members.prop_map(|members| members.into_iter().collect()).boxed()
}

fn configuration(resource: &'static dyn Resource) -> impl Strategy<Value = Configuration> {
    let names: Vec<_> = resource.table().fields.iter().map(|field| field.name.to_owned()).collect();
    let count = names.len();
    let unknown = proptest::sample::subsequence(names, 0..=count.min(3));
    (object(resource.table().fields), unknown)
        .prop_map(|(known, unknown)| Configuration { known, unknown })
        .prop_filter("a legal configuration", move |it| is_legal(resource, &it.known))
}

fn is_legal(resource: &dyn Resource, config: &Object) -> bool {
    is_valid(resource, config, &Settings::default())
}

fn is_valid(resource: &dyn Resource, config: &Object, settings: &Settings) -> bool {
    let mut sink = Diagnostics::new();
    validate::validate(resource.table().fields, config, &mut sink);
    resource.validate(config, settings, &mut sink);
    !sink.has_errors()
}

impl Configuration {
    /// As the plan sees it: unknown where it is not known yet.
    fn at_plan(&self) -> Object {
        let mut config = self.known.clone();
        for name in self.unknown.iter().filter(|name| !self.known[*name].is_null()) {
            config.insert(name.clone(), Value::unknown());
        }
        config
    }
}

fn filled(form: &str, id: &str) -> String {
    let segment =
        |segment: &str| if segment.starts_with('{') { id.to_owned() } else { segment.to_owned() };
    form.split('/').map(segment).collect::<Vec<_>>().join("/")
}

fn planned(resource: &dyn Resource, prior: Option<&Object>, config: &Object) -> Planned {
    let settings = &Settings::default();
    let now: Timestamp = CREATED.parse().unwrap();
    plan(resource, prior, config, &PlanContext { settings, now, replacing: None })
}

fn read(resource: &dyn Resource, service: &mut Service, known: &Object) -> Object {
    if !resource.table().address.is_named() {
        return issued(known);
    }
    decode::state(resource, &service.report(), known, &Settings::default())
}

/// A credential with what a new one gets.
fn issued(known: &Object) -> Object {
    let ttl = known["ttl"].as_str().map_or(Ok(SignedDuration::from_hours(1)), meaning::duration);
    let end = meaning::timestamp(CREATED).unwrap() + ttl.unwrap();
    let new = [("token", "secret".to_owned()), ("expire_time", end.to_string())];
    let new = new.map(|(name, it)| (name.to_owned(), Value::from(it.as_str()))).into();
    decode::complete(known, &new)
}

/// Creates an object as configured, checking core's rules on the way.
fn create(
    resource: &'static dyn Resource,
    config: &Configuration,
    deviations: &Deviations,
) -> Option<(Service, Object)> {
    let first = planned(resource, None, &config.at_plan());
    let plan = planned(resource, None, &config.known);
    if first.diagnostics.has_errors() || plan.diagnostics.has_errors() {
        return None;
    }
    let attributes = schema::resource(resource.table()).block.attributes;
    assert_plan_valid(&attributes, None, &config.at_plan(), &first.object);
    assert_plan_valid(&attributes, None, &config.known, &plan.object);
    assert_compatible("the final plan", &first.object.into(), &plan.object.clone().into());
    let mut service = Service::create(resource.table(), &plan.object, deviations);
    let read = read(resource, &mut service, &plan.object);
    let state = decode::complete(&plan.object, &read);
    assert_compatible("the result", &plan.object.into(), &state.clone().into());
    assert!(state.values().all(Value::is_wholly_known), "{state:#?}");
    Some((service, state))
}

/// Reads twice, and plans the same configuration again: nothing changes.
fn assert_settled(resource: &dyn Resource, service: &mut Service, state: &Object, config: &Object) {
    let once = read(resource, service, state);
    assert_eq!(&once, state, "a read changes nothing");
    assert_eq!(read(resource, service, &once), once, "a second read changes nothing");
    let again = planned(resource, Some(&once), config);
    assert_eq!(again.object, once, "the second plan is empty");
    assert_eq!(again.requires_replace, []);
    // A range that the service has made too wide is a warning in every plan.
    let is_told = |diagnostic: &Diagnostic| {
        !diagnostic.is_error() && diagnostic.summary == "Autoscaling range too wide"
    };
    let others: Vec<_> = again.diagnostics.iter().filter(|it| !is_told(it)).collect();
    assert!(others.is_empty(), "{others:#?}");
}

#[test]
fn created_object_plans_empty() {
    each_resource(|resource| {
        runner()
            .run(&(configuration(resource), deviations()), |(config, deviations)| {
                if let Some((mut service, state)) = create(resource, &config, &deviations) {
                    assert_settled(resource, &mut service, &state, &config.known);
                }
                Ok(())
            })
            .map_err(Box::new)
    });
}

#[test]
fn changed_object_plans_empty_and_is_masked_by_leaf() {
    each_resource(|resource| {
        let two = (configuration(resource), configuration(resource), deviations());
        runner()
            .run(&two, |(before, mut after, deviations)| {
                // An update, not a replacement.
                for field in resource.table().fields.iter().filter(|it| it.replaces) {
                    after.known.insert(field.name.to_owned(), before.known[field.name].clone());
                    after.unknown.retain(|it| it != field.name);
                }
                let Some((mut service, prior)) = create(resource, &before, &deviations) else {
                    return Ok(());
                };
                let first = planned(resource, Some(&prior), &after.at_plan());
                let plan = planned(resource, Some(&prior), &after.known);
                if first.diagnostics.has_errors() || plan.diagnostics.has_errors() {
                    return Ok(());
                }
                assert_eq!(plan.requires_replace, []);
                let attributes = schema::resource(resource.table()).block.attributes;
                assert_plan_valid(&attributes, Some(&prior), &after.at_plan(), &first.object);
                assert_plan_valid(&attributes, Some(&prior), &after.known, &plan.object);
                assert_compatible(
                    "the final plan",
                    &first.object.into(),
                    &plan.object.clone().into(),
                );
                let mask = encode::mask(resource.table(), &prior, &plan.object);
                let mut unique = mask.clone();
                unique.sort();
                unique.dedup();
                assert_eq!(unique.len(), mask.len(), "{mask:?}");
                service.update(&mask, &encode::update_body(resource.table(), &plan.object, &mask));
                let found = read(resource, &mut service, &plan.object);
                let mut state = decode::complete(&plan.object, &found);
                assert_compatible("the result", &plan.object.into(), &state.clone().into());
                if deviations.lags {
                    // Results may be those of the object as it was, and settings may not.
                    let refreshed = read(resource, &mut service, &state);
                    for field in resource.table().fields.iter().filter(|it| !it.is_output()) {
                        assert_eq!(refreshed[field.name], state[field.name], "{}", field.name);
                    }
                    state = refreshed;
                }
                let kept = keeping_initial(resource.table(), &prior, &after.known);
                assert_settled(resource, &mut service, &state, &kept);
                Ok(())
            })
            .map_err(Box::new)
    });
}

#[test]
fn imported_object_is_never_replaced_and_plans_empty() {
    each_resource(|resource| {
        if !resource.table().address.is_named() {
            return Ok(()); // a credential cannot be imported
        }
        runner()
            .run(&(configuration(resource), deviations()), |(config, deviations)| {
                let Some((mut service, created)) = create(resource, &config, &deviations) else {
                    return Ok(());
                };
                let stub = ["name"].map(|name| (name.to_owned(), created[name].clone())).into();
                let imported = read(resource, &mut service, &stub);
                let plan = planned(resource, Some(&imported), &config.known);
                assert_eq!(plan.requires_replace, [], "imported {imported:#?}");
                // That it was given a `ttl` or a time, an import can only guess.
                let mut mask = encode::mask(resource.table(), &imported, &plan.object);
                mask.retain(|it| it != "spec.expiration");
                assert!(mask.is_empty(), "an import sends nothing: {mask:?}");
                let generated = generated(resource.table(), &imported);
                let settings = Settings { max_autoscaling_range_cu: None, ..Settings::default() };
                assert!(is_valid(resource, &generated, &settings), "{generated:#?}");
                assert_settled(resource, &mut service, &imported, &generated);
                Ok(())
            })
            .map_err(Box::new)
    });
}

/// The configuration that Terraform generates for an imported object: all that it could say.
fn generated(table: &Table, state: &Object) -> Object {
    let outputs = table.fields.iter().filter(|it| it.given == Given::Server);
    let mut config = state.clone();
    config.extend(outputs.map(|field| (field.name.to_owned(), Value::Null)));
    config
}

/// A configuration that changes what has a meaning only at creation warns in each plan.
fn keeping_initial(table: &Table, prior: &Object, config: &Object) -> Object {
    let mut config = config.clone();
    for field in table.fields.iter().filter(|it| matches!(it.place, Place::Initial(_))) {
        if !prior[field.name].is_null() {
            config.insert(field.name.to_owned(), prior[field.name].clone());
        }
    }
    config
}

fn each_resource<T: std::fmt::Debug>(
    test: impl Fn(&'static dyn Resource) -> Result<(), Box<TestError<T>>>,
) {
    let credential: &'static dyn Resource = &resources::credential::Credential;
    for resource in resources::ALL.iter().copied().chain([credential]) {
        if let Err(error) = test(resource) {
            panic!("{}: {error}", resource.table().type_name);
        }
    }
}

fn runner() -> TestRunner {
    TestRunner::new(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })
}

/// Core's `AssertPlanValid`.
fn assert_plan_valid(
    attributes: &[Attribute],
    prior: Option<&Object>,
    config: &Object,
    planned: &Object,
) {
    let null = &Value::Null;
    for Attribute { name, kind, computed, .. } in attributes {
        let prior = prior.and_then(|it| it.get(name)).unwrap_or(null);
        let config = config.get(name).unwrap_or(null);
        let planned = planned.get(name).unwrap_or(null);
        if planned == config || (planned == prior && !prior.is_null() && !config.is_null()) {
            continue;
        }
        if *computed && config.is_null() {
            continue;
        }
        assert!(!config.is_null(), "`{name}` is planned as {planned:?} but not configured");
        match (kind, config, planned) {
            (AttributeKind::Nested(_, members), Value::Map(config), Value::Map(planned)) => {
                assert_plan_valid(members, prior.as_map(), config, planned);
            }
            (AttributeKind::Nested(_, members), Value::List(config), Value::List(planned)) => {
                assert_eq!(config.len(), planned.len(), "`{name}`");
                for (config, planned) in config.iter().zip(planned) {
                    let (config, planned) = (config.as_map().unwrap(), planned.as_map().unwrap());
                    assert_plan_valid(members, None, config, planned);
                }
            }
            _ => panic!("`{name}` is planned as {planned:?}, configured as {config:?}"),
        }
    }
}

/// Core's `AssertObjectCompatible`: what was known stays, what was unknown may become anything.
fn assert_compatible(what: &str, planned: &Value, actual: &Value) {
    match (planned, actual) {
        (Value::Unknown(_), _) => {}
        (Value::Map(planned), Value::Map(actual)) => {
            assert!(planned.keys().eq(actual.keys()), "{what}: {planned:?} became {actual:?}");
            for (name, planned) in planned {
                assert_compatible(&format!("{what}: {name}"), planned, &actual[name]);
            }
        }
        _ => assert_eq!(planned, actual, "{what}"),
    }
}
