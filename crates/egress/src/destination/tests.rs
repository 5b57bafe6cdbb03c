use super::Destination;

#[test]
fn a_destination_is_shown_as_it_is_written_in_urls() {
    for (destination, expected) in [
        (Destination::host("example.com", 80), "example.com:80"),
        (Destination::host("10.0.0.1", 80), "10.0.0.1:80"),
        (Destination::host("::1", 80), "[::1]:80"),
        (Destination::host("[::1]", 80), "[::1]:80"),
        (Destination::unix("/run/app.sock"), "unix:/run/app.sock"),
    ] {
        assert_eq!(destination.to_string(), expected);
    }
}
