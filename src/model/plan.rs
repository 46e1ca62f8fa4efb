//! Prior state and configuration to plan: what the object will be, and whether it must be a new one.
//!
//! Core's own merge (`proposed_new_state`) is not used: it forgets an object whose required
//! members the configuration no longer gives, where here every removed attribute keeps the
//! service's value. The steps are in the order of the functions below.

use jiff::Timestamp;
use tfplugin::{Diagnostic, Diagnostics, Object, Path, Severity, Value};

use super::decode::default;
use super::encode::is_as_good;
use super::expiry;
use super::field::{AnyField, Given, Kind, Place};
use super::id;
use super::meaning::{same, with_prior_spelling};
use super::table::{Change, Resource, Settings, Table};
use super::validate::{changes, check_places, findings, sets, unusual};

/// A planned create or update.
#[derive(Clone, Debug)]
pub struct Planned {
    /// The object as it will be.
    pub object: Object,
    /// The attributes whose change needs a new object.
    pub requires_replace: Vec<Path>,
    /// What is wrong with it, and what a reader should know.
    pub diagnostics: Diagnostics,
}

/// What a plan depends on besides prior state and configuration.
pub struct PlanContext<'a> {
    /// What the provider block says.
    pub settings: &'a Settings,
    /// The time: a result that is about to expire is planned anew.
    pub now: Timestamp,
    /// The name of the object that a create replaces. If the new object has the same name, the name
    /// is planned as unknown, so that what refers to it is replaced with it instead of being lost
    /// silently with the old object.
    pub replacing: Option<&'a str>,
}

/// Plans a create (no prior state) or an update.
pub fn plan(
    resource: &dyn Resource,
    prior: Option<&Object>,
    config: &Object,
    occasion: &PlanContext<'_>,
) -> Planned {
    let table = resource.table();
    let mut diagnostics = Diagnostics::new();
    // 1. What the configuration says; what it does not say, the prior state or the service keeps.
    let planned = merge(table.fields, Some(config), prior, Unfilled::ByLakebase);
    let PlanContext { settings, now, replacing } = *occasion;
    let mut change = Change { prior, config, planned, settings, now };
    if prior.is_none() {
        take_others(table.fields, config, &mut change.planned);
    }
    if let Some(prior) = prior {
        // 2. What has a meaning only at creation keeps its value.
        ignore_create_only_changes(table.fields, prior, &mut change.planned, &mut diagnostics);
        refuse_unset_flags(table.fields, prior, config, &Path::default(), &mut diagnostics);
        // 3. Results change only with what they are results of.
        mark_results_unknown(table.fields, prior, &mut change.planned);
    }
    // 4. The name is known as soon as its parts are.
    plan_name(resource, &mut change, replacing);
    check_places(table.fields, &change.planned, &Path::default(), &mut diagnostics);
    diagnostics.extend(check_new_id(table, prior, &change.planned));
    if prior.is_none() && !table.adopts(&change.planned) {
        diagnostics.extend(missing_settings(table, &change.planned));
    }
    // 5. What a table cannot say.
    resource.plan(&mut change, &mut diagnostics);
    expiry::plan(table, &mut change, &mut diagnostics);
    // 6. What the service does not document, and may refuse.
    if settings.review_warnings {
        diagnostics.extend(unusual(table.fields, prior, config));
    }
    // 7. What cannot change in place.
    let requires_replace =
        prior.map_or_else(Vec::new, |it| replacements(table, it, &change.planned));
    Planned { object: change.planned, requires_replace, diagnostics }
}

/// Why the create half of a replacement is certain, or likely, to be refused: reasons not to begin
/// with the delete half.
///
/// What is outside the documented limits is a warning of a create, because limits move. Here it is
/// an error: the old object would be gone before the service says whether it accepts the new one.
/// What the old object has too, the service has accepted. Without the old object, as in Terraform's
/// second call of a replacement, only what depends on the time is left to check.
pub fn refused_replacement(
    resource: &dyn Resource,
    prior: Option<&Object>,
    planned: &Object,
    now: Timestamp,
) -> Diagnostics {
    let table = resource.table();
    let mut found = Diagnostics::new();
    if prior.is_some() {
        let replacing = table.fields.iter().filter(|it| it.replaces);
        let value =
            |field: &AnyField| Some((field.name.to_owned(), planned.get(field.name)?.clone()));
        let replacing: Object = replacing.filter_map(value).collect();
        found.extend(findings(table.fields, &changes(table.fields, prior, &replacing)));
    }
    resource.refuse_create(planned, now, &mut found);
    expiry::refuse_create(table, planned, now, &mut found);
    let noun = table.noun;
    let refused = found.into_iter().map(|diagnostic| Diagnostic {
        severity: Severity::Error,
        detail: format!(
            "{} A replacement deletes the {noun} before it creates the new one. If the API rejects \
             the create, the {noun} is lost.",
            diagnostic.detail
        ),
        ..diagnostic
    });
    refused.collect()
}

