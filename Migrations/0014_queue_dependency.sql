-- After these, then this: a job that waits for others is blocked, and becomes runnable when the last of them has ended as
-- it must, or is cancelled when one of them has ended otherwise.
ALTER TABLE queue.job
    ADD COLUMN has_dependents boolean NOT NULL DEFAULT false;

-- A row for each job that another one still waits for; gone when it has ended. No foreign keys: a predecessor
-- changes tables when it ends, and one to the job would cost every finished job a look-up.
CREATE TABLE queue.dependency (
    job_id       bigint NOT NULL,
    after_job_id bigint NOT NULL,
    condition    text   NOT NULL,

    PRIMARY KEY (job_id, after_job_id),
    CONSTRAINT dependency_condition_known CHECK (condition IN ('succeeded', 'failed', 'ended')),
    CONSTRAINT dependency_on_another CHECK (job_id <> after_job_id)
);

-- Who waits for this job?
CREATE INDEX dependency_by_predecessor ON queue.dependency (after_job_id);
