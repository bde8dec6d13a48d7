-- Running instances that move to another host of their site: a replacement is delivered first, and only when it is ready is the
-- old one told to stop. Together they are one instance to the customer: asked for once, and billed by the old one until it stopped
-- and by the replacement from then on.

CREATE TABLE muster.instance_move (
    replacement_id bigint      NOT NULL,
    instance_id    bigint      NOT NULL,
    order_id       bigint      NOT NULL REFERENCES muster."order",
    state          text        NOT NULL DEFAULT 'making',
    started_at     timestamptz NOT NULL DEFAULT muster.now(),
    ended_at       timestamptz,

    CONSTRAINT instance_move_key PRIMARY KEY (replacement_id),
    CONSTRAINT instance_move_of_two CHECK (replacement_id <> instance_id),
    CONSTRAINT instance_move_state_known CHECK (state IN ('making', 'breaking', 'done', 'abandoned')),
    CONSTRAINT instance_move_ended CHECK ((state IN ('done', 'abandoned')) = (ended_at IS NOT NULL))
);

-- An instance is not on two ways at once.
CREATE UNIQUE INDEX instance_move_under_way ON muster.instance_move (instance_id) WHERE ended_at IS NULL;
-- Each pass over an order asks what of it moves.
CREATE INDEX instance_move_of_order ON muster.instance_move (order_id) WHERE ended_at IS NULL;
