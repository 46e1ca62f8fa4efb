//! Generates what a run does: steps of a person who works with Terraform, and the trouble on the way.

use fastrand::Rng;
use lakebase_emulator::{Deviations, Effect, Fault, FaultKind};

use super::generator::{GeneratedConfig, Part};
use super::{Sort, Tally};

/// One change and its apply.
#[derive(Debug)]
pub(super) struct Step {
    /// The configuration from this step on.
    pub(super) shop: GeneratedConfig,
    /// Which of the states is planned and applied.
    pub(super) part: Part,
    pub(super) preparations: Vec<Preparation>,
    /// Options of the plan.
    pub(super) options: Vec<String>,
    pub(super) trouble: Option<Trouble>,
}

/// What is done before the plan.
#[derive(Debug)]
pub(super) enum Preparation {
    /// `terraform taint` of an address.
    Taint(String),
    /// `terraform untaint` of an address.
    Untaint(String),
    /// Somebody else deletes the object of this name.
    Remove(String),
}

/// What goes wrong meanwhile.
#[derive(Debug)]
pub(super) enum Trouble {
    Faults(Vec<Fault>),
    /// Ctrl-C at this request, counted from the first mutation.
    Interrupt(usize),
    KillTerraform(usize),
    KillProvider(usize),
}

impl Step {
    /// A plain change of the configuration, with trouble.
    pub(super) fn plain(
        sort: Sort,
        shop: GeneratedConfig,
        requests: usize,
        random: &mut Rng,
    ) -> Step {
        let trouble = Some(Trouble::any(sort, requests, random));
        Step { shop, part: Part::Whole, preparations: Vec::new(), options: Vec::new(), trouble }
    }

    /// Anything that may lead to a replacement.
    pub(super) fn any(
        sort: Sort,
        parts: &[Part],
        before: &GeneratedConfig,
        random: &mut Rng,
    ) -> Step {
        let shop = if random.u8(..4) > 0 { before.provoked(random) } else { before.clone() };
        let part = random.choice(parts).copied().expect("there is a state");
        let addresses: Vec<_> = shop.managed(part).into_iter().collect();
        let any = |random: &mut Rng| random.choice(&addresses).cloned();
        let mut step =
            Step { shop, part, preparations: Vec::new(), options: Vec::new(), trouble: None };
        if random.u8(..3) == 0
            && let Some((address, _)) = any(random)
        {
            step.preparations.push(Preparation::Taint(address.clone()));
            if random.u8(..4) == 0 {
                step.preparations.push(Preparation::Untaint(address));
            }
        }
        if random.u8(..6) == 0
            && let Some((_, name)) = any(random)
            && !name.ends_with("/production")
            && !name.ends_with("/primary")
        {
            step.preparations.push(Preparation::Remove(name));
        }
        for (chance, option) in [(4, "replace"), (8, "target")] {
            if random.u8(..chance) == 0
                && let Some((address, _)) = any(random)
            {
                step.options.push(format!("-{option}={address}"));
                // A part of a rename could not be undone: the old ID stays reserved.
                if option == "target" {
                    step.shop.keep_ids(before);
                }
            }
        }
        if sort.is_troubled() && random.u8(..3) > 0 {
            step.trouble = Some(Trouble::any(sort, 4, random));
        }
        step
    }
}

impl Preparation {
    pub(super) fn count(&self, tally: &mut Tally) {
        match self {
            Preparation::Taint(_) => tally.taints += 1,
            Preparation::Untaint(_) => tally.untaints += 1,
            Preparation::Remove(_) => tally.removals += 1,
        }
    }
}

impl Trouble {
    fn any(sort: Sort, requests: usize, random: &mut Rng) -> Trouble {
        let sort = match sort {
            Sort::Timeouts => Sort::Operations,
            Sort::Everything => {
                let sorts = [Sort::Answers, Sort::Operations, Sort::Interrupts, Sort::Kills];
                random.choice(sorts).expect("there are some")
            }
            sort => sort,
        };
        match sort {
            Sort::Interrupts => Trouble::Interrupt(random.usize(1..=requests)),
            Sort::Kills => {
                let nth = random.usize(1..=requests);
                if random.bool() { Trouble::KillTerraform(nth) } else { Trouble::KillProvider(nth) }
            }
            _ => Trouble::Faults((0..random.u8(1..=2)).map(|_| fault(sort, random)).collect()),
        }
    }

    pub(super) fn count(&self, tally: &mut Tally) {
        match self {
            Trouble::Faults(faults) => tally.faults += faults.len() as u64,
            Trouble::Interrupt(_) => tally.interrupts += 1,
            Trouble::KillTerraform(_) | Trouble::KillProvider(_) => tally.kills += 1,
        }
    }
}

fn fault(sort: Sort, random: &mut Rng) -> Fault {
    let (methods, kind) = if sort == Sort::Answers {
        let kind = answer(random);
        let methods: &[&str] = match kind {
            // A read is stale after a change.
            FaultKind::StaleRead { .. } => &["POST", "PATCH"],
            _ => &["GET", "POST", "PATCH", "DELETE"],
        };
        (methods, kind)
    } else {
        let kind = if random.bool() {
            FaultKind::Linger { seconds: 3600 }
        } else {
            FaultKind::FailOperation {
                error_code: "INTERNAL_ERROR".to_owned(),
                message: "No capacity.".to_owned(),
            }
        };
        let methods: &[&str] = &["POST", "POST", "PATCH", "DELETE"];
        (methods, kind)
    };
    let method = random.choice(methods).expect("there are some");
    // A service that declines does so before any effect.
    let declines = matches!(kind, FaultKind::Status { status: 429 | 503, .. });
    let effect = if declines || random.bool() { Effect::Before } else { Effect::After };
    Fault { effect, ..Fault::on(method, "*", kind).nth(random.u32(1..=4)) }
}

fn answer(random: &mut Rng) -> FaultKind {
    match random.u8(..8) {
        0 => FaultKind::status(500, "INTERNAL_ERROR", "Something broke."),
        1 => FaultKind::status(503, "TEMPORARILY_UNAVAILABLE", "Try again."),
        2 => FaultKind::Html { status: 502 },
        3 => FaultKind::Html { status: 504 },
        4 => FaultKind::Status {
            status: 429,
            error_code: "RESOURCE_EXHAUSTED".to_owned(),
            message: "Too many requests.".to_owned(),
            retry_after: Some(random.u64(..2)),
        },
        5 => FaultKind::ConflictOutside,
        6 => FaultKind::StaleRead { reads: random.u32(1..=2) },
        _ => FaultKind::CutConnection,
    }
}

/// Some deviations, at least one.
pub(super) fn deviations(random: &mut Rng) -> Deviations {
    let mut deviations = Deviations {
        inexact_expiry: random.bool(),
        omit_defaults: random.bool(),
        wide_limits: random.bool(),
        delayed_effects: random.u32(..=2),
        normalized_values: random.bool(),
    };
    deviations.omit_defaults |= deviations == Deviations::default();
    deviations
}
