//! Where the binary is.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::SystemTime;

/// What to do where the binary is not there or not new.
const BUILD: &str = "build it with `cargo build -p proxyd`, or name another one in $PROXYD_BIN; `cargo xtask test` builds it first";

/// The binary: `$PROXYD_BIN`, or the one in the profile's directory in which this test's executable is.
pub(crate) fn binary() -> &'static Path {
    static FOUND: OnceLock<PathBuf> = OnceLock::new();
    FOUND.get_or_init(|| {
        if let Some(named) = std::env::var_os("PROXYD_BIN").filter(|named| !named.is_empty()) {
            return named.into();
        }
        let test = std::env::current_exe().expect("the test's executable has a path");
        let profile = test.parent().and_then(Path::parent).expect("it is in target/<profile>/deps");
        let binary = profile.join("proxyd");
        check_age(&binary);
        binary
    })
}

/// Beside the binary, cargo leaves the list of files that it was built from.
fn check_age(binary: &Path) {
    let Ok(built) = modified(binary) else { panic!("there is no {}: {BUILD}", binary.display()) };
    let list = fs::read_to_string(binary.with_extension("d")).unwrap_or_default();
    let (_, sources) = list.split_once(": ").unwrap_or_default();
    // A space within a path is written as `\ `.
    let sources = sources.trim_end().replace("\\ ", "\0");
    for source in sources.split(' ').map(|source| source.replace('\0', " ")) {
        if modified(Path::new(&source)).is_ok_and(|changed| changed > built) {
            panic!("{} is older than {source}: {BUILD}", binary.display());
        }
    }
}

fn modified(path: &Path) -> std::io::Result<SystemTime> {
    fs::metadata(path)?.modified()
}
