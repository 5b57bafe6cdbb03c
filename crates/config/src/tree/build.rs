//! From YAML's events to the tree. JSON is YAML.

mod keys;

use super::{Node, NodeId, Scalar, Tree, Value};
use crate::{
    problem::Problem,
    source::{Place, Source, Spot},
};
use granit_parser::{Event, Marker, Options, Parser, ScalarStyle, Span, Tag};
use std::collections::HashMap;

/// The largest text that is read.
pub(crate) const TEXT_MAX: usize = 64 << 20;
/// The most nodes of a tree.
const NODES_MAX: usize = 8_000_000;
/// The most nodes that aliases may add: what stops a few lines from becoming millions.
const ALIASED_MAX: usize = 1_000_000;
/// How deep lists and maps may be in each other; the document itself needs 6.
const DEPTH_MAX: usize = 64;

/// Reads a text.
///
/// Whatever does not hinder reading on (a key that comes twice) goes into `problems`.
///
/// # Errors
/// The problem that made reading on impossible, boxed to keep the path of success small.
pub(crate) fn build(text: &str, source: &Source, problems: &mut Vec<Problem>) -> Result<Tree, Box<Problem>> {
    if text.len() > TEXT_MAX {
        let message = format!("has more than {TEXT_MAX} bytes, which is more than is read");
        return Err(Box::new(Problem::of_file(&source.name, message)));
    }
    let mut builder = Builder::new(source, problems);
    let options = limits();
    for event in Parser::new_from_str_with_options(text.strip_prefix('\u{feff}').unwrap_or(text), options) {
        match event {
            Ok((event, span)) => builder.take(event, span)?,
            Err(error) => {
                let spot = Spot::point(place(error.marker()));
                let message = format!("this is not YAML: {}", error.kind());
                return Err(Box::new(Problem::at(source, spot, String::new(), message)));
            }
        }
    }
    builder.finish();
    Ok(builder.tree)
}

fn limits() -> Options {
    let mut options = Options::default();
    options.flow_nesting_limit = DEPTH_MAX;
    options.block_nesting_limit = DEPTH_MAX;
    options
}

fn place(marker: &Marker) -> Place {
    let number = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    Place { line: number(marker.line().max(1)), column: number(marker.col()).saturating_add(1) }
}

fn spot(span: &Span) -> Spot {
    let (place, end) = (place(&span.start), place(&span.end));
    if end > place { Spot { place, end } } else { Spot::point(place) }
}

/// A list or a map that is not at its end yet.
struct Frame {
    id: NodeId,
    /// The key that waits for its value.
    key: Option<NodeId>,
}

struct Builder<'s> {
    tree: Tree,
    source: &'s Source,
    problems: &'s mut Vec<Problem>,
    frames: Vec<Frame>,
    anchors: HashMap<usize, NodeId>,
    aliased: usize,
    documents: usize,
}

type Step = Result<(), Box<Problem>>;

impl<'s> Builder<'s> {
    fn new(source: &'s Source, problems: &'s mut Vec<Problem>) -> Self {
        Self {
            tree: Tree::empty(),
            source,
            problems,
            frames: Vec::new(),
            anchors: HashMap::new(),
            aliased: 0,
            documents: 0,
        }
    }

    fn stop(&self, span: Spot, message: impl Into<String>) -> Box<Problem> {
        Box::new(Problem::at(self.source, span, String::new(), message))
    }

    fn take(&mut self, event: Event<'_>, span: Span) -> Step {
        let spot = spot(&span);
        if self.tree.nodes.len() > NODES_MAX {
            return Err(self.stop(spot, format!("the file has more than {NODES_MAX} values")));
        }
        match event {
            Event::DocumentStart(..) => self.start_document(spot),
            Event::Scalar(text, style, anchor, tag) => {
                let text_tag = self.tag(tag.as_deref(), spot)?;
                let plain = style == ScalarStyle::Plain && !text_tag;
                let scalar = Scalar { text: text.into(), plain, expanded: false };
                let id = self.tree.push(Value::Scalar(scalar), spot);
                self.anchors.insert(anchor, id);
                self.place(id)
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.open(Value::List(Vec::new()), anchor, tag.as_deref(), spot)
            }
            Event::MappingStart(_, anchor, tag) => {
                self.open(Value::Map(Vec::new()), anchor, tag.as_deref(), spot)
            }
            Event::SequenceEnd | Event::MappingEnd => {
                self.frames.pop();
                Ok(())
            }
            Event::Alias(anchor) => self.alias(anchor, spot),
            _ => Ok(()),
        }
    }

