-- What a tenant may have at most, where and when. The database itself refuses a statement after which the live reservations
-- of a tenant would exceed one of its quotas at some instant, whatever the planner believed.

-- The limits hold over all sites of the scope together, at every instant of `during`.
CREATE TABLE muster.quota (
    quota_id    bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id   bigint      NOT NULL REFERENCES muster.tenant,
    name        text        NOT NULL,
    scope       jsonb       NOT NULL,
    during      tstzrange   NOT NULL DEFAULT tstzrange(NULL, NULL),
    revision    bigint      NOT NULL DEFAULT 1,
    changed_at  timestamptz NOT NULL DEFAULT muster.now(),

    CONSTRAINT quota_name_unique UNIQUE (tenant_id, name),
    CONSTRAINT quota_name_is_word CHECK (name ~ '^[A-Za-z0-9._-]{1,64}$'),
    CONSTRAINT quota_during_half_open
        CHECK (NOT isempty(during) AND (lower_inf(during) OR lower_inc(during)) AND NOT upper_inc(during))
);

-- An absent row is no limit; a limit of zero allows nothing.
CREATE TABLE muster.quota_limit (
    quota_id     bigint NOT NULL REFERENCES muster.quota ON DELETE CASCADE,
    resource     text   NOT NULL,
    -- Of which GPUs; none means all together. They are counted in thousandths of a device.
    gpu_model    text,
    limit_amount bigint NOT NULL,
    -- No instant has more than this: the most there was when all was last added up, and all that was taken since. What is
    -- below the limit by this need not be added up again. Not known after the quota's terms or sites have changed.
    at_most      bigint,

    CONSTRAINT quota_limit_once UNIQUE NULLS NOT DISTINCT (quota_id, resource, gpu_model),
    CONSTRAINT quota_limit_resource_known CHECK (
        resource IN ('vcpu_milli', 'memory_mib', 'disk_gib', 'bandwidth_mbps', 'gpu_milli', 'instance_count')),
    CONSTRAINT quota_limit_model_of_gpu CHECK (gpu_model IS NULL OR resource = 'gpu_milli'),
    CONSTRAINT quota_limit_not_negative CHECK (limit_amount >= 0)
) WITH (fillfactor = 50);

-- The sites that a quota's scope admits, so that no check has to read scopes.
CREATE TABLE muster.quota_site (
    quota_id bigint NOT NULL REFERENCES muster.quota ON DELETE CASCADE,
    site_id  bigint NOT NULL REFERENCES muster.site ON DELETE CASCADE,

    CONSTRAINT quota_site_key PRIMARY KEY (quota_id, site_id)
);

CREATE INDEX quota_site_of_site ON muster.quota_site (site_id);

-- What does a tenant have now and ahead? Only unfinished orders and holds take anything.
CREATE INDEX order_unsettled_of_tenant ON muster."order" (tenant_id) WHERE state <> 'settled';
CREATE INDEX hold_held_of_tenant ON muster.hold (tenant_id) WHERE state = 'held';

-- Says in SQL what `Scope.Selector.matches` says in Swift.
CREATE FUNCTION muster.selector_matches(selector jsonb, candidate muster.site) RETURNS boolean
    LANGUAGE sql IMMUTABLE
    AS $$
    SELECT coalesce(selector ->> 'area', muster.area_of(candidate.province))
               IS NOT DISTINCT FROM muster.area_of(candidate.province)
       AND coalesce(selector ->> 'province', candidate.province) = candidate.province
       AND coalesce(selector ->> 'city', candidate.city) = candidate.city
       AND coalesce(selector ->> 'carrier', candidate.carrier) = candidate.carrier
       AND coalesce(selector ->> 'site', candidate.name) = candidate.name
       AND candidate.labels @> coalesce(selector -> 'labels', '{}')
    $$;

-- Says in SQL what `Scope.admits` says in Swift.
CREATE FUNCTION muster.scope_admits(scope jsonb, candidate muster.site) RETURNS boolean
    LANGUAGE sql IMMUTABLE
    AS $$
    SELECT to_jsonb(candidate.capabilities) @> coalesce(scope -> 'capabilities', '[]')
       AND (coalesce(jsonb_array_length(scope -> 'include'), 0) = 0
            OR EXISTS (SELECT FROM jsonb_array_elements(scope -> 'include') s (selector)
                        WHERE muster.selector_matches(s.selector, candidate)))
       AND NOT EXISTS (SELECT FROM jsonb_array_elements(scope -> 'exclude') s (selector)
                        WHERE muster.selector_matches(s.selector, candidate))
    $$;

