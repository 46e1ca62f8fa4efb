//! Runs the guides for users from the first step on: their configurations apply, their shell lines
//! run, and their statements about plans hold.
//!
//! What a guide shows is read out of the guide. Guides about compute and policies are in `guides.rs`.

use std::fs;
use std::path::Path;
use std::time::Duration;

use expect_test::expect_file;

use crate::examples;
use crate::guides::{mirrored, read, snippets};
use crate::workbench::{Run, Workbench};

#[test]
fn getting_started_leads_to_a_plan_an_apply_and_a_refused_plan() {
    const GUIDE: &str = "getting-started";
    let [main, larger, unprotected] = &snippets(GUIDE, "terraform")[..] else { panic!("three") };
    let [plan, apply, replan, review, refuse, destroy] = &snippets(GUIDE, "shell")[..] else {
        panic!("six steps run commands")
    };
    let [planned, resized] = &snippets(GUIDE, "text")[..] else { panic!("it shows two plans") };
    let [too_wide, refused] = &snippets(GUIDE, "console")[..] else { panic!("two refusals") };

    let bench = mirrored("getting_started", "terraform-provider-lakebase");
    bench.write("main.tf", main);
    bench.terraform(&["fmt", "-check", "-diff"]).succeeded();
    assert_shows(&bench.bash(plan).succeeded(), planned);
    assert!(bench.bash(apply).succeeded().stdout.contains("host = \"ep-"));
    bench.expect_empty_plan();

    let resized_main = main.replace("  autoscaling_limit_max_cu = 4\n", larger);
    assert_ne!(&resized_main, main);
    bench.write("main.tf", &resized_main);
    let run = bench.bash(replan).succeeded();
    assert_shows(&run, resized);
    assert!(run.output().contains("Warning: "), "{run}");
    let reviewed = bench.bash(review).succeeded().output();
    assert!(reviewed.contains("Compute: 1 changed"), "{reviewed}");
    bench.forget_requests();
    bench.apply();
    assert_eq!(bench.masks(), ["spec.autoscaling_limit_max_cu"]);

    bench.write("main.tf", &resized_main.replace("max_cu = 8", "max_cu = 32"));
    let shown_too_wide = diagnostic(&bench.terraform(&["plan"]).failed());
    bench.write("main.tf", &resized_main);
    let shown_refused = diagnostic(&bench.bash(refuse).failed());
    let shown = [(too_wide, shown_too_wide), (refused, shown_refused)];
    let guide = shown.into_iter().fold(read(GUIDE), |guide, (old, new)| {
        guide.replace(&format!("```console\n{old}"), &format!("```console\n{new}"))
    });
    expect_file!["../../docs/guides/getting-started.md"].assert_eq(&guide);

    let released = format!("  pg_version = 17\n{unprotected}");
    bench.write("main.tf", &resized_main.replace("  pg_version = 17\n", &released));
    bench.bash(destroy).succeeded();
    assert!(bench.emulator.names().is_empty(), "{:?}", bench.emulator.names());
}

#[test]
fn connecting_applications_hands_over_hosts_and_passwords() {
    let bench = crate::postgres::workbench("connecting_applications");
    let configuration = snippets("connecting-applications", "terraform").join("\n");
    bench.configure(&configuration);
    bench.terraform(&["fmt", "-check", "-diff"]).succeeded();
    bench.apply();
    let environment = bench.output("environment");
    assert_eq!(environment["PGDATABASE"], "orders");
    assert_eq!(environment["PGUSER"], "5f2c1b7e-0000-4000-8000-000000000000");
    let host = environment["PGHOST"].as_str().expect("there is a host");
    let uri = bench.output("uri");
    assert!(uri.as_str().is_some_and(|uri| uri.contains(host)), "{uri} leads to {host}");
    assert_eq!(bench.output("endpoint"), "projects/shop/branches/production/endpoints/primary");
    let privileges = crate::postgres::query(
        &bench,
        "projects/shop/branches/production/endpoints/primary",
        "SELECT privilege_type FROM information_schema.role_table_grants \
         WHERE grantee = '5f2c1b7e-0000-4000-8000-000000000000' ORDER BY 1",
    );
    assert_eq!(privileges, ["INSERT", "SELECT"]);
    examples::destroy(&bench, &configuration);
}

