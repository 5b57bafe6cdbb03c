//! A random backend, by weight.

#[cfg(test)]
mod tests;

use crate::{BackendView, Needs, PickContext, Picker, Strategy, draw::Draw};

/// A random backend, each as probable as its weight is large.
///
/// The random bits are the caller's ([`PickContext::entropy`]). Takes the same time whatever the number of
/// backends and their weights (Walker's alias method); a retry chooses among the backends that were not
/// tried, by weight too, and takes time linear in their number.
#[derive(Debug, Clone, Copy, Default)]
pub struct Random;

impl Strategy for Random {
    fn picker(&self, backends: &[BackendView<'_>]) -> Box<dyn Picker> {
        let draw = Draw::new(backends);
        Box::new(move |context: &PickContext<'_>| draw.untried(context.entropy, context.tried))
    }

    fn needs(&self) -> Needs {
        Needs::NONE
    }
}
