//! HTTP/2 with clients and with backends, in raw frames.

mod canary;
mod case;
mod limits;
mod siege;

mod backends;
mod conformance;
mod floods;
mod goaway;
mod grpc;
mod heads;
mod honest;
mod malformed;
mod requests;
mod responses;
mod slow;
mod streams;
mod websocket;
