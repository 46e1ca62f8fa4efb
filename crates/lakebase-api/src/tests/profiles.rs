//! Profiles, read as the Databricks SDKs read them: with go-ini and its defaults.

use super::authentication::found;

#[test]
fn profiles_are_read_as_the_sdks_read_them() {
    const PAT: &str = "https://h.example.com pat";
    let token = "host = h.example.com\ntoken = t\n";
    let table = [
        ("[DEFAULT]\nhost = \"https://h.example.com\"\ntoken = 't'\n".to_owned(), PAT),
        ("[DEFAULT]\nhost = h.example.com ; note\ntoken = t # note\n".to_owned(), PAT),
        ("[DEFAULT]\nhost = h.example.com#note\ntoken = t\n".to_owned(), PAT),
        (format!("[DEFAULT] # note\n{token}"), PAT),
        (format!("\u{feff}[DEFAULT]\n{token}"), PAT),
        (format!("[DEFAULT]\n{token}").replace('\n', "\r\n"), PAT),
        (format!("  [DEFAULT]\n  # note\n\t; note\n{token}").replace(" =", ":"), PAT),
        (format!("# note\n{token}"), PAT),
        (format!("[DEFAULT]\nhost = old.example.com\n[other]\n[DEFAULT]\n{token}"), PAT),
        ("[DEFAULT]\nhost = h.\\\nexample.com\ntoken = `t`\n".to_owned(), PAT),
        ("[DEFAULT]\nhost = \"\"\"h.example.com\"\"\"\n\"token\" = t".to_owned(), PAT),
    ];
    for (file, expected) in table {
        assert_eq!(found(&file, &[]), expected, "{file:?}");
    }
}

#[test]
fn a_line_that_is_neither_section_nor_value_is_an_error_that_shows_its_number_alone() {
    for (file, line) in [
        ("[DEFAULT]\nhost = h.example.com\ndapi-secret\ntoken = t", 3),
        ("[DEFAULT\nhost = h.example.com", 1),
        ("[]\nhost = h.example.com", 1),
        ("[DEFAULT]\n= dapi-secret", 2),
        ("[DEFAULT]\n\ntoken = `dapi-secret\n", 3),
    ] {
        let error = found(file, &[]);
        assert!(error.contains(&format!("line {line} ")), "{file:?}: {error}");
        assert!(!error.contains("dapi-secret"), "{error}");
    }
}
