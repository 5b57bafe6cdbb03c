//! Whom a client believes.

use aws_lc_rs::digest::{SHA256, digest};
use rcgen::{BasicConstraints, ExtendedKeyUsagePurpose, IsCa, PublicKeyData, SerialNumber, date_time_ymd};
use tls_sni::{Client, ClientError, ClientSettings, ConnectFailure, Pin, Roots};

use super::rig::{Authority, Backend, EACH, Issued, NAME, shake, talk, trusting};

#[track_caller]
fn pin_of(issued: &Issued) -> Pin {
    let key = issued.key.subject_public_key_info();
    Pin::new(digest(&SHA256, &key).as_ref().try_into().unwrap())
}

/// What a client with these settings says of a backend that shows this, at `host`.
async fn verdict(settings: ClientSettings, shown: &Issued, host: &str) -> Result<(), ConnectFailure> {
    let client = Client::new(settings).unwrap();
    let ends = shake(&client, &Backend::with(shown).config(), host).await;
    if ends.ours.is_err() {
        assert!(ends.theirs.is_err(), "the backend was told nothing");
        return ends.ours.map(|_| ());
    }
    let (mut ours, mut theirs) = ends.both();
    talk(&mut ours, &mut theirs).await;
    Ok(())
}

#[tokio::test]
async fn a_certificate_of_a_given_authority_for_the_host_is_believed() {
    let authority = Authority::new("ours");
    for host in [NAME, "BACKEND.test", "backend.test."] {
        assert_eq!(verdict(trusting(&authority), &authority.issue(NAME), host).await, Ok(()), "{host}");
    }
    let wildcard = authority.issue("*.hosts.test");
    assert_eq!(verdict(trusting(&authority), &wildcard, "a.hosts.test").await, Ok(()));
    for host in ["hosts.test", "b.a.hosts.test"] {
        let verdict = verdict(trusting(&authority), &wildcard, host).await;
        assert_eq!(verdict, Err(ConnectFailure::WrongName), "{host}");
    }
}

#[tokio::test]
async fn each_of_several_roots_counts() {
    let (one, other) = (Authority::new("one"), Authority::new("other"));
    let mut settings = ClientSettings::new();
    settings.roots = Roots::Pem(format!("{}{}", one.pem(), other.pem()).into_bytes());
    assert_eq!(verdict(settings.clone(), &one.issue(NAME), NAME).await, Ok(()));
    assert_eq!(verdict(settings, &other.issue(NAME), NAME).await, Ok(()));
}

#[tokio::test]
async fn an_authority_in_between_is_shown_by_the_backend() {
    let root = Authority::new("root");
    let between = root.below("between", 7);
    let shown = between.issue(NAME);
    assert_eq!(verdict(trusting(&root), &shown, NAME).await, Err(ConnectFailure::UnknownAuthority));
    let shown = shown.with_chain(&[&between]);
    assert_eq!(verdict(trusting(&root), &shown, NAME).await, Ok(()));
}

#[tokio::test]
async fn what_nobody_trusted_vouches_for_is_refused() {
    let (ours, theirs) = (Authority::new("ours"), Authority::new("theirs"));
    let shown = theirs.issue(NAME);
    assert_eq!(verdict(trusting(&ours), &shown, NAME).await, Err(ConnectFailure::UnknownAuthority));
    // With its own authority shown, too, it is no better.
    let shown = shown.with_chain(&[&theirs]);
    assert_eq!(verdict(trusting(&ours), &shown, NAME).await, Err(ConnectFailure::UnknownAuthority));
    let itself = Issued::by_itself(NAME, |_| ());
    assert_eq!(verdict(trusting(&ours), &itself, NAME).await, Err(ConnectFailure::UnknownAuthority));
}

#[tokio::test]
async fn an_authority_that_was_made_anew_under_its_old_name_is_an_unknown_one() {
    let (former, present) = (Authority::new("the same"), Authority::new("the same"));
    let verdict = verdict(trusting(&former), &present.issue(NAME), NAME).await;
    assert_eq!(verdict, Err(ConnectFailure::UnknownAuthority));
}

#[tokio::test]
async fn time_counts() {
    let authority = Authority::new("ours");
    let expired = authority.issue_with(NAME, |params| params.not_after = date_time_ymd(2001, 1, 1));
    assert_eq!(verdict(trusting(&authority), &expired, NAME).await, Err(ConnectFailure::Expired));
    let future = authority.issue_with(NAME, |params| params.not_before = date_time_ymd(4000, 1, 1));
    assert_eq!(verdict(trusting(&authority), &future, NAME).await, Err(ConnectFailure::NotYetValid));
}

