# Basic Usage
#
# A pipeline copies the Unity Catalog table `main.sales.orders` once into the PostgreSQL table `public.orders`. The catalog is registered for the database.

resource "lakebase_project" "shop" {
  project_id = "shop"
}

resource "lakebase_catalog" "app" {
  catalog_id                 = "shop_app"
  branch                     = "${lakebase_project.shop.name}/branches/production"
  postgres_database          = "app"
  create_database_if_missing = true
}

resource "lakebase_synced_table" "orders" {
  synced_table_id        = "${lakebase_catalog.app.catalog_id}.public.orders"
  branch                 = lakebase_catalog.app.branch
  source_table_full_name = "main.sales.orders"
  primary_key_columns    = ["order_id"]
  scheduling_policy      = "SNAPSHOT"

  new_pipeline_spec = {
    storage_catalog = "main"
    storage_schema  = "pipelines"
  }
}
