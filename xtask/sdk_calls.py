"""Calls every public method of `w.postgres` of the official SDK for Python, and those of
`w.permissions` for projects, against an emulator.

xtask/sdk.py starts it with an interpreter that has the SDK, and with DATABRICKS_HOST and
DATABRICKS_TOKEN. Fails if a method is missing or answers unexpectedly, and if one was not called.
"""

import inspect
import sys

from databricks.sdk import WorkspaceClient
from databricks.sdk.common.types.fieldmask import FieldMask
from databricks.sdk.errors import NotFound
from databricks.sdk.service import iam
from databricks.sdk.service.postgres import (
    Branch,
    BranchSpec,
    Catalog,
    CatalogCatalogSpec,
    CdfConfig,
    Database,
    DatabaseDatabaseSpec,
    DataApi,
    DataApiDataApiSpec,
    Endpoint,
    EndpointSpec,
    EndpointType,
    NewPipelineSpec,
    PostgresAPI,
    Project,
    ProjectSpec,
    Role,
    RoleMembershipRole,
    RoleRoleSpec,
    Snapshot,
    SnapshotSchedule,
    SnapshotSpec,
    SyncedTable,
    SyncedTableSyncedTableSpec,
    SyncedTableSyncedTableSpecSyncedTableSchedulingPolicy,
)

PROJECT = "projects/shop"
PRODUCTION = f"{PROJECT}/branches/production"
DEV = f"{PROJECT}/branches/dev"


class Recorder:
    """The API, which remembers the methods that were called."""

    def __init__(self, api):
        self.api = api
        self.called = set()

    def __getattr__(self, name):
        self.called.add(name)
        return getattr(self.api, name)


def main():
    workspace = WorkspaceClient()
    postgres = Recorder(workspace.postgres)
    for part in [projects, branches, endpoints, roles_and_databases, exposed, restored, deleted]:
        part(postgres)
    permissions(workspace)
    methods = {
        name
        for name, _ in inspect.getmembers(PostgresAPI, inspect.isfunction)
        if not name.startswith("_")
    }
    missed = methods - postgres.called
    if missed:
        sys.exit(f"These methods were not called: {sorted(missed)}")
    print(f"{len(methods)} methods of w.postgres behave, and those of w.permissions for projects.")


def equal(found, expected):
    if found != expected:
        raise AssertionError(f"{found!r} is not {expected!r}")


def gone(read, name):
    try:
        read(name)
    except NotFound:
        return
    raise AssertionError(f"{name} is still there")


def ids(objects):
    return sorted(it.name.rsplit("/", 1)[1] for it in objects)


def mask(*paths):
    return FieldMask(list(paths))


def projects(postgres):
    spec = ProjectSpec(display_name="Shop", pg_version=17)
    created = postgres.create_project(Project(spec=spec), "shop")
    operation = postgres.get_operation(created.name())
    equal(operation.name, created.name())
    equal(created.wait().status.display_name, "Shop")
    spec = ProjectSpec(display_name="The shop", enable_pg_native_login=True)
    changed = mask("spec.display_name", "spec.enable_pg_native_login")
    postgres.update_project(PROJECT, Project(spec=spec), changed).wait()
    equal(postgres.get_project(PROJECT).status.display_name, "The shop")
    equal(ids(postgres.list_projects(page_size=1)), ["shop"])


def branches(postgres):
    spec = BranchSpec(no_expiry=True)
    postgres.create_branch(PROJECT, Branch(spec=spec), "dev").wait()
    protected = Branch(spec=BranchSpec(is_protected=True))
    postgres.update_branch(DEV, protected, mask("spec.is_protected")).wait()
    equal(postgres.get_branch(DEV).status.is_protected, True)
    released = Branch(spec=BranchSpec(is_protected=False))
    postgres.update_branch(DEV, released, mask("spec.is_protected")).wait()
    equal(ids(postgres.list_branches(PROJECT)), ["dev", "production"])


