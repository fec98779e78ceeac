//! The command line: what can be asked of the program, and its exit codes.
//!
//! One file a subcommand: its arguments, its help, and the call into the crate. Exit codes: 0 fine, 1 a failure while
//! running, 2 wrong settings or arguments, 130 ended by a second signal.

mod adopt;
mod backup;
mod check_config;
mod create_admin;
mod healthcheck;
mod migrate;
mod openapi;
mod progress;
mod restore;
mod serve;
mod verify;

use std::io::{self, Write};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use nix::sys::signal::{SigSet, Signal};

use crate::config::Config;

/// Wrong settings or arguments.
const EXIT_SETTINGS: u8 = 2;

const AFTER_HELP: &str = "\
Settings come from environment variables, and from a file .env in the working directory for those that are not set
there. None is needed to try it out: the server then runs a private PostgreSQL below ./data and listens on
127.0.0.1:8000. Every setting is explained in .env.example; `check-config` shows what takes effect.

Examples:
  nexgen-finance                                          start the server
  PORT=9000 LOG_FORMAT=json nexgen-finance serve          the same, with settings
  nexgen-finance create-admin --username admin --email admin@example.com
  nexgen-finance check-config                             what takes effect, and every fault of the settings

Exit codes:
  0    fine
  1    failed while running
  2    settings or arguments cannot be used
  130  ended at once by a second signal";

/// Finance server for contractors: purchase orders, vendors, payments, billing, profit and loss.
#[derive(Debug, Parser)]
#[command(name = "nexgen-finance", version, after_help = AFTER_HELP, subcommand_help_heading = "Commands")]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    Serve(serve::Arguments),
    Migrate(migrate::Arguments),
    Adopt(adopt::Arguments),
    CreateAdmin(create_admin::Arguments),
    Openapi(openapi::Arguments),
    CheckConfig(check_config::Arguments),
    Healthcheck(healthcheck::Arguments),
    Verify(verify::Arguments),
    Backup(backup::Arguments),
    Restore(restore::Arguments),
}

/// Runs the program as its command line asks; what goes wrong is told on stderr.
pub fn run() -> ExitCode {
    let command = Cli::parse()
        .command
        .unwrap_or(Command::Serve(serve::Arguments {}));
    outlive_limits_of_files();
    match command {
        Command::Openapi(arguments) => finish(openapi::run(&arguments)),
        Command::Serve(_) => with_config(serve::run),
        Command::Migrate(_) => with_config(migrate::run),
        Command::Adopt(arguments) => with_config(|config| adopt::run(config, arguments)),
        Command::CreateAdmin(arguments) => with_config(|config| create_admin::run(config, arguments)),
        Command::CheckConfig(_) => with_config(|config| check_config::run(&config)),
        Command::Healthcheck(arguments) => with_config(|config| healthcheck::run(&config, &arguments)),
        Command::Verify(arguments) => with_config(|config| verify::run(config, arguments)),
        Command::Backup(arguments) => with_config(|config| backup::run(config, &arguments)),
        Command::Restore(arguments) => with_config(|config| restore::run(config, &arguments)),
    }
}

/// Has a write beyond the limit on the size of files (`ulimit -f`, `LimitFSIZE=`) fail as one on a full disk does; by default
/// the system ends the process. It holds for all threads, which begin with what is blocked in the first.
fn outlive_limits_of_files() {
    let mut signals = SigSet::empty();
    signals.add(Signal::SIGXFSZ);
    if let Err(error) = signals.thread_block() {
        progress(&format!(
            "warning: a file that gets too large will end this process: {error}"
        ));
    }
}

/// Reads the settings for a command, or tells all their faults.
fn with_config(command: impl FnOnce(Config) -> anyhow::Result<()>) -> ExitCode {
    match Config::load() {
        Ok(config) => finish(command(config)),
        Err(faults) => {
            eprintln!("{faults}");
            ExitCode::from(EXIT_SETTINGS)
        }
    }
}

fn finish(result: anyhow::Result<()>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {}", told(&error));
            ExitCode::FAILURE
        }
    }
}

/// An error with its causes, but for those that it has told already: some repeat theirs.
fn told(error: &anyhow::Error) -> String {
    let mut told = error.to_string();
    for cause in error.chain().skip(1).map(ToString::to_string) {
        if !told.contains(&cause) {
            told.push_str(": ");
            told.push_str(&cause);
        }
    }
    told
}

/// Writes a command's output; a reader that has had enough (`| head`) is no failure.
fn print(text: &str) -> anyhow::Result<()> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

/// Says on stderr how far a command is.
fn progress(line: &str) {
    // Nobody who reads it is no reason to end.
    writeln!(io::stderr(), "{line}").ok();
}

/// Runs a command's work to its end.
fn block_on<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::runtime::Runtime::new()?.block_on(work)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn a_cause_that_an_error_repeats_is_told_once() {
        let error = anyhow::anyhow!("no such column")
            .context("the database says: no such column")
            .context("adopting");
        assert_eq!(told(&error), "adopting: the database says: no such column");
    }

    fn parsed(line: &str) -> Result<Cli, clap::Error> {
        Cli::try_parse_from(line.split_whitespace())
    }

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn without_a_command_the_server_starts() {
        assert!(parsed("nexgen-finance").unwrap().command.is_none());
        assert!(matches!(
            parsed("nexgen-finance serve").unwrap().command,
            Some(Command::Serve(_))
        ));
    }

    #[test]
    fn every_command_is_known_and_no_other() {
        for line in [
            "x migrate",
            "x adopt --from dump.sql.gz --dry-run --report report.json",
            "x adopt",
            "x create-admin --username accounts --email accounts@example.com --password-stdin",
            "x openapi --output openapi.json",
            "x openapi",
            "x check-config",
            "x verify",
            "x verify trail totals files",
            "x verify trail --expect-head 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            "x verify --expect-head 3:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            "x backup today.tar",
            "x backup --force today.tar",
            "x restore today.tar",
            "x restore today.tar --verify-only",
            "x healthcheck --url http://127.0.0.1:9000",
        ] {
            assert!(parsed(line).is_ok(), "{line}");
        }
        for line in [
            "x start",
            "x --port 1",
            "x create-admin",
            "x create-admin --username accounts",
            "x serve now",
            "x verify everything",
            "x verify --expect-head abc",
            "x backup",
            "x restore",
            "x restore one.tar two.tar",
        ] {
            assert_eq!(
                parsed(line).unwrap_err().exit_code(),
                i32::from(EXIT_SETTINGS),
                "{line}"
            );
        }
    }

    #[test]
    fn every_command_has_help_with_an_example() {
        let mut cli = Cli::command();
        assert!(cli.render_long_help().to_string().contains("Exit codes:"));
        for command in cli
            .get_subcommands_mut()
            .filter(|command| command.get_name() != "help")
        {
            let help = command.render_long_help().to_string();
            assert!(help.contains("Example"), "{help}");
        }
    }
}