-- When which quotas a tenant has was last changed: a transaction that looked before must not decide after.
ALTER TABLE muster.tenant ADD COLUMN quota_xid xid8;

-- Taken by who changes where and when a tenant's quotas hold, before anything else: it waits for all who are taking
-- capacity for the tenant, and they for it. Advisory, since a row's lock would be written by every order and be unfair.
CREATE FUNCTION muster.lock_quota_terms(tenants bigint[]) RETURNS void
    LANGUAGE sql
    AS $$
    SELECT pg_advisory_xact_lock(hashtextextended('muster.quota_terms', t.tenant_id))
      FROM (SELECT tenant_id FROM unnest(tenants) u (tenant_id) ORDER BY tenant_id) t;
    UPDATE muster.tenant SET quota_xid = pg_current_xact_id() WHERE tenant_id = ANY (tenants)
    $$;

-- The other side of `lock_quota_terms`; returns those of the tenants that have quotas.
CREATE FUNCTION muster.share_quota_terms(tenants bigint[]) RETURNS bigint[]
    LANGUAGE plpgsql
    AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(hashtextextended('muster.quota_terms', t.tenant_id))
       FROM (SELECT tenant_id FROM unnest(tenants) u (tenant_id) ORDER BY tenant_id) t;
    -- An older snapshot would not show a quota made since; the row's lock makes such a transaction fail and begin anew.
    IF current_setting('transaction_isolation') NOT LIKE 'read %' THEN
        PERFORM 1 FROM muster.tenant WHERE tenant_id = ANY (tenants) ORDER BY tenant_id FOR SHARE;
    END IF;
    RETURN (SELECT array_agg(DISTINCT tenant_id) FROM muster.quota WHERE tenant_id = ANY (tenants));
END
$$;

-- Brings `quota_site` in line with the scopes of these quotas and the places of these sites, each time all where none is given.
CREATE FUNCTION muster.map_quotas(quotas bigint[], sites bigint[]) RETURNS void
    LANGUAGE plpgsql
    AS $$
DECLARE
    tenants bigint[];
BEGIN
    -- The terms are locked first: a writer that has looked at the map has its reservations committed before it is redrawn.
    SELECT array_agg(DISTINCT q.tenant_id) INTO tenants
      FROM muster.quota q WHERE quotas IS NULL OR q.quota_id = ANY (quotas);
    IF tenants IS NULL THEN RETURN; END IF;
    PERFORM muster.lock_quota_terms(tenants);
    UPDATE muster.quota_limit SET at_most = NULL WHERE quotas IS NULL OR quota_id = ANY (quotas);
    DELETE FROM muster.quota_site m
     USING muster.quota q, muster.site s
     WHERE q.quota_id = m.quota_id AND s.site_id = m.site_id
       AND (quotas IS NULL OR m.quota_id = ANY (quotas)) AND (sites IS NULL OR m.site_id = ANY (sites))
       AND NOT muster.scope_admits(q.scope, s);
    INSERT INTO muster.quota_site (quota_id, site_id)
    SELECT q.quota_id, s.site_id
      FROM muster.quota q
      JOIN muster.site s ON muster.scope_admits(q.scope, s)
     WHERE (quotas IS NULL OR q.quota_id = ANY (quotas)) AND (sites IS NULL OR s.site_id = ANY (sites))
    ON CONFLICT DO NOTHING;
END
$$;

CREATE FUNCTION muster.change_quota_terms() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    PERFORM muster.lock_quota_terms(ARRAY[NEW.tenant_id]);
    UPDATE muster.quota_limit SET at_most = NULL WHERE quota_id = NEW.quota_id;
    RETURN NEW;
END
$$;

CREATE FUNCTION muster.map_changed_quota() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    PERFORM muster.map_quotas(ARRAY[NEW.quota_id], NULL);
    RETURN NULL;
END
$$;

-- Taking in a fleet file again writes every site and moves none.
CREATE FUNCTION muster.map_changed_sites() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
DECLARE
    moved bigint[];
