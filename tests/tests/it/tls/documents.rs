//! Documents with certificates that are of no use.

use std::process::Command;

use harness::tls::{Authority, Files, Wish};
use harness::{Finished, proxyd};

/// What a document with this text at its end comes to: `certificates: [..]`.
fn checked(command: &str, text: &str) -> Finished {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("proxyd.yaml");
    std::fs::write(&path, text).unwrap();
    proxyd(&[command, "--config", path.to_str().unwrap()])
}

/// The same certificate where all may have it, and where a route does.
fn documents(written: &str) -> [(String, &'static str); 2] {
    let listener = "listeners:\n  - { address: \"127.0.0.1:0\", tls: {} }\n";
    let all = format!("{listener}certificates:\n  - {{ {written} }}\n");
    let own = format!("{listener}routes:\n  - {{ vHost: a.test, respond: {{}}, ssl: {{ {written} }} }}\n");
    [(all, "certificates[0]"), (own, "routes[0].ssl")]
}

#[test]
fn a_certificate_that_is_of_no_use_is_an_error_with_its_place_and_reason() {
    let (authority, files) = (Authority::new("root"), Files::new());
    let leaf = authority.leaf(&["a.test"]);
    let chain = authority.below("second").leaf(&["a.test"]);
    let put = |name: &str, certificate: &str, key: &str| {
        let certificate = files.write(&format!("{name}.pem"), certificate);
        let key = files.write(&format!("{name}.key"), key);
        format!("cert: \"{certificate}\", key: \"{key}\"")
    };
    let (pem, key) = (leaf.pem(), leaf.key_pem());
    let missing = format!("cert: \"{}\", key: \"{}\"", files.path("no.pem"), files.path("no.key"));
    for (written, key, reason) in [
        (put("mismatched", &pem, &chain.key_pem()), "key", "does not belong to the first certificate"),
        (put("encrypted", &pem, &leaf.encrypted_key_pem()), "key", "the private key is encrypted"),
        (put("truncated", &pem[..pem.len() / 2], &key), "cert", "the PEM is broken"),
        (put("half", &pem, &key[..key.len() / 2]), "cert", "the PEM is broken"),
        (put("keyless", &pem, &pem), "key", "there is no private key"),
        (put("nothing", "", &key), "cert", "it is empty"),
        (put("other", "hello", &key), "cert", "there is no certificate"),
        (put("order", &chain.reversed_pem(), &chain.key_pem()), "cert", "certificate 1 is not issued by"),
        (missing, "cert", "cannot be read"),
    ] {
        for (text, place) in documents(&written) {
            for command in ["check", "run"] {
                let finished = checked(command, &text);
                assert_eq!(finished.code, Some(78), "{command} of {text}: {finished:?}");
                for part in ["proxyd.yaml:4:".to_owned(), format!("{place}.{key}"), reason.to_owned()] {
                    assert!(finished.errors.contains(&part), "no {part:?} in {}", finished.errors);
                }
            }
        }
    }
}

#[test]
fn one_that_is_out_of_its_time_is_a_warning() {
    let (authority, files) = (Authority::new("root"), Files::new());
    for (wish, reason) in [
        (Wish::of(&["a.test"]).expired(), "has expired"),
        (Wish::of(&["a.test"]).not_yet_valid(), "is not valid yet"),
    ] {
        let written = files.put("a", &authority.issue(wish));
        for (text, place) in documents(&written) {
            let finished = checked("check", &text);
            assert_eq!(finished.code, Some(0), "{finished:?}");
            for part in ["warning", place, reason] {
                assert!(finished.errors.contains(part), "no {part:?} in {}", finished.errors);
            }
        }
    }
}

#[test]
fn a_route_s_certificate_for_another_host_is_a_warning() {
    let (authority, files) = (Authority::new("root"), Files::new());
    let [_, (text, _)] = documents(&files.put("b", &authority.leaf(&["b.test"])));
    let finished = checked("check", &text);
    assert_eq!(finished.code, Some(0), "{finished:?}");
    for part in ["warning", "routes[0].ssl.cert", "`a.test`", "b.test"] {
        assert!(finished.errors.contains(part), "no {part:?} in {}", finished.errors);
    }
}

#[test]
fn what_is_right_passes_without_a_word() {
    let (authority, files) = (Authority::new("root"), Files::new());
    for written in [
        files.put("a", &authority.below("second").leaf(&["a.test"])),
        files.put_in_one("b", &authority.leaf(&["a.test"])),
        files.put("c", &authority.issue(Wish::of(&["a.test"]).rsa())),
        files.put("d", &authority.issue(Wish::of(&["a.test"]).ed25519())),
    ] {
        for (text, _) in documents(&written) {
            let finished = checked("check", &text);
            assert_eq!((finished.code, finished.errors.as_str()), (Some(0), ""), "{text}");
        }
    }
}

/// Runs `openssl` in the folder.
#[track_caller]
fn openssl(files: &Files, arguments: &str) {
    let output =
        Command::new("openssl").args(arguments.split(' ')).current_dir(files.path(".")).output().unwrap();
    assert!(output.status.success(), "openssl {arguments}: {}", harness::latin1(&output.stderr));
}

/// Old forms of keys, and what stands around them.
#[test]
fn files_as_other_tools_write_them_are_read() {
    let files = Files::new();
    let sign = |key: &str| {
        let subject = "-days 1000 -subj /CN=a.test -addext subjectAltName=DNS:a.test";
        openssl(&files, &format!("req -x509 -key {key}.key -out {key}.pem {subject}"));
        format!(
            "cert: \"{}\", key: \"{}\"",
            files.path(&format!("{key}.pem")),
            files.path(&format!("{key}.key"))
        )
    };
    // Which writes `EC PARAMETERS` before the key.
    openssl(&files, "ecparam -name prime256v1 -genkey -out ec.key");
    openssl(&files, "ecparam -name secp384r1 -genkey -noout -out p384.key");
    openssl(&files, "genrsa -traditional -out rsa1.key 2048");
    openssl(&files, "genpkey -algorithm ed25519 -out ed.key");
    let mut all = vec![sign("ec"), sign("p384"), sign("rsa1"), sign("ed")];
    openssl(&files, "pkcs12 -export -in ec.pem -inkey ec.key -out ec.p12 -passout pass:x");
    // Which writes `Bag Attributes` around both.
    openssl(&files, "pkcs12 -in ec.p12 -nodes -passin pass:x -out bag.pem");
    all.push(format!("cert: \"{0}\", key: \"{0}\"", files.path("bag.pem")));
    let windows = |name: &str| std::fs::read_to_string(files.path(name)).unwrap().replace('\n', "\r\n");
    let (pem, key) = (files.write("crlf.pem", windows("ec.pem")), files.write("crlf.key", windows("ec.key")));
    all.push(format!("cert: \"{pem}\", key: \"{key}\""));
    for written in all {
        for (text, _) in documents(&written) {
            let finished = checked("check", &text);
            assert_eq!((finished.code, finished.errors.as_str()), (Some(0), ""), "{text}");
        }
    }
}

#[test]
fn keys_that_are_encrypted_or_weak_are_told_whatever_form_they_have() {
    let (authority, files) = (Authority::new("root"), Files::new());
    let certificate = files.write("a.pem", authority.leaf(&["a.test"]).pem());
    openssl(&files, "genrsa -traditional -out rsa.key 2048");
    openssl(&files, "rsa -traditional -aes256 -in rsa.key -out old.key -passout pass:x");
    openssl(&files, "pkcs8 -topk8 -in rsa.key -out new.key -passout pass:x");
    openssl(&files, "genrsa -out weak.key 1024");
    openssl(&files, "genpkey -algorithm x25519 -out agreement.key");
    for (key, reason) in [
        ("old.key", "the private key is encrypted"),
        ("new.key", "the private key is encrypted"),
        ("weak.key", "the private key cannot be used"),
        ("agreement.key", "the private key cannot be used"),
    ] {
        for (text, place) in documents(&format!("cert: \"{certificate}\", key: \"{}\"", files.path(key))) {
            let finished = checked("check", &text);
            assert_eq!(finished.code, Some(78), "{key}: {finished:?}");
            for part in [&format!("{place}.key"), reason] {
                assert!(finished.errors.contains(part), "{key}: no {part:?} in {}", finished.errors);
            }
        }
    }
}

#[test]
fn files_beside_certificates_are_looked_at_too() {
    let (authority, files) = (Authority::new("root"), Files::new());
    let good = files.put("a", &authority.leaf(&["a.test"]));
    let (ca, crl) = (files.write("ca.pem", authority.pem()), files.write("bad.crl", "hello"));
    let (empty, missing) = (files.write("empty", ""), files.path("missing"));
    for (tls, place) in [
        (format!("ticketKeys: \"{missing}\""), "listeners[0].tls.ticketKeys"),
        (format!("ticketKeys: \"{empty}\""), "listeners[0].tls.ticketKeys"),
        (format!("clientAuth: {{ mode: required, ca: \"{missing}\" }}"), "listeners[0].tls.clientAuth"),
        (format!("clientAuth: {{ mode: required, ca: \"{empty}\" }}"), "listeners[0].tls.clientAuth"),
        (
            format!("clientAuth: {{ mode: required, ca: \"{ca}\", crls: [\"{crl}\"] }}"),
            "listeners[0].tls.clientAuth",
        ),
        ("clientAuth: { mode: sometimes, ca: x }".to_owned(), "listeners[0].tls.clientAuth.mode"),
        ("minVersion: \"1.1\"".to_owned(), "listeners[0].tls.minVersion"),
        ("unknownName: guess".to_owned(), "listeners[0].tls.unknownName"),
    ] {
        let text = format!(
            "listeners:\n  - {{ address: \"127.0.0.1:0\", tls: {{ {tls} }} }}\ncertificates:\n  - {{ {good} }}\n"
        );
        let finished = checked("check", &text);
        assert_eq!(finished.code, Some(78), "{tls}: {finished:?}");
        assert!(finished.errors.contains(place), "no {place} in {}", finished.errors);
    }
}

/// Somebody would believe in a rule that does not hold.
#[test]
fn rules_that_contradict_each_other_are_refused() {
    let (authority, files) = (Authority::new("root"), Files::new());
    let ca = files.write("ca.pem", authority.pem());
    let rule = |mode: &str| format!("clientAuth: {{ mode: {mode}, ca: \"{ca}\" }}");
    for (routes, place) in [
        (
            format!(
                "  - {{ vHost: a.test, path: /a, respond: {{}}, {} }}\n  - {{ vHost: a.test, path: /b, respond: {{}}, {} }}\n",
                rule("required"),
                rule("optional")
            ),
            "routes[1].clientAuth",
        ),
        (format!("  - {{ respond: {{}}, {} }}\n", rule("required")), "routes[0].clientAuth"),
    ] {
        let finished = checked("check", &format!("routes:\n{routes}"));
        assert_eq!(finished.code, Some(78), "{routes}: {finished:?}");
        assert!(finished.errors.contains(place), "no {place} in {}", finished.errors);
    }
}

#[test]
fn nothing_secret_is_shown() {
    let (authority, files) = (Authority::new("root"), Files::new());
    let leaf = authority.leaf(&["a.test"]);
    let key = leaf.key_pem();
    let line = key.lines().nth(1).unwrap().to_owned();
    let broken = key.replace("-----END", "----END").replace('\n', "\\n");
    let written = format!("cert: \"{}\", key: \"{broken}\"", files.write("a.pem", leaf.pem()));
    for (text, _) in documents(&written) {
        let finished = checked("check", &text);
        assert_eq!(finished.code, Some(78), "{finished:?}");
        assert!(!finished.errors.contains(&line), "the key is shown: {}", finished.errors);
        assert!(!finished.output.contains(&line), "the key is shown: {}", finished.output);
    }
}
