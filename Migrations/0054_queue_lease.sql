-- A claim wrote every job's row anew, to say who has it: half of what the server did for a job, and a dead row each while
-- somebody held an old snapshot. Now it writes one row for all it takes of a queue, and the jobs stay as they were.
--
--                 enqueue, run_at ahead            promote: run_at has come
--               +---------------------> scheduled ------------------------+
--               |                        ^                                v
--            (nothing)                   | retry, snooze              available <-- enqueue, run_at here
--                                        |                             |    ^
--                                        |                       claim |    | hand back, rescue
--                                        |                             v    |
--                                        +------------ available, and named by a lease
--                                                                       |
--            history: done, discarded, dead  <--------------------------+
--            history: cancelled              <-- from each of the three
--
-- A lease holds a job while it names the job's revision. Whatever makes the job another one, or lets it wait again, draws a
-- new revision, and so ends the hold without a word to the lease.
CREATE TABLE queue.lease (
    lease_epoch bigint      PRIMARY KEY,
    queue       text        NOT NULL,
    -- Drawn from the same sequence as the epoch, again by each heartbeat: below the least one lie only dead rows.
    beat        bigint      NOT NULL,
    worker_name text        NOT NULL,
    started_at  timestamptz NOT NULL,
    lease_until timestamptz NOT NULL,
    job_ids     bigint[]    NOT NULL,
    revisions   bigint[]    NOT NULL,

    CONSTRAINT lease_whole CHECK (cardinality(job_ids) >= 1 AND cardinality(job_ids) = cardinality(revisions))
)
WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 500,
      toast.autovacuum_vacuum_scale_factor = 0.02, toast.autovacuum_vacuum_threshold = 2000);

-- Numbers that hardly repeat are not worth compressing.
ALTER TABLE queue.lease ALTER COLUMN job_ids SET STORAGE EXTERNAL, ALTER COLUMN revisions SET STORAGE EXTERNAL;

-- What is taken of this queue?
CREATE INDEX lease_by_queue ON queue.lease (queue, beat);

DROP VIEW queue.waiting_now, queue.throttle_now, queue.running_now, queue.kind_now, queue.depth_now, queue.name_now;
DROP INDEX queue.job_running;
DROP TRIGGER job_state_whole ON queue.job;
ALTER TABLE queue.job DROP CONSTRAINT job_lease_only_while_running;

-- What runs while the tables change begins anew, and is not charged for it.
UPDATE queue.job
   SET state = 'available', turn_at = queue.now(), attempt_count = greatest(attempt_count - 1, 0), progress = NULL,
       progress_note = NULL
 WHERE state = 'running';

ALTER TABLE queue.job
    DROP COLUMN started_at,
    DROP COLUMN worker_name,
    DROP COLUMN lease_epoch,
    DROP COLUMN lease_until,
    DROP COLUMN hastened,
    -- Grows when a claimed job is asked to look again: its next snooze is skipped then.
    ADD COLUMN hasten_count integer NOT NULL DEFAULT 0,
    -- Drawn from queue.lease_epoch, so that no two lives of a job have the same.
    ADD COLUMN revision bigint NOT NULL DEFAULT 0;

ALTER DOMAIN queue.state DROP CONSTRAINT state_known;
ALTER DOMAIN queue.state ADD CONSTRAINT state_known CHECK (VALUE IN ('blocked', 'scheduled', 'available'));

CREATE TRIGGER job_attempt_count_within_max
    AFTER UPDATE OF attempt_count, max_attempt_count
    ON queue.job FOR EACH ROW
    WHEN (NEW.attempt_count NOT BETWEEN 0 AND NEW.max_attempt_count)
    EXECUTE FUNCTION queue.refuse();

-- Of the attempts of one claim several may fail.
ALTER TABLE queue.failure DROP CONSTRAINT failure_pkey;
DROP INDEX queue.failure_by_job;
ALTER TABLE queue.failure ADD PRIMARY KEY (job_id, lease_epoch);

