# A login without a password in the state. The rest of the demo does without this file.

terraform {
  required_version = ">= 1.10" # for ephemeral resources; OpenTofu has them from 1.11 on
}

# A password that lives for five minutes, and neither in a plan nor in the state.
ephemeral "lakebase_credential" "primary" {
  endpoint = lakebase_endpoint.primary.name
  ttl      = "5m"
}

# Stands for a program that needs the password, such as a migration of the schema. It only notes
# what it was given.
resource "terraform_data" "migration" {
  triggers_replace = lakebase_endpoint.primary.uid

  provisioner "local-exec" {
    command = "echo \"$PGUSER at $PGHOST, a password of $${#PGPASSWORD} characters\" > login.txt"

    environment = {
      PGHOST     = lakebase_endpoint.primary.host
      PGUSER     = lakebase_project.shop.owner
      PGPASSWORD = ephemeral.lakebase_credential.primary.token
    }
  }
}
