-- Capacity of a site that is protected for one class of tenants, or for nobody: others never reserve into it, whatever is free.
-- The database refuses what would, as it refuses an oversell.

ALTER TABLE muster.tenant
    ADD COLUMN class text NOT NULL DEFAULT 'standard',
    -- What is protected for nobody is the operator's own.
    ADD CONSTRAINT tenant_class_named CHECK (class ~ '^[a-z][a-z0-9-]{0,62}$' AND class <> 'nobody');

CREATE TABLE muster.headroom (
    headroom_id    bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    site_id        bigint      NOT NULL REFERENCES muster.site,
    class          text        NOT NULL,
    -- A share of all that is allocatable at the site, or else amounts of it.
    share_permille integer,
    vcpu_milli     bigint      NOT NULL DEFAULT 0,
    memory_mib     bigint      NOT NULL DEFAULT 0,
    disk_gib       bigint      NOT NULL DEFAULT 0,
    bandwidth_mbps bigint      NOT NULL DEFAULT 0,
    gpu_model      text,
    gpu_count      bigint      NOT NULL DEFAULT 0,
    reason         text        NOT NULL,
    changed_at     timestamptz NOT NULL DEFAULT muster.now(),

    CONSTRAINT headroom_one_of_class UNIQUE (site_id, class),
    CONSTRAINT headroom_class_named CHECK (class ~ '^[a-z][a-z0-9-]{0,62}$'),
    CONSTRAINT headroom_share_of_site CHECK (share_permille BETWEEN 1 AND 1000),
    CONSTRAINT headroom_amounts_not_negative
        CHECK (least(vcpu_milli, memory_mib, disk_gib, bandwidth_mbps, gpu_count) >= 0),
    CONSTRAINT headroom_gpu_model_given CHECK ((gpu_count > 0) = (gpu_model IS NOT NULL)),
    CONSTRAINT headroom_share_or_amounts CHECK (
        (share_permille IS NOT NULL) = (vcpu_milli + memory_mib + disk_gib + bandwidth_mbps + gpu_count = 0)),
    CONSTRAINT headroom_reason_length CHECK (length(reason) BETWEEN 1 AND 256)
);

-- A headroom as its hosts carry it. Kept, and not a view, because everyone who takes capacity there reads it: drawn anew when
-- a headroom, a host or the terms of a site change.
CREATE TABLE muster.host_headroom (
    host_id        bigint NOT NULL REFERENCES muster.host,
    class          text   NOT NULL,
    vcpu_milli     bigint NOT NULL,
    memory_mib     bigint NOT NULL,
    disk_gib       bigint NOT NULL,
    bandwidth_mbps bigint NOT NULL,
    -- GPUs are protected one by one: so many from the first on, by their index.
    gpu_first      bigint NOT NULL,
    gpu_count      bigint NOT NULL,

    PRIMARY KEY (host_id, class)
);

