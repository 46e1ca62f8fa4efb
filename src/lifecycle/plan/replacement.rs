//! Refuses replacements that nothing consents to, and announces what the others delete.

use jiff::{SignedDuration, Timestamp};
use tfplugin::{Diagnostic, Diagnostics, Path};

use super::super::consent::{Deletion, Refusal, Replacement};
use super::super::create::undelete_command;
use super::super::report::Attempt;
use super::creation::comes_by_itself;
use super::{Observed, PlanKind, Preview, lost};
use crate::model::plan;
use crate::model::table::Table;
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

    /// What a delete of the object loses besides data.
    fn loss(&self) -> &'static str {
        let planned = &self.planned.object;
        self.resource.loss(self.request.prior.as_ref().unwrap_or(planned))
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
                "`{source}` names an object that does not exist, so the create half would fail \
                 after the delete half. Correct it first.",
            );
            let summary = format!("Cannot replace the {noun} `{name}`");
            errors.push(Diagnostic::error(summary, detail).at(source.as_str()));
        }
        let born = self.resource.is_born_with_its_parent(&self.planned.object);
        if born && !self.adopts() {
            let attempt = Attempt { verb: "create", noun, name };
            errors.push(comes_by_itself(&attempt));
        }
        errors
    }

    fn no_consent(&self, replacement: &Replacement, observed: &Observed) -> Diagnostic {
        let (table, noun, name) = (self.table, self.table.noun, &replacement.name);
        let same = match &replacement.successor {
            Some(_) => "The new one has the same ID, which a delete reserves for 7 days",
            None => {
                "The name of the new one is not known before the apply; if it is the same, a \
                 delete reserves its ID for 7 days"
            }
        };
        let undo = if self.planned.requires_replace.is_empty() {
            "Do not ask for the replacement"
        } else {
            "Undo the change"
        };
        let id = table.id().map_or("id", |field| field.name);
        let purge = PURGE_ON_DELETE.name();
        Diagnostic::error(
            format!("Replacing the {noun} `{name}` would delete it permanently"),
            format!(
                "{} {same}, so only a permanent delete makes room for it. Lost would be {}.\n\n\
                 Choose one:\n  - {undo}.\n  - Choose another `{id}`: the old {noun} can be \
                 restored for 7 days.\n  - Set `{purge} = true` to delete the old {noun} \
                 permanently. One apply is enough.\n\n`terraform destroy` makes this plan as \
                 well; with `-refresh=false` it does not.",
                self.reason(),
                lost(table, observed),
            ),
        )
    }

    /// What forces the replacement, as a sentence.
    fn reason(&self) -> String {
        let paths = &self.planned.requires_replace;
        if paths.is_empty() {
            return "`-replace` or `replace_triggered_by` asks for the replacement.".to_owned();
        }
        let names: Vec<_> = paths.iter().map(|path| format!("`{path}`")).collect();
        format!("A change of {} forces the replacement.", names.join(" and "))
    }

    /// The warning about a tainted object: the apply will delete it, or refuse to.
    fn tainted(&self, replacement: &Replacement, observed: &Observed) -> Option<Diagnostic> {
        self.surroundings.lifecycle?;
        let (table, noun, name) = (self.table, self.table.noun, &replacement.name);
        let loss = lost(table, observed);
        let purge = PURGE_ON_DELETE.name();
        let what = match replacement.deletion(table) {
            Ok(Deletion::Permanent) => format!(
                "The apply deletes it permanently: {} Lost will be {loss}.",
                consented(table)
            ),
            Ok(Deletion::Soft | Deletion::Plain) if !self.loss().is_empty() => {
                format!("The apply deletes it. {}", self.loss())
            }
            Ok(Deletion::Soft | Deletion::Plain) => "The apply deletes it.".to_owned(),
            Err(Refusal::NoConsent) => format!(
                "The apply will refuse to delete it. Set `{purge} = true` to delete it \
                 permanently; lost would be {loss}."
            ),
            Err(Refusal::OnlyWithParent) => "The apply will refuse to delete it, because Lakebase \
                deletes it only along with its parent."
                .to_owned(),
            Err(Refusal::DeletionProtection) => format!(
                "The apply will refuse to delete it, because `{DELETION_PROTECTION}` is on. Lost \
                 would be {loss}."
            ),
            Err(Refusal::IsProtected) => format!(
                "The apply will refuse to delete it, because `{IS_PROTECTED}` is on. Lost would be \
                 {loss}."
            ),
        };
        Some(Diagnostic::warning(
            format!("The {noun} `{name}` is tainted"),
            format!(
                "Terraform plans to delete it and create it again. {what}\n\nTo keep it, run \
                 (with its address for ADDRESS):\n\n  terraform untaint ADDRESS\n\nIf another \
                 address in the state has this {noun}, use a `moved` block instead."
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
            format!("This plan permanently deletes the {noun} `{name}`"),
            format!("{why} {} Lost will be {}.", consented(table), lost(table, observed)),
        )),
        Ok(Deletion::Soft) if replacement.goes_with_parent => Some(Diagnostic::warning(
            format!("This plan permanently deletes the {noun} `{name}`"),
            format!(
                "{why} It is deleted along with its parent, which is deleted permanently. Lost \
                 will be {}.",
                lost(table, observed)
            ),
        )),
        Ok(Deletion::Soft) => {
            let until = now.checked_add(RETENTION).unwrap_or(now);
            let until = until.strftime("%Y-%m-%dT%H:%M:%SZ");
            Some(Diagnostic::warning(
                format!("This plan deletes the {noun} `{name}` and creates another"),
                format!(
                    "{why} For 7 days after the apply (until {until} if applied now) the old {noun} \
                     can be restored:\n\n  {}\n\nIt holds {}.",
                    undelete_command(name),
                    lost(table, observed)
                ),
            ))
        }
        Ok(Deletion::Plain) if !loss.is_empty() => Some(Diagnostic::warning(
            format!("This plan deletes the {noun} `{name}`"),
            format!("{why} {loss}"),
        )),
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
            "Its `{DELETION_PROTECTION}` is off, and Lakebase cannot restore a deleted {}.",
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
            format!("The {noun} `{name}` cannot be replaced"),
            "Lakebase deletes it only along with its parent, so it cannot make room for a new one. \
             Undo the change, or replace the parent.",
        ),
        Refusal::IsProtected => protected(noun, name, std::slice::from_ref(name)),
        _ => deletion_protection(table, name, "replacement", observed),
    }
}

