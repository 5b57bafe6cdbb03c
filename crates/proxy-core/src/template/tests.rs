use super::*;

const VARS: Vars<'static> = Vars {
    ip: IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 7)),
    host: b"a.test:8080",
    scheme: "https",
    path: b"/a/b",
    query: Some(b"x=1"),
    request_id: b"id-1",
    route: "users",
};

#[track_caller]
fn check(text: &str, expected: &str) {
    let mut out = b"before ".to_vec();
    Template::parse(text).unwrap().expand(&VARS, &mut out).unwrap();
    assert_eq!(String::from_utf8_lossy(&out), format!("before {expected}"), "{text}");
}

#[test]
fn variables_are_replaced_by_their_values() {
    check("", "");
    check("plain", "plain");
    check("$ip", "192.0.2.7");
    check("https://new.test$uri", "https://new.test/a/b?x=1");
    check("$scheme://$host$uri#$request_id/$route", "https://a.test:8080/a/b?x=1#id-1/users");
    check("${ip}x${route}s", "192.0.2.7xuserss");
    check("$ip$ip", "192.0.2.7192.0.2.7");
    check("$host.", "a.test:8080.");
    check("é$route-ü", "éusers-ü");
}

#[test]
fn two_dollars_are_one() {
    check("$$", "$");
    check("$$ip", "$ip");
    check("$$$ip$$", "$192.0.2.7$");
    check("1$$2", "1$2");
}

#[test]
fn a_uri_without_a_query_is_the_path_alone() {
    let template = Template::parse("$uri").unwrap();
    for (query, expected) in [(None, "/a/b"), (Some(""), "/a/b?"), (Some("q"), "/a/b?q")] {
        let mut out = Vec::new();
        template.expand(&Vars { query: query.map(str::as_bytes), ..VARS }, &mut out).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }
}

#[test]
fn a_text_without_variables_is_a_constant() {
    let constant = |text| Template::parse(text).unwrap().as_constant().map(<[u8]>::to_vec);
    assert_eq!(constant("a$$b"), Some(b"a$b".to_vec()));
    assert_eq!(constant(""), Some(Vec::new()));
    assert_eq!(constant("a$ip"), None);
    let template = Template::parse("$uri of $host").unwrap();
    assert_eq!(template.variables().collect::<Vec<_>>(), [Variable::Uri, Variable::Host]);
}

#[track_caller]
fn refused(text: &str, expected: &TemplateError, sentence: &str) {
    let error = Template::parse(text).unwrap_err();
    assert_eq!(error.to_string(), sentence);
    assert_eq!(&error, expected);
}

#[test]
fn what_is_no_template_is_refused_with_its_place() {
    let unknown = |variable: &str, at| TemplateError::Unknown { variable: variable.to_owned(), at };
    refused("a $hots b", &unknown("hots", 2), "unknown variable `$hots` at byte 2");
    refused("$ip_", &unknown("ip_", 0), "unknown variable `$ip_` at byte 0");
    refused("${IP}", &unknown("IP", 0), "unknown variable `$IP` at byte 0");
    refused("$$$", &unknown("", 2), "`$` at byte 2 names no variable; a `$` itself is `$$`");
    refused("a$ b", &unknown("", 1), "`$` at byte 1 names no variable; a `$` itself is `$$`");
    refused("${}", &unknown("", 0), "`$` at byte 0 names no variable; a `$` itself is `$$`");
    refused("$$${ip", &TemplateError::Unclosed { at: 2 }, "`${` at byte 2 has no `}`");
    refused("a\r\n$ip", &TemplateError::LineBreak { at: 1 }, "line break or NUL at byte 1");
    refused("$ip\0", &TemplateError::LineBreak { at: 3 }, "line break or NUL at byte 3");
}

/// RFC 9110 section 5.5: CR, LF and NUL in a value are a danger whatever comes after them.
#[test]
fn a_value_that_would_end_the_line_is_refused_and_leaves_nothing_behind() {
    for value in ["a\rb", "a\nb", "a\0b", "\rb", "a\n"] {
        let bytes = value.as_bytes();
        let cases = [
            (Variable::Host, Vars { host: bytes, ..VARS }),
            (Variable::Scheme, Vars { scheme: value, ..VARS }),
            (Variable::Uri, Vars { path: bytes, ..VARS }),
            (Variable::Uri, Vars { query: Some(bytes), ..VARS }),
            (Variable::RequestId, Vars { request_id: bytes, ..VARS }),
            (Variable::Route, Vars { route: value, ..VARS }),
        ];
        for (variable, vars) in cases {
            let template = Template::parse(&format!("$ip then {variable} and more")).unwrap();
            let mut out = b"before\r\n".to_vec();
            assert_eq!(template.expand(&vars, &mut out), Err(Unsafe { variable }));
            assert_eq!(out, b"before\r\n");
        }
    }
}
