use super::*;

fn figures(rate: f64, errors: u64, p99: f64) -> Figures {
    Figures { rate, errors, p50: 1.0, p99 }
}

fn screen(routes: &[(&str, Figures)], backends: usize) -> Screen {
    let mut screen = Screen::new("unix:/a.sock".into());
    screen.fresh(Data {
        version: "1.2.3".into(),
        revision: Some(7),
        overall: figures(12.3, 4, 5.6),
        routes: routes.iter().map(|(id, figures)| RouteRow { id: (*id).into(), figures: *figures }).collect(),
        backends: (0..backends)
            .map(|index| BackendRow {
                upstream: "app".into(),
                id: format!("n{index}"),
                state: "ready".into(),
                in_flight: Some(0),
                figures: (index == 0).then(|| figures(1.0, 0, 2.0)),
            })
            .collect(),
    });
    screen
}

const ROUTES: [(&str, Figures); 3] = [
    ("a", Figures { rate: 1.0, errors: 9, p50: 1.0, p99: 5.0 }),
    ("b", Figures { rate: 3.0, errors: 0, p50: 1.0, p99: 4.0 }),
    ("c", Figures { rate: 2.0, errors: 0, p50: 1.0, p99: 6.0 }),
];

#[test]
fn routes_and_backends_are_shown_under_what_all_of_them_do() {
    let lines = screen(&ROUTES, 2).render(Size { width: 64, height: 20 });
    let expected = [
        "proxyd 1.2.3 at unix:/a.sock, revision 7",
        "12.3 requests per second, 4 errors, p50 1.00 ms, p99 5.60 ms",
        "> routes: 1-3 of 3 ---------------------------------------------",
        "ROUTE   R/S  ERRORS  P50 ms  P99 ms",
        "b      3.00       0    1.00    4.00",
        "c      2.00       0    1.00    6.00",
        "a      1.00       9    1.00    5.00",
        "  backends: 1-2 of 2 -------------------------------------------",
        "UPSTRE…  BACKEND  STATE  IN FLIGHT   R/S  ERRORS  P50 ms  P99 ms",
        "app      n0       ready          0  1.00       0    1.00    2.00",
        "app      n1       ready          0     -       -       -       -",
        "q quit  s sort: requests per second  tab other table  arrows, p…",
    ];
    assert_eq!(lines, expected);
}

#[test]
fn a_screen_of_any_size_is_never_left() {
    let many: Vec<(String, Figures)> =
        (0..50).map(|index| (format!("route-{index}"), figures(1.0, 0, 1.0))).collect();
    let many: Vec<(&str, Figures)> = many.iter().map(|(id, figures)| (id.as_str(), *figures)).collect();
    let mut screen = screen(&many, 50);
    for key in [Key::Sort, Key::End, Key::Other, Key::PageDown, Key::Down, Key::Sort] {
        for height in 0..30 {
            for width_of in [0, 1, 5, 20, 80, 300] {
                let size = Size { width: width_of, height };
                let lines = screen.render(size);
                assert!(lines.len() <= height, "{} of {height}", lines.len());
                assert!(lines.iter().all(|line| width(line) <= width_of));
                assert!(screen.press(key, size).is_continue());
            }
        }
    }
}

#[test]
fn s_changes_what_comes_first() {
    let size = Size { width: 80, height: 24 };
    let mut screen = screen(&ROUTES, 0);
    let order = |screen: &Screen| screen.routes().iter().map(|row| row.id.clone()).collect::<String>();
    assert_eq!(order(&screen), "bca");
    let _ = screen.press(Key::Sort, size);
    assert_eq!(order(&screen), "abc");
    let _ = screen.press(Key::Sort, size);
    assert_eq!(order(&screen), "cab");
    let _ = screen.press(Key::Sort, size);
    assert_eq!(order(&screen), "bca");
}

#[test]
fn keys_move_one_table_within_its_rows() {
    let size = Size { width: 80, height: 17 };
    let mut screen = screen(&ROUTES, 50);
    let seen = |screen: &Screen| screen.wanted(size).first().map(|(_, id)| id.clone()).unwrap();
    for (key, expected) in [
        (Key::Down, "n0"),
        (Key::Other, "n0"),
        (Key::Down, "n1"),
        (Key::PageDown, "n6"),
        (Key::End, "n45"),
        (Key::PageDown, "n45"),
        (Key::Up, "n44"),
        (Key::PageUp, "n39"),
        (Key::Home, "n0"),
        (Key::Up, "n0"),
    ] {
        assert!(screen.press(key, size).is_continue());
        assert_eq!(seen(&screen), expected, "{key:?}");
    }
    assert_eq!(screen.wanted(size).len(), 5);
    assert!(screen.press(Key::Quit, size).is_break());
}

#[test]
fn few_backends_are_sorted_by_their_figures_and_many_by_what_is_under_way() {
    let size = Size { width: 80, height: 17 };
    let busiest = |count: usize| {
        let mut screen = screen(&ROUTES, count);
        screen.data.backends[7].figures = Some(figures(9.0, 0, 1.0));
        screen.data.backends[8].in_flight = Some(9);
        let wanted = screen.wanted(size);
        (wanted[0].1.clone(), wanted.len())
    };
    assert_eq!(busiest(40), ("n7".into(), 40));
    assert_eq!(busiest(41), ("n8".into(), 5));
}

#[test]
fn a_failure_is_shown_until_an_answer_comes() {
    let mut screen = screen(&ROUTES, 0);
    let size = Size { width: 80, height: 24 };
    screen.failed("no connection\u{1b}[2J\nmore");
    assert_eq!(screen.render(size)[0], "unix:/a.sock: no connection\\u{1b}[2J");
    screen.fresh(Data::default());
    assert!(screen.render(size)[0].starts_with("proxyd "));
}

#[test]
fn without_a_terminal_all_of_it_is_one_text() {
    let text = screen(&ROUTES, 30).once(None);
    assert_eq!(text.lines().count(), 3 + 4 + 1 + 31);
    assert!(!text.contains('\u{1b}'));
}
