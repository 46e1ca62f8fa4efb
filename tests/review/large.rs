//! A plan as large as they get, and what its review costs: for a test and for `make bench`.

use std::fs;
use std::io::{self, BufWriter, Read as _, Write};
use std::process::{Command, Stdio};

/// How many resources the plan has.
const RESOURCES: usize = 10_000;

/// How many of them are computes. Of these a third stays, a third grows, a third is new.
const ENDPOINTS: usize = 9_000;

/// What the review of the large plan takes.
pub(crate) struct Cost {
    /// How long the plan is, in bytes.
    pub(crate) read: u64,
    /// The most memory that was resident, in bytes; `None` where there is no `/proc`.
    pub(crate) memory: Option<u64>,
}

/// Reviews the large plan, which is made while it is read, in the format that takes the most memory.
pub(crate) fn review() -> Cost {
    let mut program = Command::new(env!("CARGO_BIN_EXE_terraform-provider-lakebase"))
        .args(["review", "--format", "sarif"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut plan = Counting { to: program.stdin.take().expect("stdin is piped"), written: 0 };
    write(&mut BufWriter::with_capacity(1 << 16, &mut plan)).expect("the program reads it all");
    let Counting { to: stdin, written: read } = plan;
    drop(stdin);

    // Its output is longer than what a pipe holds: after the first byte it still waits for a reader
    // of the others, and nothing is left to be done.
    let mut stdout = program.stdout.take().expect("stdout is piped");
    let mut output = vec![0];
    stdout.read_exact(&mut output).expect("the program writes");
    let memory = most_resident(program.id());
    stdout.read_to_end(&mut output).expect("the program writes");
    assert!(program.wait().expect("the program ends").success());
    assert!(1 << 16 < output.len(), "the pipe held all of it: {} bytes", output.len());
    Cost { read, memory }
}

fn most_resident(process: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(1024 * kilobytes)
}

struct Counting<W> {
    to: W,
    written: u64,
}

impl<W: Write> Write for Counting<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.to.write(bytes)?;
        self.written += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

/// Writes the plan, its parts in the order in which Terraform has them.
fn write(to: &mut impl Write) -> io::Result<()> {
    let policy = r#"{\"Effect\":\"Allow\",\"Action\":[\"s3:GetObject\"],\"Resource\":\"*\"},\n"#;
    let policy = policy.repeat(560);
    let resource = |number: usize| Resource { number, policy: &policy };

    write!(to, r#"{{"format_version":"1.2","terraform_version":"1.11.4","planned_values":"#)?;
    write!(to, r#"{{"root_module":{{"resources":["#)?;
    list(to, |to, at| resource(at).state(to, Side::After))?;
    write!(to, r#"]}}}},"resource_changes":["#)?;
    list(to, |to, at| resource(at).change(to))?;
    write!(to, r#"],"prior_state":{{"format_version":"1.0","terraform_version":"1.11.4","#)?;
    write!(to, r#""values":{{"root_module":{{"resources":["#)?;
    list(to, |to, at| resource(at).state(to, Side::Before))?;
    write!(to, r#"]}}}}}},"configuration":{{"root_module":{{"resources":["#)?;
    list(to, |to, at| resource(at).configuration(to))?;
    write!(to, r#"]}}}},"timestamp":"2026-01-01T00:00:00Z","applyable":true,"complete":true,"#)?;
    writeln!(to, r#""errored":false}}"#)?;
    to.flush()
}

/// The members of a list with something for each resource.
fn list<W: Write>(
    to: &mut W,
    mut each: impl FnMut(&mut W, usize) -> io::Result<()>,
) -> io::Result<()> {
    for number in 0..RESOURCES {
        if number != 0 {
            write!(to, ",")?;
        }
        each(to, number)?;
    }
    Ok(())
}

#[derive(Clone, Copy, PartialEq)]
enum Side {
    Before,
    After,
}

struct Resource<'a> {
    number: usize,
    policy: &'a str,
}

impl Resource<'_> {
    fn is_endpoint(&self) -> bool {
        self.number * ENDPOINTS % RESOURCES < ENDPOINTS
    }

    /// What is the same wherever the resource is spoken of.
    fn head(&self, to: &mut impl Write) -> io::Result<()> {
        let (kind, provider) = if self.is_endpoint() {
            ("lakebase_endpoint", "lakebase/lakebase")
        } else {
            ("aws_iam_policy", "hashicorp/aws")
        };
        let number = self.number;
        write!(to, r#""address":"{kind}.tenant_{number}","mode":"managed","type":"{kind}","#)?;
        write!(to, r#""name":"tenant_{number}","provider_name":"registry.terraform.io/{provider}""#)
    }

    fn state(&self, to: &mut impl Write, side: Side) -> io::Result<()> {
        write!(to, "{{")?;
        self.head(to)?;
        write!(to, r#","schema_version":0,"values":"#)?;
        self.values(to, side)?;
        write!(to, r#","sensitive_values":{{}}}}"#)
    }

    fn change(&self, to: &mut impl Write) -> io::Result<()> {
        let is_new = self.is_endpoint() && self.number % 3 == 2;
        let action = match self.number % 3 {
            0 => "no-op",
            _ if is_new => "create",
            _ => "update",
        };
        write!(to, "{{")?;
        self.head(to)?;
        write!(to, r#","change":{{"actions":["{action}"],"before":"#)?;
        if is_new {
            write!(to, "null")?;
        } else {
            self.values(to, Side::Before)?;
        }
        write!(to, r#","after":"#)?;
        self.values(to, Side::After)?;
        let unknown = if is_new { r#""uid":true,"host":true"# } else { "" };
        write!(to, r#","after_unknown":{{{unknown}}},"before_sensitive":{{}},"#)?;
        write!(to, r#""after_sensitive":{{}}}}}}"#)
    }

    fn configuration(&self, to: &mut impl Write) -> io::Result<()> {
        write!(to, "{{")?;
        self.head(to)?;
        let policy = if self.is_endpoint() { "" } else { self.policy };
        write!(to, r#","expressions":{{"policy":{{"constant_value":"{policy}"}}}}}}"#)
    }

    fn values(&self, to: &mut impl Write, side: Side) -> io::Result<()> {
        let Resource { number, policy } = self;
        if !self.is_endpoint() {
            let revision = usize::from(side == Side::After && number % 3 != 0);
            return write!(
                to,
                r#"{{"id":"{number}","description":"revision {revision}","policy":"{policy}"}}"#
            );
        }
        let max_cu = if side == Side::After && number % 3 == 1 { 8 } else { 4 };
        let branch = format!("projects/tenant-{number}/branches/production");
        write!(
            to,
            r#"{{"branch":"{branch}","endpoint_id":"primary","name":"{branch}/endpoints/primary","#
        )?;
        write!(to, r#""endpoint_type":"ENDPOINT_TYPE_READ_WRITE","autoscaling_limit_min_cu":1,"#)?;
        write!(to, r#""autoscaling_limit_max_cu":{max_cu},"suspend_timeout_duration":"300s","#)?;
        write!(to, r#""no_suspension":null,"disabled":false,"group":{{"min":1,"max":1,"#)?;
        write!(to, r#""enable_readable_secondaries":false}},"replace_existing":false,"#)?;
        write!(to, r#""pg_settings":{{"work_mem":"64MB"}},"uid":"uid-{number}","#)?;
        write!(to, r#""host":"uid-{number}.database.example.com","timeouts":null}}"#)
    }
}
