//! The only door out. A name is resolved once, every address it has is judged, and the connection goes to a judged address.
//!
//! Name servers are those of the system (`/etc/resolv.conf`, `/etc/hosts` first) unless `Options` says otherwise; proxies from
//! the environment are not used, because a probe that went through one would describe the proxy.

mod address;

pub(crate) use address::forbidden;

use domain::target::{Target, endpoint};
use hickory_resolver::TokioResolver;
use hickory_resolver::config::{ConnectionConfig, LookupIpStrategy, NameServerConfig, ResolverConfig};
use hickory_resolver::lookup::Lookup;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::{DnsError, NetError};
use hickory_resolver::proto::op::ResponseCode;
use hickory_resolver::proto::rr::{RData, RecordType};
use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// Addresses of one name that are tried. A name with more is a pool, and four of it tell how it is.
const ADDRESSES_TRIED_MAX: usize = 4;

/// How names are resolved.
#[derive(Clone, Debug)]
pub struct Options {
    /// The longest one name may take. Default 5 s.
    pub dns_timeout: Duration,
    /// Asked instead of the system's name servers. Default empty: the system's.
    pub name_servers: Vec<SocketAddr>,
}

impl Default for Options {
    fn default() -> Options {
        Options { dns_timeout: Duration::from_secs(5), name_servers: Vec::new() }
    }
}

/// The door. A cheap handle.
#[derive(Clone, Debug)]
pub struct Egress {
    options: Arc<Options>,
}

/// An open connection and how it came to be.
#[derive(Debug)]
pub struct Connected {
    /// The connection.
    pub stream: TcpStream,
    /// The judged address it goes to.
    pub address: SocketAddr,
    /// How long the name took; zero for an address.
    pub resolve: Duration,
    /// How long the connection took, failed attempts at other addresses of the name included.
    pub connect: Duration,
}

/// One record of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The owner, as the server gave it.
    pub name: String,
    /// `A`, `CNAME` and so on.
    pub record_type: String,
    /// How long it may be kept, in seconds.
    pub ttl_s: u32,
    /// The data in zone-file form. An outsider's text.
    pub value: String,
}

/// Why something was not reached.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It may not be reached. Nothing was sent to it.
    #[error("{target} may not be reached: {why}")]
    Forbidden {
        /// The name or address.
        target: String,
        /// What it is.
        why: String,
    },
    /// The name gave no address.
    #[error("{host} does not resolve: {fault}")]
    Name {
        /// The name.
        host: String,
        /// What happened.
        fault: NameFault,
        /// After how long.
        took: Duration,
    },
    /// No address of it could be connected to.
    #[error("{} {}", endpoint(host, *port), worst(attempts))]
    Connect {
        /// What was asked for.
        host: String,
        /// The port.
        port: u16,
        /// Each address that was tried, in order; never empty.
        attempts: Vec<Attempt>,
    },
}

/// Why a name gave no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NameFault {
    /// The name does not exist (NXDOMAIN).
    NotFound,
    /// The name exists without records of this type.
    NoRecords,
    /// No name server answered in time.
    TimedOut,
    /// A name server answered with an error, such as SERVFAIL.
    ServerFailed(String),
    /// No name server is configured or could be reached.
    NoServer,
    /// Anything else.
    Failed(String),
}

/// One address that was tried without success.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// Which.
    pub address: SocketAddr,
    /// What happened.
    pub fault: ConnectFault,
    /// After how long.
    pub took: Duration,
}

/// Why a connection was not made, the most telling last.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ConnectFault {
    /// Anything else, in the system's words.
    Failed(String),
    /// No route to the network or the host.
    Unreachable,
    /// Nothing came back in time.
    TimedOut,
    /// Accepted or half open, then reset.
    Reset,
    /// The host said that nothing listens there.
    Refused,
}

impl fmt::Display for NameFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NameFault::NotFound => f.write_str("no such name (NXDOMAIN)"),
            NameFault::NoRecords => f.write_str("the name exists but has no such records"),
            NameFault::TimedOut => f.write_str("no name server answered in time"),
            NameFault::ServerFailed(code) => write!(f, "the name server answered {code}"),
            NameFault::NoServer => f.write_str("no name server is configured or could be reached"),
            NameFault::Failed(why) => f.write_str(why),
        }
    }
}

impl fmt::Display for ConnectFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ConnectFault::Failed(why) => write!(f, "could not be connected to: {why}"),
            ConnectFault::Unreachable => f.write_str("is unreachable: no route to it"),
            ConnectFault::TimedOut => f.write_str("does not answer: timed out"),
            ConnectFault::Reset => f.write_str("resets the connection"),
            ConnectFault::Refused => f.write_str("refuses connections"),
        }
    }
}

