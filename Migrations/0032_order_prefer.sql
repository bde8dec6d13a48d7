-- What a customer would rather have where his rules leave a choice, so that instances that are placed again, later or in
-- addition go where he would have had them in the first place.

ALTER TABLE muster."order" ADD COLUMN prefer jsonb;