/// Who gives a value that neither the configuration nor the prior state has.
#[derive(Clone, Copy, PartialEq)]
enum Unfilled {
    /// Lakebase: unknown until the apply.
    ByLakebase,
    /// Nothing: null.
    ByNothing,
}

/// Where the planned value of an attribute comes from.
#[derive(Debug, PartialEq)]
enum Origin {
    /// The configuration gives it.
    Configuration,
    /// It is null.
    Nothing,
    /// The declaration has a default.
    Default,
    /// Another arm of its choice is configured, or none is.
    Choice(Value),
    /// The state has it.
    PriorState,
    /// Lakebase chooses it in the apply.
    Lakebase,
}

/// The origin of a value. The first that applies wins, in the order of [`Origin`].
fn origin(
    field: &AnyField,
    given: &Value,
    has_prior: bool,
    unfilled: Unfilled,
    arm_not_chosen: impl FnOnce() -> Option<Value>,
) -> Origin {
    let is_configured = !given.is_null() && field.given != Given::Server;
    match (field.given, field.default) {
        _ if is_configured => Origin::Configuration,
        (Given::Required | Given::Optional, _) => Origin::Nothing,
        (_, Some(_)) => Origin::Default,
        _ => match (arm_not_chosen(), has_prior, unfilled) {
            // What only the configuration gives is null where it gives nothing, also beside an arm
            // that is unknown.
            (Some(Value::Unknown(_)), _, Unfilled::ByNothing)
            | (None, false, Unfilled::ByNothing) => Origin::Nothing,
            (Some(value), ..) => Origin::Choice(value),
            (None, true, _) => Origin::PriorState,
            (None, false, Unfilled::ByLakebase) => Origin::Lakebase,
        },
    }
}

fn merge(
    fields: &'static [AnyField],
    config: Option<&Object>,
    prior: Option<&Object>,
    unfilled: Unfilled,
) -> Object {
    let null = &Value::Null;
    let merged = fields.iter().map(|field| {
        let given = config.and_then(|it| it.get(field.name)).unwrap_or(null);
        let before = prior.and_then(|it| it.get(field.name)).unwrap_or(null);
        let unfilled = match field.place {
            Place::Initial(_) => Unfilled::ByNothing,
            // Nobody reads back what is not configured.
            _ if field.is_never_reported => Unfilled::ByNothing,
            _ if field.given == Given::Optional => Unfilled::ByNothing,
            _ => unfilled,
        };
        let arm = || arm_not_chosen(field, fields, config, prior);
        let value = match origin(field, given, prior.is_some(), unfilled, arm) {
            Origin::Configuration => configured(field, given, before, unfilled),
            Origin::Nothing => Value::Null,
            Origin::Default => default(field),
            Origin::Choice(value) => value,
            Origin::PriorState => before.clone(),
            Origin::Lakebase => Value::unknown(),
        };
        (field.name.to_owned(), value)
    });
    merged.collect()
}

/// An attribute of a new object that has the value of another where the configuration gives none.
fn take_others(fields: &[AnyField], config: &Object, planned: &mut Object) {
    for (field, other) in fields.iter().filter_map(|field| Some((field, field.same_as?))) {
        if config.get(field.name).is_none_or(Value::is_null) {
            let value = planned.get(other).cloned().unwrap_or_default();
            planned.insert(field.name.to_owned(), value);
        }
    }
}

