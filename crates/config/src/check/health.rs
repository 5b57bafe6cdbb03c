//! Which backends can be asked: passive marks, ejection, probes, agents, circuit breakers.

mod probe;

use super::useless;
use crate::{
    AgentCheck, CircuitBreaker, Limit, OutlierEjection, Recovery, Upstream, Url,
    report::{At, Report},
};

pub(super) fn check(upstream: &mut Upstream, at: At<'_>, report: &mut Report<'_>) {
    let has_sockets = matches!(upstream.url, Some(Url::Unix(_)))
        || upstream.backends.iter().any(|backend| backend.hostname.starts_with("unix:"));
    if let Some(at) = at.get("passive") {
        let passive = &upstream.passive;
        let (first, longest) = (("firstProbe", passive.first_probe), ("longestProbe", passive.longest_probe));
        useless::order(at, first, longest, report);
    }
    if let Some(at) = at.get("outlierEjection") {
        ejection(&upstream.outlier_ejection, at, report);
    }
    if let (Some(probe), Some(at)) = (&mut upstream.health_check, at.get("healthCheck")) {
        probe::check(probe, at, report);
        if let Some(port) = at.get("port").filter(|_| has_sockets) {
            port_of_a_socket(port, report);
        }
    }
    if let (Some(agent), Some(at)) = (&upstream.agent_check, at.get("agentCheck")) {
        agent_check(agent, has_sockets, at, report);
    }
    for (breaker, key) in [
        (&upstream.circuit_breaker, "circuitBreaker"),
        (&upstream.backend_circuit_breaker, "backendCircuitBreaker"),
    ] {
        if let (Some(breaker), Some(at)) = (breaker, at.get(key)) {
            recovery(breaker, at, report);
        }
    }
}

fn ejection(outliers: &OutlierEjection, at: At<'_>, report: &mut Report<'_>) {
    useless::order(at, ("baseTime", outliers.base_time), ("maxTime", outliers.max_time), report);
    let is_wrong = at.get("slowerThan").is_some_and(|slow| report.is_touched(slow));
    if outliers.slower_than == Limit::Off && !is_wrong {
        let differs = outliers.consecutive_slow != OutlierEjection::default().consecutive_slow;
        let keys = useless::said([("consecutiveSlow", differs)]);
        let hint = "say what is slow: `slowerThan: 1s`";
        useless::check(keys, at, "does nothing without `slowerThan`", hint, report);
    }
}

fn agent_check(agent: &AgentCheck, has_sockets: bool, at: At<'_>, report: &mut Report<'_>) {
    match at.get("port") {
        None if !report.is_touched(at) => {
            report.add(at.id, "an `agentCheck` needs a `port`", Some("write the port of the agents".into()));
        }
        Some(port) if agent.port == 0 && !report.is_touched(port) => {
            report.add(port.id, "must be at least 1", None);
        }
        Some(port) if has_sockets => port_of_a_socket(port, report),
        _ => {}
    }
}

fn port_of_a_socket(port: At<'_>, report: &mut Report<'_>) {
    let hint = "remove it, or give the backends addresses";
    report.add(port.id, "a backend of this upstream is a Unix socket, which has no port", Some(hint.into()));
}

fn recovery(breaker: &CircuitBreaker, at: At<'_>, report: &mut Report<'_>) {
    let is_wrong = at.get("recovery").is_some_and(|recovery| report.is_touched(recovery));
    if breaker.recovery != Recovery::Ramp && !is_wrong {
        let differs = breaker.ramp_duration != CircuitBreaker::default().ramp_duration;
        let keys = useless::said([("rampDuration", differs)]);
        let hint = "write `recovery: ramp`, or remove it";
        useless::check(keys, at, "does nothing without `recovery: ramp`", hint, report);
    }
}