-- Gives each host of these sites its part of what is protected there, in proportion to what it has. Running sums are rounded, and
-- not parts, so that the parts add up to the whole. Where the headrooms of several classes do not fit on a host together, because
-- it has become smaller, the later by name get less. GPUs are taken from the end of the host's.
CREATE FUNCTION muster.apportion_headroom(sites bigint[]) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
    DELETE FROM muster.host_headroom p USING muster.host h WHERE h.host_id = p.host_id AND h.site_id = ANY (sites);
    INSERT INTO muster.host_headroom
        (host_id, class, vcpu_milli, memory_mib, disk_gib, bandwidth_mbps, gpu_first, gpu_count)
    WITH stock AS (
        SELECT a.site_id, a.host_id, v.resource, v.model, v.amount,
               sum(v.amount) OVER (PARTITION BY a.site_id, v.resource, v.model) AS of_site,
               sum(v.amount) OVER (PARTITION BY a.site_id, v.resource, v.model ORDER BY a.host_id) AS so_far
          FROM muster.allocatable a
         CROSS JOIN LATERAL (VALUES
               ('vcpu_milli',     NULL,        a.vcpu_milli),
               ('memory_mib',     NULL,        a.memory_mib),
               ('disk_gib',       NULL,        a.disk_gib),
               ('bandwidth_mbps', NULL,        a.bandwidth_mbps),
               ('gpu_count',      a.gpu_model, a.gpu_count)) AS v (resource, model, amount)
         WHERE a.site_id = ANY (sites) AND v.amount > 0
    ), part AS (
        SELECT s.host_id, r.class, s.resource, s.amount AS stock,
               div(w.amount * s.so_far, s.of_site) - div(w.amount * (s.so_far - s.amount), s.of_site) AS amount
          FROM stock s
          JOIN muster.headroom r USING (site_id)
         CROSS JOIN LATERAL (
               SELECT least(s.of_site, CASE WHEN r.share_permille IS NOT NULL THEN div(s.of_site * r.share_permille, 1000)
                      ELSE CASE s.resource WHEN 'vcpu_milli' THEN r.vcpu_milli WHEN 'memory_mib' THEN r.memory_mib
                                           WHEN 'disk_gib' THEN r.disk_gib WHEN 'bandwidth_mbps' THEN r.bandwidth_mbps
                                           ELSE CASE WHEN r.gpu_model = s.model THEN r.gpu_count ELSE 0 END END
                      END) AS amount) w
    ), fitted AS (
        SELECT p.host_id, p.class, p.resource, greatest(0, p.stock - p.through) AS first,
               greatest(0, least(p.amount, p.stock - p.through + p.amount)) AS amount
          FROM (SELECT part.*, sum(amount) OVER (PARTITION BY host_id, resource ORDER BY class COLLATE "C") AS through
                  FROM part) p
    )
    SELECT f.host_id, f.class,
           coalesce(sum(f.amount) FILTER (WHERE f.resource = 'vcpu_milli'), 0),
           coalesce(sum(f.amount) FILTER (WHERE f.resource = 'memory_mib'), 0),
           coalesce(sum(f.amount) FILTER (WHERE f.resource = 'disk_gib'), 0),
           coalesce(sum(f.amount) FILTER (WHERE f.resource = 'bandwidth_mbps'), 0),
           coalesce(sum(f.first) FILTER (WHERE f.resource = 'gpu_count'), 0),
           coalesce(sum(f.amount) FILTER (WHERE f.resource = 'gpu_count'), 0)
      FROM fitted f
     GROUP BY f.host_id, f.class
    HAVING sum(f.amount) > 0;
END
$$;

-- Writers of reservations wait for it, as for a closure: who began earlier is then part of what is in the way. The triggers that
-- advance the inventory come first by their names, so that no two draw one site at once.
CREATE FUNCTION muster.apportion_changed_headroom() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
DECLARE
    sites bigint[] := ARRAY(SELECT DISTINCT site_id FROM changed_rows);
BEGIN
    PERFORM muster.touch_hosts(ARRAY(SELECT host_id FROM muster.host WHERE site_id = ANY (sites)));
    PERFORM muster.apportion_headroom(sites);
    RETURN NULL;
END
$$;

CREATE TRIGGER headroom_advances_inventory AFTER INSERT OR UPDATE OR DELETE ON muster.headroom
    FOR EACH STATEMENT EXECUTE FUNCTION muster.advance_inventory();
CREATE TRIGGER headroom_apportions_insert AFTER INSERT ON muster.headroom
    REFERENCING NEW TABLE AS changed_rows
    FOR EACH STATEMENT EXECUTE FUNCTION muster.apportion_changed_headroom();
CREATE TRIGGER headroom_apportions_update AFTER UPDATE ON muster.headroom
    REFERENCING NEW TABLE AS changed_rows
    FOR EACH STATEMENT EXECUTE FUNCTION muster.apportion_changed_headroom();
CREATE TRIGGER headroom_apportions_delete AFTER DELETE ON muster.headroom
    REFERENCING OLD TABLE AS changed_rows
    FOR EACH STATEMENT EXECUTE FUNCTION muster.apportion_changed_headroom();

-- Hosts that come, change or move, and sites whose terms change, have other parts from then on.
CREATE FUNCTION muster.apportion_new_hosts() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
DECLARE
    sites bigint[] := ARRAY(SELECT DISTINCT n.site_id FROM after_rows n JOIN muster.headroom USING (site_id));
BEGIN
    IF sites <> '{}' THEN PERFORM muster.apportion_headroom(sites); END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION muster.apportion_changed_hosts() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
DECLARE
    sites bigint[] := ARRAY(SELECT DISTINCT c.site_id
                              FROM (SELECT site_id FROM after_rows UNION SELECT site_id FROM before_rows) c
                              JOIN muster.headroom USING (site_id));
