//! Ends the detail of an error with a link to its section of the troubleshooting guide.
//!
//! Only errors have a link whose section says more than their own detail. Start reading at
//! [`Help::see`].

use std::fmt::Write as _;

use tfplugin::Diagnostic;

/// The guide, as the Terraform Registry shows it.
const GUIDE: &str =
    "https://registry.terraform.io/providers/lakebase/lakebase/latest/docs/guides/troubleshooting";

/// A section of the guide.
#[derive(Clone, Copy, Debug)]
pub enum Section {
    /// A request that Lakebase rejects, or that does not reach it.
    RequestsThatFail,
    /// An object that a create finds.
    ObjectAlreadyExists,
    /// An object that can be restored.
    SoftDeletedObjects,
    /// An object that Terraform wants to replace because its create did not complete.
    TaintedObjects,
    /// An object that must not be deleted.
    ProtectedObjects,
    /// An object that cannot be replaced.
    Replacements,
    /// An object of another workspace.
    WrongWorkspace,
}

/// What refers to the guide.
pub trait Help {
    /// Adds the link to a section at the end.
    #[must_use]
    fn see(self, section: Section) -> Self;
}

impl Help for Diagnostic {
    fn see(mut self, section: Section) -> Self {
        let _ = write!(self.detail, "\n\nHelp: {GUIDE}#{}", section.anchor());
        self
    }
}

impl Section {
    fn anchor(self) -> &'static str {
        match self {
            Self::RequestsThatFail => "requests-that-fail",
            Self::ObjectAlreadyExists => "the-object-already-exists",
            Self::SoftDeletedObjects => "soft-deleted-objects",
            Self::TaintedObjects => "tainted-objects",
            Self::ProtectedObjects => "protected-objects",
            Self::Replacements => "replacements",
            Self::WrongWorkspace => "the-wrong-workspace",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_section_is_in_the_guide() {
        let guide = include_str!("../../docs/guides/troubleshooting.md");
        let headings = guide.lines().filter_map(|line| line.strip_prefix("## "));
        let anchors: Vec<_> =
            headings.map(|heading| heading.to_lowercase().replace(' ', "-")).collect();
        for section in [
            Section::RequestsThatFail,
            Section::ObjectAlreadyExists,
            Section::SoftDeletedObjects,
            Section::TaintedObjects,
            Section::ProtectedObjects,
            Section::Replacements,
            Section::WrongWorkspace,
        ] {
            let anchor = section.anchor();
            assert!(anchors.iter().any(|it| it == anchor), "the guide has no section {anchor}");
        }
    }
}
