-- Enqueueing one job spent a quarter of the server's time on reading one CHECK: every statement that writes to a table
-- parses its checks anew, and this one spoke of seven columns. What a new job must keep stays a CHECK, in the fewest words
-- there are for it: what runs has a lease, what waits has none. All else it said can only be broken by changing a job that
-- is there, so a trigger looks at what was changed; its condition is parsed once for a claim of a thousand.
ALTER TABLE queue.job
    DROP CONSTRAINT job_state_whole,
    ADD CONSTRAINT job_lease_only_while_running CHECK ((state = 'running') = (lease_epoch IS NOT NULL));

-- Refuses what its trigger is called for, by the name of that trigger, as a CHECK would.
CREATE FUNCTION queue.refuse() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    RAISE EXCEPTION 'new row for relation "%" violates "%"', TG_TABLE_NAME, TG_NAME
        USING ERRCODE = 'check_violation', SCHEMA = TG_TABLE_SCHEMA, TABLE = TG_TABLE_NAME, CONSTRAINT = TG_NAME;
END
$$;

CREATE TRIGGER job_state_whole
    AFTER UPDATE OF state, lease_epoch, lease_until, worker_name, started_at, attempt_count, max_attempt_count
    ON queue.job FOR EACH ROW
    WHEN (num_nulls(NEW.lease_until, NEW.worker_name, NEW.started_at) <> CASE NEW.state WHEN 'running' THEN 0 ELSE 3 END
       OR NEW.attempt_count NOT BETWEEN 0 AND NEW.max_attempt_count)
    EXECUTE FUNCTION queue.refuse();
