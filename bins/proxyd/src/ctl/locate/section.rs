//! What a configuration says about its admin API. Nothing else in it need be right, and none of its secrets need be readable
//! to who asks.

use std::fs;
use std::io::Read;
use std::path::Path;

use serde_json::Value;

use crate::ctl::address::Address;

/// What a configuration says about its admin API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::ctl) enum Section {
    /// Where it is.
    At(Address),
    /// Nothing: it is where it is by default.
    Default,
    /// There is none.
    Off,
    /// It cannot be read, for this reason.
    Unreadable(String),
}

/// No larger file is read, in bytes; it is the document's own bound.
const LARGEST: u64 = 64 << 20;

/// The section of a file.
pub(in crate::ctl) fn read(file: &Path) -> Section {
    let mut text = String::new();
    let read = fs::File::open(file).and_then(|file| file.take(LARGEST + 1).read_to_string(&mut text));
    if let Err(error) = read {
        return Section::Unreadable(format!("{} cannot be read: {error}", file.display()));
    }
    of_text(&text, file)
}

/// The section of a text.
pub(super) fn of_text(text: &str, file: &Path) -> Section {
    let name = file.display();
    let document = match config::to_json(text, &name.to_string()) {
        Ok(document) => document,
        // The errors themselves are told by `proxyd check`.
        Err(_) => return Section::Unreadable(format!("{name} is wrong; see `proxyd check`")),
    };
    let admin = document.get("admin");
    let member = |name: &str| admin.and_then(|admin| admin.get(name)).filter(|value| !value.is_null());
    if member("enabled") == Some(&Value::Bool(false)) {
        return Section::Off;
    }
    let Some(address) = member("address") else { return Section::Default };
    let address = match address.as_str() {
        // Variables are put in by the document's own reader alone.
        Some(address) if address.contains("${") => match config::load(file) {
            Ok(loaded) => loaded.document.admin.and_then(|admin| admin.address),
            Err(_) => None,
        },
        Some(address) => address.parse().ok(),
        None => None,
    };
    match address {
        Some(address) => Section::At(Address::of_listener(&address, member("tls").is_some())),
        None => Section::Unreadable(format!("`admin.address` of {name} is wrong; see `proxyd check`")),
    }
}