    fn start_document(&mut self, spot: Spot) -> Step {
        self.documents += 1;
        if self.documents > 1 {
            return Err(self.stop(spot, "a second document starts here; a file holds one"));
        }
        Ok(())
    }

    /// Whether a tag says that a scalar is text. Tags that say what is so anyway pass.
    fn tag(&self, tag: Option<&Tag>, spot: Spot) -> Result<bool, Box<Problem>> {
        let Some(tag) = tag else { return Ok(false) };
        match tag.core_suffix() {
            Some("str") => Ok(true),
            Some("int" | "float" | "bool" | "null" | "map" | "seq") => Ok(false),
            _ => Err(self.stop(spot, format!("the tag `{}` is not supported", tag.original()))),
        }
    }

    fn open(&mut self, value: Value, anchor: usize, tag: Option<&Tag>, spot: Spot) -> Step {
        self.tag(tag, spot)?;
        let id = self.tree.push(value, spot);
        self.anchors.insert(anchor, id);
        self.place(id)?;
        if self.frames.len() >= DEPTH_MAX {
            return Err(
                self.stop(spot, format!("lists and maps are more than {DEPTH_MAX} deep in each other"))
            );
        }
        self.frames.push(Frame { id, key: None });
        Ok(())
    }

    fn alias(&mut self, anchor: usize, spot: Spot) -> Step {
        let Some(&original) = self.anchors.get(&anchor).filter(|_| anchor != 0) else {
            return Err(self.stop(spot, "this alias has no anchor"));
        };
        if self.frames.iter().any(|frame| frame.id == original) {
            return Err(self.stop(spot, "this alias stands inside its own anchor"));
        }
        let Some(copy) = self.copy(original, self.frames.len()) else {
            let message =
                format!("aliases add more than {ALIASED_MAX} values, or are too deep in each other");
            return Err(self.stop(spot, message));
        };
        self.place(copy)
    }

    /// Copies a node and all below it; `None` once that is too much.
    fn copy(&mut self, original: NodeId, depth: usize) -> Option<NodeId> {
        self.aliased += 1;
        if self.aliased > ALIASED_MAX || depth > DEPTH_MAX {
            return None;
        }
        let Node { value, spot, .. } = self.tree.node(original).clone();
        let copied = match value {
            Value::Scalar(scalar) => return Some(self.tree.push(Value::Scalar(scalar), spot)),
            Value::List(items) => {
                let items: Option<Vec<_>> =
                    items.into_iter().map(|item| self.copy(item, depth + 1)).collect();
                Value::List(items?)
            }
            Value::Map(entries) => {
                let mut copied = Vec::with_capacity(entries.len());
                for (key, value) in entries {
                    copied.push((self.copy(key, depth + 1)?, self.copy(value, depth + 1)?));
                }
                Value::Map(copied)
            }
        };
        Some(self.tree.push(copied, spot))
    }

    /// Hangs a node into the list or map that is open, as an item, a key or a value.
    fn place(&mut self, id: NodeId) -> Step {
        let Some(frame) = self.frames.last_mut() else { return Ok(()) };
        match &mut self.tree.nodes.get_mut(frame.id.0 as usize).map(|node| &mut node.value) {
            Some(Value::List(items)) => items.push(id),
            Some(Value::Map(entries)) => match frame.key.take() {
                Some(key) => entries.push((key, id)),
                None => frame.key = Some(id),
            },
            _ => {}
        }
        Ok(())
    }

    /// Tells each node where it hangs, from the root on.
    fn finish(&mut self) {
        if self.tree.nodes.is_empty() {
            let spot = Spot::point(Place { line: 1, column: 1 });
            self.tree.push(Value::Map(Vec::new()), spot);
        }
        keys::hang(&mut self.tree, self.source, self.problems);
    }
}