BEGIN
    IF sites = '{}' THEN RETURN NULL; END IF;
    -- One that has left its site is none of its hosts any more.
    DELETE FROM muster.host_headroom p USING after_rows n WHERE n.host_id = p.host_id;
    PERFORM muster.apportion_headroom(sites);
    RETURN NULL;
END
$$;

CREATE TRIGGER host_apportions_headroom_insert AFTER INSERT ON muster.host
    REFERENCING NEW TABLE AS after_rows
    FOR EACH STATEMENT EXECUTE FUNCTION muster.apportion_new_hosts();
CREATE TRIGGER host_apportions_headroom_update AFTER UPDATE ON muster.host
    REFERENCING OLD TABLE AS before_rows NEW TABLE AS after_rows
    FOR EACH STATEMENT EXECUTE FUNCTION muster.apportion_changed_hosts();
CREATE TRIGGER site_apportions_headroom AFTER UPDATE ON muster.site
    REFERENCING NEW TABLE AS after_rows
    FOR EACH STATEMENT EXECUTE FUNCTION muster.apportion_new_hosts();

-- What a tenant has counts for its new class at once, which planners learn by the version.
CREATE FUNCTION muster.advance_inventory_for_class() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF EXISTS (SELECT FROM after_rows n JOIN before_rows b USING (tenant_id) WHERE n.class <> b.class)
       AND EXISTS (SELECT FROM muster.host_headroom) THEN
        UPDATE muster.inventory SET version = version + 1, changed_at = muster.now();
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER tenant_class_advances_inventory AFTER UPDATE ON muster.tenant
    REFERENCING OLD TABLE AS before_rows NEW TABLE AS after_rows
    FOR EACH STATEMENT EXECUTE FUNCTION muster.advance_inventory_for_class();

-- The class of whom a row of the ledger is.
CREATE FUNCTION muster.class_of(of_order bigint, of_hold bigint, of_offers bigint) RETURNS text
    LANGUAGE sql STABLE
    AS $$
    SELECT (SELECT t.class
              FROM muster.tenant t
             WHERE t.tenant_id = coalesce((SELECT o.tenant_id FROM muster."order" o WHERE o.order_id = of_order),
                                          (SELECT d.tenant_id FROM muster.hold d WHERE d.hold_id = of_hold),
                                          (SELECT f.tenant_id FROM muster.offer_set f WHERE f.offer_set_id = of_offers)))
    $$;

-- A part of what a statement changes: what a row has taken from now on (sign 1), or did until now (-1).
CREATE TYPE muster.headroom_change AS (
    sign           integer,
    host_id        bigint,
    class          text,
    held           tstzrange,
    vcpu_milli     bigint,
    memory_mib     bigint,
    disk_gib       bigint,
    bandwidth_mbps bigint,
    gpu_devices    smallint[]
);

