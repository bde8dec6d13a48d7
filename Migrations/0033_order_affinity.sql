-- Orders that stand together with, or apart from, another order of their tenant. The database refuses what would break a
-- hard one, whatever the planner saw: two orders that are placed in the same moment see nothing of each other.

ALTER TABLE muster."order" ADD CONSTRAINT order_of_one_tenant UNIQUE (order_id, tenant_id);

CREATE TABLE muster.order_affinity (
    order_affinity_id  bigint  GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    order_id           bigint  NOT NULL,
    other_order_id     bigint  NOT NULL,
    tenant_id          bigint  NOT NULL,
    kind               text    NOT NULL,
    level              text    NOT NULL,
    when_unsatisfiable text    NOT NULL,
    -- Whether the plan could keep one that may be relaxed.
    kept               boolean NOT NULL,

    CONSTRAINT order_affinity_kind_known CHECK (kind IN ('together', 'apart')),
    CONSTRAINT order_affinity_level_known CHECK (level IN ('host', 'site', 'city', 'province', 'area', 'carrier')),
    CONSTRAINT order_affinity_when_known CHECK (when_unsatisfiable IN ('reject', 'relax')),
    CONSTRAINT order_affinity_hard_kept CHECK (kept OR when_unsatisfiable = 'relax'),
    CONSTRAINT order_affinity_of_two CHECK (order_id <> other_order_id),
    CONSTRAINT order_affinity_of_order FOREIGN KEY (order_id, tenant_id) REFERENCES muster."order" (order_id, tenant_id),
    CONSTRAINT order_affinity_to_own_order
        FOREIGN KEY (other_order_id, tenant_id) REFERENCES muster."order" (order_id, tenant_id)
);

CREATE INDEX order_affinity_of ON muster.order_affinity (order_id);
CREATE INDEX order_affinity_to ON muster.order_affinity (other_order_id);

-- What tells the group of a host at a level from all others there.
CREATE FUNCTION muster.group_of(level text, host bigint) RETURNS text
    LANGUAGE sql STABLE
    AS $$
    SELECT CASE level WHEN 'host' THEN h.host_id::text WHEN 'site' THEN s.name WHEN 'city' THEN s.city
                      WHEN 'province' THEN s.province WHEN 'area' THEN muster.area_of(s.province)
                      WHEN 'carrier' THEN s.carrier END
      FROM muster.host h
      JOIN muster.site s USING (site_id)
     WHERE h.host_id = host
    $$;

-- Who takes capacity for an order that names another in a hard affinity waits for whoever does so for that one, and the
-- other way round, and then sees what that one took. Every order shares a lock of itself, because it cannot see who is just
-- being made to stand apart from it, and takes those that it names alone; all in the order of their ids, so that nobody
-- waits in a circle, and before any host, which the next trigger locks. The locks are advisory: the order's row is locked by
-- whoever changes it for any other reason, too.
CREATE FUNCTION muster.guard_affinity() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
DECLARE
    bound  record;
    broken bigint;
BEGIN
    PERFORM CASE WHEN l.is_named THEN pg_advisory_xact_lock(hashtext('muster.order_affinity'), hashint8(l.order_id))
                 ELSE pg_advisory_xact_lock_shared(hashtext('muster.order_affinity'), hashint8(l.order_id)) END
       FROM (SELECT n.order_id, bool_or(n.is_named) AS is_named
               FROM (SELECT DISTINCT order_id, false AS is_named FROM after_rows WHERE order_id IS NOT NULL
                      UNION ALL
                     SELECT a.other_order_id, true
                       FROM muster.order_affinity a
                      WHERE a.order_id IN (SELECT order_id FROM after_rows) AND a.when_unsatisfiable = 'reject') n
              GROUP BY n.order_id
              ORDER BY n.order_id) l;
    FOR bound IN
        SELECT a.order_affinity_id, a.kind, a.level, o.order_id,
               CASE WHEN a.order_id = o.order_id THEN a.other_order_id ELSE a.order_id END AS other_order_id
          FROM (SELECT DISTINCT order_id FROM after_rows WHERE order_id IS NOT NULL) o
          JOIN muster.order_affinity a
            ON a.order_id = o.order_id OR (a.other_order_id = o.order_id AND a.kind = 'apart')
         WHERE a.when_unsatisfiable = 'reject'
         ORDER BY a.order_affinity_id
    LOOP
        SELECT r.host_id INTO broken
          FROM after_rows r
         WHERE r.order_id = bound.order_id
           AND (bound.kind = 'apart') = (muster.group_of(bound.level, r.host_id) IN
               (SELECT muster.group_of(bound.level, t.host_id)
                  FROM muster.reservation t
                 WHERE t.order_id = bound.other_order_id
                   AND t.live_count > 0))
         ORDER BY r.host_id
         LIMIT 1;
        IF FOUND THEN
            RAISE EXCEPTION 'host % would put order % % order % at level %',
                broken, bound.order_id, CASE bound.kind WHEN 'apart' THEN 'beside' ELSE 'away from' END,
                bound.other_order_id, bound.level
                USING ERRCODE = 'MU001', CONSTRAINT = 'order_affinity_kept', TABLE = 'reservation';
        END IF;
    END LOOP;
    RETURN NULL;
END
$$;

CREATE TRIGGER reservation_affinity_insert AFTER INSERT ON muster.reservation
    REFERENCING NEW TABLE AS after_rows
    FOR EACH STATEMENT EXECUTE FUNCTION muster.guard_affinity();
