-- Keeps the key of a device.
--
-- KEYS  keys of devices: id → the record as JSON; their ids in order
-- ARGV  its id, the record, how many there may be
-- Gives 1: it is kept, now or before; 0: there are as many as there may be, or the id is another's.

local call = redis.call
local standing = call('HGET', KEYS[1], ARGV[1])
if standing then return cjson.decode(standing).hash == cjson.decode(ARGV[2]).hash and 1 or 0 end
if call('HLEN', KEYS[1]) >= tonumber(ARGV[3]) then return 0 end
call('HSET', KEYS[1], ARGV[1], ARGV[2])
call('ZADD', KEYS[2], 0, ARGV[1])
return 1
