use crate::schema::ErrorView;

/// Why a client has no answer.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The node refused.
    #[error("the node refuses ({code:?}): {message}", code = .0.code, message = .0.message)]
    Refused(ErrorView),
    /// The gateway refused; the number is that of [`crate::schema::Code`].
    #[error("the gateway refuses (code {code}): {message}")]
    GatewayRefused {
        /// The code's number.
        code: u16,
        /// When to ask again, in milliseconds; zero if waiting does not help.
        retry_ms: u32,
        /// What happened.
        message: String,
    },
    /// The connection failed. A message that was sent may have been executed: send the same one again.
    #[error("the connection failed: {0}; if a message was sent, send the same one again")]
    Connection(String),
    /// The node answered with something that is not in the schema.
    #[error("the answer cannot be read: {0}; is the client of the same version as the node?")]
    Answer(String),
    /// The message cannot be signed.
    #[error("{0}")]
    Sign(String),
}

impl From<std::io::Error> for ClientError {
    fn from(error: std::io::Error) -> ClientError {
        ClientError::Connection(error.to_string())
    }
}
