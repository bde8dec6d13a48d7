-- History grows by millions of rows a day and is forgotten by the day: dropping a partition costs nothing, deleting its
-- rows costs as much as writing them did. The dead are few and kept longer, so they have a partition of their own.
ALTER TABLE queue.history RENAME TO history_unpartitioned;
ALTER INDEX queue.history_finished_at RENAME TO history_unpartitioned_finished_at;
ALTER INDEX queue.history_dead_since RENAME TO history_unpartitioned_dead_since;

CREATE TABLE queue.history (
    job_id            bigint      NOT NULL,
    queue             text        NOT NULL,
    kind              text        NOT NULL,
    payload           jsonb       NOT NULL,
    payload_version   smallint    NOT NULL DEFAULT 1,
    priority          smallint    NOT NULL,
    tenant            text,
    unique_key        text,
    trace             text,
    outcome           text        NOT NULL,
    reason            text,
    attempt_count     integer     NOT NULL,
    max_attempt_count integer     NOT NULL DEFAULT 25,
    timeout           interval,
    lease_epoch       bigint,
    worker_name       text,
    run_at            timestamptz NOT NULL,
    enqueued_at       timestamptz NOT NULL,
    started_at        timestamptz,
    finished_at       timestamptz NOT NULL DEFAULT queue.now(),

    CONSTRAINT history_outcome_known CHECK (outcome IN ('done', 'discarded', 'dead', 'cancelled')),
    CONSTRAINT history_ran_under_lease CHECK (outcome = 'cancelled' OR lease_epoch IS NOT NULL),
    CONSTRAINT history_reason_given
        CHECK (CASE outcome WHEN 'done' THEN reason IS NULL WHEN 'cancelled' THEN true ELSE reason IS NOT NULL END),
    CONSTRAINT history_reason_bounded CHECK (length(reason) <= 4000)
)
PARTITION BY LIST (outcome);

-- What became of this job? Newest first is the order of job_id, near enough for a person.
CREATE INDEX history_by_job ON queue.history (job_id);

CREATE TABLE queue.history_dead PARTITION OF queue.history FOR VALUES IN ('dead');
CREATE TABLE queue.history_finished PARTITION OF queue.history FOR VALUES IN ('done', 'discarded', 'cancelled')
    PARTITION BY RANGE (finished_at);

-- Whatever no day is there for yet, so that a job can always finish. What no day was made for in time stays here.
CREATE TABLE queue.history_other PARTITION OF queue.history_finished DEFAULT;

-- Which of those are old enough to forget?
CREATE INDEX history_other_finished_at ON queue.history_other (finished_at);

-- Which dead jobs are old enough to forget?
CREATE INDEX history_dead_finished_at ON queue.history_dead (finished_at);

-- Keeps a partition for yesterday, today and the next two days, drops those that ended longer than `retention` ago, and
-- returns how many were dropped. One caller at a time does anything, and none waits long for a lock: the next call comes.
CREATE FUNCTION queue.tend_history(retention interval) RETURNS integer
    LANGUAGE plpgsql
    AS $$
DECLARE
    today   date := (queue.now() AT TIME ZONE 'UTC')::date;
    day     date;
    name    text;
    dropped integer := 0;
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtextextended('queue.tend_history', 0)) THEN
        RETURN 0;
    END IF;
    PERFORM set_config('lock_timeout', '200ms', true);
    FOR day IN SELECT today + step FROM generate_series(-1, 2) AS step LOOP
        name := 'history_' || to_char(day, 'YYYYMMDD');
        CONTINUE WHEN to_regclass('queue.' || name) IS NOT NULL;
        BEGIN
            EXECUTE format('CREATE TABLE queue.%I (LIKE queue.history INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', name);
            LOCK TABLE queue.history_other IN ACCESS EXCLUSIVE MODE;
            EXECUTE format(
                'WITH moved AS (DELETE FROM queue.history_other WHERE finished_at >= %L AND finished_at < %L RETURNING *) '
                'INSERT INTO queue.%I SELECT * FROM moved',
                day::timestamp AT TIME ZONE 'UTC', (day + 1)::timestamp AT TIME ZONE 'UTC', name);
            EXECUTE format(
                'ALTER TABLE queue.history_finished ATTACH PARTITION queue.%I FOR VALUES FROM (%L) TO (%L)',
                name, day::timestamp AT TIME ZONE 'UTC', (day + 1)::timestamp AT TIME ZONE 'UTC');
        EXCEPTION WHEN lock_not_available THEN
            CONTINUE;
        END;
    END LOOP;
    FOR name, day IN
        SELECT child.relname, to_date(right(child.relname, 8), 'YYYYMMDD')
          FROM pg_inherits
          JOIN pg_class AS child ON child.oid = inhrelid
         WHERE inhparent = 'queue.history_finished'::regclass AND child.relname ~ '^history_[0-9]{8}$'
    LOOP
        CONTINUE WHEN (day + 1)::timestamp AT TIME ZONE 'UTC' > queue.now() - retention;
        BEGIN
            EXECUTE format('DROP TABLE queue.%I', name);
            dropped := dropped + 1;
        EXCEPTION WHEN lock_not_available THEN
            CONTINUE;
        END;
    END LOOP;
    RETURN dropped;
END
$$;

SELECT queue.tend_history(interval '7 days');

INSERT INTO queue.history (job_id, queue, kind, payload, payload_version, priority, unique_key, outcome, reason,
                           attempt_count, max_attempt_count, lease_epoch, worker_name, run_at, enqueued_at, started_at,
                           finished_at)
SELECT job_id, queue, kind, payload, 1, priority, unique_key, outcome, reason,
       attempt_count, greatest(attempt_count, 25), lease_epoch, worker_name, run_at, enqueued_at, started_at,
       finished_at
  FROM queue.history_unpartitioned;

DROP TABLE queue.history_unpartitioned;
