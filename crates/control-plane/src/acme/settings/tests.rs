use super::{AcmeSettings, ExternalAccount, SettingsError};

fn settings() -> AcmeSettings {
    AcmeSettings::new("https://authority.example/directory", "/state")
}

#[track_caller]
fn check(change: impl FnOnce(&mut AcmeSettings), expected: Result<(), &str>) {
    let mut settings = settings();
    change(&mut settings);
    let found = settings.check().map_err(|error| error.to_string());
    assert_eq!(found, expected.map_err(str::to_owned));
}

#[test]
fn what_can_work_is_taken() {
    check(|_| (), Ok(()));
    check(|settings| settings.directory = "http://127.0.0.1:14000/dir".into(), Ok(()));
    check(|settings| settings.directory = "http://[::1]:14000/dir".into(), Ok(()));
    check(|settings| settings.ask = Some("http://asked.example:9000/may?x=y".into()), Ok(()));
    check(|settings| settings.domains = vec!["A.example.".into(), "internal".into()], Ok(()));
}

#[test]
fn what_can_never_work_is_told() {
    check(
        |settings| settings.terms_agreed = false,
        Err("an authority issues nothing to who does not agree to its terms"),
    );
    for url in ["http://authority.example/directory", "ftp://a.example/", "authority.example", "https://", ""]
    {
        let expected = format!("the directory {url:?} is no HTTPS URL");
        check(|settings| settings.directory = url.into(), Err(&expected));
    }
    let expected = "there is no challenge to show control of a name by";
    check(|settings| settings.challenges.clear(), Err(expected));
    let expected = "\"nonsense\" cannot be asked for permission: it is no HTTP or HTTPS URL";
    check(|settings| settings.ask = Some("nonsense".into()), Err(expected));
    let expected = "\"*.example.com\" is no name that a certificate can be had for by these challenges";
    check(|settings| settings.domains = vec!["a.example".into(), "*.example.com".into()], Err(expected));
}

#[test]
fn the_key_of_an_external_account_is_read_with_and_without_padding_and_never_shown() {
    for (written, expected) in
        [("_-8", Some(vec![0xff, 0xef])), ("_-8=", Some(vec![0xff, 0xef])), ("+/8", None)]
    {
        let account = ExternalAccount { key_id: "kid".into(), key: written.to_owned().into() };
        assert!(!format!("{account:?}").contains(written));
        assert_eq!(account.decoded().ok().map(|key| key.to_vec()), expected, "{written}");
        let mut settings = settings();
        settings.external_account = Some(account);
        let outcome = if expected.is_some() { Ok(()) } else { Err(SettingsError::ExternalAccountKey) };
        assert_eq!(settings.check(), outcome);
    }
}
