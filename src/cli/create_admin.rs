//! `create-admin`: makes a user with the role admin.

use std::io::{self, BufRead};

use anyhow::{Context, bail};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use clap::Args;
use secrecy::{ExposeSecret, SecretString};

use crate::app::NewAdmin;
use crate::config::Config;
use crate::telemetry;

const AFTER_HELP: &str = "\
Without --password-stdin a password is drawn and printed, once. The command works beside a running server on the same
database, and with the embedded one also while no server runs.

Examples:
  nexgen-finance create-admin --username accounts --email accounts@example.com
  nexgen-finance create-admin --username accounts --email accounts@example.com --password-stdin < password.txt";

/// The longest line that is read as a password, in bytes.
const LONGEST_LINE: u64 = 4096;
/// 20 characters of 64 kinds.
const DRAWN_BYTES: usize = 15;

/// Make a user with the role admin
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(super) struct Arguments {
    /// Name to sign in with: at least 3 of letters, digits and _ . @ -
    #[arg(long, value_name = "NAME")]
    username: String,
    /// Email address; no other user may have it
    #[arg(long, value_name = "ADDRESS")]
    email: String,
    /// Read the password from the first line of standard input
    #[arg(long)]
    password_stdin: bool,
}

/// Makes the user; a drawn password is printed.
pub(super) fn run(config: Config, arguments: Arguments) -> anyhow::Result<()> {
    let Arguments {
        username,
        email,
        password_stdin,
    } = arguments;
    let _guard = telemetry::init_for_command(&config)?;
    let password = if password_stdin {
        read_password(io::stdin().lock())?
    } else {
        draw_password()?
    };
    let admin = NewAdmin {
        username: username.clone(),
        email,
        password: password.clone(),
    };
    super::block_on(crate::app::create_admin(config, admin))?;
    if password_stdin {
        super::print(&format!("Admin {username} is made.\n"))
    } else {
        super::print(&format!(
            "Admin {username} is made. Password, shown only now: {}\n",
            password.expose_secret()
        ))
    }
}

/// The first line of the input, without its end.
fn read_password(input: impl BufRead) -> anyhow::Result<SecretString> {
    let mut line = String::new();
    input
        .take(LONGEST_LINE)
        .read_line(&mut line)
        .context("the password cannot be read as text")?;
    let password = line.strip_suffix('\n').unwrap_or(&line);
    let password = password.strip_suffix('\r').unwrap_or(password);
    if password.is_empty() {
        bail!("standard input holds no password");
    }
    Ok(password.to_owned().into())
}

/// A password that nobody has chosen.
fn draw_password() -> anyhow::Result<SecretString> {
    let mut bytes = [0; DRAWN_BYTES];
    if getrandom::fill(&mut bytes).is_err() {
        bail!("this system gives no random bytes; use --password-stdin");
    }
    Ok(BASE64_URL_SAFE_NO_PAD.encode(bytes).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_the_first_line_as_it_stands() {
        for (input, password) in [
            ("geheim\n", "geheim"),
            (" a b \r\nrest", " a b "),
            ("no end", "no end"),
        ] {
            assert_eq!(read_password(input.as_bytes()).unwrap().expose_secret(), password);
        }
        for input in [&b""[..], b"\n", b"\xff\xfe\n"] {
            assert!(read_password(input).is_err(), "{input:?}");
        }
    }

    #[test]
    fn drawn_passwords_are_long_and_differ() {
        let first = draw_password().unwrap();

        assert_eq!(first.expose_secret().len(), 20);
        assert_ne!(first.expose_secret(), draw_password().unwrap().expose_secret());
    }
}