#[tokio::test]
async fn a_certificate_for_clients_alone_is_bad() {
    let authority = Authority::new("ours");
    let shown = authority.issue_with(NAME, |params| {
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    });
    assert_eq!(verdict(trusting(&authority), &shown, NAME).await, Err(ConnectFailure::BadCertificate));
}

#[tokio::test]
async fn the_name_must_be_that_of_the_host() {
    let authority = Authority::new("ours");
    let shown = authority.issue(NAME);
    assert_eq!(verdict(trusting(&authority), &shown, "other.test").await, Err(ConnectFailure::WrongName));
    assert_eq!(verdict(trusting(&authority), &shown, "127.0.0.1").await, Err(ConnectFailure::WrongName));
}

#[tokio::test]
async fn another_name_may_be_set_for_what_is_asked_and_verified() {
    let authority = Authority::new("ours");
    let mut settings = trusting(&authority);
    settings.server_name = Some(NAME.into());
    let client = Client::new(settings.clone()).unwrap();
    let shown = authority.issue(NAME);
    for host in ["10.0.0.1", "other.test", "/run/backend.sock"] {
        let (_, theirs) = shake(&client, &Backend::with(&shown).config(), host).await.both();
        assert_eq!(theirs.get_ref().1.server_name(), Some(NAME), "{host}");
    }
    let shown = authority.issue("other.test");
    assert_eq!(verdict(settings.clone(), &shown, "other.test").await, Err(ConnectFailure::WrongName));

    settings.server_name = Some("*.test".into());
    let error = Client::new(settings).unwrap_err();
    assert_eq!(error, ClientError::ServerName { name: "*.test".into() });
}

#[tokio::test]
async fn an_address_is_verified_and_never_sent() {
    let authority = Authority::new("ours");
    let client = Client::new(trusting(&authority)).unwrap();
    for (san, host) in [("192.0.2.7", "192.0.2.7"), ("2001:db8::7", "2001:db8::7"), ("::1", "[::1]")] {
        let shown = authority.issue(san);
        let (_, theirs) = shake(&client, &Backend::with(&shown).config(), host).await.both();
        assert_eq!(theirs.get_ref().1.server_name(), None, "{host}");
    }
    let ends = shake(&client, &Backend::with(&authority.issue("192.0.2.7")).config(), "192.0.2.8").await;
    assert_eq!(ends.failure(), ConnectFailure::WrongName);
}

#[tokio::test]
async fn a_host_that_no_certificate_can_be_for_is_refused_unsent() {
    let client = Client::new(trusting(&Authority::new("ours"))).unwrap();
    for host in ["", "/run/backend.sock", "a b", "a..test", "*.test", "b\u{fc}cher.test", "999.1.1.1", "[::1"]
    {
        let (near, mut far) = tokio::io::duplex(64);
        let failure = client.connect(near, host).await.map(|_| ()).unwrap_err();
        assert_eq!(failure, ConnectFailure::BadName, "{host}");
        let mut sent = Vec::new();
        tokio::io::AsyncReadExt::read_to_end(&mut far, &mut sent).await.unwrap();
        assert!(sent.is_empty(), "{host}");
    }
}

#[tokio::test]
async fn a_certificate_that_is_given_itself_is_believed_as_it_is() {
    let trusts = |shown: &Issued| {
        let mut settings = ClientSettings::new();
        settings.roots = Roots::Pem(shown.pem.clone().into_bytes());
        settings
    };
    let plain = Issued::by_itself(NAME, |_| ());
    assert_eq!(verdict(trusts(&plain), &plain, NAME).await, Ok(()));

    // What `openssl req -x509` makes says that it is an authority.
    let is_authority =
        |params: &mut rcgen::CertificateParams| params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let shown = Issued::by_itself(NAME, is_authority);
    assert_eq!(verdict(trusts(&shown), &shown, NAME).await, Ok(()));
    assert_eq!(verdict(trusts(&shown), &shown, "other.test").await, Err(ConnectFailure::WrongName));

    let expired = Issued::by_itself(NAME, |params| {
        is_authority(params);
        params.not_after = date_time_ymd(2001, 1, 1);
    });
    assert_eq!(verdict(trusts(&expired), &expired, NAME).await, Err(ConnectFailure::Expired));
    let future = Issued::by_itself(NAME, |params| {
        is_authority(params);
        params.not_before = date_time_ymd(4000, 1, 1);
    });
    assert_eq!(verdict(trusts(&future), &future, NAME).await, Err(ConnectFailure::NotYetValid));

    // Another of the same form is not the one that was given.
    let other = Issued::by_itself(NAME, is_authority);
    assert!(verdict(trusts(&shown), &other, NAME).await.is_err());
}

