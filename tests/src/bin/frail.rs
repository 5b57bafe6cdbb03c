//! A backend as a process of its own, so that it can be killed and stopped as processes are.
//!
//! `frail PORT FOLDER`: listens on that port of `127.0.0.1` (0 for a free one), says which on standard output, and answers
//! every request with 200. The target of each POST becomes a line of `FOLDER/posts`. While `FOLDER/failing` exists, it
//! answers 503.

use std::fs::OpenOptions;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;

fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let (Some(port), Some(folder)) = (arguments.next(), arguments.next()) else {
        return Err(std::io::Error::other("usage: frail PORT FOLDER"));
    };
    let port: u16 = port.parse().map_err(std::io::Error::other)?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
    let mut output = std::io::stdout();
    writeln!(output, "{}", listener.local_addr()?.port())?;
    output.flush()?;
    let folder: Arc<Path> = PathBuf::from(folder).into();
    for stream in listener.incoming() {
        let (stream, folder) = (stream?, Arc::clone(&folder));
        std::thread::spawn(move || serve(stream, &folder));
    }
    Ok(())
}

/// Answers one request after another until the connection ends, however it does.
fn serve(stream: TcpStream, folder: &Path) -> Option<()> {
    let mut writer = stream.try_clone().ok()?;
    let mut reader = BufReader::new(stream);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let mut words = line.split(' ');
        let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
        let mut length = 0;
        loop {
            line.clear();
            reader.read_line(&mut line).ok()?;
            if let Some((name, value)) = line.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse().ok()?;
            }
            if line.trim().is_empty() {
                break;
            }
        }
        std::io::copy(&mut reader.by_ref().take(length), &mut std::io::sink()).ok()?;
        if method == "POST" {
            let mut posts = OpenOptions::new().append(true).create(true).open(folder.join("posts")).ok()?;
            posts.write_all(format!("{target}\n").as_bytes()).ok()?;
        }
        let status = if folder.join("failing").exists() { "503 Service Unavailable" } else { "200 OK" };
        writer.write_all(format!("HTTP/1.1 {status}\r\nContent-Length: 2\r\n\r\nok").as_bytes()).ok()?;
    }
}
