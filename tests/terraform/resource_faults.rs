//! The life of each of the smaller resources when Lakebase or the network fails: the example of its
//! page is created, interrupted, refused and destroyed, and nothing is lost or sent twice.

use std::fs;
use std::path::Path;
use std::time::Duration;

use lakebase_emulator::{Fault, FaultKind, Recorded};

use crate::examples::{destroy, release};
use crate::moved::take_over;
use crate::workbench::Workbench;

/// A resource type, and the calls that create and delete its first object.
struct Life {
    type_name: &'static str,
    /// Method and end of the path.
    create: [&'static str; 2],
    delete: [&'static str; 2],
}

/// A test for each resource, named after its folder.
macro_rules! lives {
    ($($test:ident $type:literal $create:expr, $delete:expr;)*) => {
        $(#[test]
        fn $test() {
            run(&Life { type_name: $type, create: $create, delete: $delete });
        })*
    };
}

lives! {
    snapshot_survives_failures "lakebase_snapshot"
        ["POST", "/snapshots"], ["DELETE", "snapshots/before-migration"];
    snapshot_schedule_survives_failures "lakebase_snapshot_schedule"
        ["PATCH", "/snapshot-schedule"], ["PATCH", "production/snapshot-schedule"];
    data_api_survives_failures "lakebase_data_api"
        ["POST", "/data-api"], ["DELETE", "databases/orders/data-api"];
    cdf_config_survives_failures "lakebase_cdf_config"
        ["POST", "/cdf-configs"], ["DELETE", "/cdf-configs/public"];
    catalog_survives_failures "lakebase_catalog"
        ["POST", "/catalogs"], ["DELETE", "catalogs/shop_orders"];
    synced_table_survives_failures "lakebase_synced_table"
        ["POST", "/synced_tables"], ["DELETE", "synced_tables/shop_app.public.orders"];
    project_permissions_survive_failures "lakebase_project_permissions"
        ["PUT", "database-projects/shop"], ["PUT", "database-projects/shop"];
}

fn run(life: &Life) {
    let bench = Workbench::new(&format!("life_of_{}", life.type_name));
    let path = Path::new("examples/resources").join(life.type_name).join("resource.tf");
    let example = fs::read_to_string(path).expect("every resource has an example");
    bench.configure(&example);
    create_is_waited_out_and_never_repeated(&bench, life);
    failed_delete_keeps_the_object(&bench, life, &example);
    if life.create[0] == "PUT" {
        bench.apply(); // at once, without an operation that an interruption could leave behind
    } else {
        interrupted_create_continues(&bench, life);
    }
    let table = lakebase::tables().find(|it| it.type_name == life.type_name);
    if table.is_some_and(|table| table.counterpart.starts_with("databricks_postgres_")) {
        take_over(&bench, &example, life.type_name, &bench.emulator.mutations());
    }
    destroy(&bench, &example);
}

/// The calls of that method and path that Lakebase has taken on.
fn taken_on(bench: &Workbench, [method, path]: [&str; 2]) -> usize {
    let is_it = |it: &&Recorded| it.method == method && it.path.ends_with(path);
    bench.emulator.mutations().iter().filter(is_it).filter(|it| it.status == 200).count()
}

/// A conflict with another change, and then an answer that is lost.
fn create_is_waited_out_and_never_repeated(bench: &Workbench, life: &Life) {
    let [method, path] = life.create;
    bench.emulator.fault(Fault::on(method, path, FaultKind::ConflictOutside));
    let lost = Fault { nth: 2, ..Fault::on(method, path, FaultKind::CutConnection).after() };
    bench.emulator.fault(lost);
    bench.apply();
    let sent = bench.emulator.mutations();
    let sent =
        sent.iter().filter(|request| request.method == method && request.path.ends_with(path));
    let objects = bench.state()["values"]["root_module"]["resources"]
        .as_array()
        .map(|all| all.iter().filter(|it| it["type"] == life.type_name).count());
    // A conflict repeats a call; a lost answer repeats one only if that changes nothing more.
    let repeated = if method == "POST" { 1 } else { 2 };
    assert_eq!(Some(sent.count()), objects.map(|it| it + repeated), "more than there are objects");
}

fn failed_delete_keeps_the_object(bench: &Workbench, life: &Life, example: &str) {
    let [method, path] = life.delete;
    let kind = FaultKind::status(500, "INTERNAL_ERROR", "Something went wrong.");
    bench.emulator.fault(Fault::on(method, path, kind));
    release(bench, example);
    let failed = bench.terraform(&["destroy", "-auto-approve"]).failed().output();
    assert!(failed.contains("Something went wrong"), "{failed}");
    let listed = bench.terraform(&["state", "list"]).succeeded().output();
    assert!(listed.contains(life.type_name), "{listed}");
    // The answer of the next one is lost: that it is gone is success.
    bench.emulator.fault(Fault::on(method, path, FaultKind::CutConnection).after());
    bench.forget_requests();
    bench.terraform(&["destroy", "-auto-approve"]).succeeded();
    bench.remove("override.tf");
    // Until then, the IDs of soft-deleted objects are reserved.
    bench.emulator.advance(Duration::from_hours(8 * 24));
    assert!(bench.emulator.names().is_empty(), "{:?}", bench.emulator.names());
}

fn interrupted_create_continues(bench: &Workbench, life: &Life) {
    let [method, path] = life.create;
    let minutes = Duration::from_mins(10);
    bench.emulator.fault(Fault::on(method, path, FaultKind::Linger { seconds: 600 }));
    bench.forget_requests();
    let running = bench.spawn(&["apply", "-auto-approve", "-parallelism=1"]);
    bench.emulator.wait_for(|requests| {
        let create = |request: &Recorded| request.method == method && request.path.ends_with(path);
        let created = requests.iter().position(create);
        created.is_some_and(|at| {
            requests[at..].iter().any(|request| request.path.contains("/operations/"))
        })
    });
    running.interrupt();
    let output = running.wait().failed().output();
    assert!(output.contains("Interrupted while waiting to create"), "{output}");
    bench.emulator.advance(minutes);
    let before = taken_on(bench, life.create);
    assert_eq!(before, 1, "{:?}", bench.emulator.mutations());
    bench.apply();
    let objects = bench.state()["values"]["root_module"]["resources"]
        .as_array()
        .map(|all| all.iter().filter(|it| it["type"] == life.type_name).count());
    assert_eq!(Some(taken_on(bench, life.create)), objects, "nothing is sent twice");
}
