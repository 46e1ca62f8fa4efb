//! Plans a destruction.

use std::sync::Arc;

use tfplugin::{Call, Diagnostic, PlanResource, PlannedResource};

use super::super::consent::Replacement;
use super::super::create::managed_elsewhere;
use super::super::private::PrivateState;
use super::super::report::Attempt;
use super::Surroundings;
use super::replacement::{announce, deletion_protection, protected};
use crate::model::life::Delete;
use crate::model::meaning;
use crate::model::table::Resource;
use crate::model::tf::Tf;
use crate::resources::PURGE_ON_DELETE;

/// Refuses what is protected, and says what is lost permanently or stays in place.
pub(super) async fn plan(
    surroundings: &Surroundings<'_>,
    resource: &dyn Resource,
    request: &PlanResource,
    call: &Call,
) -> PlannedResource {
    let table = resource.table();
    let mut answer = PlannedResource {
        private: request.prior_private.clone(),
        identity: request.identity.clone(),
        ..PlannedResource::default()
    };
    let Some(state) = request.prior.as_ref().filter(|_| table.address.is_named()) else {
        return answer;
    };
    let Surroundings { lifecycle, walk, now, .. } = *surroundings;
    let destroyed = Replacement::of(resource, state);
    let (noun, name) = (table.noun, destroyed.name.as_str());
    if table.life.delete == Delete::Forget {
        answer.diagnostics.push(Diagnostic::warning(
            format!("{} of `{name}` remains unchanged", meaning::capitalized(noun)),
            format!(
                "Lakebase cannot delete a {noun}. Terraform only removes it from the state, and it \
                 keeps its current value."
            ),
        ));
        return answer;
    }
    if table.life.delete == Delete::Reset {
        let summary = format!("{} of `{name}` will be reset", meaning::capitalized(noun));
        answer.diagnostics.push(Diagnostic::warning(summary, resource.loss(state)));
        return answer;
    }
    if !walk.plans_destroy(name) {
        // Nothing is lost: protection and consent have no say.
        answer.private =
            PrivateState { forget: true, ..PrivateState::read(&request.prior_private) }.write();
        return answer;
    }
    let loses_data = table.life.delete == Delete::Permanent;
    let purges = loses_data || PURGE_ON_DELETE.of(state) == Tf::Known(true);
    let observed = match lifecycle {
        // What is lost is said only where it is refused or permanent.
        Some(lifecycle) if purges || destroyed.deletion_protection => {
            lifecycle.observe_inside(table, name, state, call).await
        }
        Some(lifecycle) => lifecycle.observe_protection(table, name, state, call).await,
        None => Arc::default(),
    };
    let sink = &mut answer.diagnostics;
    if walk.creates(name) {
        sink.push(managed_elsewhere(&Attempt { verb: "create", noun, name }));
    }
    if destroyed.deletion_protection {
        sink.push(deletion_protection(table, name, "destroy", &observed));
    }
    if destroyed.is_protected {
        sink.push(protected(noun, name, &[name.to_owned()]));
    } else if !observed.protected.is_empty() {
        sink.push(protected(noun, name, &observed.protected));
    }
    let Some(lifecycle) = lifecycle else { return answer };
    if destroyed.deleted_only_with_parent {
        let parent = table.parent_noun();
        let outer = if parent == "project" { "" } else { " or its project" };
        sink.push(Diagnostic::warning(
            format!("{} is deleted only with its {parent}", meaning::subject(noun, name)),
            format!(
                "If this plan also destroys the {parent}{outer}, nothing remains. \
                 Otherwise Terraform only removes the {noun} from the state: it keeps its settings \
                 and continues to be billed.",
            ),
        ));
    } else if let Some(branch) = lifecycle.observe_protected_parent(table, name, state, call).await
    {
        sink.push(protected(noun, name, &[branch]));
    }
    let loss = resource.loss(state);
    if (purges || !loss.is_empty()) && !sink.has_errors() {
        let destroyed = Replacement { consent: true, ..destroyed };
        sink.extend(announce(table, &destroyed, loss, &observed, "The plan destroys it.", now));
    }
    sink.extend(observed.failure.clone());
    answer
}
