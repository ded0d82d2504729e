use super::limits::METRICS_MAX;

/// One number that the node measures.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Metric {
    /// Its name without `ashlar_`, with its labels.
    pub name: String,
    /// As it is to be read: times as their mean.
    pub value: String,
}

/// What a node measures, from the text format of Prometheus. Of a histogram there is the mean and the count.
pub fn read_metrics(text: &str) -> Vec<Metric> {
    let mut metrics: Vec<Metric> = Vec::new();
    let mut sum: Option<(&str, f64)> = None;
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let Some((name, value)) = line.rsplit_once(' ') else { continue };
        let short = name.strip_prefix("ashlar_").unwrap_or(name);
        if short.contains("_bucket{") || metrics.len() >= METRICS_MAX {
            continue;
        }
        if let Some(of) = short.strip_suffix("_seconds_sum") {
            sum = value.parse().ok().map(|sum| (of, sum));
            continue;
        }
        match (short.strip_suffix("_seconds_count"), sum.take()) {
            (Some(of), Some((summed, sum))) if of == summed => {
                let value = mean(sum, value.parse().unwrap_or(0.0));
                metrics.push(Metric { name: format!("{of} time"), value });
            }
            _ => metrics.push(Metric { name: short.to_owned(), value: value.to_owned() }),
        }
    }
    metrics
}

fn mean(sum: f64, count: f64) -> String {
    if count < 1.0 {
        return "none yet".to_owned();
    }
    let mean = sum / count;
    if mean < 1.0 {
        format!("{:.2} ms mean of {count}", mean * 1_000.0)
    } else {
        format!("{mean:.2} s mean of {count}")
    }
}
