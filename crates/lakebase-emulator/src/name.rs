//! Reads names: `projects/p/branches/b`, `catalogs/c`, and singletons such as
//! `projects/p/branches/b/snapshot-schedule`. Knows no kinds.
//!
//! A name is made of pairs of a collection and an ID. The name of a singleton ends in a segment
//! without ID, so that its number of segments is odd. Patterns are names in which `*` stands for one
//! segment that is not empty.

/// `projects/p` for `projects/p/branches/b`; `None` for what is at the top.
pub(crate) fn parent(name: &str) -> Option<&str> {
    let (rest, _) = name.rsplit_once('/')?;
    let is_singleton = name.split('/').count() % 2 == 1;
    if is_singleton { Some(rest) } else { rest.rsplit_once('/').map(|(parent, _)| parent) }
}

/// The name itself, its parent, and so on to the top.
pub(crate) fn lineage(name: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(name), |name| parent(name))
}

/// The last segment.
pub(crate) fn id(name: &str) -> &str {
    name.rsplit_once('/').map_or(name, |(_, id)| id)
}

/// The collection that the object is in, `projects/p/branches`; the name itself for a singleton.
pub(crate) fn collection(name: &str) -> &str {
    let is_singleton = name.split('/').count() % 2 == 1;
    if is_singleton { name } else { name.rsplit_once('/').map_or("", |(collection, _)| collection) }
}

/// The first `count` segments of a name, or all that there are.
pub(crate) fn first_segments(name: &str, count: usize) -> &str {
    let end = name.match_indices('/').nth(count.saturating_sub(1)).map(|(at, _)| at);
    if count == 0 { "" } else { &name[..end.unwrap_or(name.len())] }
}

/// Whether a path is as the pattern says, segment by segment.
pub(crate) fn matches(pattern: &str, path: &str) -> bool {
    let (mut wanted, mut segments) = (pattern.split('/'), path.split('/'));
    loop {
        match (wanted.next(), segments.next()) {
            (None, None) => return true,
            (Some("*"), Some(segment)) if !segment.is_empty() => {}
            (Some(wanted), Some(segment)) if wanted == segment => {}
            _ => return false,
        }
    }
}

/// Whether `name` is that of something inside `container`.
pub(crate) fn is_inside(name: &str, container: &str) -> bool {
    name.strip_prefix(container).is_some_and(|rest| rest.starts_with('/'))
}

/// Whether the end of `text` is like `pattern`, in which `*` stands for any text.
pub(crate) fn ends_like(pattern: &str, text: &str) -> bool {
    let mut pieces = pattern.rsplit('*');
    let last = pieces.next().unwrap_or_default();
    let Some(mut rest) = text.strip_suffix(last) else { return false };
    for piece in pieces {
        match rest.rfind(piece) {
            Some(at) => rest = &rest[..at],
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_the_end_of_a_path_with_stars() {
        let cases = [
            ("/branches", "/api/projects/p/branches", true),
            ("/branches", "/api/projects/p/branches/b", false),
            ("branches/*", "/api/projects/p/branches/b", true),
            ("/operations/*", "/api/projects/p/operations/a/b+c=", true),
            ("*/branches/*/endpoints", "/api/projects/p/branches/b/endpoints", true),
            ("*/branches/*/endpoints", "/api/projects/p/endpoints", false),
            ("*", "/anything", true),
        ];
        for (pattern, path, like) in cases {
            assert_eq!(ends_like(pattern, path), like, "{pattern} {path}");
        }
    }

    #[test]
    fn names_of_any_depth_have_parents_and_collections() {
        let cases = [
            ("projects/p", None, "projects", "p"),
            ("projects/p/branches/b", Some("projects/p"), "projects/p/branches", "b"),
            ("catalogs/shop_prod", None, "catalogs", "shop_prod"),
            ("synced_tables/c.s.t", None, "synced_tables", "c.s.t"),
            (
                "projects/p/branches/b/snapshot-schedule",
                Some("projects/p/branches/b"),
                "projects/p/branches/b/snapshot-schedule",
                "snapshot-schedule",
            ),
        ];
        for (name, parent, collection, id) in cases {
            assert_eq!(self::parent(name), parent, "{name}");
            assert_eq!(self::collection(name), collection, "{name}");
            assert_eq!(self::id(name), id, "{name}");
        }
        let all: Vec<&str> = lineage("projects/p/branches/b/databases/d/data-api").collect();
        assert_eq!(all.len(), 4);
    }

    #[test]
    fn a_pattern_is_matched_segment_by_segment() {
        let cases = [
            ("projects/*", "projects/p", true),
            ("projects/*", "projects/", false),
            ("projects/*", "projects/p/branches", false),
            ("projects/*/branches/*", "projects/operations/branches/b", true),
            ("projects/*/branches/*", "projects/p/operations/b", false),
        ];
        for (pattern, path, expected) in cases {
            assert_eq!(matches(pattern, path), expected, "{pattern} {path}");
        }
        assert_eq!(first_segments("projects/p/branches/b", 2), "projects/p");
        assert_eq!(first_segments("projects/p/branches/b", 0), "");
        assert_eq!(first_segments("projects/p", 4), "projects/p");
        assert!(is_inside("projects/p/branches/b", "projects/p"));
        assert!(!is_inside("projects/pp", "projects/p"));
    }
}
