//! Takes addresses of resources apart: modules, type, name, and instance keys.

/// A part of an address: a name, and the instance key behind it with its brackets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step<'a> {
    pub name: &'a str,
    /// The key, e.g. `["a.b"]` or `[0]`.
    pub key: Option<&'a str>,
}

/// The parts of an address, or of a reference: `module.a["x"].lakebase_endpoint.b[0]` has four.
pub fn steps(address: &str) -> Vec<Step<'_>> {
    let mut steps = Vec::new();
    let (mut start, mut open, mut quoted, mut escaped, mut depth) = (0, None, false, false, 0);
    let ends = address.char_indices().chain([(address.len(), '.')]);
    for (at, character) in ends {
        let is_end = at == address.len();
        match character {
            _ if escaped && !is_end => escaped = false,
            '\\' if quoted => escaped = true,
            '"' if !is_end => quoted = !quoted,
            _ if quoted && !is_end => {}
            '[' => {
                open.get_or_insert(at);
                depth += 1;
            }
            ']' => depth -= 1,
            '.' if depth <= 0 || is_end => {
                let end = open.unwrap_or(at);
                if start < at {
                    let key = open.map(|open| &address[open..at]);
                    steps.push(Step { name: &address[start..end], key });
                }
                (start, open, depth) = (at + 1, None, 0);
            }
            _ => {}
        }
    }
    steps
}

/// The names in an address, without instance keys.
pub fn names(address: &str) -> Vec<&str> {
    steps(address).into_iter().map(|step| step.name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn address_is_names_and_keys() {
        for (address, expected) in [
            ("lakebase_endpoint.a", &[("lakebase_endpoint", None), ("a", None)][..]),
            ("lakebase_endpoint.a[0]", &[("lakebase_endpoint", None), ("a", Some("[0]"))]),
            (
                "module.m[\"x.y\"].module.n[0].lakebase_endpoint.a[\"]\\\"[.\"]",
                &[
                    ("module", None),
                    ("m", Some("[\"x.y\"]")),
                    ("module", None),
                    ("n", Some("[0]")),
                    ("lakebase_endpoint", None),
                    ("a", Some("[\"]\\\"[.\"]")),
                ],
            ),
            ("b[\"x\"].name", &[("b", Some("[\"x\"]")), ("name", None)]),
            ("a[0", &[("a", Some("[0"))]),
            ("", &[]),
        ] {
            let found = steps(address);
            let found: Vec<_> = found.iter().map(|step| (step.name, step.key)).collect();
            assert_eq!(found, expected, "{address}");
        }
    }
}