#[tokio::test]
async fn what_a_list_revokes_is_refused() {
    let authority = Authority::new("ours");
    let shown = authority.issue_with(NAME, |params| params.serial_number = Some(SerialNumber::from(7)));
    let with = |crls: Vec<Vec<u8>>| {
        let mut settings = trusting(&authority);
        settings.crls = crls;
        settings
    };
    assert_eq!(verdict(with(vec![]), &shown, NAME).await, Ok(()));
    assert_eq!(verdict(with(vec![authority.revokes(&[8], 4000)]), &shown, NAME).await, Ok(()));
    let revoking = authority.revokes(&[6, 7], 4000);
    assert_eq!(verdict(with(vec![revoking.clone()]), &shown, NAME).await, Err(ConnectFailure::Revoked));

    // It may stand behind another in one text, or in another text.
    let others = Authority::new("others").revokes(&[1], 4000);
    assert_eq!(
        verdict(with(vec![others.clone(), revoking.clone()]), &shown, NAME).await,
        Err(ConnectFailure::Revoked)
    );
    let both = [others.clone(), revoking].concat();
    assert_eq!(verdict(with(vec![both]), &shown, NAME).await, Err(ConnectFailure::Revoked));

    // A list that is out of date still counts; none at all of the issuer does not do.
    let old = with(vec![authority.revokes(&[7], 2021)]);
    assert_eq!(verdict(old, &shown, NAME).await, Err(ConnectFailure::Revoked));
    let old = with(vec![authority.revokes(&[8], 2021)]);
    assert_eq!(verdict(old, &shown, NAME).await, Ok(()));
    assert_eq!(verdict(with(vec![others]), &shown, NAME).await, Err(ConnectFailure::UnknownRevocation));
}

#[tokio::test]
async fn authorities_in_between_are_looked_up_in_lists_as_well() {
    let root = Authority::new("root");
    let between = root.below("between", 9);
    let shown = between.issue_with(NAME, |params| params.serial_number = Some(SerialNumber::from(7)));
    let shown = shown.with_chain(&[&between]);
    let with = |crls: Vec<Vec<u8>>| {
        let mut settings = trusting(&root);
        settings.crls = crls;
        settings
    };
    let (of_between, of_root) = (between.revokes(&[], 4000), root.revokes(&[], 4000));
    assert_eq!(verdict(with(vec![of_between.clone(), of_root]), &shown, NAME).await, Ok(()));
    let revoked = with(vec![of_between.clone(), root.revokes(&[9], 4000)]);
    assert_eq!(verdict(revoked, &shown, NAME).await, Err(ConnectFailure::Revoked));
    assert_eq!(verdict(with(vec![of_between]), &shown, NAME).await, Err(ConnectFailure::UnknownRevocation));
}

#[tokio::test]
async fn pins_are_checked_beside_all_else() {
    let authority = Authority::new("ours");
    let (shown, other) = (authority.issue(NAME), authority.issue(NAME));
    let with = |pins: Vec<Pin>| {
        let mut settings = trusting(&authority);
        settings.pins = pins;
        settings
    };
    let (right, wrong) = (pin_of(&shown), pin_of(&other));
    assert_eq!(verdict(with(vec![right]), &shown, NAME).await, Ok(()));
    assert_eq!(verdict(with(vec![wrong, right]), &shown, NAME).await, Ok(()));
    assert_eq!(verdict(with(vec![wrong]), &shown, NAME).await, Err(ConnectFailure::PinMismatch));
    assert_eq!(verdict(with(vec![right]), &shown, "other.test").await, Err(ConnectFailure::WrongName));

    let stranger = Authority::new("theirs").issue(NAME);
    assert_eq!(
        verdict(with(vec![pin_of(&stranger)]), &stranger, NAME).await,
        Err(ConnectFailure::UnknownAuthority)
    );
}

