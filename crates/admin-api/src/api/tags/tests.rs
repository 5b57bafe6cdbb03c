use super::*;

fn these(tags: &[(bool, &str)]) -> Option<Tags> {
    Some(Tags::These(tags.iter().map(|(is_weak, tag)| (*is_weak, (*tag).to_owned())).collect()))
}

#[track_caller]
fn check(lines: &[&'static str], expected: Option<Tags>) {
    let mut fields = HeaderMap::new();
    for line in lines {
        fields.append(IF_MATCH, HeaderValue::from_static(line));
    }
    assert_eq!(Conditions::read(&fields).map(|conditions| conditions.is).map_err(|_| ()), Ok(expected));
}

#[test]
fn lists_of_tags_are_read() {
    check(&[], None);
    check(&["*"], Some(Tags::Any));
    check(&[r#""a""#], these(&[(false, "a")]));
    check(&[r#""a", W/"b" ,"c,d""#], these(&[(false, "a"), (true, "b"), (false, "c,d")]));
    check(&[r#""a""#, r#""b""#], these(&[(false, "a"), (false, "b")]));
    check(&[r#", "a",, "b","#], these(&[(false, "a"), (false, "b")]));
    check(&["\"\""], these(&[(false, "")]));
}

#[test]
fn nothing_is_one_of_the_tags_of_an_empty_list() {
    for text in ["", ",", " , "] {
        check(&[text], these(&[]));
    }
    let tags = parse("").unwrap();
    assert!(!tags.matches("a"));
    assert!(!Conditions { is: None, is_not: Some(tags) }.has("a"));
}

#[test]
fn what_is_no_list_of_tags_is_refused() {
    let many = "\"a\",".repeat(TAGS_MAX + 1);
    for text in ["a", "\"a", "\"a\" \"b\"", "*, \"a\"", "w/\"a\"", "\"a b\"", "W/", many.as_str()] {
        let fields = HeaderMap::from_iter([(IF_MATCH, HeaderValue::from_str(text).unwrap())]);
        let problem = Conditions::read(&fields).unwrap_err();
        assert_eq!(
            (problem.status(), problem.code()),
            (StatusCode::BAD_REQUEST, "invalid_condition"),
            "{text}"
        );
    }
}

#[test]
fn weak_tags_match_for_readers_alone() {
    let tags = parse(r#"W/"a", "b""#).unwrap();
    assert!(!tags.matches("a") && tags.matches("b") && !tags.matches("c"));
    let reader = Conditions { is: None, is_not: Some(tags) };
    assert!(reader.has("a") && reader.has("b") && !reader.has("c"));
    assert_eq!(Tags::strong(&[(true, "a".into()), (false, "b".into())]), ["b"]);
}
