//! The print of the effective settings, one a line, with every secret masked.

use std::fmt;

use super::Config;

/// The effective settings as text; see [`Config::show`].
#[derive(Debug, Clone, Copy)]
pub struct ShownSettings<'a>(&'a Config);

impl Config {
    /// The effective settings as lines `NAME=value`, in the order of `.env.example`; a value that was not set says
    /// so behind it. Secrets and passwords inside addresses are masked.
    pub fn show(&self) -> ShownSettings<'_> {
        ShownSettings(self)
    }
}

impl fmt::Display for ShownSettings<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for setting in &self.0.settings {
            // A value with a line break would look like two settings.
            let value: String = setting
                .value
                .chars()
                .map(|c| if c.is_control() { '\u{fffd}' } else { c })
                .collect();
            match setting.source {
                "" => writeln!(f, "{}={value}", setting.name)?,
                source => writeln!(f, "{}={value}  # {source}", setting.name)?,
            }
        }
        Ok(())
    }
}
