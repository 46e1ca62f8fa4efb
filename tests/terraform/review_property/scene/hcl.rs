//! Writes a scene as a configuration.

use std::fmt::Write as _;

use super::{Branch, Endpoint, Fan, Late, Many, Project, Scene, Size, Text};
use crate::workbench::Workbench;

const MODULE: &str = r#"variable "project" {}
variable "id" {}
variable "max" {}

resource "lakebase_branch" "this" {
  project         = var.project
  branch_id       = var.id
  purge_on_delete = true
}

resource "lakebase_endpoint" "primary" {
  branch                   = lakebase_branch.this.name
  endpoint_id              = "primary"
  endpoint_type            = "ENDPOINT_TYPE_READ_WRITE"
  replace_existing         = true
  autoscaling_limit_max_cu = var.max
}

output "branch" {
  value = lakebase_branch.this.name
}

terraform {
  required_providers {
    lakebase = { source = "lakebase/lakebase" }
  }
}
"#;

pub(in super::super) fn write_modules(bench: &Workbench) {
    bench.write("branch/main.tf", MODULE);
}

impl Scene {
    /// The configuration.
    pub(in super::super) fn hcl(&self) -> String {
        let mut hcl = String::new();
        for turn in 0..=self.turn {
            let _ = writeln!(
                hcl,
                "resource \"terraform_data\" \"late_{turn}\" {{\n  input = true\n}}\n"
            );
        }
        for project in &self.projects {
            project.write(&mut hcl);
        }
        hcl + &self.blocks.concat()
    }
}

/// An expression that is `value`, and that the plan does not know in its turn.
fn late(value: &str, turn: Late, otherwise: &str) -> String {
    match turn {
        None => value.to_owned(),
        Some(turn) => format!("terraform_data.late_{turn}.output ? {value} : {otherwise}"),
    }
}

impl Text {
    fn expression(&self) -> String {
        late(&format!("\"{}\"", self.0), self.1, "\"none\"")
    }
}

impl Size {
    fn lines(&self) -> String {
        let limit = |name: &str, limit: Option<(u8, Late)>| match limit {
            Some((cu, turn)) => format!("  {name} = {}\n", late(&cu.to_string(), turn, "1")),
            None => String::new(),
        };
        let suspension = match self.suspension {
            None => String::new(),
            Some(0) => "  no_suspension = true\n".to_owned(),
            Some(seconds) => format!("  suspend_timeout_duration = \"{seconds}s\"\n"),
        };
        limit("autoscaling_limit_min_cu", self.min)
            + &limit("autoscaling_limit_max_cu", self.max)
            + &suspension
    }
}

impl Endpoint {
    fn lines(&self) -> String {
        let mut lines = self.size.lines();
        if let Some(disabled) = self.disabled {
            let _ = writeln!(lines, "  disabled = {disabled}");
        }
        if let Some((computes, turn)) = self.group {
            let group = format!("{{ min = {computes}, max = {computes} }}");
            let _ = writeln!(lines, "  group = {}", late(&group, turn, "null"));
        }
        if self.adopts {
            lines += "  replace_existing = true\n";
        }
        lines
    }

    fn write(&self, hcl: &mut String, label: &str, branch: &str, id: &str, kind: &str, more: &str) {
        let _ = writeln!(
            hcl,
            "resource \"lakebase_endpoint\" \"{label}\" {{\n{more}  branch = {branch}\n  endpoint_id \
             = {id}\n  endpoint_type = \"ENDPOINT_TYPE_{kind}\"\n{}}}\n",
            self.lines()
        );
    }
}

