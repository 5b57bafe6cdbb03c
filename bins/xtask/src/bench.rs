//! `cargo xtask bench`: proxyd beside nginx and HAProxy, by the recipe in `docs/performance.md`.

pub(crate) mod backend;
mod built;
mod callgrind;
mod certificates;
mod change;
mod change_many;
mod counted;
mod idle;
pub(crate) mod load;
mod many_certificates;
mod messages;
pub(crate) mod options;
mod overload;
mod pick;
mod protocol;
mod report;
mod rounds;
mod scenario;
mod stage;
mod storm;
mod strace;
mod subject;
mod swap;
mod tail;
mod timer;

use anyhow::{Context, Result, bail};

use self::built::Built;
use self::options::{BenchOptions, Measure};
use self::scenario::Scenario;
use self::subject::Subject;
use crate::machine::{self, Package, Settings};

/// The core that the proxy has for itself.
const MEASURED_CORE: usize = 0;

/// The core that backend and load generator share.
const OTHER_CORE: usize = 1;

/// Open files that every process may have.
const OPEN_FILES: u64 = 20_000;

/// Measures what `options` ask for, prints it and writes it to files.
///
/// # Errors
/// When something is missing, does not start, or answers a request with an error.
pub(crate) fn run(options: &BenchOptions) -> Result<()> {
    if options.measure == Some(Measure::Pick) {
        return pick::measure(options);
    }
    let cores = std::thread::available_parallelism().context("cannot count the cores")?;
    if cores.get() < 2 {
        bail!("two cores are needed: one for the proxy, one for backend and load generator");
    }
    let scenarios = chosen_scenarios(options)?;
    let subjects = chosen_subjects(options, &scenarios);
    if subjects.is_empty() {
        bail!("none of the chosen proxies takes part in the chosen scenarios");
    }
    machine::require(&packages(options.measure, &subjects))?;
    machine::allow_open_files(OPEN_FILES)?;
    let built = Built::build(&subjects)?;
    let _settings =
        Settings::set(&[("net.ipv4.ip_local_port_range", "1024 65535"), ("net.core.somaxconn", "8192")]);
    let mut failed = Vec::new();
    let mut routers = Routers::default();
    for scenario in scenarios {
        let subjects: Vec<_> =
            scenario.subjects().iter().copied().filter(|subject| subjects.contains(subject)).collect();
        if subjects.is_empty() {
            continue;
        }
        let measured = match (options.measure, scenario) {
            (None, Scenario::Idle | Scenario::TlsIdle) => idle::measure(&built, scenario, &subjects),
            (None, Scenario::Tail) => tail::measure(&built, &subjects, options),
            (None, Scenario::Overload) => overload::measure(&built, &subjects, options),
            (None, Scenario::TlsCertificates) => many_certificates::measure(&built, options),
            (None, Scenario::TlsSwap) => swap::measure(&built),
            (None, Scenario::Storm) => storm::measure(&built, &subjects),
            (None, Scenario::ChangeMany) => change_many::measure(&built),
            (None, _) => rounds::measure(&built, scenario, &subjects, options),
            (Some(Measure::Syscalls), _) => strace::measure(&built, scenario, &subjects, options),
            (Some(measure), _) => callgrind::measure(&built, scenario, &subjects, (measure, options))
                .map(|instructions| routers.note(scenario, instructions)),
        };
        if let Err(error) = measured {
            // The other scenarios may still be worth having.
            println!("\n{}: FAILED: {error:#}", scenario.name());
            failed.push(scenario.name());
        }
    }
    if !failed.is_empty() {
        bail!("no figures for {}", failed.join(", "));
    }
    Ok(())
}

/// proxyd's user instructions per request with few routes and with many, as far as they were measured.
#[derive(Debug, Default)]
struct Routers {
    few: Option<f64>,
    many: Option<f64>,
}

impl Routers {
    fn note(&mut self, scenario: Scenario, instructions: Option<f64>) {
        match scenario {
            Scenario::TenRoutes => self.few = instructions,
            Scenario::ManyRoutes => self.many = instructions,
            _ => return,
        }
        if let (Some(few), Some(many)) = (self.few, self.many) {
            report::goal("work with 100,000 routes as a multiple of that with 10", many / few, 2.0);
        }
    }
}

fn chosen_scenarios(options: &BenchOptions) -> Result<Vec<Scenario>> {
    let is_about_requests =
        options.measure.is_some() || options.fixed_rate.is_some() || options.connections.is_some();
    if let Some(one) = options.scenario.iter().find(|one| one.has_its_own_load() && is_about_requests) {
        bail!(
            "the scenario {} is measured in one way only, with connections and rates of its own",
            one.name()
        );
    }
    if !options.scenario.is_empty() {
        return Ok(options.scenario.clone());
    }
    Ok(match options.measure {
        None => Scenario::all()
            .iter()
            .copied()
            .filter(|one| !one.has_its_own_load() || !is_about_requests)
            .collect(),
        Some(Measure::Instructions) => {
            vec![Scenario::Tiny, Scenario::Browser, Scenario::TenRoutes, Scenario::ManyRoutes]
        }
        Some(_) => vec![Scenario::Tiny, Scenario::Browser],
    })
}

fn chosen_subjects(options: &BenchOptions, scenarios: &[Scenario]) -> Vec<Subject> {
    let mut subjects: Vec<_> = scenarios.iter().flat_map(|scenario| scenario.subjects()).copied().collect();
    subjects.sort_unstable();
    subjects.dedup();
    subjects.retain(|subject| options.only.is_empty() || options.only.contains(subject));
    subjects
}

fn packages(measure: Option<Measure>, subjects: &[Subject]) -> Vec<Package> {
    let mut packages: Vec<_> = subjects.iter().filter_map(|subject| subject.package()).collect();
    match measure {
        Some(Measure::Instructions | Measure::Allocations) => {
            packages.push(Package { program: "valgrind", package: "valgrind" });
        }
        Some(Measure::Syscalls) => packages.push(Package { program: "strace", package: "strace" }),
        Some(Measure::Pick) | None => {}
    }
    packages
}
