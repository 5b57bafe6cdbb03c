//! `proxyd ctl top`: routes and backends as they are now.

mod data;
mod keys;
mod poll;
mod screen;
mod terminal;

use std::io::IsTerminal;
use std::pin::pin;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::time::{MissedTickBehavior, interval};

use super::client::Client;
use super::failure::CtlFailure;
use super::view::Paper;
use crate::output;
use data::Data;
use keys::Keys;
use poll::Poller;
use screen::{Screen, Size};
use terminal::{Happening, Terminal};

/// How often the proxy is asked.
const STEP: Duration = Duration::from_secs(1);

/// A screen before its size is known.
const UNKNOWN: Size = Size { width: 80, height: 24 };

/// Shows what the proxy does until the user has seen enough; once, where that is wanted or there is no terminal.
///
/// # Errors
/// The proxy cannot be asked at all, or the terminal fails. Once it was asked, a failure is shown and it is asked again.
pub(super) async fn top(client: &mut Client, once: bool, paper: Paper) -> Result<(), CtlFailure> {
    let mut screen = Screen::new(client.address().to_string());
    let mut poller = Poller::new(client);
    screen.data = poller.poll(&[]).await?;
    screen.data = poller.poll(&screen.wanted(UNKNOWN)).await?;
    if once || !std::io::stdout().is_terminal() || !std::io::stdin().is_terminal() {
        return output::print(&screen.once(paper.width)).map_err(CtlFailure::Output);
    }
    let mut terminal = Terminal::take().map_err(CtlFailure::Terminal)?;
    let watched = watch(&mut poller, &mut screen, &mut terminal).await;
    terminal.give_back();
    watched
}

async fn watch(
    poller: &mut Poller<'_>,
    screen: &mut Screen,
    terminal: &mut Terminal,
) -> Result<(), CtlFailure> {
    let (wanted, told_wanted) = watch::channel(screen.wanted(terminal.size()));
    let (telling, mut told) = mpsc::channel(1);
    // Beside the keys, which must not wait for a proxy that is slow.
    let mut asking = pin!(ask(poller, &told_wanted, &telling));
    let mut keys = Keys::default();
    loop {
        let size = terminal.size();
        terminal.draw(&screen.render(size)).map_err(CtlFailure::Terminal)?;
        wanted.send_replace(screen.wanted(size));
        tokio::select! {
            happening = terminal.happening() => match happening.map_err(CtlFailure::Terminal)? {
                Happening::Ended => return Ok(()),
                Happening::Resized => {}
                Happening::Typed(bytes) => {
                    if keys.push(&bytes).into_iter().any(|key| screen.press(key, size).is_break()) {
                        return Ok(());
                    }
                }
            },
            Some(data) = told.recv() => match data {
                Ok(data) => screen.fresh(data),
                Err(failure) => screen.failed(&failure.to_string()),
            },
            () = &mut asking => return Ok(()),
        }
    }
}

/// Asks at every step, for as long as somebody wants to know.
async fn ask(
    poller: &mut Poller<'_>,
    wanted: &watch::Receiver<Vec<(String, String)>>,
    telling: &mpsc::Sender<Result<Data, CtlFailure>>,
) {
    let mut steps = interval(STEP);
    steps.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        steps.tick().await;
        let wanted = wanted.borrow().clone();
        let data = poller.poll(&wanted).await;
        if telling.send(data).await.is_err() {
            return;
        }
    }
}
