use tokio::io::duplex;

use super::*;
use crate::server::settings::Deadlines;

const BARE: &[u8] = b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

fn line(room: usize) -> (Line, tokio::io::DuplexStream, Arc<Phase>) {
    let (ours, theirs) = duplex(room);
    let phase = Arc::new(Phase::new(Deadlines::default()));
    (Line::new(Box::new(ours), Arc::clone(&phase), (Peer::Uid(0), Arc::new(Refusals::new()))), theirs, phase)
}

#[tokio::test(start_paused = true)]
async fn a_head_that_comes_byte_by_byte_has_one_deadline() {
    let (mut line, mut theirs, _) = line(64);
    let start = Instant::now();
    let slow = async {
        loop {
            tokio::time::sleep(Duration::from_secs(1)).await;
            if theirs.write_all(b"a").await.is_err() {
                return;
            }
        }
    };
    let reader = async {
        loop {
            if let Err(error) = line.read(&mut [0; 8]).await {
                return error;
            }
        }
    };
    let error = tokio::select! { error = reader => error, () = slow => unreachable!() };
    assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    assert_eq!(start.elapsed(), Duration::from_secs(11));
}

#[tokio::test(start_paused = true)]
async fn silence_has_a_deadline_before_the_first_request_and_between_requests() {
    let (mut line, _theirs, phase) = line(64);
    let start = Instant::now();
    line.read(&mut [0; 8]).await.unwrap_err();
    assert_eq!(start.elapsed(), Duration::from_secs(10));
    drop(phase.begin());
    line.flush().await.unwrap();
    line.read(&mut [0; 8]).await.unwrap_err();
    assert_eq!(start.elapsed(), Duration::from_secs(70));
}

#[tokio::test(start_paused = true)]
async fn silence_has_its_deadline_where_nobody_reads_after_the_answer_was_taken() {
    let (mut line, _theirs, phase) = line(64);
    drop(phase.begin());
    let mut is_flushed = false;
    let mut buffer = [0; 8];
    let end = std::future::poll_fn(|cx| {
        let result = Pin::new(&mut line).poll_read(cx, &mut ReadBuf::new(&mut buffer));
        if !is_flushed {
            assert!(result.is_pending());
            assert!(Pin::new(&mut line).poll_flush(cx).is_ready());
            is_flushed = true;
        }
        result
    });
    let start = Instant::now();
    timeout(Duration::from_secs(3_600), end).await.unwrap().unwrap_err();
    assert_eq!(start.elapsed(), Duration::from_secs(60));
}

#[tokio::test(start_paused = true)]
async fn while_a_request_is_answered_silence_is_fine() {
    let (mut line, mut theirs, phase) = line(64);
    let _busy = phase.begin();
    assert!(timeout(Duration::from_secs(3_600), line.read(&mut [0; 8])).await.is_err());
    theirs.write_all(b"a").await.unwrap();
    assert_eq!(line.read(&mut [0; 8]).await.unwrap(), 1);
}

#[tokio::test]
async fn an_answer_of_ours_takes_the_place_of_the_library_s_in_any_pieces() {
    let (mut line, mut theirs, phase) = line(7);
    let all = [b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}".as_slice(), BARE].concat();
    let mut text = String::new();
    let write = async {
        line.write_all(&all).await.unwrap();
        line.flush().await.unwrap();
        line.shutdown().await.unwrap();
    };
    let (_, read) = tokio::join!(write, theirs.read_to_string(&mut text));
    read.unwrap();
    assert!(
        text.starts_with("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}HTTP/1.1 400 Bad Request\r\n"),
        "{text}"
    );
    assert!(text.contains("\"bad_request\"") && text.matches("HTTP/1.1").count() == 2 + 1, "{text}");
    assert!(phase.has_unread());
}

#[tokio::test]
async fn what_a_handler_writes_is_never_touched() {
    let (mut line, mut theirs, phase) = line(4096);
    let busy = phase.begin();
    line.write_all(BARE).await.unwrap();
    drop(busy);
    line.shutdown().await.unwrap();
    let mut bytes = Vec::new();
    theirs.read_to_end(&mut bytes).await.unwrap();
    assert_eq!(bytes, BARE);
}
