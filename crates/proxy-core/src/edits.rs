//! A route's changes to a field list, compiled.

use http1::token::is_token;
use http1::{Lines, Name, NameSet};

use crate::spec::FieldEdits;
use crate::template::{Template, Vars};

/// Changes to one direction's fields.
#[derive(Debug)]
pub(crate) struct Edits {
    /// Names whose fields are taken out, those that are set among them.
    removed: Box<[Box<[u8]>]>,
    /// Fields that are put in.
    put: Box<[(Box<[u8]>, Template)]>,
    /// Known names that are removed or set: ours are not written under them.
    pub(crate) sets: NameSet,
}

/// Fields that frame or address a message, or hold for one connection only: not a route's to change.
const FORBIDDEN: NameSet = NameSet::HOP_BY_HOP.with(Name::ContentLength).with(Name::Host);

impl Edits {
    /// Compiles changes; `None` where there are none.
    ///
    /// # Errors
    /// The name of a field that is no name, or not a route's to change.
    pub(crate) fn compile(edits: &FieldEdits) -> Result<Option<Self>, String> {
        if edits.is_empty() {
            return Ok(None);
        }
        let put = edits.set.iter().chain(&edits.add);
        let names = edits.remove.iter().chain(put.clone().map(|(name, _)| name));
        for name in names {
            if !is_token(name.as_bytes()) || FORBIDDEN.contains(Name::of(name.as_bytes())) {
                return Err(name.clone());
            }
        }
        let removed = edits.remove.iter().chain(edits.set.iter().map(|(name, _)| name));
        let removed: Box<[Box<[u8]>]> = removed.map(|name| name.as_bytes().into()).collect();
        let sets = removed.iter().fold(NameSet::EMPTY, |sets, name| match Name::of(name) {
            Name::Other => sets,
            known => sets.with(known),
        });
        Ok(Some(Self {
            removed,
            put: put.map(|(name, value)| (name.as_bytes().into(), value.clone())).collect(),
            sets,
        }))
    }

    /// Takes out what is to be removed or set.
    pub(crate) fn take_out(&self, lines: &mut Lines, bytes: &[u8]) {
        for name in &self.removed {
            lines.drop_named(name, bytes);
        }
    }

    /// The same for lines that are text already.
    pub(crate) fn take_out_of(&self, lines: &mut Vec<u8>) {
        let stays = |line: &&[u8]| {
            let name = line.split(|byte| *byte == b':').next().unwrap_or_default();
            !self.removed.iter().any(|removed| removed.eq_ignore_ascii_case(name))
        };
        *lines = lines.split_inclusive(|byte| *byte == b'\n').filter(stays).flatten().copied().collect();
    }

    /// Appends what is to be put in. A field whose value would break the message is left out.
    pub(crate) fn put_in(&self, vars: &Vars<'_>, out: &mut Vec<u8>) {
        for (name, value) in &self.put {
            let before = out.len();
            out.extend_from_slice(name);
            out.extend_from_slice(b": ");
            if value.expand(vars, out).is_ok() {
                out.extend_from_slice(b"\r\n");
            } else {
                out.truncate(before);
            }
        }
    }
}
