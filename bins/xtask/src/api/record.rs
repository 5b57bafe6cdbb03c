//! What was asked and answered, as an HTTP archive.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde::Deserialize;

#[derive(Debug, Deserialize)]
pub(super) struct Record {
    log: Log,
}

#[derive(Debug, Deserialize)]
struct Log {
    entries: Vec<Entry>,
}

#[derive(Debug, Deserialize)]
struct Entry {
    request: Request,
    response: Response,
}

#[derive(Debug, Deserialize)]
struct Request {
    method: String,
    url: String,
}

#[derive(Debug, Deserialize)]
struct Response {
    status: i64,
    headers: Vec<Field>,
    content: Content,
}

#[derive(Debug, Deserialize)]
struct Field {
    value: String,
}

#[derive(Debug, Default, Deserialize)]
struct Content {
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    encoding: Option<String>,
}

/// The record in a file.
///
/// # Errors
/// When there is none.
pub(super) fn read(path: &Path) -> Result<Record> {
    let file = File::open(path).context("schemathesis has recorded nothing")?;
    serde_json::from_reader(BufReader::new(file)).context("the record cannot be read")
}

impl Record {
    /// Says how often there was which status, and gives what was wrong with the answers.
    ///
    /// # Errors
    /// When hardly anything was asked, or hardly anything was accepted: nothing is known then.
    pub(super) fn report(&self, secrets: &[String]) -> Result<Vec<String>> {
        let entries = &self.log.entries;
        let mut statuses: BTreeMap<i64, usize> = BTreeMap::new();
        for entry in entries {
            *statuses.entry(entry.response.status).or_default() += 1;
        }
        let shown: Vec<_> = statuses.iter().map(|(status, count)| format!("{status}: {count}")).collect();
        let accepted = entries.iter().filter(|entry| entry.is_accepted_write()).count();
        println!("    {} requests; {}; {accepted} writes accepted", entries.len(), shown.join(", "));
        if accepted < 100 {
            bail!("only {accepted} of {} requests were writes that were accepted", entries.len());
        }
        let mut findings = Vec::new();
        for entry in entries {
            if entry.response.shows(secrets) {
                findings.push(format!("{} {} shows a secret", entry.request.method, entry.request.url));
            }
            if entry.response.content.encoding.is_some() {
                findings.push(format!("{} {} answers with no text", entry.request.method, entry.request.url));
            }
        }
        findings.truncate(20);
        Ok(findings)
    }
}

impl Entry {
    fn is_accepted_write(&self) -> bool {
        let is_write = !matches!(self.request.method.as_str(), "GET" | "HEAD" | "OPTIONS" | "TRACE");
        is_write && (200..300).contains(&self.response.status)
    }
}

impl Response {
    fn shows(&self, secrets: &[String]) -> bool {
        let fields = self.headers.iter().map(|field| &field.value);
        let mut texts = fields.chain(&self.content.text);
        texts.any(|text| secrets.iter().any(|secret| text.contains(secret.as_str())))
    }
}
