//! What the provider keeps with an object between runs, unseen by the user. It is not encrypted.

use serde_json::{Value as Json, json};
use tfplugin::Private;

/// What is remembered of an object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// The workspace that holds the object: an identity tells it too, but only from Terraform 1.12.
    pub workspace: Option<String>,
    /// An operation that was going on when an apply ended: the next read waits for it.
    pub operation: Option<String>,
    /// What a plan tells the second half of a replacement about the object to be replaced.
    pub replaced: Option<Replaced>,
}

/// The object that a replacement destroys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replaced {
    /// Whether its state refuses destruction.
    pub protected: bool,
    /// Whether the service itself refuses to delete it.
    pub shielded: bool,
    /// Whether it goes only along with its parent.
    pub stays: bool,
    /// Its name.
    pub name: String,
}

impl Memory {
    /// Reads what was stored. What is not ours, such as the bytes of a provider that managed the
    /// object before, is nothing.
    pub fn read(private: &Private) -> Self {
        let json: Json = serde_json::from_slice(private).unwrap_or_default();
        let text = |json: &Json, key: &str| json[key].as_str().map(str::to_owned);
        let replaced = &json["lakebase_replaced"];
        Self {
            workspace: text(&json, "lakebase_workspace"),
            operation: text(&json, "lakebase_operation"),
            replaced: text(replaced, "name").map(|name| Replaced {
                protected: replaced["protected"] == true,
                shielded: replaced["shielded"] == true,
                stays: replaced["stays"] == true,
                name,
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
        if let Some(Replaced { protected, shielded, stays, name }) = &self.replaced {
            json["lakebase_replaced"] = json!({
                "protected": protected, "shielded": shielded, "stays": stays, "name": name,
            });
        }
        if json == json!({}) { Private::new() } else { json.to_string().into_bytes() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_remembered_is_read_again() {
        let name = "projects/p".to_owned();
        let replaced = Replaced { protected: true, shielded: true, stays: true, name };
        for memory in [
            Memory::default(),
            Memory { workspace: Some("470576644108500".to_owned()), ..Memory::default() },
            Memory {
                operation: Some("projects/p/operations/a+/=".to_owned()),
                ..Memory::default()
            },
            Memory { replaced: Some(replaced), ..Memory::default() },
        ] {
            assert_eq!(Memory::read(&memory.write()), memory);
        }
    }

    #[test]
    fn the_bytes_of_another_provider_are_nothing() {
        for foreign in [&b""[..], b"\xff\xfe", b"[]", br#"{"schema_version":"1"}"#] {
            assert_eq!(Memory::read(&foreign.to_vec()), Memory::default());
        }
    }
}
