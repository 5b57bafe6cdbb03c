use std::net::SocketAddr;
use std::path::Path;
use std::time::SystemTime;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tls_sni::{
    Certificate, Certificates, ClientAuth, ClientAuthMode, Served, Server, ServerSettings, TicketKeys,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;
use crate::ctl::client::TlsError;

/// An authority, a proxy's certificate for `proxy.test` and 127.0.0.1, and one of who asks.
struct House {
    authority: String,
    proxy: (String, String),
    me: (String, String),
}

fn house() -> House {
    let mut params = CertificateParams::new([]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let issue = |names: &[&str]| {
        let key = KeyPair::generate().unwrap();
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let certificate = CertificateParams::new(names).unwrap().signed_by(&key, &authority).unwrap();
        (certificate.pem(), key.serialize_pem())
    };
    let (proxy, me) = (issue(&["proxy.test", "127.0.0.1"]), issue(&["me.test"]));
    House { authority: authority.pem(), proxy, me }
}

impl House {
    /// A proxy that asks for a certificate, and answers one question of who has one.
    async fn proxy(&self) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (chain, key) = (self.proxy.0.as_bytes(), self.proxy.1.as_bytes());
        let certificates = Certificates::new();
        let mut served = Served::new(Certificate::parse(chain, key, SystemTime::now()).unwrap());
        served.is_default = true;
        certificates.put("x", served);
        let mut settings = ServerSettings::new(TicketKeys::random());
        let rule = ClientAuth::new(self.authority.as_bytes(), &[], ClientAuthMode::Required).unwrap();
        settings.client_auth = Some(rule);
        let server = Server::new(certificates, &settings).unwrap();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let Ok(mut stream) = server.accept(stream).await else { continue };
                let mut head = [0; 1024];
                if stream.read(&mut head).await.is_ok_and(|read| read > 0) {
                    let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n1").await;
                    let _ = stream.flush().await;
                }
            }
        });
        address
    }

    async fn ask(&self, address: SocketAddr, change: impl FnOnce(&mut Reach)) -> Result<Answer, AskError> {
        let mut reach = Reach {
            ca: Some("ca".into()),
            cert: Some("cert".into()),
            key: Some("key".into()),
            ..Reach::default()
        };
        change(&mut reach);
        let read = |path: &Path| {
            let text = match path.to_str() {
                Some("ca") => &self.authority,
                Some("cert") => &self.me.0,
                _ => &self.me.1,
            };
            Ok(text.clone())
        };
        let tls = Tls::new(&reach, &Input { read: &read }).unwrap();
        let address = format!("https://{address}").parse().unwrap();
        Client::new(address, Some(tls), None, LIMIT).ask(&Call::get(&["stats"])).await
    }
}

#[tokio::test]
async fn over_tls_both_sides_show_who_they_are() {
    let house = house();
    let address = house.proxy().await;
    assert_eq!(house.ask(address, |_| {}).await.unwrap().body, "1");
    let named = house.ask(address, |reach| reach.server_name = Some("proxy.test".into())).await;
    assert_eq!(named.unwrap().body, "1");
}

#[tokio::test]
async fn who_cannot_be_believed_is_not_asked() {
    let house = house();
    let address = house.proxy().await;
    let other = house.ask(address, |reach| reach.server_name = Some("other.test".into())).await.unwrap_err();
    assert!(other.to_string().contains("--server-name"), "{other}");
    let system = house.ask(address, |reach| reach.ca = None).await.unwrap_err();
    assert!(system.to_string().contains("--ca"), "{system}");
    let nameless = house
        .ask(address, |reach| {
            reach.cert = None;
            reach.key = None;
        })
        .await;
    assert!(nameless.is_err());
}

#[test]
fn files_of_no_use_are_told() {
    let tls =
        |reach: Reach, text: &'static str| Tls::new(&reach, &Input { read: &|_| Ok(text.into()) }).err();
    let reach = Reach { cert: Some("cert".into()), key: Some("key".into()), ..Reach::default() };
    assert!(matches!(tls(reach, "nonsense"), Some(TlsError::Identity(_))));
    let reach = Reach { ca: Some("ca".into()), ..Reach::default() };
    assert!(matches!(tls(reach, "nonsense"), Some(TlsError::Settings(_))));
}