/// The plan would create an object of the name, and adopt the very one that it replaces.
fn adopts_itself(noun: &str, name: &str) -> Diagnostic {
    let adoption = REPLACE_EXISTING.name();
    Diagnostic::error(
        format!("The {noun} `{name}` cannot be replaced and adopted"),
        format!(
            "`{adoption}` is `true`: with `create_before_destroy`, the create half would adopt the \
             object that is replaced, and the delete half would delete it. Remove \
             `{adoption}`: it has no effect on an object in the state."
        ),
    )
    .at(Path::root(adoption))
}

/// The service's own protection, which it would enforce only after other objects are gone.
pub(super) fn protected(noun: &str, name: &str, branches: &[String]) -> Diagnostic {
    let branches = branches.iter().map(|it| format!("`{it}`")).collect::<Vec<_>>().join(", ");
    Diagnostic::error(
        format!("Lakebase protects the {noun} `{name}`"),
        format!(
            "`{IS_PROTECTED}` is on for {branches}, so Lakebase would refuse the delete. To delete \
             the {noun}, apply `{IS_PROTECTED} = false` first, on its own."
        ),
    )
}

/// The provider's protection.
pub(super) fn deletion_protection(
    table: &Table,
    name: &str,
    what: &str,
    observed: &Observed,
) -> Diagnostic {
    Diagnostic::error(
        format!("The {} `{name}` is protected from {what}", table.noun),
        format!(
            "Its `{DELETION_PROTECTION}` is on. Lost would be {}.\n\nIf that is what you want, \
             apply `{DELETION_PROTECTION} = false` first, on its own. If its block was removed, put \
             the block back for that apply.",
            lost(table, observed)
        ),
    )
    .at(DELETION_PROTECTION)
}
