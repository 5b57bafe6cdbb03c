//! Which certificate a client gets by the name that it asks for.

use harness::tls::{AlertDescription, Refused};

use super::place::Place;

const UNKNOWN: Refused = Refused::Alert(AlertDescription::UnrecognisedName);

#[test]
fn a_name_gets_its_certificate_and_another_one_an_alert() {
    let place = Place::new();
    let answer = place.client().get(&place.address(), "a.test");
    assert_eq!((answer.status(), answer.text().as_str()), (200, "ok"));
    assert_eq!(place.client().refused(&place.address(), "b.test"), UNKNOWN);
    assert_eq!(place.proxyd.stop().connections("handshake_failed:unknown_name"), 1);
}
