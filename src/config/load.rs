//! Where variables come from: `.env` of the working directory, and the environment, which wins.

use std::collections::HashMap;
use std::path::Path;

use super::{Config, ConfigFault, ConfigFaults};

/// The file beside the program's working directory that may hold settings.
const ENV_FILE: &str = ".env";

/// Reads all settings; faults of the file and of the values are reported together.
pub(super) fn load() -> Result<Config, ConfigFaults> {
    let (file, fault) = read_file(Path::new(ENV_FILE));
    let loaded = Config::from_vars(|name| {
        // What is not Unicode becomes U+FFFD, which the reader refuses for every setting.
        std::env::var_os(name)
            .map(|value| value.to_string_lossy().into_owned())
            .or_else(|| file.get(name).cloned())
    });
    match (loaded, fault) {
        (Ok(mut config), None) => {
            // The search path alone may hold any bytes.
            config.database.path = std::env::var_os("PATH");
            Ok(config)
        }
        (Ok(_), Some(fault)) => Err(ConfigFaults(vec![fault])),
        (Err(mut faults), fault) => {
            faults.0.splice(0..0, fault);
            Err(faults)
        }
    }
}

/// The variables of a file in `.env` form; of a name that is there twice, the first counts. A missing file is empty.
fn read_file(path: &Path) -> (HashMap<String, String>, Option<ConfigFault>) {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return (HashMap::new(), None),
        Err(error) => {
            return (
                HashMap::new(),
                Some(file_fault(format!("cannot be read: {error}"))),
            );
        }
    };
    parse_file(&text)
}

/// The variables of a text in `.env` form, and the first line that is none.
fn parse_file(text: &str) -> (HashMap<String, String>, Option<ConfigFault>) {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut variables = HashMap::new();
    let mut place = "at its start".to_owned();
    for line in dotenvy::from_read_iter(text.as_bytes()) {
        let Ok((name, value)) = line else {
            // The line itself may hold a secret, so only its place is told.
            let reason =
                format!("has a line {place} that is not NAME=value (quote values with spaces, # or $)");
            return (variables, Some(file_fault(reason)));
        };
        place = format!("after {name}");
        variables.entry(name).or_insert(value);
    }
    (variables, None)
}

fn file_fault(reason: String) -> ConfigFault {
    ConfigFault {
        name: ENV_FILE.to_owned(),
        reason,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_gives_its_variables_and_the_first_of_a_name_counts() {
        let (variables, fault) =
            parse_file("\u{feff}# note\nPORT=9000\nexport HOST='::1'\nPORT=1\nLOG_DIR=\n");

        assert_eq!(fault, None);
        assert_eq!(variables["PORT"], "9000");
        assert_eq!(variables["HOST"], "::1");
        assert_eq!(variables["LOG_DIR"], "");
    }

    #[test]
    fn a_broken_line_is_named_by_its_place_and_not_shown() {
        let (_, fault) = parse_file("PORT=9000\nSECRET_KEY=two words here\n");

        let fault = fault.unwrap();
        assert_eq!(fault.name, ".env");
        assert!(fault.reason.contains("after PORT"), "{}", fault.reason);
        assert!(!fault.reason.contains("words here"), "{}", fault.reason);
    }

    #[test]
    fn a_missing_file_is_empty_and_an_unreadable_one_is_a_fault() {
        let folder = tempfile::tempdir().unwrap();

        let (none, missing) = read_file(&folder.path().join(".env"));
        let (_, unreadable) = read_file(folder.path());

        assert!(none.is_empty());
        assert_eq!(missing, None);
        assert!(unreadable.unwrap().reason.starts_with("cannot be read"));
    }
}