#[test]
fn preview_branch_is_created_reset_and_deleted_by_a_pipeline() {
    const GUIDE: &str = "preview-branches";
    let [create, reset, delete] = &snippets(GUIDE, "shell")[..] else { panic!("three scripts") };
    let [configuration] = &snippets(GUIDE, "terraform")[..] else { panic!("one configuration") };
    let workflow = &snippets(GUIDE, "yaml")[0];
    let scripts = crate::guides::scripts(workflow);
    let mut bench = Workbench::new("preview_branch");
    bench.configure_in(
        "project/",
        "resource \"lakebase_project\" \"shop\" {\n  project_id = \"shop\"\n}\n",
    );
    bench.terraform(&["-chdir=project", "apply", "-auto-approve"]).succeeded();
    let without: Vec<_> = bench.emulator.names();

    bench.environment.insert("PULL_REQUEST".into(), "42".into());
    bench.environment.insert("COPY".into(), "2".into());
    bench.write("main.tf", configuration);
    bench.terraform(&["fmt", "-check", "-diff"]).succeeded();
    // With a development override there is nothing to install.
    let run = |script: &str| bench.bash(&script.replace("terraform init -input=false\n", ""));
    let branch = "projects/shop/branches/pr-42";
    let uid = || bench.emulator.get(branch).map(|branch| branch["uid"].clone());

    run(create).succeeded();
    let first = uid().expect("the branch exists");
    bench.forget_requests();
    run(create).succeeded();
    assert!(bench.emulator.mutations().is_empty(), "a second run changes nothing");
    run(reset).succeeded();
    assert_ne!(uid().expect("the branch exists"), first);

    // What has expired is created again by an open pull request, and not missed by a closed one.
    bench.emulator.advance(Duration::from_hours(8 * 24));
    assert_eq!(uid(), None);
    run(reset).succeeded();
    assert!(uid().is_some());
    run(delete).succeeded();
    assert_eq!(bench.emulator.names(), without);

    let [created, deleted] = &scripts[..] else { panic!("two steps: {scripts:#?}") };
    run(&trimmed(created)).succeeded();
    assert!(uid().is_some());
    bench.emulator.advance(Duration::from_hours(8 * 24));
    run(&trimmed(deleted)).succeeded();
    assert_eq!(bench.emulator.names(), without);
}

#[test]
fn guide_to_protecting_data_refusals_hold() {
    let [configuration] = &snippets("protecting-data", "terraform")[..] else { panic!("one") };
    let [plan, apply] = &snippets("protecting-data", "shell")[..] else { panic!("two commands") };
    let bench = Workbench::new("protecting_data");
    bench.configure(configuration);
    bench.terraform(&["fmt", "-check", "-diff"]).succeeded();
    bench.apply();
    let refused = |configuration: &str, reason: &str| {
        bench.configure(configuration);
        let run = bench.plan_fails();
        let words = run.output().split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words.contains(reason), "{reason}\n{run}");
    };
    let replaced =
        |text: &str| text.replace("\"shop\"\n  history", "\"shop\"\n  pg_version = 16\n  history");
    assert_ne!(replaced(configuration), *configuration);

    // Terraform asks the provider first, and about `prevent_destroy` only if the provider accepts.
    refused(&replaced(configuration), "deletion_protection");
    refused("", "deletion_protection");
    let released = configuration
        .replace("  lifecycle", "  deletion_protection = false\n\n  lifecycle")
        .replace("deletion_protection = true", "deletion_protection = false");
    bench.configure(&released);
    bench.apply();
    refused("", "is_protected");
    let released = released.replace("is_protected        = true", "is_protected        = false");
    bench.configure(&released);
    bench.apply();
    // Without consent to a permanent delete, nothing is replaced under its own ID.
    refused(&replaced(&released), "purge_on_delete");
    bench.configure(&released);
    let run = bench.bash(plan).failed();
    assert!(run.output().contains("prevent_destroy"), "{run}");
    let released = released.replace("prevent_destroy = true", "prevent_destroy = false");
    bench.configure(&released);
    bench.bash(plan).succeeded();
    bench.bash(apply).succeeded();
    let project = bench.emulator.get("projects/shop").expect("it is soft-deleted");
    assert!(project["delete_time"].is_string(), "{project}");
}

