-- What a job tells its handler and those who watch: the version of its payload, the trace it belongs to, how long an
-- attempt may take, and how far the present one has come.
ALTER TABLE queue.job
    ADD COLUMN payload_version smallint NOT NULL DEFAULT 1,
    ADD COLUMN trace           text,
    ADD COLUMN timeout         interval,
    ADD COLUMN progress        real,
    ADD COLUMN progress_note   text,
    ADD CONSTRAINT job_payload_version_positive CHECK (payload_version >= 1),
    ADD CONSTRAINT job_trace_bounded CHECK (length(trace) BETWEEN 1 AND 512),
    ADD CONSTRAINT job_timeout_positive CHECK (timeout > interval '0'),
    ADD CONSTRAINT job_progress_is_share CHECK (progress BETWEEN 0 AND 1),
    ADD CONSTRAINT job_progress_note_bounded CHECK (length(progress_note) <= 500),
    ADD CONSTRAINT job_progress_only_while_running
        CHECK (state = 'running' OR num_nonnulls(progress, progress_note) = 0);
