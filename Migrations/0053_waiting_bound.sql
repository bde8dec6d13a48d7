-- At most so many orders are made to wait for capacity. Planners refused one more by what they had read, and each of several
-- that planned in the same moment let one in.

-- The same as in the application, which looks at so many and says so.
CREATE FUNCTION muster.waiting_limit() RETURNS integer
    LANGUAGE sql IMMUTABLE
    RETURN 4096;

-- Refuses an order that waits beside as many as may. It looks when the transaction commits: all that an order may get it has got by
-- then, and whoever waits for a place in the list waits for a commit, with nothing left to lock. Orders that were placed and
-- lose instances are not refused: they may make the list longer.
CREATE FUNCTION muster.refuse_waiting_excess() RETURNS trigger
    LANGUAGE plpgsql
    SET plan_cache_mode = force_generic_plan
    SET enable_seqscan = off
    AS $$
DECLARE
    most integer := muster.waiting_limit();
BEGIN
    IF NOT EXISTS (SELECT FROM muster."order" o
                    WHERE o.order_id = NEW.order_id AND o.waiting_count > 0
                      AND o.state IN ('accepted', 'delivering', 'active')) THEN
        RETURN NULL;
    END IF;
    IF current_setting('transaction_isolation') NOT IN ('read committed', 'read uncommitted') THEN
        RAISE EXCEPTION 'an order that waits is made at READ COMMITTED, not at %',
            upper(current_setting('transaction_isolation'))
            USING ERRCODE = 'invalid_transaction_state', TABLE = 'order',
                  HINT = 'It must see who joined the waiting list while it waited.';
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('muster.waiting_list', 0));
    IF (SELECT count(*) FROM (SELECT FROM muster."order" o
                               WHERE o.waiting_count > 0 AND o.state IN ('accepted', 'delivering', 'active')
                               LIMIT most + 1) w) > most THEN
        RAISE EXCEPTION '% orders wait for capacity already, and no more may', most
            USING ERRCODE = 'MU003', CONSTRAINT = 'order_waiting_bound', TABLE = 'order';
    END IF;
    RETURN NULL;
END
$$;

CREATE CONSTRAINT TRIGGER order_waiting_bound AFTER INSERT ON muster."order"
    DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.top_up) EXECUTE FUNCTION muster.refuse_waiting_excess();
