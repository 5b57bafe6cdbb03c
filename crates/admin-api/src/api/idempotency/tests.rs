use super::*;

const ASKED: [&[u8]; 3] = [b"POST", b"/routes", b"{}"];

fn key(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap()
}

fn begin(memory: &Memory, caller: &str, text: &str, now: Instant) -> Ticket {
    match memory.begin(caller, &key(text), ASKED, now).unwrap() {
        Begun::New(ticket) => ticket,
        Begun::Replayed(_) => panic!("nothing was there"),
    }
}

fn reply(text: &'static str) -> Reply {
    Reply::text(Bytes::from_static(text.as_bytes())).tag("ab").status(StatusCode::CREATED)
}

#[test]
fn a_success_is_answered_again_to_the_same_caller() {
    let (memory, now) = (Memory::default(), Instant::now());
    begin(&memory, "ops", "k", now).succeeded(&reply("[1]"), now);
    let Begun::Replayed(again) = memory.begin("ops", &key("k"), ASKED, now).unwrap() else { panic!("new") };
    assert_eq!(
        (again.status, &again.fields["etag"]),
        (StatusCode::CREATED, &HeaderValue::from_static("\"ab\""))
    );
    assert_eq!(again.fields["idempotency-replayed"], "true");
    assert!(matches!(again.content, Content::Whole(body) if body == "[1]"));
    begin(&memory, "another", "k", now);
}

#[test]
fn another_request_under_the_same_key_is_refused() {
    let (memory, now) = (Memory::default(), Instant::now());
    begin(&memory, "ops", "k", now).succeeded(&reply(""), now);
    for other in
        [[b"PUT".as_slice(), ASKED[1], ASKED[2]], [ASKED[0], b"/x", ASKED[2]], [ASKED[0], ASKED[1], b"{ }"]]
    {
        let Err(problem) = memory.begin("ops", &key("k"), other, now) else { panic!("taken") };
        assert_eq!((problem.status().as_u16(), problem.code()), (422, "idempotency_mismatch"));
    }
}

#[test]
fn a_second_one_is_refused_while_the_first_is_under_way() {
    let (memory, now) = (Memory::default(), Instant::now());
    let first = begin(&memory, "ops", "k", now);
    let Err(problem) = memory.begin("ops", &key("k"), ASKED, now) else { panic!("taken") };
    assert_eq!((problem.status().as_u16(), problem.code()), (409, "idempotency_in_progress"));
    // One that fails leaves nothing.
    drop(first);
    begin(&memory, "ops", "k", now);
}

#[test]
fn answers_are_forgotten_in_time() {
    let (memory, now) = (Memory::default(), Instant::now());
    begin(&memory, "ops", "k", now).succeeded(&reply(""), now);
    let late = now + MEMORY;
    assert!(matches!(
        memory.begin("ops", &key("k"), ASKED, late - Duration::from_secs(1)),
        Ok(Begun::Replayed(_))
    ));
    begin(&memory, "ops", "k", late);
    assert_eq!(memory.held().bytes, 0);
}

#[test]
fn what_is_remembered_is_bounded() {
    let (memory, now) = (Memory::default(), Instant::now());
    for number in 0..3 * ANSWERS_MAX {
        begin(&memory, "ops", &number.to_string(), now).succeeded(&reply(""), now);
    }
    assert_eq!(memory.held().answers.len(), ANSWERS_MAX);
    assert_eq!(memory.held().order.len(), ANSWERS_MAX);
    let large = Reply::text(vec![b' '; BYTES_MAX / 4].into());
    for number in 0..9 {
        begin(&memory, "large", &number.to_string(), now).succeeded(&large, now);
        assert!(memory.held().bytes <= BYTES_MAX);
    }
    assert_eq!(memory.held().answers.len(), 3);
    let larger = Reply::text(vec![b' '; BYTES_MAX + 1].into());
    begin(&memory, "large", "x", now).succeeded(&larger, now);
    assert_eq!(memory.held().answers.len(), 0);
    assert_eq!(memory.held().bytes, 0);
}

#[test]
fn keys_are_visible_and_short() {
    let memory = Memory::default();
    let long = "k".repeat(KEY_MAX + 1);
    for text in ["", "a b", "\u{fc}", &long] {
        let Err(problem) =
            memory.begin("ops", &HeaderValue::from_bytes(text.as_bytes()).unwrap(), ASKED, Instant::now())
        else {
            panic!("taken");
        };
        assert_eq!(problem.code(), "invalid_idempotency_key");
    }
}
