//! The numbers of the offload pool, in the text format of Prometheus.

use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;
use smartasync::offload_stats;
use std::fmt;

/// Reads the numbers whenever the page is asked for, so nobody has to keep them up to date.
#[derive(Debug)]
struct OffloadPool;

impl Collector for OffloadPool {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let stats = offload_stats();
        for (name, help, number) in [
            ("queued", "Jobs that wait for a thread", stats.queued),
            ("active", "Threads that run a job", stats.active),
            (
                "blocked",
                "Threads whose job waits for a call",
                stats.blocked,
            ),
            ("idle", "Threads that wait for a job", stats.idle),
            ("threads", "Threads of the pool", stats.threads),
            ("limit", "Threads that may be active", stats.limit),
        ] {
            let gauge = ConstGauge::new(i64::try_from(number).unwrap_or(i64::MAX));
            let metric = encoder.encode_descriptor(name, help, None, gauge.metric_type())?;
            gauge.encode(metric)?;
        }
        Ok(())
    }
}

/// The page for Prometheus.
pub(crate) fn page() -> Result<String, fmt::Error> {
    let mut registry = Registry::with_prefix("offload_pool");
    registry.register_collector(Box::new(OffloadPool));
    let mut page = String::new();
    encode(&mut page, &registry)?;
    Ok(page)
}
