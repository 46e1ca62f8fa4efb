# Data on a branch. `make demo` adds this file once everything else is there: it takes `psql`, and an
# endpoint that can be connected to.

ephemeral "lakebase_connection" "production" {
  endpoint = lakebase_endpoint.primary.name
}

# A table and a row in production, such as a migration creates them.
resource "terraform_data" "items" {
  provisioner "local-exec" {
    command = <<-EOT
      psql --quiet --command "CREATE TABLE items (name text)" \
        --command "INSERT INTO items VALUES ('written in production')"
    EOT

    environment = merge(ephemeral.lakebase_connection.production.env, {
      PGPASSWORD = ephemeral.lakebase_connection.production.password
    })
  }
}

# A branch for one pull request. It has the rows that production has at this moment.
resource "lakebase_branch" "preview" {
  project       = lakebase_project.shop.name
  branch_id     = "preview"
  source_branch = lakebase_branch.production.name
  ttl           = "1d"
  depends_on    = [terraform_data.items]
}

ephemeral "lakebase_connection" "preview" {
  endpoint = "${lakebase_branch.preview.name}/endpoints/primary"
}

# Writes on the branch, and then writes down which rows are there.
resource "terraform_data" "preview_rows" {
  triggers_replace = lakebase_branch.preview.uid

  provisioner "local-exec" {
    command = <<-EOT
      psql --quiet --command "INSERT INTO items VALUES ('written on the branch')" \
        --command "TABLE items" > preview.txt
    EOT

    environment = merge(ephemeral.lakebase_connection.preview.env, {
      PGPASSWORD = ephemeral.lakebase_connection.preview.password
    })
  }
}

# Afterwards, the rows in production.
resource "terraform_data" "production_rows" {
  triggers_replace = terraform_data.preview_rows.id

  provisioner "local-exec" {
    command = "psql --quiet --command 'TABLE items' > production.txt"

    environment = merge(ephemeral.lakebase_connection.production.env, {
      PGPASSWORD = ephemeral.lakebase_connection.production.password
    })
  }
}
