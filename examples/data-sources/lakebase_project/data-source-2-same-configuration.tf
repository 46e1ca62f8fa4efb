# Project of the Same Configuration
#
# Use the attributes of the resource. The data source adds readings, such as the size. It needs
# `depends_on`, because its name is known before the project is created.

resource "lakebase_project" "lab" {
  project_id = "lab"
}

data "lakebase_project" "lab" {
  name       = lakebase_project.lab.name
  depends_on = [lakebase_project.lab]
}

output "stored_bytes" {
  value = data.lakebase_project.lab.synthetic_storage_size_bytes
}
