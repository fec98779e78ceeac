//! `openapi`: writes the document that describes the API; needs neither settings nor database.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;

const AFTER_HELP: &str = "\
The same document that the server has at /api/openapi.json. No settings and no database are needed.

Examples:
  nexgen-finance openapi > openapi.json
  nexgen-finance openapi --output openapi.json";

/// Where the document goes.
#[derive(Debug, Args)]
#[command(about = "Write the OpenAPI document", after_help = AFTER_HELP)]
pub(super) struct Arguments {
    /// File to write instead of standard output
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Writes the document.
pub(super) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let document = crate::app::openapi_json()?;
    match &arguments.output {
        None => super::print(&format!("{document}\n")),
        Some(file) => std::fs::write(file, document + "\n")
            .with_context(|| format!("{} cannot be written", file.display())),
    }
}