def endpoints(postgres):
    spec = EndpointSpec(endpoint_type=EndpointType.ENDPOINT_TYPE_READ_ONLY)
    reader = postgres.create_endpoint(DEV, Endpoint(spec=spec), "reader").wait()
    larger = Endpoint(
        spec=EndpointSpec(
            endpoint_type=EndpointType.ENDPOINT_TYPE_READ_ONLY, autoscaling_limit_max_cu=4
        )
    )
    changed = mask("spec.autoscaling_limit_max_cu")
    postgres.update_endpoint(reader.name, larger, changed).wait()
    equal(postgres.get_endpoint(reader.name).status.autoscaling_limit_max_cu, 4)
    equal(ids(postgres.list_endpoints(DEV)), ["primary", "reader"])
    credential = postgres.generate_database_credential(reader.name)
    equal(bool(credential.token), True)
    postgres.delete_endpoint(reader.name).wait()
    gone(postgres.get_endpoint, reader.name)


def roles_and_databases(postgres):
    for role_id in ["app", "owner"]:
        role = Role(spec=RoleRoleSpec(postgres_role=role_id))
        postgres.create_role(PRODUCTION, role, role_id=role_id).wait()
    app = f"{PRODUCTION}/roles/app"
    superuser = [RoleMembershipRole.DATABRICKS_SUPERUSER]
    spec = RoleRoleSpec(postgres_role="app", membership_roles=superuser)
    postgres.update_role(app, Role(spec=spec), mask("spec.membership_roles")).wait()
    equal(postgres.get_role(app).status.postgres_role, "app")
    equal(bool(postgres.reveal_role_password(app).password), True)
    found = ids(postgres.list_roles(PRODUCTION))
    equal({"app", "owner"} <= set(found), True)

    spec = DatabaseDatabaseSpec(postgres_database="orders", role=app)
    postgres.create_database(PRODUCTION, Database(spec=spec), database_id="orders").wait()
    orders = f"{PRODUCTION}/databases/orders"
    spec = DatabaseDatabaseSpec(postgres_database="sales", role=app)
    changed = mask("spec.postgres_database")
    postgres.update_database(orders, Database(spec=spec), changed).wait()
    equal(postgres.get_database(orders).status.postgres_database, "sales")
    equal(ids(postgres.list_databases(PRODUCTION)), ["databricks-postgres", "orders"])


def exposed(postgres):
    """What a database offers: the Data API, CDF, a catalog and a synced table."""
    orders = f"{PRODUCTION}/databases/orders"
    spec = DataApiDataApiSpec(db_schemas=["public"])
    api = postgres.create_data_api(orders, DataApi(spec=spec)).wait()
    spec = DataApiDataApiSpec(db_max_rows=100)
    postgres.update_data_api(api.name, DataApi(spec=spec), mask("spec.db_max_rows")).wait()
    equal(postgres.get_data_api(api.name).status.db_max_rows, 100)
    postgres.delete_data_api(api.name).wait()
    gone(postgres.get_data_api, api.name)

    config = CdfConfig(catalog="main", schema="history", postgres_schema="public")
    config = postgres.create_cdf_config(orders, config, cdf_config_id="public").wait()
    equal(postgres.get_cdf_config(config.name).schema, "history")
    equal(ids(postgres.list_cdf_configs(orders)), ["public"])
    status = next(iter(postgres.list_cdf_statuses(config.name)))
    equal(postgres.get_cdf_status(status.name).postgres_table, status.postgres_table)
    postgres.delete_cdf_config(config.name, force=True).wait()
    gone(postgres.get_cdf_config, config.name)

    spec = CatalogCatalogSpec(postgres_database="sales", branch=PRODUCTION)
    catalog = postgres.create_catalog(Catalog(spec=spec), "shop_sales").wait()
    equal(postgres.get_catalog(catalog.name).status.postgres_database, "sales")
    spec = SyncedTableSyncedTableSpec(
        source_table_full_name="main.shop.products",
        primary_key_columns=["id"],
        scheduling_policy=SyncedTableSyncedTableSpecSyncedTableSchedulingPolicy.SNAPSHOT,
        branch=PRODUCTION,
        new_pipeline_spec=NewPipelineSpec(storage_catalog="main", storage_schema="pipelines"),
    )
    table = SyncedTable(spec=spec)
    table = postgres.create_synced_table(table, "shop_sales.public.products").wait()
    equal(postgres.get_synced_table(table.name).status.project, PROJECT)
    postgres.delete_synced_table(table.name).wait()
    postgres.delete_catalog(catalog.name).wait()
    gone(postgres.get_catalog, catalog.name)


