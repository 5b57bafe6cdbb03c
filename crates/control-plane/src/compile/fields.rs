//! Changes of header fields.

use config::{Fields, Route};
use proxy_core::spec::{FieldEdits, Template};

use super::Compiler;

impl Compiler<'_> {
    /// What a route changes in the request that is forwarded.
    pub(super) fn request_fields(&mut self, at: &str, route: &Route) -> FieldEdits {
        let mut edits = self.edits(&format!("{at}.requestHeaders"), &route.request_headers);
        edits.set.extend(self.templates(&format!("{at}.headers"), &route.headers));
        edits
    }

    /// What a route changes in the response that is passed on, or that it makes itself.
    pub(super) fn response_fields(&mut self, at: &str, route: &Route) -> FieldEdits {
        let mut edits = self.edits(&format!("{at}.responseHeaders"), &route.response_headers);
        if let Some(respond) = &route.respond {
            // These values are fixed: a dollar in them is a dollar.
            let fixed = respond.headers.iter().map(|(name, value)| (name.clone(), value.replace('$', "$$")));
            let fixed = Fields(fixed.collect());
            edits.add.extend(self.templates(&format!("{at}.respond.headers"), &fixed));
        }
        edits
    }

    fn edits(&mut self, path: &str, written: &config::FieldEdits) -> FieldEdits {
        let mut edits = FieldEdits::default();
        edits.remove = written.remove.iter().map(|name| name.0.clone()).collect();
        edits.set = self.templates(&format!("{path}.set"), &written.set);
        edits.add = self.templates(&format!("{path}.add"), &written.add);
        edits
    }

    fn templates(&mut self, path: &str, fields: &Fields) -> Vec<(String, Template)> {
        let mut templates = Vec::with_capacity(fields.len());
        for (name, value) in fields.iter() {
            let template = self.template(&format!("{path}[\"{name}\"]"), value);
            templates.extend(template.map(|template| (name.clone(), template)));
        }
        templates
    }

    pub(super) fn template(&mut self, path: &str, text: &str) -> Option<Template> {
        Template::parse(text).map_err(|error| self.refuse(path, error.to_string(), None)).ok()
    }
}
