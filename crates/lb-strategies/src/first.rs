//! The first backend that is left.

#[cfg(test)]
mod tests;

use crate::{BackendView, Needs, PickContext, Picker, Strategy};

/// The first untried backend, in the order of the set: ordered fail-over.
///
/// All requests go to the first backend of the configuration that is eligible; the next one stands by until
/// that one is not, and for retries. Weights and loads count for nothing. A pick takes time in the number of
/// backends tried.
#[derive(Debug, Clone, Copy, Default)]
pub struct First;

impl Strategy for First {
    fn picker(&self, backends: &[BackendView<'_>]) -> Box<dyn Picker> {
        let count = backends.len();
        Box::new(move |context: &PickContext<'_>| (0..count).find(|&index| !context.tried.contains(index)))
    }

    fn needs(&self) -> Needs {
        Needs::NONE
    }
}
