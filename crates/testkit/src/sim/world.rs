//! What outlives a process: the store's contents, the truth about effects and bills, the time, and the seed's dice.

use domain::{CallId, RunId, Timestamp, UsdMicros};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;

/// SplitMix64: small, seeded, the same on every machine.
pub(crate) struct Rng(u64);

impl Rng {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, n: u64) -> u64 {
        self.next() % n.max(1)
    }

    pub(crate) fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high - low + 1)
    }

    pub(crate) fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    pub(crate) fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len() as u64) as usize]
    }
}

/// One effect on the world outside.
#[derive(Clone, Debug)]
pub(crate) struct Performed {
    pub(crate) times: u64,
    pub(crate) tool: String,
}

#[derive(Default)]
struct Truth {
    /// What tools have done, by idempotency key.
    effects: BTreeMap<String, Performed>,
    /// What the vendor bills, by task.
    billed: BTreeMap<String, UsdMicros>,
    /// Broken promises seen on the way.
    broken: Vec<String>,
    tried: BTreeMap<usize, bool>,
    /// Heads of runs seen ended.
    ended: BTreeMap<RunId, u64>,
}

pub(crate) struct World {
    rng: Mutex<Rng>,
    truth: Mutex<Truth>,
    pub(crate) durable: stores::Memory,
    time: Mutex<Time>,
    life: Mutex<Life>,
    crashed: Notify,
    is_down: AtomicBool,
    daily_limit: UsdMicros,
    faults: std::sync::atomic::AtomicU64,
}

/// Simulated time goes on through crashes; the wall clock jumps between lives.
#[derive(Default)]
struct Time {
    before: Duration,
    began: Option<Instant>,
    wall_skew_s: i64,
}

#[derive(Default)]
struct Life {
    is_last: bool,
    /// Port calls until the crash.
    points_left: Option<u64>,
    /// One store call in that many fails; 0 is none.
    fault_one_in: u64,
}

/// 2026-01-01.
const EPOCH_MICROS: i64 = 1_767_225_600_000_000;

impl World {
    pub(crate) fn new(seed: u64) -> Arc<World> {
        let mut rng = Rng(seed);
        let daily_limit = UsdMicros(*rng.pick(&[30_000, 5_000_000, 5_000_000]));
        Arc::new(World {
            rng: Mutex::new(rng),
            truth: Mutex::default(),
            durable: stores::Memory::new(),
            time: Mutex::default(),
            life: Mutex::default(),
            crashed: Notify::new(),
            is_down: AtomicBool::new(false),
            daily_limit,
            faults: Default::default(),
        })
    }

    pub(crate) fn with_rng<T>(&self, f: impl FnOnce(&mut Rng) -> T) -> T {
        f(&mut lock(&self.rng))
    }

    pub(crate) fn daily_limit(&self) -> UsdMicros {
        self.daily_limit
    }

    pub(crate) fn begin_life(&self, is_last: bool) {
        let (points_left, fault_one_in, skew) = self.with_rng(|rng| {
            let crashes = !rng.one_in(4);
            (crashes.then(|| rng.below(120)), *rng.pick(&[0, 7, 25]), rng.below(7_200) as i64 - 3_600)
        });
        *lock(&self.life) = if is_last { Life { is_last, points_left: None, fault_one_in: 0 } } else { Life { is_last, points_left, fault_one_in } };
        lock(&self.time).wall_skew_s = skew;
        self.is_down.store(false, Ordering::SeqCst);
    }

    pub(crate) fn end_life(&self) {
        // Ports answer nobody from here on, whatever their futures still try while they are dropped.
        self.is_down.store(true, Ordering::SeqCst);
        let mut time = lock(&self.time);
        if let Some(began) = time.began.take() {
            time.before += began.elapsed();
        }
    }

    pub(crate) fn is_last_life(&self) -> bool {
        lock(&self.life).is_last
    }

    /// Resolves when the process dies.
    pub(crate) async fn crash(&self) {
        lock(&self.time).began = Some(Instant::now());
        self.crashed.notified().await;
    }

