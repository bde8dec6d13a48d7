-- What a statement of instances is counted and checked by looks its orders and reservations up one by one. It joined them, by
-- a plan that serves every statement and is made when the tables are small: each order then read both from end to end, and took
-- the longer the more there were. A subquery in the place of a value cannot be planned as anything but a look-up.

CREATE OR REPLACE FUNCTION muster.count_new_instances() RETURNS trigger
    LANGUAGE plpgsql
    SET plan_cache_mode = force_generic_plan
    SET enable_seqscan = off
    AS $$
DECLARE
    created record;
BEGIN
    FOR created IN
        SELECT order_id, count(*)::integer AS instances FROM after_rows GROUP BY order_id ORDER BY order_id
    LOOP
        UPDATE muster."order"
           SET waiting_count = waiting_count - created.instances, planned_count = planned_count + created.instances
         WHERE order_id = created.order_id;
    END LOOP;
    IF EXISTS (SELECT FROM (SELECT DISTINCT reservation_id, order_id, host_id, site_id FROM after_rows) m
                WHERE (SELECT r.order_id = m.order_id AND r.host_id = m.host_id
                         FROM muster.reservation r WHERE r.reservation_id = m.reservation_id) IS NOT TRUE
                   OR (SELECT h.site_id = m.site_id FROM muster.host h WHERE h.host_id = m.host_id) IS NOT TRUE) THEN
        RAISE EXCEPTION 'an instance is of no reservation of its order, on its host and site'
            USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'instance_of_reservation', TABLE = 'instance';
    END IF;
    RETURN NULL;
END
$$;

-- As before but for the first question.
CREATE OR REPLACE FUNCTION muster.guard_quotas_of_new() RETURNS trigger
    LANGUAGE plpgsql
    SET enable_seqscan = off
    AS $$
DECLARE
    tenants bigint[];
    changes muster.taking[];
    drawn   text := nullif(current_setting('muster.quota_drawn', true), '');
BEGIN
    SELECT array_agg(DISTINCT coalesce((SELECT o.tenant_id FROM muster."order" o WHERE o.order_id = r.order_id),
                                       (SELECT d.tenant_id FROM muster.hold d WHERE d.hold_id = r.hold_id)))
      INTO tenants
      FROM (SELECT DISTINCT order_id, hold_id FROM after_rows) r;
    IF tenants IS NULL THEN RETURN NULL; END IF;
    tenants := muster.share_quota_terms(tenants);
    IF tenants IS NULL THEN RETURN NULL; END IF;
    SELECT array_agg((t.tenant_id, t.site_id, t.held, t.gpu_model, t.vcpu_milli, t.memory_mib, t.disk_gib,
                      t.bandwidth_mbps, t.gpu_milli, t.instance_count)::muster.taking) INTO changes
      FROM (SELECT coalesce(o.tenant_id, d.tenant_id) AS tenant_id, h.site_id, r.held,
                   CASE WHEN r.gpu_count + r.gpu_share_milli > 0 THEN h.gpu_model END AS gpu_model,
                   sum(r.live_count * r.vcpu_milli) AS vcpu_milli, sum(r.live_count * r.memory_mib) AS memory_mib,
                   sum(r.live_count * r.disk_gib) AS disk_gib,
                   sum(r.live_count * r.bandwidth_mbps) AS bandwidth_mbps,
                   sum(r.live_count * (r.gpu_count * 1000 + r.gpu_share_milli)) AS gpu_milli, sum(r.live_count) AS instance_count
              FROM after_rows r
              JOIN muster.host h ON h.host_id = r.host_id
              LEFT JOIN muster."order" o ON o.order_id = r.order_id
              LEFT JOIN muster.hold d ON d.hold_id = r.hold_id
             WHERE r.live_count > 0
             GROUP BY 1, 2, 3, 4) t
     WHERE t.tenant_id = ANY (tenants);
    IF changes IS NULL THEN RETURN NULL; END IF;
    IF drawn IS NOT NULL THEN
        changes := changes || drawn::muster.taking[];
        PERFORM set_config('muster.quota_drawn', '', true);
    END IF;
    PERFORM muster.refuse_quota_excess(changes);
    RETURN NULL;
END
$$;

