use super::*;

#[track_caller]
fn check(input: &str, expected: Result<&str, PathError>) {
    let mut scratch = Vec::new();
    let found =
        normalise(input.as_bytes(), &mut scratch).map(|path| String::from_utf8_lossy(path).into_owned());
    assert_eq!(found, expected.map(str::to_owned), "{input:?}");
}

#[test]
fn a_normal_path_is_returned_as_it_came() {
    for path in ["/", "/a", "/a/", "/api/users/42", "/a.b/c..d/e.", "/a;x=1", "/-_~!$&'()*+,;=:@"] {
        let mut scratch = b"untouched".to_vec();
        let found = normalise(path.as_bytes(), &mut scratch).unwrap();
        assert!(std::ptr::eq(found, path.as_bytes()), "{path}");
        assert_eq!(scratch, b"untouched");
    }
}

/// RFC 3986 section 6.2.2.1 and 6.2.2.2.
#[test]
fn triplets_of_unreserved_characters_are_decoded_and_others_get_upper_case() {
    check("/%61%7a%5A%30%2d%2E%5f%7e", Ok("/azZ0-._~"));
    check("/%c3%a9%3d%2b", Ok("/%C3%A9%3D%2B"));
    check("/%2561", Ok("/%2561"));
    check("/%20%7f%0a", Ok("/%20%7F%0A"));
}

/// RFC 3986 section 5.2.4.
#[test]
fn dot_segments_are_removed() {
    check("/a/./b", Ok("/a/b"));
    check("/a/b/c/./../../g", Ok("/a/g"));
    check("/a/b/..", Ok("/a/"));
    check("/a/b/.", Ok("/a/b/"));
    check("/a/..", Ok("/"));
    check("/.", Ok("/"));
    check("/./", Ok("/"));
    check("/a/%2e/b/%2E%2e/c/.%2e/d", Ok("/a/d"));
    check("/.well-known/x", Ok("/.well-known/x"));
    check("/.../..x/x..", Ok("/.../..x/x.."));
}

#[test]
fn runs_of_slashes_become_one() {
    check("//", Ok("/"));
    check("//a///b//", Ok("/a/b/"));
    check("/a//../b", Ok("/b"));
    check("///../b", Err(PathError::EscapesRoot));
}

#[test]
fn dots_above_the_root_are_refused() {
    for path in ["/..", "/../", "/../etc", "/a/../..", "/a/../../b", "/%2e%2e/x", "/./..", "//.."] {
        check(path, Err(PathError::EscapesRoot));
    }
}

#[test]
fn encoded_separators_stay_unless_they_would_make_dot_segments() {
    check("/a%2fb%5cc", Ok("/a%2Fb%5Cc"));
    check("/a%2f%2Fb", Ok("/a%2F%2Fb"));
    check("/a%2f..b/c..%5c", Ok("/a%2F..b/c..%5C"));
    for path in [
        "/a%2f..%2fb",
        "/..%5c",
        "/%2e%2e%2f",
        "/a%2f..",
        "/a%5c.",
        "/.%2f",
        "/x%2F..;y",
        "/..;y%5Cx",
        "/a%2f%2e%2e%2fb",
        "/a/..%2f..%2fetc/passwd",
    ] {
        check(path, Err(PathError::EncodedSeparatorDots));
    }
}

#[test]
fn dot_segments_with_parameters_are_refused() {
    for path in ["/..;/", "/.;x/", "/a/..;x=1/b", "/a/%2e%2e;/b", "/a/..%3b/b", "/.%3B", "/a/..;"] {
        check(path, Err(PathError::DotParams));
    }
    check("/...;x/a;.", Ok("/...;x/a;."));
}

#[test]
fn forbidden_bytes_are_named() {
    let byte = |byte: u8| [b'/', b'a', byte, b'b'];
    for value in 0..=255_u8 {
        let expected = match value {
            0 => Some(PathError::Nul),
            b' ' => Some(PathError::Space),
            b'#' => Some(PathError::Fragment),
            b'?' => Some(PathError::Query),
            b'\\' => Some(PathError::Backslash),
            b'%' => Some(PathError::BadPercent),
            1..=0x1f | 0x7f => Some(PathError::Control),
            0x80.. => Some(PathError::NonAscii),
            _ => None,
        };
        assert_eq!(normalise(&byte(value), &mut Vec::new()).err(), expected, "{value:#x}");
    }
}

#[test]
fn malformed_triplets_and_encoded_nul_are_refused() {
    for path in ["/%", "/%4", "/%4/1", "/%zz", "/%4g", "/%+1", "/a%", "/%%41", "/%u0041"] {
        check(path, Err(PathError::BadPercent));
    }
    check("/a%00b", Err(PathError::Nul));
}

#[test]
fn a_path_that_is_not_absolute_is_refused() {
    for path in ["", "*", "a/b", "%2f", "http://a.test/"] {
        check(path, Err(PathError::NotAbsolute));
    }
}

