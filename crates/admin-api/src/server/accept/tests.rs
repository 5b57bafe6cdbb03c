use super::*;

#[test]
fn what_became_of_one_connection_holds_up_nobody() {
    for (errno, expected) in [
        (Errno::CONNABORTED, true),
        (Errno::CONNRESET, true),
        (Errno::PROTO, true),
        (Errno::INTR, true),
        (Errno::MFILE, false),
        (Errno::NFILE, false),
        (Errno::NOBUFS, false),
        (Errno::NOMEM, false),
    ] {
        assert_eq!(is_passing(&errno.into()), expected, "{errno}");
    }
}
