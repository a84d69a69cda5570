//! What the tests of the tools share: a call with its permit, the rule of quotes, a closed port, a small name server, and
//! servers with certificates of every kind.

use crate::egress::{self, Egress};
use crate::tls::{Roots, provider};
use domain::permit::{ByEffectClass, Permit, ProposedCall, permit};
use domain::principal::Principal;
use domain::tool::{ToolError, ToolOutput};
use domain::{CallId, RunId, Timestamp};
use hickory_resolver::proto::op::{Message, MessageType, OpCode, ResponseCode};
use hickory_resolver::proto::rr::rdata::A;
use hickory_resolver::proto::rr::{Name, RData, Record, RecordType};
use ports::Tool;
use rcgen::{BasicConstraints, Certificate, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::client::WebPkiServerVerifier;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{RootCertStore, ServerConfig};
use serde_json::Value;
use std::net::{Ipv4Addr, SocketAddr};
use std::str::FromStr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, UdpSocket};
use tokio_rustls::TlsAcceptor;

/// Calls the tool as the engine does, and holds its output to the rule that every quote is in the text.
pub(crate) async fn call(tool: &dyn Tool, arguments: Value) -> Result<ToolOutput, ToolError> {
    tool.check(&arguments).unwrap();
    let id = CallId::at(1, 0);
    let principal = Principal::local();
    let proposed = ProposedCall {
        run: RunId::new(Timestamp::from_micros(0), [0; 10]),
        call: &id,
        principal: &principal,
        agent: None,
        tool: tool.spec(),
        arguments: &arguments,
        tainted: false,
        approved_hash: None,
    };
    let Permit::Granted(permitted) = permit(&ByEffectClass, &proposed) else { panic!("a looking tool is always allowed") };
    let limit = Duration::from_millis(tool.spec().timeout_ms);
    let output = tokio::time::timeout(limit, tool.call(permitted)).await.expect("the tool keeps its own time limit");
    if let Ok(output) = &output {
        println!("{}", output.text);
        check_quotes(output);
    }
    output
}

/// Every finding quotes the text and says what to do; the text is clean.
pub(crate) fn check_quotes(output: &ToolOutput) {
    assert!(!output.text.is_empty() && !output.text.contains(|c: char| c.is_control() && c != '\n'), "{:?}", output.text);
    for finding in &output.findings {
        println!("{finding:?}");
        assert!(!finding.quote.is_empty() && output.text.contains(&finding.quote), "{:?} is not in\n{}", finding.quote, output.text);
        assert!(!finding.remedy.is_empty() && !finding.title.is_empty());
    }
}

/// A port of 127.0.0.1 on which nothing listens.
pub(crate) fn closed_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

/// A name server on loopback that knows a few addresses. It answers SERVFAIL for `broken.test.` and NXDOMAIN for the rest.
pub(crate) struct NameServer {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<RecordType>>>,
}

impl NameServer {
    /// Starts it; it ends with the test's runtime.
    pub(crate) async fn start(addresses: &[(&str, &str)]) -> NameServer {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        let known: Vec<(Name, Ipv4Addr)> = addresses.iter().map(|(n, a)| (Name::from_str(n).unwrap(), a.parse().unwrap())).collect();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = asked.clone();
        tokio::spawn(async move {
            let mut buffer = [0; 1500];
            while let Ok((length, client)) = socket.recv_from(&mut buffer).await {
                let Ok(request) = Message::from_vec(&buffer[..length]) else { continue };
                let Some(query) = request.queries.first().cloned() else { continue };
                log.lock().unwrap().push(query.query_type());
                let mut reply = Message::new(request.metadata.id, MessageType::Response, OpCode::Query);
                reply.metadata.recursion_desired = true;
                reply.metadata.recursion_available = true;
                reply.add_query(query.clone());
                let exists = known.iter().any(|(name, _)| name == query.name());
                if query.name() == &Name::from_str("broken.test.").unwrap() {
                    reply.metadata.response_code = ResponseCode::ServFail;
                } else if !exists {
                    reply.metadata.response_code = ResponseCode::NXDomain;
                } else if query.query_type() == RecordType::A {
                    for (name, address) in known.iter().filter(|(name, _)| name == query.name()) {
                        reply.add_answer(Record::from_rdata(name.clone(), 60, RData::A(A(*address))));
                    }
                }
                let _ = socket.send_to(&reply.to_vec().unwrap(), client).await;
            }
        });
        NameServer { address, asked }
    }

