//! Programs as processes of their own: the product as people start it, how soon it answers, what it takes of the machine.

use crate::machine::proc_value;
use crate::raw::quantile;
use crate::table::{Row, Verdict};
use crate::{ATTEMPTS, Place};
use anyhow::{Context, Result, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The key that the measured server lets in.
pub(crate) const KEY: &str = "a-key-for-measuring";

/// Ticks of the processor time in `/proc`: a hundred a second on every Linux, whatever the kernel's own clock.
const TICKS_PER_SECOND: u64 = 100;
/// A server that has not answered by then will not.
const START_MAX: Duration = Duration::from_secs(10);
/// By then a server has done what it does after its first answer.
const SETTLED: Duration = Duration::from_secs(1);

const FIRST_ANSWER_MAX: Duration = Duration::from_millis(50);
const IDLE_MAX_MIB: f64 = 25.0;

pub(crate) fn measure(place: &Place<'_>) -> Result<Vec<Row>> {
    // The first start makes the database.
    Server::product(place, &[])?.stop()?;
    let mut first_answers = Vec::new();
    let mut idle = f64::INFINITY;
    for _ in 0..ATTEMPTS {
        let server = Server::product(place, &[])?;
        first_answers.push(server.first_answer);
        std::thread::sleep(SETTLED);
        idle = idle.min(server.resident_mib()?);
        server.stop()?;
    }
    first_answers.sort_unstable();
    let first_answer = quantile(&first_answers, 0.0);
    Ok(vec![
        Row {
            what: "process start to the first 200 of the health, database migrated".into(),
            of: "`orchestrator up`".into(),
            figure: format!("{:.1} ms", first_answer.as_secs_f64() * 1e3),
            limit: format!("≤ {} ms", FIRST_ANSWER_MAX.as_millis()),
            verdict: Verdict::of(first_answer <= FIRST_ANSWER_MAX),
        },
        Row {
            what: "resident memory, idle".into(),
            of: "`orchestrator up`, a second after its first answer".into(),
            figure: format!("{idle:.1} MiB"),
            limit: format!("≤ {IDLE_MAX_MIB:.0} MiB"),
            verdict: Verdict::of(idle <= IDLE_MAX_MIB),
        },
    ])
}

/// A server in a process of its own; it ends with this value.
pub(crate) struct Server {
    process: Child,
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// From the start of the process to its first 200.
    pub(crate) first_answer: Duration,
}

impl Server {
    /// The product, on the data directory of this folder.
    pub(crate) fn product(place: &Place<'_>, settings: &[(&str, &str)]) -> Result<Server> {
        let mut command = Command::new(place.binaries.join("orchestrator"));
        command.env_clear().env("HOME", place.folder).env("API_KEY", KEY).env("ORCHESTRATOR_DRAIN_DELAY_SECONDS", "0");
        command.env("ORCHESTRATOR_MODEL", "none").env("ORCHESTRATOR_LOG", "error").envs(settings.iter().copied());
        command.args(["up", "--quiet", "--data-dir"]).arg(place.folder.join("data"));
        Server::start(command, "/api/v1/health")
    }

    /// Any program that takes `--port N` and answers 200 at this path.
    pub(crate) fn start(mut command: Command, path: &str) -> Result<Server> {
        // Whoever asks next gets another port, so this one stays free for the moment it takes to use it.
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        command.args(["--port", &port.to_string()]).stdin(Stdio::null()).stdout(Stdio::null());
        let begun = Instant::now();
        let process = command.spawn().with_context(|| format!("could not start {:?}", command.get_program()))?;
        let mut server = Server { process, address, first_answer: Duration::ZERO };
        while !is_ok(address, path).unwrap_or(false) {
            if let Some(status) = server.process.try_wait()? {
                bail!("the server ended with {status} before it answered");
            }
            ensure!(begun.elapsed() < START_MAX, "the server does not answer");
            std::thread::sleep(Duration::from_micros(200));
        }
        server.first_answer = begun.elapsed();
        Ok(server)
    }

    /// Processor time so far, its own and the system's for it.
    pub(crate) fn processor_time(&self) -> Result<Duration> {
        processor_time(&self.process.id().to_string())
    }

    /// Memory that it holds now.
    pub(crate) fn resident_mib(&self) -> Result<f64> {
        let kib: f64 = proc_value(&format!("/proc/{}/status", self.process.id()), "VmRSS")?.trim_end_matches(" kB").parse()?;
        Ok(kib / 1_024.0)
    }

    /// Lets it drain and waits for its end.
    pub(crate) fn stop(mut self) -> Result<()> {
        let pid = i32::try_from(self.process.id()).ok().and_then(Pid::from_raw).context("a process has an id")?;
        kill_process(pid, Signal::TERM)?;
        let status = self.process.wait()?;
        ensure!(status.success(), "the server ended with {status}");
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // After `stop` there is nothing left to end.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Processor time of a process so far, its own and the system's for it. `self` is this one.
pub(crate) fn processor_time(process: &str) -> Result<Duration> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
    // The program's name, in brackets, may hold blanks; fields are counted from behind it.
    let (_, fields) = stat.rsplit_once(") ").context("a line of /proc/PID/stat")?;
    let ticks: u64 = fields.split(' ').skip(11).take(2).map(|field| field.parse::<u64>().unwrap_or_default()).sum();
    Ok(Duration::from_millis(ticks * 1_000 / TICKS_PER_SECOND))
}

fn is_ok(address: SocketAddr, path: &str) -> std::io::Result<bool> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
    let mut status = [0; 12];
    stream.read_exact(&mut status)?;
    Ok(status == *b"HTTP/1.1 200")
}
