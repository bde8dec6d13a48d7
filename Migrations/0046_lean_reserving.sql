-- What an order of a hundred instances costs in the database is mostly guards. They refuse what they refused before, for less:
-- orders and hosts are looked up once for each statement and not for each row; hosts that rows are only added to are locked and
-- not rewritten; and the curve of a host is drawn only where all that stands on it together would not fit.

-- Locks the hosts in the order of their ids. All of them must be there. A transaction that reads by an older snapshot could
-- not see what was added after it while it waited for none of these locks, so reservations are not made in one. Unless rows
-- were only added, the hosts are marked, and planners read all that stands on them again.
CREATE OR REPLACE FUNCTION muster.touch_hosts(hosts bigint[], only_added boolean) RETURNS void
    LANGUAGE plpgsql
    SET plan_cache_mode = force_generic_plan
    AS $$
DECLARE
    locked bigint;
BEGIN
    IF current_setting('transaction_isolation') NOT IN ('read committed', 'read uncommitted') THEN
        RAISE EXCEPTION 'the ledger is written at READ COMMITTED, not at %',
            upper(current_setting('transaction_isolation'))
            USING ERRCODE = 'invalid_transaction_state', TABLE = 'reservation',
                  HINT = 'Guards must see what others have committed while they waited.';
    END IF;
    PERFORM 1 FROM unnest(hosts) AS w (host_id) JOIN muster.host_ledger l USING (host_id)
      ORDER BY l.host_id FOR NO KEY UPDATE OF l;
    GET DIAGNOSTICS locked = ROW_COUNT;
    IF locked < cardinality(hosts) THEN
        RAISE EXCEPTION 'a reservation is on no host of the fleet'
            USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'reservation_on_host', TABLE = 'reservation';
    END IF;
    IF NOT only_added THEN
        UPDATE muster.host_ledger l
           SET changed_xid = pg_current_xact_id()
          FROM unnest(hosts) AS w (host_id) WHERE l.host_id = w.host_id;
    END IF;
END
$$;

-- Refuses reservations of orders that are not there, and keeps those that are until the transaction ends.
CREATE FUNCTION muster.keep_orders(orders bigint[]) RETURNS void
    LANGUAGE plpgsql
    SET plan_cache_mode = force_generic_plan
    AS $$
DECLARE
    kept bigint;
BEGIN
    PERFORM 1 FROM muster."order" o WHERE o.order_id = ANY (orders) ORDER BY o.order_id FOR KEY SHARE;
    GET DIAGNOSTICS kept = ROW_COUNT;
    IF kept < cardinality(orders) THEN
        RAISE EXCEPTION 'a reservation is of no order'
            USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'reservation_of_order', TABLE = 'reservation';
    END IF;
END
$$;

ALTER TABLE muster.reservation
    DROP CONSTRAINT reservation_order_id_fkey,
    DROP CONSTRAINT reservation_host_id_fkey;

-- As the keys did: an order or a host that reservations are of cannot be deleted. Whoever reserves holds a lock on either.
CREATE FUNCTION muster.refuse_deleted_with_reservations() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
DECLARE
    found boolean;
BEGIN
    IF TG_TABLE_NAME = 'host' THEN
        found := EXISTS (SELECT FROM before_rows b JOIN muster.reservation r ON r.host_id = b.host_id);
    ELSE
        found := EXISTS (SELECT FROM before_rows b JOIN muster.reservation r ON r.order_id = b.order_id);
    END IF;
    IF found THEN
        RAISE EXCEPTION 'a % with reservations cannot be deleted', TG_TABLE_NAME
            USING ERRCODE = 'foreign_key_violation', TABLE = 'reservation',
                  CONSTRAINT = CASE TG_TABLE_NAME WHEN 'host' THEN 'reservation_on_host' ELSE 'reservation_of_order' END;
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER host_keeps_reservations AFTER DELETE ON muster.host
    REFERENCING OLD TABLE AS before_rows
    FOR EACH STATEMENT EXECUTE FUNCTION muster.refuse_deleted_with_reservations();
CREATE TRIGGER order_keeps_reservations AFTER DELETE ON muster."order"
    REFERENCING OLD TABLE AS before_rows
    FOR EACH STATEMENT EXECUTE FUNCTION muster.refuse_deleted_with_reservations();

-- As before, and asks for the orders.
CREATE OR REPLACE FUNCTION muster.guard_new_reservations() RETURNS trigger
    LANGUAGE plpgsql
    SET plan_cache_mode = force_generic_plan
    AS $$
DECLARE
    hosts     bigint[];
    orders    bigint[];
    span      tstzrange;
    of_orders boolean;
    has_gpu   boolean;
