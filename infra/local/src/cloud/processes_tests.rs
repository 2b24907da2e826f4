//! Tests of a pool of tiny child processes: shell scripts that use the Runtime API over bash's sockets.

#![cfg(unix)]

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Instant;

use super::*;
use serde_json::json;

/// Answers each call with its payload, and obeys `sleep`, `die` and `fail` in it.
const CHILD: &str = r#"#!/usr/bin/env bash
host=${AWS_LAMBDA_RUNTIME_API%:*} port=${AWS_LAMBDA_RUNTIME_API#*:}
ask() { # method path body → $answer, $id
  exec 3<>"/dev/tcp/$host/$port"
  printf '%s /2018-06-01/runtime/%s HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: %s\r\n\r\n%s' "$1" "$2" "${#3}" "$3" >&3
  answer=$(tr -d '\r' <&3); exec 3>&-
  id=$(sed -n 's/^lambda-runtime-aws-request-id: //p' <<<"$answer"); answer=${answer##*$'\n'}
}
echo "started $HANDBELL_TABLE ${HOME-nowhere}"
[ "$EXTRA" = init ] && { ask POST init/error '{"errorType":"Init","errorMessage":"no"}'; exec sleep 60; }
while :; do
  ask GET invocation/next
  call=$id given=$answer
  case $given in
    *sleep*) exec sleep 60 ;;
    *die*) exit 3 ;;
    *fail*) ask POST "invocation/$call/error" '{"errorType":"E","errorMessage":"m"}' ;;
    *) ask POST "invocation/$call/response" "{\"pid\": $$, \"given\": $given}" ;;
  esac
done
"#;

struct Fixture {
    pool: Pool,
    directory: PathBuf,
    log: Arc<Mutex<Vec<String>>>,
}

impl Drop for Fixture {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

fn write(directory: &Path, name: &str) {
    let file = directory.join(name);
    std::fs::write(&file, CHILD).unwrap();
    std::fs::set_permissions(&file, PermissionsExt::from_mode(0o755)).unwrap();
}

fn pool(extra: &str) -> Fixture {
    let directory = std::env::temp_dir().join(format!("handbell-pool-{}", uuid::Uuid::new_v4()));
    std::fs::create_dir(&directory).unwrap();
    let mut template = Template::embedded().unwrap();
    for function in &mut template.functions {
        write(&directory, &function.name);
        function.timeout = Duration::from_secs(if function.name == "health" { 1 } else { 20 });
    }
    let log = Arc::new(Mutex::new(Vec::new()));
    let ear = log.clone();
    let launch =
        Launch { program: Program::Directory(directory.clone()), env: vec![("EXTRA".into(), extra.into())] };
    let pool = Pool::new(
        &template,
        launch,
        Arc::new(move |function, line| lock(&ear).push(format!("{function}: {line}"))),
    );
    pool.set_cloud(vec![("HANDBELL_TABLE".into(), "the-table".into())]);
    Fixture { pool, directory, log }
}

async fn pid(pool: &Pool, function: &str) -> u64 {
    pool.call(function, json!({})).await.unwrap()["pid"].as_u64().unwrap()
}

async fn until_busy(pool: &Pool, function: &str) -> u32 {
    loop {
        if let Some(pid) = pool.busy(function).first() {
            return *pid;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn a_process_is_used_again_and_again() {
    let fixture = pool("");
    let first = fixture.pool.call("deliver", json!({"n": 1})).await.unwrap();
    assert_eq!(first["given"], json!({"n": 1}));
    let error = fixture.pool.call("deliver", json!("fail")).await.unwrap_err();
    assert_eq!(error, FunctionError::new("E", "m"));
    assert_eq!(json!(pid(&fixture.pool, "deliver").await), first["pid"], "an error doesn't end it");
    assert_eq!(
        *lock(&fixture.log),
        ["deliver: started the-table nowhere"],
        "it sees the cloud, and not the runner's home"
    );
    assert_eq!(fixture.pool.call("nobody", json!({})).await.unwrap_err().kind, "ResourceNotFoundException");
}

#[tokio::test]
async fn what_takes_too_long_is_killed() {
    let fixture = pool("");
    let before = pid(&fixture.pool, "health").await;
    let begun = Instant::now();
    let error = fixture.pool.call("health", json!("sleep")).await.unwrap_err();
    assert_eq!(error.message, "Task timed out after 1.00 seconds");
    assert!(begun.elapsed() < Duration::from_secs(5));
    assert_ne!(pid(&fixture.pool, "health").await, before);
}

#[tokio::test]
async fn a_death_is_noticed_and_made_good() {
    let fixture = pool("");
    let error = fixture.pool.call("tick", json!("die")).await.unwrap_err();
    assert!(error.message.starts_with("Runtime exited with error: exit status: 3"), "{error}");
    let before = pid(&fixture.pool, "tick").await;
    let killed = std::process::Command::new("kill").args(["-9", &before.to_string()]).status().unwrap();
    assert!(killed.success());
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_ne!(pid(&fixture.pool, "tick").await, before, "an idle one that died is replaced");
}

#[tokio::test]
async fn killed_in_the_middle_of_its_work() {
    let fixture = pool("");
    let pool = fixture.pool.clone();
    let call = tokio::spawn(async move { pool.call("deliver", json!("sleep")).await });
    until_busy(&fixture.pool, "deliver").await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(fixture.pool.kill("deliver"), 1);
    assert_eq!(call.await.unwrap().unwrap_err().message, "Runtime exited with error: signal: killed");
    assert!(fixture.pool.busy("deliver").is_empty());
    pid(&fixture.pool, "deliver").await;
    assert_eq!((fixture.pool.kill("deliver"), fixture.pool.kill("deliver")), (1, 0), "idle ones too");
}

#[tokio::test]
async fn one_that_does_not_start_says_so() {
    let fixture = pool("init");
    assert_eq!(fixture.pool.call("deliver", json!({})).await.unwrap_err(), FunctionError::new("Init", "no"));
    std::fs::remove_file(fixture.directory.join("tick")).unwrap();
    assert_eq!(fixture.pool.call("tick", json!({})).await.unwrap_err().kind, "Runtime.InvalidEntrypoint");
}

#[tokio::test]
async fn calls_at_once_get_processes_of_their_own() {
    let fixture = pool("");
    let pids = futures_util::future::join_all((0..12).map(|_| pid(&fixture.pool, "button-press"))).await;
    let different: std::collections::HashSet<_> = pids.iter().collect();
    assert!((2..=CONCURRENCY).contains(&different.len()), "{}", different.len());
    let ticks = futures_util::future::join_all((0..3).map(|_| pid(&fixture.pool, "tick"))).await;
    assert!(ticks.iter().all(|pid| *pid == ticks[0]), "reserved: one");
}
