//! Reads in a message which ways out it offers.

/// What a message offers.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Way {
    /// `terraform untaint`
    Untaint,
    /// An `import` block.
    Import(String),
    /// `terraform state rm` of each address, then `terraform import`.
    ImportAgain,
    /// `purge_on_delete = true`
    AllowPurge,
    /// No `create_before_destroy`.
    DestroyFirst,
    /// `replace_existing = true`
    Adopt,
    /// No `replace_existing`.
    DoNotAdopt,
    /// Another ID.
    Rename,
    /// `max_autoscaling_range_cu`
    AllowWideRanges,
    /// `POST …/undelete`
    Undelete,
    /// `deletion_protection = false`, and nothing that replaces the object.
    Unprotect,
    /// Nothing that replaces the object.
    Undo,
}

impl Way {
    /// The word under which a sort of runs permits it.
    pub(super) fn permission(&self) -> &'static str {
        match self {
            Way::Untaint => "untaint",
            Way::Import(_) | Way::ImportAgain => "import",
            _ => "change",
        }
    }
}

/// The ways out that a message offers.
pub(super) fn ways(detail: &str) -> Vec<Way> {
    if detail.contains("/undelete") {
        return vec![Way::Undelete];
    }
    let import = block(detail).map(Way::Import);
    let offers = [
        ("terraform untaint", Way::Untaint),
        ("terraform state rm", Way::ImportAgain),
        ("create_before_destroy", Way::DestroyFirst),
        ("replace_existing = true", Way::Adopt),
        ("Remove `replace_existing`", Way::DoNotAdopt),
        ("Choose another `branch_id`", Way::Rename),
        ("Choose another `project_id`", Way::Rename),
        ("Undo the change", Way::Undo),
        ("purge_on_delete = true", Way::AllowPurge),
        ("max_autoscaling_range_cu", Way::AllowWideRanges),
        ("deletion_protection = false", Way::Unprotect),
    ];
    let offers = offers.into_iter().filter(|(text, _)| detail.contains(text));
    import.into_iter().chain(offers.map(|(_, way)| way)).collect()
}

/// The `import` block of a message.
fn block(detail: &str) -> Option<String> {
    let start = detail.find("  import {")?;
    let length = detail[start..].find("\n  }")?;
    Some(format!("{}\n  }}\n", &detail[start..start + length]))
}