/// What the attempts say about the endpoint: one refusal tells more than three time-outs.
pub fn worst(attempts: &[Attempt]) -> ConnectFault {
    attempts.iter().map(|a| a.fault.clone()).max().unwrap_or(ConnectFault::Failed("no address was tried".to_owned()))
}

impl Egress {
    /// A door with these options.
    pub fn new(options: Options) -> Egress {
        Egress { options: Arc::new(options) }
    }

    /// The judged addresses of a host, IPv4 first; never empty. One forbidden address forbids the name: it was made to point there.
    pub async fn resolve(&self, host: &str) -> Result<Vec<IpAddr>, Error> {
        let addresses = match address_of(host)? {
            Some(address) => vec![address],
            None => {
                let started = Instant::now();
                let lookup = self.query(host, None).await?;
                let addresses = lookup.answers().iter().filter_map(|record| record.data.ip_addr()).fold(Vec::new(), |mut once, ip| {
                    if !once.contains(&ip) {
                        once.push(ip);
                    }
                    once
                });
                if addresses.is_empty() {
                    return Err(Error::Name { host: host.to_owned(), fault: NameFault::NoRecords, took: started.elapsed() });
                }
                addresses
            }
        };
        for address in &addresses {
            if let Some(why) = address::forbidden(*address) {
                let target = if address.to_string() == host { host.to_owned() } else { format!("{host} ({address})") };
                return Err(Error::Forbidden { target, why: why.to_owned() });
            }
        }
        Ok(addresses)
    }

    /// The records of a name: of one type, or its addresses, with the aliases on the way. Never empty.
    ///
    /// Nothing is connected to, so addresses are not judged; forbidden names are.
    pub async fn lookup(&self, name: &str, record_type: Option<RecordType>) -> Result<Vec<Answer>, Error> {
        address_of(name)?;
        let lookup = self.query(name, record_type).await?;
        let answer = |record: &hickory_resolver::proto::rr::Record| Answer {
            name: record.name.to_string(),
            record_type: record.record_type().to_string(),
            ttl_s: record.ttl,
            value: text_of(&record.data),
        };
        Ok(lookup.answers().iter().map(answer).collect())
    }

    /// Connects within `limit` once the name is resolved, trying the name's addresses in turn.
    pub async fn connect(&self, host: &str, port: u16, limit: Duration) -> Result<Connected, Error> {
        let started = Instant::now();
        let mut addresses = self.resolve(host).await?;
        addresses.truncate(ADDRESSES_TRIED_MAX);
        let resolve = if host.parse::<IpAddr>().is_ok() { Duration::ZERO } else { started.elapsed() };
        let connecting = Instant::now();
        let mut attempts = Vec::new();
        for (i, ip) in addresses.iter().enumerate() {
            let address = SocketAddr::new(*ip, port);
            let left = limit.saturating_sub(connecting.elapsed());
            let share = left / u32::try_from(addresses.len() - i).unwrap_or(1);
            let attempt = Instant::now();
            let fault = match timeout(share, TcpStream::connect(address)).await {
                // Linux can connect a local port to itself when nothing listens there.
                Ok(Ok(stream)) if stream.local_addr().is_ok_and(|own| own == address) => ConnectFault::Refused,
                Ok(Ok(stream)) => {
                    return Ok(Connected { stream, address, resolve, connect: connecting.elapsed() });
                }
                Ok(Err(error)) => fault_of(&error),
                Err(_) => ConnectFault::TimedOut,
            };
            attempts.push(Attempt { address, fault, took: attempt.elapsed() });
        }
        Err(Error::Connect { host: host.to_owned(), port, attempts })
    }

    /// The name servers that are asked, for the report: `10.0.0.2, 10.0.0.3`.
    pub fn name_servers(&self) -> String {
        let named: Vec<String> = if self.options.name_servers.is_empty() {
            let file = std::fs::read_to_string("/etc/resolv.conf").unwrap_or_default();
            file.lines().filter_map(|l| l.trim().strip_prefix("nameserver").map(|s| s.trim().to_owned())).collect()
        } else {
            self.options.name_servers.iter().map(SocketAddr::to_string).collect()
        };
        if named.is_empty() { "no name server (none in /etc/resolv.conf)".to_owned() } else { named.join(", ") }
    }

