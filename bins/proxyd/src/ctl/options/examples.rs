//! What is shown below the help of commands.

pub(super) const ROUTES: &str = "\
Examples:
  proxyd ctl routes
  proxyd ctl routes get api > api.json
  proxyd ctl routes put -f api.json --if-match ETAG
  proxyd ctl routes delete '*.example.com' --dry-run";

pub(super) const UPSTREAMS: &str = "\
Examples:
  proxyd ctl upstreams
  proxyd ctl upstreams put -f app.yaml --confirm 60s";

pub(super) const BACKENDS: &str = "\
Examples:
  proxyd ctl backends list app
  proxyd ctl backends add app 10.0.0.7:8080 --weight 2
  proxyd ctl backends add --route api.example.com 10.0.0.7:8080
  proxyd ctl backends dead app 10.0.0.7:8080";

pub(super) const CERTS: &str = "\
Examples:
  proxyd ctl certs
  proxyd ctl certs put www.example.com --cert www.pem --key www.key";

pub(super) const APPLY: &str = "\
Examples:
  proxyd ctl apply -f new.yaml --dry-run
  proxyd ctl apply -f new.yaml --if-match ETAG
  proxyd ctl apply -f new.yaml --confirm 60s --revert-on errors=5%,p99=2x";

pub(super) const STATS: &str = "\
Examples:
  proxyd ctl stats
  proxyd ctl stats api.example.com --history
  proxyd ctl stats --upstream app --backend 10.0.0.7:8080";

pub(super) const EVENTS: &str = "\
Examples:
  proxyd ctl events
  proxyd ctl events --types circuit.opened,backend.marked --json";
