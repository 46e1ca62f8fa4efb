//! Refuses replacements that nothing consents to, and announces what the others delete.

use jiff::{SignedDuration, Timestamp};
use tfplugin::{Diagnostic, Diagnostics, Path};

use super::super::consent::{Deletion, Refusal, Replacement};
use super::super::create::undelete_command;
use super::super::help::{Help as _, Section};
use super::creation::created_automatically;
use super::{Observed, PlanKind, Preview, lost};
use crate::model::life::Delete;
use crate::model::table::Table;
use crate::model::{meaning, plan};
use crate::resources::{DELETION_PROTECTION, IS_PROTECTED, PURGE_ON_DELETE, REPLACE_EXISTING};

/// How long Lakebase keeps what was deleted softly. Source: the project's collection of facts,
/// 1.6c.
const RETENTION: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Who wants a replacement, where no change of an attribute does.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Cause {
    /// `-replace`, or `replace_triggered_by`.
    Demanded,
    /// The object is tainted.
    Tainted,
}

impl Preview<'_> {
    /// The errors of a replacement; or, if it has none, what a reader of the plan must know.
    ///
    /// Of the second call, which is made whoever wants the replacement, Terraform shows errors
    /// only.
    pub(super) fn replacing(&self, replacement: &Replacement, observed: &Observed) -> Diagnostics {
        if let PlanKind::Replace(_, Cause::Tainted) = self.kind {
            if let Some(elsewhere) = self.destroyed_elsewhere(&replacement.name) {
                return elsewhere.into();
            }
            let mut told: Diagnostics = self.tainted(replacement, observed).into_iter().collect();
            if replacement.deletion(self.table).is_ok() {
                told.extend(self.certain_failures(replacement, observed));
            }
            return told;
        }
        let errors = self.errors(replacement, observed);
        if errors.has_errors() {
            return errors;
        }
        let announced = self.surroundings.lifecycle.and_then(|_| {
            let why = self.reason();
            let loss = self.loss();
            announce(self.table, replacement, loss, observed, &why, self.surroundings.now)
        });
        announced.map(|it| self.at_its_cause(it)).into_iter().collect()
    }

    /// What a delete of the object loses besides data. The configuration consents, not the state.
    fn loss(&self) -> &'static str {
        let planned = &self.planned.object;
        let mut replaced = self.request.prior.as_ref().unwrap_or(planned).clone();
        if let Some((consent, _)) = self.table.consent() {
            let value = planned.get(consent.name).cloned().unwrap_or_default();
            replaced.insert(consent.name.to_owned(), value);
        }
        self.resource.loss(&replaced)
    }

    /// On the attribute whose change forces the replacement, where one does.
    fn at_its_cause(&self, diagnostic: Diagnostic) -> Diagnostic {
        match self.planned.requires_replace.first() {
            Some(path) => diagnostic.at(path.clone()),
            None => diagnostic,
        }
    }

    fn errors(&self, replacement: &Replacement, observed: &Observed) -> Diagnostics {
        let (table, noun) = (self.table, self.table.noun);
        let Replacement { name, .. } = replacement;
        let mut errors = Diagnostics::new();
        let refusal = match replacement.deletion(table) {
            Err(Refusal::NoConsent) => Some(self.no_consent(replacement, observed)),
            Err(refusal) => Some(refused(table, replacement, refusal, observed)),
            Ok(_) if !observed.protected.is_empty() => {
                Some(protected(noun, name, &observed.protected))
            }
            Ok(_) => None,
        };
        errors.extend(refusal.map(|it| self.at_its_cause(it)));
        errors.extend(self.certain_failures(replacement, observed));
        if self.adopts()
            && replacement.deletion(table) != Err(Refusal::OnlyWithParent)
            && replacement.successor.as_deref() == Some(name.as_str())
        {
            errors.push(adopts_itself(noun, name));
        }
        errors
    }

    /// Why the create half is certain to fail, after the delete half has succeeded.
    fn certain_failures(&self, replacement: &Replacement, observed: &Observed) -> Diagnostics {
        let (noun, name) = (self.table.noun, &replacement.name);
        let prior = self.request.prior.as_ref();
        let now = self.surroundings.now;
        let mut errors = plan::refused_replacement(self.resource, prior, &self.planned.object, now);
        if let Some(source) = &observed.missing_source {
            let detail = format!(
                "`{source}` refers to an object that does not exist. The create step would fail \
                 after the delete step.",
            );
            let summary = format!("Cannot replace {noun} `{name}`");
            errors.push(Diagnostic::error(summary, detail).at(source.as_str()));
        }
        let born = self.resource.is_created_with_parent(&self.planned.object);
        if born && !self.adopts() {
            errors.push(created_automatically(self.table, name));
        }
        errors
    }

    fn no_consent(&self, replacement: &Replacement, observed: &Observed) -> Diagnostic {
        let (table, noun, name) = (self.table, self.table.noun, &replacement.name);
        let same = match &replacement.successor {
            Some(_) => {
                "The new object has the same ID, which cannot be reused for 7 days after a soft delete"
            }
            None => {
                "The ID of the new object is known after apply. If it is the same, it cannot be reused \
                 for 7 days after a soft delete"
            }
        };
        let undo = if self.planned.requires_replace.is_empty() {
            "Do not request the replacement"
        } else {
            "Undo the change"
        };
        let id = table.id().map_or("id", |field| field.name);
        let purge = PURGE_ON_DELETE.name();
        Diagnostic::error(
            format!("Replacing {noun} `{name}` would delete it permanently"),
            format!(
                "{} {same}, so the old {noun} would have to be deleted permanently. This would delete \
                 {}.\n\nDo one of the following:\n  - {undo}.\n  - Choose another `{id}`: the old {noun} \
                 can be restored for 7 days.\n  - Set `{purge} = true` to delete the old {noun} \
                 permanently. One apply is enough.\n\nA destroy includes this plan, too, unless \
                 it runs with `-refresh=false`.",
                self.reason(),
                lost(table, observed),
            ),
        )
        .see(Section::Replacements)
    }

    /// What forces the replacement, as a sentence.
    fn reason(&self) -> String {
        let paths = &self.planned.requires_replace;
        if paths.is_empty() {
            return "`-replace` or `replace_triggered_by` requests the replacement.".to_owned();
        }
        let names: Vec<_> = paths.iter().map(|path| format!("`{path}`")).collect();
        format!("The change of {} forces the replacement.", names.join(" and "))
    }

    /// The warning about a tainted object: the apply will delete it, or refuse to.
    fn tainted(&self, replacement: &Replacement, observed: &Observed) -> Option<Diagnostic> {
        self.surroundings.lifecycle?;
        let (table, noun, name) = (self.table, self.table.noun, &replacement.name);
        let loss = lost(table, observed);
        let purge = PURGE_ON_DELETE.name();
        let what = match replacement.deletion(table) {
            Ok(Deletion::Permanent) => {
                format!("The apply deletes it permanently, including {loss}: {}", consented(table))
            }
            Ok(Deletion::Soft | Deletion::Plain) if !self.loss().is_empty() => {
                format!("The apply deletes it. {}", self.loss())
            }
            Ok(Deletion::Soft | Deletion::Plain) => "The apply deletes it.".to_owned(),
            Err(Refusal::NoConsent) => format!(
                "The apply will refuse to delete it. To delete it permanently, including {loss}, set \
                 `{purge} = true`."
            ),
            Err(Refusal::OnlyWithParent) => format!(
                "The apply will refuse to delete it, because Lakebase deletes it only together with \
                 its {}.",
                table.parent_noun()
            ),
            Err(Refusal::DeletionProtection) => format!(
                "The apply will refuse to delete it, because `{DELETION_PROTECTION}` is `true`. The \
                 delete would include {loss}."
            ),
            Err(Refusal::IsProtected) => format!(
                "The apply will refuse to delete it, because `{IS_PROTECTED}` is `true`. The delete \
                 would include {loss}."
            ),
        };
        Some(Diagnostic::warning(
            format!("{} is tainted", meaning::subject(noun, name)),
            format!(
                "Terraform plans to delete it and create it again. {what}\n\nTo keep it, run \
                 the following command, where ADDRESS is the resource address (use `tofu` with \
                 OpenTofu):\n\n  terraform \
                 untaint ADDRESS\n\nIf the state contains this {noun} under another address, use a \
                 `moved` block instead."
            ),
        ))
    }
}

