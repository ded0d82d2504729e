//! The Python client's own tests, against servers in this process.

mod support;

use std::path::Path;

use ashlar_api::http::ApiConfig;
use tokio::process::Command;

#[tokio::test]
async fn the_python_client_trades_with_a_server() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sdk/python");
    if Command::new("python3").arg("--version").output().await.is_err() {
        println!("skipped: python: there is no python3");
        return;
    }
    let served = support::serve(2, ApiConfig::default()).await;
    let output = Command::new("python3")
        .args(["-B", "-m", "unittest", "discover", "-v", "-s", "tests", "-t", "."])
        .env("ASHLAR_URL", format!("http://{}", served.http.address))
        .env("ASHLAR_GATEWAY", served.gateway.address.to_string())
        .current_dir(folder)
        .output()
        .await
        .expect("python3 starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert!(!said.contains("skipped"), "{said}");
}