/// The memory and connections that two guides list for sizes.
#[test]
fn sizes_in_the_guides_are_those_of_a_plan() {
    let limits = rows("limits-and-quotas", "| maximum (CU) | memory (GB) | connections |");
    let ranges =
        rows("sizing-a-production-endpoint", "| maximum | minimum | memory | connections |");
    let mut expected: Vec<[String; 3]> =
        limits.iter().map(|row| [row[0].clone(), row[1].clone(), row[2].clone()]).collect();
    expected.extend(ranges.iter().map(|row| {
        let memory = row[2].trim_start_matches("up to ").trim_end_matches(" GB");
        [row[0].clone(), memory.to_owned(), row[3].clone()]
    }));
    assert!(12 < expected.len(), "{expected:?}");

    let bench = Workbench::new("sizes_in_the_guides");
    let sizes: Vec<_> = expected.iter().map(|[size, ..]| format!("\"{size}\"")).collect();
    bench.configure(&format!(
        r#"
        resource "lakebase_project" "size" {{
          for_each   = toset([{}])
          project_id = "size-${{replace(each.key, ".", "-")}}"

          default_endpoint_settings = {{
            autoscaling_limit_min_cu = tonumber(each.key)
            autoscaling_limit_max_cu = tonumber(each.key)
          }}
        }}
        "#,
        sizes.join(", ")
    ));
    bench.terraform(&["plan", "-out=tfplan"]).succeeded();
    let plan = bench.terraform(&["show", "-json", "tfplan"]).succeeded().json();
    let changes = plan["resource_changes"].as_array().expect("it has changes");
    for [size, memory, connections] in expected {
        let change = changes.iter().find(|it| it["index"] == size.as_str());
        let after = &change.expect("each size is planned")["change"]["after"];
        let capacity = &after["default_endpoint_capacity"];
        let figures = [&capacity["max_ram_gb"], &capacity["max_connections"]];
        assert_eq!(figures.map(ToString::to_string), [memory, connections], "{size} CU");
    }

    // The maximum decides how low the minimum can be.
    for row in ranges {
        let (low, high) = row[1].split_once(" to ").expect("a range");
        assert_eq!(high, row[0]);
        let number = |text: &str| text.parse::<f64>().expect("a number");
        assert!((number(low) - (number(high) - 8.0).max(0.5)).abs() < f64::EPSILON, "{row:?}");
    }
}

/// The cells of a table in a guide, below the row of its head.
fn rows(guide: &str, head: &str) -> Vec<Vec<String>> {
    let text = read(guide);
    let (_, table) = text.split_once(&format!("{head}\n")).expect("the guide has the table");
    let rows = table.lines().skip(1).map_while(|line| line.strip_prefix("| "));
    rows.map(|row| row.trim_end_matches(" |").split(" | ").map(str::to_owned).collect()).collect()
}

#[test]
fn module_is_tested_with_mocks_and_with_the_emulator() {
    const GUIDE: &str = "testing-modules";
    let [mocks, mocked, emulated] = &snippets(GUIDE, "hcl")[..] else { panic!("three files") };
    let directory = Path::new(env!("CARGO_MANIFEST_DIR"));
    let shipped = fs::read_to_string(directory.join("examples/mocks/lakebase.tfmock.hcl"));
    let blocks = |text: &str| text[text.find("mock_resource").expect("a block")..].to_owned();
    assert_eq!(blocks(mocks), blocks(&shipped.expect("it is shipped")));
    // A mocked name is a random text, which other resources cannot refer to.
    for table in lakebase::tables().filter(|table| table.field("name").is_some()) {
        let block = format!("mock_resource \"{}\"", table.type_name);
        assert!(mocks.contains(&block), "examples/mocks lacks {block}");
    }

    let bench = Workbench::new("module_is_tested");
    bench.configure(&snippets(GUIDE, "terraform").join("\n"));
    bench.write("tests/mocks/lakebase.tfmock.hcl", mocks);
    bench.write("tests/sizes.tftest.hcl", mocked);
    bench.write("tests/emulator.tftest.hcl", emulated);
    bench.terraform(&["fmt", "-check", "-diff", "-recursive"]).succeeded();
    let test = |file: &str| {
        let filter = format!("-filter=tests/{file}.tftest.hcl");
        let output = bench.terraform(&["test", &filter]).succeeded().output();
        assert!(output.contains("2 passed, 0 failed"), "{output}");
    };
    test("sizes");
    assert!(bench.emulator.requests().is_empty());
    test("emulator");
    assert!(bench.emulator.names().is_empty(), "{:?}", bench.emulator.names());

    // The test controls: drift shows, a fault is survived.
    bench.apply();
    let controls: Vec<_> = snippets(GUIDE, "sh").iter().filter_map(|it| control(it)).collect();
    let [drift, fault, clock] = &controls[..] else { panic!("three controls: {controls:#?}") };
    bench.request(&drift.0, &drift.1);
    assert_shows(&bench.plan(), "~ autoscaling_limit_max_cu = 2 -> 4");
    bench.request(&fault.0, &fault.1);
    bench.forget_requests();
    bench.plan();
    let statuses = bench.emulator.requests().into_iter().map(|it| it.status).collect::<Vec<_>>();
    assert!(statuses.contains(&503), "{statuses:?}");
    bench.request(&clock.0, &clock.1);
    bench.destroy();
}

