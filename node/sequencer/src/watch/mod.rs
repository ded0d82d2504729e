//! What the operator must hear of, judged in the process itself, so that it is heard even where nobody collects metrics.

mod alerts;
mod level;

pub use alerts::{Alarm, Alarms, AlertKind, AlertRules, Sight};
pub use level::{Baseline, ServiceLevel};
