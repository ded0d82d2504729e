//! The dashboard, embedded: what `web/` holds, byte for byte.

use ashlar_api::http::StaticFile;

/// Embeds `web/<path>` and serves it under the same path.
macro_rules! embedded {
    ($($path:literal),+ $(,)?) => {
        &[
            StaticFile {
                path: "/",
                media_type: "text/html; charset=utf-8",
                bytes: include_bytes!("../../web/index.html"),
            },
            $(StaticFile {
                path: $path,
                media_type: media_type($path),
                bytes: include_bytes!(concat!("../../web", $path)),
            }),+
        ]
    };
}

/// Every file of the dashboard. A test of `web/` compares this list with the folder.
pub const FILES: &[StaticFile] = embedded![
    "/style.css",
    "/favicon.svg",
    "/light.wasm",
    "/src/api.js",
    "/src/batchproof.js",
    "/src/batches.js",
    "/src/book.js",
    "/src/chart/candles.js",
    "/src/chart/canvas.js",
    "/src/chart/depth.js",
    "/src/crypto/bytes.js",
    "/src/crypto/keccak.js",
    "/src/crypto/secp256k1.js",
    "/src/crypto/sha256.js",
    "/src/dom.js",
    "/src/format.js",
    "/src/keys.js",
    "/src/main.js",
    "/src/metrics.js",
    "/src/program.js",
    "/src/proof.js",
    "/src/prooffile.js",
    "/src/sample.js",
    "/src/stark.js",
    "/src/starkworker.js",
    "/src/store.js",
    "/src/stream.js",
    "/src/theme.js",
    "/src/typed.js",
    "/src/verifier.js",
    "/src/views/command.js",
    "/src/views/custody.js",
    "/src/views/da.js",
    "/src/views/health.js",
    "/src/views/l1.js",
    "/src/views/pipeline.js",
    "/src/views/proofs.js",
    "/src/views/proven.js",
    "/src/views/submissions.js",
    "/src/views/trade.js",
    "/src/views/trade/account.js",
    "/src/views/trade/charts.js",
    "/src/views/trade/ladder.js",
    "/src/views/trade/orders.js",
    "/src/views/trade/setup.js",
    "/src/views/trade/tape.js",
    "/src/views/trade/ticker.js",
    "/src/views/trade/ticket.js",
    "/src/wire.js",
];

/// By the last letters of a name, since constants cannot compare texts: `.css`, `.svg`, `.wasm` or `.js`.
const fn media_type(path: &str) -> &'static str {
    let bytes = path.as_bytes();
    match (bytes[bytes.len() - 3], bytes[bytes.len() - 1]) {
        (b'c', _) => "text/css; charset=utf-8",
        (b's', b'g') => "image/svg+xml",
        (b'a', b'm') => "application/wasm",
        _ => "text/javascript; charset=utf-8",
    }
}

#[cfg(test)]
mod tests {
    use sha2::{Digest as _, Sha256};

    use super::FILES;

    #[test]
    fn the_verifier_for_pages_is_the_one_whose_hash_is_committed() {
        let file = FILES.iter().find(|file| file.path == "/light.wasm").expect("it is embedded");
        assert_eq!(file.media_type, "application/wasm", "browsers compile nothing else");
        let hash: String = Sha256::digest(file.bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        let line = format!("sha256={hash}");
        assert!(include_str!("../../light/page/wasm.hash").lines().any(|committed| committed == line), "{line}");
    }
}
