use super::super::fuzz_path;
use super::*;

#[track_caller]
fn check(strip: Option<&str>, set: Option<&str>, cut: Cut, cases: &[(&str, Result<&str, PathError>)]) {
    let rewrite = Rewrite::new(strip, set, cut).unwrap();
    for (path, expected) in cases {
        let mut scratch = b"old".to_vec();
        let found = rewrite.apply(path.as_bytes(), &mut scratch).map(|path| str::from_utf8(path).unwrap());
        assert_eq!(found, *expected, "{strip:?} {set:?} {cut:?} {path}");
    }
}

#[test]
fn whole_segments_are_stripped_without_a_copy() {
    let rewrite = Rewrite::new(Some("/api"), None, Cut::Segments).unwrap();
    let mut scratch = Vec::new();
    let path = b"/api/users";
    assert!(std::ptr::eq(rewrite.apply(path, &mut scratch).unwrap(), &path[4..]));
    assert_eq!(scratch.capacity(), 0);
}

#[test]
fn the_result_lies_in_the_path_or_in_the_scratch() {
    for set in [None, Some("/v2")] {
        for cut in [Cut::Segments, Cut::Text] {
            for path in ["/api", "/api/", "/api/x", "/apis", "/else"] {
                let mut scratch = Vec::with_capacity(64);
                let space = scratch.as_ptr_range().start as usize;
                let rewrite = Rewrite::new(Some("/api"), set, cut).unwrap();
                let start = rewrite.apply(path.as_bytes(), &mut scratch).unwrap().as_ptr();
                let is_part = path.as_bytes().as_ptr_range().contains(&start);
                assert!(is_part || start as usize == space, "{path} {set:?} {cut:?}");
            }
        }
    }
}

#[test]
fn a_prefix_of_segments_is_no_prefix_of_text() {
    for strip in ["/api", "/api/", "//api/", "/%61pi"] {
        let cases = [
            ("/api/users", Ok("/users")),
            ("/api/", Ok("/")),
            ("/api", Ok("/")),
            ("/apis/users", Ok("/apis/users")),
            ("/api../admin", Ok("/api../admin")),
            ("/api..;/admin", Ok("/api..;/admin")),
            ("/other", Ok("/other")),
            ("/", Ok("/")),
        ];
        check(Some(strip), None, Cut::Segments, &cases);
    }
}

/// A cut within a segment must not open the way out of the route's space (the class of CVE-2026-48020).
#[test]
fn a_cut_within_a_segment_is_normalised_again() {
    let cases = [
        ("/api/users", Ok("/users")),
        ("/api", Ok("/")),
        ("/apis/users", Ok("/s/users")),
        ("/api../admin", Err(PathError::EscapesRoot)),
        ("/api..", Err(PathError::EscapesRoot)),
        ("/api./admin", Ok("/admin")),
        ("/api.", Ok("/")),
        ("/api..;/admin", Err(PathError::DotParams)),
        ("/api..%2Fadmin", Err(PathError::EncodedSeparatorDots)),
        ("/api%20x", Ok("/%20x")),
    ];
    check(Some("/api"), None, Cut::Text, &cases);
}

#[test]
fn the_new_prefix_is_the_root_of_what_follows() {
    let cases = [
        ("/api/users", Ok("/v2/users")),
        ("/api/", Ok("/v2/")),
        ("/api", Ok("/v2")),
        ("/apis", Ok("/v2/s")),
        ("/api../x", Err(PathError::EscapesRoot)),
        ("/api./x", Ok("/v2/x")),
        ("/else", Ok("/v2/else")),
    ];
    check(Some("/api"), Some("/v2/"), Cut::Text, &cases);
    check(None, Some("/v2"), Cut::Segments, &[("/", Ok("/v2/")), ("/a", Ok("/v2/a"))]);
}

#[test]
fn an_empty_rewrite_changes_nothing() {
    let rewrite = Rewrite::new(None, Some("/"), Cut::Segments).unwrap();
    assert!(rewrite.is_empty());
    check(None, None, Cut::Text, &[("/a/b/", Ok("/a/b/")), ("/", Ok("/"))]);
}

#[test]
fn a_prefix_that_is_no_path_is_refused() {
    assert_eq!(Rewrite::new(Some("api"), None, Cut::Segments), Err(PathError::NotAbsolute));
    assert_eq!(Rewrite::new(None, Some("/a b"), Cut::Segments), Err(PathError::Space));
    assert_eq!(Rewrite::new(None, Some("/../a"), Cut::Segments), Err(PathError::EscapesRoot));
}

#[test]
fn random_rewrites_give_normal_paths_within_the_new_prefix() {
    let seed = 11;
    println!("seed {seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    let pieces = ["/", "/", ".", "..", ";", "a", "ap", "%2F", "%20"];
    let mut kept = 0;
    for _ in 0..40_000 {
        let mut draw = |count: usize| {
            let length = random.usize(0..count);
            (0..length).fold(String::from("/a"), |text, _| text + pieces[random.usize(..pieces.len())])
        };
        let (path, strip, set) = (draw(8), draw(3), draw(3));
        let cut = if random.bool() { Cut::Segments } else { Cut::Text };
        let Ok(rewrite) = Rewrite::new(Some(&strip), Some(&set), cut) else { continue };
        let (mut first, mut second, mut third) = (Vec::new(), Vec::new(), Vec::new());
        let Ok(path) = normalise(path.as_bytes(), &mut first) else { continue };
        let Ok(result) = rewrite.apply(path, &mut second) else { continue };
        fuzz_path(result);
        assert_eq!(normalise(result, &mut third), Ok(result), "{path:?} {rewrite:?}");
        let rest = result.strip_prefix(&*rewrite.set).unwrap();
        assert!(rest.is_empty() || rest.starts_with(b"/"));
        kept += 1;
    }
    assert!(kept > 5_000, "only {kept} rewrites were carried out");
}
