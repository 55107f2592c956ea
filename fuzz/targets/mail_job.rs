//! Reads queued mails. If the input is a job, the target decodes it and encodes the job. If the
//! result is decoded and encoded once more, it must stay the same. The `Debug` output of the job
//! must not contain an email address.

use edgegate::domain::mail::Job;

pub fn run(input: &[u8]) {
    let Some(text) = super::text(input) else {
        return;
    };
    let Some(job) = Job::decode(text) else {
        return;
    };
    let written = job.encode();
    let again = Job::decode(&written).expect("what was written");
    assert_eq!(again.encode(), written);
    assert_eq!(
        (&again.id, again.asked_at, again.locale, again.task.name()),
        (&job.id, job.asked_at, job.locale, job.task.name())
    );
    assert_eq!(
        written.lines().count(),
        written.matches('\n').count() + usize::from(!written.ends_with('\n'))
    );
    let printed = format!("{job:?}");
    assert!(!printed.contains('@'));
    assert_eq!(job.id.len(), 32);
}
