//! A disk that is full, cannot be written to, or fails: the main job goes on as far as it can, and nothing that was promised is lost.

use crate::server::{Home, Server, answer, strace};
use serde_json::{Value, json};
use std::io::Write;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

/// A small file system of its own, or why there is none.
struct Small(PathBuf);

impl Small {
    fn mount(at: PathBuf, options: &str) -> Result<Small, String> {
        std::fs::create_dir_all(&at).unwrap();
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(&at).output();
        match mounted {
            Ok(output) if output.status.success() => Ok(Small(at)),
            Ok(output) => Err(String::from_utf8_lossy(&output.stderr).trim().to_owned()),
            Err(error) => Err(error.to_string()),
        }
    }

    /// Leaves not a byte.
    fn fill(&self) -> PathBuf {
        let path = self.0.join("filler");
        let mut file = std::fs::File::create(&path).unwrap();
        while file.write_all(&[0; 4096]).is_ok() {}
        path
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        // Lazily: a server that is just being killed may hold a file.
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}

const SCRIPT: &str = r#"
[[script]]
when = "slow"
[[script.turn]]
call = [{ tool = "put" }]
delay_ms = 1500
[[script.turn]]
text = "It is put."

[[script]]
[[script.turn]]
text = "Done."

[[tool]]
name = "put"
effect = "observe"
replay = "keyed"
ledger = "put.jsonl"
"#;

fn task(task: &str) -> Value {
    json!({ "task": task, "agent_ids": ["worker"] })
}

async fn submit(server: &Server, words: &str) -> (u16, Value) {
    answer(server.post("/api/v1/runs").json(&task(words))).await.expect("the server answers")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_fills_up_takes_nothing_new_loses_nothing_old_and_goes_on_once_there_is_room() {
    let home = Home::new(SCRIPT);
    let small = match Small::mount(home.path("data"), "size=2m") {
        Ok(small) => small,
        Err(why) => return println!("skipped: a small file system cannot be mounted here: {why}"),
    };
    let server = home.start().await;
    let (_, done) = submit(&server, "a quick one").await;
    server.until(done["run_id"].as_str().unwrap(), "completed").await;
    let (_, slow) = submit(&server, "a slow one").await;
    let slow = slow["run_id"].as_str().unwrap();

    let filler = small.fill();
    for path in ["/api/v1/runs", "/api/v1/orchestrate"] {
        let (status, problem) = answer(server.post(path).json(&task("one more"))).await.unwrap();
        assert_eq!((status, &problem["code"]), (507, &"storage_full".into()), "{problem}");
        assert!(problem["detail"].as_str().unwrap().contains("disk is full"), "{problem}");
    }
    // The model answers now, and its answer has nowhere to go.
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(server.run(slow).await["status"], "running");
    assert!(!home.path("put.jsonl").exists(), "a call was made whose intent could not be recorded");
    assert_eq!(answer(server.get("/api/v1/health")).await.unwrap().0, 200);
    let (_, status) = answer(server.get("/api/v1/status")).await.unwrap();
    assert!(status["database"].as_str().unwrap().contains("full"), "{status}");
    assert_eq!(answer(server.get("/api/v1/runs")).await.unwrap().1["count"], 2);
    assert_eq!(server.run(done["run_id"].as_str().unwrap()).await["answer"], "Done.");

    std::fs::remove_file(filler).unwrap();
    assert_eq!(server.until(slow, "completed").await["answer"], "It is put.");
    let (status, after) = submit(&server, "a quick one").await;
    assert_eq!(status, 202, "{after}");
    server.until(after["run_id"].as_str().unwrap(), "completed").await;
    assert!(!home.log().contains("panicked"), "{}", home.log());
    server.kill();
    server.ended().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_killed_on_a_full_disk_is_followed_by_one_that_says_so_and_by_one_that_goes_on() {
    let home = Home::new(SCRIPT);
    let small = match Small::mount(home.path("data"), "size=2m") {
        Ok(small) => small,
        Err(why) => return println!("skipped: a small file system cannot be mounted here: {why}"),
    };
    let server = home.start().await;
    let (_, slow) = submit(&server, "a slow one").await;
    let filler = small.fill();
    server.kill();
    server.ended().await;
    let next = Server::spawn(home.up(&[]), &home.path("data"));
    if next.listens().await {
        // There was room left in the log for what a start writes.
        next.kill();
        next.ended().await;
    } else {
        assert_eq!(next.ended().await.code(), Some(1));
        assert!(home.log().contains("is full: free some space"), "{}", home.log());
    }
    std::fs::remove_file(filler).unwrap();
    let server = home.start().await;
    server.until(slow["run_id"].as_str().unwrap(), "completed").await;
    server.kill();
    server.ended().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_data_directory_that_is_read_only_is_named() {
    let home = Home::new(SCRIPT);
    let _small = match Small::mount(home.path("data"), "size=64k,ro") {
        Ok(small) => small,
        Err(why) => return println!("skipped: a small file system cannot be mounted here: {why}"),
    };
    let server = Server::spawn(home.up(&[]), &home.path("data"));
    assert_eq!(server.ended().await.code(), Some(1));
    let log = home.log();
    assert!(log.contains("cannot be written to: make it writable") && log.contains("Read-only file system"), "{log}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_data_directory_that_another_server_has_is_named_with_its_owner() {
    let home = Home::new(SCRIPT);
    let first = home.start().await;
    let second = Server::spawn(home.up(&[]), &home.path("data"));
    assert_eq!(second.ended().await.code(), Some(1));
    let log = home.log();
    assert!(log.contains("is in use by process") && log.contains(&format!("use the server that runs there, at {}", first.url(""))), "{log}");
    first.kill();
    first.ended().await;
    // The dead hold nothing.
    home.start().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_failed_fsync_the_process_ends_and_the_next_one_has_all_that_was_acknowledged() {
    if let Err(why) = strace() {
        return println!("skipped: {why}");
    }
    let home = Home::new(SCRIPT);
    let (mut acknowledged, mut aborted) = (Vec::new(), 0);
    for nth in 1..=8 {
        let calls = "fsync,fdatasync";
        let inject = format!("inject={calls}:error=EIO:when={nth}");
        let wrapper = ["strace", "-D", "-f", "-qq", "-o", "/dev/null", "-e", &format!("trace={calls}"), "-e", &inject];
        let server = Server::spawn(home.up(&wrapper), &home.path("data"));
        if !server.listens().await {
            continue;
        }
        // The calls are counted in each thread by itself, and several commit.
        for _ in 0..200 {
            match answer(server.post("/api/v1/runs").json(&task("a quick one"))).await {
                Some((202, body)) => acknowledged.push(body["run_id"].as_str().unwrap().to_owned()),
                Some((503, _)) | None => break,
                Some(other) => panic!("{other:?}"),
            }
        }
        aborted += usize::from(server.ended().await.code().is_none());
    }
    assert!(aborted > 0 && home.log().contains("the disk failed to keep what it was given"), "{}", home.log());
    let server = home.start().await;
    for run in &acknowledged {
        server.until(run, "completed").await;
    }
    println!("{aborted} processes ended by a failed fsync, {} runs acknowledged, all there", acknowledged.len());
}
