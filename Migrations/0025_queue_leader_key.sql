-- A leader's transaction that had made sure of leading kept that leader from prolonging its own lease. Now the epoch is
-- part of a key: a new leadership, which changes it, waits for those who lean on the one before; prolonging does not.
CREATE UNIQUE INDEX leader_epoch ON queue.leader (name, epoch);
