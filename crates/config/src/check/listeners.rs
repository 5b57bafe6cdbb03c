//! Listeners: each has an address, and none comes twice.

use crate::{
    Address, Document,
    report::{At, Report},
};

pub(super) fn check(document: &Document, at: At<'_>, report: &mut Report<'_>) {
    let proxy = at.key("proxy");
    let mut seen: Vec<(Address, At<'_>)> = Vec::new();
    if let Some(port) = document.proxy.port {
        let address = Address::Tcp(([0, 0, 0, 0], port).into());
        seen.push((address, proxy.key("port")));
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
        match seen.iter().find(|(other, _)| other == address && !chosen) {
            Some((_, first)) if !report.is_touched(address_at) => {
                let hint = format!("the first one is in line {}", first.tree.node(first.id).spot.place.line);
                report.add(address_at.id, format!("two listeners have the address {address}"), Some(hint));
            }
            _ => seen.push((address.clone(), address_at)),
        }
    }
}
