# A login without a password in the state. The rest of the demo does not need this file.

terraform {
  required_version = ">= 1.10" # for ephemeral resources; OpenTofu has them from 1.11 on
}

# A password that is valid for five minutes. Neither plan nor state contains it.
ephemeral "lakebase_credential" "primary" {
  endpoint = lakebase_endpoint.primary.name
  ttl      = "5m"
}

# Stands for a program that needs the password, such as a migration of the schema. It only writes
# down which values it received.
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
