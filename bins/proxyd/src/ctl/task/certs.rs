//! Certificates.

use http::Method;
use serde_json::json;

use super::{Task, TaskError, of_write};
use crate::ctl::call::Call;
use crate::ctl::input::Input;
use crate::ctl::options::{CertAction, Certs, PutCert};
use crate::ctl::view::View;

pub(super) fn of(certs: &Certs, input: &Input<'_>) -> Result<Task, TaskError> {
    Ok(match &certs.action {
        None | Some(CertAction::List) => Task::Ask(Call::get(&["certificates"]), View::Certificates),
        Some(CertAction::Get(named)) => Task::Ask(Call::get(&["certificates", &named.id]), View::Object),
        Some(CertAction::Put(options)) => put(options, input)?,
        Some(CertAction::Delete(options)) => {
            let call = Call::new(Method::DELETE, &["certificates", &options.id]).under(&options.write);
            let done = View::Done(format!("removed certificate {}", options.id));
            Task::Ask(call, of_write(&options.write, done))
        }
    })
}

fn put(options: &PutCert, input: &Input<'_>) -> Result<Task, TaskError> {
    let (cert, key) = (input.text(&options.cert)?, input.text(&options.key)?);
    let body = json!({ "domain": options.domain, "cert": cert, "key": key });
    let call = Call::new(Method::POST, &["certificates"]).body(body).under(&options.write);
    let view = View::Put { noun: "certificate", key: "domain" };
    Ok(Task::Ask(call, of_write(&options.write, view)))
}
