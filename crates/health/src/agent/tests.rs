mod walk;

use super::{Admin, AgentState, Operational, Report, parse};

fn nothing() -> Report {
    Report::default()
}

fn percent(percent: u32) -> Report {
    Report { weight_percent: Some(percent), ..nothing() }
}

fn weight(weight: u32) -> Report {
    Report { weight: Some(weight), ..nothing() }
}

fn most(most: u32) -> Report {
    Report { max_connections: Some(most), ..nothing() }
}

fn admin(admin: Admin) -> Report {
    Report { admin: Some(admin), ..nothing() }
}

fn operational(operational: Operational, reason: &str) -> Report {
    let reason = Some(reason.to_owned()).filter(|reason| !reason.is_empty());
    Report { operational: Some(operational), reason, ..nothing() }
}

#[track_caller]
fn check(line: &str, expected: &Report) {
    assert_eq!(parse(line.as_bytes()), *expected, "{line:?}");
}

#[test]
fn each_word_sets_its_attribute() {
    for (line, expected) in [
        ("75%", percent(75)),
        ("0%", percent(0)),
        ("weight:75%", percent(75)),
        ("weight:5", weight(5)),
        ("weight:0", weight(0)),
        ("maxconn:30", most(30)),
        ("ready", admin(Admin::Ready)),
        ("drain", admin(Admin::Drain)),
        ("maint", admin(Admin::Maint)),
        ("up", operational(Operational::Up, "")),
        ("down", operational(Operational::Down, "")),
        ("fail", operational(Operational::Fail, "")),
        ("stopped", operational(Operational::Stopped, "")),
        ("DOWN", operational(Operational::Down, "")),
        ("MaxConn:1", most(1)),
    ] {
        check(line, &expected);
    }
}

#[test]
fn words_come_in_any_order_between_any_separators() {
    let expected = Report {
        weight_percent: Some(50),
        max_connections: Some(7),
        admin: Some(Admin::Ready),
        operational: Some(Operational::Up),
        ..nothing()
    };
    for line in ["up ready 50% maxconn:7", "maxconn:7,50%\tready , up\r\n", ",,50%\r\rup\tready,maxconn:7"] {
        check(line, &expected);
    }
}

#[test]
fn words_that_mean_nothing_are_passed_over() {
    for line in [
        "",
        "\n",
        " , ",
        "hello",
        "7",
        "%",
        "-5%",
        "+5%",
        "7 %",
        "5%%",
        "weight:",
        "weight:%",
        "weight:-1",
        "weight:65536",
        "weight:5x",
        "maxconn:",
        "maxconn:-1",
        "maxconn:99999999999",
        "99999999999%",
        "upp",
        "weight :5",
        "up%",
    ] {
        check(line, &nothing());
    }
    check("hello 5% world", &percent(5));
}

#[test]
fn the_last_of_several_counts() {
    check("10% 20%", &percent(20));
    check("10% weight:3", &weight(3));
    check("weight:3 10%", &percent(10));
    check("10% weight:99999", &percent(10));
    check("maxconn:1 maxconn:2 maxconn:x", &most(2));
    check("up down", &operational(Operational::Down, ""));
}

#[test]
fn large_percentages_are_bounded() {
    check("25600%", &percent(25_600));
    check("25601%", &percent(25_600));
    check("4294967295%", &percent(25_600));
}

#[test]
fn the_reason_is_what_follows_the_hash() {
    check("down #disk full", &operational(Operational::Down, "disk full"));
    check("down#disk full, 50%\r\n", &operational(Operational::Down, "disk full, 50%"));
    check("fail # a # b \t", &operational(Operational::Fail, "a # b"));
    check("stopped #  ", &operational(Operational::Stopped, ""));
    check("# up", &Report { reason: Some("up".to_owned()), ..nothing() });
}

#[test]
fn what_cannot_be_printed_is_replaced() {
    check("down #a\u{1b}[31m\u{202e}b\0", &operational(Operational::Down, "a?[31m???b?"));
}

