-- A tenant's one job waited behind all of another's backlog where no worker had begun to work on that: without a clock of
-- its lane it took the real time for its turn. Now it begins where the lane does, which costs a look at the lane's head. So
-- that the look need not pass over what was claimed there before, a lane in which nothing waits keeps how far it had come.
ALTER TABLE queue.lane ADD COLUMN dry boolean NOT NULL DEFAULT false;
