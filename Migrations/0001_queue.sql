-- Work that must survive every crash waits in PostgreSQL itself, so that it commits with the rows it belongs to.
--
--                 enqueue, run_at ahead            promote: run_at has come
--               +---------------------> scheduled ------------------------+
--               |                        ^                                v
--            (nothing)                   | retry, snooze              available <-- enqueue, run_at here
--                                        |                             |    ^
--                                        |                       claim |    | hand back, rescue
--                                        |                             v    |
--                                        +-------------------------- running
--                                                                       |
--            history: done, discarded, dead  <--------------------------+
--            history: cancelled              <-- from each of the three
--
-- `job` holds only what is unfinished and stays small; what is finished moves to `history` in the same statement.
CREATE SCHEMA queue;

-- The clock of everything a job says about time. A simulation drives it by the setting; an application with a clock
-- of its own may replace the body. Leases do not use it: they measure whether a process lives, which no simulation
-- changes.
CREATE FUNCTION queue.now() RETURNS timestamptz
    LANGUAGE sql STABLE
    AS $$
        SELECT coalesce(nullif(current_setting('queue.simulated_now', true), '')::timestamptz, statement_timestamp())
    $$;

-- Every claim draws the next number. It never falls, so a number seen once names one claim for ever.
CREATE SEQUENCE queue.lease_epoch AS bigint;

CREATE TABLE queue.job (
    job_id            bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    queue             text        NOT NULL DEFAULT 'default',
    kind              text        NOT NULL,
    payload           jsonb       NOT NULL,
    priority          smallint    NOT NULL DEFAULT 0,
    unique_key        text,
    state             text        NOT NULL,
    run_at            timestamptz NOT NULL DEFAULT queue.now(),
    enqueued_at       timestamptz NOT NULL DEFAULT queue.now(),
    attempt_count     integer     NOT NULL DEFAULT 0,
    max_attempt_count integer     NOT NULL DEFAULT 25,
    hastened          boolean     NOT NULL DEFAULT false,
    started_at        timestamptz,
    worker_name       text,
    lease_epoch       bigint,
    lease_until       timestamptz,

    CONSTRAINT job_state_known CHECK (state IN ('scheduled', 'available', 'running')),
    CONSTRAINT job_lease_only_while_running
        CHECK ((state = 'running') = (lease_epoch IS NOT NULL)
           AND num_nulls(lease_epoch, lease_until, worker_name, started_at) IN (0, 4)),
    CONSTRAINT job_hastened_only_while_running CHECK (state = 'running' OR NOT hastened),
    CONSTRAINT job_running_has_attempt CHECK (state <> 'running' OR attempt_count >= 1),
    CONSTRAINT job_attempt_count_within_max CHECK (attempt_count BETWEEN 0 AND max_attempt_count),
    CONSTRAINT job_max_attempt_count_positive CHECK (max_attempt_count >= 1),
    CONSTRAINT job_queue_named CHECK (length(queue) BETWEEN 1 AND 100),
    CONSTRAINT job_kind_named CHECK (length(kind) BETWEEN 1 AND 100),
    CONSTRAINT job_unique_key_indexable CHECK (length(unique_key) BETWEEN 1 AND 500),
    CONSTRAINT job_payload_bounded CHECK (pg_column_size(payload) <= 1048576)
)
-- Room on each page keeps heartbeats in place (HOT); early vacuum keeps the claim's scan short.
WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 500);

-- What is to run next in this queue?
CREATE INDEX job_available ON queue.job (queue, priority DESC, run_at, job_id) WHERE state = 'available';

-- Whose time has come?
CREATE INDEX job_scheduled_due ON queue.job (run_at) WHERE state = 'scheduled';

-- Whose worker may be lost? Not by lease_until: an index on it would make every heartbeat rewrite its entry.
CREATE INDEX job_running ON queue.job (job_id) WHERE state = 'running';

-- Is it unfinished already?
CREATE UNIQUE INDEX job_unique_key ON queue.job (unique_key) WHERE unique_key IS NOT NULL;

-- Jobs that will not run again. Pruned by age; the dead are kept longer, with their payload, so that a person can look.
CREATE TABLE queue.history (
    job_id        bigint      PRIMARY KEY,
    queue         text        NOT NULL,
    kind          text        NOT NULL,
    payload       jsonb       NOT NULL,
    priority      smallint    NOT NULL,
    unique_key    text,
    outcome       text        NOT NULL,
    reason        text,
    attempt_count integer     NOT NULL,
    lease_epoch   bigint,
    worker_name   text,
    run_at        timestamptz NOT NULL,
    enqueued_at   timestamptz NOT NULL,
    started_at    timestamptz,
    finished_at   timestamptz NOT NULL DEFAULT queue.now(),

    CONSTRAINT history_outcome_known CHECK (outcome IN ('done', 'discarded', 'dead', 'cancelled')),
    CONSTRAINT history_ran_under_lease CHECK (outcome = 'cancelled' OR lease_epoch IS NOT NULL),
    CONSTRAINT history_reason_given CHECK ((outcome IN ('discarded', 'dead')) = (reason IS NOT NULL)),
    CONSTRAINT history_reason_bounded CHECK (length(reason) <= 4000)
);

-- What is old enough to forget? The dead have an age of their own.
CREATE INDEX history_finished_at ON queue.history (finished_at) WHERE outcome <> 'dead';
CREATE INDEX history_dead_since ON queue.history (finished_at) WHERE outcome = 'dead';

-- Attempts that did not end well: what was thrown, or that the worker was lost. No foreign key: the job changes tables.
CREATE TABLE queue.failure (
    lease_epoch   bigint      PRIMARY KEY,
    job_id        bigint      NOT NULL,
    attempt_count integer     NOT NULL,
    reason        text        NOT NULL,
    failed_at     timestamptz NOT NULL DEFAULT queue.now(),

    CONSTRAINT failure_reason_bounded CHECK (length(reason) <= 4000)
);

-- What went wrong with this job?
CREATE INDEX failure_by_job ON queue.failure (job_id, lease_epoch);

-- Which failures are old enough to forget?
CREATE INDEX failure_failed_at ON queue.failure (failed_at);

-- How deep is each queue, and how long has its oldest runnable job waited?
CREATE VIEW queue.depth_now AS
SELECT queue,
       count(*) FILTER (WHERE state = 'scheduled') AS scheduled_count,
       count(*) FILTER (WHERE state = 'available') AS available_count,
       count(*) FILTER (WHERE state = 'running')   AS running_count,
       extract(epoch FROM queue.now() - min(run_at) FILTER (WHERE state = 'available'))::float8
           AS oldest_available_seconds
  FROM queue.job
 GROUP BY queue;