-- Which jobs do the leases name, and which revision of each? A job that has another one by now is held no more.
CREATE VIEW queue.leased AS
SELECT named.job_id, named.revision, lease.queue, lease.lease_epoch, lease.beat, lease.worker_name, lease.started_at,
       lease.lease_until
  FROM queue.lease
 CROSS JOIN LATERAL unnest(lease.job_ids, lease.revisions) AS named (job_id, revision);

-- What is unfinished, and who has it? An attempt that runs counts as one. `waits_as` is the state of the row, by which it is
-- found fast.
CREATE VIEW queue.job_now AS
SELECT job.job_id,
       job.queue,
       job.kind,
       job.payload,
       job.payload_version,
       job.priority,
       job.tenant,
       job.unique_key,
       job.trace,
       CASE WHEN leased.lease_epoch IS NULL THEN job.state::text ELSE 'running' END    AS state,
       job.state::text                                                                 AS waits_as,
       job.run_at,
       job.turn_at,
       job.enqueued_at,
       job.attempt_count + CASE WHEN leased.lease_epoch IS NULL THEN 0 ELSE 1 END      AS attempt_count,
       job.max_attempt_count,
       job.timeout,
       job.progress,
       job.progress_note,
       leased.lease_epoch,
       leased.worker_name,
       leased.started_at,
       leased.lease_until
  FROM queue.job
  LEFT JOIN queue.leased USING (job_id, revision);

-- Which queues have unfinished jobs? Hops from name to name over the indexes, so that it costs the same however deep
-- they are.
CREATE VIEW queue.name_now AS
WITH RECURSIVE named (queue) AS (
    SELECT least((SELECT min(job.queue) FROM queue.job WHERE state = 'blocked'),
                 (SELECT min(job.queue) FROM queue.job WHERE state = 'scheduled'),
                 (SELECT min(job.queue) FROM queue.job WHERE state = 'available'))
    UNION ALL
    SELECT least((SELECT min(job.queue) FROM queue.job WHERE state = 'blocked' AND job.queue > named.queue),
                 (SELECT min(job.queue) FROM queue.job WHERE state = 'scheduled' AND job.queue > named.queue),
                 (SELECT min(job.queue) FROM queue.job WHERE state = 'available' AND job.queue > named.queue))
      FROM named
     WHERE named.queue IS NOT NULL
)
SELECT queue FROM named WHERE queue IS NOT NULL;

-- How deep is each queue, does it rest, and how long has its oldest runnable job waited?
CREATE VIEW queue.depth_now AS
WITH unfinished AS (
    SELECT queue,
           count(*) FILTER (WHERE state = 'blocked')       AS blocked_count,
           count(*) FILTER (WHERE state = 'scheduled')     AS scheduled_count,
           count(*) FILTER (WHERE state = 'available')     AS available_count,
           count(*) FILTER (WHERE state = 'running')       AS running_count,
           min(run_at) FILTER (WHERE state = 'available')  AS oldest_available_at
      FROM queue.job_now
     GROUP BY queue
), dead AS (
    SELECT queue, count(*) AS dead_count FROM queue.history WHERE outcome = 'dead' GROUP BY queue
)
SELECT queue,
       pause.paused_at IS NOT NULL  AS paused,
       coalesce(blocked_count, 0)   AS blocked_count,
       coalesce(scheduled_count, 0) AS scheduled_count,
       coalesce(available_count, 0) AS available_count,
       coalesce(running_count, 0)   AS running_count,
       coalesce(dead_count, 0)      AS dead_count,
       extract(epoch FROM queue.now() - oldest_available_at)::float8 AS oldest_available_seconds
  FROM unfinished
  FULL JOIN dead USING (queue)
  FULL JOIN queue.pause USING (queue);

-- The same for each kind of job.
CREATE VIEW queue.kind_now AS
SELECT queue,
       kind,
       count(*) FILTER (WHERE state = 'blocked')   AS blocked_count,
       count(*) FILTER (WHERE state = 'scheduled') AS scheduled_count,
       count(*) FILTER (WHERE state = 'available') AS available_count,
       count(*) FILTER (WHERE state = 'running')   AS running_count,
       extract(epoch FROM queue.now() - min(run_at) FILTER (WHERE state = 'available'))::float8
           AS oldest_available_seconds
  FROM queue.job_now
 GROUP BY queue, kind;

