-- A reservation may say which sites come first, as orders do.

ALTER TABLE muster.hold ADD COLUMN prefer jsonb;
