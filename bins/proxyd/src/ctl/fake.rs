//! A scripted HTTP/1.1 server at a Unix socket: it writes down what it is asked, and answers what it was told to.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::thread;

use tempfile::TempDir;

/// A server that answers questions, and hangs up where it has no answer.
pub(crate) struct Fake {
    directory: TempDir,
    asked: Arc<Mutex<Vec<Asked>>>,
}

/// A question.
#[derive(Clone, Debug, Default)]
pub(crate) struct Asked {
    /// `GET /api/v1/routes`.
    pub(crate) line: String,
    pub(crate) fields: Vec<String>,
    pub(crate) body: String,
    /// Which connection it came over, from 0.
    pub(crate) connection: usize,
}

/// What is answered.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    /// These bytes, and the next question over the same connection.
    Kept(Vec<u8>),
    /// These bytes, and the end of the connection.
    Last(Vec<u8>),
    /// Nothing, for ever.
    Silence,
}

/// An answer with a body of JSON.
pub(crate) fn json(status: &str, body: &str) -> Reply {
    of_type(status, "application/json", body)
}

/// An answer that refuses.
pub(crate) fn problem(status: &str, body: &str) -> Reply {
    of_type(status, "application/problem+json", body)
}

/// An answer with a tag.
pub(crate) fn tagged(status: &str, tag: &str, body: &str) -> Reply {
    of_type(&format!("{status}\r\netag: {tag}"), "application/json", body)
}

fn of_type(status: &str, media: &str, body: &str) -> Reply {
    let text =
        format!("HTTP/1.1 {status}\r\ncontent-type: {media}\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    Reply::Kept(text.into_bytes())
}

impl Fake {
    /// One that gives these answers in turn.
    pub(crate) fn answering(replies: Vec<Reply>) -> Self {
        let mut replies = replies.into_iter();
        Self::serving(move |_| replies.next())
    }

    /// One that answers each question for itself.
    pub(crate) fn serving(answer: impl FnMut(&Asked) -> Option<Reply> + Send + 'static) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(directory.path().join("admin.sock")).unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let noted = asked.clone();
        // It ends with the process of the test, or once it has no answer.
        thread::spawn(move || serve(&listener, answer, &noted));
        Self { directory, asked }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.directory.path().join("admin.sock")
    }

    /// `unix:/...`.
    pub(crate) fn address(&self) -> String {
        format!("unix:{}", self.path().display())
    }

    /// What it was asked so far.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// The first lines of what it was asked so far.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.asked().into_iter().map(|asked| asked.line).collect()
    }
}

impl Asked {
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find_map(|field| {
            let (held, value) = field.split_once(": ")?;
            held.eq_ignore_ascii_case(name).then_some(value)
        })
    }
}

fn serve(
    listener: &UnixListener,
    mut answer: impl FnMut(&Asked) -> Option<Reply>,
    noted: &Mutex<Vec<Asked>>,
) {
    for connection in 0.. {
        let Ok((stream, _)) = listener.accept() else { return };
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        while let Some(mut asked) = question(&mut reader) {
            asked.connection = connection;
            let reply = answer(&asked);
            noted.lock().unwrap().push(asked);
            // Who has read enough, or has ended, may have gone.
            match reply {
                Some(Reply::Kept(bytes)) => drop((&stream).write_all(&bytes)),
                Some(Reply::Last(bytes)) => {
                    drop((&stream).write_all(&bytes));
                    break;
                }
                Some(Reply::Silence) => thread::park(),
                None => return,
            }
        }
    }
}

fn question(reader: &mut BufReader<UnixStream>) -> Option<Asked> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
    let line = line.trim_end().strip_suffix(" HTTP/1.1")?.to_owned();
    let mut asked = Asked { line, ..Asked::default() };
    loop {
        let mut field = String::new();
        reader.read_line(&mut field).ok()?;
        let field = field.trim_end();
        if field.is_empty() {
            break;
        }
        asked.fields.push(field.to_owned());
    }
    let length = asked.field("content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    asked.body = String::from_utf8(body).unwrap();
    Some(asked)
}
