use super::*;
use crate::bench::messages::call::Call;

#[test]
fn a_call_is_one_only_with_all_that_grpc_wants() {
    let call = Call::unary(13).unwrap().head;
    assert!(is_call(&call));
    let spoilt = |spoil: fn(&mut Request<()>)| {
        let mut call = call.clone();
        spoil(&mut call);
        is_call(&call)
    };
    assert!(!spoilt(|call| *call.method_mut() = Method::GET));
    assert!(!spoilt(|call| *call.uri_mut() = "/other".parse().unwrap()));
    assert!(!spoilt(|call| drop(call.headers_mut().remove(TE))));
    assert!(!spoilt(|call| drop(call.headers_mut().remove(CONTENT_TYPE))));
}