BEGIN
    SELECT array_agg(DISTINCT host_id), array_agg(DISTINCT order_id) FILTER (WHERE order_id IS NOT NULL),
           range_merge(range_agg(held)), bool_and(order_id IS NOT NULL), bool_or(gpu_count > 0 AND gpu_model IS NOT NULL)
      INTO hosts, orders, span, of_orders, has_gpu FROM after_rows;
    IF hosts IS NULL THEN RETURN NULL; END IF;
    IF orders IS NOT NULL THEN PERFORM muster.keep_orders(orders); END IF;
    PERFORM muster.touch_hosts(hosts, of_orders);
    IF has_gpu AND EXISTS (SELECT FROM after_rows r JOIN muster.host h USING (host_id)
                            WHERE r.gpu_count > 0 AND r.gpu_model IS NOT NULL
                              AND r.gpu_model IS DISTINCT FROM h.gpu_model) THEN
        RAISE EXCEPTION 'a reservation asks a host for a GPU model it does not have'
            USING ERRCODE = 'MU001', CONSTRAINT = 'reservation_fits_host', TABLE = 'reservation';
    END IF;
    PERFORM muster.refuse_breach(hosts, span);
    RETURN NULL;
END
$$;

-- As before, and asks for the orders of rows that changed hands.
CREATE OR REPLACE FUNCTION muster.guard_changed_reservations() RETURNS trigger
    LANGUAGE plpgsql
    SET plan_cache_mode = force_generic_plan
    AS $$
DECLARE
    hosts  bigint[];
    orders bigint[];
    grown  bigint[];
    span   tstzrange;
BEGIN
    SELECT array_agg(DISTINCT host_id) INTO hosts
      FROM (SELECT host_id FROM after_rows UNION SELECT host_id FROM before_rows) t;
    IF hosts IS NULL THEN RETURN NULL; END IF;
    SELECT array_agg(DISTINCT n.order_id) INTO orders
      FROM after_rows n
      JOIN before_rows o USING (reservation_id)
     WHERE n.order_id IS DISTINCT FROM o.order_id AND n.order_id IS NOT NULL;
    IF orders IS NOT NULL THEN PERFORM muster.keep_orders(orders); END IF;
    PERFORM muster.touch_hosts(hosts);
    SELECT array_agg(DISTINCT n.host_id), range_merge(range_agg(n.held)) INTO grown, span
      FROM after_rows n
      JOIN before_rows o USING (reservation_id)
     WHERE n.live_count > 0
       AND NOT (o.held @> n.held AND n.host_id = o.host_id AND n.live_count <= o.live_count
                AND n.vcpu_milli <= o.vcpu_milli AND n.memory_mib <= o.memory_mib AND n.disk_gib <= o.disk_gib
                AND n.bandwidth_mbps <= o.bandwidth_mbps AND n.gpu_count <= o.gpu_count);
    IF grown IS NOT NULL THEN
        PERFORM muster.refuse_breach(grown, span);
    END IF;
    RETURN NULL;
END
$$;

-- As before, but first it sums up what stands on a host within the span as if it were all at once: only where that is more than
-- the host has can there be an instant of too much, and mostly there is none. The sum stands here and not in a function of
-- its own, whose plan would be made anew in every transaction.
CREATE OR REPLACE FUNCTION muster.refuse_breach(hosts bigint[], span tstzrange) RETURNS void
    LANGUAGE plpgsql
    SET plan_cache_mode = force_generic_plan
    SET enable_seqscan = off
    AS $$
DECLARE
    since   timestamptz := lower(span);
    crowded bigint[];
    worst   record;
BEGIN
    IF since IS NULL OR since < muster.now() + muster.overrun_allowance() THEN since := '-infinity'; END IF;
    SELECT array_agg(w.host_id) INTO crowded
      FROM unnest(hosts) AS w (host_id)
     CROSS JOIN LATERAL (
           SELECT sum(t.live_count * t.vcpu_milli) AS vcpu_milli, sum(t.live_count * t.memory_mib) AS memory_mib,
                  sum(t.live_count * t.disk_gib) AS disk_gib, sum(t.live_count * t.bandwidth_mbps) AS bandwidth_mbps,
                  sum(t.live_count * t.gpu_count) AS gpu_count
             FROM muster.reservation t
            WHERE t.host_id = w.host_id
              AND t.live_count > 0
              AND upper(t.held) > since
              AND lower(t.held) < coalesce(upper(span), 'infinity')) l
      JOIN muster.allocatable h ON h.host_id = w.host_id
     WHERE l.vcpu_milli > h.vcpu_milli OR l.memory_mib > h.memory_mib OR l.disk_gib > h.disk_gib
        OR l.bandwidth_mbps > h.bandwidth_mbps OR l.gpu_count > h.gpu_count;
    IF crowded IS NULL THEN RETURN; END IF;
    SELECT b.* INTO worst FROM muster.breach(crowded, span) b ORDER BY b.host_id, b.resource LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'host % would be oversold at %: % of % % reserved',
            worst.host_id, worst.at, worst.reserved, worst.allocatable, worst.resource
            USING ERRCODE = 'MU001', CONSTRAINT = 'reservation_fits_host', TABLE = 'reservation';
    END IF;
END
$$;