#[test]
fn every_error_has_a_code_of_its_own() {
    let all = [
        PathError::NotAbsolute,
        PathError::BadPercent,
        PathError::Nul,
        PathError::Control,
        PathError::Space,
        PathError::NonAscii,
        PathError::Fragment,
        PathError::Query,
        PathError::Backslash,
        PathError::EscapesRoot,
        PathError::EncodedSeparatorDots,
        PathError::DotParams,
    ];
    let codes: std::collections::HashSet<_> = all.iter().map(|error| error.rule()).collect();
    let sentences: std::collections::HashSet<_> = all.iter().map(ToString::to_string).collect();
    assert_eq!((codes.len(), sentences.len()), (all.len(), all.len()));
}

/// The rules once more, written for clarity: whole decoding first, then a list of segments.
fn model(path: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(path).ok()?.strip_prefix('/')?.to_owned();
    if text.bytes().any(|byte| !byte.is_ascii_graphic() || b"#?\\".contains(&byte)) {
        return None;
    }
    let mut decoded = String::new();
    let mut parts = text.split('%');
    decoded.push_str(parts.next()?);
    for part in parts {
        let digits = part.get(..2).filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))?;
        match u8::from_str_radix(digits, 16).ok()? {
            0 => return None,
            byte if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) => decoded.push(byte.into()),
            byte => decoded.push_str(&format!("%{byte:02X}")),
        }
        decoded.push_str(&part[2..]);
    }
    let dots = |segment: &str| {
        let name = segment.replace("%3B", ";");
        let name = name.split(';').next().unwrap_or_default();
        name == "." || name == ".."
    };
    let mut kept: Vec<&str> = Vec::new();
    let mut is_folder = true;
    for segment in decoded.split('/') {
        is_folder = matches!(segment, "" | "." | "..");
        match segment {
            "" | "." => {}
            ".." => drop(kept.pop()?),
            _ if segment.replace("%5C", "%2F").split("%2F").any(dots) => return None,
            _ => kept.push(segment),
        }
    }
    let end = if is_folder && !kept.is_empty() { "/" } else { "" };
    Some(format!("/{}{end}", kept.join("/")))
}

#[test]
fn random_paths_agree_with_the_model_and_are_normal_for_good() {
    const PIECES: [&str; 26] = [
        "/", "/", "/", ".", ".", "..", "%2e", "%2E%2e", "%2f", "%2F", "%5c", "%5C", ";", "%3b", "a", "b",
        "%61", "%7E", "%20", "%c3%a9", "%25", "%", "%00", "..;x", "\\", "é",
    ];
    let seed = 0x9e37_79b9;
    println!("seed {seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    let mut accepted = 0;
    for _ in 0..60_000 {
        // The last few pieces are mostly fatal, so they are drawn rarely.
        let drawn = if random.u8(..) < 8 { PIECES.len() } else { 21 };
        let length = random.usize(0..12);
        let path = (0..length).fold(String::from("/"), |path, _| path + PIECES[random.usize(..drawn)]);
        let mut scratch = Vec::new();
        let found = normalise(path.as_bytes(), &mut scratch).ok().map(<[u8]>::to_vec);
        assert_eq!(found, model(path.as_bytes()).map(String::into_bytes), "{path}");
        accepted += usize::from(found.is_some());
        fuzz_path(path.as_bytes());
    }
    assert!(accepted > 10_000, "only {accepted} paths were accepted");
}

#[test]
fn arbitrary_bytes_keep_the_promises() {
    let mut random = fastrand::Rng::with_seed(7);
    for _ in 0..20_000 {
        let mut data: Vec<u8> = (0..random.usize(0..24)).map(|_| random.u8(..)).collect();
        fuzz_path(&data);
        data.iter_mut().for_each(|byte| *byte = b"/.%2ef5c;"[usize::from(*byte) % 9]);
        data.insert(0, b'/');
        fuzz_path(&data);
    }
}

#[test]
fn a_long_path_of_parents_is_linear() {
    // 16 KiB of alternating descent and ascent; quadratic work would be felt in a debug build.
    let path = "/aaaaaaaa/..".repeat(1_365);
    check(&path, Ok("/"));
    let deep = format!("{}{}", "/a".repeat(4_096), "/..".repeat(4_096));
    check(&deep, Ok("/"));
}

/// Blocks of the quick scan overlap and meet at every length somewhere else, so each position is tried in each.
#[test]
fn what_needs_a_closer_look_is_seen_at_every_position_of_every_length() {
    for length in 1..70 {
        let mut path = vec![b'a'; length];
        path[0] = b'/';
        assert!(is_normal(&path));
        for at in 1..length {
            for byte in [b'%', b'#', b'?', b'\\', b' ', 0, 0x1f, 0x7f, 0x80, 0xff] {
                let before = std::mem::replace(&mut path[at], byte);
                assert!(!is_normal(&path), "{byte:#x} at {at} of {length}");
                path[at] = before;
            }
            // At 1, all four stand behind the first `/`.
            for (pair, is_harmless) in [(b"//", false), (b"/.", false), (b"./", at > 1), (b"..", at > 1)] {
                if at + 1 < length {
                    path[at..at + 2].copy_from_slice(pair);
                    assert_eq!(is_normal(&path), is_harmless, "{pair:?} at {at} of {length}");
                    path[at..at + 2].copy_from_slice(b"aa");
                }
            }
        }
    }
}
