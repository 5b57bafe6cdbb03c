//! What routes of one vHost must agree in.

use crate::{
    ClientAuth, HostPattern, Mode, Route,
    report::{At, Report},
};
use std::{collections::HashMap, sync::Arc};

pub(super) fn check(routes: &[Arc<Route>], list: At<'_>, report: &mut Report<'_>) {
    let mut said: HashMap<&HostPattern, (&ClientAuth, At<'_>)> = HashMap::new();
    let mut passages: HashMap<&HostPattern, At<'_>> = HashMap::new();
    for (route, at) in routes.iter().zip(list.items()) {
        if let (Some(auth), Some(at)) = (&route.client_auth, at.get("clientAuth")) {
            match said.get(&route.v_host) {
                Some((first, first_at)) if *first != auth && !report.is_touched(at) => {
                    let message =
                        format!("`clientAuth` of `{}` differs from that of another route", route.v_host);
                    let hint = format!("{}; one says it for the whole vHost", line(*first_at));
                    report.add(at.id, message, Some(hint));
                }
                Some(_) => {}
                None => {
                    said.insert(&route.v_host, (auth, at));
                }
            }
        }
        if route.mode != Mode::Tcp || route.v_host == HostPattern::Any {
            continue;
        }
        match passages.get(&route.v_host) {
            Some(first) => {
                let message = format!("two routes with `mode: tcp` have the vHost `{}`", route.v_host);
                report.add(at.key("vHost").id, message, Some(line(*first)));
            }
            None => {
                passages.insert(&route.v_host, at.key("vHost"));
            }
        }
    }
}

fn line(at: At<'_>) -> String {
    format!("the first one is {}", at.whereabouts())
}
