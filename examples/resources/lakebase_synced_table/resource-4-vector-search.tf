# Types and Columns of PostgreSQL
#
# The column `embedding` becomes a vector of pgvector. PostgreSQL computes the column `content_search` for full-text search.

resource "lakebase_synced_table" "articles" {
  synced_table_id        = "${lakebase_catalog.app.catalog_id}.public.articles"
  branch                 = lakebase_catalog.app.branch
  source_table_full_name = "main.content.articles"
  primary_key_columns    = ["article_id"]
  scheduling_policy      = "SNAPSHOT"

  type_overrides = [
    { column_name = "embedding", pg_type = "PG_SPECIFIC_TYPE_VECTOR", size = 1024 },
  ]

  extra_columns = [
    {
      column_name = "content_search"
      column_type = "tsvector"
      compute     = "to_tsvector('english', content)"
      maintenance = "STORED_GENERATED"
    },
  ]

  new_pipeline_spec = {
    storage_catalog = "main"
    storage_schema  = "pipelines"
  }
}
