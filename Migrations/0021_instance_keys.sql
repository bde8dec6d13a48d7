-- What ties an instance to its order, reservation, host and site is asked once for each statement. Foreign keys ask once
-- for each row and key: of the 64 seconds that an order of a million took to be reserved, four million such questions were 50.

ALTER TABLE muster.instance
    DROP CONSTRAINT instance_order_id_fkey,
    DROP CONSTRAINT instance_reservation_id_fkey,
    DROP CONSTRAINT instance_host_id_fkey,
    DROP CONSTRAINT instance_site_id_fkey;

-- Takes new instances out of the waiting count of their order. Each is on the host of a reservation of its own order, at
-- that host's site: more than the foreign keys said. That the order and the host exist follows from the reservation's own.
CREATE OR REPLACE FUNCTION muster.count_new_instances() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
DECLARE
    astray boolean;
BEGIN
    -- A million rows are read once, by whatever asks about them.
    WITH made AS MATERIALIZED (
        SELECT reservation_id, order_id, host_id, site_id, count(*)::integer AS created
          FROM after_rows
         GROUP BY reservation_id, order_id, host_id, site_id
    ), locked AS MATERIALIZED (
        SELECT order_id FROM muster."order" WHERE order_id IN (SELECT order_id FROM made)
         ORDER BY order_id FOR NO KEY UPDATE
    ), counted AS (
        UPDATE muster."order" o
           SET waiting_count = o.waiting_count - d.created,
               planned_count = o.planned_count + d.created
          FROM (SELECT order_id, sum(created)::integer AS created FROM made GROUP BY order_id) d
          JOIN locked USING (order_id)
         WHERE o.order_id = d.order_id
    )
    SELECT EXISTS (SELECT FROM made m
                     LEFT JOIN muster.reservation r
                            ON r.reservation_id = m.reservation_id AND r.order_id = m.order_id AND r.host_id = m.host_id
                     LEFT JOIN muster.host h ON h.host_id = m.host_id AND h.site_id = m.site_id
                    WHERE r.reservation_id IS NULL OR h.host_id IS NULL)
      INTO astray;
    IF astray THEN
        RAISE EXCEPTION 'an instance is of no reservation of its order, on its host and site'
            USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'instance_of_reservation', TABLE = 'instance';
    END IF;
    RETURN NULL;
END
$$;

-- The same of an instance that is moved, which is rare: by row.
CREATE FUNCTION muster.check_moved_instance() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM muster.reservation r
                     JOIN muster.host h USING (host_id)
                    WHERE r.reservation_id = NEW.reservation_id AND r.order_id = NEW.order_id
                      AND h.host_id = NEW.host_id AND h.site_id = NEW.site_id) THEN
        RAISE EXCEPTION 'an instance is of no reservation of its order, on its host and site'
            USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'instance_of_reservation', TABLE = 'instance';
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER instance_moves_with_reservation
    BEFORE UPDATE OF order_id, reservation_id, host_id, site_id ON muster.instance
    FOR EACH ROW EXECUTE FUNCTION muster.check_moved_instance();

-- What instances were on is kept as long as they are: bills and reports are made of both.
CREATE FUNCTION muster.refuse_deleted_with_instances() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
DECLARE
    found boolean;
BEGIN
    IF TG_TABLE_NAME = 'site' THEN
        found := EXISTS (SELECT FROM before_rows b JOIN muster.instance i ON i.site_id = b.site_id);
    ELSE
        found := EXISTS (SELECT FROM before_rows b JOIN muster.instance i ON i.reservation_id = b.reservation_id);
    END IF;
    IF found THEN
        RAISE EXCEPTION 'a % that instances were on cannot be deleted', TG_TABLE_NAME
            USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'instance_of_reservation', TABLE = 'instance';
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER reservation_keeps_instances AFTER DELETE ON muster.reservation
    REFERENCING OLD TABLE AS before_rows
    FOR EACH STATEMENT EXECUTE FUNCTION muster.refuse_deleted_with_instances();
CREATE TRIGGER site_keeps_instances AFTER DELETE ON muster.site
    REFERENCING OLD TABLE AS before_rows
    FOR EACH STATEMENT EXECUTE FUNCTION muster.refuse_deleted_with_instances();
