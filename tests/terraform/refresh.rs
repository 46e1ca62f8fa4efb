//! What a refresh asks the service for.

use crate::fixtures::project;
use crate::workbench::Workbench;

#[test]
fn objects_of_one_parent_are_refreshed_by_one_list() {
    let bench = Workbench::new("objects_of_one_parent_are_refreshed_by_one_list");
    let configuration = |count: u32| {
        let endpoints = format!(
            r#"
resource "lakebase_endpoint" "reports" {{
  count         = {count}
  branch        = "${{lakebase_project.shop.name}}/branches/production"
  endpoint_id   = "reports-${{count.index}}"
  endpoint_type = "ENDPOINT_TYPE_READ_ONLY"
}}
"#
        );
        project("") + &endpoints
    };
    let asked = || {
        bench.forget_requests();
        bench.expect_empty_plan();
        let requests = bench.emulator.requests();
        let under = requests.iter().filter(|request| request.path.contains("/endpoints")).count();
        (requests.len() - under, under)
    };
    for (count, expected) in [(1, (1, 1)), (2, (1, 2)), (12, (1, 2))] {
        bench.configure(&configuration(count));
        bench.apply();
        assert_eq!(asked(), expected, "{count} endpoints");
    }
    // What a list does not hold is asked for by its name before it is given up.
    bench.emulator.remove("projects/shop/branches/production/endpoints/reports-3");
    bench.forget_requests();
    let output = bench.plan().output();
    assert!(output.contains("Plan: 1 to add, 0 to change, 0 to destroy."), "{output}");
    let gone = "/reports-3";
    assert!(
        bench
            .emulator
            .requests()
            .iter()
            .any(|request| request.path.ends_with(gone) && request.status == 404)
    );
}
