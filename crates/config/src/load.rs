//! From a file to a document.

use crate::{
    Document, Loaded,
    check::{Outside, check, check_cluster, suggest},
    dialect::{self, ClusterFile, Places},
    object::ClusterText,
    problem::{Errors, Problem},
    read::{self, ReadError, View},
    report::{At, Ground, Report},
    source::Source,
    tree::{self, NodeId, Tree},
};
use std::{
    fs,
    io::{self, Read},
    mem,
    path::Path,
    sync::Arc,
};
use zeroize::Zeroizing;

/// What a document may refer to outside of its text: environment variables and files with secrets.
pub struct Surroundings<'s> {
    /// The value of an environment variable.
    pub environment: &'s dyn Fn(&str) -> Option<String>,
    /// The text of a file.
    pub files: &'s dyn Fn(&Path) -> io::Result<String>,
}

impl Surroundings<'static> {
    /// Those of this process.
    pub fn of_process() -> Self {
        Self { environment: &|name| std::env::var(name).ok(), files: &secret_file }
    }
}

/// The largest file with a secret, in bytes.
const SECRET_MAX: u64 = 64 << 10;
/// What such a file and one byte more take.
const SECRET_ROOM: usize = (64 << 10) + 1;

fn secret_file(path: &Path) -> io::Result<String> {
    // With room for all of it: a text that grows leaves copies behind.
    let mut text = Zeroizing::new(String::with_capacity(SECRET_ROOM));
    let read = fs::File::open(path)?.take(SECRET_MAX + 1).read_to_string(&mut text)?;
    match u64::try_from(read) {
        Ok(0..=SECRET_MAX) => Ok(mem::take(&mut *text)),
        _ => Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("larger than {SECRET_MAX} bytes"))),
    }
}

/// Reads and checks a file, YAML or JSON.
///
/// # Errors
/// Everything that is wrong with the file, each with its place.
pub fn load(path: &Path) -> Result<Loaded, Errors> {
    let name = path.display().to_string();
    // One byte more than is read lets the reader see that the file is too large.
    let most = u64::try_from(tree::TEXT_MAX + 1).unwrap_or(u64::MAX);
    let read = fs::File::open(path).and_then(|file| whole(&file, most));
    let bytes = read.map_err(|error| Problem::of_file(&name, format!("cannot be read: {error}")))?;
    let text = str::from_utf8(&bytes).map_err(|_| Problem::of_file(&name, "is not UTF-8 text"))?;
    parse(text, &name)
}

/// Reads a file, which may hold secrets, into room for all of it: bytes that grow leave copies behind.
fn whole(file: &fs::File, most: u64) -> io::Result<Zeroizing<Vec<u8>>> {
    let len = file.metadata().map_or(0, |metadata| metadata.len().saturating_add(1)).min(most);
    let mut bytes = Zeroizing::new(Vec::with_capacity(usize::try_from(len).unwrap_or(0)));
    file.take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Reads and checks a text, YAML or JSON; `file` is what errors call it.
///
/// # Errors
/// Everything that is wrong with the text, each with its place.
pub fn parse(text: &str, file: &str) -> Result<Loaded, Errors> {
    parse_with(text, file, &Surroundings::of_process())
}

/// [`parse`] with other surroundings than those of the process.
///
/// # Errors
/// Everything that is wrong with the text, each with its place.
pub fn parse_with(text: &str, file: &str, surroundings: &Surroundings<'_>) -> Result<Loaded, Errors> {
    let text = Text::new(text, file, surroundings)?;
    if dialect::is_cluster(&text.tree) {
        let (document, places) = text.read_cluster()?;
        let (source, tree, places) = (Arc::new(text.source), Arc::new(text.tree), Arc::new(places));
        return Ok(Loaded::of_cluster(document, ClusterText { source, tree, places }));
    }
    let document = text.read_native(surroundings)?;
    Ok(Loaded::of_file(document, text.source, text.tree))
}

/// A text before it is read as a document.
struct Text {
    source: Source,
    tree: Tree,
    /// What did not hinder making a tree of it.
    problems: Vec<Problem>,
    /// Values with variables that cannot be expanded.
    unset: Vec<(NodeId, String)>,
}

impl Text {
    fn new(text: &str, file: &str, surroundings: &Surroundings<'_>) -> Result<Self, Errors> {
        let mut source = Source::new(file, text);
        let mut problems = Vec::new();
        let mut tree = match tree::build(text, &source, &mut problems) {
            Ok(tree) => tree,
            Err(problem) => {
                problems.push(*problem);
                return Err(problems.into());
            }
        };
        for spot in tree.secrets() {
            source.hide(spot);
        }
        let unset = tree::expand(&mut tree, surroundings.environment);
        Ok(Self { source, tree, problems, unset })
    }

    fn read_native(&self, surroundings: &Surroundings<'_>) -> Result<Document, Errors> {
        let mut view = self.view();
        let (mut document, mut errors) = read::read::<Document>(&self.tree, &mut view);
        dialect::suggest(&self.tree, &mut errors);
        suggest(&self.tree, &mut errors);
        let mut report = self.report(errors);
        let outside = Outside { surroundings, is_fresh: &|_| true };
        check(&mut document, At::root(&self.tree, &view), &outside, &mut report);
        report.settle(document)
    }

    fn read_cluster(&self) -> Result<(Document, Places), Errors> {
        let mut view = self.view();
        let native = dialect::native_keys(&self.tree);
        for (_, id) in &native {
            view.leave_out(*id);
        }
        let (file, errors) = read::read::<ClusterFile>(&self.tree, &mut view);
        let mut report = self.report(errors);
        dialect::refuse_mixture(&self.tree, &native, &mut report);
        check_cluster(&file.server, At::root(&self.tree, &view), &mut report);
        report.settle(file).map(|file| dialect::document(file.server))
    }

    /// Everything that can be read.
    fn view(&self) -> View {
        let mut view = View::default();
        for (id, _) in &self.unset {
            view.leave_out(*id);
        }
        view
    }

    /// What is wrong so far.
    fn report(&self, errors: Vec<(NodeId, ReadError)>) -> Report<'_> {
        let mut report = Report::new(Ground::Text(&self.source), &self.tree, self.problems.clone());
        for (id, message) in &self.unset {
            report.add(*id, message, None);
        }
        report.add_all(errors);
        report
    }
}
