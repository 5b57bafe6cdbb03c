//! What an event says, for those who do not know its kind.

use std::fmt;
use std::time::{Duration, SystemTime};

/// The value of an event's field. [`fmt::Display`] writes it for people.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub enum Value<'a> {
    /// A text, which may come from strangers.
    Text(&'a str),
    /// One of several words or codes, each stable.
    Word(&'a dyn fmt::Display),
    /// A number.
    Number(u64),
    /// Yes or no.
    Flag(bool),
    /// A moment.
    Time(SystemTime),
    /// A span of time.
    Duration(Duration),
    /// Several texts.
    Texts(&'a [String]),
}

impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(f, "{text:?}"),
            Self::Word(word) => word.fmt(f),
            Self::Number(number) => number.fmt(f),
            Self::Flag(flag) => flag.fmt(f),
            Self::Time(time) => httpdate::fmt_http_date(bounded(*time)).fmt(f),
            Self::Duration(duration) => write!(f, "{duration:?}"),
            Self::Texts(texts) => f.debug_list().entries(*texts).finish(),
        }
    }
}

impl fmt::Debug for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A date of HTTP has no year outside 1970 to 9999, and asking for one panics.
fn bounded(time: SystemTime) -> SystemTime {
    const LAST: Duration = Duration::from_secs(253_402_300_799);
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    SystemTime::UNIX_EPOCH + since.min(LAST)
}

/// What stands in a field.
pub(super) trait Field {
    /// Its value; `None` where there is nothing to say.
    fn value(&self) -> Option<Value<'_>>;
}

impl Field for String {
    fn value(&self) -> Option<Value<'_>> {
        Some(Value::Text(self))
    }
}

impl Field for Vec<String> {
    fn value(&self) -> Option<Value<'_>> {
        Some(Value::Texts(self))
    }
}

impl Field for bool {
    fn value(&self) -> Option<Value<'_>> {
        Some(Value::Flag(*self))
    }
}

impl Field for SystemTime {
    fn value(&self) -> Option<Value<'_>> {
        Some(Value::Time(*self))
    }
}

impl Field for Duration {
    fn value(&self) -> Option<Value<'_>> {
        Some(Value::Duration(*self))
    }
}

impl<T: Field> Field for Option<T> {
    fn value(&self) -> Option<Value<'_>> {
        self.as_ref()?.value()
    }
}

macro_rules! numbers {
    ($($number:ty),*) => {$(
        impl Field for $number {
            fn value(&self) -> Option<Value<'_>> {
                Some(Value::Number(u64::from(*self)))
            }
        }
    )*};
}

numbers!(u16, u32, u64);

/// Has types say what they are by their `Display`.
macro_rules! words {
    ($($word:ty),* $(,)?) => {$(
        impl $crate::events::value::Field for $word {
            fn value(&self) -> Option<$crate::events::Value<'_>> {
                Some($crate::events::Value::Word(self))
            }
        }
    )*};
}

/// What every kind's own part of an event can do.
pub(super) trait Facts {
    fn at(&self) -> SystemTime;
    fn each(&self, visit: &mut dyn FnMut(&'static str, Value<'_>));
}

/// Has a struct be the part of the event's variant of the same name, with these names for its fields.
macro_rules! facts {
    ($name:ident { $($key:literal => $field:ident),* $(,)? }) => {
        impl $crate::events::value::Facts for $name {
            fn at(&self) -> std::time::SystemTime {
                self.at
            }

            fn each(&self, visit: &mut dyn FnMut(&'static str, $crate::events::Value<'_>)) {
                $(
                    if let Some(value) = $crate::events::value::Field::value(&self.$field) {
                        visit($key, value);
                    }
                )*
            }
        }

        impl From<$name> for $crate::events::Event {
            fn from(facts: $name) -> Self {
                Self::$name(std::sync::Arc::new(facts))
            }
        }
    };
}

pub(super) use {facts, words};
