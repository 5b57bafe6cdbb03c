use clap::Parser;

use super::*;
use crate::cli::{Cli, Command};

fn parse(line: &str) -> Result<CtlOptions, clap::Error> {
    let words = std::iter::once("proxyd").chain(line.split(' '));
    match Cli::try_parse_from(words)?.command {
        Some(Command::Ctl(options)) => Ok(*options),
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn refused(line: &str) {
    assert!(parse(line).is_err(), "{line}");
}

#[test]
fn the_tree_of_commands_is_sound() {
    use clap::CommandFactory;
    Cli::command().debug_assert();
}

#[test]
fn every_example_of_the_help_can_be_typed() {
    use examples::{APPLY, BACKENDS, CERTS, EVENTS, ROUTES, STATS, UPSTREAMS};
    for help in [AFTER, ROUTES, UPSTREAMS, BACKENDS, CERTS, APPLY, STATS, EVENTS] {
        let examples: Vec<&str> = help.lines().filter_map(|line| line.strip_prefix("  proxyd ")).collect();
        let line = |line: &str| line.split(" > ").next().unwrap_or_default().replace('\'', "");
        let wrong: Vec<&&str> = examples.iter().filter(|example| parse(&line(example)).is_err()).collect();
        assert!(wrong.is_empty(), "{wrong:?}");
        assert!(examples.len() > 1, "{help}");
    }
}

#[test]
fn options_for_all_commands_stand_before_or_behind_the_command() {
    for line in ["ctl --json --address unix:/a routes", "ctl routes list --json --address unix:/a"] {
        let options = parse(line).unwrap();
        assert!(options.json);
        assert_eq!(options.reach.address.unwrap().to_string(), "unix:/a");
    }
    refused("ctl routes --address nonsense");
    refused("ctl");
}

#[test]
fn the_certificate_of_who_asks_is_not_the_one_that_is_put() {
    let options =
        parse("ctl --cert me.pem --key me.key certs put a.example --cert a.pem --key a.key").unwrap();
    assert_eq!(options.reach.cert, Some("me.pem".into()));
    let CtlCommand::Certs(Certs { action: Some(CertAction::Put(put)) }) = options.command else { panic!() };
    assert_eq!((put.cert, put.key), ("a.pem".into(), "a.key".into()));
    refused("ctl --cert me.pem routes");
    refused("ctl certs put a.example --cert a.pem");
}

#[test]
fn a_token_is_never_on_the_command_line() {
    refused("ctl --token abc routes");
    refused("ctl routes --token abc");
}

#[test]
fn times_are_bounded() {
    let wait = |time: &str| parse(&format!("ctl apply -f x.yaml --confirm {time}")).is_ok();
    assert_eq!(["1s", "60s", "5m", "24h", "1d"].map(wait), [true; 5]);
    assert_eq!(["0s", "999ms", "25h", "soon", "-1s"].map(wait), [false; 5]);
    assert_eq!(parse("ctl health").unwrap().reach.timeout, std::time::Duration::from_secs(10));
    assert_eq!(parse("ctl health --timeout 1m").unwrap().reach.timeout, std::time::Duration::from_secs(60));
    refused("ctl health --timeout 0");
}

#[test]
fn bounds_are_shares_and_multiples() {
    let parsed = |bounds: &str| parse(&format!("ctl apply -f x.yaml --revert-on {bounds}")).is_ok();
    assert_eq!(["errors=5%", "p99=2x", "errors=0.5%,p99=1.5x"].map(parsed), [true; 3]);
    assert_eq!(
        ["errors=5", "p99=2", "p50=2x", "errors=-1%", "errors=NaN%", "p99=infx", ""].map(parsed),
        [false; 7]
    );
}

#[test]
fn tags_are_quoted_as_a_field_wants_them() {
    for (text, expected) in [("abc", "\"abc\""), ("\"abc\"", "\"abc\""), ("*", "*")] {
        assert_eq!(parse::tag(text).as_deref(), Ok(expected));
    }
    for text in ["", "\"", "W/\"abc\"", "a b", "a\"b", "a,b", "a\r\n", "é"] {
        assert!(parse::tag(text).is_err(), "{text}");
    }
}

#[test]
fn arguments_that_contradict_each_other_are_refused() {
    for line in [
        "ctl backends list app --route a.example",
        "ctl backends add",
        "ctl backends add a b c",
        "ctl stats api --routes",
        "ctl stats --backend b",
        "ctl stats --routes --history",
        "ctl routes put",
        "ctl plan",
        "ctl confirm",
        "ctl rollback soon",
        "ctl document --layer redis",
        "ctl drain",
    ] {
        refused(line);
    }
}
