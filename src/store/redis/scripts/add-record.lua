-- Keeps one of those of which there are few: a key of an application, an operator.
--
-- KEYS  all of them: name → the record as JSON, which has a hash that no other has
-- ARGV  its name, the record, how many there may be
-- Gives 1: it is kept, now or before; 0: there are as many as there may be, or the name is another's.

local standing = redis.call('HGET', KEYS[1], ARGV[1])
if standing then return cjson.decode(standing).hash == cjson.decode(ARGV[2]).hash and 1 or 0 end
if redis.call('HLEN', KEYS[1]) >= tonumber(ARGV[3]) then return 0 end
return redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
