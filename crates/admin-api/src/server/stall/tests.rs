use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

use super::*;

#[tokio::test(start_paused = true)]
async fn who_takes_nothing_is_given_up() {
    let (ours, _theirs) = duplex(16);
    let mut timed = Timed::new(Box::new(ours), Duration::from_secs(30));
    let start = Instant::now();
    let error = timed.write_all(&[0; 17]).await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    assert_eq!(start.elapsed(), Duration::from_secs(30));
}

#[tokio::test(start_paused = true)]
async fn who_takes_something_has_as_long_again() {
    let (ours, mut theirs) = duplex(16);
    let mut timed = Timed::new(Box::new(ours), Duration::from_secs(30));
    let reader = async {
        for _ in 0..8 {
            tokio::time::sleep(Duration::from_secs(29)).await;
            theirs.read_exact(&mut [0; 16]).await.unwrap();
        }
    };
    let (written, ()) = tokio::join!(timed.write_all(&[0; 16 * 8]), reader);
    written.unwrap();
}

#[tokio::test(start_paused = true)]
async fn silence_between_writes_is_no_stall() {
    let (ours, mut theirs) = duplex(16);
    let mut timed = Timed::new(Box::new(ours), Duration::from_secs(30));
    timed.write_all(&[0; 16]).await.unwrap();
    tokio::time::sleep(Duration::from_secs(3_600)).await;
    theirs.read_exact(&mut [0; 16]).await.unwrap();
    timed.write_all(&[0; 16]).await.unwrap();
}