BEGIN
    IF TG_OP = 'INSERT' THEN
        SELECT array_agg(site_id) INTO moved FROM after_rows;
    ELSE
        SELECT array_agg(n.site_id) INTO moved
          FROM after_rows n
          JOIN before_rows o USING (site_id)
         WHERE (n.name, n.province, n.city, n.carrier, n.capabilities, n.labels)
            IS DISTINCT FROM (o.name, o.province, o.city, o.carrier, o.capabilities, o.labels);
    END IF;
    IF moved IS NOT NULL THEN
        PERFORM muster.map_quotas(NULL, moved);
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER quota_locks_terms BEFORE INSERT OR UPDATE OF tenant_id, scope, during ON muster.quota
    FOR EACH ROW EXECUTE FUNCTION muster.change_quota_terms();
CREATE TRIGGER quota_maps_sites AFTER INSERT OR UPDATE OF scope ON muster.quota
    FOR EACH ROW EXECUTE FUNCTION muster.map_changed_quota();
CREATE TRIGGER site_maps_quotas_insert AFTER INSERT ON muster.site
    REFERENCING NEW TABLE AS after_rows
    FOR EACH STATEMENT EXECUTE FUNCTION muster.map_changed_sites();
CREATE TRIGGER site_maps_quotas_update AFTER UPDATE ON muster.site
    REFERENCING OLD TABLE AS before_rows NEW TABLE AS after_rows
    FOR EACH STATEMENT EXECUTE FUNCTION muster.map_changed_sites();

-- What a tenant takes, or gives back where amounts are negative, at one site on hosts of one GPU model for one stretch.
CREATE TYPE muster.taking AS (
    tenant_id      bigint,
    site_id        bigint,
    held           tstzrange,
    gpu_model      text,
    vcpu_milli     bigint,
    memory_mib     bigint,
    disk_gib       bigint,
    bandwidth_mbps bigint,
    gpu_milli      bigint,
    instance_count bigint
);

-- How much of what a limit counts is in a taking.
CREATE FUNCTION muster.amount_of(resource text, model text, taking muster.taking) RETURNS bigint
    LANGUAGE sql IMMUTABLE
    AS $$
    SELECT CASE resource
               WHEN 'vcpu_milli'     THEN taking.vcpu_milli
               WHEN 'memory_mib'     THEN taking.memory_mib
               WHEN 'disk_gib'       THEN taking.disk_gib
               WHEN 'bandwidth_mbps' THEN taking.bandwidth_mbps
               WHEN 'gpu_milli'      THEN CASE WHEN coalesce(model = taking.gpu_model, model IS NULL)
                                               THEN taking.gpu_milli ELSE 0 END
               WHEN 'instance_count' THEN taking.instance_count
           END
    $$;

