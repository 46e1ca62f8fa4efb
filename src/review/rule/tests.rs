use super::super::plan;
use super::*;
use serde_json::{Value as Json, json};

/// A plan with these endpoints: the action, the ID, and what they are before and after.
fn plan(changes: &[(&str, &str, Json, Json)]) -> Summary {
    let side = |id: &str, attributes: &Json| {
        let name = format!("projects/p/branches/b/endpoints/{id}");
        let mut object = json!({
            "name": name, "endpoint_id": id, "branch": "projects/p/branches/b",
            "endpoint_type": "ENDPOINT_TYPE_READ_ONLY", "disabled": false,
        });
        let mut unknown = json!({});
        for (name, value) in attributes.as_object().into_iter().flatten() {
            object[name] = value.clone();
            if value == "?" {
                object[name].take();
                unknown[name] = true.into();
            }
        }
        (object, unknown)
    };
    let changes = changes.iter().map(|(action, id, before, after)| {
        let ((before, _), (after, unknown)) = (side(id, before), side(id, after));
        json!({
            "address": format!("lakebase_endpoint.{id}"), "mode": "managed",
            "type": "lakebase_endpoint",
            "change": {
                "actions": action.split('/').collect::<Vec<_>>(), "before": (*action != "create").then_some(before),
                "after": (*action != "delete").then_some(after), "after_unknown": unknown,
            },
        })
    });
    let blocks = ["a", "b", "c", "d"].map(|id| {
        let group = json!({"group": {"references": ["var.group"]}});
        let disabled = if id == "d" { group } else { json!({}) };
        json!({"address": format!("lakebase_endpoint.{id}"), "mode": "managed",
               "type": "lakebase_endpoint", "expressions": disabled})
    });
    let plan = json!({
        "format_version": "1.2", "resource_changes": changes.collect::<Vec<_>>(),
        "configuration": {"root_module": {"resources": blocks}},
    });
    Summary::of(plan::read(plan.to_string().as_bytes()).unwrap(), String::new())
}

/// A plan in which the endpoint `a` of 1 to 4 CU is changed, with these attributes besides.
fn plan_of(action: &str, before: &Json, after: &Json) -> Summary {
    let with = |more: &Json| {
        let mut attributes = size(1.0, 4.0);
        for (name, value) in more.as_object().into_iter().flatten() {
            attributes[name] = value.clone();
        }
        attributes
    };
    plan(&[(action, "a", with(before), with(after))])
}

fn size(min: f64, max: f64) -> Json {
    json!({"autoscaling_limit_min_cu": min, "autoscaling_limit_max_cu": max, "suspend_timeout_duration": "5m"})
}

/// What a rule says about a plan.
#[track_caller]
fn verdict(rule: &str, plan: &Summary) -> (&'static str, Vec<String>) {
    let rule = Rule::parse(rule, Severity::Deny).unwrap();
    let exceptions = Exceptions::new(&[], jiff::civil::date(2026, 1, 1));
    let price = Price::parse("0.1");
    let plans = std::slice::from_ref(plan);
    let verdict = rule.evaluate(plans, price.as_ref(), &exceptions);
    let reasons = verdict.holds.iter().chain(&verdict.open).map(|found| found.reason.clone());
    (verdict.id(), reasons.collect())
}

#[test]
fn pattern_is_of_whole_names() {
    for (pattern, name, expected) in [
        ("*", "lakebase_endpoint.a", true),
        ("lakebase_endpoint.a", "lakebase_endpoint.a", true),
        ("lakebase_endpoint.a", "lakebase_endpoint.ab", false),
        ("module.prod.*", "module.prod.lakebase_endpoint.a[0]", true),
        ("module.prod.*", "module.production.lakebase_endpoint.a", false),
        ("*.a[*]", "module.m.lakebase_endpoint.a[\"x.y\"]", true),
        ("*.a", "module.a.lakebase_endpoint.b", false),
        ("a*a", "a", false),
        ("*a*b*", "xaxbx", true),
        ("*a*b*", "xbxax", false),
    ] {
        assert_eq!(matches(pattern, name), expected, "{pattern} {name}");
    }
}

