use super::*;
use bytes::Bytes;

#[test]
fn exit_codes_tell_conflicts_and_usage_apart() {
    for (status, expected) in
        [(400, 1), (401, 1), (404, 1), (409, 3), (412, 3), (422, 1), (428, 1), (500, 1), (507, 1)]
    {
        let status = StatusCode::from_u16(status).unwrap();
        let refused = CtlFailure::Refused(Answer { status, tag: None, body: Bytes::new() });
        assert_eq!(number(&refused), expected, "{status}");
    }
    assert_eq!(number(&CtlFailure::Task(TaskError::Usage(String::new()))), 2);
    assert_eq!(number(&CtlFailure::Stream(String::new())), 1);
}
