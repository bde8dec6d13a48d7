-- Makes one of the partitions for yesterday, today and the next two days, or drops one that ended longer than `retention`
-- ago, and says which; NULL where there is nothing to do. All changes in one transaction kept the lock on history from the
-- first of them to the last. One caller at a time does anything, and none waits long for a lock: the next call comes.
DROP FUNCTION queue.tend_history(interval);
CREATE FUNCTION queue.tend_history(retention interval) RETURNS text
    LANGUAGE plpgsql
    AS $$
DECLARE
    today date := (queue.now() AT TIME ZONE 'UTC')::date;
    day   date;
    name  text;
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtextextended('queue.tend_history', 0)) THEN
        RETURN NULL;
    END IF;
    PERFORM set_config('lock_timeout', '200ms', true);
    FOR day IN SELECT today + step FROM generate_series(-1, 2) AS step LOOP
        name := 'history_' || to_char(day, 'YYYYMMDD');
        -- A day that is to be dropped again is not made.
        CONTINUE WHEN to_regclass('queue.' || name) IS NOT NULL
                   OR (day + 1)::timestamp AT TIME ZONE 'UTC' <= queue.now() - retention;
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
            RETURN 'made ' || name;
        EXCEPTION WHEN lock_not_available THEN
            CONTINUE;
        END;
    END LOOP;
    FOR name, day IN
        SELECT child.relname, to_date(right(child.relname, 8), 'YYYYMMDD')
          FROM pg_inherits
          JOIN pg_class AS child ON child.oid = inhrelid
         WHERE inhparent = 'queue.history_finished'::regclass AND child.relname ~ '^history_[0-9]{8}$'
         ORDER BY child.relname
    LOOP
        CONTINUE WHEN (day + 1)::timestamp AT TIME ZONE 'UTC' > queue.now() - retention;
        BEGIN
            EXECUTE format('DROP TABLE queue.%I', name);
            RETURN 'dropped ' || name;
        EXCEPTION WHEN lock_not_available THEN
            CONTINUE;
        END;
    END LOOP;
    RETURN NULL;
END
$$;
