use super::*;

#[track_caller]
fn check(text: &str, expected: Option<(Option<f64>, Option<f64>, u64, u64)>) {
    let read = revert_on(text).ok();
    let told = read.map(|bounds| (bounds.errors, bounds.p99, bounds.watch.as_secs(), bounds.least));
    assert_eq!(told, expected, "{text}");
}

#[test]
fn bounds_are_shares_and_factors() {
    check("errors=5%,p99=2x", Some((Some(5.0), Some(2.0), 60, 20)));
    check("errors=0.5", Some((Some(0.5), None, 60, 20)));
    check("p99=1.5x,watch=5m,least=100", Some((None, Some(1.5), 300, 100)));
}

#[test]
fn bounds_that_say_nothing_are_refused() {
    for text in [
        "",
        "errors",
        "errors=",
        "errors=x",
        "errors=-1%",
        "errors=101%",
        "errors=5x",
        "errors=NaN",
        "errors=inf",
        "p99=0.5x",
        "p99=2%",
        "watch=60s",
        "errors=1%,errors=2%",
        "errors=1%,",
        "latency=2x",
        "errors=1%,watch=0s",
        "errors=1%,least=-1",
    ] {
        check(text, None);
    }
}

#[test]
fn times_to_confirm_have_bounds() {
    assert_eq!(span("confirm", "60s").unwrap(), Duration::from_secs(60));
    assert_eq!(span("confirm", "1500").unwrap(), Duration::from_millis(1500));
    assert_eq!(span("confirm", "24h").unwrap(), CONFIRM_MAX);
    for text in ["0", "999ms", "24h1s", "soon", "-5s", "5", "1e3s"] {
        assert!(span("confirm", text).is_err(), "{text}");
    }
}
