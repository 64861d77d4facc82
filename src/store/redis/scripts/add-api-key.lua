-- Keeps a key of an application.
--
-- KEYS  the keys of applications: id → the key as JSON
-- ARGV  id, the key as JSON, how many there may be
-- Gives 1: it is kept, now or before; 0: there are as many as there may be, or the id is another's.

local standing = redis.call('HGET', KEYS[1], ARGV[1])
if standing then return cjson.decode(standing).hash == cjson.decode(ARGV[2]).hash and 1 or 0 end
if redis.call('HLEN', KEYS[1]) >= tonumber(ARGV[3]) then return 0 end
return redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
