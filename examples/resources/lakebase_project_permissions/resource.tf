# Basic Usage
#
# The group `engineering` can view the project and connect to its endpoints. The service principal of
# the pipeline and the group `platform` can change it.

resource "lakebase_project" "shop" {
  project_id = "shop"
}

resource "lakebase_project_permissions" "shop" {
  project = lakebase_project.shop.name

  grants = [
    {
      group_name       = "engineering"
      permission_level = "CAN_USE"
    },
    {
      group_name       = "platform"
      permission_level = "CAN_MANAGE"
    },
    {
      service_principal_name = "0d8a3a4e-7c3f-4d0c-9c39-3a0d1f2b6c11"
      permission_level       = "CAN_MANAGE"
    },
  ]
}
