//! Told to stop at a bad moment.

use crate::program::Program;

/// A service manager that changes its mind: what was begun is finished, and then ended in order.
#[tokio::test]
async fn a_gateway_told_to_stop_while_it_starts_ends_in_order() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (data, config) = (folder.path().join("data"), folder.path().join("simgate.toml"));
    std::fs::write(&config, "[web]\nlisten = \"127.0.0.1:0\"\n[[modem]]\nport = \"/dev/null\"\n")
        .expect("written");
    let words = [
        "run".as_ref(),
        "--config".as_ref(),
        config.as_os_str(),
        "--data".as_ref(),
        data.as_os_str(),
    ];
    let words: Vec<&str> = words.iter().map(|word| word.to_str().expect("a plain path")).collect();
    let mut gateway = Program::start(&words, &folder.path().join("run.log"));
    // The line before `ready`.
    gateway.says("data ").await.expect("it starts");
    let status = gateway.terminate().await;
    assert!(status.success(), "{status}");
}
