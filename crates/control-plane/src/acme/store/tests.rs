use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::SystemTime;

use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use zeroize::Zeroizing;

use super::{Found, Identity, Store, folder};

const DIRECTORY: &str = "https://authority.example/directory";

/// The key and the certificate of a name, PEM, valid until the begin of that year.
fn pem(name: &str, until: i32) -> Vec<u8> {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new([name.to_owned()]).unwrap();
    params.not_after = date_time_ymd(until, 1, 1);
    let certificate = params.self_signed(&key).unwrap();
    [key.serialize_pem(), certificate.pem()].concat().into_bytes()
}

fn identity() -> Identity {
    let key = KeyPair::generate().unwrap();
    Identity { url: "https://authority.example/account/1".into(), key: Zeroizing::new(key.serialize_der()) }
}

#[track_caller]
fn check_mode(path: &Path, expected: u32) {
    assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, expected, "{}", path.display());
}

#[test]
fn each_directory_has_a_folder_that_says_whose_it_is() {
    let one = folder("https://authority.example/directory");
    assert!(one.starts_with("authority.example-") && one.len() == "authority.example-".len() + 16, "{one}");
    assert_ne!(one, folder("https://authority.example/other"));
    for odd in ["https://[::1]:14000/dir", "https://..%2f/dir", "../..", ""] {
        assert!(!folder(odd).contains('/') && !folder(odd).starts_with('.') || odd.contains(".."), "{odd}");
        assert!(!folder(odd).contains('/'), "{odd}");
    }
}

#[test]
fn an_account_is_its_owners_alone_and_comes_back_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::new(&folder.path().join("acme"), DIRECTORY);
    assert!(store.account().unwrap().is_none());
    let identity = identity();
    store.keep_account(&identity).unwrap();
    let kept = store.account().unwrap().unwrap();
    assert_eq!((&kept.url, &kept.key), (&identity.url, &identity.key));
    check_mode(&store.dir, 0o700);
    check_mode(&store.dir.join("account.pem"), 0o600);
    store.forget_account().unwrap();
    store.forget_account().unwrap();
    assert!(store.account().unwrap().is_none());
}

#[test]
fn what_is_no_account_is_set_aside() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::new(folder.path(), DIRECTORY);
    store.keep_account(&identity()).unwrap();
    let path = store.dir.join("account.pem");
    let whole = fs::read_to_string(&path).unwrap();
    let nowhere = whole.replace("https://authority.example/account/1", "");
    let cut = whole.get(..whole.len() / 2).unwrap();
    for (number, text) in [(1, ""), (2, cut), (3, nowhere.as_str()), (4, "\u{0}\u{1}")] {
        fs::write(&path, text).unwrap();
        assert!(store.account().unwrap().is_none(), "{text:?}");
        let aside = store.dir.join(format!("account.pem.corrupt-{number}"));
        assert_eq!(fs::read_to_string(aside).unwrap(), text);
        assert!(!path.exists());
    }
}

#[test]
fn a_certificate_comes_back_with_its_key_and_is_not_read_twice() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::new(folder.path(), DIRECTORY);
    let now = SystemTime::now();
    assert!(matches!(store.certificate("a.example", None, now), (Found::Nothing, None)));
    store.keep_certificate("a.example", &pem("a.example", 4_000)).unwrap();
    let (Found::Certificate(first), stamp) = store.certificate("a.example", None, now) else {
        panic!("there is one")
    };
    assert_eq!(first.names(), ["a.example"]);
    check_mode(&store.dir.join("certificates"), 0o700);
    check_mode(&store.dir.join("certificates/a.example.pem"), 0o600);
    assert!(matches!(store.certificate("a.example", stamp, now).0, Found::Unchanged));
    store.keep_certificate("a.example", &pem("a.example", 4_000)).unwrap();
    let (Found::Certificate(second), _) = store.certificate("a.example", stamp, now) else {
        panic!("there is another one")
    };
    assert_ne!(first, second);
    store.forget_certificate("a.example").unwrap();
    store.forget_certificate("a.example").unwrap();
    assert!(matches!(store.certificate("a.example", stamp, now), (Found::Nothing, None)));
}

#[test]
fn a_certificate_that_is_of_no_use_is_set_aside() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::new(folder.path(), DIRECTORY);
    let good = pem("a.example", 4_000);
    let other_key = [KeyPair::generate().unwrap().serialize_pem().into_bytes(), good.clone()].concat();
    let useless = [good[..good.len() / 2].to_vec(), Vec::new(), pem("b.example", 4_000), other_key];
    for (number, text) in (1..).zip(useless) {
        store.keep_certificate("a.example", &text).unwrap();
        assert!(
            matches!(store.certificate("a.example", None, SystemTime::now()).0, Found::Nothing),
            "{number}"
        );
        let aside = store.dir.join(format!("certificates/a.example.pem.corrupt-{number}"));
        assert_eq!(fs::read(aside).unwrap(), text);
    }
    assert_eq!(store.names().unwrap(), [] as [&str; 0]);
}

#[test]
fn a_certificate_whose_time_is_over_is_left_to_be_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::new(folder.path(), DIRECTORY);
    store.keep_certificate("a.example", &pem("a.example", 2_000)).unwrap();
    assert!(matches!(store.certificate("a.example", None, SystemTime::now()).0, Found::Nothing));
    assert_eq!(store.names().unwrap(), ["a.example"]);
}

#[test]
fn only_files_of_names_are_listed() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::new(folder.path(), DIRECTORY);
    assert_eq!(store.names().unwrap(), [] as [&str; 0]);
    store.keep_certificate("a.example", b"").unwrap();
    for name in ["b.example.pem.next", "c.example.pem.corrupt-1", "D.example.pem", ".pem", "-.pem", "README"]
    {
        fs::write(store.dir.join("certificates").join(name), "").unwrap();
    }
    assert_eq!(store.names().unwrap(), ["a.example"]);
}
