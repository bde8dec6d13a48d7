-- What a person with psql looks for in the queue: how deep, what runs, what does not and why, what died, who is in the
-- way. Without a condition, views over queue.job read the whole hot table: ask when you want to know, not in a loop.

-- What is blocked in this queue? Written only by jobs that wait for others.
CREATE INDEX job_blocked ON queue.job (queue, job_id) WHERE state = 'blocked';

-- Which queues have unfinished jobs? Hops from name to name over the indexes, so that it costs the same however deep
-- they are.
CREATE VIEW queue.name_now AS
WITH RECURSIVE named (queue) AS (
    SELECT least((SELECT min(job.queue) FROM queue.job WHERE state = 'blocked'),
                 (SELECT min(job.queue) FROM queue.job WHERE state = 'scheduled'),
                 (SELECT min(job.queue) FROM queue.job WHERE state = 'available'),
                 (SELECT min(job.queue) FROM queue.job WHERE state = 'running'))
    UNION ALL
    SELECT least((SELECT min(job.queue) FROM queue.job WHERE state = 'blocked' AND job.queue > named.queue),
                 (SELECT min(job.queue) FROM queue.job WHERE state = 'scheduled' AND job.queue > named.queue),
                 (SELECT min(job.queue) FROM queue.job WHERE state = 'available' AND job.queue > named.queue),
                 (SELECT min(job.queue) FROM queue.job WHERE state = 'running' AND job.queue > named.queue))
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
      FROM queue.job
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
  FROM queue.job
 GROUP BY queue, kind;

-- What runs, where, since when, how far has it come, and how soon is it taken away if its worker is gone?
CREATE VIEW queue.running_now AS
SELECT job_id,
       queue,
       kind,
       tenant,
       worker_name,
       attempt_count,
       started_at,
       extract(epoch FROM queue.now() - started_at)::float8              AS running_seconds,
       extract(epoch FROM lease_until - statement_timestamp())::float8   AS lease_left_seconds,
       progress,
       progress_note
  FROM queue.job
 WHERE state = 'running';

-- What died, and of what?
CREATE VIEW queue.dead_now AS
SELECT job_id, queue, kind, tenant, unique_key, attempt_count, finished_at AS dead_since, worker_name,
       reason AS last_error
  FROM queue.history
 WHERE outcome = 'dead';

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
      FROM queue.job
     WHERE state = 'running' AND CASE scope WHEN 'queue' THEN job.queue ELSE job.kind END = name
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
  FROM queue.job
  LEFT JOIN queue.pause ON pause.queue = job.queue
  LEFT JOIN full_throttle AS full_queue ON full_queue.scope = 'queue' AND full_queue.name = job.queue
  LEFT JOIN full_throttle AS full_kind ON full_kind.scope = 'kind' AND full_kind.name = job.kind
 WHERE job.state <> 'running';

-- Who keeps dead rows of this database from being removed? A transaction does so by its snapshot and by its own number,
-- until it ends. Vacuum's own do not count. Sessions of other users show only to members of pg_read_all_stats.
CREATE VIEW queue.snapshot_now AS
SELECT 'session' AS held_by,
       pid,
       NULL::text          AS name,
       application_name,
       usename::text       AS user_name,
       client_addr::text   AS client_address,
       state,
       greatest(age(backend_xmin), age(backend_xid))                    AS xid_count,
       extract(epoch FROM statement_timestamp() - xact_start)::float8   AS held_seconds,
       extract(epoch FROM statement_timestamp() - query_start)::float8  AS query_seconds
  FROM pg_stat_activity
 WHERE num_nonnulls(backend_xmin, backend_xid) > 0
   AND (datname = current_database() OR backend_type = 'walsender')
   AND backend_type <> 'autovacuum worker'
   AND pid <> pg_backend_pid()
UNION ALL
SELECT 'prepared transaction', NULL, gid, NULL, owner::text, NULL, 'prepared', age(transaction),
       extract(epoch FROM statement_timestamp() - prepared)::float8, NULL
  FROM pg_prepared_xacts
 WHERE database = current_database()
UNION ALL
SELECT 'replication slot', active_pid, slot_name::text, NULL, NULL, NULL,
       CASE WHEN active THEN 'active' ELSE 'inactive' END, age(xmin), NULL, NULL
  FROM pg_replication_slots
 WHERE xmin IS NOT NULL;
