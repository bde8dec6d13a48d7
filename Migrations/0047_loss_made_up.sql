-- What a spare makes up for is known when it is delivered: two sites may be lost at once, and a spare be at the second. And what was lost
-- with a site is nobody's fault but the site's, so that it uses up no retries of its order.

ALTER TABLE muster.order_loss
    -- Lost, and not yet placed again.
    ADD COLUMN missing_count integer NOT NULL DEFAULT 0,
    DROP CONSTRAINT order_loss_counts,
    ADD CONSTRAINT order_loss_counts CHECK (
        lost_count > 0 AND covered_count >= 0 AND missing_count >= 0 AND covered_count + missing_count <= lost_count);

-- Whoever places instances of an order again asks which loss that makes up for.
CREATE INDEX order_loss_missing ON muster.order_loss (order_id, closure_id) WHERE missing_count > 0;

-- How many of an order's failed instances were lost with their sites.
ALTER TABLE muster."order"
    ADD COLUMN lost_count integer NOT NULL DEFAULT 0,
    ADD CONSTRAINT order_loses_only_failed CHECK (lost_count BETWEEN 0 AND failed_count);

UPDATE muster."order" o
   SET lost_count = least(o.failed_count, l.count)
  FROM (SELECT order_id, sum(lost_count)::integer AS count FROM muster.order_loss GROUP BY order_id) l
 WHERE l.order_id = o.order_id;
