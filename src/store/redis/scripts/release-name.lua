-- Takes a claim back, if it stands.
--
-- KEYS  name
-- ARGV  the claim
-- Gives 1 if it stood.

if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])
