//! In which workspace an object is, and what happens in another one: nothing.
//!
//! A changed host or profile would otherwise make every object look deleted.

use lakebase_api::Deadline;
use tfplugin::{Diagnostic, Object};

use super::Lifecycle;
use super::help::{Help as _, Section};
use super::private::PrivateState;
use super::report::Attempt;
use crate::model::meaning;

impl Lifecycle {
    /// What to say when the workspace that answered is not the one that holds the object.
    pub(super) fn workspace_mismatch(
        &self,
        attempt: &Attempt<'_>,
        identity: Option<&Object>,
        memory: &PrivateState,
    ) -> Option<Diagnostic> {
        let known = workspace_of(identity, memory)?;
        let answered = self.client.workspace_id().filter(|it| it != known)?;
        let Attempt { noun, name, .. } = attempt;
        let diagnostic = Diagnostic::error(
            format!("{} belongs to another workspace", meaning::subject(noun, name)),
            format!(
                "The {noun} is in workspace {known}, but {} is workspace {answered}. The state remains \
                 unchanged. Check `host` or `profile` in the provider configuration, and \
                 `workspace_id` in an `import` block. To manage the {noun} with that name in \
                 workspace {answered} instead, remove this one from the state with `terraform state \
                 rm`, if it is there, and import the other one.",
                self.client.host()
            ),
        );
        Some(diagnostic.see(Section::WrongWorkspace))
    }

    /// The same before a change. Nothing may have been read yet: an apply of a saved plan begins
    /// with the change, and a delete in the wrong workspace would take its 404 for success.
    pub(super) async fn workspace_mismatch_before_change(
        &self,
        attempt: &Attempt<'_>,
        identity: Option<&Object>,
        memory: &PrivateState,
        deadline: &Deadline,
    ) -> Option<Diagnostic> {
        workspace_of(identity, memory)?;
        self.client.learn_workspace(deadline).await;
        self.workspace_mismatch(attempt, identity, memory)
    }
}

/// The workspace that holds an object, where Terraform or the provider remembers it.
fn workspace_of<'a>(identity: Option<&'a Object>, memory: &'a PrivateState) -> Option<&'a str> {
    let identified = identity.and_then(|identity| identity.get("workspace_id")?.as_str());
    identified.or(memory.workspace.as_deref())
}
