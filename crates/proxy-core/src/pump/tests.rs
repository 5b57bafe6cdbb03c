use std::collections::VecDeque;
use std::future::poll_fn;
use std::task::Waker;

use http1::Rule;
use http1::framing::BodyLength;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::wire::{Wire, Writer};

/// What a side does next; with nothing left, it goes on without waiting.
#[derive(Clone, Debug)]
enum Step {
    Wait,
    Data(Vec<u8>),
    Take(usize),
    Break,
}

/// One side, played by a script.
#[derive(Default)]
struct Side {
    steps: VecDeque<Step>,
    data: Vec<u8>,
    got: Vec<u8>,
    unsent: Vec<u8>,
    trailers: Vec<u8>,
    finished: Option<Vec<u8>>,
    waited: usize,
}

impl Side {
    fn of(steps: &[Step]) -> Self {
        Self { steps: steps.to_vec().into(), ..Self::default() }
    }

    fn wait<T>(&mut self) -> Poll<T> {
        self.waited += 1;
        Poll::Pending
    }
}

impl Channel for Side {
    fn poll_fill(&mut self, _: &mut Context<'_>) -> Poll<Result<Fill, Broken>> {
        if !self.data.is_empty() {
            return Poll::Ready(Ok(Fill::Data));
        }
        match self.steps.pop_front() {
            Some(Step::Wait) => self.wait(),
            Some(Step::Data(data)) => {
                self.data = data;
                Poll::Ready(Ok(Fill::Data))
            }
            Some(Step::Break) => Poll::Ready(Err(Broken::Rule(Rule::Incomplete))),
            Some(Step::Take(_)) | None => Poll::Ready(Ok(Fill::End)),
        }
    }

    fn data(&self) -> &[u8] {
        &self.data
    }

    fn consume(&mut self, count: usize) {
        self.data.drain(..count);
    }

    fn trailers(&self) -> &[u8] {
        &self.trailers
    }

    /// Takes things over in memory or sends them, as the script has it.
    fn poll_send(&mut self, _: &mut Context<'_>, data: &[u8]) -> Poll<Result<usize, Broken>> {
        assert!(self.finished.is_none(), "nothing comes behind the end");
        match self.steps.pop_front() {
            Some(Step::Wait) => self.wait(),
            Some(Step::Break) => Poll::Ready(Err(Broken::Gone)),
            Some(Step::Take(count)) => {
                let count = count.clamp(1, data.len());
                self.unsent.extend_from_slice(&data[..count]);
                Poll::Ready(Ok(count))
            }
            Some(Step::Data(_)) | None => {
                self.got.append(&mut self.unsent);
                self.got.extend_from_slice(data);
                Poll::Ready(Ok(data.len()))
            }
        }
    }

    fn finish(&mut self, trailers: &[u8]) {
        assert!(self.finished.replace(trailers.to_vec()).is_none(), "a body ends once");
    }