#[tokio::test]
async fn a_pinned_key_further_up_the_chain_does_not_count() {
    let authority = Authority::new("ours");
    let key = authority.issuer.key().subject_public_key_info();
    let mut settings = trusting(&authority);
    settings.pins = vec![Pin::new(digest(&SHA256, &key).as_ref().try_into().unwrap())];
    let shown = authority.issue(NAME).with_chain(&[&authority]);
    assert_eq!(verdict(settings.clone(), &shown, NAME).await, Err(ConnectFailure::PinMismatch));
    settings.skips_verification = true;
    assert_eq!(verdict(settings, &shown, NAME).await, Err(ConnectFailure::PinMismatch));
}

#[tokio::test]
async fn without_verification_any_certificate_will_do_but_for_pins() {
    let mut settings = trusting(&Authority::new("ours"));
    settings.crls = vec![Authority::new("others").revokes(&[1], 4000)];
    settings.skips_verification = true;
    let shown = Issued::by_itself("other.test", |params| {
        params.not_after = date_time_ymd(2001, 1, 1);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    });
    assert_eq!(verdict(settings.clone(), &shown, NAME).await, Ok(()));
    settings.pins = vec![pin_of(&shown)];
    assert_eq!(verdict(settings.clone(), &shown, NAME).await, Ok(()));
    let other = Issued::by_itself("other.test", |_| ());
    assert_eq!(verdict(settings, &other, NAME).await, Err(ConnectFailure::PinMismatch));
}

#[tokio::test]
async fn who_shows_a_certificate_without_having_its_key_is_refused_in_any_case() {
    let authority = Authority::new("ours");
    let (stolen, own) = (authority.issue(NAME), authority.issue(NAME));
    let shown = Issued { pem: stolen.pem.clone(), key: own.key };
    let mut unverified = trusting(&authority);
    unverified.skips_verification = true;
    let mut pinned = unverified.clone();
    pinned.pins = vec![pin_of(&stolen)];
    for settings in [trusting(&authority), unverified, pinned] {
        for versions in EACH {
            let client = Client::new(settings.clone()).unwrap();
            let backend = Backend { versions, ..Backend::with(&shown) }.config();
            assert_eq!(shake(&client, &backend, NAME).await.failure(), ConnectFailure::BadCertificate);
        }
        assert_eq!(verdict(settings, &stolen, NAME).await, Ok(()));
    }
}

#[test]
fn bad_settings_are_refused_with_their_reason() {
    #[track_caller]
    fn check(change: impl FnOnce(&mut ClientSettings), expected: &str) {
        let mut settings = trusting(&Authority::new("ours"));
        change(&mut settings);
        assert_eq!(Client::new(settings).unwrap_err().to_string(), expected);
    }
    check(
        |settings| settings.roots = Roots::Pem(Vec::new()),
        "the roots: there is no certificate in it (`-----BEGIN CERTIFICATE-----`)",
    );
    check(
        |settings| settings.crls = vec![Authority::new("a").revokes(&[1], 4000), b"nothing".to_vec()],
        "revocation list 2: there is no list in it (`-----BEGIN X509 CRL-----`)",
    );
    check(
        |settings| {
            settings.crls = vec![b"-----BEGIN X509 CRL-----\n%\n-----END X509 CRL-----\n".to_vec()];
        },
        "revocation list 1: the PEM is broken: a section is not base64",
    );
    check(
        |settings| settings.server_name = Some("a b".into()),
        "\"a b\" is neither a DNS name nor an IP address",
    );
}

#[test]
fn a_list_that_is_none_is_refused() {
    let mut settings = trusting(&Authority::new("ours"));
    settings.crls = vec![b"-----BEGIN X509 CRL-----\nAQID\n-----END X509 CRL-----\n".to_vec()];
    assert!(matches!(Client::new(settings), Err(ClientError::Unusable { .. })));
}

#[test]
fn settings_are_shown_without_secrets() {
    let authority = Authority::new("ours");
    let issued = authority.issue(NAME);
    let mut settings = trusting(&authority);
    let key = issued.key.serialize_pem();
    settings.identity = Some(tls_sni::Identity::parse(issued.pem.as_bytes(), key.as_bytes()).unwrap());
    let shown = format!("{:?}", Client::new(settings).unwrap());
    assert!(shown.contains("fingerprint"), "{shown}");
    assert!(!shown.to_lowercase().contains("key"), "{shown}");
}
