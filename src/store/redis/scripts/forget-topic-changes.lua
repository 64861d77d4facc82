-- Forgets what has changed in a shard: who mirrors it reads it anew.
--
-- KEYS  filters of the shard, changes, version, order (keys.ts)
-- Gives whether there were any.

return redis.call('DEL', KEYS[2])
