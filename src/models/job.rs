//! A job of the pool: it ends while its future is polled, dropped, or polled and then dropped.

use super::{check, wait_for};
use crate::pool::offload::model_job;
use crate::sync::{Arc, Ordering};
use core::future::poll_fn;
use core::task::Poll;
use loom::sync::atomic::AtomicUsize;
use loom::thread;

#[test]
fn the_result_reaches_who_waits() {
    check("job, awaited", 5, || {
        let (job, awaited) = model_job(|| 7);
        let pool = thread::spawn(move || job.run());
        let result = wait_for(poll_fn(|cx| awaited.poll(cx.waker(), 0)));
        assert!(matches!(result, Ok(7)));
        pool.join().unwrap();
    });
}

#[test]
fn an_abandoned_job_runs_to_its_end_or_not_at_all() {
    check("job, abandoned", 5, || {
        let steps = Arc::new(AtomicUsize::new(0));
        let in_job = steps.clone();
        let (job, awaited) = model_job(move || {
            in_job.fetch_add(1, Ordering::Relaxed);
            in_job.fetch_add(1, Ordering::Relaxed);
        });
        let pool = thread::spawn(move || job.run());
        let mut polled = false;
        wait_for(poll_fn(|cx| {
            polled = awaited.poll(cx.waker(), 0).is_ready();
            Poll::Ready(())
        }));
        if !polled {
            awaited.abandon(0);
        }
        pool.join().unwrap();
        let steps = steps.load(Ordering::Relaxed);
        assert!(steps == 2 || (steps == 0 && !polled));
    });
}
