# Shops in modules: one for each customer, with replicas by number and by name.

module "customers" {
  source = "./modules/shop"

  for_each = {
    "acme.example"   = { project_id = "acme", max_cu = 4, replicas = 2 }
    "say \"hi\" | b" = { project_id = "say-hi", max_cu = 2, replicas = 0 }
    "Zürich 🏔"       = { project_id = "zurich", max_cu = 8, replicas = 1 }
  }

  project_id = each.value.project_id
  max_cu     = each.value.max_cu
  replicas   = each.value.replicas
}