/// What a replacement, or a destruction, deletes; nothing, where nothing of value is lost.
pub(super) fn announce(
    table: &Table,
    replacement: &Replacement,
    loss: &str,
    observed: &Observed,
    why: &str,
    now: Timestamp,
) -> Option<Diagnostic> {
    let (noun, name) = (table.noun, &replacement.name);
    match replacement.deletion(table) {
        Ok(Deletion::Permanent) => Some(Diagnostic::warning(
            format!("{} will be permanently deleted", meaning::subject(noun, name)),
            format!("{why} {} This deletes {}. {loss}", consented(table), lost(table, observed))
                .trim_end(),
        )),
        Ok(Deletion::Soft) if replacement.deleted_with_parent => Some(Diagnostic::warning(
            format!("{} will be permanently deleted", meaning::subject(noun, name)),
            format!(
                "{why} The {noun} is deleted together with its {}, which is deleted permanently. This \
                 deletes {}.",
                table.parent_noun(),
                lost(table, observed)
            ),
        )),
        Ok(Deletion::Soft) => {
            let until = now.checked_add(RETENTION).unwrap_or(now);
            let until = until.strftime("%Y-%m-%dT%H:%M:%SZ");
            Some(Diagnostic::warning(
                format!(
                    "{} will be deleted and created under another ID",
                    meaning::subject(noun, name)
                ),
                format!(
                    "{why} This deletes {}. For 7 days after the apply (until {until} if applied \
                     now), the old {noun} can be restored:\n\n  {}",
                    lost(table, observed),
                    undelete_command(name)
                ),
            ))
        }
        Ok(Deletion::Plain) if !loss.is_empty() => {
            let subject = meaning::subject(noun, name);
            let summary = match table.life.delete {
                Delete::Clear => format!("{subject} will be cleared"),
                _ => format!("{subject} will be deleted"),
            };
            Some(Diagnostic::warning(summary, format!("{why} {loss}")))
        }
        Ok(Deletion::Plain) | Err(_) => None,
    }
}

