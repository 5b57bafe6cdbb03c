use std::collections::HashSet;

use rustls::{AlertDescription, ContentType, PeerIncompatible, PeerMisbehaved};

use super::*;

#[track_caller]
fn check(error: impl Into<Error>, failure: ConnectFailure) {
    let error = io::Error::new(io::ErrorKind::InvalidData, error.into());
    assert_eq!(failure_of(&error), Some(failure));
    let named = named(error);
    assert_eq!(named.kind(), io::ErrorKind::InvalidData);
    assert_eq!(named.get_ref().and_then(|inner| inner.downcast_ref()), Some(&failure));
    assert_eq!(failure_of(&named), Some(failure));
}

#[test]
fn each_error_of_the_library_has_a_cause() {
    check(CertificateError::Expired, ConnectFailure::Expired);
    check(CertificateError::NotValidYet, ConnectFailure::NotYetValid);
    check(CertificateError::UnknownIssuer, ConnectFailure::UnknownAuthority);
    check(CertificateError::NotValidForName, ConnectFailure::WrongName);
    check(CertificateError::Revoked, ConnectFailure::Revoked);
    check(CertificateError::UnknownRevocationStatus, ConnectFailure::UnknownRevocation);
    check(CertificateError::ExpiredRevocationList, ConnectFailure::UnknownRevocation);
    check(CertificateError::ApplicationVerificationFailure, ConnectFailure::PinMismatch);
    check(CertificateError::InvalidPurpose, ConnectFailure::BadCertificate);
    check(CertificateError::BadSignature, ConnectFailure::BadCertificate);
    check(Error::NoCertificatesPresented, ConnectFailure::BadCertificate);
    check(PeerIncompatible::NoCipherSuitesInCommon, ConnectFailure::NoSharedParameters);
    check(InvalidMessage::InvalidContentType, ConnectFailure::NotTls);
    check(InvalidMessage::TrailingData("ServerHello"), ConnectFailure::BadTls);
    check(PeerMisbehaved::IncorrectBinder, ConnectFailure::BadTls);
    let got_type = ContentType::ApplicationData;
    check(Error::InappropriateMessage { expect_types: vec![], got_type }, ConnectFailure::BadTls);
    check(Error::DecryptError, ConnectFailure::BadTls);
    check(Error::EncryptError, ConnectFailure::Internal);
    let alert = AlertDescription::CertificateRequired;
    check(Error::AlertReceived(alert), ConnectFailure::Alert(Alert::new(116)));
}

#[test]
fn errors_of_the_connection_below_are_none_of_tls() {
    for kind in [io::ErrorKind::ConnectionReset, io::ErrorKind::UnexpectedEof] {
        assert_eq!(failure_of(&kind.into()), None);
        let other = io::Error::new(kind, "said otherwise");
        assert_eq!(failure_of(&other), None);
        assert_eq!(named(other).to_string(), "said otherwise");
    }
}

#[test]
fn a_handshake_ends_or_breaks() {
    let of = |kind: io::ErrorKind| ConnectFailure::of_handshake(&kind.into());
    assert_eq!(of(io::ErrorKind::UnexpectedEof), ConnectFailure::Closed);
    assert_eq!(of(io::ErrorKind::ConnectionReset), ConnectFailure::Io(io::ErrorKind::ConnectionReset));
}

#[test]
fn codes_are_snake_case_and_differ() {
    let all = [
        ConnectFailure::Expired,
        ConnectFailure::NotYetValid,
        ConnectFailure::UnknownAuthority,
        ConnectFailure::WrongName,
        ConnectFailure::Revoked,
        ConnectFailure::UnknownRevocation,
        ConnectFailure::BadCertificate,
        ConnectFailure::PinMismatch,
        ConnectFailure::Alert(Alert::new(40)),
        ConnectFailure::NoSharedParameters,
        ConnectFailure::NotTls,
        ConnectFailure::BadTls,
        ConnectFailure::Closed,
        ConnectFailure::Io(io::ErrorKind::ConnectionReset),
        ConnectFailure::BadName,
        ConnectFailure::Internal,
    ];
    let codes: HashSet<_> = all.iter().map(|failure| failure.code()).collect();
    assert_eq!(codes.len(), all.len());
    assert!(codes.iter().all(|code| code.bytes().all(|byte| byte == b'_' || byte.is_ascii_lowercase())));
}

#[test]
fn an_alert_is_named_as_in_the_registry() {
    let alert = Alert::new(112);
    assert_eq!((alert.number(), alert.name()), (112, "unrecognized_name"));
    assert_eq!(ConnectFailure::Alert(alert).to_string(), "the backend refused: unrecognized_name (112)");
    assert_eq!(Alert::new(200).to_string(), "unknown (200)");
    // Whatever the library knows has a name here, too.
    for number in 0..=255 {
        let known = !matches!(AlertDescription::from(number), AlertDescription::Unknown(_));
        assert!(!known || Alert::new(number).name() != "unknown", "{number}");
    }
}
