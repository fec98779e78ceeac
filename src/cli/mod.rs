//! stub
/// stub
pub fn main() -> std::process::ExitCode {
    let config = match crate::config::Config::load() {
        Ok(c) => c,
        Err(e) => {
            eprintln!("{e}");
            return 2.into();
        }
    };
    tracing_subscriber::fmt().init();
    let rt = tokio::runtime::Runtime::new().unwrap();
    match rt.block_on(crate::app::serve(config)) {
        Ok(()) => 0.into(),
        Err(e) => {
            eprintln!("{e:#}");
            1.into()
        }
    }
}
