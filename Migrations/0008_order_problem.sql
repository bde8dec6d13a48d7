-- An order for an image that does not exist is given up at once and says why. What an engine found wrong for certain
-- stands with the instance that failed, what the order was given up for with the order.

ALTER TABLE muster.instance
    ADD COLUMN failure_code text,
    ADD CONSTRAINT instance_failure_code_known CHECK (failure_code IN ('image-not-found')),
    ADD CONSTRAINT instance_failure_code_of_failed CHECK (failure_code IS NULL OR state = 'failed');

-- What was found wrong with this order? Most orders have no entry here.
CREATE INDEX instance_failure_of_order ON muster.instance (order_id, instance_id) WHERE failure_code IS NOT NULL;

ALTER TABLE muster."order"
    ADD COLUMN problem_code   text,
    ADD COLUMN problem_detail text,
    ADD CONSTRAINT order_problem_code_known CHECK (problem_code IN ('image-not-found')),
    ADD CONSTRAINT order_problem_whole CHECK ((problem_code IS NULL) = (problem_detail IS NULL)),
    ADD CONSTRAINT order_problem_bounded CHECK (octet_length(problem_detail) <= 1024),
    ADD CONSTRAINT order_problem_ends_it CHECK (problem_code IS NULL OR state IN ('releasing', 'settled'));
