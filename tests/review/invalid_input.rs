//! What is no review: one line on stderr says what to do instead, and nothing stands on stdout.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use expect_test::{Expect, expect};

use crate::{Run, folder, review};

#[test]
fn non_plan_input_is_rejected_with_one_line() {
    let plan = plan("resize");
    let with = |from: &str, to: &str| {
        assert!(plan.contains(from), "the plan has no {from}");
        plan.replace(from, to).into_bytes()
    };
    let version = r#""format_version": "1.2""#;
    let list = r#""resource_changes": ["#;
    let log = r#"{"@level":"info","@message":"Terraform 1.11.4"}"#;
    let state = r#"{"format_version": "1.0", "terraform_version": "1.11.4", "values": {}}"#;
    let utf16 = |it: u16| it.to_le_bytes();
    check(
        &[
            ("no-changes", b"".to_vec()),
            ("a blank line", b"\n".to_vec()),
            ("a plan for people", b"Terraform will perform the following actions:\n".to_vec()),
            ("a plan as it is saved", b"PK\x03\x04\x14\0\x08\0".to_vec()),
            ("a log", format!("{log}\n{log}\n").into_bytes()),
            ("a state", state.into()),
            ("an empty object", b"{}".to_vec()),
            ("a list", b"[]".to_vec()),
            ("nothing but a version", br#"{"format_version": "1.0"}"#.to_vec()),
            ("no version", with(version, r#""form": 1"#)),
            ("a version that is no text", with(version, r#""format_version": 1.2"#)),
            ("an older format", with(version, r#""format_version": "0.2""#)),
            ("a newer format", with(version, r#""format_version": "2.0""#)),
            ("UTF-16", "\u{feff}{}".encode_utf16().flat_map(utf16).collect()),
            ("Latin-1", b"{\"format_version\": \"\xe9\"}".to_vec()),
            ("two plans", format!("{plan}{plan}").into_bytes()),
            ("a plan and more", format!("{plan}$").into_bytes()),
            ("an unknown action", with(r#""update""#, r#""upsert""#)),
            ("an action that is no text", with(r#""actions": ["#, r#""actions": [1, "#)),
            ("a change that is no object", with(r#""change": {"#, r#""change": 1, "rest": {"#)),
            ("a resource that is no object", with(list, &format!("{list}1, "))),
            ("resources that are no list", with(list, r#""resource_changes": 1, "rest": ["#)),
            ("the first byte", plan[..1].into()),
            ("the beginning", plan[..5_000].into()),
            ("all but the last bracket", plan[..plan.len() - 2].into()),
        ]
        .map(|(what, input)| (what, review(Path::new("."), &[], &input))),
        &expect![[r#"
            no-changes:
                There is no plan: the input is empty. Save the plan with `terraform plan -out=tfplan`, and pass on what `terraform show -json tfplan` prints.
            a blank line:
                There is no plan: the input is empty. Save the plan with `terraform plan -out=tfplan`, and pass on what `terraform show -json tfplan` prints.
            a plan for people:
                This is not JSON (line 1, column 1). Save the plan with `terraform plan -out=tfplan`, and pass on what `terraform show -json tfplan` prints.
            a plan as it is saved:
                This is a binary plan file, not the JSON of a plan. Save the plan with `terraform plan -out=tfplan`, and pass on what `terraform show -json tfplan` prints.
            a log:
                This is the log of `terraform plan -json`, not a plan. Save the plan with `terraform plan -out=tfplan`, and pass on what `terraform show -json tfplan` prints.
            a state:
                This is the JSON of a state, not of a plan. Save the plan with `terraform plan -out=tfplan`, and pass on what `terraform show -json tfplan` prints.
            an empty object:
                This is not the JSON of a plan: it has no `format_version`. Save the plan with `terraform plan -out=tfplan`, and pass on what `terraform show -json tfplan` prints.
            a list:
                This is not the JSON of a plan: invalid type: sequence, expected an object at line 1 column 1. Save the plan with `terraform plan -out=tfplan`, and pass on what `terraform show -json tfplan` prints.
            nothing but a version:
                There is no plan in this JSON. Save the plan with `terraform plan -out=tfplan`, and pass on what `terraform show -json tfplan` prints.
            no version:
                This is not the JSON of a plan: it has no `format_version`. Save the plan with `terraform plan -out=tfplan`, and pass on what `terraform show -json tfplan` prints.
            a version that is no text:
                This is not the JSON of a plan: invalid type: number, expected a string at line 2 column 24. Save the plan with `terraform plan -out=tfplan`, and pass on what `terraform show -json tfplan` prints.
            an older format:
                The plan is in format 0.2; this command reads format 1, which Terraform writes from 1.1 on. Use another Terraform, or another version of this program.
            a newer format:
                The plan is in format 2.0; this command reads format 1, which Terraform writes from 1.1 on. Use another Terraform, or another version of this program.
            UTF-16:
                The plan is in UTF-16 instead of UTF-8. Save the plan with `terraform plan -out=tfplan`, and pass on what `terraform show -json tfplan` prints.
            Latin-1:
                This is not JSON (line 1, column 21). Save the plan with `terraform plan -out=tfplan`, and pass on what `terraform show -json tfplan` prints.
            two plans:
                Unexpected input after the plan, at line 455, column 1. Save the plan with `terraform plan -out=tfplan`, and pass on what `terraform show -json tfplan` prints.
            a plan and more:
                Unexpected input after the plan, at line 455, column 1. Save the plan with `terraform plan -out=tfplan`, and pass on what `terraform show -json tfplan` prints.
            an unknown action:
                The plan has the unsupported action ["upsert"] for `lakebase_endpoint.primary`. Upgrade the provider.
            an action that is no text:
                The plan has the unsupported action [1,"update"] for `lakebase_endpoint.primary`. Upgrade the provider.
            a change that is no object:
                The plan has the unsupported action null for `lakebase_endpoint.primary`. Upgrade the provider.
            a resource that is no object:
                This is not the JSON of a plan: invalid type: integer `1`, expected a resource at line 101 column 25. Save the plan with `terraform plan -out=tfplan`, and pass on what `terraform show -json tfplan` prints.
            resources that are no list:
                This is not the JSON of a plan: invalid type: integer `1`, expected a list of resources at line 101 column 24. Save the plan with `terraform plan -out=tfplan`, and pass on what `terraform show -json tfplan` prints.
            the first byte:
                The JSON of the plan is incomplete, at line 1, column 1. Save the plan with `terraform plan -out=tfplan`, and pass on what `terraform show -json tfplan` prints.
            the beginning:
                The JSON of the plan is incomplete, at line 148, column 19. Save the plan with `terraform plan -out=tfplan`, and pass on what `terraform show -json tfplan` prints.
            all but the last bracket:
                The JSON of the plan is incomplete, at line 454, column 0. Save the plan with `terraform plan -out=tfplan`, and pass on what `terraform show -json tfplan` prints.
        "#]],
    );
}

#[test]
fn invalid_arguments_are_rejected_with_one_line() {
    let plan = plan("resize");
    check(
        &[
            "gone.json",
            "src",
            "--colour",
            "--format",
            "--format pdf",
            "--output html",
            "--output pdf=x",
            "--output html=gone/x",
            "--rules gone.toml",
            "--tag a--b",
            "--tag x",
            "--root . --root . one.json",
            "--fail-on ceilings>64",
            "--fail-on ceiling=64",
            "--fail-on ceiling>many",
            "--fail-on ceiling>",
            "--fail-on growth>2GB",
            "--fail-on cost>100",
            "--price-per-cu-hour cheap",
            "--price-per-cu-hour -1",
            "--price-per-cu-hour 0,111",
            "--root .",
            "--root . --format json",
        ]
        .map(|options| {
            let arguments: Vec<_> = options.split(' ').collect();
            (options, review(Path::new(env!("CARGO_MANIFEST_DIR")), &arguments, plan.as_bytes()))
        }),
        &expect![[r#"
            gone.json:
                Could not read `gone.json`: No such file or directory (os error 2).
            src:
                `src` is a directory.
            --colour:
                Invalid arguments: invalid option '--colour'; see `review --help`.
            --format:
                Invalid arguments: missing argument for option '--format'; see `review --help`.
            --format pdf:
                Invalid `--format pdf`: valid formats are text, markdown, json, sarif and html.
            --output html:
                Invalid `--output html`: expected FORMAT=FILE; valid formats are text, markdown, json, sarif and html.
            --output pdf=x:
                Invalid `--output pdf=x`: expected FORMAT=FILE; valid formats are text, markdown, json, sarif and html.
            --output html=gone/x:
                Could not write `gone/x`: No such file or directory (os error 2).
            --rules gone.toml:
                Could not read the rules `gone.toml`: No such file or directory (os error 2).
            --tag a--b:
                Invalid `--tag a--b`: use letters, digits, `.`, `/`, `_` and single `-`.
            --tag x:
                `--tag` requires the format markdown.
            --root . --root . one.json:
                `--root` requires the format sarif.
            --fail-on ceilings>64:
                Invalid `--fail-on 'ceilings>64'`: `ceilings` is not a known metric; valid metrics: `ceiling`, `floor`, `range`, `growth`, `increase`, `computes`, `connections`, `cost`, `cost-increase`.
            --fail-on ceiling=64:
                Invalid `--fail-on 'ceiling=64'`: `ceiling=64` is not a valid condition; expected `always-on`, `destroys`, `unknown` or a comparison such as `ceiling > 64`.
            --fail-on ceiling>many:
                Invalid `--fail-on 'ceiling>many'`: expected a number after `ceiling`, such as `2` or `0.5`, with or without `CU`, but got `many`.
            --fail-on ceiling>:
                Invalid `--fail-on 'ceiling>'`: expected a number after `ceiling`, such as `2` or `0.5`, with or without `CU`, but got ``.
            --fail-on growth>2GB:
                Invalid `--fail-on 'growth>2GB'`: expected a number after `growth`, such as `2` or `0.5`, with or without `x`, but got `2GB`.
            --fail-on cost>100:
                Rules on cost require `--price-per-cu-hour`.
            --price-per-cu-hour cheap:
                Invalid `--price-per-cu-hour 'cheap'`: write `0.111`, `$0.111` or `0.111 EUR`.
            --price-per-cu-hour -1:
                Invalid `--price-per-cu-hour '-1'`: write `0.111`, `$0.111` or `0.111 EUR`.
            --price-per-cu-hour 0,111:
                Invalid `--price-per-cu-hour '0,111'`: write `0.111`, `$0.111` or `0.111 EUR`.
            --root .:
                `--root` requires the format sarif.
            --root . --format json:
                `--root` requires the format sarif.
        "#]],
    );
}

#[test]
fn a_rule_that_does_not_parse_is_refused_in_a_line() {
    check(
        &[
            "",
            "ceiling",
            "total range > 8",
            "always-on in",
            "always-on in module.a module.b",
            "always-on or destroys",
            "ceiling > 64 CU and range > 8",
        ]
        .map(|condition| (condition, review(Path::new("."), &["--fail-on", condition], b""))),
        &expect![[r#"
            :
                Invalid `--fail-on ''`: `` is not a valid condition; expected `always-on`, `destroys`, `unknown` or a comparison such as `ceiling > 64`.
            ceiling:
                Invalid `--fail-on 'ceiling'`: `ceiling` is not a valid condition; expected `always-on`, `destroys`, `unknown` or a comparison such as `ceiling > 64`.
            total range > 8:
                Invalid `--fail-on 'total range > 8'`: `range` has no total.
            always-on in:
                Invalid `--fail-on 'always-on in'`: expected one pattern after `in`.
            always-on in module.a module.b:
                Invalid `--fail-on 'always-on in module.a module.b'`: expected one pattern after `in`.
            always-on or destroys:
                Invalid `--fail-on 'always-on or destroys'`: `always-on or destroys` is not a valid condition; expected `always-on`, `destroys`, `unknown` or a comparison such as `ceiling > 64`.
            ceiling > 64 CU and range > 8:
                Invalid `--fail-on 'ceiling > 64 CU and range > 8'`: expected a number after `ceiling`, such as `2` or `0.5`, with or without `CU`, but got `64 CU and range > 8`.
        "#]],
    );
}

#[test]
fn irrelevant_differences_of_a_plan_are_ignored() {
    let plan = plan("resize");
    let expected = review(Path::new("."), &[], plan.as_bytes());
    assert_eq!(expected.code, Some(0), "{}", expected.stderr);
    for (what, input) in [
        ("a byte order mark", format!("\u{feff}{plan}")),
        ("blanks behind it", format!("{plan} \r\n")),
        (
            "a newer format",
            plan.replace(r#""format_version": "1.2""#, r#""format_version": "1.99""#),
        ),
        ("a new part", plan.replacen('{', r#"{"new_part": [{"a": [1e99, null]}], "#, 1)),
    ] {
        assert_ne!(input, plan, "{what}");
        let run = review(Path::new("."), &[], input.as_bytes());
        assert_eq!((run.code, run.stdout), (Some(0), expected.stdout.clone()), "{what}");
    }
}

#[test]
fn a_plan_that_is_cut_off_anywhere_is_refused_in_a_line() {
    let plan = plan("modules");
    let whole = plan.trim_end().len();
    for length in (0..plan.len()).step_by(97).chain([whole - 1]) {
        let run = review(Path::new("."), &[], &plan.as_bytes()[..length]);
        assert_refused(&run, &format!("{length} bytes of {whole}"));
    }
}

#[test]
fn help_exits_successfully() {
    for arguments in [&["--help"][..], &["-h"], &["--fail-on", "always-on", "--help"]] {
        let run = review(Path::new("."), arguments, b"");
        assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""), "{arguments:?}");
        assert!(run.stdout.contains("Usage:"), "{}", run.stdout);
    }
}

fn plan(name: &str) -> String {
    fs::read_to_string(folder(name).join("plan.json")).expect("the plan can be read")
}

#[track_caller]
fn check(runs: &[(&str, Run)], expected: &Expect) {
    let mut messages = String::new();
    for (what, run) in runs {
        assert_refused(run, what);
        let _ = write!(messages, "{what}:\n    {}", run.stderr);
    }
    expected.assert_eq(&messages);
}

#[track_caller]
fn assert_refused(run: &Run, what: &str) {
    assert_eq!((run.code, run.stdout.as_str()), (Some(1), ""), "{what}: {}", run.stderr);
    assert_eq!(run.stderr.lines().count(), 1, "{what}: {}", run.stderr);
}
