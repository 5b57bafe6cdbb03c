//! Agents: a line of text from beside a backend says how it is. HAProxy's `agent-check`.

use std::sync::{Arc, Mutex, PoisonError};

use health::agent::{Admin, AgentState, parse};
use health::{CheckSettings, Probe, ProbeError, ProbeFuture};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{Watched, at_port};
use crate::connect::{Address, Connect};
use crate::events::{BackendMarked, BackendState, Cause, Kind};
use crate::outage::Outage;
use crate::registry::{Backend, Registry};
use crate::spec::AgentSpec;
use crate::upstream::Member;

/// More than that of a line is not read.
const LONGEST: u64 = 256;

/// Asks an agent, and does what it says.
pub(super) struct Asking {
    connect: Arc<dyn Connect>,
    address: Address,
    send: Vec<u8>,
    weight: u32,
    state: Mutex<AgentState>,
    registry: Arc<Registry>,
}

impl Asking {
    pub(super) fn of(
        spec: &AgentSpec,
        member: &Member,
        (connect, registry): (&Arc<dyn Connect>, &Arc<Registry>),
    ) -> (CheckSettings, Self) {
        let settings =
            CheckSettings { interval: spec.interval, timeout: spec.timeout, ..CheckSettings::default() };
        let asking = Self {
            connect: Arc::clone(connect),
            address: at_port(&member.address, Some(spec.port), spec.timeout),
            send: spec.send.clone(),
            weight: member.weight.get(),
            state: Mutex::default(),
            registry: Arc::clone(registry),
        };
        (settings, asking)
    }

    /// The agent's line; an agent that cannot be reached says nothing, and nothing changes.
    async fn ask(&self) -> Result<Vec<u8>, ProbeError> {
        let mut stream = self.connect.connect(&self.address).await.map_err(ProbeError::failed)?;
        if !self.send.is_empty() {
            stream.write_all(&self.send).await.map_err(ProbeError::failed)?;
        }
        let mut line = Vec::new();
        let mut reading = stream.take(LONGEST);
        while !line.contains(&b'\n') {
            if reading.read_buf(&mut line).await.map_err(ProbeError::failed)? == 0 {
                break;
            }
        }
        Ok(line)
    }

    fn take_in(&self, line: &[u8], backend: &Arc<Backend>) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if !state.apply(&parse(line)) {
            return;
        }
        let weight = state.weight(self.weight);
        let is_out = state.is_down() || state.admin() == Admin::Maint;
        let is_draining = state.admin() == Admin::Drain || weight == 0;
        let was_out = backend.outages().has(Outage::AGENT);
        if was_out && !is_out {
            backend.warm_up(&self.registry);
        }
        // HAProxy takes 0 for no limit.
        backend.set_agent_limit(state.max_connections().filter(|most| *most > 0));
        backend.set_share(state.percent(self.weight));
        backend.set_out(Outage::AGENT, is_out);
        backend.set_out(Outage::AGENT_DRAIN, is_draining);
        tracing::info!(
            upstream = &*backend.upstream.name,
            backend = &*backend.id,
            weight,
            is_out,
            is_draining,
            reason = state.reason(),
            "the backend's agent has changed its mind"
        );
        let now = match (is_out, is_draining) {
            (true, _) => BackendState::Down,
            (false, true) => BackendState::Draining,
            (false, false) => BackendState::Up,
        };
        let told = || BackendMarked::new(backend, now, Cause::Agent).because(state.reason());
        self.registry.events.emit_with(Kind::BackendMarked, told);
    }
}

impl Probe<Watched> for Asking {
    fn probe<'a>(&'a self, key: &'a Watched) -> ProbeFuture<'a> {
        Box::pin(async move {
            let line = self.ask().await?;
            if let Watched::Agent(backend) = key {
                self.take_in(&line, &backend.0);
            }
            Ok(())
        })
    }
}
