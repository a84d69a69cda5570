//! A TLS handshake that accepts any certificate, in order to look at it. Whether to trust it is judged apart, in `certificate.rs`.

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{AlertDescription, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use std::fmt;
use std::io;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// A finished handshake.
pub(crate) struct Handshake {
    /// The encrypted connection.
    pub(crate) stream: TlsStream<TcpStream>,
    /// The certificates the server sent, its own first.
    pub(crate) chain: Vec<CertificateDer<'static>>,
    /// How long the handshake took.
    pub(crate) took: Duration,
}

/// Why there was no handshake.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum HandshakeFault {
    /// What came back is no TLS, or nothing did.
    NotTls(&'static str),
    /// The server speaks TLS and said no.
    Alert(AlertDescription),
    /// The two ends have no version or cipher in common.
    Incompatible(String),
    /// Anything else.
    Failed(String),
}

impl HandshakeFault {
    /// What to do about a handshake that failed.
    pub(crate) fn remedy(&self) -> &'static str {
        match self {
            HandshakeFault::NotTls(_) => {
                "Check the port and the scheme: the service may speak plain text there, or begin TLS only after a command (STARTTLS). If it should speak TLS, see its log and its TLS settings."
            }
            HandshakeFault::Alert(AlertDescription::UnrecognisedName) => {
                "The server does not know this name: configure a certificate for it, or ask for a name it serves (server_name)."
            }
            HandshakeFault::Alert(AlertDescription::CertificateRequired | AlertDescription::BadCertificate) => {
                "The server wants a client certificate; connect with one."
            }
            HandshakeFault::Alert(_) | HandshakeFault::Incompatible(_) => {
                "Enable TLS 1.2 or 1.3 with current ciphers on the server, and see that it has a certificate for this name; its log says what it did not like."
            }
            HandshakeFault::Failed(_) => "See the server's log: what it sends breaks the protocol, or it does not hold the key of its certificate.",
        }
    }
}

impl fmt::Display for HandshakeFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HandshakeFault::NotTls(why) => write!(f, "does not speak TLS: {why}"),
            HandshakeFault::Alert(alert) => write!(f, "ends the TLS handshake with the alert {alert:?}"),
            HandshakeFault::Incompatible(why) => write!(f, "has no TLS version or cipher in common with TLS 1.2 and 1.3: {why}"),
            HandshakeFault::Failed(why) => write!(f, "fails the TLS handshake: {why}"),
        }
    }
}

/// Which authorities are trusted.
#[derive(Clone)]
pub(crate) enum Roots {
    /// Those of this system; Mozilla's where it has none.
    System,
    /// These alone.
    #[cfg(test)]
    Given(Arc<dyn ServerCertVerifier>),
}

impl Roots {
    /// What judges a chain, and whose authorities it goes by.
    pub(crate) fn verifier(&self) -> (Arc<dyn ServerCertVerifier>, &'static str) {
        // Reading the system's store takes a hundred files on some systems, so it is done once.
        static SYSTEM: OnceLock<(Arc<dyn ServerCertVerifier>, &'static str)> = OnceLock::new();
        match self {
            Roots::System => SYSTEM.get_or_init(system_verifier).clone(),
            #[cfg(test)]
            Roots::Given(verifier) => (verifier.clone(), "the given authorities"),
        }
    }
}

fn system_verifier() -> (Arc<dyn ServerCertVerifier>, &'static str) {
    if let Ok(verifier) = rustls_platform_verifier::Verifier::new(provider()) {
        return (Arc::new(verifier), "this system's authorities");
    }
    let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider()).build();
    (verifier.expect("Mozilla's list is not empty"), "Mozilla's authorities (this system has none installed)")
}

/// The cryptography everything here uses.
pub(crate) fn provider() -> Arc<CryptoProvider> {
    static PROVIDER: OnceLock<Arc<CryptoProvider>> = OnceLock::new();
    PROVIDER.get_or_init(|| Arc::new(aws_lc_rs::default_provider())).clone()
}

/// Does a handshake within `limit`, offering these protocols.
pub(crate) async fn handshake(
    stream: TcpStream,
    name: ServerName<'static>,
    protocols: &[&str],
    limit: Duration,
) -> Result<Handshake, HandshakeFault> {
    let config = ClientConfig::builder_with_provider(provider()).with_safe_default_protocol_versions();
    let config = config.map_err(|e| HandshakeFault::Failed(e.to_string()))?;
    let mut config = config.dangerous().with_custom_certificate_verifier(Arc::new(Onlooker(provider()))).with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|p| p.as_bytes().to_vec()).collect();
    let started = Instant::now();
    match timeout(limit, TlsConnector::from(Arc::new(config)).connect(name, stream)).await {
        Ok(Ok(stream)) => {
            let chain = stream.get_ref().1.peer_certificates().map(<[_]>::to_vec).unwrap_or_default();
            Ok(Handshake { stream, chain, took: started.elapsed() })
        }
        Ok(Err(error)) => Err(fault_of(&error)),
        Err(_) => Err(HandshakeFault::NotTls("it sent nothing back in time")),
    }
}

fn fault_of(error: &io::Error) -> HandshakeFault {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) {
        Some(Error::AlertReceived(alert)) => HandshakeFault::Alert(*alert),
        Some(Error::InvalidMessage(_) | Error::InappropriateMessage { .. }) => HandshakeFault::NotTls("it answered something else"),
        Some(Error::PeerIncompatible(why)) => HandshakeFault::Incompatible(format!("{why:?}")),
        Some(other) => HandshakeFault::Failed(other.to_string()),
        None => match error.kind() {
            io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe => HandshakeFault::NotTls("it hung up"),
            _ => HandshakeFault::Failed(error.to_string()),
        },
    }
}

/// Accepts every certificate but still has the server prove that it holds the key. Nothing secret is ever sent to it.
#[derive(Debug)]
struct Onlooker(Arc<CryptoProvider>);

impl ServerCertVerifier for Onlooker {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