-- What is reserved under each limit of these quotas, at every instant within the span at which it changes, and how much of it
-- the changes, which are in the ledger already, have added. Instants outside a quota's own time are left out. Windows are
-- taken as they are reserved: that a stop of ours is late is not on the tenant's account.
CREATE FUNCTION muster.quota_level(quotas bigint[], span tstzrange, changes muster.taking[] DEFAULT '{}')
    RETURNS TABLE (quota_id bigint, resource text, gpu_model text, limit_amount bigint, at timestamptz, reserved bigint,
                   asked bigint)
    LANGUAGE sql STABLE
    AS $$
    WITH wanted AS (
        SELECT q.quota_id, q.tenant_id, q.during * span AS span
          FROM muster.quota q
         WHERE q.quota_id = ANY (quotas) AND q.during && span
    ), live AS (
        -- From the tenant to its orders to their rows, by index: the subqueries keep the ledger of all others from being read.
        SELECT t.tenant_id, r.*
          FROM (SELECT DISTINCT w.tenant_id FROM wanted w) t
         CROSS JOIN LATERAL (SELECT o.order_id
                               FROM muster."order" o WHERE o.tenant_id = t.tenant_id AND o.state <> 'settled' OFFSET 0) o
         CROSS JOIN LATERAL (SELECT r.* FROM muster.reservation r
                              WHERE r.order_id = o.order_id AND r.live_count > 0 AND r.held && span OFFSET 0) r
        UNION ALL
        SELECT t.tenant_id, r.*
          FROM (SELECT DISTINCT w.tenant_id FROM wanted w) t
         CROSS JOIN LATERAL (SELECT d.hold_id
                               FROM muster.hold d WHERE d.tenant_id = t.tenant_id AND d.state = 'held' OFFSET 0) d
         CROSS JOIN LATERAL (SELECT r.* FROM muster.reservation r
                              WHERE r.hold_id = d.hold_id AND r.live_count > 0 AND r.held && span OFFSET 0) r
    ), part AS (
        -- The rows of an order are alike but for where they are; counted together first, they are few.
        SELECT w.quota_id, l.held * w.span AS held, l.vcpu_milli, l.memory_mib, l.disk_gib, l.bandwidth_mbps,
               l.gpu_count * 1000 + l.gpu_share_milli AS gpu_milli,
               CASE WHEN l.gpu_count + l.gpu_share_milli > 0 THEN h.gpu_model END AS gpu_model, sum(l.live_count) AS count
          FROM live l
          JOIN wanted w ON w.tenant_id = l.tenant_id AND w.span && l.held
         CROSS JOIN LATERAL (SELECT h.site_id, h.gpu_model FROM muster.host h WHERE h.host_id = l.host_id OFFSET 0) h
         CROSS JOIN LATERAL (SELECT FROM muster.quota_site m
                              WHERE m.quota_id = w.quota_id AND m.site_id = h.site_id OFFSET 0) m
         GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
    ), amount AS (
        SELECT p.quota_id, m.resource, m.gpu_model, m.limit_amount, p.held, false AS is_change,
               p.count * muster.amount_of(m.resource, m.gpu_model, (NULL, NULL, p.held, p.gpu_model, p.vcpu_milli,
                   p.memory_mib, p.disk_gib, p.bandwidth_mbps, p.gpu_milli, 1)::muster.taking) AS taken
          FROM part p
          JOIN muster.quota_limit m ON m.quota_id = p.quota_id
        UNION ALL
        SELECT w.quota_id, m.resource, m.gpu_model, m.limit_amount, c.held * w.span, true,
               muster.amount_of(m.resource, m.gpu_model, c)
          FROM unnest(changes) c
          JOIN wanted w ON w.tenant_id = c.tenant_id AND w.span && c.held
          JOIN muster.quota_site s ON s.quota_id = w.quota_id AND s.site_id = c.site_id
          JOIN muster.quota_limit m ON m.quota_id = w.quota_id
    ), step AS (
        SELECT a.quota_id, a.resource, a.gpu_model, a.limit_amount, lower(a.held) AS at, a.is_change, a.taken FROM amount a
        UNION ALL
        SELECT a.quota_id, a.resource, a.gpu_model, a.limit_amount, upper(a.held), a.is_change, -a.taken FROM amount a
    )
    SELECT s.quota_id, s.resource, s.gpu_model, s.limit_amount, s.at,
           coalesce(sum(sum(s.taken) FILTER (WHERE NOT s.is_change)) OVER past, 0)::bigint,
           coalesce(sum(sum(s.taken) FILTER (WHERE s.is_change)) OVER past, 0)::bigint
      FROM step s
     GROUP BY s.quota_id, s.resource, s.gpu_model, s.limit_amount, s.at
    WINDOW past AS (PARTITION BY s.quota_id, s.resource, s.gpu_model ORDER BY s.at)
    $$;

-- Locks the quotas that the changes touch, in the order of their ids, against all others who take under them.
CREATE FUNCTION muster.touch_quotas(changes muster.taking[]) RETURNS bigint[]
    LANGUAGE plpgsql
    AS $$
DECLARE
    touched bigint[];
BEGIN
    SELECT array_agg(DISTINCT q.quota_id) INTO touched
      FROM unnest(changes) c
      JOIN muster.quota q ON q.tenant_id = c.tenant_id AND q.during && c.held
      JOIN muster.quota_site m ON m.quota_id = q.quota_id AND m.site_id = c.site_id;
    PERFORM 1 FROM muster.quota WHERE quota_id = ANY (touched) ORDER BY quota_id FOR NO KEY UPDATE;
    RETURN touched;
END
$$;

-- Adds what is taken to the bounds of these quotas' limits; whether one of them may be exceeded by it. That they are written is
-- what makes a transaction with an older snapshot fail instead of deciding by what it cannot see.
CREATE FUNCTION muster.raise_bounds(quotas bigint[], changes muster.taking[]) RETURNS boolean
    LANGUAGE sql
    AS $$
    WITH added AS (
        SELECT m.quota_id, m.resource, m.gpu_model,
               sum(greatest(0, muster.amount_of(m.resource, m.gpu_model, c))) AS amount
          FROM unnest(changes) c
          JOIN muster.quota q ON q.tenant_id = c.tenant_id AND q.during && c.held
          JOIN muster.quota_site s ON s.quota_id = q.quota_id AND s.site_id = c.site_id
          JOIN muster.quota_limit m ON m.quota_id = q.quota_id
         WHERE q.quota_id = ANY (quotas)
         GROUP BY 1, 2, 3
    ), raised AS (
        UPDATE muster.quota_limit m
           SET at_most = m.at_most + a.amount
          FROM added a
         WHERE m.quota_id = a.quota_id AND m.resource = a.resource AND m.gpu_model IS NOT DISTINCT FROM a.gpu_model
           AND a.amount > 0
     RETURNING m.at_most, m.limit_amount
    )
    SELECT coalesce(bool_or(at_most IS NULL OR at_most > limit_amount), false) FROM raised
    $$;

