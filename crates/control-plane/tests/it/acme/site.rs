//! What answers an authority that validates names: a tiny server over HTTP, and one over TLS.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use control_plane::acme::Http01;
use tls_sni::{Certificates, Server, ServerSettings, TicketKeys};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// The two servers, which end with it.
pub(super) struct Site {
    pub(super) http_port: u16,
    pub(super) tls_port: u16,
    pub(super) certificates: Certificates,
    pub(super) tokens: Arc<Tokens>,
    pub(super) tls: Server,
    serving: [JoinHandle<()>; 2],
}

/// Answers to HTTP-01.
#[derive(Default)]
pub(super) struct Tokens {
    pending: Mutex<HashMap<String, String>>,
    asked: Mutex<usize>,
}

impl Tokens {
    /// How many answers there are.
    pub(super) fn pending(&self) -> usize {
        self.pending.lock().unwrap().len()
    }

    /// How often an answer was asked for.
    pub(super) fn asked(&self) -> usize {
        *self.asked.lock().unwrap()
    }
}

impl Http01 for Tokens {
    fn put(&self, token: &str, key_authorization: &str) {
        self.pending.lock().unwrap().insert(token.to_owned(), key_authorization.to_owned());
    }

    fn remove(&self, token: &str) {
        self.pending.lock().unwrap().remove(token);
    }
}

impl Site {
    pub(super) async fn start() -> Self {
        let (certificates, tokens) = (Certificates::new(), Arc::<Tokens>::default());
        let tls = Server::new(certificates.clone(), &ServerSettings::new(TicketKeys::random())).unwrap();
        let (http_door, tls_door) = (door().await, door().await);
        let (http_port, tls_port) =
            (http_door.local_addr().unwrap().port(), tls_door.local_addr().unwrap().port());
        let serving = [
            tokio::spawn(serve_http(http_door, tokens.clone())),
            tokio::spawn(serve_tls(tls_door, tls.clone())),
        ];
        Self { http_port, tls_port, certificates, tokens, tls, serving }
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.serving.iter().for_each(JoinHandle::abort);
    }
}

async fn door() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").await.unwrap()
}

async fn serve_http(door: TcpListener, tokens: Arc<Tokens>) {
    loop {
        let (stream, _) = door.accept().await.unwrap();
        let tokens = tokens.clone();
        tokio::spawn(async move { answer(stream, &tokens).await });
    }
}

async fn answer(mut stream: TcpStream, tokens: &Tokens) {
    let mut head = Vec::new();
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        if stream.read_buf(&mut head).await.unwrap_or(0) == 0 {
            return;
        }
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let token = head.split(' ').nth(1).and_then(|path| path.strip_prefix("/.well-known/acme-challenge/"));
    *tokens.asked.lock().unwrap() += 1;
    let found = token.and_then(|token| tokens.pending.lock().unwrap().get(token).cloned());
    let reply = match found {
        Some(text) => {
            format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{text}", text.len())
        }
        None => "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".to_owned(),
    };
    let _ = stream.write_all(reply.as_bytes()).await;
}

async fn serve_tls(door: TcpListener, server: Server) {
    loop {
        let (stream, _) = door.accept().await.unwrap();
        let server = server.clone();
        tokio::spawn(async move {
            if let Ok(mut stream) = server.accept(stream).await {
                let _ = stream.shutdown().await;
            }
        });
    }
}
