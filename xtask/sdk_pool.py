"""Runs the pool of docs/guides/connecting-applications.md, lets its tokens expire and its compute
suspend, and uses it again.

xtask/sdk.py starts it with an interpreter that has the SDK and psycopg, and with the environment of
an emulator that runs PostgreSQL.
"""

import json
import os
import sys
import urllib.request
from pathlib import Path

from databricks.sdk import WorkspaceClient
from databricks.sdk.service.postgres import Project, ProjectSpec

GUIDE = Path(__file__).resolve().parent.parent / "docs/guides/connecting-applications.md"
ENDPOINT = "projects/pool/branches/production/endpoints/primary"


def main():
    workspace = WorkspaceClient()
    version = int(os.environ.pop("POSTGRES_VERSION"))
    workspace.postgres.create_project(Project(spec=ProjectSpec(pg_version=version)), "pool").wait()
    os.environ.update(
        LAKEBASE_ENDPOINT=ENDPOINT,
        PGHOST=workspace.postgres.get_endpoint(ENDPOINT).status.hosts.host,
        PGDATABASE="databricks_postgres",
        PGUSER=workspace.current_user.me().user_name,
        PGSSLMODE="verify-full",
        PGSSLROOTCERT=os.environ["PGSSLROOTCERT"],
    )
    snippet = GUIDE.read_text(encoding="utf-8").split("```python\n")[1].split("```")[0]
    guide = {}
    exec(compile(snippet, str(GUIDE), "exec"), guide)
    pool = guide["pool"]

    def served():
        with pool.connection() as connection:
            return connection.execute("SELECT pg_backend_pid()").fetchone()[0]

    first = served()
    move_clock("172800s")  # two days: the token expires, and the compute suspends after one
    state = workspace.postgres.get_endpoint(ENDPOINT).status.current_state.value
    if state != "IDLE":
        sys.exit(f"The compute should have suspended, and is {state}.")
    second = served()
    if first == second:
        sys.exit("The pool used a connection that the suspension should have closed.")
    pool.close()
    print("The pool of the guide outlives its token and a suspension.")


def move_clock(duration):
    url = f"{os.environ['DATABRICKS_HOST']}/_emulator/clock"
    headers = {"Authorization": f"Bearer {os.environ['DATABRICKS_TOKEN']}"}
    headers["Content-Type"] = "application/json"
    body = json.dumps({"advance": duration}).encode()
    urllib.request.urlopen(urllib.request.Request(url, body, headers, method="POST")).close()


if __name__ == "__main__":
    main()
