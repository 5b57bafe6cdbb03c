//! `proxyd ctl top`: routes and backends as they are now.

mod data;
mod keys;
mod poll;
mod screen;
mod terminal;

use std::io::IsTerminal;
use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};

use super::client::Client;
use super::failure::CtlFailure;
use super::view::Paper;
use crate::output;
use keys::Keys;
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
    screen.data = poll::poll(client, &[]).await?;
    screen.data = poll::poll(client, &screen.wanted(UNKNOWN)).await?;
    if once || !std::io::stdout().is_terminal() || !std::io::stdin().is_terminal() {
        return output::print(&screen.once(paper.width)).map_err(CtlFailure::Output);
    }
    let mut terminal = Terminal::take().map_err(CtlFailure::Terminal)?;
    let watched = watch(client, &mut screen, &mut terminal).await;
    terminal.give_back();
    watched
}

async fn watch(client: &mut Client, screen: &mut Screen, terminal: &mut Terminal) -> Result<(), CtlFailure> {
    let mut steps = interval(STEP);
    steps.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut keys = Keys::default();
    loop {
        let size = terminal.size();
        terminal.draw(&screen.render(size)).map_err(CtlFailure::Terminal)?;
        let happening = tokio::select! {
            happening = terminal.happening() => Some(happening.map_err(CtlFailure::Terminal)?),
            _ = steps.tick() => None,
        };
        match happening {
            Some(Happening::Ended) => return Ok(()),
            Some(Happening::Resized) => {}
            Some(Happening::Typed(bytes)) => {
                for key in keys.push(&bytes) {
                    if screen.press(key, size).is_break() {
                        return Ok(());
                    }
                }
            }
            None => {
                // Keys wait no longer than an answer may take; they are bytes in the terminal's queue meanwhile.
                match poll::poll(client, &screen.wanted(size)).await {
                    Ok(data) => screen.fresh(data),
                    Err(failure) => screen.failed(&failure.to_string()),
                }
            }
        }
    }
}