-- What is spoken for on these hosts, step by step of each resource that is protected there: of each class what is reserved or
-- what is protected, whichever is more. And how much that was before the changes. Of hosts alone that could not have all that
-- meets the span at once: on others nothing is ever missing.
CREATE FUNCTION muster.headroom_level(hosts bigint[], span tstzrange, changes muster.headroom_change[])
    RETURNS TABLE (host_id bigint, resource text, at timestamptz, until_at timestamptz, spoken_for bigint,
                   spoken_for_before bigint, allocatable bigint)
    LANGUAGE sql STABLE
    AS $$
    WITH live AS MATERIALIZED (
        SELECT r.host_id, muster.class_of(r.order_id, r.hold_id, r.offer_set_id) AS class, n.held,
               r.live_count * r.vcpu_milli AS vcpu_milli,
               r.live_count * r.memory_mib AS memory_mib, r.live_count * r.disk_gib AS disk_gib,
               r.live_count * r.bandwidth_mbps AS bandwidth_mbps
          FROM unnest(hosts) AS w (host_id)
          JOIN muster.reservation r ON r.host_id = w.host_id
         CROSS JOIN LATERAL (
               SELECT CASE WHEN upper(r.held) <= muster.now()
                           THEN tstzrange(lower(r.held), muster.now() + muster.overrun_allowance())
                           ELSE r.held END AS held) n
         WHERE r.live_count > 0
           AND upper(r.held) > CASE WHEN lower(span) >= muster.now() + muster.overrun_allowance()
                                    THEN lower(span) ELSE '-infinity' END
           AND lower(r.held) < coalesce(upper(span), 'infinity')
           AND n.held && span
    ), crowded AS MATERIALIZED (
        SELECT a.host_id
          FROM (SELECT c.host_id, sum(greatest(c.vcpu_milli, c.kept_vcpu_milli)) AS vcpu_milli,
                       sum(greatest(c.memory_mib, c.kept_memory_mib)) AS memory_mib,
                       sum(greatest(c.disk_gib, c.kept_disk_gib)) AS disk_gib,
                       sum(greatest(c.bandwidth_mbps, c.kept_bandwidth_mbps)) AS bandwidth_mbps
                  FROM (SELECT t.host_id, t.class,
                               sum(t.vcpu_milli) AS vcpu_milli, sum(t.kept_vcpu_milli) AS kept_vcpu_milli,
                               sum(t.memory_mib) AS memory_mib, sum(t.kept_memory_mib) AS kept_memory_mib,
                               sum(t.disk_gib) AS disk_gib, sum(t.kept_disk_gib) AS kept_disk_gib,
                               sum(t.bandwidth_mbps) AS bandwidth_mbps, sum(t.kept_bandwidth_mbps) AS kept_bandwidth_mbps
                          FROM (SELECT l.host_id, l.class, l.vcpu_milli, l.memory_mib, l.disk_gib, l.bandwidth_mbps,
                                       0 AS kept_vcpu_milli, 0 AS kept_memory_mib, 0 AS kept_disk_gib,
                                       0 AS kept_bandwidth_mbps
                                  FROM live l
                                 UNION ALL
                                SELECT h.host_id, h.class, 0, 0, 0, 0, h.vcpu_milli, h.memory_mib, h.disk_gib,
                                       h.bandwidth_mbps
                                  FROM unnest(hosts) AS w (host_id)
                                  JOIN muster.host_headroom h ON h.host_id = w.host_id) t
                         GROUP BY t.host_id, t.class) c
                 GROUP BY c.host_id) s
          JOIN muster.allocatable a ON a.host_id = s.host_id
         WHERE s.vcpu_milli > a.vcpu_milli OR s.memory_mib > a.memory_mib OR s.disk_gib > a.disk_gib
            OR s.bandwidth_mbps > a.bandwidth_mbps
    ), protected AS MATERIALIZED (
        SELECT w.host_id, p.class, r.resource, r.amount
          FROM crowded w
         CROSS JOIN LATERAL (
               SELECT h.class, h.vcpu_milli, h.memory_mib, h.disk_gib, h.bandwidth_mbps
                 FROM muster.host_headroom h WHERE h.host_id = w.host_id
                UNION ALL
               -- All classes without a headroom on the host are as one.
               SELECT '', 0, 0, 0, 0) p
         CROSS JOIN LATERAL (VALUES
               ('vcpu_milli', p.vcpu_milli), ('memory_mib', p.memory_mib), ('disk_gib', p.disk_gib),
               ('bandwidth_mbps', p.bandwidth_mbps)) AS r (resource, amount)
    ), part AS (
        SELECT l.host_id, l.class, l.held, r.resource, r.amount, 0::bigint AS added
          FROM live l
          JOIN crowded w ON w.host_id = l.host_id
         CROSS JOIN LATERAL (VALUES
               ('vcpu_milli', l.vcpu_milli), ('memory_mib', l.memory_mib), ('disk_gib', l.disk_gib),
               ('bandwidth_mbps', l.bandwidth_mbps)) AS r (resource, amount)
         UNION ALL
        SELECT c.host_id, c.class, c.held, r.resource, 0, c.sign * r.amount
          FROM unnest(changes) c
          JOIN crowded w ON w.host_id = c.host_id
         CROSS JOIN LATERAL (VALUES
               ('vcpu_milli', c.vcpu_milli), ('memory_mib', c.memory_mib), ('disk_gib', c.disk_gib),
               ('bandwidth_mbps', c.bandwidth_mbps)) AS r (resource, amount)
    ), classed AS MATERIALIZED (
        SELECT part.host_id, part.resource, coalesce(p.class, '') AS class, part.held, part.amount, part.added
          FROM part
          LEFT JOIN protected p ON p.host_id = part.host_id AND p.resource = part.resource AND p.class = part.class
         WHERE EXISTS (SELECT FROM protected q
                        WHERE q.host_id = part.host_id AND q.resource = part.resource AND q.amount > 0)
    ), step AS (
        SELECT c.host_id, c.resource, c.class, lower(c.held) AS at, c.amount, c.added FROM classed c
         UNION ALL
        SELECT c.host_id, c.resource, c.class, upper(c.held), -c.amount, -c.added FROM classed c
         UNION ALL
        -- Each class has a level at each instant.
        SELECT i.host_id, i.resource, p.class, i.at, 0, 0
          FROM (SELECT DISTINCT c.host_id, c.resource, e.at
                  FROM classed c
                 CROSS JOIN LATERAL (VALUES (lower(c.held)), (upper(c.held))) AS e (at)) i
          JOIN protected p ON p.host_id = i.host_id AND p.resource = i.resource
    ), level AS (
        SELECT s.host_id, s.resource, s.class, s.at,
               sum(sum(s.amount)) OVER past AS reserved, sum(sum(s.added)) OVER past AS added
          FROM step s
         GROUP BY s.host_id, s.resource, s.class, s.at
        WINDOW past AS (PARTITION BY s.host_id, s.resource, s.class ORDER BY s.at)
    )
    SELECT l.host_id, l.resource, l.at, lead(l.at) OVER (PARTITION BY l.host_id, l.resource ORDER BY l.at),
           sum(greatest(l.reserved, p.amount))::bigint, sum(greatest(l.reserved - l.added, p.amount))::bigint,
           max(CASE l.resource WHEN 'vcpu_milli' THEN a.vcpu_milli WHEN 'memory_mib' THEN a.memory_mib
                               WHEN 'disk_gib' THEN a.disk_gib ELSE a.bandwidth_mbps END)
      FROM level l
      JOIN protected p ON p.host_id = l.host_id AND p.resource = l.resource AND p.class = l.class
      JOIN muster.allocatable a ON a.host_id = l.host_id
     GROUP BY l.host_id, l.resource, l.at
    $$;

