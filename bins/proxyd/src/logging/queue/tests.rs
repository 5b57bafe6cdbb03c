use std::sync::mpsc;

use super::*;

/// A sink that takes a line only when it is allowed to.
struct Gate {
    allowed: Receiver<()>,
    written: mpsc::Sender<Vec<u8>>,
}

impl Write for Gate {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let _ = self.allowed.recv();
        let _ = self.written.send(bytes.to_vec());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn gate() -> (Gate, mpsc::Sender<()>, Receiver<Vec<u8>>) {
    let (allow, allowed) = mpsc::channel();
    let (written, seen) = mpsc::channel();
    (Gate { allowed, written }, allow, seen)
}

#[test]
fn a_line_is_written_whole() {
    let (gate, allow, seen) = gate();
    let (queue, _writing) = queue(gate).unwrap();
    let mut line = queue.line();
    line.write_all(b"one ").unwrap();
    line.write_all(b"line\n").unwrap();
    drop(line);
    allow.send(()).unwrap();
    assert_eq!(seen.recv().unwrap(), b"one line\n");
}

#[test]
fn a_sink_that_takes_nothing_stops_nobody_and_what_was_lost_is_told() {
    let (gate, allow, seen) = gate();
    let (queue, writing) = queue(gate).unwrap();
    // One line is with the sink at most, and so many wait.
    for _ in 0..LINES + 11 {
        queue.line().write_all(b"x\n").unwrap();
    }
    drop(allow);
    let written: Vec<u8> = seen.iter().take(LINES + 1).flatten().collect();
    let text = String::from_utf8(written).unwrap();
    assert!(text.contains("lines of the log were dropped"), "{}", &text[text.len() - 200..]);
    drop(writing);
}

#[test]
fn the_end_waits_for_what_is_in_the_queue() {
    let (gate, allow, seen) = gate();
    let (queue, writing) = queue(gate).unwrap();
    drop(allow);
    for _ in 0..100 {
        queue.line().write_all(b"x\n").unwrap();
    }
    drop(writing);
    assert_eq!(seen.try_iter().count(), 100);
}