/// What consents to a permanent delete.
fn consented(table: &Table) -> String {
    match table.purge_parameter() {
        Some(_) => {
            format!("`{}` is `true`, so it cannot be restored.", PURGE_ON_DELETE.name())
        }
        None => format!(
            "`{DELETION_PROTECTION}` is `false`, and Lakebase cannot restore a deleted {}.",
            table.noun
        ),
    }
}

/// Why an object must not or cannot be replaced.
fn refused(
    table: &Table,
    replacement: &Replacement,
    refusal: Refusal,
    observed: &Observed,
) -> Diagnostic {
    let (noun, name) = (table.noun, &replacement.name);
    match refusal {
        Refusal::OnlyWithParent => Diagnostic::error(
            format!("Cannot replace {noun} `{name}`"),
            format!(
                "Lakebase deletes this {noun} only together with its {parent}. Undo the change, or \
                 replace the {parent}.",
                parent = table.parent_noun()
            ),
        ),
        Refusal::IsProtected => protected(noun, name, std::slice::from_ref(name)),
        _ => deletion_protection(table, name, "replace", observed),
    }
}

/// The plan would create an object of the name, and adopt the very one that it replaces.
fn adopts_itself(noun: &str, name: &str) -> Diagnostic {
    let adoption = REPLACE_EXISTING.name();
    Diagnostic::error(
        format!("Cannot replace and adopt {noun} `{name}`"),
        format!(
            "`{adoption}` is `true`. With `create_before_destroy`, the create step would adopt the \
             replaced object, and the delete step would delete it. Remove `{adoption}`: it has no \
             effect on an object in the state."
        ),
    )
    .at(Path::root(adoption))
}

/// The service's own protection, which it would enforce only after other objects are gone.
pub(super) fn protected(noun: &str, name: &str, branches: &[String]) -> Diagnostic {
    let branches = branches.iter().map(|it| format!("`{it}`")).collect::<Vec<_>>().join(", ");
    Diagnostic::error(
        format!("Cannot delete {noun} `{name}`: it is protected"),
        format!(
            "Lakebase does not delete protected branches or the objects that contain them. To proceed, \
             set `{IS_PROTECTED} = false` on {branches}, apply that change separately, and then plan \
             again."
        ),
    )
    .see(Section::ProtectedObjects)
}

/// The provider's protection.
pub(super) fn deletion_protection(
    table: &Table,
    name: &str,
    what: &str,
    observed: &Observed,
) -> Diagnostic {
    Diagnostic::error(
        format!("Cannot {what} {} `{name}`: deletion protection is enabled", table.noun),
        format!(
            "This would delete {}.\n\nThe value in the state decides. To proceed, set \
             `{DELETION_PROTECTION} = false`, apply that \
             change separately, and then plan again. If the block was removed, restore it for that \
             apply.",
            lost(table, observed)
        ),
    )
    .see(Section::ProtectedObjects)
    .at(DELETION_PROTECTION)
}
