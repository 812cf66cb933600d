//! The pages in a real Chromium, as people use them: `tests/browser/` says what
//! they do there. Here a line is started, filled and, while pages are open, sent
//! deals that they must show.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use chrono::Utc;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use throughline_dashboard::PAGES;
use throughline_stream::Outgoing;
use throughline_tests::reference::Settings;

use crate::http::{free_address, get};
use crate::installation::{Group, Installation};
use crate::process::{Process, Progress, until};
use crate::services::root;

/// Traffic of two months up to now. There is more of the past than is asked for,
/// so that the count ends it in the minute and a half before now.
const TRAFFIC: [&str; 12] = [
    "generate",
    "--kafka",
    "--seed=7",
    "--days=60",
    "--events=6000",
    "--until-count=10500",
    "--rate",
    "50",
    "--tenants",
    "2",
    "--junk",
    "0.002",
];
/// What a deal that is won while a page is open is worth.
const AMOUNT: &str = "123456.78";
/// How often it is looked what the browser asks for.
const GLANCE: Duration = Duration::from_millis(10);

#[test]
fn people_find_their_way_and_see_what_is_won() {
    let packages = packages();
    let mut line = Installation::new("browser", &Settings::default());
    let address = free_address();
    line.config["dashboard"]["listen"] = address.clone().into();
    line.call(&["topics", "create"]).succeeds();
    let mut run = line.start("run", &["run"]);
    line.call(&TRAFFIC).succeeds();
    until("all has arrived and is shown", || {
        let is_done = |group| line.done(group) > 0 && line.left(group) == 0;
        let is_shown = |(_, page): (u16, String)| {
            let parts = ["id=\"control-tenant\"", "data-report=\"channels\""];
            parts.iter().all(|part| page.contains(part))
        };
        Group::ALL.into_iter().all(is_done) && get(&address, "/").is_ok_and(is_shown)
    });
    let mut browser = start(&line, &address, &packages);
    let seen = answer(&line, &mut browser);
    let output = browser.output();
    assert!(browser.wait().success(), "{output}");
    assert_eq!(
        seen, 4,
        "on two pages, on a laptop and on a phone: {output}"
    );
    print!("{output}");
    run.stop();
}

/// Starts the walk through the pages.
fn start(line: &Installation, address: &str, packages: &Path) -> Process {
    let expected = line.directory.join("expected.json");
    let in_menu = PAGES.iter().filter(|page| page.is_in_menu);
    let pages: Vec<_> = in_menu.map(|page| page.path).collect();
    let told = json!({
        "pages": pages,
        "charts": ["/", "/channels", "/live"],
        "model": "first_touch",
        "period": "90d",
        "amount": AMOUNT,
    });
    std::fs::write(&expected, told.to_string()).unwrap();
    let mut node = Command::new("node");
    node.arg(root().join("tests/browser/browser.mjs"))
        .arg(format!("http://{address}"))
        .arg(root().join(".dev/screenshots"))
        .arg(&expected)
        .env("BROWSER_PACKAGES", packages)
        .stdin(Stdio::null());
    line.start_command("browser", node)
}

/// Sends the deals that the browser is ready for, until it ends; says how many it
/// has seen, and how soon.
fn answer(line: &Installation, browser: &mut Process) -> usize {
    let (mut read, mut seen, mut sent_ms) = (0, 0, 0);
    let mut progress = Progress::of("the browser");
    let mut is_running = true;
    while is_running {
        // Asked before its output is read: what it says last is read, too.
        is_running = browser.is_running();
        std::thread::sleep(GLANCE);
        let output = browser.output();
        for said in output.split_inclusive('\n').skip(read) {
            // The rest of a line is still to come.
            if !said.ends_with('\n') {
                break;
            }
            read += 1;
            match said.split_whitespace().collect::<Vec<_>>()[..] {
                ["READY", deal] => sent_ms = win(line, deal),
                ["SEEN", deal, at_ms] => {
                    seen += 1;
                    let after = at_ms.parse::<i64>().unwrap() - sent_ms;
                    println!("live update after {:.1} s: {deal}", after as f64 / 1000.0);
                }
                _ => {}
            }
        }
        progress.is_at(read as i64, || output);
    }
    seen
}

/// Sends that a deal is won; gives the moment just before, milliseconds since 1970.
fn win(line: &Installation, deal: &str) -> i64 {
    let now = Utc::now();
    let event = json!({
        "event_id": deal,
        "occurred_at": now.to_rfc3339(),
        "deal_id": deal,
        "event": "won",
        "amount": AMOUNT,
        "currency": "RUB",
    });
    line.send([Outgoing {
        topic: "deals".into(),
        value: Some(event.to_string().into_bytes()),
        ..Outgoing::default()
    }]);
    now.timestamp_millis()
}

/// Where the browser's packages are. Whoever comes first has npm install them,
/// once for each content of the lock.
fn packages() -> PathBuf {
    let source = root().join("tests/browser");
    let lock = std::fs::read(source.join("package-lock.json")).unwrap();
    let hash = format!("{:x}", Sha256::digest(lock));
    let cache = root().join(".dev/cache");
    let target = cache.join(format!("browser-{}", &hash[..8]));
    std::fs::create_dir_all(&cache).unwrap();
    // Another process of tests may be about to install them as well.
    let waiting = File::create(target.with_extension("lock")).unwrap();
    waiting.lock().unwrap();
    if !target.exists() {
        let work = target.with_extension("partial");
        let _ = std::fs::remove_dir_all(&work);
        std::fs::create_dir(&work).unwrap();
        for file in ["package.json", "package-lock.json"] {
            std::fs::copy(source.join(file), work.join(file)).unwrap();
        }
        install(&work);
        std::fs::rename(work, &target).unwrap();
    }
    target
}

fn install(directory: &Path) {
    let own_cache = directory.join("npm");
    let installed = Command::new("npm")
        .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
        .args(["--no-update-notifier", "--loglevel=error", "--cache"])
        .arg(&own_cache)
        .current_dir(directory)
        .output()
        .expect("npm is needed for the browser tests: `dev/setup.sh tests` installs it");
    let told = String::from_utf8_lossy(&installed.stderr);
    assert!(
        installed.status.success(),
        "npm cannot install the packages of tests/browser; check the network and npm's settings:\n{told}"
    );
    std::fs::remove_dir_all(own_cache).unwrap();
}
