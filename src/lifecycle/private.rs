//! What the provider keeps with an object between runs, unseen by the user. It is not encrypted.

use serde_json::{Value as Json, json};
use tfplugin::Private;

use super::consent::Replacement;

/// What is remembered of an object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PrivateState {
    /// The workspace that holds the object: an identity tells it too, but only from Terraform 1.12.
    pub workspace: Option<String>,
    /// An operation that was going on when an apply ended: the next read waits for it.
    pub operation: Option<String>,
    /// What a plan tells the delete half about the object that it replaces.
    pub replacement: Option<Replacement>,
    /// A plan's word that a destruction only forgets the object: the state has it twice.
    pub forget: bool,
}

impl PrivateState {
    /// Reads what was stored. What is not ours, such as the bytes of a provider that managed the
    /// object before, is nothing.
    pub fn read(private: &Private) -> Self {
        let json: Json = serde_json::from_slice(private).unwrap_or_default();
        let text = |json: &Json, key: &str| json[key].as_str().map(str::to_owned);
        let replaced = &json["lakebase_replacement"];
        Self {
            workspace: text(&json, "lakebase_workspace"),
            operation: text(&json, "lakebase_operation"),
            forget: json["lakebase_forget"] == true,
            replacement: text(replaced, "name").map(|name| Replacement {
                name,
                successor: text(replaced, "successor"),
                same_parent: replaced["same_parent"] == true,
                deletion_protection: replaced["deletion_protection"] == true,
                is_protected: replaced["is_protected"] == true,
                deleted_only_with_parent: replaced["deleted_only_with_parent"] == true,
                consent: replaced["consent"] == true,
                deleted_with_parent: replaced["deleted_with_parent"] == true,
            }),
        }
    }

    /// What to store; nothing to remember is no bytes at all.
    pub fn write(&self) -> Private {
        let mut json = json!({});
        if let Some(workspace) = &self.workspace {
            json["lakebase_workspace"] = json!(workspace);
        }
        if let Some(operation) = &self.operation {
            json["lakebase_operation"] = json!(operation);
        }
        if self.forget {
            json["lakebase_forget"] = json!(true);
        }
        if let Some(replacement) = &self.replacement {
            json["lakebase_replacement"] = json!({
                "name": replacement.name,
                "successor": replacement.successor,
                "same_parent": replacement.same_parent,
                "deletion_protection": replacement.deletion_protection,
                "is_protected": replacement.is_protected,
                "deleted_only_with_parent": replacement.deleted_only_with_parent,
                "consent": replacement.consent,
                "deleted_with_parent": replacement.deleted_with_parent,
            });
        }
        if json == json!({}) { Private::new() } else { json.to_string().into_bytes() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_state_round_trips() {
        let bits = |bits: u8| Replacement {
            name: "projects/p".to_owned(),
            successor: (bits & 1 != 0).then(|| "projects/q".to_owned()),
            same_parent: bits & 2 != 0,
            deletion_protection: bits & 4 != 0,
            is_protected: bits & 8 != 0,
            deleted_only_with_parent: bits & 16 != 0,
            consent: bits & 32 != 0,
            deleted_with_parent: bits & 64 != 0,
        };
        for replacement in (0..7).map(|bit| bits(1 << bit)) {
            let memory = PrivateState { replacement: Some(replacement), ..PrivateState::default() };
            assert_eq!(PrivateState::read(&memory.write()), memory);
        }
        for memory in [
            PrivateState::default(),
            PrivateState { forget: true, ..PrivateState::default() },
            PrivateState {
                workspace: Some("470576644108500".to_owned()),
                ..PrivateState::default()
            },
            PrivateState {
                operation: Some("projects/p/operations/a+/=".to_owned()),
                ..PrivateState::default()
            },
        ] {
            assert_eq!(PrivateState::read(&memory.write()), memory);
        }
    }

    #[test]
    fn private_state_of_another_provider_is_ignored() {
        for foreign in [&b""[..], b"\xff\xfe", b"[]", br#"{"schema_version":"1"}"#] {
            assert_eq!(PrivateState::read(&foreign.to_vec()), PrivateState::default());
        }
    }
}