def restored(postgres):
    """Snapshots, and a branch of one."""
    spec = SnapshotSpec(source_branch=PRODUCTION, no_expiry=True)
    snapshot = postgres.create_snapshot(PROJECT, Snapshot(spec=spec), "before").wait()
    equal(postgres.get_snapshot(snapshot.name).status.source_branch, PRODUCTION)
    equal(ids(postgres.list_snapshots(PROJECT)), ["before"])
    spec = BranchSpec(source_snapshot=snapshot.name, no_expiry=True)
    branch = postgres.create_branch(PROJECT, Branch(spec=spec), "restored").wait()
    equal(branch.status.source_snapshot, snapshot.name)
    postgres.delete_snapshot(snapshot.name).wait()
    gone(postgres.get_snapshot, snapshot.name)

    name = f"{PRODUCTION}/snapshot-schedule"
    equal(postgres.get_snapshot_schedule(name).schedule or [], [])
    daily = {"retention": "604800s", "daily_schedule": {"hour": 3}}
    schedule = SnapshotSchedule.from_dict({"schedule": [daily]})
    postgres.update_snapshot_schedule(name, schedule, mask("schedule")).wait()
    equal(postgres.get_snapshot_schedule(name).schedule[0].daily_schedule.hour, 3)


def deleted(postgres):
    orders = f"{PRODUCTION}/databases/orders"
    postgres.delete_database(orders).wait()
    gone(postgres.get_database, orders)
    owner = f"{PRODUCTION}/roles/owner"
    postgres.delete_role(f"{PRODUCTION}/roles/app", reassign_owned_to=owner).wait()
    gone(postgres.get_role, f"{PRODUCTION}/roles/app")
    postgres.delete_branch(DEV).wait()
    postgres.undelete_branch(DEV).wait()
    equal(postgres.get_branch(DEV).name, DEV)
    postgres.delete_project(PROJECT).wait()
    postgres.undelete_project(PROJECT).wait()
    equal(postgres.get_project(PROJECT).name, PROJECT)


def permissions(workspace):
    kind = "database-projects"
    levels = workspace.permissions.get_permission_levels(kind, "shop").permission_levels
    equal([it.permission_level.value for it in levels], ["CAN_USE", "CAN_MANAGE"])

    def granted(answer):
        direct = [
            (it.user_name or it.group_name, level.permission_level.value)
            for it in answer.access_control_list
            for level in it.all_permissions
            if not level.inherited
        ]
        return sorted(direct)

    def grant(user, level):
        level = iam.PermissionLevel(level)
        return iam.AccessControlRequest(user_name=user, permission_level=level)

    owner = workspace.current_user.me().user_name
    equal(granted(workspace.permissions.get(kind, "shop")), [(owner, "CAN_MANAGE")])
    added = [grant("ana@example.com", "CAN_USE")]
    updated = workspace.permissions.update(kind, "shop", access_control_list=added)
    equal(granted(updated), [("ana@example.com", "CAN_USE"), (owner, "CAN_MANAGE")])
    whole = [grant(owner, "CAN_MANAGE")]
    replaced = workspace.permissions.set(kind, "shop", access_control_list=whole)
    equal(granted(replaced), [(owner, "CAN_MANAGE")])


if __name__ == "__main__":
    main()