#[test]
fn scope_is_of_addresses_and_of_resource_names() {
    let plan = plan(&[("create", "a", json!({}), size(1.0, 4.0))]);
    for (scope, expected) in [
        ("in *.a", "matched"),
        ("in projects/p/*", "matched"),
        ("not in projects/p/*", "not_matched"),
        ("in projects/q/*", "not_matched"),
    ] {
        assert_eq!(verdict(&format!("ceiling > 2 {scope}"), &plan).0, expected, "{scope}");
        let total = format!("total ceiling > 2 {scope}");
        assert_eq!(verdict(&total, &plan).0, expected, "{total}");
    }
    // Neither a name that only the apply knows nor a new name gets around a scope.
    let unnamed = plan_of("create", &Json::Null, &json!({"endpoint_id": "?", "name": "?"}));
    let renamed = plan_of(
        "delete/create",
        &json!({}),
        &json!({
            "endpoint_id": "z", "name": "projects/p/branches/b/endpoints/z",
        }),
    );
    for (rule, of_unnamed, of_renamed) in [
        ("ceiling > 2 in projects/p/*", "undecided", "matched"),
        ("ceiling > 2 not in projects/q/*", "undecided", "matched"),
        ("ceiling > 2 in *.a", "matched", "matched"),
        ("ceiling > 2 in module.x.*", "not_matched", "not_matched"),
        ("total ceiling > 2 in projects/p/*", "undecided", "matched"),
        ("destroys in projects/p/branches/b/endpoints/a", "not_matched", "matched"),
        ("destroys in projects/p/branches/b/endpoints/z", "not_matched", "matched"),
    ] {
        let found = [&unnamed, &renamed].map(|plan| verdict(rule, plan).0);
        assert_eq!(found, [of_unnamed, of_renamed], "{rule}");
    }
    let idle = |rule: &str| {
        let rule = Rule::parse(rule, Severity::Deny).unwrap();
        let exceptions = Exceptions::new(&[], jiff::civil::date(2026, 1, 1));
        rule.evaluate(std::slice::from_ref(&plan), None, &exceptions).is_idle
    };
    assert!(idle("destroys in module.prodution.*") && idle("total floor > 1 in projects/q/*"));
    assert!(!idle("destroys in *.a") && !idle("destroys"));
}

#[test]
fn known_bound_decides_rules_that_it_implies() {
    // A maximum without a minimum; a minimum without a maximum; a number of computes that only the
    // apply knows.
    let largest = json!({"autoscaling_limit_max_cu": 112, "autoscaling_limit_min_cu": "?", "no_suspension": true});
    let least = json!({"autoscaling_limit_min_cu": 8, "autoscaling_limit_max_cu": "?", "no_suspension": true});
    let many = json!({
        "autoscaling_limit_min_cu": 4, "autoscaling_limit_max_cu": 16, "no_suspension": true, "group": "?",
    });
    let new = |id, after: &Json| [("create", id, json!({}), after.clone())];
    let (largest, least, many) =
        (plan(&new("a", &largest)), plan(&new("a", &least)), plan(&new("d", &many)));
    for (rule, expected) in [
        ("ceiling > 64", ["matched", "undecided", "undecided"]),
        ("total ceiling > 64", ["matched", "undecided", "undecided"]),
        ("ceiling < 8", ["not_matched", "undecided", "not_matched"]),
        ("floor > 4", ["undecided", "matched", "undecided"]),
        ("total floor > 4", ["undecided", "matched", "undecided"]),
        ("floor > 200", ["not_matched", "not_matched", "undecided"]),
        ("computes > 1", ["not_matched", "not_matched", "undecided"]),
        ("computes >= 1", ["matched", "matched", "matched"]),
        ("range > 112", ["not_matched", "undecided", "not_matched"]),
        ("connections > 4000", ["not_matched", "not_matched", "not_matched"]),
        ("cost > 100", ["matched", "undecided", "matched"]),
        ("unknown", ["matched", "matched", "matched"]),
    ] {
        let found = [&largest, &least, &many].map(|plan| verdict(rule, plan).0);
        assert_eq!(found, expected, "{rule}");
    }
    let (_, reasons) = verdict("unknown", &many);
    assert_eq!(reasons, ["known after apply: ceiling, floor, computes, cost"]);
}

