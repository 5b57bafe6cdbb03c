//! Listeners: each has an address, and none comes twice.

mod mode;

use super::{client_auth, upstreams};
use crate::{
    Address, Document, Listener,
    report::{At, Report},
};
use std::collections::HashMap;

pub(super) fn check(document: &Document, at: At<'_>, report: &mut Report<'_>) {
    addresses(document, at, report);
    let names = upstreams::names(at);
    let around = (document, &names, at.get("routes"));
    for (listener, at) in document.listeners.iter().zip(at.key("listeners").items()) {
        mode::check(listener, at, around, report);
        if let Some(at) = at.get("tls") {
            tls(at, report);
        }
        proxy_protocol(listener, at, report);
    }
}

fn tls(at: At<'_>, report: &mut Report<'_>) {
    if let Some(at) = at.get("clientAuth") {
        client_auth::check(at, report);
    }
    if let Some(keys) = at.get("ticketKeys").filter(|keys| keys.text() == Some("")) {
        report.add(keys.id, "the path of a file is missing", None);
    }
}

fn proxy_protocol(listener: &Listener, at: At<'_>, report: &mut Report<'_>) {
    let Some(at) = at.get("proxyProtocol").filter(|at| !report.is_touched(*at)) else { return };
    if listener.proxy_protocol.as_ref().is_some_and(|protocol| protocol.from.is_empty()) {
        let hint = "list the addresses of the load balancers: nobody else is believed";
        report.add(at.key("from").id, "`proxyProtocol` needs a `from`", Some(hint.into()));
    }
}

fn addresses(document: &Document, at: At<'_>, report: &mut Report<'_>) {
    let proxy = at.key("proxy");
    let mut seen: HashMap<Address, At<'_>> = HashMap::new();
    if let Some(port) = document.proxy.port {
        let address = Address::Tcp(([0, 0, 0, 0], port).into());
        seen.insert(address, proxy.key("port"));
    }
    for (listener, at) in document.listeners.iter().zip(at.key("listeners").items()) {
        let Some(address_at) = at.get("address") else {
            let hint = "write an address such as 0.0.0.0:8080, [::]:8080 or unix:/path";
            report.add(at.id, "a listener needs an `address`", Some(hint.into()));
            continue;
        };
        let address = &listener.address;
        // The system gives each port 0 another port.
        let chosen = matches!(address, Address::Tcp(address) if address.port() == 0);
        match seen.get(address).filter(|_| !chosen) {
            Some(first) if !report.is_touched(address_at) => {
                let hint = format!("the first one is {}", first.whereabouts());
                report.add(address_at.id, format!("two listeners have the address {address}"), Some(hint));
            }
            Some(_) => {}
            None => drop(seen.insert(address.clone(), address_at)),
        }
    }
}