-- Refuses what exceeds a quota: only at instants at which the changes add to what is limited, so that one lowered below what is
-- in use breaks nothing that is held. SQLSTATE MU002 is ours; its detail is for programs.
CREATE FUNCTION muster.refuse_quota_excess(changes muster.taking[]) RETURNS void
    LANGUAGE plpgsql
    AS $$
DECLARE
    touched bigint[] := muster.touch_quotas(changes);
    worst   record;
BEGIN
    IF touched IS NULL OR NOT muster.raise_bounds(touched, changes) THEN RETURN; END IF;
    WITH level AS MATERIALIZED (
        SELECT * FROM muster.quota_level(touched, tstzrange(NULL, NULL), changes)
    ), bound AS (
        UPDATE muster.quota_limit m
           SET at_most = p.peak
          FROM (SELECT quota_id, resource, gpu_model, max(reserved) AS peak FROM level GROUP BY 1, 2, 3) p
         WHERE m.quota_id = p.quota_id AND m.resource = p.resource AND m.gpu_model IS NOT DISTINCT FROM p.gpu_model
    )
    SELECT q.name, l.* INTO worst
      FROM level l
      JOIN muster.quota q USING (quota_id)
     WHERE l.asked > 0 AND l.reserved > l.limit_amount
     ORDER BY l.quota_id, l.resource, l.gpu_model, l.reserved DESC, l.at
     LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'quota % would be exceeded at %: % of % % reserved',
            worst.name, worst.at, worst.reserved, worst.limit_amount, worst.resource
            USING ERRCODE = 'MU002', CONSTRAINT = 'reservation_within_quota', TABLE = 'reservation',
                  DETAIL = jsonb_build_object(
                      'quota', worst.name, 'resource', worst.resource, 'gpuModel', worst.gpu_model,
                      'limit', worst.limit_amount, 'inUse', worst.reserved - worst.asked, 'asked', worst.asked,
                      'atMicroseconds', (extract(epoch FROM worst.at) * 1000000)::bigint)::text;
    END IF;
END
$$;

CREATE FUNCTION muster.guard_quotas_of_new() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
DECLARE
    tenants bigint[];
    changes muster.taking[];
    drawn   text := nullif(current_setting('muster.quota_drawn', true), '');
BEGIN
    SELECT array_agg(DISTINCT coalesce(o.tenant_id, d.tenant_id)) INTO tenants
      FROM (SELECT DISTINCT order_id, hold_id FROM after_rows) r
      LEFT JOIN muster."order" o ON o.order_id = r.order_id
      LEFT JOIN muster.hold d ON d.hold_id = r.hold_id;
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

-- Giving back needs no check, only rows that take more, longer or elsewhere. What a hold gives up is remembered until the end
-- of the transaction: where an order takes it over, as it does when it draws on the hold, nothing new is asked for.
CREATE FUNCTION muster.guard_quotas_of_changed() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
DECLARE
    tenants bigint[];
    changes muster.taking[];
    drawn   boolean;
