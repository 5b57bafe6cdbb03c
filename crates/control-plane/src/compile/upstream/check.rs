//! Probes, and agents beside backends.

use config::{AgentCheck, HealthCheck, HealthCheckKind, Upstream};
use health::{CheckSettings, Start};
use proxy_core::spec::{AgentSpec, CheckSpec, Protocol};

use super::protocol;
use crate::compile::Compiler;
use crate::probes::{GrpcProbe, HttpProbe};

impl Compiler<'_> {
    /// The probes that an upstream asks for; the outer `None` where something is wrong with them.
    pub(super) fn check(&mut self, path: &str, upstream: &Upstream) -> Option<Option<CheckSpec>> {
        let Some(written) = &upstream.health_check else { return Some(None) };
        let spec = CheckSpec::connecting(settings(written)).at_port(written.port);
        let spec = match written.kind {
            HealthCheckKind::Http => {
                let speaks_http2 = protocol(upstream) == Protocol::Http2;
                let probe = HttpProbe::new(written, speaks_http2, self.dialler.clone());
                spec.with(
                    probe
                        .map_err(|wrong| self.refuse(&format!("{path}.{}", wrong.key), wrong.cause, None))
                        .ok()?,
                )
            }
            HealthCheckKind::Grpc => spec.with(GrpcProbe::new(&written.service, self.dialler.clone())),
            _ => spec,
        };
        Some(Some(spec))
    }
}

fn settings(written: &HealthCheck) -> CheckSettings {
    CheckSettings {
        interval: written.interval.get(),
        timeout: written.timeout.get(),
        rise: written.rise,
        fall: written.fall,
        fast_interval: Some(written.fast_interval()),
        down_interval: Some(written.down_interval()),
        jitter: f64::from(written.jitter) / 100.0,
        start: Start::Up,
    }
}

/// The agents of an upstream's backends.
pub(super) fn agent(written: &AgentCheck) -> AgentSpec {
    let mut agent = AgentSpec::at(written.port);
    agent.interval = written.interval.get();
    agent.timeout = written.timeout.get();
    agent.send = written.send.as_deref().unwrap_or_default().into();
    agent
}
