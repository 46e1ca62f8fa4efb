"""Runs the code of docs/guides/connecting-applications.md: the pools for Python and, where Node.js is
installed, for JavaScript, until their tokens have expired and the compute has suspended; and the
lines for psql, where psql and jq are installed.

xtask/sdk.py starts it with an interpreter that has the SDK and psycopg, and with the environment of
an emulator that runs PostgreSQL.
"""

import json
import os
import shutil
import subprocess
import sys
import urllib.request
from pathlib import Path

from databricks.sdk import WorkspaceClient
from databricks.sdk.service.postgres import Project, ProjectSpec

GUIDE = Path(__file__).resolve().parent.parent / "docs/guides/connecting-applications.md"
ENDPOINT = "projects/pool/branches/production/endpoints/primary"
NODE_POSTGRES = "pg@8.23.1"

# After the code of the guide: two more queries, the second when the token has expired.
LATER = """
const first = (await pool.query("SELECT pg_backend_pid() AS pid")).rows[0].pid;
await fetch(`${process.env.DATABRICKS_HOST}/_emulator/clock`, {
  method: "POST",
  headers: { Authorization: `Bearer ${process.env.DATABRICKS_TOKEN}`, "Content-Type": "application/json" },
  body: JSON.stringify({ advance: "172800s" }),
});
while (pool.totalCount > 0) await new Promise((done) => setTimeout(done, 10));
const second = (await pool.query("SELECT pg_backend_pid() AS pid")).rows[0].pid;
if (first === second) throw new Error("the pool used a connection of the suspended compute");
await pool.end();
"""


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
    )
    run_python(workspace)
    if shutil.which("node") and shutil.which("npm"):
        run_javascript()
    else:
        print("Skipped: JavaScript, which needs Node.js with npm.")
    if shutil.which("psql") and shutil.which("jq"):
        subprocess.run(["bash", "-euo", "pipefail", "-c", snippet("bash")], check=True)
        print("psql: the lines of the guide connect.")
    else:
        print("Skipped: psql, which needs psql and jq.")


def snippet(language):
    return GUIDE.read_text(encoding="utf-8").split(f"```{language}\n")[1].split("```")[0]


def run_python(workspace):
    guide = {}
    exec(compile(snippet("python"), str(GUIDE), "exec"), guide)
    pool = guide["pool"]

    def served():
        with pool.connection() as connection:
            return connection.execute("SELECT pg_backend_pid()").fetchone()[0]

    first = served()
    move_clock("172800s")  # two days: the token expires, and the compute suspends after one
    state = workspace.postgres.get_endpoint(ENDPOINT).status.current_state.value
    if state != "IDLE":
        sys.exit(f"The compute should have suspended, and is {state}.")
    if first == served():
        sys.exit("The pool used a connection that the suspension should have closed.")
    pool.close()
    print("Python: the pool of the guide outlives its token and a suspension.")


def run_javascript():
    folder = Path(os.environ["HOME"])
    install = ["npm", "install", "--silent", "--no-audit", "--no-fund", NODE_POSTGRES]
    subprocess.run(install, check=True, cwd=folder)
    (folder / "pool.mjs").write_text(snippet("javascript") + LATER, encoding="utf-8")
    # Node's own name for the file of a certificate.
    environment = {**os.environ, "NODE_EXTRA_CA_CERTS": os.environ["PGSSLROOTCERT"]}
    del environment["PGSSLROOTCERT"], environment["PGSSLMODE"]
    subprocess.run(["node", "pool.mjs"], check=True, cwd=folder, env=environment)
    print("JavaScript: the pool of the guide outlives its token and a suspension.")


def move_clock(duration):
    url = f"{os.environ['DATABRICKS_HOST']}/_emulator/clock"
    headers = {"Authorization": f"Bearer {os.environ['DATABRICKS_TOKEN']}"}
    headers["Content-Type"] = "application/json"
    body = json.dumps({"advance": duration}).encode()
    urllib.request.urlopen(urllib.request.Request(url, body, headers, method="POST")).close()


if __name__ == "__main__":
    main()
