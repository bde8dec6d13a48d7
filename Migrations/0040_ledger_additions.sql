-- Planners read what was added to the ledger, not all that stands on the hosts it was added to. Where many orders meet on the
-- same hosts each of them is in hundreds of rows, and every planner read all of these again for each order.

-- Added by which transaction. Rows of before are older than any planner.
ALTER TABLE muster.reservation ADD COLUMN added_xid xid8 NOT NULL DEFAULT '0';
ALTER TABLE muster.reservation ALTER COLUMN added_xid SET DEFAULT pg_current_xact_id();

CREATE INDEX reservation_added ON muster.reservation (added_xid) WHERE live_count > 0;

CREATE OR REPLACE VIEW muster.ledger_now AS
SELECT reservation_id, order_id, host_id,
       CASE WHEN upper(held) <= muster.now()
            THEN tstzrange(lower(held), muster.now() + muster.overrun_allowance())
            ELSE held END AS held,
       live_count * vcpu_milli     AS vcpu_milli,
       live_count * memory_mib     AS memory_mib,
       live_count * disk_gib       AS disk_gib,
       live_count * bandwidth_mbps AS bandwidth_mbps,
       gpu_model,
       live_count * gpu_count      AS gpu_count,
       live_count * gpu_share_milli AS gpu_share_milli,
       gpu_devices,
       live_count * CASE WHEN gpu_share_milli > 0 THEN gpu_share_milli ELSE 1000 END AS gpu_device_milli,
       added_xid
  FROM muster.reservation
 WHERE live_count > 0;

-- Locks the hosts in the order of their ids and writes them: the write, not the lock alone, is what makes a transaction with
-- an older snapshot fail instead of checking against what it cannot see. Unless rows were only added, the hosts are marked,
-- and planners read all that stands on them again. What is not marked leaves the index of the marks alone.
CREATE FUNCTION muster.touch_hosts(hosts bigint[], only_added boolean) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
    PERFORM 1 FROM unnest(hosts) AS w (host_id) JOIN muster.host_ledger l USING (host_id)
      ORDER BY l.host_id FOR NO KEY UPDATE OF l;
    UPDATE muster.host_ledger l
       SET changed_xid = CASE WHEN only_added THEN l.changed_xid ELSE pg_current_xact_id() END
      FROM unnest(hosts) AS w (host_id) WHERE l.host_id = w.host_id;
END
$$;

CREATE OR REPLACE FUNCTION muster.touch_hosts(hosts bigint[]) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
    PERFORM muster.touch_hosts(hosts, false);
END
$$;

-- As before but for the mark. What is held or on offer is kept by planners row by row, so its hosts are read again.
CREATE OR REPLACE FUNCTION muster.guard_new_reservations() RETURNS trigger
    LANGUAGE plpgsql
    SET plan_cache_mode = force_generic_plan
    AS $$
DECLARE
    hosts  bigint[];
    span   tstzrange;
    orders boolean;
BEGIN
    SELECT array_agg(DISTINCT host_id), range_merge(range_agg(held)), bool_and(order_id IS NOT NULL)
      INTO hosts, span, orders FROM after_rows;
    IF hosts IS NULL THEN RETURN NULL; END IF;
    PERFORM muster.touch_hosts(hosts, orders);
    IF EXISTS (SELECT FROM after_rows r JOIN muster.host h USING (host_id)
                WHERE r.gpu_count > 0 AND r.gpu_model IS NOT NULL AND r.gpu_model IS DISTINCT FROM h.gpu_model) THEN
        RAISE EXCEPTION 'a reservation asks a host for a GPU model it does not have'
            USING ERRCODE = 'MU001', CONSTRAINT = 'reservation_fits_host', TABLE = 'reservation';
    END IF;
    PERFORM muster.refuse_breach(hosts, span);
    RETURN NULL;
END
$$;
