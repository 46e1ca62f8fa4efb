//! Does the steps of a run with the real Terraform, and has each of them judged.
//!
//! After a step comes convergence: applies without trouble until the plan is empty. If one of them
//! is refused, the driver does what the message offers, and nothing else.

use std::collections::BTreeMap;

use fastrand::Rng;
use lakebase_emulator::Recorded;
use serde_json::Value as Json;

use super::generator::{GeneratedConfig, Part};
use super::invariant::{self, Announced, Names, held};
use super::steps::{Preparation, Step, Trouble};
use super::ways::{Way, ways};
use super::{LINGERING, Sort, Tally};
use crate::workbench::{Run, Workbench};

/// After so many applies, a state does not converge.
const ROUNDS: usize = 12;

pub(super) struct Driver<'a> {
    bench: &'a Workbench,
    sort: Sort,
    random: &'a mut Rng,
    tally: &'a mut Tally,
    parts: Vec<Part>,
    shop: GeneratedConfig,
    /// The last configuration whose plan was not refused.
    accepted: GeneratedConfig,
    /// The ways that were taken since the last convergence, with the object each was for.
    taken: Vec<(String, Way)>,
    /// The `import` blocks of messages, by part.
    imports: Vec<(Part, String)>,
    /// What was announced by applies that were killed since the last convergence.
    killed: Announced,
    /// Terraform was killed since then: its provider may still send what was under way.
    is_orphaned: bool,
}

/// How a plan and its apply ended.
enum Outcome {
    /// There was nothing to do.
    Empty,
    Applied,
    /// With errors, of the plan or the apply.
    Refused(Vec<Json>, Run),
    /// It was interrupted or killed.
    Broken,
}

