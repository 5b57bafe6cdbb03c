//! One order: a name, one challenge, and a certificate at its end.

use std::time::Duration;

use instant_acme::{
    AuthorizationStatus, CertificateIdentifier, ChallengeType, Error, Identifier, NewOrder, Order,
    OrderStatus, RetryPolicy,
};
use rcgen::{CertificateParams, DistinguishedName, KeyPair};
use zeroize::Zeroizing;

use super::account::Session;
use super::challenge::{Expected, Presented, Presenter};
use super::failure::{Concern, Failure, kind};
use super::insist::insist;
use super::settings::ChallengeKind;
use super::wire::Last;

/// How often to look whether the authority has got on, and for how long.
const PATIENCE: RetryPolicy = RetryPolicy::new()
    .initial_delay(Duration::from_millis(250))
    .backoff(1.5)
    .timeout(Duration::from_secs(180));

/// What is ordered.
#[derive(Clone, Copy)]
pub(super) struct Wanted<'a> {
    pub(super) name: &'a str,
    /// The certificate that it takes the place of.
    pub(super) replaces: Option<&'a CertificateIdentifier<'static>>,
    pub(super) challenge: ChallengeKind,
}

/// Orders a certificate; gives its key and its chain, PEM, in one text.
///
/// # Errors
/// Why there is none.
///
/// # Cancel safety
/// The answer to the challenge goes with the future. The authority forgets the order in time.
pub(super) async fn place(
    session: &Session,
    presenter: &Presenter,
    wanted: Wanted<'_>,
) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let mut order = begin(session, wanted).await?;
    show_control(session, &mut order, presenter, wanted).await?;
    let key = KeyPair::generate().map(Zeroizing::new).map_err(|error| unmade(&error))?;
    let request = signing_request(wanted.name, &key).map_err(|error| unmade(&error))?;
    let failed = |error: Error| session.failure(&error);
    insist!(order.finalize_csr(&request)).map_err(failed)?;
    let chain = insist!(order.poll_certificate(&PATIENCE)).map_err(failed)?;
    let key = Zeroizing::new(key.serialize_pem());
    Ok(Zeroizing::new([key.as_bytes(), chain.as_bytes()].concat()))
}

/// Places the order. That it takes the place of another certificate is told where the authority wants to know.
async fn begin(session: &Session, wanted: Wanted<'_>) -> Result<Order, Failure> {
    let names = [Identifier::Dns(wanted.name.to_owned())];
    let plain = NewOrder::new(&names);
    if let Some(replaced) = wanted.replaces {
        let replacing = NewOrder::new(&names).replaces(replaced.clone());
        match insist!(session.account.new_order(&replacing)) {
            Ok(order) => return Ok(order),
            // An authority that has other ideas of what is replaced issues all the same: RFC 9773 section 5.
            Err(error) if is_about_replacing(&error, session.last()) => {}
            Err(error) => return Err(session.failure(&error)),
        }
    }
    insist!(session.account.new_order(&plain)).map_err(|error| session.failure(&error))
}

fn is_about_replacing(error: &Error, last: Last) -> bool {
    match error {
        Error::Unsupported(_) => true,
        Error::Api(problem) => {
            let kind = problem.r#type.as_deref();
            !last.is_fault()
                && !matches!(kind, Some(kind::RATE_LIMITED | kind::UNKNOWN_ACCOUNT | kind::BAD_NONCE))
        }
        // What the authority says of the order is not what was asked for.
        Error::Other(_) => last.status > 0 && !last.is_error(),
        _ => false,
    }
}

/// Shows that the name is ours, by one challenge.
async fn show_control(
    session: &Session,
    order: &mut Order,
    presenter: &Presenter,
    wanted: Wanted<'_>,
) -> Result<(), Failure> {
    insist!(fetch(order)).map_err(|error| session.failure(&error))?;
    let presented = answer(session, order, presenter, wanted).await?;
    let outcome = insist!(order.poll_ready(&PATIENCE));
    drop(presented);
    match outcome {
        Ok(OrderStatus::Ready) => Ok(()),
        Ok(_) => Err(reason(order).await.unwrap_or_else(|| {
            Failure::new(Concern::Challenge, "the authority refuses the order, and does not say why")
        })),
        Err(Error::Api(problem)) if session.last().is_error() => Err(session.failure(&Error::Api(problem))),
        // What came says that the order is over.
        Err(Error::Api(problem)) => {
            let told = Failure::told(&problem).concerning(Concern::Challenge);
            Err(reason(order).await.unwrap_or(told))
        }
        Err(error) => Err(session.failure(&error)),
    }
}

/// Has the order know its authorizations.
async fn fetch(order: &mut Order) -> Result<(), Error> {
    let mut all = order.authorizations();
    while let Some(authorization) = all.next().await {
        authorization?;
    }
    Ok(())
}

/// Answers the challenge of each authorization that is not given yet.
async fn answer(
    session: &Session,
    order: &mut Order,
    presenter: &Presenter,
    wanted: Wanted<'_>,
) -> Result<Vec<Presented>, Failure> {
    let mut presented = Vec::new();
    let mut all = order.authorizations();
    while let Some(authorization) = all.next().await {
        let mut authorization = authorization.map_err(|error| session.failure(&error))?;
        if authorization.status == AuthorizationStatus::Valid {
            continue;
        }
        let Some(mut challenge) = authorization.challenge(kind_of(wanted.challenge)) else {
            return Err(Failure::new(Concern::Challenge, "the authority does not offer this challenge"));
        };
        let key_authorization = challenge.key_authorization();
        let digest = key_authorization.digest();
        presented.push(presenter.present(
            wanted.challenge,
            &Expected {
                name: wanted.name,
                token: &challenge.token,
                key_authorization: key_authorization.as_str(),
                digest: digest.as_ref(),
            },
        )?);
        insist!(challenge.set_ready()).map_err(|error| unready(session, &error))?;
    }
    Ok(presented)
}

/// A problem in an answer that is none is what the authority found wrong before.
fn unready(session: &Session, error: &Error) -> Failure {
    match error {
        Error::Api(problem) if !session.last().is_error() => {
            Failure::told(problem).concerning(Concern::Challenge)
        }
        error => session.failure(error),
    }
}

/// What the authority found wrong with the answers; it is said of the challenge, not of the order.
async fn reason(order: &mut Order) -> Option<Failure> {
    let mut all = order.authorizations();
    while let Some(Ok(mut authorization)) = all.next().await {
        insist!(authorization.refresh()).ok()?;
        if let Some(problem) = authorization.challenges.iter().find_map(|challenge| challenge.error.as_ref())
        {
            return Some(Failure::told(problem).concerning(Concern::Challenge));
        }
    }
    None
}

fn signing_request(name: &str, key: &KeyPair) -> Result<Vec<u8>, rcgen::Error> {
    let mut params = CertificateParams::new([name.to_owned()])?;
    params.distinguished_name = DistinguishedName::new();
    Ok(params.serialize_request(key)?.der().to_vec())
}

const fn kind_of(challenge: ChallengeKind) -> ChallengeType {
    match challenge {
        ChallengeKind::Http01 => ChallengeType::Http01,
        ChallengeKind::TlsAlpn01 => ChallengeType::TlsAlpn01,
    }
}

fn unmade(error: &rcgen::Error) -> Failure {
    Failure::new(Concern::Name, format!("the request for a certificate cannot be made: {error}"))
}
