use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;

use ashlar_api::admin::{ActBody, Admin, Audit, AuditLine, Log, LogLine, Token, TokenError};
use ashlar_api::client::{ClientError, RestClient};
use ashlar_api::door::Act;
use ashlar_api::http::{ApiConfig, listen};
use ashlar_api::schema::{Code, HealthView, MarketView};
use serde_json::Value;

use crate::support::{ANY, market, serve};

#[tokio::test]
async fn only_the_token_opens_and_every_change_is_written_down() {
    let folder = std::env::temp_dir().join(format!("ashlar-admin-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let (token_file, log) = (folder.join("token"), folder.join("audit.jsonl"));
    let permit = |mode| std::fs::set_permissions(&token_file, std::fs::Permissions::from_mode(mode)).expect("changes");
    assert!(matches!(Token::load(&token_file), Err(TokenError::File { .. })));
    std::fs::write(&token_file, "short").expect("is written");
    permit(0o600);
    assert!(matches!(Token::load(&token_file), Err(TokenError::Malformed { .. })));
    std::fs::write(&token_file, "7a".repeat(32)).expect("is written");
    let token = Token::load(&token_file).expect("a token");

    let served = serve(1, ApiConfig::default()).await;
    let audit = Audit::open(&log).expect("a log");
    let said = Log::default();
    let line = |text: String| LogLine { time: 7, level: "warn".into(), target: "node".into(), text };
    said.push(line(format!("somebody showed {}", token.as_str())));
    said.push(line("the disk is slow".into()));
    let admin = Admin::new(served.api.clone(), Arc::new(served.exchange.clone()), token.clone(), audit, said.clone());
    let serving = listen(ANY, served.api.clone(), ashlar_api::admin::router(admin)).await.expect("a port");

    let guess = "0".repeat(64);
    for mut stranger in [RestClient::new(serving.address), RestClient::with_token(serving.address, &guess)] {
        for path in ["/admin/health", "/admin/log", "/admin/nothing"] {
            match stranger.get::<Value>(path).await {
                Err(ClientError::Refused(error)) => assert_eq!(error.code, Code::Unauthorized),
                answer => panic!("{answer:?}"),
            }
        }
    }
    let mut operator = RestClient::with_token(serving.address, token.as_str());
    assert!(operator.get::<HealthView>("/admin/health").await.expect("health").ok);
    assert!(operator.get::<Value>("/admin/services/executor").await.expect("told")["executed"].is_string());
    operator.post::<Value>("/admin/act", &ActBody::Halt { market: 0 }).await.expect("done");
    let unknown = ActBody::Pause { service: "nobody".into() };
    assert!(matches!(operator.post::<Value>("/admin/act", &unknown).await, Err(ClientError::Refused(_))));
    assert!(matches!(operator.get::<Value>("/admin/act").await, Err(ClientError::Refused(_))), "a change is a POST");
    assert_eq!(served.exchange.acts(), [Act::Halt(market(0))]);

    let told: Vec<LogLine> = operator.get("/admin/log").await.expect("the log");
    let texts: Vec<&str> = told.iter().map(|line| line.text.as_str()).collect();
    assert_eq!(texts, ["the disk is slow", "somebody showed (hidden)"], "latest first, and never the token");
    assert_eq!(operator.get::<Vec<LogLine>>("/admin/log?limit=1").await.expect("the log").len(), 1);
    assert!(operator.get::<Value>("/admin/log?level=all").await.is_err(), "what is not known is refused");

    let lines: Vec<AuditLine> = operator.get("/admin/audit").await.expect("the log");
    let outcomes: Vec<_> = lines.iter().rev().map(|line| line.outcome.split(':').next().expect("a word")).collect();
    assert_eq!(outcomes, ["asked", "done", "asked", "refused"]);
    assert_eq!(std::fs::read_to_string(&log).expect("a file").lines().count(), 4);

    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    let halted: MarketView = RestClient::new(served.http.address).get("/v1/markets/0").await.expect("a market");
    assert_eq!(halted.state, "halted");

    permit(0o644);
    assert!(matches!(Token::load(&token_file), Err(TokenError::Exposed { .. })));
    std::fs::remove_dir_all(&folder).expect("is removed");
}
