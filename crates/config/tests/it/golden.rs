//! Files with an input, a separator, and what must come of it: settings, errors, warnings, or keys that are not built yet.
//!
//! Behind `==== settings`, each line is a path and the JSON of what the document has there. Behind `==== errors`,
//! `==== warnings` and `==== not built` stands the text that people see. With `BLESS=1` in the environment such texts are written anew: read
//! the difference before you keep it.

use config::{Document, Loaded, Object, Problem, Secret, Surroundings, parse_with};
use serde_json::Value;
use std::{cell::RefCell, fs, io, path::Path};

#[test]
fn every_golden_file_holds() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() > 20, "the golden files are missing");
    let wrong: Vec<_> = files.iter().filter_map(|file| check(file).err()).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// Checks one file; an error says how it differs.
fn check(file: &Path) -> Result<(), String> {
    let name = file.file_name().unwrap().to_str().unwrap();
    let text = fs::read_to_string(file).unwrap();
    let (input, rest) = text.split_once("==== ").unwrap_or_else(|| panic!("{name} has no separator"));
    let (kind, expected) = rest.split_once('\n').unwrap();
    let surroundings = Surroundings { environment: &environment, files: &secret };
    let result = parse_with(input, "proxyd.yaml", &surroundings);
    match (kind, result) {
        ("settings", Ok(loaded)) => settings(&loaded, expected).map_err(|error| format!("{name}: {error}")),
        ("errors", Err(errors)) => same(file, &text, expected, &errors.to_string()),
        ("not built", Ok(loaded)) => same(file, &text, expected, &shown(&loaded.not_built())),
        ("warnings", Ok(loaded)) => same(file, &text, expected, &shown(&loaded.warnings())),
        (_, Ok(_)) => Err(format!("{name}: loads, though {kind} are expected")),
        (_, Err(errors)) => Err(format!("{name}: {kind} are expected, found\n{errors}")),
    }
}

/// Everything that loads is the same again when it is put together from its objects, and from what these say as JSON.
#[test]
fn every_document_is_its_objects() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folders = [root.join("tests/golden"), root.join("../../tests/fixtures/contract")];
    let files =
        folders.iter().flat_map(|folder| fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()));
    let surroundings = Surroundings { environment: &environment, files: &secret };
    let mut count = 0;
    for file in files.chain([root.join("tests/it/native.yaml")]) {
        let text = fs::read_to_string(&file).unwrap();
        let input = text.split("==== ").next().unwrap();
        let Ok(loaded) = parse_with(input, "proxyd.yaml", &surroundings) else { continue };
        count += 1;
        let name = file.display();
        let again = Loaded::assemble(loaded.objects().to_vec(), &surroundings);
        assert_eq!(again.map(|again| again.document), Ok(loaded.document.clone()), "{name}");

        let secrets = RefCell::new(Vec::new());
        let mut seal = |secret: &Secret| {
            let mut secrets = secrets.borrow_mut();
            let known = secrets.iter().position(|known| known == secret);
            let number = known.unwrap_or(secrets.len());
            if known.is_none() {
                secrets.push(secret.clone());
            }
            format!("secret:{number:032x}")
        };
        let sealed: Vec<_> =
            loaded.objects().iter().map(|object| (object.key().clone(), object.to_json(&mut seal))).collect();
        let unseal = |marker: &str| {
            let number = usize::from_str_radix(marker.strip_prefix("secret:")?, 16).ok()?;
            secrets.borrow().get(number).cloned()
        };
        let objects =
            sealed.iter().map(|(key, value)| Object::from_kept(key.clone(), value, "kept", &unseal));
        let objects: Vec<_> = objects.map(Result::unwrap).collect();
        let again =
            Loaded::assemble(objects, &surroundings).unwrap_or_else(|errors| panic!("{name}: {errors}"));
        // JSON has no order of keys, so that fields may come in another one.
        let plain = |document: &Document| serde_json::to_value(document).unwrap();
        assert_eq!(plain(&again.document), plain(&loaded.document), "{name}");
        let resealed: Vec<_> = again.objects().iter().map(|object| object.to_json(&mut seal)).collect();
        assert_eq!(resealed, sealed.into_iter().map(|(_, value)| value).collect::<Vec<_>>(), "{name}");
    }
    assert!(count > 30, "{count} documents load");
}

fn shown(problems: &[Problem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

fn same(file: &Path, text: &str, expected: &str, found: &str) -> Result<(), String> {
    if expected.trim_end() == found.trim_end() {
        return Ok(());
    }
    if std::env::var_os("BLESS").is_some() {
        let kept = text.strip_suffix(expected).unwrap();
        fs::write(file, format!("{kept}{found}\n")).unwrap();
    }
    Err(format!("{}: expected\n{expected}\nfound\n{found}", file.display()))
}

/// Each expected line is `path = json`; the path is a JSON pointer with dots.
fn settings(loaded: &Loaded, expected: &str) -> Result<(), String> {
    let document = serde_json::to_value(&loaded.document).unwrap();
    for line in expected.lines().filter(|line| !line.is_empty()) {
        let (path, json) = line.split_once(" = ").ok_or_else(|| format!("`{line}` is no setting"))?;
        let wanted: Value = serde_json::from_str(json).map_err(|error| format!("{line}: {error}"))?;
        let pointer = format!("/{}", path.replace('.', "/"));
        let found = document.pointer(&pointer).ok_or_else(|| format!("nothing is at {path}"))?;
        if *found != wanted {
            return Err(format!("{path} is {found}, not {wanted}"));
        }
    }
    Ok(())
}

fn environment(name: &str) -> Option<String> {
    let value = match name {
        "BACKEND" => "10.0.0.7",
        "PORT" => "8081",
        "EMPTY" => "",
        "LINES" => "one\ntwo",
        "DOLLARS" => "${PORT}",
        "FORWARDED" => "true",
        _ => return None,
    };
    Some(value.into())
}

fn secret(path: &Path) -> io::Result<String> {
    match path.to_str() {
        Some("/run/secrets/redis") => Ok("redis://:hunter2@redis:6379\n".into()),
        Some("/run/secrets/key") => Ok("-----BEGIN PRIVATE KEY-----\n".into()),
        Some("/run/secrets/hash") => Ok(format!("sha256:{}\n", "0f".repeat(32))),
        Some("/run/secrets/empty") => Ok("\n".into()),
        _ => Err(io::Error::new(io::ErrorKind::NotFound, "no such file")),
    }
}
