//! Whatever goes wrong, nothing is lost that a plan did not announce, nothing is deleted permanently
//! without consent, and every state converges: [`invariant`] says exactly what must hold.
//!
//! A run generates a configuration ([`shop`]) and steps ([`steps`]), does them with the real
//! Terraform ([`driver`]), and judges each apply. All chance comes from the seed, which is printed
//! if a run fails.
//!
//! `make test` makes a few runs of each sort, `make chaos` many.

mod driver;
mod generator;
mod invariant;
mod steps;
mod ways;

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use fastrand::Rng;
use lakebase_emulator::{Deviations, Options};
use serde_json::Value as Json;

use crate::workbench::Workbench;
use driver::Driver;
use generator::{GeneratedConfig, Part};
use steps::Step;

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Sort {
    /// Requests that fail before or after their effect, and stale reads.
    Answers,
    /// Operations that fail, or outlive the time-out.
    Operations,
    /// Ctrl-C.
    Interrupts,
    /// Terraform or the provider dies.
    Kills,
    /// Nothing but the steps: taints, `-replace`, renames, `keepers`, `create_before_destroy`.
    Replacements,
    /// The same with two states that hold the same objects.
    States,
    /// The same, with a service that deviates from its records.
    Deviations,
    /// The same, with operations that fail or outlive the time-out.
    Timeouts,
    /// All of it.
    Everything,
}

#[test]
fn second_apply_recovers_from_failed_responses() {
    runs(Sort::Answers);
}

#[test]
fn second_apply_recovers_from_failed_operations() {
    runs(Sort::Operations);
}

#[test]
fn second_apply_recovers_from_interrupt() {
    runs(Sort::Interrupts);
}

#[test]
fn second_apply_recovers_from_crash() {
    runs(Sort::Kills);
}

#[test]
fn replacement_destroys_only_announced_data() {
    runs(Sort::Replacements);
}

#[test]
fn replacement_in_one_of_two_states_destroys_only_announced_data() {
    runs(Sort::States);
}

#[test]
fn replacement_with_deviating_service_destroys_only_announced_data() {
    runs(Sort::Deviations);
}

#[test]
fn replacement_with_timeout_destroys_only_announced_data() {
    runs(Sort::Timeouts);
}

#[test]
fn replacement_with_all_faults_destroys_only_announced_data() {
    runs(Sort::Everything);
}

impl Sort {
    /// Whether the steps are plain changes, after which a plain apply holds what is configured,
    /// and Lakebase nothing else.
    fn is_strict(self) -> bool {
        matches!(self, Sort::Answers | Sort::Operations | Sort::Interrupts | Sort::Kills)
    }

    fn is_troubled(self) -> bool {
        self.is_strict() || matches!(self, Sort::Timeouts | Sort::Everything)
    }

    fn has_deviations(self) -> bool {
        matches!(self, Sort::Deviations | Sort::Everything)
    }

    /// Whether a run may take this way out. Of the strict ones, two need more than a plain apply:
    /// an object whose create was killed before Terraform saved it is imported, and an object
    /// whose create did not end well is untainted.
    fn may(self, way: &str) -> bool {
        match self {
            Sort::Answers | Sort::Interrupts => false,
            Sort::Operations => way == "untaint",
            Sort::Kills => way == "import",
            _ => true,
        }
    }
}

/// How long an operation runs that outlives its time-out.
const LINGERING: Duration = Duration::from_hours(1);

/// What happened in the runs of a sort.
#[derive(Debug, Default)]
struct Tally {
    runs: u64,
    steps: u64,
    taints: u64,
    untaints: u64,
    removals: u64,
    replacements: u64,
    refusals: u64,
    ways: u64,
    faults: u64,
    interrupts: u64,
    kills: u64,
    violations: u64,
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Tally { runs, steps, taints, untaints, removals, replacements, .. } = self;
        let Tally { refusals, ways, faults, interrupts, kills, violations, .. } = self;
        write!(
            f,
            "{runs} runs, {steps} steps, {taints} taints, {untaints} untaints, {removals} removals \
             by others, {replacements} replacements announced, {refusals} refusals, {ways} ways \
             out taken, {faults} faults, {interrupts} interrupts, {kills} kills, {violations} \
             violations"
        )
    }
}