-- As before but for one look at each host: the plan could begin with all that ends after the window's beginning, on whichever
-- host, and compare it with the hosts.
ALTER FUNCTION muster.refuse_breach(bigint[], tstzrange) SET plan_cache_mode = force_generic_plan;
ALTER FUNCTION muster.refuse_breach(bigint[], tstzrange) SET enable_seqscan = off;

CREATE OR REPLACE FUNCTION muster.breach(hosts bigint[], span tstzrange)
    RETURNS TABLE (host_id bigint, at timestamptz, resource text, reserved bigint, allocatable bigint)
    LANGUAGE sql STABLE
    AS $$
    WITH live AS MATERIALIZED (
        SELECT r.host_id, n.held, r.live_count * r.vcpu_milli AS vcpu_milli, r.live_count * r.memory_mib AS memory_mib,
               r.live_count * r.disk_gib AS disk_gib, r.live_count * r.bandwidth_mbps AS bandwidth_mbps,
               r.live_count * r.gpu_count AS gpu_count
          FROM unnest(hosts) AS w (host_id)
         CROSS JOIN LATERAL (
               SELECT *
                 FROM muster.reservation t
                WHERE t.host_id = w.host_id
                  AND t.live_count > 0
                  AND upper(t.held) > CASE WHEN lower(span) >= muster.now() + muster.overrun_allowance()
                                           THEN lower(span) ELSE '-infinity' END
                  AND lower(t.held) < coalesce(upper(span), 'infinity')
               OFFSET 0) r
         CROSS JOIN LATERAL (
               SELECT CASE WHEN upper(r.held) <= muster.now()
                           THEN tstzrange(lower(r.held), muster.now() + muster.overrun_allowance())
                           ELSE r.held END AS held) n
         WHERE n.held && span
    ), crowded AS MATERIALIZED (
        SELECT h.host_id
          FROM live l
          JOIN muster.allocatable h ON h.host_id = l.host_id
         GROUP BY h.host_id, h.vcpu_milli, h.memory_mib, h.disk_gib, h.bandwidth_mbps, h.gpu_count
        HAVING sum(l.vcpu_milli) > h.vcpu_milli OR sum(l.memory_mib) > h.memory_mib OR sum(l.disk_gib) > h.disk_gib
            OR sum(l.bandwidth_mbps) > h.bandwidth_mbps OR sum(l.gpu_count) > h.gpu_count
    ), step AS (
        SELECT l.host_id, lower(held) AS at, vcpu_milli, memory_mib, disk_gib, bandwidth_mbps, gpu_count
          FROM live l JOIN crowded c ON c.host_id = l.host_id
        UNION ALL
        SELECT l.host_id, upper(held), -vcpu_milli, -memory_mib, -disk_gib, -bandwidth_mbps, -gpu_count
          FROM live l JOIN crowded c ON c.host_id = l.host_id
    ), level AS (
        SELECT host_id, at,
               sum(sum(vcpu_milli))     OVER past AS vcpu_milli,
               sum(sum(memory_mib))     OVER past AS memory_mib,
               sum(sum(disk_gib))       OVER past AS disk_gib,
               sum(sum(bandwidth_mbps)) OVER past AS bandwidth_mbps,
               sum(sum(gpu_count))      OVER past AS gpu_count
          FROM step
         GROUP BY host_id, at
        WINDOW past AS (PARTITION BY host_id ORDER BY at)
    ), compared AS (
        SELECT l.host_id, l.at, r.resource, r.reserved, r.allocatable
          FROM level l
          JOIN muster.allocatable h ON h.host_id = l.host_id
         CROSS JOIN LATERAL (VALUES
               ('vcpu_milli',     l.vcpu_milli::bigint,     h.vcpu_milli),
               ('memory_mib',     l.memory_mib::bigint,     h.memory_mib),
               ('disk_gib',       l.disk_gib::bigint,       h.disk_gib),
               ('bandwidth_mbps', l.bandwidth_mbps::bigint, h.bandwidth_mbps),
               ('gpu_count',      l.gpu_count::bigint,      h.gpu_count)) AS r (resource, reserved, allocatable)
         WHERE r.reserved > r.allocatable
    )
    SELECT DISTINCT ON (c.host_id, c.resource) c.host_id, c.at, c.resource, c.reserved, c.allocatable
      FROM compared c
     WHERE upper_inf(span) OR c.at < upper(span)
     ORDER BY c.host_id, c.resource, c.at
    $$;
