//! `throughline dashboard`: pages and API alone; hashes of passwords and tokens.

use std::io::{BufRead as _, IsTerminal as _};
use std::sync::Arc;

use anyhow::{Context as _, anyhow, bail};
use sha2::{Digest as _, Sha256};
use throughline_dashboard::access::{hash_password, hexadecimal, random};

use crate::cli::DashboardCommand;
use crate::config::Settings;
use crate::dashboard::{self, Measured};
use crate::health::Health;
use crate::shutdown::Signals;
use crate::telemetry;
use crate::usage;
use crate::workers::Workers;
use throughline_stream::Stop;

/// Serves the dashboard until a signal asks it to end.
pub fn execute(settings: &Settings, signals: Signals) -> anyhow::Result<()> {
    let (stop, health) = (Stop::new(), Health::default());
    signals.obey(&stop, settings.shutdown_timeout)?;
    let measured = Measured::default();
    let bound = dashboard::bind(settings, &measured)?;
    let Some(bound) = bound else {
        bail!("dashboard.listen is empty: set it to an address such as 127.0.0.1:8080");
    };
    telemetry::start_metrics(&settings.telemetry, &health)?;
    usage::start(&["dashboard"], None)?;
    let address = bound.address();
    let mut workers = Workers::new(stop.clone(), health.clone(), settings.shutdown_timeout);
    let (settings, stopped) = (Arc::new(settings.clone()), stop.clone());
    workers.start("lags", move || {
        measured.keep(&settings, &stopped);
        Ok(())
    })?;
    let watch = dashboard::watch(&health);
    workers.start("dashboard", move || Ok(bound.serve(&stop, watch)?))?;
    tracing::info!(
        address = format!("http://{address}/"),
        "the dashboard is open"
    );
    workers.wait()?;
    tracing::info!("stopped");
    Ok(())
}

/// Makes what the configuration needs to know somebody by.
pub fn make(command: DashboardCommand) -> anyhow::Result<()> {
    match command {
        DashboardCommand::Password => {
            let stdin = std::io::stdin();
            if stdin.is_terminal() {
                eprintln!("The password, then Enter (it shows on the screen):");
            }
            let mut password = String::new();
            stdin
                .lock()
                .read_line(&mut password)
                .context("cannot read the password")?;
            let password = password.trim_end_matches(['\r', '\n']);
            if password.is_empty() {
                bail!("the password is empty: send it to standard input");
            }
            let hash = hash_password(password)
                .map_err(|reason| anyhow!("cannot hash the password: {reason}"))?;
            println!("password_hash: \"{hash}\"");
        }
        DashboardCommand::Token => {
            let token = format!("{}{}", random(), random());
            println!("token (shown only here): {token}");
            println!("sha256: {}", hexadecimal(&Sha256::digest(token.as_bytes())));
        }
    }
    Ok(())
}
