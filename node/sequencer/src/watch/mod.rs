//! What the operator must hear of, judged in the process itself, so that it is heard even where nobody collects metrics.

mod alerts;

pub use alerts::{Alarm, Alarms, AlertKind, AlertRules, Sight};