BEGIN
    SELECT array_agg(DISTINCT coalesce(o.tenant_id, d.tenant_id)), bool_and(n.live_count < b.live_count)
      INTO tenants, drawn
      FROM after_rows n
      JOIN before_rows b USING (reservation_id)
      LEFT JOIN muster."order" o ON o.order_id = n.order_id
      LEFT JOIN muster.hold d ON d.hold_id = n.hold_id
     WHERE n.hold_id IS NOT NULL AND n.live_count < b.live_count
        OR n.live_count > 0
           AND NOT (b.held @> n.held AND n.host_id = b.host_id AND n.live_count <= b.live_count
                    AND n.vcpu_milli <= b.vcpu_milli AND n.memory_mib <= b.memory_mib AND n.disk_gib <= b.disk_gib
                    AND n.bandwidth_mbps <= b.bandwidth_mbps AND n.gpu_count <= b.gpu_count
                    AND n.gpu_share_milli <= b.gpu_share_milli);
    IF tenants IS NULL THEN RETURN NULL; END IF;
    tenants := muster.share_quota_terms(tenants);
    IF tenants IS NULL THEN RETURN NULL; END IF;
    SELECT array_agg((t.tenant_id, t.site_id, t.held, t.gpu_model, t.vcpu_milli, t.memory_mib, t.disk_gib,
                      t.bandwidth_mbps, t.gpu_milli, t.instance_count)::muster.taking) INTO changes
      FROM (SELECT coalesce(o.tenant_id, d.tenant_id) AS tenant_id, h.site_id, r.held,
                   CASE WHEN r.gpu_count + r.gpu_share_milli > 0 THEN h.gpu_model END AS gpu_model,
                   sum(r.sign * r.live_count * r.vcpu_milli) AS vcpu_milli,
                   sum(r.sign * r.live_count * r.memory_mib) AS memory_mib,
                   sum(r.sign * r.live_count * r.disk_gib) AS disk_gib,
                   sum(r.sign * r.live_count * r.bandwidth_mbps) AS bandwidth_mbps,
                   sum(r.sign * r.live_count * (r.gpu_count * 1000 + r.gpu_share_milli)) AS gpu_milli,
                   sum(r.sign * r.live_count) AS instance_count
              FROM (SELECT 1 AS sign, n.* FROM after_rows n UNION ALL SELECT -1, b.* FROM before_rows b) r
              JOIN muster.host h ON h.host_id = r.host_id
              LEFT JOIN muster."order" o ON o.order_id = r.order_id
              LEFT JOIN muster.hold d ON d.hold_id = r.hold_id
             GROUP BY 1, 2, 3, 4) t
     WHERE t.tenant_id = ANY (tenants);
    IF drawn THEN
        PERFORM muster.touch_quotas(changes);
        PERFORM set_config('muster.quota_drawn', changes::text, true);
    ELSE
        PERFORM muster.refuse_quota_excess(changes);
    END IF;
    RETURN NULL;
END
$$;

-- Their names come before those of the guards of hosts: who waits for a quota keeps nobody else from a host meanwhile.
CREATE TRIGGER reservation_checks_quota_insert AFTER INSERT ON muster.reservation
    REFERENCING NEW TABLE AS after_rows
    FOR EACH STATEMENT EXECUTE FUNCTION muster.guard_quotas_of_new();
CREATE TRIGGER reservation_checks_quota_update AFTER UPDATE ON muster.reservation
    REFERENCING OLD TABLE AS before_rows NEW TABLE AS after_rows
    FOR EACH STATEMENT EXECUTE FUNCTION muster.guard_quotas_of_changed();

-- What each limit of these quotas allows, what is reserved under it when the span begins, and the most there is within it.
CREATE FUNCTION muster.quota_use(quotas bigint[], span tstzrange)
    RETURNS TABLE (quota_id bigint, resource text, gpu_model text, limit_amount bigint, used_first bigint, peak bigint,
                   peak_at timestamptz)
    LANGUAGE sql STABLE
    AS $$
    SELECT m.quota_id, m.resource, m.gpu_model, m.limit_amount, coalesce(u.used_first, 0), coalesce(u.peak, 0), u.peak_at
      FROM muster.quota_limit m
      LEFT JOIN (
           SELECT l.quota_id, l.resource, l.gpu_model, max(l.reserved) FILTER (WHERE l.at = lower(span)) AS used_first,
                  max(l.reserved) AS peak, (array_agg(l.at ORDER BY l.reserved DESC, l.at))[1] AS peak_at
             FROM muster.quota_level(quotas, span) l
            GROUP BY 1, 2, 3) u
           ON u.quota_id = m.quota_id AND u.resource = m.resource AND u.gpu_model IS NOT DISTINCT FROM m.gpu_model
     WHERE m.quota_id = ANY (quotas)
    $$;

-- What tenants may have, what they have of it now, and the most they will have from now on by what is reserved.
CREATE VIEW report.quota AS
SELECT t.name AS tenant, q.name AS quota, u.resource, u.gpu_model, lower(q.during) AS from_at, upper(q.during) AS until_at,
       u.limit_amount, u.used_first AS used_now, u.peak AS peak_ahead, u.peak_at
  FROM muster.quota_use((SELECT array_agg(quota_id) FROM muster.quota), tstzrange(muster.now(), NULL)) u
  JOIN muster.quota q USING (quota_id)
  JOIN muster.tenant t USING (tenant_id);