    async fn query(&self, name: &str, record_type: Option<RecordType>) -> Result<Lookup, Error> {
        let started = Instant::now();
        let failed = |fault| Error::Name { host: name.to_owned(), fault, took: started.elapsed() };
        let resolver = self.resolver().map_err(|e| failed(NameFault::Failed(e.to_string())))?;
        let query = async {
            match record_type {
                Some(record_type) => resolver.lookup(name, record_type).await,
                None => resolver.lookup_ip(name).await.map(|found| found.as_lookup().clone()),
            }
        };
        match timeout(self.options.dns_timeout, query).await {
            Ok(Ok(lookup)) if lookup.answers().is_empty() => Err(failed(NameFault::NoRecords)),
            Ok(Ok(lookup)) => Ok(lookup),
            Ok(Err(error)) => Err(failed(name_fault(&error))),
            Err(_) => Err(failed(NameFault::TimedOut)),
        }
    }

    /// Made anew for every name: it costs two small files, and a diagnosis must see what they say now and no cached answer.
    fn resolver(&self) -> Result<TokioResolver, NetError> {
        let servers = &self.options.name_servers;
        let mut builder = if servers.is_empty() {
            // Without name servers /etc/hosts still counts.
            TokioResolver::builder_tokio().unwrap_or_else(|_| with_servers(Vec::new()))
        } else {
            with_servers(servers.iter().map(name_server).collect())
        };
        let options = builder.options_mut();
        options.cache_size = 0;
        options.ip_strategy = LookupIpStrategy::Ipv4AndIpv6;
        // Two tries within the limit, so that one lost datagram is not reported as a dead server.
        options.timeout = options.timeout.min(self.options.dns_timeout.mul_f64(0.45));
        options.attempts = options.attempts.clamp(1, 2);
        builder.build()
    }
}

fn with_servers(servers: Vec<NameServerConfig>) -> hickory_resolver::ResolverBuilder<TokioRuntimeProvider> {
    TokioResolver::builder_with_config(ResolverConfig::from_parts(None, Vec::new(), servers), TokioRuntimeProvider::default())
}

fn name_server(address: &SocketAddr) -> NameServerConfig {
    let mut server = NameServerConfig::udp_and_tcp(address.ip());
    for connection in &mut server.connections {
        let connection: &mut ConnectionConfig = connection;
        connection.port = address.port();
    }
    server
}

/// The address that `host` is, `None` for a name that may be looked up. Whatever is neither, such as an address in disguise, is refused.
fn address_of(host: &str) -> Result<Option<IpAddr>, Error> {
    let refused = |why: String| Error::Forbidden { target: host.to_owned(), why };
    if let Ok(address) = host.parse::<IpAddr>() {
        return Ok(Some(address));
    }
    match Target::parse(host) {
        Ok(Target::Host { host: name, port: None }) => match address::forbidden_name(&name) {
            Some(why) => Err(refused(why.to_owned())),
            None => Ok(None),
        },
        Ok(_) => Err(refused("it is not a host".to_owned())),
        Err(error) => Err(refused(error.to_string())),
    }
}

/// The data as in a zone file; what is opaque to it as text.
fn text_of(data: &RData) -> String {
    match data {
        RData::TXT(txt) => txt.txt_data.iter().map(|part| format!("\"{}\"", String::from_utf8_lossy(part))).collect::<Vec<_>>().join(" "),
        other => other.to_string(),
    }
}

fn name_fault(error: &NetError) -> NameFault {
    match error {
        NetError::Dns(DnsError::NoRecordsFound(none)) => match none.response_code {
            ResponseCode::NXDomain => NameFault::NotFound,
            ResponseCode::NoError => NameFault::NoRecords,
            code => NameFault::ServerFailed(code.to_str().to_owned()),
        },
        NetError::Dns(DnsError::ResponseCode(code)) => NameFault::ServerFailed(code.to_str().to_owned()),
        NetError::Timeout => NameFault::TimedOut,
        NetError::NoConnections => NameFault::NoServer,
        NetError::Io(error) => match fault_of(error) {
            ConnectFault::TimedOut => NameFault::TimedOut,
            ConnectFault::Refused | ConnectFault::Unreachable => NameFault::NoServer,
            _ => NameFault::Failed(error.to_string()),
        },
        other => NameFault::Failed(other.to_string()),
    }
}