/// Makes the runs, and prints how they went.
fn runs(sort: Sort) {
    let (first, count) = (setting("LAKEBASE_CHAOS_SEED", 1), setting("LAKEBASE_CHAOS_RUNS", 3));
    let mut tally = Tally::default();
    let mut failed = Vec::new();
    for seed in first..first + count {
        tally.runs += 1;
        if catch_unwind(AssertUnwindSafe(|| run(sort, seed, &mut tally))).is_err() {
            eprintln!("{sort:?} failed. To see it again: make chaos SEED={seed} RUNS=1");
            failed.push(seed);
        }
    }
    eprintln!("{sort:?}: {tally}; failed seeds: {failed:?}");
    assert!(failed.is_empty(), "{sort:?} failed with the seeds {failed:?}");
}

fn setting(name: &str, otherwise: u64) -> u64 {
    #[expect(clippy::disallowed_methods, reason = "the runs' room for the environment")]
    let text = std::env::var(name);
    text.map_or(otherwise, |text| text.parse().expect("a number"))
}

fn run(sort: Sort, seed: u64, tally: &mut Tally) {
    // So that the sorts do not begin alike.
    let mut random = Rng::with_seed(1000 * (sort as u64) + seed);
    let interrupts = matches!(sort, Sort::Interrupts | Sort::Kills | Sort::Everything);
    let options = Options {
        // So that there is something to interrupt.
        operation_delay: Duration::from_millis(if interrupts { 100 } else { 0 }),
        deviations: if sort.has_deviations() {
            steps::deviations(&mut random)
        } else {
            Deviations::default()
        },
        ..Options::default()
    };
    let bench = Workbench::with_options(&format!("chaos_{sort:?}_{seed}"), options);
    if matches!(sort, Sort::Kills | Sort::Everything) {
        bench.track_providers();
    }
    let times_out = matches!(sort, Sort::Operations | Sort::Timeouts | Sort::Everything);
    let largest = if sort.has_deviations() { 16 } else { 8 };
    let shop = GeneratedConfig::any(&mut random, times_out.then_some("4s"), largest);
    if sort.is_strict() {
        plain(&bench, sort, &shop, &mut random, tally);
    } else {
        provoked(&bench, sort, shop, &mut random, tally);
    }
}

/// One or two plain changes with trouble.
fn plain(
    bench: &Workbench,
    sort: Sort,
    shop: &GeneratedConfig,
    random: &mut Rng,
    tally: &mut Tally,
) {
    let requests = 2 * shop.managed(Part::Whole).len();
    let first = Step::plain(sort, shop.clone(), requests, random);
    let mut driver = Driver::new(bench, sort, &[Part::Whole], shop, random, tally);
    driver.step(first);
    driver.converge();
    if !driver.random().bool() {
        return;
    }
    let other = shop.changed(driver.random());
    let lasting: Vec<_> = shop.lasting(&other);
    let before: Vec<_> = lasting.iter().map(|name| uid(bench, name)).collect();
    let second = Step::plain(sort, other, 3, driver.random());
    driver.step(second);
    driver.converge();
    let after: Vec<_> = lasting.iter().map(|name| uid(bench, name)).collect();
    assert_eq!(before, after, "a branch that should have stayed was created again");
}

/// A first apply, then steps that may be refused.
fn provoked(
    bench: &Workbench,
    sort: Sort,
    shop: GeneratedConfig,
    random: &mut Rng,
    tally: &mut Tally,
) {
    let shop = if random.u8(..4) > 0 { shop.unprotected() } else { shop };
    let shop = if random.bool() { shop.adopting(random) } else { shop };
    let mut parts = vec![Part::Whole];
    let has_two_states = sort == Sort::States || sort == Sort::Everything && random.bool();
    parts
        .extend(shop.branch_labels().first().filter(|_| has_two_states).map(|it| Part::Branch(it)));
    let steps = random.u8(2..=3);
    let mut driver = Driver::new(bench, sort, &parts, &shop, random, tally);
    driver.configure();
    driver.converge();
    for _ in 0..steps {
        let shop = driver.shop().clone();
        let step = Step::any(sort, &parts, &shop, driver.random());
        driver.step(step);
        if driver.random().bool() {
            driver.converge();
        }
    }
    driver.converge();
}

fn uid(bench: &Workbench, name: &str) -> Json {
    bench.emulator.get(name).expect("it should be there")["uid"].clone()
}