-- Refuses changes after which more is spoken for than there is, at an instant at which it was less before: so whoever has
-- been there when a headroom came may stay, shrink and end, and no tenant is kept out of what is protected for its class.
-- The ledger's own SQLSTATE: to a planner it is one more thing that was there first.
CREATE FUNCTION muster.refuse_headroom_breach(changes muster.headroom_change[]) RETURNS void
    LANGUAGE plpgsql
    SET plan_cache_mode = force_generic_plan
    -- A large plan over few rows.
    SET jit = off
    AS $$
DECLARE
    worst record;
    hosts bigint[];
    span  tstzrange;
BEGIN
    SELECT array_agg(DISTINCT c.host_id), range_merge(range_agg(c.held)) INTO hosts, span FROM unnest(changes) c;
    IF hosts IS NULL THEN RETURN; END IF;
    SELECT l.* INTO worst
      FROM muster.headroom_level(hosts, span, changes) l
     WHERE l.spoken_for > greatest(l.allocatable, l.spoken_for_before)
     ORDER BY l.host_id, l.resource, l.at LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'what is protected on host % for others would be taken at %: % of % % spoken for',
            worst.host_id, worst.at, worst.spoken_for, worst.allocatable, worst.resource
            USING ERRCODE = 'MU001', CONSTRAINT = 'reservation_minds_headroom', TABLE = 'reservation';
    END IF;
    SELECT c.host_id, d.device INTO worst
      FROM unnest(changes) c
     CROSS JOIN LATERAL unnest(c.gpu_devices) AS d (device)
      JOIN muster.host_headroom p ON p.host_id = c.host_id AND p.class <> c.class
       AND d.device >= p.gpu_first AND d.device < p.gpu_first + p.gpu_count
     WHERE c.sign > 0
       AND NOT coalesce((SELECT range_agg(b.held) @> c.held
                           FROM unnest(changes) b
                          WHERE b.sign < 0 AND b.host_id = c.host_id AND b.class = c.class
                            AND d.device = ANY (b.gpu_devices)), false)
     ORDER BY c.host_id, d.device LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'GPU % of host % is protected for others', worst.device, worst.host_id
            USING ERRCODE = 'MU001', CONSTRAINT = 'reservation_minds_headroom', TABLE = 'reservation';
    END IF;
END
$$;

-- What a hold or an offer gave up in this transaction was there before it: an order that takes it over asks for nothing new.
CREATE FUNCTION muster.guard_headroom_new() RETURNS trigger
    LANGUAGE plpgsql
    SET plan_cache_mode = force_generic_plan
    AS $$
DECLARE
    changes muster.headroom_change[];
    given   text;
