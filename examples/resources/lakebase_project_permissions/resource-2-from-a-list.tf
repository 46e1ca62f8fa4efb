# Permissions from a List of Users
#
# The order of the list does not matter.

variable "readers" {
  type    = list(string)
  default = ["ana@example.com", "ben@example.com"]
}

resource "lakebase_project_permissions" "readers" {
  project = lakebase_project.shop.name

  grants = [for user in var.readers : {
    user_name        = user
    permission_level = "CAN_USE"
  }]
}
