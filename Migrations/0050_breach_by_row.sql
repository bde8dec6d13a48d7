-- Orders that come together meet on one host weeks apart. The guard asked such a host about all the time from the first to the
-- last of them, and found it crowded by sums of what is never there at once. It asks about each new row's own time: nothing
-- overran before, so what does now does so within one of them.

-- As before, of spans of which several may be on one host.
CREATE OR REPLACE FUNCTION muster.refuse_breach(hosts bigint[], spans tstzrange[]) RETURNS void
    LANGUAGE plpgsql
    SET plan_cache_mode = force_generic_plan
    SET enable_seqscan = off
    AS $$
#variable_conflict use_column
DECLARE
    -- Until then there may be on a host what overruns its end; from then on, only what is held then.
    settled_from timestamptz := muster.now() + muster.overrun_allowance();
    -- Where the sum of all is too much, with what each of them has.
    crowded        bigint[];
    crowded_spans  tstzrange[];
    vcpu_milli     bigint[];
    memory_mib     bigint[];
    disk_gib       bigint[];
    bandwidth_mbps bigint[];
    gpu_count      bigint[];
    worst          record;
BEGIN
    SELECT array_agg(w.host_id), array_agg(w.span), array_agg(h.vcpu_milli), array_agg(h.memory_mib),
           array_agg(h.disk_gib), array_agg(h.bandwidth_mbps), array_agg(h.gpu_count)
      INTO crowded, crowded_spans, vcpu_milli, memory_mib, disk_gib, bandwidth_mbps, gpu_count
      FROM unnest(hosts, spans) AS w (host_id, span)
     CROSS JOIN LATERAL (
           SELECT sum(t.live_count * t.vcpu_milli) AS vcpu_milli, sum(t.live_count * t.memory_mib) AS memory_mib,
                  sum(t.live_count * t.disk_gib) AS disk_gib, sum(t.live_count * t.bandwidth_mbps) AS bandwidth_mbps,
                  sum(t.live_count * t.gpu_count) AS gpu_count
             FROM muster.reservation t
            WHERE t.host_id = w.host_id
              AND t.live_count > 0
              AND upper(t.held) > CASE WHEN lower(w.span) >= settled_from THEN lower(w.span) ELSE '-infinity' END
              AND lower(t.held) < coalesce(upper(w.span), 'infinity')) l
      JOIN muster.allocatable h ON h.host_id = w.host_id
     WHERE l.vcpu_milli > h.vcpu_milli OR l.memory_mib > h.memory_mib OR l.disk_gib > h.disk_gib
        OR l.bandwidth_mbps > h.bandwidth_mbps OR l.gpu_count > h.gpu_count;
    IF crowded IS NULL THEN RETURN; END IF;
    -- What ends before `settled_from` is taken to last until then, as if it overran: no breach is missed.
    SELECT array_agg(DISTINCT l.host_id) INTO crowded
      FROM (SELECT w.host_id, w.vcpu_milli, w.memory_mib, w.disk_gib, w.bandwidth_mbps, w.gpu_count,
                   sum(s.vcpu_milli) OVER past AS vcpu_milli_taken, sum(s.memory_mib) OVER past AS memory_mib_taken,
                   sum(s.disk_gib) OVER past AS disk_gib_taken,
                   sum(s.bandwidth_mbps) OVER past AS bandwidth_mbps_taken,
                   sum(s.gpu_count) OVER past AS gpu_count_taken
              FROM unnest(crowded, crowded_spans, vcpu_milli, memory_mib, disk_gib, bandwidth_mbps, gpu_count)
                   WITH ORDINALITY
                   AS w (host_id, span, vcpu_milli, memory_mib, disk_gib, bandwidth_mbps, gpu_count, place)
              JOIN muster.reservation t
                ON t.host_id = w.host_id
               AND t.live_count > 0
               AND upper(t.held) > CASE WHEN lower(w.span) >= settled_from THEN lower(w.span) ELSE '-infinity' END
               AND lower(t.held) < coalesce(upper(w.span), 'infinity')
             CROSS JOIN LATERAL (VALUES
                   (lower(t.held), t.live_count * t.vcpu_milli, t.live_count * t.memory_mib, t.live_count * t.disk_gib,
                    t.live_count * t.bandwidth_mbps, t.live_count * t.gpu_count),
                   (CASE WHEN upper(t.held) < settled_from THEN settled_from ELSE upper(t.held) END,
                    -t.live_count * t.vcpu_milli, -t.live_count * t.memory_mib, -t.live_count * t.disk_gib,
                    -t.live_count * t.bandwidth_mbps, -t.live_count * t.gpu_count))
                   AS s (at, vcpu_milli, memory_mib, disk_gib, bandwidth_mbps, gpu_count)
            WINDOW past AS (PARTITION BY w.place ORDER BY s.at)) l
     WHERE l.vcpu_milli_taken > l.vcpu_milli OR l.memory_mib_taken > l.memory_mib OR l.disk_gib_taken > l.disk_gib
        OR l.bandwidth_mbps_taken > l.bandwidth_mbps OR l.gpu_count_taken > l.gpu_count;
    IF crowded IS NULL THEN RETURN; END IF;
    SELECT b.* INTO worst
      FROM unnest(hosts, spans) AS w (host_id, span)
     CROSS JOIN LATERAL muster.breach(ARRAY[w.host_id], w.span) b
     WHERE w.host_id = ANY (crowded)
     ORDER BY b.host_id, b.resource LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'host % would be oversold at %: % of % % reserved',
            worst.host_id, worst.at, worst.reserved, worst.allocatable, worst.resource
            USING ERRCODE = 'MU001', CONSTRAINT = 'reservation_fits_host', TABLE = 'reservation';
    END IF;