BEGIN
    IF NOT EXISTS (SELECT FROM muster.host_headroom) THEN RETURN NULL; END IF;
    SELECT array_agg((1, n.host_id, muster.class_of(n.order_id, n.hold_id, n.offer_set_id), n.held,
                      n.live_count * n.vcpu_milli, n.live_count * n.memory_mib, n.live_count * n.disk_gib,
                      n.live_count * n.bandwidth_mbps, n.gpu_devices)::muster.headroom_change)
      INTO changes
      FROM after_rows n
     WHERE n.live_count > 0
       AND EXISTS (SELECT FROM muster.host_headroom p WHERE p.host_id = n.host_id);
    IF changes IS NULL THEN RETURN NULL; END IF;
    given := nullif(current_setting('muster.headroom_given', true), '');
    IF given IS NOT NULL THEN
        changes := changes || given::muster.headroom_change[];
        PERFORM set_config('muster.headroom_given', '', true);
    END IF;
    PERFORM muster.refuse_headroom_breach(changes);
    RETURN NULL;
END
$$;

CREATE FUNCTION muster.guard_headroom_changed() RETURNS trigger
    LANGUAGE plpgsql
    SET plan_cache_mode = force_generic_plan
    AS $$
DECLARE
    changes muster.headroom_change[];
    given   text;
    grows   boolean;
    gives   boolean;
BEGIN
    IF NOT EXISTS (SELECT FROM muster.host_headroom) THEN RETURN NULL; END IF;
    SELECT bool_or(n.live_count > 0
                   AND NOT (b.held @> n.held AND n.host_id = b.host_id AND n.live_count <= b.live_count
                            AND n.vcpu_milli <= b.vcpu_milli AND n.memory_mib <= b.memory_mib AND n.disk_gib <= b.disk_gib
                            AND n.bandwidth_mbps <= b.bandwidth_mbps
                            AND n.gpu_devices IS NOT DISTINCT FROM b.gpu_devices)),
           bool_or(n.order_id IS NULL AND n.live_count < b.live_count)
      INTO grows, gives
      FROM after_rows n
      JOIN before_rows b USING (reservation_id);
    IF NOT coalesce(grows OR gives, false) THEN RETURN NULL; END IF;
    SELECT array_agg((r.sign, r.host_id, muster.class_of(r.order_id, r.hold_id, r.offer_set_id), r.held,
                      r.live_count * r.vcpu_milli, r.live_count * r.memory_mib, r.live_count * r.disk_gib,
                      r.live_count * r.bandwidth_mbps, r.gpu_devices)::muster.headroom_change)
      INTO changes
      FROM (SELECT 1 AS sign, n.* FROM after_rows n UNION ALL SELECT -1, b.* FROM before_rows b) r
     WHERE r.live_count > 0
       AND EXISTS (SELECT FROM muster.host_headroom p WHERE p.host_id = r.host_id);
    IF changes IS NULL THEN RETURN NULL; END IF;
    IF gives THEN
        given := nullif(current_setting('muster.headroom_given', true), '');
        PERFORM set_config('muster.headroom_given', (changes || given::muster.headroom_change[])::text, true);
    END IF;
    IF grows THEN
        PERFORM muster.refuse_headroom_breach(changes);
    END IF;
    RETURN NULL;
END
$$;

-- These run after reservation_guards_insert and reservation_guards_update, by their names: the hosts are locked by then, so that
-- a headroom set at the same moment has either committed and is seen, or waits for this transaction.
CREATE TRIGGER reservation_minds_headroom_insert AFTER INSERT ON muster.reservation
    REFERENCING NEW TABLE AS after_rows
    FOR EACH STATEMENT EXECUTE FUNCTION muster.guard_headroom_new();
CREATE TRIGGER reservation_minds_headroom_update AFTER UPDATE ON muster.reservation
    REFERENCING OLD TABLE AS before_rows NEW TABLE AS after_rows
    FOR EACH STATEMENT EXECUTE FUNCTION muster.guard_headroom_changed();