/// A configured value, completed inside, in the prior state's spelling where it means the same.
fn configured(field: &AnyField, given: &Value, before: &Value, unfilled: Unfilled) -> Value {
    // What only the configuration gives, it gives whole: nothing inside is kept, or filled in.
    let is_whole = field.given != Given::OrServer && !matches!(field.place, Place::Member(_));
    let unfilled = if is_whole { Unfilled::ByNothing } else { unfilled };
    match (field.kind, given) {
        (Kind::Object(members), Value::Map(object)) => {
            let kept = if field.given == Given::OrServer { before.as_map() } else { None };
            with_prior_spelling(
                field,
                Value::Map(merge(members, Some(object), kept, unfilled)),
                before,
            )
        }
        (Kind::Objects(members), Value::List(elements)) => {
            let elements = elements.iter().map(|element| match element {
                Value::Map(object) => Value::Map(merge(members, Some(object), None, unfilled)),
                other => other.clone(),
            });
            with_prior_spelling(field, Value::List(elements.collect()), before)
        }
        (Kind::ObjectSet(members), Value::Set(elements)) => {
            let elements = elements.iter().map(|element| match element {
                Value::Map(object) => Value::Map(merge(members, Some(object), None, unfilled)),
                other => other.clone(),
            });
            with_prior_spelling(field, Value::set(elements.collect()), before)
        }
        _ => with_prior_spelling(field, given.clone(), before),
    }
}

/// The value of an arm that the configuration leaves out, if its choice decides it.
fn arm_not_chosen(
    field: &AnyField,
    fields: &'static [AnyField],
    config: Option<&Object>,
    prior: Option<&Object>,
) -> Option<Value> {
    field.choice?;
    let config = config?;
    let mut siblings = field.siblings(fields);
    if siblings.clone().any(|it| sets(config, it)) {
        return Some(Value::Null);
    }
    if siblings.clone().any(|sibling| config.get(sibling.name).is_some_and(Value::is_unknown)) {
        return Some(Value::unknown());
    }
    if prior.is_some() {
        return None;
    }
    // Nothing is chosen on create: the arm to send by default is sent, and the others are not.
    if field.unless_chosen {
        return Some(Value::Bool(true));
    }
    siblings.any(|it| it.unless_chosen).then_some(Value::Null)
}

/// A changed `initial_*` keeps its value, with a warning. Where the state has none, as after an
/// import, the configured one is stored, with a warning, and nothing is sent: Terraform accepts no
/// plan that leaves a configured value null. How the object was to be created keeps its value
/// without a warning, so that an imported object plans empty.
fn ignore_create_only_changes(
    fields: &[AnyField],
    prior: &Object,
    planned: &mut Object,
    sink: &mut Diagnostics,
) {
    let is_over = |field: &&AnyField| {
        matches!(field.place, Place::Initial(_) | Place::OnCreate)
            || field.is_never_reported && !field.replaces
    };
    for field in fields.iter().filter(is_over) {
        let (Some(before), Some(after)) = (prior.get(field.name), planned.get_mut(field.name))
        else {
            continue;
        };
        if same(field, before, after) {
            continue;
        }
        let effect = if before.is_null() {
            "Terraform stores the value, and no request is sent."
        } else {
            *after = before.clone();
            "The changed value is ignored, and no request is sent."
        };
        if matches!(field.place, Place::Initial(_)) && after.is_known() {
            let summary = format!("Change to `{}` has no effect", field.name);
            let detail = format!(
                "`{}` is applied only when the resource is created. {effect} To change the existing \
                 settings, manage them with a resource of their own.",
                field.name
            );
            sink.push(Diagnostic::warning(summary, detail).at(field.name));
        }
    }
}

/// `no_suspension = false` says what shall not be, but not what shall be instead.
fn refuse_unset_flags(
    fields: &'static [AnyField],
    prior: &Object,
    config: &Object,
    path: &Path,
    sink: &mut Diagnostics,
) {
    // A setting of the creation is over: what it says now is ignored.
    for field in fields.iter().filter(|it| !matches!(it.place, Place::Initial(_))) {
        let (Some(before), Some(given)) = (prior.get(field.name), config.get(field.name)) else {
            continue;
        };
        if let (Some(members), Value::Map(before), Value::Map(given)) =
            (field.members(), before, given)
        {
            refuse_unset_flags(members, before, given, &path.attribute(field.name), sink);
        }
        let turned_off = field.choice.is_some()
            && matches!((before, given), (Value::Bool(true), Value::Bool(false)));
        let mut others = field.siblings(fields);
        if turned_off
            && others.clone().all(|other| config.get(other.name).is_none_or(Value::is_null))
        {
            let names = others.by_ref().map(|it| format!("`{}`", it.name)).collect::<Vec<_>>();
            let summary = format!("Missing replacement for `{}`", field.name);
            let detail = format!(
                "The API cannot unset `{}`. To turn it off, set {}.",
                field.name,
                names.join(" or ")
            );
            sink.push(Diagnostic::error(summary, detail).at(path.attribute(field.name)));
        }
    }
}

