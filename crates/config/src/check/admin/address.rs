//! Where the control plane listens.

use crate::{
    Address, Admin, Document,
    report::{At, Report},
};

pub(super) fn check(document: &Document, at: At<'_>, report: &mut Report<'_>) {
    let (Some(admin), Some(admin_at)) = (&document.admin, at.get("admin")) else { return };
    if admin_at.get("address").is_some_and(|address| report.is_touched(address)) {
        return;
    }
    match &admin.address {
        Some(address @ Address::Tcp(_)) => {
            exposure(admin, address, admin_at, report);
            others(document, address, at, report);
        }
        Some(address @ Address::Unix(_)) => {
            without_tls(admin_at, report);
            others(document, address, at, report);
        }
        None => without_tls(admin_at, report),
    }
}

/// From other machines, nobody comes in unknown.
fn exposure(admin: &Admin, address: &Address, at: At<'_>, report: &mut Report<'_>) {
    let is_open = match address {
        Address::Tcp(address) => !address.ip().to_canonical().is_loopback(),
        Address::Unix(_) => false,
    };
    let knows = ["tokens", "tls"].iter().any(|key| at.get(key).is_some_and(|at| report.is_touched(at)));
    let asks = !admin.tokens.is_empty() || admin.tls.as_ref().is_some_and(|tls| tls.client_ca.is_some());
    if admin.enabled && is_open && !asks && !knows {
        let hint = "write `tokens`, or `tls` with a `clientCa`, or listen on 127.0.0.1 or a Unix socket";
        let message = format!("anybody who reaches {address} could change everything");
        report.add(at.key("address").id, message, Some(hint.into()));
    }
}

fn without_tls(at: At<'_>, report: &mut Report<'_>) {
    if let Some(tls) = at.get("tls").filter(|tls| !report.is_touched(*tls)) {
        let hint = "write an `address` such as 127.0.0.1:9901, or remove it";
        report.add(tls.id, "`tls` is not spoken over a Unix socket", Some(hint.into()));
    }
}

/// What listens there already.
fn others(document: &Document, address: &Address, at: At<'_>, report: &mut Report<'_>) {
    let own = at.key("admin").key("address");
    let listeners = document.listeners.iter().zip(at.key("listeners").items());
    let mut listeners = listeners.map(|(listener, at)| (&listener.address, at.key("address")));
    if let Some((other, at)) = listeners.find(|(other, _)| overlap(address, other)) {
        let hint = format!("the listener is {}", at.whereabouts());
        report.add(own.id, format!("a listener has {other} already"), Some(hint));
        return;
    }
    // With `proxy.port`, or where nothing is written at all.
    if let Some(other) = document.addresses().into_iter().find(|other| overlap(address, other)) {
        report.add(
            own.id,
            format!("the proxy listens on {other} already"),
            Some("choose another port".into()),
        );
    }
}

/// Whether two cannot both be listened on: one of them may be every address of the machine.
fn overlap(one: &Address, other: &Address) -> bool {
    match (one, other) {
        (Address::Tcp(one), Address::Tcp(other)) => {
            let is_every = one.ip().is_unspecified() || other.ip().is_unspecified();
            one.port() == other.port() && one.port() != 0 && (one.ip() == other.ip() || is_every)
        }
        _ => one == other,
    }
}
