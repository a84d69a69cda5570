//! `up`: the HTTP API until SIGTERM.

use super::Context;
use crate::arguments::Up;
use crate::assemble::Assembly;
use crate::config::Config;
use crate::exit::{Exit, Failure, chain};
use crate::keys;
use crate::logs;
use crate::signals;
use crate::terminal::tell;
use domain::Timestamp;
use engine::Engine;
use server::{App, Bounds, Key, Parts};
use std::io::{ErrorKind, IsTerminal};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use stores::sqlite::{OpenError, Options, Sqlite};
use tokio::net::TcpListener;

/// How often ended runs are looked through for those that are old enough to go.
const PURGE_EVERY: Duration = Duration::from_secs(3_600);

/// How long a caller's idempotency key is kept.
const IDEMPOTENCY_KEPT: Duration = Duration::from_secs(24 * 3_600);

/// Serves.
pub(crate) async fn up(mut context: Context, up: Up) -> Result<Exit, Failure> {
    if let Some(model) = up.model {
        context.layers.add_flag("model", "--model", model);
    }
    if let Some(host) = up.host {
        context.layers.add_flag("host", "--host", host);
    }
    if let Some(port) = up.port {
        context.layers.add_flag("port", "--port", port);
    }
    let config = context.config()?;
    logs::start(if config.log == "warn" { "warn,orchestrator=info,server=info" } else { &config.log });
    if config.api_key.is_none() && !config.host.is_loopback() {
        let failure = Failure::usage(format!("{} can be reached from other machines, so a key must be configured", config.host));
        return Err(failure.advise("set API_KEY, or api_key in the configuration; or listen on 127.0.0.1"));
    }
    let assembly = Assembly::new(&config).await?;
    // Whoever can connect can also ask us to end.
    let interrupted = signals::interrupted();
    let listener = listen(&config).await?;
    let address = listener.local_addr().map_err(|error| Failure::failed(format!("the listener has no address: {error}")))?;
    let store = Arc::new(Sqlite::open(Options::new(config.data_dir.clone())).map_err(refused)?);
    let (key, is_new) = key(&config)?;
    let url = url(address);
    store.announce(&url).map_err(|error| Failure::failed(format!("the lock file could not be written: {error}")))?;

    let engine = assembly.engine(store.clone());
    let app = App::new(Parts {
        engine: engine.clone(),
        keys: vec![Key::of(&key)],
        model: assembly.choice.model.clone(),
        providers: assembly.providers(),
        limits: config.limits,
        bounds: Bounds::default(),
    });
    let recovered = engine.recover().await.map_err(|error| Failure::failed(chain(&error)))?;
    let purging = tokio::spawn(purge(engine.clone(), config.retention));

    greet(&context, &config, &assembly, &url, &key, is_new, recovered);
    let options = server::Options { drain_delay: config.drain_delay, ..server::Options::default() };
    let landed = server::serve(listener, app, interrupted, options).await;
    purging.abort();
    if !landed {
        tracing::warn!("not everything landed in time; what did not is parked and goes on at the next start");
    }
    Ok(Exit::Done)
}

async fn listen(config: &Config) -> Result<TcpListener, Failure> {
    let address = SocketAddr::new(config.host, config.port);
    TcpListener::bind(address).await.map_err(|error| match error.kind() {
        ErrorKind::AddrInUse => {
            let failure = Failure::new(Exit::Failed, format!("port {} of {} is in use by another program", config.port, config.host));
            failure.advise("name another with --port; --port 0 takes any that is free")
        }
        ErrorKind::PermissionDenied => {
            let failure = Failure::failed(format!("port {} may only be used by an administrator", config.port));
            failure.advise("name one from 1024 on with --port")
        }
        ErrorKind::AddrNotAvailable => Failure::usage(format!("{} is no address of this machine", config.host)),
        _ => Failure::failed(format!("{address} cannot be listened on: {error}")),
    })
}

fn refused(error: OpenError) -> Failure {
    let message = chain(&error);
    match error {
        OpenError::Locked { address: Some(address), .. } => {
            Failure::failed(message).advise(format!("use the server that runs there, at {address}; or name another directory with --data-dir"))
        }
        OpenError::Locked { .. } => Failure::failed(message).advise("wait until it ends, or name another directory with --data-dir"),
        _ => Failure::failed(message),
    }
}

/// The key that callers must show, and whether it was made just now.
fn key(config: &Config) -> Result<(String, bool), Failure> {
    let Some(key) = &config.api_key else { return keys::read_or_make(&config.data_dir) };
    if let Some(fault) = keys::fault(key.reveal()) {
        return Err(Failure::usage(format!("the configured API key cannot be right: {fault}")));
    }
    Ok((key.reveal().to_owned(), false))
}

/// Where programs on this machine reach us.
fn url(address: SocketAddr) -> String {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    format!("http://{}", SocketAddr::new(ip, address.port()))
}

fn greet(context: &Context, config: &Config, assembly: &Assembly, url: &str, key: &str, is_new: bool, recovered: usize) {
    if let Some(warning) = assembly.warning() {
        tracing::warn!("{warning}");
    }
    tracing::info!(url, version = env!("CARGO_PKG_VERSION"), recovered, "listening");
    if context.common.quiet {
        return;
    }
    tell(&format!("orchestrator {} listens on {url}", env!("CARGO_PKG_VERSION")));
    tell(&assembly.choice.line(assembly.destination().as_deref()));
    if recovered > 0 {
        tell(&if recovered == 1 { "1 open run goes on".to_owned() } else { format!("{recovered} open runs go on") });
    }
    let shown = match &config.api_key {
        Some(_) => "$API_KEY".to_owned(),
        None => format!("$(cat '{}')", keys::file(&config.data_dir).display()),
    };
    // A log file is no place for a key.
    if is_new && std::io::stderr().is_terminal() {
        tell(&format!("a key was made: {key}"));
    }
    tell(&format!(
        "try:\n  curl -s {url}/api/v1/orchestrate -H \"X-API-Key: {shown}\" -H 'Content-Type: application/json' \\\n    -d '{{\"task\": \"Is this machine healthy?\"}}'"
    ));
}

/// Removes what has been kept long enough, now and then hourly.
async fn purge(engine: Engine, retention: Duration) {
    loop {
        let now = engine.clock().now();
        let before = |age: Duration| Timestamp::from_micros(now.as_micros() - i64::try_from(age.as_micros()).unwrap_or(i64::MAX / 2));
        match engine.store().purge(before(retention), before(IDEMPOTENCY_KEPT)).await {
            Ok(purged) if purged.runs + purged.keys > 0 => tracing::info!(runs = purged.runs, keys = purged.keys, "purged"),
            Ok(_) => {}
            Err(error) => tracing::warn!("old runs could not be purged: {}", chain(&error)),
        }
        tokio::time::sleep(PURGE_EVERY).await;
    }
}