#[test]
fn unknown_suspension_is_unknown() {
    let after = json!({
        "autoscaling_limit_min_cu": 1, "autoscaling_limit_max_cu": 2,
        "suspend_timeout_duration": "?", "no_suspension": "?",
    });
    let plan = plan(&[("create", "a", json!({}), after)]);
    assert_eq!(verdict("unknown", &plan).1, ["known after apply: floor, scale to zero"]);
    assert_eq!(verdict("always-on", &plan).0, "undecided");
    assert_eq!(verdict("floor > 1", &plan).0, "not_matched");
}

#[test]
fn growth_and_increase_compare_with_the_prior_size() {
    let grows = plan(&[("update", "a", size(1.0, 4.0), size(1.0, 9.0))]);
    let new = plan(&[("create", "a", json!({}), size(1.0, 9.0))]);
    let adopted = json!({"autoscaling_limit_min_cu": 1, "autoscaling_limit_max_cu": 9, "replace_existing": true});
    let perhaps_new = plan(&[("create", "a", json!({}), adopted)]);
    for (rule, expected) in [
        ("growth > 2x", ["matched", "not_matched", "not_matched"]),
        ("total growth > 2x", ["matched", "not_matched", "not_matched"]),
        ("increase > 4", ["matched", "matched", "matched"]),
        ("increase > 5 CU", ["not_matched", "matched", "matched"]),
        ("total increase > 8", ["not_matched", "matched", "matched"]),
        ("cost-increase > 400", ["not_matched", "matched", "matched"]),
        ("total cost-increase <= 365", ["matched", "not_matched", "not_matched"]),
    ] {
        let found = [&grows, &new, &perhaps_new].map(|plan| verdict(rule, plan).0);
        assert_eq!(found, expected, "{rule}");
    }
}

#[test]
fn exception_allows_until_its_day() {
    let plan = plan(&[("create", "a", json!({}), size(1.0, 9.0))]);
    let rule = Rule::parse("ceiling > 8", Severity::Deny).unwrap();
    let exception = |pattern: &str, rule: &str| Exception {
        rule: rule.to_owned(),
        scope: Scope { within: vec![pattern.to_owned()], without: Vec::new() },
        reason: "Load test".to_owned(),
        until: jiff::civil::date(2026, 1, 31),
    };
    let judged = |exception: Exception, day: i8| {
        let all = [exception];
        let exceptions =
            Exceptions::new(&all, jiff::civil::date(2026, 1, 1).with().day(day).build().unwrap());
        let verdict = rule.evaluate(std::slice::from_ref(&plan), None, &exceptions);
        let complaints: Vec<_> = exceptions.complaints().iter().map(Message::plain).collect();
        (verdict.id(), verdict.excused.len(), complaints.join(" "))
    };
    let clear = ("not_matched", 1, String::new());
    assert_eq!(judged(exception("projects/p/*", "ceiling > 8"), 31), clear);
    assert_eq!(judged(exception("*.a", "*"), 31), clear);
    let nothing = "The exception to `ceiling > 8` allows nothing: `Load test`";
    assert_eq!(judged(exception("*.b", "ceiling > 8"), 31), ("matched", 0, nothing.to_owned()));
    let all = [exception("*.a", "*")];
    let later = Exceptions::new(&all, jiff::civil::date(2026, 2, 1));
    assert_eq!(rule.evaluate(std::slice::from_ref(&plan), None, &later).id(), "matched");
    let expired = "The exception to `*` expired on 2026-01-31: `Load test`";
    assert_eq!(later.complaints()[0].plain(), expired);
}
