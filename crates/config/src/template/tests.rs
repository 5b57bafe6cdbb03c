use super::*;

fn text(text: &str) -> Part {
    Part::Text(text.into())
}

#[track_caller]
fn check(value: &str, expected: &[Part]) {
    assert_eq!(value.parse(), Ok(Template { parts: expected.into() }), "{value}");
}

#[test]
fn variables_and_dollars_stand_in_text() {
    check("", &[]);
    check("plain", &[text("plain")]);
    check("$ip", &[Part::Variable(Variable::Ip)]);
    check(
        "$scheme://$host$uri",
        &[
            Part::Variable(Variable::Scheme),
            text("://"),
            Part::Variable(Variable::Host),
            Part::Variable(Variable::Uri),
        ],
    );
    check(
        "a $request_id, $route.",
        &[
            text("a "),
            Part::Variable(Variable::RequestId),
            text(", "),
            Part::Variable(Variable::Route),
            text("."),
        ],
    );
    check("${ip}x", &[Part::Variable(Variable::Ip), text("x")]);
    check("$$5 and $$ip", &[text("$5 and $ip")]);
    check("$$$ip", &[text("$"), Part::Variable(Variable::Ip)]);
}

#[test]
fn a_dollar_needs_a_known_variable() {
    for (value, name) in [
        ("$", ""),
        ("a$", ""),
        ("$ ip", ""),
        ("$hots", "hots"),
        ("$ipx", "ipx"),
        ("${ip", ""),
        ("${}", ""),
        ("${hots}", "hots"),
    ] {
        assert_eq!(value.parse::<Template>(), Err(TemplateError { name: name.into() }), "{value}");
    }
}
