//! How the line is doing, by its own metrics.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use metrics_exporter_prometheus::PrometheusHandle;
use throughline_stream::metric_names;

/// What a rate is an average over.
const SPAN: Duration = Duration::from_secs(5);

/// The line at one moment.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Beat {
    /// Records that ingest has read.
    pub records: u64,
    /// Of late, a second.
    pub rate: f64,
    /// Records that wait between stages.
    pub waiting: u64,
}

/// Watches the metrics of this process.
pub struct Pulse {
    metrics: PrometheusHandle,
    samples: VecDeque<(Instant, u64)>,
}

impl Pulse {
    /// One of these metrics.
    pub fn new(metrics: PrometheusHandle) -> Self {
        Self {
            metrics,
            samples: VecDeque::new(),
        }
    }

    /// The line now.
    pub fn feel(&mut self) -> Beat {
        let page = self.metrics.render();
        let records = sum(&page, metric_names::INGEST_RECORDS) as u64;
        let waiting = sum(&page, metric_names::STREAM_LAG_RECORDS) as u64;
        let now = Instant::now();
        self.samples.push_back((now, records));
        while self.samples.len() > 2 && self.samples.get(1).is_some_and(|next| now - next.0 >= SPAN)
        {
            self.samples.pop_front();
        }
        let rate = self.samples.front().map_or(0.0, |(since, before)| {
            let seconds = (now - *since).as_secs_f64().max(f64::EPSILON);
            records.saturating_sub(*before) as f64 / seconds
        });
        Beat {
            records,
            rate: if self.samples.len() < 2 { 0.0 } else { rate },
            waiting,
        }
    }
}

/// The sum of a metric over its labels, on a page for Prometheus.
fn sum(page: &str, name: &str) -> f64 {
    let value = |line: &str| {
        let rest = line.strip_prefix(name)?;
        if !rest.starts_with(['{', ' ']) {
            return None;
        }
        rest.rsplit_once(' ')?.1.parse::<f64>().ok()
    };
    page.lines().filter_map(value).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_metric_is_summed_over_its_labels_and_no_other() {
        let page = "# HELP a_total what\n# TYPE a_total counter\na_total{topic=\"x y\"} 3\n\
                    a_total{topic=\"z\"} 4\na_total_more 100\nb 5\n";
        assert!((sum(page, "a_total") - 7.0).abs() < f64::EPSILON);
        assert!((sum(page, "b") - 5.0).abs() < f64::EPSILON);
        assert!(sum(page, "c").abs() < f64::EPSILON);
    }
}
