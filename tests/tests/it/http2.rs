//! HTTP/2 with clients and with backends, in raw frames.

mod canary;
mod case;
mod limits;
mod siege;

mod conformance;
mod floods;
mod heads;
mod malformed;
mod slow;
mod streams;
