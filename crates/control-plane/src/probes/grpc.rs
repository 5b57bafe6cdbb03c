//! Probes of the gRPC health service: `grpc.health.v1.Health/Check` of the gRPC Health Checking Protocol.

use health::{ProbeError, ProbeFuture};
use http::header::{CONTENT_TYPE, HeaderName, TE, USER_AGENT};
use http::{Request, Uri};
use proxy_core::{Check, CheckTarget, Stream};

use super::{Answer, Dialler, LONGEST_BODY, http2};

const METHOD: &str = "/grpc.health.v1.Health/Check";
const GRPC_STATUS: HeaderName = HeaderName::from_static("grpc-status");

/// Names of the codes of gRPC that an answer may end with.
const CODES: [&str; 17] = [
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
];

/// `HealthCheckResponse.ServingStatus`.
const SERVING_STATUSES: [&str; 4] = ["UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"];
const SERVING: u64 = 1;

/// Asks whether a service serves; whether the backend as a whole does where the service has no name.
pub(crate) struct GrpcProbe {
    dialler: Dialler,
    service: String,
    /// `HealthCheckRequest` with the five bytes of gRPC before it.
    message: Vec<u8>,
}

impl GrpcProbe {
    pub(crate) fn new(service: &str, dialler: Dialler) -> Self {
        Self { dialler, service: service.to_owned(), message: framed(&encode(service)) }
    }

    /// Asks over a connection.
    pub(super) async fn ask(&self, stream: Stream, host: &str) -> Result<(), ProbeError> {
        let scheme = if stream.is_secure() { "https" } else { "http" };
        let uri = Uri::builder().scheme(scheme).authority(host).path_and_query(METHOD);
        let request = Request::post(uri.build().map_err(ProbeError::failed)?)
            .header(CONTENT_TYPE, "application/grpc")
            .header(TE, "trailers")
            .header(USER_AGENT, super::USER_AGENT)
            .body(())
            .map_err(ProbeError::failed)?;
        let answer = http2::ask(stream, request, self.message.clone(), LONGEST_BODY).await?;
        self.judge(&answer).map_err(ProbeError::failed)
    }

    fn judge(&self, answer: &Answer) -> Result<(), String> {
        let status = answer.head.status.as_u16();
        if status != 200 {
            return Err(format!("expected an answer in gRPC, came status {status}"));
        }
        // An answer without a message has in its head what others have in their trailers.
        let fields = [answer.trailers.as_ref(), Some(&answer.head.headers)];
        let code = fields.into_iter().flatten().find_map(|fields| fields.get(GRPC_STATUS));
        let Some(code) = code else { return Err("expected a grpc-status, came none".into()) };
        let code = code.to_str().ok().and_then(|code| code.parse::<usize>().ok());
        match code {
            Some(0) => {}
            Some(5) => {
                return Err(format!(
                    "expected the service {:?}, which the backend does not know",
                    self.service
                ));
            }
            Some(12) => {
                return Err("expected the gRPC health service, which the backend does not have".into());
            }
            code => {
                let name = code.and_then(|code| CODES.get(code)).unwrap_or(&"none that there is");
                return Err(format!("expected grpc-status OK, came {name}"));
            }
        }
        match serving_status(&answer.body) {
            Some(SERVING) => Ok(()),
            Some(other) => {
                let index = usize::try_from(other).unwrap_or(usize::MAX);
                let name = SERVING_STATUSES.get(index).unwrap_or(&"a status that there is not");
                Err(format!("expected SERVING, came {name}"))
            }
            None => Err("expected SERVING, came a malformed message".into()),
        }
    }
}

impl Check for GrpcProbe {
    fn check<'a>(&'a self, target: &'a CheckTarget) -> ProbeFuture<'a> {
        Box::pin(async move {
            let stream = self.dialler.connect(&target.address).await?;
            self.ask(stream, &target.host).await
        })
    }
}

/// `message HealthCheckRequest { string service = 1; }`. A field with its default is left out (proto3).
fn encode(service: &str) -> Vec<u8> {
    if service.is_empty() {
        return Vec::new();
    }
    let mut message = vec![0x0a];
    let mut length = service.len();
    while length >= 0x80 {
        message.push((length & 0x7f) as u8 | 0x80);
        length >>= 7;
    }
    message.push(length as u8);
    message.extend_from_slice(service.as_bytes());
    message
}

/// An uncompressed message with its prefix, as gRPC over HTTP/2 has it.
fn framed(message: &[u8]) -> Vec<u8> {
    let length = u32::try_from(message.len()).unwrap_or(u32::MAX);
    let mut framed = vec![0];
    framed.extend_from_slice(&length.to_be_bytes());
    framed.extend_from_slice(message);
    framed
}

/// The field 1 of a framed `message HealthCheckResponse { ServingStatus status = 1; }`; `None` where it is malformed.
fn serving_status(body: &[u8]) -> Option<u64> {
    let (prefix, message) = body.split_at_checked(5)?;
    let (compressed, length) = prefix.split_first()?;
    let length = u32::from_be_bytes(length.try_into().ok()?);
    if *compressed != 0 || usize::try_from(length).ok()? != message.len() {
        return None;
    }
    let mut rest = message;
    // A message without the field has its default.
    let mut status = 0;
    while !rest.is_empty() {
        let key = varint(&mut rest)?;
        match (key >> 3, key & 7) {
            (1, 0) => status = varint(&mut rest)?,
            // Fields of later versions of the protocol.
            (_, 0) => _ = varint(&mut rest)?,
            (_, 1) => skip(&mut rest, 8)?,
            (_, 2) => {
                let length = varint(&mut rest)?;
                skip(&mut rest, usize::try_from(length).ok()?)?;
            }
            (_, 5) => skip(&mut rest, 4)?,
            _ => return None,
        }
    }
    Some(status)
}

fn skip(rest: &mut &[u8], length: usize) -> Option<()> {
    *rest = rest.get(length..)?;
    Some(())
}

/// A number of up to 64 bits, seven in each byte, the lowest first.
fn varint(rest: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (byte, after) = rest.split_first()?;
        *rest = after;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests;