-- What runs, where, since when, how far has it come, and how soon is it taken away if its worker is gone?
CREATE VIEW queue.running_now AS
SELECT job.job_id,
       job.queue,
       job.kind,
       job.tenant,
       leased.worker_name,
       job.attempt_count + 1                                                   AS attempt_count,
       leased.started_at,
       extract(epoch FROM queue.now() - leased.started_at)::float8             AS running_seconds,
       extract(epoch FROM leased.lease_until - statement_timestamp())::float8  AS lease_left_seconds,
       job.progress,
       job.progress_note
  FROM queue.leased
  JOIN queue.job USING (job_id, revision);

-- How much of each limit is used, and may one more job start?
CREATE VIEW queue.throttle_now AS
SELECT scope,
       name,
       running_limit,
       running_count,
       rate_count,
       rate_period,
       burst_count,
       token_count,
       coalesce(running_count < running_limit, true) AND coalesce(token_count >= 1, true) AS has_room
  FROM (
    SELECT throttle.*,
           least(burst_count,
                 throttle.token_count
                 + greatest(extract(epoch FROM queue.now() - refilled_at), 0) * rate_count
                 / extract(epoch FROM rate_period))::float8 AS tokens
      FROM queue.throttle
  ) AS limits (scope, name, running_limit, rate_count, rate_period, burst_count, stored_count, refilled_at, token_count)
 CROSS JOIN LATERAL (
    SELECT count(*)
      FROM queue.running_now
     WHERE CASE scope WHEN 'queue' THEN queue ELSE kind END = name
  ) AS running (running_count);

-- Why does this job not run? Ask for one job, one queue or one kind.
CREATE VIEW queue.waiting_now AS
WITH full_throttle AS MATERIALIZED (
    SELECT scope, name FROM queue.throttle_now WHERE NOT has_room
)
SELECT job.job_id,
       job.queue,
       job.kind,
       job.tenant,
       job.state,
       job.priority,
       job.run_at,
       job.attempt_count,
       extract(epoch FROM queue.now() - job.enqueued_at)::float8 AS waiting_seconds,
       CASE
           WHEN job.state = 'blocked' THEN 'jobs ' || (
               SELECT string_agg(after_job_id::text, ', ' ORDER BY after_job_id)
                 FROM queue.dependency WHERE dependency.job_id = job.job_id)
           WHEN job.run_at > queue.now() THEN 'its time'
           WHEN pause.queue IS NOT NULL THEN 'queue to be resumed' || coalesce(': ' || pause.reason, '')
           WHEN full_queue.name IS NOT NULL THEN 'throttle of the queue'
           WHEN full_kind.name IS NOT NULL THEN 'throttle of the kind'
           ELSE 'a worker'
       END AS waits_for
  FROM queue.job_now AS job
  LEFT JOIN queue.pause ON pause.queue = job.queue
  LEFT JOIN full_throttle AS full_queue ON full_queue.scope = 'queue' AND full_queue.name = job.queue
  LEFT JOIN full_throttle AS full_kind ON full_kind.scope = 'kind' AND full_kind.name = job.kind
 WHERE job.state <> 'running';

-- What each of these answers, for people who look with psql.
COMMENT ON VIEW queue.leased IS
    'Each job that a lease names, and the revision it had. One that has another by now is held no more.';
COMMENT ON VIEW queue.job_now IS 'Jobs that are not finished, and who has those that run.';
COMMENT ON VIEW queue.depth_now IS
    'Each queue: how many of its jobs are in which state, whether it rests, how long its oldest runnable job has waited.';
COMMENT ON VIEW queue.kind_now IS 'The same for each kind of job of a queue.';
COMMENT ON VIEW queue.name_now IS 'The queues that have unfinished jobs.';
COMMENT ON VIEW queue.running_now IS
    'What runs: where, since when, how far, and how soon it is taken away if its worker is gone.';
COMMENT ON VIEW queue.waiting_now IS 'Why a job does not run. Ask for one job, one queue or one kind.';
COMMENT ON VIEW queue.throttle_now IS 'Each limit, how much of it is used, and whether one more job may start.';
