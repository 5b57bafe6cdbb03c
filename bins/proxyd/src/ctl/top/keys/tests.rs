use super::*;

const ALL: &[u8] = b"qs\t\x1b[A\x1b[B\x1bOA\x1b[5~\x1b[6~\x1b[H\x1b[F\x1b[1~\x1b[4~kj \x03x\x1b[200~\x1bs";

fn expected() -> Vec<Key> {
    use Key::*;
    vec![
        Quit, Sort, Other, Up, Down, Up, PageUp, PageDown, Home, End, Home, End, Up, Down, PageDown, Quit,
        Sort,
    ]
}

#[test]
fn keys_are_the_same_wherever_bytes_are_split() {
    for at in 0..=ALL.len() {
        let mut keys = Keys::default();
        let mut typed = keys.push(&ALL[..at]);
        typed.extend(keys.push(&ALL[at..]));
        assert_eq!(typed, expected(), "split at {at}");
    }
}

#[test]
fn a_sequence_without_an_end_is_given_up() {
    let mut keys = Keys::default();
    let mut endless = b"\x1b[".to_vec();
    endless.extend([b'0'; 1000]);
    assert_eq!(keys.push(&endless), []);
    assert!(keys.held.len() <= LONGEST + 1);
    assert_eq!(keys.push(b"q"), [Key::Quit]);
}

#[test]
fn bytes_that_mean_nothing_do_nothing() {
    let all: Vec<u8> = (0..=255).filter(|byte| !b"qQsSkj\t \x03\x04\x1b".contains(byte)).collect();
    assert_eq!(Keys::default().push(&all), []);
}