-- Where what is protected at these sites is still used by others: of each host and resource the most that is missing, from when
-- until when, as far as is reserved by now. A GPU that others are on is missing whole.
CREATE FUNCTION muster.headroom_shortfall(sites bigint[])
    RETURNS TABLE (site_id bigint, host_id bigint, resource text, missing bigint, from_at timestamptz, until_at timestamptz)
    LANGUAGE sql STABLE
    SET jit = off
    AS $$
    SELECT h.site_id, l.host_id, l.resource, max(l.spoken_for - l.allocatable), greatest(muster.now(), min(l.at)),
           max(l.until_at)
      FROM muster.headroom_level(ARRAY(SELECT h.host_id FROM muster.host h WHERE h.site_id = ANY (sites)),
                                 tstzrange(muster.now(), NULL), '{}') l
      JOIN muster.host h ON h.host_id = l.host_id
     WHERE l.spoken_for > l.allocatable AND l.until_at > muster.now()
     GROUP BY h.site_id, l.host_id, l.resource
     UNION ALL
    SELECT h.site_id, l.host_id, 'gpu_count', count(DISTINCT d.device), greatest(muster.now(), min(lower(l.held))),
           max(upper(l.held))
      FROM muster.host h
      JOIN muster.host_headroom p ON p.host_id = h.host_id AND p.gpu_count > 0
      JOIN muster.ledger_now l ON l.host_id = h.host_id
     CROSS JOIN LATERAL unnest(l.gpu_devices) AS d (device)
      JOIN muster.reservation r ON r.reservation_id = l.reservation_id
     WHERE h.site_id = ANY (sites) AND muster.class_of(r.order_id, r.hold_id, r.offer_set_id) <> p.class
       AND d.device >= p.gpu_first AND d.device < p.gpu_first + p.gpu_count
     GROUP BY h.site_id, l.host_id
    $$;

-- What tenants of a class have reserved at a site now.
CREATE FUNCTION muster.class_use(site bigint, tenant_class text)
    RETURNS TABLE (vcpu_milli bigint, memory_mib bigint, disk_gib bigint, bandwidth_mbps bigint, gpu_count bigint)
    LANGUAGE sql STABLE
    AS $$
    SELECT coalesce(sum(l.vcpu_milli), 0)::bigint, coalesce(sum(l.memory_mib), 0)::bigint,
           coalesce(sum(l.disk_gib), 0)::bigint, coalesce(sum(l.bandwidth_mbps), 0)::bigint,
           coalesce(sum(l.gpu_count), 0)::bigint
      FROM muster.host h
      JOIN muster.ledger_now l ON l.host_id = h.host_id
      JOIN muster.reservation r ON r.reservation_id = l.reservation_id
     WHERE h.site_id = site AND l.held @> muster.now()
       AND muster.class_of(r.order_id, r.hold_id, r.offer_set_id) = tenant_class
    $$;

-- What is protected at each site and for whom, what tenants of that class have reserved there now, and the most that is used by
-- others still, host by host, at any moment from now on.
CREATE VIEW report.headroom AS
SELECT s.name AS site, r.class AS tenant_class, v.resource, v.protected, v.used AS used_now, r.reason, r.changed_at,
       f.missing AS missing_at_most, f.until_at AS missing_until
  FROM muster.headroom r
  JOIN muster.site s USING (site_id)
 CROSS JOIN LATERAL (SELECT sum(p.vcpu_milli) AS vcpu_milli, sum(p.memory_mib) AS memory_mib, sum(p.disk_gib) AS disk_gib,
                            sum(p.bandwidth_mbps) AS bandwidth_mbps, sum(p.gpu_count) AS gpu_count
                       FROM muster.host h JOIN muster.host_headroom p USING (host_id)
                      WHERE h.site_id = r.site_id AND p.class = r.class) p
 CROSS JOIN LATERAL muster.class_use(r.site_id, r.class) u
 CROSS JOIN LATERAL (VALUES
       ('vcpu_milli',     p.vcpu_milli::bigint,     u.vcpu_milli),
       ('memory_mib',     p.memory_mib::bigint,     u.memory_mib),
       ('disk_gib',       p.disk_gib::bigint,       u.disk_gib),
       ('bandwidth_mbps', p.bandwidth_mbps::bigint, u.bandwidth_mbps),
       ('gpu_count',      p.gpu_count::bigint,      u.gpu_count)) AS v (resource, protected, used)
  LEFT JOIN (SELECT site_id, resource, sum(missing)::bigint AS missing, max(until_at) AS until_at
               FROM muster.headroom_shortfall((SELECT array_agg(site_id) FROM muster.headroom))
              GROUP BY site_id, resource) f ON f.site_id = r.site_id AND f.resource = v.resource
 WHERE v.protected > 0;
