//! Families of metrics as text: the format of Prometheus, version 0.0.4.
//!
//! `prometheus-client` escapes and lays out. It writes `OpenMetrics`, where a counter's
//! family lacks the `_total` that its samples have; in 0.0.4 the two are the same name. So
//! a counter is described under its whole name here, and its samples are written bare.

use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode_registry;
use prometheus_client::encoding::{DescriptorEncoder, EncodeGaugeValue, GaugeValueEncoder};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Registry;

/// What a sample is told apart by.
pub(super) type Labels = Vec<(&'static str, &'static str)>;

/// Samples under one name.
#[derive(Debug)]
pub(super) struct Family {
    name: &'static str,
    help: &'static str,
    samples: Samples,
}

#[derive(Debug)]
enum Samples {
    Counters(Vec<(Labels, Number)>),
    Gauges(Vec<(Labels, Number)>),
    Histograms(Vec<(Labels, Histogram)>),
}

/// The value of a sample.
#[derive(Clone, Copy, Debug)]
pub(super) enum Number {
    /// Of things that are counted.
    Whole(u64),
    /// Of what is measured.
    Real(f64),
}

impl From<u64> for Number {
    fn from(number: u64) -> Number {
        Number::Whole(number)
    }
}

impl From<f64> for Number {
    fn from(number: f64) -> Number {
        Number::Real(number)
    }
}

impl EncodeGaugeValue for Number {
    fn encode(&self, encoder: &mut GaugeValueEncoder<'_>) -> fmt::Result {
        match self {
            Number::Whole(number) => EncodeGaugeValue::encode(number, encoder),
            Number::Real(number) => EncodeGaugeValue::encode(number, encoder),
        }
    }
}

/// How often something took how long.
#[derive(Debug)]
pub(super) struct Histogram {
    /// Seconds of all together.
    pub(super) sum: f64,
    /// Where each bucket ends, in seconds, and how many are in it and in no earlier one.
    pub(super) buckets: Vec<(f64, u64)>,
}

impl Family {
    /// One number that only rises. Its name ends with `_total`.
    pub(super) fn counter(
        name: &'static str,
        help: &'static str,
        value: impl Into<Number>,
    ) -> Family {
        Family::counters(name, help, vec![(Labels::new(), value.into())])
    }

    /// Numbers that only rise.
    pub(super) fn counters(
        name: &'static str,
        help: &'static str,
        samples: Vec<(Labels, Number)>,
    ) -> Family {
        Family { name, help, samples: Samples::Counters(samples) }
    }

    /// One number that rises and falls.
    pub(super) fn gauge(
        name: &'static str,
        help: &'static str,
        value: impl Into<Number>,
    ) -> Family {
        Family::gauges(name, help, vec![(Labels::new(), value.into())])
    }

    /// Numbers that rise and fall.
    pub(super) fn gauges(
        name: &'static str,
        help: &'static str,
        samples: Vec<(Labels, Number)>,
    ) -> Family {
        Family { name, help, samples: Samples::Gauges(samples) }
    }

    /// Durations.
    pub(super) fn histograms(
        name: &'static str,
        help: &'static str,
        samples: Vec<(Labels, Histogram)>,
    ) -> Family {
        Family { name, help, samples: Samples::Histograms(samples) }
    }

    fn encode(&self, encoder: &mut DescriptorEncoder<'_>) -> fmt::Result {
        let kind = match self.samples {
            Samples::Counters(_) => MetricType::Counter,
            Samples::Gauges(_) => MetricType::Gauge,
            Samples::Histograms(_) => MetricType::Histogram,
        };
        let mut metric = encoder.encode_descriptor(self.name, self.help, None, kind)?;
        match &self.samples {
            Samples::Counters(samples) | Samples::Gauges(samples) => {
                for (labels, number) in samples {
                    if labels.is_empty() {
                        metric.encode_gauge(number)?;
                    } else {
                        metric.encode_family(labels)?.encode_gauge(number)?;
                    }
                }
            }
            Samples::Histograms(samples) => {
                for (labels, Histogram { sum, buckets }) in samples {
                    let count = buckets.iter().map(|(_, count)| count).sum();
                    metric
                        .encode_family(labels)?
                        .encode_histogram::<Labels>(*sum, count, buckets, None)?;
                }
            }
        }
        Ok(())
    }
}

#[derive(Debug)]
struct Families(Vec<Family>);

impl Collector for Families {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|family| family.encode(&mut encoder))
    }
}

/// The families as text; all their names begin with `fazt_`.
pub(super) fn text(families: Vec<Family>) -> Result<String, fmt::Error> {
    let mut registry = Registry::with_prefix("fazt");
    registry.register_collector(Box::new(Families(families)));
    let mut text = String::new();
    encode_registry(&mut text, &registry)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_read_as_version_0_0_4() {
        let buckets = vec![(0.005, 2), (1.0, 0), (f64::INFINITY, 1)];
        let written = text(vec![
            Family::counter("commits_total", "Commits.", 3_u64),
            Family::gauge("cpu_seconds", "Time.", 0.25),
            Family::gauges(
                "queue",
                "Waiting.",
                vec![(vec![("of", "a\"b\\\n")], 1_u64.into()), (vec![("of", "c")], 0_u64.into())],
            ),
            Family::histograms(
                "took_seconds",
                "How long.",
                vec![(vec![("kind", "site")], Histogram { sum: 2.5, buckets })],
            ),
        ]);
        let expect = r#"# HELP fazt_commits_total Commits.
# TYPE fazt_commits_total counter
fazt_commits_total 3
# HELP fazt_cpu_seconds Time.
# TYPE fazt_cpu_seconds gauge
fazt_cpu_seconds 0.25
# HELP fazt_queue Waiting.
# TYPE fazt_queue gauge
fazt_queue{of="a\"b\\\n"} 1
fazt_queue{of="c"} 0
# HELP fazt_took_seconds How long.
# TYPE fazt_took_seconds histogram
fazt_took_seconds_sum{kind="site"} 2.5
fazt_took_seconds_count{kind="site"} 3
fazt_took_seconds_bucket{le="0.005",kind="site"} 2
fazt_took_seconds_bucket{le="1.0",kind="site"} 2
fazt_took_seconds_bucket{le="+Inf",kind="site"} 3
"#;
        assert_eq!(written.unwrap(), expect);
    }
}
