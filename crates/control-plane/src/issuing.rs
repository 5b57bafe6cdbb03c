//! Who gets certificates for a proxy that runs.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use egress::Egress;
use proxy_core::Handle;
use tls_sni::{Client, Obtain};

use crate::acme::{Domains, Issuer, OnDemand, Parts, SettingsError, Status};
use crate::tls::{AcmePlan, LiveTls};

/// Gets certificates for as long as it is run. Cheap to clone; all clones are the same.
#[derive(Clone)]
pub(crate) struct Issuing {
    plan: Arc<AcmePlan>,
    /// Until it is run.
    issuer: Arc<Mutex<Option<Issuer>>>,
    domains: Domains,
    status: Status,
}

impl Issuing {
    /// Gets what a plan asks for, and has the proxy answer challenges and tell of certificates.
    ///
    /// # Errors
    /// What is wrong with the plan; never of one that was compiled.
    pub(crate) fn new(
        plan: AcmePlan,
        egress: Egress,
        tls: &LiveTls,
        handle: &Handle,
    ) -> Result<Self, String> {
        let client = |settings| Client::new(settings).map_err(|error| error.to_string());
        let parts = Parts {
            egress,
            tls: client(plan.tls.clone())?,
            ask_tls: client(plan.ask_tls.clone())?,
            certificates: tls.keeper.certificates().clone(),
            http01: Arc::new(handle.challenges()),
        };
        let issuer =
            Issuer::new(plan.settings.clone(), parts).map_err(|error: SettingsError| error.to_string())?;
        let issuer = issuer.telling(handle.events());
        if let Some(on_demand) = issuer.on_demand() {
            tls.obtain_by(Arc::new(Demanded(on_demand)));
        }
        Ok(Self {
            plan: Arc::new(plan),
            domains: issuer.domains(),
            status: issuer.status(),
            issuer: Arc::new(Mutex::new(Some(issuer))),
        })
    }

    /// True where another plan asks for the same, whatever the names.
    pub(crate) fn is_as(&self, plan: &AcmePlan) -> bool {
        self.plan.is_same(plan)
    }

    /// Gets certificates for the names of another plan.
    pub(crate) fn follow(&self, plan: &AcmePlan) {
        self.domains.set(&plan.settings.domains);
    }

    /// How the certificates are.
    pub(crate) fn status(&self) -> &Status {
        &self.status
    }

    /// Works until it is dropped. Only the first one does.
    pub(crate) async fn run(&self) {
        let issuer = self.issuer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(issuer) = issuer {
            issuer.run(std::future::pending::<()>()).await;
        }
        std::future::pending::<()>().await;
    }
}

/// Certificates for names that clients come up with.
struct Demanded(OnDemand);

impl Obtain for Demanded {
    fn obtain<'a>(&'a self, name: &'a str) -> Pin<Box<dyn Future<Output = bool> + Send + 'a>> {
        Box::pin(async move {
            match self.0.obtain(name).await {
                Ok(()) => true,
                Err(error) => {
                    tracing::debug!(name, %error, "no certificate is got for a name that was asked for");
                    false
                }
            }
        })
    }
}