impl Project {
    fn write(&self, hcl: &mut String) {
        let Project { label, .. } = self;
        let part = |name: &str, size: &Option<Size>| match size {
            Some(size) => format!("  {name} = {{\n{}  }}\n", size.lines()),
            None => String::new(),
        };
        let _ = writeln!(
            hcl,
            "resource \"lakebase_project\" \"{label}\" {{\n  project_id = {}\n  deletion_protection = \
             false\n  purge_on_delete = true\n{}{}}}\n",
            self.id.expression(),
            part("default_endpoint_settings", &self.defaults),
            part("initial_endpoint", &self.initial),
        );
        if self.adopts_production {
            let _ = writeln!(
                hcl,
                "resource \"lakebase_branch\" \"{label}_production\" {{\n  project = \
                 lakebase_project.{label}.name\n  branch_id = \"production\"\n  replace_existing = \
                 true\n}}\n"
            );
        }
        if let Some(endpoint) = &self.production {
            let branch = if self.adopts_production {
                format!("lakebase_branch.{label}_production.name")
            } else {
                format!("\"${{lakebase_project.{label}.name}}/branches/production\"")
            };
            let (name, id) = (format!("{label}_production"), "\"primary\"");
            endpoint.write(hcl, &name, &branch, id, "READ_WRITE", "");
        }
        for branch in &self.branches {
            branch.write(hcl, self);
        }
        if let Some(fan) = &self.fan {
            fan.write(hcl, label);
        }
        if !self.modules.is_empty() {
            let entries = self.modules.iter().map(|(id, max)| format!("\"{id}\" = {max}"));
            let entries = entries.collect::<Vec<_>>().join(", ");
            let _ = writeln!(
                hcl,
                "module \"{label}\" {{\n  source   = \"./branch\"\n  for_each = {{ {entries} }}\n  \
                 project  = lakebase_project.{label}.name\n  id       = each.key\n  max      = \
                 each.value\n}}\n"
            );
            let (first, _) = &self.modules[0];
            let reader =
                Endpoint { size: Size::default(), disabled: None, group: None, adopts: false };
            let branch = format!("module.{label}[\"{first}\"].branch");
            reader.write(hcl, &format!("{label}_module"), &branch, "\"reader\"", "READ_ONLY", "");
        }
    }
}

impl Fan {
    fn write(&self, hcl: &mut String, project: &str) {
        let Fan { keys, late: turn, primary, reader } = self;
        let id = late("each.key", *turn, "\"none\"");
        let _ = writeln!(
            hcl,
            "resource \"lakebase_branch\" \"{project}_fan\" {{\n  for_each = toset({keys:?})\n  \
             branch_id = {id}\n  purge_on_delete = true\n  project = \
             lakebase_project.{project}.name\n}}\n"
        );
        if let Some(endpoint) = primary {
            let more = format!("  for_each = lakebase_branch.{project}_fan\n");
            let label = format!("{project}_fan");
            endpoint.write(hcl, &label, "each.value.name", "\"primary\"", "READ_WRITE", &more);
        }
        if let Some(endpoint) = reader {
            let more = format!("  for_each = toset({keys:?})\n");
            let branch = format!("lakebase_branch.{project}_fan[each.key].name");
            let label = format!("{project}_fan_reader");
            endpoint.write(hcl, &label, &branch, "\"reader\"", "READ_ONLY", &more);
        }
    }
}

impl Branch {
    fn write(&self, hcl: &mut String, project: &Project) {
        let Branch { label, .. } = self;
        let holder = if self.is_apart && project.id.1.is_none() {
            format!(
                "\"projects/{}\"\n  depends_on = [lakebase_project.{}]",
                project.id.0, project.label
            )
        } else {
            format!("lakebase_project.{}.name", project.label)
        };
        let ttl = self.expires.map(|days| format!("  ttl = \"{days}d\"\n")).unwrap_or_default();
        let _ = writeln!(
            hcl,
            "resource \"lakebase_branch\" \"{label}\" {{\n  branch_id = {}\n  purge_on_delete = \
             true\n{ttl}  project = {holder}\n}}\n",
            self.id.expression(),
        );
        let name = format!("lakebase_branch.{label}.name");
        if let Some(endpoint) = &self.primary {
            endpoint.write(
                hcl,
                &format!("{label}_primary"),
                &name,
                "\"primary\"",
                "READ_WRITE",
                "",
            );
        }
        for (label, id, endpoint) in &self.readers {
            endpoint.write(hcl, label, &name, &id.expression(), "READ_ONLY", "");
        }
        if let Some(Many { label, keys, is_count, endpoint }) = &self.many {
            let (more, id) = match is_count {
                true => {
                    (format!("  count = {}\n", keys.len()), format!("\"{label}-${{count.index}}\""))
                }
                false => (format!("  for_each = toset({keys:?})\n"), "each.key".to_owned()),
            };
            endpoint.write(hcl, label, &name, &id, "READ_ONLY", &more);
        }
    }
}
