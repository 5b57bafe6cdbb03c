//! The Connection field: what a neighbour wants of this connection, and which fields are for it alone.

use crate::short::Short;
use crate::token::{is_token, list};
use crate::{Line, Lines, Name, Rule};

/// More options than this in one message are refused: each costs a walk over the fields.
const MOST_OPTIONS: usize = 32;

static CLOSE: Short = Short::of(b"close");
static KEEP_ALIVE: Short = Short::of(b"keep-alive");

/// What Connection asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// `close`.
    pub close: bool,
    /// `keep-alive`.
    pub keep_alive: bool,
    /// `upgrade`.
    pub upgrade: bool,
    /// `te`.
    pub te: bool,
}

/// Reads Connection, and drops every field that it names. RFC 9110 section 7.6.1.
///
/// # Errors
/// [`Rule::Connection`] where an option is no token, or there are more than 32.
#[inline]
pub fn apply(lines: &mut Lines, bytes: &[u8]) -> Result<Options, Rule> {
    let mut options = Options::default();
    if !lines.present().contains(Name::Connection) {
        return Ok(options);
    }
    // The two common values need no list.
    if !lines.repeated().contains(Name::Connection) {
        let value = lines.first(Name::Connection, bytes).unwrap_or_default();
        if KEEP_ALIVE.is(value) {
            options.keep_alive = true;
            lines.drop_known(Name::KeepAlive);
            return Ok(options);
        }
        if CLOSE.is(value) {
            options.close = true;
            drop_nominated(lines.as_mut_slice(), b"close", bytes);
            return Ok(options);
        }
    }
    apply_list(lines, bytes, &mut options)?;
    Ok(options)
}

fn apply_list(lines: &mut Lines, bytes: &[u8], options: &mut Options) -> Result<(), Rule> {
    let mut count = 0;
    for index in 0..lines.as_mut_slice().len() {
        let Some(line) = lines.as_mut_slice().get(index).copied() else { break };
        if line.name() != Name::Connection {
            continue;
        }
        for option in list(line.value_in(bytes)) {
            count += 1;
            if count > MOST_OPTIONS || !is_token(option) {
                return Err(Rule::Connection);
            }
            note(option, options);
            drop_nominated(lines.as_mut_slice(), option, bytes);
        }
    }
    Ok(())
}

fn note(option: &[u8], options: &mut Options) {
    match option.len() {
        5 if option.eq_ignore_ascii_case(b"close") => options.close = true,
        10 if option.eq_ignore_ascii_case(b"keep-alive") => options.keep_alive = true,
        7 if option.eq_ignore_ascii_case(b"upgrade") => options.upgrade = true,
        2 if option.eq_ignore_ascii_case(b"te") => options.te = true,
        _ => {}
    }
}

/// A field that frames or addresses the message cannot be wished away: the proxy writes those itself.
fn drop_nominated(lines: &mut [Line], option: &[u8], bytes: &[u8]) {
    for line in lines {
        let is_framing = matches!(line.name(), Name::Host | Name::ContentLength | Name::TransferEncoding);
        if !is_framing && line.name_in(bytes).eq_ignore_ascii_case(option) {
            line.drop_line();
        }
    }
}

/// Drops every trailer that `connection` names: the values of the Connection fields of the trailers' own head.
/// RFC 9110 section 7.6.1.
pub fn apply_to_trailers<'a>(
    connection: impl Iterator<Item = &'a [u8]>,
    trailers: &mut Lines,
    section: &[u8],
) {
    for option in connection.flat_map(list) {
        drop_nominated(trailers.as_mut_slice(), option, section);
    }
}

#[cfg(test)]
mod tests;
