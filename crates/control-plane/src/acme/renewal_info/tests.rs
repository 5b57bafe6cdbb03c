use std::time::{Duration, SystemTime};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyIdMethod, KeyPair, SerialNumber};

use super::{Suggestion, Window, identifier, time};

#[test]
fn a_certificate_is_called_by_its_authoritys_key_and_its_number() {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_identifier_method = KeyIdMethod::PreSpecified(vec![0xc0, 0xff, 0xee]);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(["a.example".to_owned()]).unwrap();
    params.serial_number = Some(SerialNumber::from_slice(&[0xca, 0xfe]));
    let silent = params.signed_by(&key, &authority).unwrap();
    params.use_authority_key_identifier_extension = true;
    let telling = params.signed_by(&key, &authority).unwrap();
    // A number that begins with a one bit has a zero byte in front: RFC 9773 section 4.1.
    assert_eq!(identifier(telling.der()).unwrap().to_string(), "wP_u.AMr-");
    assert_eq!(identifier(silent.der()), None);
    assert_eq!(identifier(b"nonsense"), None);
}

#[test]
fn times_are_read_whenever_they_are() {
    let epoch = SystemTime::UNIX_EPOCH;
    for (seconds, expected) in [
        (0, Some(epoch)),
        (1_893_456_000, epoch.checked_add(Duration::from_secs(1_893_456_000))),
        (-60, epoch.checked_sub(Duration::from_secs(60))),
    ] {
        assert_eq!(Some(time(seconds)), expected);
    }
}

#[test]
fn only_an_authority_without_windows_is_not_asked_again() {
    let window = Window { start: time(0), end: time(1) };
    let second = Duration::from_secs(1);
    assert_eq!(Suggestion::Window(window, second).again(), Some(60 * second));
    assert_eq!(Suggestion::Unsupported.again(), None);
}