    /// A place where the process may die, between any two polls of whoever calls. After a crash nothing comes back from here.
    pub(crate) async fn point(&self) {
        let yields = self.with_rng(|rng| rng.below(3));
        for _ in 0..=yields {
            if self.is_down.load(Ordering::SeqCst) {
                std::future::pending::<()>().await;
            }
            let dies = match &mut lock(&self.life).points_left {
                Some(0) => true,
                Some(left) => {
                    *left -= 1;
                    false
                }
                None => false,
            };
            if dies {
                self.is_down.store(true, Ordering::SeqCst);
                self.crashed.notify_one();
                std::future::pending::<()>().await;
            }
            tokio::task::yield_now().await;
        }
    }

    /// A point, and a little time.
    pub(crate) async fn pause(&self) {
        self.point().await;
        let ms = self.with_rng(|rng| if rng.one_in(10) { rng.below(30_000) } else { rng.below(200) });
        tokio::time::sleep(Duration::from_millis(ms)).await;
    }

    /// Whether this store call fails.
    pub(crate) fn faulty(&self) -> bool {
        let one_in = lock(&self.life).fault_one_in;
        let faulty = one_in > 0 && self.with_rng(|rng| rng.one_in(one_in));
        if faulty {
            self.faults.fetch_add(1, Ordering::Relaxed);
        }
        faulty
    }

    pub(crate) fn elapsed(&self) -> Duration {
        let time = lock(&self.time);
        time.before + time.began.map_or(Duration::ZERO, |began| began.elapsed())
    }

    pub(crate) fn now(&self) -> Timestamp {
        let skew = lock(&self.time).wall_skew_s * 1_000_000;
        Timestamp::from_micros(EPOCH_MICROS + skew).after(self.elapsed())
    }

    pub(crate) fn perform(&self, key: String, tool: &str) {
        lock(&self.truth).effects.entry(key).or_insert(Performed { times: 0, tool: tool.to_owned() }).times += 1;
    }

    /// Whether the effect with this key has happened.
    pub(crate) fn happened(&self, run: RunId, call: &CallId) -> bool {
        lock(&self.truth).effects.contains_key(&format!("{run}:{call}"))
    }

    pub(crate) fn effects(&self) -> BTreeMap<String, Performed> {
        lock(&self.truth).effects.clone()
    }

    pub(crate) fn bill(&self, task: &str, amount: UsdMicros) {
        *lock(&self.truth).billed.entry(task.to_owned()).or_default() += amount;
    }

    pub(crate) fn billed(&self, task: &str) -> UsdMicros {
        lock(&self.truth).billed.get(task).copied().unwrap_or_default()
    }

    pub(crate) fn break_promise(&self, broken: String) {
        lock(&self.truth).broken.push(broken);
    }

    pub(crate) fn broken(&self) -> Option<String> {
        lock(&self.truth).broken.first().cloned()
    }

    /// True the first time it is asked for this task.
    pub(crate) fn first_try(&self, task: usize) -> bool {
        lock(&self.truth).tried.insert(task, true).is_none()
    }

    /// Remembers that a run was seen ended at this head; it must stay so.
    pub(crate) fn seen_ended(&self, run: RunId, head: u64) {
        let before = lock(&self.truth).ended.insert(run, head);
        if before.is_some_and(|before| before != head) {
            self.break_promise(format!("run {run} had ended and went on"));
        }
    }

    pub(crate) fn counts(&self) -> (u64, u64) {
        (self.faults.load(Ordering::Relaxed), lock(&self.truth).effects.values().map(|e| e.times).sum())
    }
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(crate) struct SimClock {
    world: Arc<World>,
}

impl SimClock {
    pub(crate) fn new(world: Arc<World>) -> SimClock {
        SimClock { world }
    }
}

impl ports::Clock for SimClock {
    fn now(&self) -> Timestamp {
        self.world.now()
    }

    fn monotonic(&self) -> Duration {
        self.world.elapsed()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        tokio::time::sleep(duration).boxed()
    }

    fn random(&self) -> u64 {
        self.world.with_rng(Rng::next)
    }
}
