-- Forgets the key of a device.
--
-- KEYS  keys of devices: id → the record as JSON; their ids in order
-- ARGV  its id
-- Gives 1; 0: there was none.

local call = redis.call
call('ZREM', KEYS[2], ARGV[1])
return call('HDEL', KEYS[1], ARGV[1])