    fn poll_flush(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Broken>> {
        match self.steps.front() {
            Some(Step::Wait) => {
                self.steps.pop_front();
                self.wait()
            }
            Some(Step::Break) => Poll::Ready(Err(Broken::Gone)),
            _ => {
                self.got.append(&mut self.unsent);
                Poll::Ready(Ok(()))
            }
        }
    }

    fn has_unsent(&self) -> bool {
        !self.unsent.is_empty()
    }
}

/// Runs a pump to its end. Each time that it waits, some side must have been asked in vain.
fn run(pump: &mut Pump, from: &mut Side, to: &mut Side) -> Result<(), (End, Broken)> {
    let cx = &mut Context::from_waker(Waker::noop());
    loop {
        let before = (from.waited, to.waited);
        match pump.poll(from, to, cx) {
            Poll::Ready(ended) => return ended,
            Poll::Pending => {
                assert_ne!((from.waited, to.waited), before, "it waits for nobody");
                let who = if to.waited > before.1 { End::To } else { End::From };
                assert_eq!(pump.waits_for, who);
                assert!(from.waited > before.0 || to.waited > before.1, "whoever is waited for will wake it");
            }
        }
    }
}

#[test]
fn whatever_waits_whenever_all_of_it_arrives_once() {
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    for _ in 0..3000 {
        let (mut all, mut given, mut taking) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..random.usize(..12) {
            if random.bool() {
                given.push(Step::Wait);
            } else {
                let data: Vec<u8> = (0..random.usize(1..50)).map(|_| random.u8(..)).collect();
                all.extend_from_slice(&data);
                given.push(Step::Data(data));
            }
        }
        for _ in 0..random.usize(..30) {
            taking.push(if random.bool() { Step::Wait } else { Step::Take(random.usize(1..40)) });
        }
        let (mut from, mut to) = (Side::of(&given), Side::of(&taking));
        from.trailers = b"a: b\r\n".to_vec();
        let mut pump = Pump::new(true);
        assert_eq!(run(&mut pump, &mut from, &mut to), Ok(()));
        assert!(pump.is_done() && !to.has_unsent());
        assert_eq!((&to.got, pump.bytes), (&all, all.len() as u64));
        assert_eq!(to.finished.as_deref(), Some(&b"a: b\r\n"[..]));
    }
}

#[test]
fn what_has_come_goes_out_before_more_is_waited_for() {
    let mut from = Side::of(&[Step::Data(b"event".to_vec()), Step::Wait]);
    let mut to = Side::of(&[Step::Take(9)]);
    let mut pump = Pump::new(false);
    let cx = &mut Context::from_waker(Waker::noop());
    assert!(pump.poll(&mut from, &mut to, cx).is_pending());
    assert_eq!((to.got.as_slice(), pump.waits_for), (&b"event"[..], End::From));
}

#[test]
fn whoever_breaks_is_named_and_no_end_is_made_up() {
    let data = || Step::Data(b"abc".to_vec());
    for (given, taking, end) in [
        (vec![data(), Step::Break], vec![], End::From),
        (vec![Step::Wait, Step::Break], vec![Step::Wait], End::From),
        (vec![data()], vec![Step::Break], End::To),
        (vec![data()], vec![Step::Wait, Step::Break], End::To),
        (vec![data(), Step::Wait], vec![Step::Take(3), Step::Break], End::To),
    ] {
        let (mut from, mut to) = (Side::of(&given), Side::of(&taking));
        let ended = run(&mut Pump::new(true), &mut from, &mut to);
        assert_eq!(ended.unwrap_err().0, end, "{given:?} {taking:?}");
        assert_eq!(to.finished, None);
    }
    // The end itself could not be sent.
    let (mut from, mut to) = (Side::of(&[]), Side::of(&[Step::Wait, Step::Break]));
    assert_eq!(run(&mut Pump::new(true), &mut from, &mut to), Err((End::To, Broken::Gone)));
}

#[test]
fn a_pump_with_nothing_to_do_is_done() {
    let (mut from, mut to) = (Side::of(&[Step::Break]), Side::of(&[Step::Break]));
    let mut pump = Pump::done();
    assert!(pump.is_done());
    assert_eq!(run(&mut pump, &mut from, &mut to), Ok(()));
    assert_eq!(to.finished, None);
}

/// A connection as a tunnel's side, and its other end.
async fn tunnel() -> (Wire, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let connecting = TcpStream::connect(listener.local_addr().unwrap());
    let (near, far) = tokio::join!(listener.accept(), connecting);
    let mut wire = Wire::new(near.unwrap().0.into());
    wire.expect(BodyLength::UntilClose, u64::MAX);
    wire.frame(Writer::Tunnel);
    (wire, far.unwrap())
}

#[tokio::test]
async fn a_conversation_is_not_spliced() {
    let ((mut from, mut sending), (mut to, mut taking)) = (tunnel().await, tunnel().await);
    let mut pump = Pump::new(true);
    for _ in 0..3 {
        assert!(!pump.is_worth_splicing(&from, &to));
        sending.write_all(b"hello").await.unwrap();
        let mut got = [0; 5];
        tokio::select! {
            ended = poll_fn(|cx| pump.poll(&mut from, &mut to, cx)) => panic!("{ended:?}"),
            read = taking.read_exact(&mut got) => assert_eq!((read.unwrap(), &got), (5, b"hello")),
        }
    }
}

#[tokio::test]
async fn a_tunnel_is_spliced_while_much_flows_and_to_its_end() {
    let ((mut from, mut sending), (mut to, mut taking)) = (tunnel().await, tunnel().await);
    let mut pump = Pump::new(true);
    let much: Vec<u8> = (0..16_000_000_u32).map(|number| (number ^ (number >> 8)) as u8).collect();
    let mut was_spliced = false;
    let pumping = poll_fn(|cx| {
        let polled = pump.poll(&mut from, &mut to, cx);
        was_spliced |= pump.splice.as_ref().is_some_and(Splice::has_bytes);
        polled
    });
    let sent = async {
        sending.write_all(&much).await?;
        sending.shutdown().await
    };
    let mut got = Vec::new();
    let (pumped, sent, read) = tokio::join!(pumping, sent, taking.read_to_end(&mut got));
    assert_eq!((pumped, pump.bytes, pump.is_done()), (Ok(()), much.len() as u64, true));
    sent.unwrap();
    read.unwrap();
    assert!(was_spliced && got == much);
}
