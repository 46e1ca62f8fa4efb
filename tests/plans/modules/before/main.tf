module "customers" {
  source = "./modules/shop"

  for_each = {
    "acme.example"   = { project_id = "acme", max_cu = 2, replicas = 1 }
    "say \"hi\" | b" = { project_id = "say-hi", max_cu = 2, replicas = 0 }
  }

  project_id = each.value.project_id
  max_cu     = each.value.max_cu
  replicas   = each.value.replicas
}