impl<'a> Driver<'a> {
    pub(super) fn new(
        bench: &'a Workbench,
        sort: Sort,
        parts: &[Part],
        shop: &GeneratedConfig,
        random: &'a mut Rng,
        tally: &'a mut Tally,
    ) -> Driver<'a> {
        Driver {
            bench,
            sort,
            random,
            tally,
            parts: parts.to_vec(),
            shop: shop.clone(),
            accepted: shop.clone(),
            taken: Vec::new(),
            imports: Vec::new(),
            killed: Announced::default(),
            is_orphaned: false,
        }
    }

    /// The configuration now: ways out change it, too.
    pub(super) fn shop(&self) -> &GeneratedConfig {
        &self.shop
    }

    pub(super) fn random(&mut self) -> &mut Rng {
        self.random
    }

    pub(super) fn step(&mut self, step: Step) {
        self.tally.steps += 1;
        for preparation in &step.preparations {
            preparation.count(self.tally);
            // An object that is not there is neither tainted nor removed.
            match preparation {
                Preparation::Taint(address) => drop(self.terraform(step.part, &["taint", address])),
                Preparation::Untaint(address) => {
                    drop(self.terraform(step.part, &["untaint", address]));
                }
                Preparation::Remove(name) if self.bench.emulator.get(name).is_some() => {
                    self.bench.emulator.remove(name);
                }
                Preparation::Remove(_) => {}
            }
        }
        self.shop = step.shop;
        self.configure();
        let outcome = self.apply(step.part, &step.options, step.trouble.as_ref());
        self.bench.emulator.forget_faults();
        self.bench.emulator.advance(LINGERING);
        if let (Outcome::Refused(errors, run), None, true) =
            (outcome, step.trouble, step.options.is_empty())
        {
            self.go_on(step.part, &errors, &run);
        }
    }

    /// Applies every state until its plan is empty.
    pub(super) fn converge(&mut self) {
        let mut has_succeeded = false;
        let mut plain = 0;
        for _ in 0..ROUNDS {
            let (mut is_empty, mut proceeds, mut stuck) = (true, false, None);
            for part in self.parts.clone() {
                match self.apply(part, &[], None) {
                    Outcome::Empty => continue,
                    Outcome::Refused(errors, run) if self.go_on(part, &errors, &run) => {
                        proceeds = true;
                    }
                    Outcome::Refused(errors, run) => {
                        stuck = Some(format!("{} gives no way out: {errors:#?}", run.command));
                    }
                    Outcome::Applied => {
                        let twice = has_succeeded && self.sort.is_strict();
                        assert!(!twice, "The plan after an apply is not empty.");
                        (has_succeeded, proceeds) = (true, true);
                    }
                    Outcome::Broken => panic!("Nobody broke this apply."),
                }
                is_empty = false;
            }
            if let Some(stuck) = stuck.filter(|_| !proceeds) {
                plain += 1;
                assert!(plain <= self.deadline(), "{stuck}");
            }
            if is_empty {
                return self.end();
            }
        }
        self.violated(&["The state does not converge.".to_owned()], &Announced::default());
    }

    fn end(&mut self) {
        let parts = self.parts.clone();
        let states: Vec<_> = parts.into_iter().map(|part| (part, self.stored(part))).collect();
        let held = held(&self.bench.emulator);
        let exactly = self.sort.is_strict();
        let violations = invariant::of_an_end(&self.shop, &states, &held, exactly);
        self.violated(&violations, &Announced::default());
        self.imports.clear();
        self.taken.clear();
        self.configure();
        self.killed = Announced::default();
        self.is_orphaned = false;
    }

    /// Plans, applies the plan, and judges both.
    fn apply(&mut self, part: Part, options: &[String], trouble: Option<&Trouble>) -> Outcome {
        let emulator = &self.bench.emulator;
        let before = held(emulator);
        emulator.forget_requests();
        if let Some(trouble) = trouble {
            trouble.count(self.tally);
        }
        if let Some(Trouble::Faults(faults)) = trouble {
            for fault in faults {
                emulator.fault(fault.clone());
            }
        }
        let plan = ["plan", "-json", "-detailed-exitcode", "-out=saved"];
        let options: Vec<_> = options.iter().map(String::as_str).collect();
        let run = self.terraform(part, &[&plan, options.as_slice()].concat());
        let requests = emulator.requests();
        if !self.is_orphaned {
            self.violated(&invariant::of_a_plan(&requests), &Announced::default());
        }
        if run.status == Some(1) {
            self.tally.refusals += 1;
            return Outcome::Refused(errors(&run), run);
        }
        let targeted = options.iter().any(|it| it.starts_with("-target"));
        if part == Part::Whole && !targeted {
            self.accepted = self.shop.clone();
        }
        if run.status == Some(0) {
            return Outcome::Empty;
        }
        let plan = self.terraform(part, &["show", "-json", "saved"]).succeeded().json();
        let announced = Announced::by(&plan, targeted).or(&self.killed);
        self.tally.replacements += announced.replacements;

        let run = match trouble {
            None | Some(Trouble::Faults(_)) => self.terraform(part, &["apply", "-json", "saved"]),
            Some(trouble) => self.break_off(part, trouble),
        };
        assert!(!run.output().contains("panicked"), "{run}");
        let succeeded = run.status == Some(0);
        let requests = emulator.requests();
        let stored = succeeded.then(|| self.stored(part));
        let after = held(emulator);
        let violations =
            invariant::of_an_apply(&announced, &before, &after, &requests, stored.as_ref());
        self.violated(&violations, &announced);
        match trouble {
            _ if succeeded => Outcome::Applied,
            None | Some(Trouble::Faults(_)) => {
                self.tally.refusals += u64::from(!requests.iter().any(Recorded::is_mutation));
                Outcome::Refused(errors(&run), run)
            }
            Some(trouble) => {
                self.killed = announced;
                self.is_orphaned |= matches!(trouble, Trouble::KillTerraform(_));
                Outcome::Broken
            }
        }
    }

    /// An apply that is interrupted or killed, unless it ends before.
    fn break_off(&self, part: Part, trouble: &Trouble) -> Run {
        let nth = match trouble {
            Trouble::Faults(_) => unreachable!("faults break nothing off"),
            Trouble::Interrupt(nth) | Trouble::KillTerraform(nth) | Trouble::KillProvider(nth) => {
                *nth
            }
        };
        let path = format!("{}terraform.tfstate", directory(part));
        let state = self.bench.path(&path).exists().then(|| self.bench.read(&path));
        let before = self.bench.emulator.requests().len();
        let mut applying = self.bench.spawn(&arguments(part, &["apply", "-json", "saved"]));
        self.bench.wait_for(&applying, |requests| {
            let requests = &requests[before..];
            let first = requests.iter().position(Recorded::is_mutation);
            first.is_some_and(|first| requests.len() - first >= nth)
        });
        match trouble {
            Trouble::KillTerraform(_) => applying.kill(),
            Trouble::KillProvider(_) => applying.kill_providers(),
            _ => applying.interrupt(),
        }
        let run = applying.wait();
        // Terraform truncates the file before it writes it: its backup has what was in it.
        if let Some(state) = state.filter(|_| self.bench.read(&path).is_empty()) {
            self.bench.write(&path, &state);
        }
        run
    }

    /// Does what the errors offer; whether they offer anything.
    fn go_on(&mut self, part: Part, errors: &[Json], run: &Run) -> bool {
        let mut found = false;
        for error in errors {
            let [summary, detail] = ["summary", "detail"].map(|key| {
                let text = error[key].as_str().unwrap_or_default();
                text.to_owned()
            });
            let name = summary.split('`').nth(1).unwrap_or_default().to_owned();
            // Terraform places no error of a delete, so the address is looked up by the name.
            let by_name = || {
                let mut stored = self.stored(part).into_iter();
                stored.find_map(|(address, it)| (it == name).then_some(address))
            };
            let address = error["address"].as_str().map(str::to_owned).or_else(by_name);
            let mut ways = ways(&detail);
            ways.retain(|way| self.sort.may(way.permission()));
            if summary == "Cannot import non-existent remote object" {
                self.imports.clear(); // it is not there anymore, or not to be seen yet
            } else if ways.is_empty() && !self.sort.is_strict() && run.command.contains(" plan ") {
                ways.push(Way::Undo);
            }
            self.random.shuffle(&mut ways);
            // As people do: what has not helped before comes last.
            let count = |way: &Way| {
                self.taken.iter().filter(|(of, taken)| *of == name && taken == way).count()
            };
            ways.sort_by_key(count);
            let took = |way: &&Way| self.take(part, way, &name, address.as_deref());
            if let Some(way) = ways.iter().find(took) {
                self.taken.push((name, way.clone()));
                self.tally.ways += 1;
                found = true;
            }
        }
        self.configure();
        found
    }

    /// Whether that changed anything.
    fn take(&mut self, part: Part, way: &Way, name: &str, address: Option<&str>) -> bool {
        match (way, address) {
            (Way::Untaint, address) => {
                let mut tainted = self.tainted(part);
                tainted.retain(|tainted| address.is_none_or(|address| address == tainted));
                for address in &tainted {
                    self.terraform(part, &["untaint", address]).succeeded();
                }
                return !tainted.is_empty();
            }
            (Way::Import(block), Some(address)) => {
                let noun = address.split('.').next().unwrap_or_default();
                let block = block.replace(&format!("{noun}.example"), address);
                let import = (part, block);
                if self.imports.contains(&import) {
                    return false;
                }
                self.imports.push(import);
            }
            (Way::ImportAgain, Some(address)) => {
                let mut stored = self.stored(part);
                stored.retain(|other, stored| other == address || stored == name);
                for address in stored.keys() {
                    self.terraform(part, &["state", "rm", address]).succeeded();
                }
                self.terraform(part, &["import", address, name]).succeeded();
            }
            (Way::Import(_), None) => panic!("An import block without an address: {name}"),
            (Way::Undelete, _) => {
                let path = format!("POST /api/2.0/postgres/{name}/undelete");
                self.bench.request(&path, "{}");
            }
            (way, _) => {
                let before = self.shop.clone();
                match way {
                    Way::AllowPurge => self.shop.allow_purge(name),
                    Way::DestroyFirst => self.shop.destroy_first(),
                    Way::Adopt => self.shop.adopt(address.unwrap_or_default()),
                    Way::DoNotAdopt => self.shop.do_not_adopt(),
                    Way::Rename => self.shop.rename(address.unwrap_or_default()),
                    Way::AllowWideRanges => self.shop.allow_wide_ranges(),
                    way => {
                        // An object may be replaced along with the one that holds it.
                        for (address, instance) in self.current(part) {
                            let attributes = &instance["attributes"];
                            self.shop.restore(&address, attributes, &self.accepted);
                        }
                        let untainted = self.take(part, &Way::Untaint, "", None);
                        if *way == Way::Unprotect {
                            self.shop = self.shop.clone().unprotected();
                        }
                        return untainted || self.shop != before;
                    }
                }
                return self.shop != before;
            }
        }
        true
    }

    /// How many applies may fail without a way out: where effects show late, or another state is
    /// in the way, the next one sees more.
    fn deadline(&self) -> usize {
        if self.sort.has_deviations() || self.parts.len() > 1 { 4 } else { 0 }
    }

    pub(super) fn configure(&self) {
        for part in &self.parts {
            let directory = directory(*part);
            self.bench.configure_in(directory, &self.shop.hcl(*part));
            let imports = self.imports.iter().filter(|(of, _)| of == part);
            let imports: Vec<_> = imports.map(|(_, block)| block.as_str()).collect();
            self.bench.write(&format!("{directory}imports.tf"), &imports.concat());
        }
    }

    fn terraform(&self, part: Part, words: &[&str]) -> Run {
        let run = self.bench.terraform(&arguments(part, words));
        assert!(!run.output().contains("panicked"), "{run}");
        run
    }

    /// The addresses in the state and what it says of them, without deposed objects.
    fn current(&self, part: Part) -> Vec<(String, Json)> {
        let file = format!("{}terraform.tfstate", directory(part));
        if !self.bench.path(&file).exists() {
            return Vec::new();
        }
        let state: Json = serde_json::from_str(&self.bench.read(&file)).expect("a state is JSON");
        let text = |json: &Json| json.as_str().unwrap_or_default().to_owned();
        let mut instances = Vec::new();
        for resource in state["resources"].as_array().into_iter().flatten() {
            let address = format!("{}.{}", text(&resource["type"]), text(&resource["name"]));
            for instance in resource["instances"].as_array().into_iter().flatten() {
                if instance["deposed"].is_null() {
                    instances.push((address.clone(), instance.clone()));
                }
            }
        }
        instances
    }

    /// The addresses in the state, and the names of their objects.
    fn stored(&self, part: Part) -> Names {
        let named = self.current(part).into_iter().filter_map(|(address, instance)| {
            Some((address, instance["attributes"]["name"].as_str()?.to_owned()))
        });
        named.collect::<BTreeMap<_, _>>()
    }

    fn tainted(&self, part: Part) -> Vec<String> {
        let tainted = self.current(part).into_iter().filter(|(_, it)| it["status"] == "tainted");
        tainted.map(|(address, _)| address).collect()
    }

    /// Ends the run where there are violations, with all that explains them.
    #[track_caller]
    fn violated(&mut self, violations: &[String], announced: &Announced) {
        if violations.is_empty() {
            return;
        }
        self.tally.violations += violations.len() as u64;
        let configurations: Vec<_> = self.parts.iter().map(|part| self.shop.hcl(*part)).collect();
        panic!(
            "VIOLATION\n{}\nThe plan:\n{}\nThe configuration:\n{}",
            violations.join("\n"),
            announced.lines.join("\n"),
            configurations.join("\n----\n"),
        );
    }
}

/// The errors of a command that speaks JSON.
fn errors(run: &Run) -> Vec<Json> {
    let lines = run.stdout.lines().filter_map(|it| serde_json::from_str::<Json>(it).ok());
    let errors: Vec<_> = lines.filter(|it| it["@level"] == "error").collect();
    let errors = errors.into_iter().map(|mut line| line["diagnostic"].take());
    let errors: Vec<_> = errors.filter(|it| it["severity"] == "error").collect();
    assert!(!errors.is_empty(), "{run}");
    errors
}

/// Where the configuration and the state of a part are.
fn directory(part: Part) -> &'static str {
    match part {
        Part::Whole => "",
        Part::Branch(_) => "second/",
    }
}

fn arguments<'a>(part: Part, words: &[&'a str]) -> Vec<&'a str> {
    let chdir = matches!(part, Part::Branch(_)).then_some("-chdir=second");
    chdir.into_iter().chain(words.iter().copied()).collect()
}
