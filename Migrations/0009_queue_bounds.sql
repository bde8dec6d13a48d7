-- What a value may be is said by its type. A table's CHECK is read and parsed again by every statement that writes to the
-- table, which for eighteen of them took more than half of what enqueueing one job costs; a domain is read once a session.
-- A domain costs something too, so it is for what comes from outside. What ties columns together stays with the table, in
-- one piece.

-- The name of a queue, a kind or a tenant.
CREATE DOMAIN queue.label AS text CONSTRAINT label_bounded CHECK (length(VALUE) BETWEEN 1 AND 100);

CREATE DOMAIN queue.key AS text CONSTRAINT key_indexable CHECK (length(VALUE) BETWEEN 1 AND 500);

CREATE DOMAIN queue.payload AS jsonb CONSTRAINT payload_bounded CHECK (pg_column_size(VALUE) <= 1048576);

CREATE DOMAIN queue.priority AS smallint CONSTRAINT priority_within_lanes CHECK (VALUE BETWEEN -4 AND 4);

CREATE DOMAIN queue.attempt_limit AS integer CONSTRAINT attempt_limit_positive CHECK (VALUE >= 1);

-- Where a job stands that is not finished. A blocked one waits for others.
CREATE DOMAIN queue.state AS text
    CONSTRAINT state_known CHECK (VALUE IN ('blocked', 'scheduled', 'available', 'running'));

UPDATE queue.job SET priority = greatest(-4, least(4, priority)) WHERE priority NOT BETWEEN -4 AND 4;

DROP VIEW queue.depth_now;

ALTER TABLE queue.job
    ALTER COLUMN queue             TYPE queue.label,
    ALTER COLUMN kind              TYPE queue.label,
    ALTER COLUMN payload           TYPE queue.payload,
    ALTER COLUMN priority          TYPE queue.priority,
    ALTER COLUMN unique_key        TYPE queue.key,
    ALTER COLUMN state             TYPE queue.state,
    ALTER COLUMN max_attempt_count TYPE queue.attempt_limit,
    DROP CONSTRAINT job_queue_named,
    DROP CONSTRAINT job_kind_named,
    DROP CONSTRAINT job_payload_bounded,
    DROP CONSTRAINT job_unique_key_indexable,
    DROP CONSTRAINT job_max_attempt_count_positive,
    DROP CONSTRAINT job_state_known,
    DROP CONSTRAINT job_lease_only_while_running,
    DROP CONSTRAINT job_hastened_only_while_running,
    DROP CONSTRAINT job_running_has_attempt,
    DROP CONSTRAINT job_attempt_count_within_max,
    ADD CONSTRAINT job_state_whole CHECK (
        num_nulls(lease_epoch, lease_until, worker_name, started_at) = CASE state WHEN 'running' THEN 0 ELSE 4 END
        AND attempt_count BETWEEN 0 AND max_attempt_count);
