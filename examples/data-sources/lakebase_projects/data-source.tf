resource "lakebase_project" "shop" {
  project_id = "shop"
}

data "lakebase_projects" "all" {
  depends_on = [lakebase_project.shop] # only where one configuration holds both
}

output "names" {
  value = data.lakebase_projects.all.projects[*].name
}
