//! Brackets in place of what differs between two runs, so that whole outputs can be compared.

/// The forms that are told apart. In a form, `x` is a hexadecimal digit, `9` a decimal one, `~` any
/// number of decimal ones, and everything else itself.
const FORMS: [(&str, &str); 9] = [
    ("xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx", "[UUID]"),
    ("/operations/xxxxxxxx/xxxxxxxx+xxxx=", "/operations/[OPERATION]"),
    ("9999-99-99T99:99:99Z", "[TIME]"),
    ("9999-99-99T99:99:99.9~Z", "[TIME]"),
    ("9~.9 s", "[SECONDS]"),
    ("after 9~ attempts", "after [SEVERAL] attempts"),
    ("Attempts: 9~ (", "Attempts: [COUNT] ("),
    ("TraceId: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "TraceId: [TRACE]"),
    ("TraceId:\nxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "TraceId:\n[TRACE]"),
];

/// The text with everything in it that has one of the forms replaced.
pub(super) fn masked(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        let found = FORMS.iter().find_map(|(form, name)| Some((length(rest, form)?, name)));
        if let Some((length, name)) = found {
            masked.push_str(name);
            rest = &rest[length..];
        } else {
            masked.push(character);
            rest = &rest[character.len_utf8()..];
        }
    }
    masked
}

/// How many bytes at the beginning of the text have the form; none where it does not begin so.
fn length(text: &str, form: &str) -> Option<usize> {
    let text = text.as_bytes();
    let mut at = 0;
    for want in form.bytes() {
        if want == b'~' {
            at += text[at..].iter().take_while(|it| it.is_ascii_digit()).count();
            continue;
        }
        let have = *text.get(at)?;
        let fits = match want {
            b'x' => have.is_ascii_hexdigit(),
            b'9' => have.is_ascii_digit(),
            _ => have == want,
        };
        if !fits {
            return None;
        }
        at += 1;
    }
    Some(at)
}

#[test]
fn ids_and_times_are_masked_and_nothing_else_is() {
    let cases = [
        ("id 0a1b2c3d-1111-2222-3333-444455556666.", "id [UUID]."),
        ("at 2026-01-31T10:00:00Z, 2026-01-31T10:00:00.12345Z", "at [TIME], [TIME]"),
        ("17 é 2026-01-31", "17 é 2026-01-31"),
        ("300s, 5 s", "300s, 5 s"),
        ("projects/p/operations/0a1b2c3d/0a1b2c3d+11ff=", "projects/p/operations/[OPERATION]"),
        ("after 1 attempt (12.3 s)", "after 1 attempt ([SECONDS])"),
        ("after 12 attempts (0.1 s)", "after [SEVERAL] attempts ([SECONDS])"),
        ("Attempts: 5 (0.1 s)", "Attempts: [COUNT] ([SECONDS])"),
    ];
    for (text, expected) in cases {
        assert_eq!(masked(text), expected);
    }
}
