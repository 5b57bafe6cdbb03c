//! Documents with certificates that are of no use.

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