fn mark_results_unknown(fields: &[AnyField], prior: &Object, planned: &mut Object) {
    let is_arm =
        |name: &str| fields.iter().any(|field| field.name == name && field.choice.is_some());
    let said = |object: &Object, name: &str| match object.get(name) {
        // A flag arm that is `false` says nothing, as if it were left out.
        Some(Value::Bool(false)) if is_arm(name) => Value::Null,
        Some(value) => value.clone(),
        None => Value::Null,
    };
    let changed = |planned: &Object, name: &str| said(planned, name) != said(prior, name);
    for field in fields.iter().filter(|it| it.is_output()) {
        if field.changes_with.iter().any(|it| changed(planned, it)) {
            planned.insert(field.name.to_owned(), Value::unknown());
        }
    }
}

fn plan_name(resource: &dyn Resource, change: &mut Change<'_>, replacing: Option<&str>) {
    let table = resource.table();
    let Some(name) = table.field("name") else { return };
    // What Lakebase generates it keeps: an ID that the configuration does not give is the prior one.
    let value = match table.planned_name(&change.planned) {
        Some(name) if replacing != Some(name.as_str()) => Value::String(name),
        _ => Value::unknown(),
    };
    change.planned.insert(name.name.to_owned(), value);
}

/// The ID of an object that is to be created. One that exists may have an ID that Lakebase accepts
/// no more; it keeps it.
fn check_new_id(table: &Table, prior: Option<&Object>, planned: &Object) -> Option<Diagnostic> {
    let field = table.id()?;
    let id = planned.get(field.name)?.as_str()?;
    let before = prior.and_then(|object| object.get(field.name)?.as_str());
    if before == Some(id) || table.adopts(planned) {
        return None;
    }
    let refused = id::check(field.id_rule, id, true, &Path::root(field.name));
    let refused = refused.filter(Diagnostic::is_error)?;
    let belongs = match (field.same_as, table.key()) {
        (Some(other), _) => format!("Set `{}` if the value of `{other}` is not an ID.", field.name),
        (None, Some(key)) => format!(
            "Put a name in another format, such as an application ID or an e-mail address, into `{}`.",
            key.name
        ),
        (None, None) => return Some(refused),
    };
    Some(Diagnostic { detail: format!("{} {belongs}", refused.detail), ..refused })
}

/// What a create needs, and an imported object may leave out.
fn missing_settings<'a>(
    table: &'a Table,
    planned: &'a Object,
) -> impl Iterator<Item = Diagnostic> + 'a {
    let is_missing = |it: &&AnyField| {
        it.is_required_to_create && planned.get(it.name).is_none_or(Value::is_null)
    };
    table.fields.iter().filter(is_missing).map(|AnyField { name, .. }| {
        let detail = format!(
            "`{name}` is required to create a {}. It can be omitted only for one that is imported.",
            table.noun
        );
        Diagnostic::error(format!("Missing `{name}`"), detail).at(*name)
    })
}

/// Attributes that replace, where a known value changes. A value the state does not have, as after
/// an import, is stored, unless it takes the place of another arm of its choice; one that the
/// configuration no longer gives is kept.
///
/// A setting that is never reported is null in the state of an imported object, and in that of an
/// object that was created without it. What a create needs tells the two apart.
fn replacements(table: &Table, prior: &Object, planned: &Object) -> Vec<Path> {
    let null = &Value::Null;
    let mut needed = table.fields.iter().filter(|it| it.is_required_to_create).peekable();
    let is_in_prior = |field: &AnyField| prior.get(field.name).unwrap_or(null).is_known();
    let was_created = needed.peek().is_some() && needed.all(is_in_prior);
    let is_respelled = expiry::is_respelled(table, prior, planned);
    let changed = table.fields.iter().filter(|it| it.replaces).filter(|field| {
        let before = prior.get(field.name).unwrap_or(null);
        let after = planned.get(field.name).unwrap_or(null);
        let had_value = before.is_known()
            || was_created && field.is_never_reported && !is_as_good(before, after);
        let changes = had_value && !after.is_null() && !same(field, before, after);
        let had_another_arm = field.siblings(table.fields).any(|it| sets(prior, it));
        let switches = had_another_arm && !sets(prior, field) && sets(planned, field);
        changes || switches && !(is_respelled && expiry::is_arm(field))
    });
    changed.map(|it| Path::root(it.name)).collect()
}

#[cfg(test)]
mod tests;