#[test]
fn only_the_first_line_and_its_first_256_bytes_are_read() {
    check("up\ndown", &operational(Operational::Up, ""));
    check(&format!("{}down", " ".repeat(252)), &operational(Operational::Down, ""));
    check(&format!("{}down", " ".repeat(256)), &nothing());
    let reason = parse(format!("down #{}", "x".repeat(10_000)).as_bytes()).reason;
    assert_eq!(reason.map(|reason| reason.len()), Some(250));
}

#[test]
fn random_bytes_are_read_without_harm() {
    let seed = 3;
    let mut random = fastrand::Rng::with_seed(seed);
    let words: [&[u8]; 8] = [b"up", b"down", b"%", b"weight:", b"maxconn:", b"9", b"#", b" "];
    for step in 0..100_000 {
        let mut line = Vec::new();
        for _ in 0..random.usize(0..40) {
            match random.u8(0..3) {
                0 => line.push(random.u8(..)),
                _ => line.extend_from_slice(words[random.usize(0..words.len())]),
            }
        }
        let report = parse(&line);
        let printable =
            |reason: &String| reason.len() <= 256 && reason.bytes().all(|b| (32..127).contains(&b));
        assert!(report.reason.as_ref().is_none_or(printable), "seed {seed}, step {step}: {report:?}");
        assert!(report.weight.is_none() || report.weight_percent.is_none(), "seed {seed}, step {step}");
        assert!(report.weight.is_none_or(|weight| weight <= 65_535), "seed {seed}, step {step}");
    }
}

#[test]
fn an_agent_that_says_nothing_changes_nothing() {
    let mut agent = AgentState::default();
    assert!(!agent.apply(&nothing()));
    assert_eq!((agent.weight(7), agent.max_connections(), agent.admin()), (7, None, Admin::Ready));
    assert_eq!((agent.is_down(), agent.operational(), agent.reason()), (false, None, None));
}

#[test]
fn what_a_report_does_not_speak_of_stays() {
    let mut agent = AgentState::default();
    assert!(agent.apply(&parse(b"drain fail 50% maxconn:9 # broken")));
    assert!(!agent.apply(&parse(b"")));
    assert!(!agent.apply(&parse(b"50%")));
    assert_eq!((agent.weight(10), agent.max_connections(), agent.admin()), (5, Some(9), Admin::Drain));
    assert_eq!((agent.operational(), agent.reason()), (Some(Operational::Fail), Some("broken")));
}

#[test]
fn only_the_opposite_word_takes_a_word_back() {
    let mut agent = AgentState::default();
    assert!(agent.apply(&parse(b"down maint # late")));
    assert!(agent.apply(&parse(b"up")));
    assert_eq!((agent.is_down(), agent.admin(), agent.reason()), (false, Admin::Maint, None));
    assert!(agent.apply(&parse(b"ready")));
    assert_eq!(agent.admin(), Admin::Ready);
}

#[test]
fn each_word_but_up_is_down() {
    for (line, is_down) in [("up", false), ("down", true), ("fail", true), ("stopped", true)] {
        let mut agent = AgentState::default();
        agent.apply(&parse(line.as_bytes()));
        assert_eq!(agent.is_down(), is_down, "{line}");
    }
}

#[test]
fn weights_are_shares_of_the_configured_one_rounded_up_or_numbers() {
    for (line, configured, expected) in [
        ("100%", 7, 7),
        ("50%", 7, 4),
        ("1%", 1, 1),
        ("0%", 7, 0),
        ("200%", 7, 14),
        ("25600%", 65_535, 65_535),
        ("25600%", u32::MAX, 65_535),
        ("weight:3", 7, 3),
        ("weight:0", 7, 0),
    ] {
        let mut agent = AgentState::default();
        agent.apply(&parse(line.as_bytes()));
        assert_eq!(agent.weight(configured), expected, "{line} of {configured}");
    }
}

#[test]
fn shares_of_small_weights_are_told_apart() {
    for (line, configured, expected) in [
        ("up", 1, 100),
        ("75%", 1, 75),
        ("1%", 1, 1),
        ("0%", 7, 0),
        ("200%", 7, 200),
        ("weight:3", 7, 43),
        ("weight:0", 7, 0),
        ("weight:5", 0, 500),
    ] {
        let mut agent = AgentState::default();
        agent.apply(&parse(line.as_bytes()));
        assert_eq!(agent.percent(configured), expected, "{line} of {configured}");
    }
}