/// What the system's error says about the other end.
pub(crate) fn fault_of(error: &io::Error) -> ConnectFault {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => ConnectFault::Refused,
        io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted | io::ErrorKind::BrokenPipe => ConnectFault::Reset,
        io::ErrorKind::TimedOut => ConnectFault::TimedOut,
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => ConnectFault::Unreachable,
        _ => ConnectFault::Failed(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::NameServer;
    use tokio::net::TcpListener;

    const LIMIT: Duration = Duration::from_secs(2);

    #[tokio::test]
    async fn localhost_and_addresses_need_no_name_server() {
        let egress = Egress::new(Options::default());
        assert!(egress.resolve("localhost").await.unwrap().contains(&IpAddr::from([127, 0, 0, 1])));
        assert_eq!(egress.resolve("::1").await.unwrap(), ["::1".parse::<IpAddr>().unwrap()]);
    }

    #[tokio::test]
    async fn forbidden_targets_and_addresses_in_disguise_are_refused_before_anything_is_sent() {
        let egress = Egress::new(Options::default());
        for target in [
            "169.254.169.254",
            "::ffff:169.254.169.254",
            "fe80::1",
            "0.0.0.0",
            "metadata.google.internal",
            "Instance-Data",
            "2852039166",
            "0xa9fea9fe",
            "0251.0376.0251.0376",
            "a b",
            "http://x",
            "x:80",
            "",
        ] {
            let error = egress.connect(target, 80, LIMIT).await.unwrap_err();
            assert!(matches!(error, Error::Forbidden { .. }), "{target}: {error}");
        }
    }

    #[tokio::test]
    async fn a_name_that_points_to_a_metadata_address_is_refused_even_beside_a_good_one() {
        let server = NameServer::start(&[
            ("inside.test.", "169.254.169.254"),
            ("mixed.test.", "127.0.0.1"),
            ("mixed.test.", "169.254.170.2"),
            ("good.test.", "127.0.0.1"),
        ])
        .await;
        let egress = server.egress();
        for name in ["inside.test", "mixed.test"] {
            assert!(matches!(egress.resolve(name).await, Err(Error::Forbidden { .. })), "{name}");
        }
        assert_eq!(egress.resolve("good.test").await.unwrap(), [IpAddr::from([127, 0, 0, 1])]);
    }

    #[tokio::test]
    async fn a_name_is_resolved_once_and_the_connection_goes_to_that_address() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = NameServer::start(&[("good.test.", "127.0.0.1")]).await;
        let connected = server.egress().connect("good.test", port, LIMIT).await.unwrap();
        assert_eq!(connected.address, listener.local_addr().unwrap());
        assert_eq!(server.questions("A"), 1);
    }

    #[tokio::test]
    async fn faults_of_names_are_told_apart() {
        let server = NameServer::start(&[("good.test.", "127.0.0.1")]).await;
        let fault = async |egress: Egress, name: &str, record_type| match egress.lookup(name, record_type).await {
            Err(Error::Name { fault, .. }) => fault,
            other => panic!("{name}: {other:?}"),
        };
        assert_eq!(fault(server.egress(), "missing.test", None).await, NameFault::NotFound);
        assert_eq!(fault(server.egress(), "good.test", Some(RecordType::MX)).await, NameFault::NoRecords);
        assert_eq!(fault(server.egress(), "broken.test", None).await, NameFault::ServerFailed("Server Failure".to_owned()));
        let silent = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let options = Options { dns_timeout: Duration::from_millis(300), name_servers: vec![silent.local_addr().unwrap()] };
        assert_eq!(fault(Egress::new(options), "slow.test", None).await, NameFault::TimedOut);
    }

    #[tokio::test]
    async fn a_closed_port_is_refused_and_a_full_backlog_times_out() {
        let egress = Egress::new(Options::default());
        let closed = crate::testing::closed_port();
        let Err(Error::Connect { attempts, .. }) = egress.connect("127.0.0.1", closed, LIMIT).await else { panic!("it must fail") };
        assert_eq!(worst(&attempts), ConnectFault::Refused);

        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let full = socket.listen(1).unwrap();
        let address = full.local_addr().unwrap();
        let mut held = Vec::new();
        // A backlog of one holds two connections on Linux; a few more make sure of it.
        while let Ok(Ok(stream)) = timeout(Duration::from_millis(200), TcpStream::connect(address)).await {
            held.push(stream);
            assert!(held.len() < 20, "the backlog does not fill");
        }
        let Err(Error::Connect { attempts, .. }) = egress.connect("127.0.0.1", address.port(), Duration::from_millis(200)).await else {
            panic!("it must fail")
        };
        assert_eq!(worst(&attempts), ConnectFault::TimedOut);
    }
}
