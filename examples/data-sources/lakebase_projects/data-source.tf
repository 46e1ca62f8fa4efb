data "lakebase_projects" "all" {}

output "names" {
  value = data.lakebase_projects.all.projects[*].name
}
