-- Claims the key of a request, unless a claim stands.
--
-- KEYS  request
-- ARGV  the claim, how long it stands in ms
-- Gives the claim that now stands.

local standing = redis.call('GET', KEYS[1])
if standing then return standing end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return ARGV[1]