/// The request that a `curl` of a guide sends to the emulator's test controls: its line and its body.
fn control(script: &str) -> Option<(String, String)> {
    let (_, path) = script.split_once("-X POST \"$DATABRICKS_HOST")?;
    let (path, rest) = path.split_once('"')?;
    let (_, body) = rest.split_once("-d '")?;
    Some((format!("POST {path}"), body.split('\'').next()?.to_owned()))
}

#[test]
fn answers_of_the_faq_hold() {
    let bench = Workbench::new("answers_of_the_faq");
    let configuration = |primary: &str| {
        format!(
            "resource \"lakebase_project\" \"shop\" {{\n  project_id = \"shop\"\n}}\n\
             resource \"lakebase_endpoint\" \"primary\" {{\n  \
             branch = \"${{lakebase_project.shop.name}}/branches/production\"\n  \
             endpoint_id = \"primary\"\n  endpoint_type = \"ENDPOINT_TYPE_READ_WRITE\"\n  \
             replace_existing = true\n{primary}}}\n"
        )
    };
    // Why does the plan show that `primary` will be created?
    bench.configure(&configuration("no_suspension = true\nautoscaling_limit_max_cu = 4\n"));
    assert!(bench.plan().output().contains("lakebase_endpoint.primary will be created"));
    bench.apply();
    // Why is the plan empty after I removed an argument?
    bench.configure(&configuration("no_suspension = true\n"));
    bench.expect_empty_plan();
    // How do I turn scale to zero on again?
    bench.configure(&configuration("no_suspension = false\n"));
    assert!(bench.plan_fails().output().contains("suspend_timeout_duration"));
    bench.configure(&configuration("suspend_timeout_duration = \"5m\"\n"));
    bench.apply();
    // Why does `primary` still exist after a destroy?
    bench.terraform(&["destroy", "-auto-approve", "-target=lakebase_endpoint.primary"]).succeeded();
    let primary = "projects/shop/branches/production/endpoints/primary";
    assert!(bench.emulator.get(primary).is_some());
    // How do I use several workspaces?
    let [several] = &snippets("faq", "hcl")[..] else { panic!("one block") };
    bench.configure(several);
    assert_eq!(bench.validate().status, Some(0));
}

#[test]
fn guide_to_versioning_pins_this_version() {
    let [pin] = &snippets("versioning", "terraform")[..] else { panic!("one block") };
    let bench = mirrored("guide_to_versioning", "terraform-provider-lakebase");
    bench.write("main.tf", pin);
    bench.terraform(&["fmt", "-check", "-diff"]).succeeded();
    bench.terraform(&["init"]).succeeded();
}

/// Asserts that a plan has the lines that a guide shows, whatever their indentation.
#[track_caller]
fn assert_shows(run: &Run, shown: &str) {
    let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    let printed: Vec<_> = run.stdout.lines().map(words).collect();
    for line in shown.lines().map(words) {
        assert!(printed.contains(&line), "The plan does not say {line:?}.\n{run}");
    }
}

/// The summary and the detail of an error, without where in the configuration it is.
#[track_caller]
fn diagnostic(run: &Run) -> String {
    let text = run.from("Error: ");
    let mut paragraphs = text.split("\n\n");
    let summary = paragraphs.next().expect("an error has a summary");
    let detail: Vec<_> = paragraphs.filter(|it| !it.starts_with("  with ")).collect();
    format!("{summary}\n\n{}\n", detail.join("\n\n").trim_end())
}

/// A script of a workflow without the indentation of YAML.
fn trimmed(script: &str) -> String {
    script.lines().map(|line| line.trim_start().to_owned() + "\n").collect()
}