    /// A door that asks this server alone.
    pub(crate) fn egress(&self) -> Egress {
        Egress::new(egress::Options { name_servers: vec![self.address], ..egress::Options::default() })
    }

    /// How many questions of a type it was asked.
    pub(crate) fn questions(&self, record_type: &str) -> usize {
        self.asked.lock().unwrap().iter().filter(|t| t.to_string() == record_type).count()
    }
}

/// A certificate with its chain and key, as a server has them.
pub(crate) type Identity = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

/// An authority that signs certificates.
pub(crate) struct Authority {
    certificate: Certificate,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    /// A new one, unknown to everybody.
    pub(crate) fn new(name: &str) -> Authority {
        let mut params = params(&[], name, -3_650, 3_650);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        Authority { certificate: params.self_signed(&key).unwrap(), issuer: Issuer::new(params, key) }
    }

    /// Trusts this authority and no other.
    pub(crate) fn roots(&self) -> Roots {
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate.der().clone()).unwrap();
        Roots::Given(WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider()).build().unwrap())
    }

    /// A certificate for these names, valid between these days from now.
    pub(crate) fn certificate(&self, names: &[&str], from_days: i64, to_days: i64) -> Identity {
        let key = KeyPair::generate().unwrap();
        let certificate = params(names, "Test Server", from_days, to_days).signed_by(&key, &self.issuer).unwrap();
        (vec![certificate.der().clone()], PrivateKeyDer::try_from(key.serialize_der()).unwrap())
    }

    /// The same, with the authority's own certificate behind it.
    pub(crate) fn chain(&self, names: &[&str], from_days: i64, to_days: i64) -> Identity {
        let (mut chain, key) = self.certificate(names, from_days, to_days);
        chain.push(self.certificate.der().clone());
        (chain, key)
    }

    /// A certificate that nobody but itself has signed.
    pub(crate) fn self_signed(name: &str, from_days: i64, to_days: i64) -> Identity {
        let key = KeyPair::generate().unwrap();
        let certificate = params(&[name], "Test Server", from_days, to_days).self_signed(&key).unwrap();
        (vec![certificate.der().clone()], PrivateKeyDer::try_from(key.serialize_der()).unwrap())
    }
}

fn params(names: &[&str], subject: &str, from_days: i64, to_days: i64) -> CertificateParams {
    let at = |days| date_time_ymd(1970, 1, 1) + Duration::from_secs(u64::try_from(days_from_now(days)).unwrap());
    let mut params = CertificateParams::new(names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>()).unwrap();
    params.distinguished_name.push(DnType::CommonName, subject);
    (params.not_before, params.not_after) = (at(from_days), at(to_days));
    params
}

/// So many days from now and a little more, so that a test may take its time, in seconds since 1970.
pub(crate) fn days_from_now(days: i64) -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    i64::try_from(now).unwrap() + days * 86_400 + days.signum() * 600
}

/// A web server on loopback that speaks TLS and answers everything with 200.
pub(crate) struct TlsServer {
    pub(crate) port: u16,
}

impl TlsServer {
    /// Starts it; it ends with the test's runtime.
    pub(crate) async fn start((chain, key): Identity) -> TlsServer {
        let config = ServerConfig::builder_with_provider(provider()).with_safe_default_protocol_versions().unwrap();
        let config = config.with_no_client_auth().with_single_cert(chain, key).unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let Ok(mut stream) = acceptor.accept(stream).await else { continue };
                let mut request = [0; 4096];
                if stream.read(&mut request).await.is_ok_and(|read| read > 0) {
                    let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok").await;
                    let _ = stream.shutdown().await;
                }
            }
        });
        TlsServer { port }
    }
}
