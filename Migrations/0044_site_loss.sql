-- A site that is gone says nothing, and silence is not death: only an operator may declare it lost. What ran there has failed from
-- then on, for its customer and for the bill; whether it runs on nobody knows until its agent speaks again.

ALTER TABLE muster.closure
    DROP CONSTRAINT closure_kind_known,
    DROP CONSTRAINT closure_retires_sites,
    DROP CONSTRAINT closure_span_of_kind,
    ADD CONSTRAINT closure_kind_known CHECK (kind IN ('cordon', 'maintenance', 'retirement', 'loss')),
    ADD CONSTRAINT closure_of_whole_site CHECK (kind NOT IN ('retirement', 'loss') OR site_id IS NOT NULL),
    ADD CONSTRAINT closure_loss_drains CHECK (kind <> 'loss' OR draining),
    ADD CONSTRAINT closure_span_of_kind CHECK (
        NOT isempty(span) AND NOT upper_inc(span)
        AND lower_inf(span) = (kind IN ('cordon', 'loss'))
        AND upper_inf(span) = (kind <> 'maintenance')
        AND lower_inc(span) = (kind NOT IN ('cordon', 'loss')));

-- Instances that were given up with their site, until its agent says that they are gone. Capacity there is sold again only then.
CREATE TABLE muster.lost_instance (
    instance_id bigint      NOT NULL,
    closure_id  bigint      NOT NULL REFERENCES muster.closure,
    site_id     bigint      NOT NULL REFERENCES muster.site,
    -- What is billed ends here.
    lost_at     timestamptz NOT NULL,
    -- Its agent's own fence: an instance that is not told anything is stopped by then.
    held_until  timestamptz NOT NULL,
    -- When its agent said so; at once where no agent knew of it.
    stopped_at  timestamptz,

    CONSTRAINT lost_instance_key PRIMARY KEY (instance_id)
);

-- An agent that is back asks what to stop; whoever lifts the loss, what may run still. Mostly nothing.
CREATE INDEX lost_instance_unstopped ON muster.lost_instance (site_id, instance_id) WHERE stopped_at IS NULL;

-- What each order lost with a site, and for how much of that it held a spare. Written once, read by auditors.
CREATE TABLE muster.order_loss (
    closure_id    bigint  NOT NULL REFERENCES muster.closure,
    order_id      bigint  NOT NULL REFERENCES muster."order",
    lost_count    integer NOT NULL,
    covered_count integer NOT NULL,

    CONSTRAINT order_loss_key PRIMARY KEY (closure_id, order_id),
    CONSTRAINT order_loss_counts CHECK (lost_count > 0 AND covered_count BETWEEN 0 AND lost_count)
);
