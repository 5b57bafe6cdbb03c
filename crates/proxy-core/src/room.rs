//! Rooms for futures, used again by the thread: what is served in one asks the heap for nothing.

use std::cell::RefCell;
use std::thread::LocalKey;

use tokio_util::sync::ReusableBoxFuture;

/// How many rooms of a kind a thread keeps.
const KEPT: usize = 256;

/// A room.
pub(crate) type Room<T> = ReusableBoxFuture<'static, T>;
/// The unused rooms of a kind.
pub(crate) type Rooms<T> = RefCell<Vec<Room<T>>>;

/// A room with that future in it.
pub(crate) fn lease<T>(
    rooms: &'static LocalKey<Rooms<T>>,
    future: impl Future<Output = T> + Send + 'static,
) -> Room<T> {
    let kept = rooms.try_with(|rooms| rooms.borrow_mut().pop()).ok().flatten();
    match kept {
        Some(mut room) => {
            room.set(future);
            room
        }
        None => ReusableBoxFuture::new(future),
    }
}

/// Keeps a room whose future is over, and holds nothing any more, for the next one.
pub(crate) fn give_back<T>(rooms: &'static LocalKey<Rooms<T>>, room: Room<T>) {
    let _ = rooms.try_with(|rooms| {
        let mut rooms = rooms.borrow_mut();
        if rooms.len() < KEPT {
            rooms.push(room);
        }
    });
}
