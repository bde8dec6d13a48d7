-- The guard reads only what meets the windows of its statement, and sums over time only where that could matter. It read
-- all that is live on a host: among ten million intervals 500 rows on as many pages for the two that overlap.

DROP INDEX muster.reservation_live_on_host;
CREATE INDEX reservation_live_on_host ON muster.reservation (host_id, upper(held), lower(held)) WHERE live_count > 0;

-- The first breach of each host: the instant within the span at which what is reserved exceeds what there is.
-- The sum of half-open intervals can only peak where one of them starts, and ends at an instant come off before starts.
-- A host that has room for all that meets the span at once, whenever that is, cannot be breached within it.
--
-- What overruns its end is as in ledger_now. Its rows end before now, so that a span which begins before they may be taken
-- as over reads every earlier end: few, since what has ended is released.
CREATE OR REPLACE FUNCTION muster.breach(hosts bigint[], span tstzrange)
    RETURNS TABLE (host_id bigint, at timestamptz, resource text, reserved bigint, allocatable bigint)
    LANGUAGE sql STABLE
    AS $$
    WITH live AS MATERIALIZED (
        SELECT r.host_id, n.held, r.live_count * r.vcpu_milli AS vcpu_milli, r.live_count * r.memory_mib AS memory_mib,
               r.live_count * r.disk_gib AS disk_gib, r.live_count * r.bandwidth_mbps AS bandwidth_mbps,
               r.live_count * r.gpu_count AS gpu_count
          FROM muster.reservation r
         CROSS JOIN LATERAL (
               SELECT CASE WHEN upper(r.held) <= muster.now()
                           THEN tstzrange(lower(r.held), muster.now() + muster.overrun_allowance())
                           ELSE r.held END AS held) n
         WHERE r.host_id = ANY (hosts)
           AND r.live_count > 0
           AND upper(r.held) > CASE WHEN lower(span) >= muster.now() + muster.overrun_allowance()
                                    THEN lower(span) ELSE '-infinity' END
           AND lower(r.held) < coalesce(upper(span), 'infinity')
           AND n.held && span
    ), crowded AS MATERIALIZED (
        SELECT h.host_id
          FROM live l
          JOIN muster.host h ON h.host_id = l.host_id
         GROUP BY h.host_id
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
          JOIN muster.host h ON h.host_id = l.host_id
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

-- Planning the question for the host at hand took ten times as long as asking it, order after order. One plan serves all:
-- whatever the statement's hosts and windows are, they are looked up by the same indexes. CREATE OR REPLACE of these
-- functions must say so again.
ALTER FUNCTION muster.guard_new_reservations() SET plan_cache_mode = force_generic_plan;
ALTER FUNCTION muster.guard_changed_reservations() SET plan_cache_mode = force_generic_plan;
ALTER FUNCTION muster.count_new_instances() SET plan_cache_mode = force_generic_plan;
ALTER FUNCTION muster.count_moved_instances() SET plan_cache_mode = force_generic_plan;
