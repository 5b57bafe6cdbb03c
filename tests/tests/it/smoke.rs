use harness::{Backend, Document, Proxyd};

#[test]
fn a_request_reaches_the_backend_and_its_answer_the_client() {
    let backend = Backend::ok();
    let proxyd = Proxyd::start(&Document::to(&backend));
    let answer = proxyd.get("/a?b=c");
    assert_eq!((answer.status(), answer.text().as_str()), (200, "ok"));
    assert_eq!(backend.request().target(), "/a?b=c");
    assert_eq!(proxyd.stop().code, Some(0));
}