END
$$;

CREATE OR REPLACE FUNCTION muster.guard_new_reservations() RETURNS trigger
    LANGUAGE plpgsql
    SET plan_cache_mode = force_generic_plan
    AS $$
DECLARE
    hosts     bigint[];
    spans     tstzrange[];
    orders    bigint[];
    of_orders boolean;
    has_gpu   boolean;
BEGIN
    SELECT array_agg(host_id), array_agg(held), bool_and(t.is_of_order), bool_or(t.is_gpu)
      INTO hosts, spans, of_orders, has_gpu
      FROM (SELECT host_id, held, bool_and(order_id IS NOT NULL) AS is_of_order,
                   bool_or(gpu_count > 0 AND gpu_model IS NOT NULL) AS is_gpu
              FROM after_rows GROUP BY host_id, held) t;
    IF hosts IS NULL THEN RETURN NULL; END IF;
    SELECT array_agg(DISTINCT order_id) INTO orders FROM after_rows WHERE order_id IS NOT NULL;
    IF orders IS NOT NULL THEN PERFORM muster.keep_orders(orders); END IF;
    PERFORM muster.touch_hosts(ARRAY(SELECT DISTINCT h.host_id FROM unnest(hosts) AS h (host_id)), of_orders);
    IF has_gpu AND EXISTS (SELECT FROM after_rows r JOIN muster.host h USING (host_id)
                            WHERE r.gpu_count > 0 AND r.gpu_model IS NOT NULL
                              AND r.gpu_model IS DISTINCT FROM h.gpu_model) THEN
        RAISE EXCEPTION 'a reservation asks a host for a GPU model it does not have'
            USING ERRCODE = 'MU001', CONSTRAINT = 'reservation_fits_host', TABLE = 'reservation';
    END IF;
    PERFORM muster.refuse_breach(hosts, spans);
    RETURN NULL;
END
$$;

-- As before, and asks what time it is once for a statement, not several times for each row.
CREATE OR REPLACE VIEW muster.ledger_now AS
SELECT reservation_id, order_id, host_id,
       CASE WHEN upper(held) <= (SELECT muster.now())
            THEN tstzrange(lower(held), (SELECT muster.now() + muster.overrun_allowance()))
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
       added_xid, live_count
  FROM muster.reservation
 WHERE live_count > 0;
