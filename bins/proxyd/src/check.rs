//! `proxyd check`.

use config::{Document, Errors, Problem};
use control_plane::Factories;
use serde_json::{Value, json};

use crate::cli::{CheckOptions, Format};
use crate::exit::Failure;
use crate::{find, output};

/// What a check comes to.
struct Outcome {
    file: String,
    /// Absent where there are errors.
    document: Option<Document>,
    errors: Vec<Problem>,
    warnings: Vec<Problem>,
}

/// Says whether a configuration is right.
///
/// # Errors
/// It is wrong, or standard output cannot be written.
pub(crate) fn check(options: &CheckOptions) -> Result<(), Failure> {
    let file = find::find_here(options.file.config.as_deref())?;
    let mut outcome = Outcome {
        file: file.display().to_string(),
        document: None,
        errors: Vec::new(),
        warnings: Vec::new(),
    };
    if let Err(errors) = outcome.look_at(&file) {
        outcome.errors = errors.problems().to_vec();
    }
    let printed = match options.format {
        Format::Human => outcome.print_text(),
        Format::Json => output::print(&format!("{:#}\n", outcome.to_json())),
    };
    printed.map_err(|source| Failure::run_time("cannot write to standard output", source))?;
    if outcome.errors.is_empty() { Ok(()) } else { Err(Failure::ConfigurationTold) }
}

impl Outcome {
    fn look_at(&mut self, file: &std::path::Path) -> Result<(), Errors> {
        let checked = control_plane::check_file(file, &Factories::default())?;
        self.warnings = checked.warnings;
        self.document = Some(checked.loaded.document);
        Ok(())
    }

    fn print_text(&self) -> std::io::Result<()> {
        for warning in &self.warnings {
            output::error(&format!("warning: {warning}\n"));
        }
        match &self.document {
            Some(document) => output::print(&format!("ok\n{}: {}\n", self.file, document.summary())),
            None => {
                output::error(&format!("{}\n", Errors::from(self.errors.clone())));
                Ok(())
            }
        }
    }

    fn to_json(&self) -> Value {
        let summary = self.document.as_ref().map(|document| {
            let summary = document.summary();
            json!({
                "listeners": summary.listeners,
                "upstreams": summary.upstreams,
                "backends": summary.backends,
                "routes": summary.routes,
            })
        });
        json!({
            "ok": self.errors.is_empty(),
            "file": self.file,
            "summary": summary,
            "errors": self.errors.iter().map(problem).collect::<Vec<_>>(),
            "warnings": self.warnings.iter().map(problem).collect::<Vec<_>>(),
        })
    }
}

fn problem(problem: &Problem) -> Value {
    json!({
        "file": problem.file,
        "line": problem.place.map(|place| place.line),
        "column": problem.place.map(|place| place.column),
        "path": problem.path,
        "message": problem.message,
        "hint": problem.hint,
    })
}
